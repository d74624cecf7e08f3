/**
 * Consent states and decisions of people as JSON.
 */
import { Effect } from "effect"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { AnswerPageOutcome } from "../../../core/ledger/AnswerPages.ts"
import type { PersonReference, TypeDecision } from "../../../core/ledger/Reading.ts"
import type { FoundPerson } from "../../../core/people/Resolving.ts"
import * as People from "../../../core/model/People.ts"
import type { Positions } from "../../../core/ports/LedgerStore.ts"
import type * as Wire from "../api/Wire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as Pages from "./Pages.ts"

interface Instants {
  readonly at?: Instant.Instant | null
  readonly knownAt?: Instant.Instant | null
}

/** What a question asks for besides the people. */
interface Asked extends Instants {
  /** The id of a region, or `none`. */
  readonly region?: string | null
}

/** The people that a question is about, each by an id or by the hash of an identifier. */
export interface AskedPerson extends PersonReference {
  readonly further?: ReadonlyArray<PersonReference>
}

const questionOf = ({ organization, project }: ProjectScope, person: AskedPerson, { at, knownAt, region }: Asked) => ({
  organization,
  project,
  ...person,
  ...(at != null && { at }),
  ...(knownAt != null && { knownAt }),
  ...(region != null && { region: region.toLowerCase() }),
})

/** Whether the region of a question may be asked for: it is published, as known at the instant of the question. */
const isRegion = ({ project }: ProjectScope, { knownAt, region }: Asked) =>
  region == null
    ? Effect.succeed(true)
    : Effect.flatMap(Ledger, (ledger) => ledger.isRegion(project, region.toLowerCase(), knownAt ?? undefined))

const unknownRegion = "expected the id of a region that is published, or none"
const region: Answer.Violation = { pointer: "/region", code: "unknown_region", detail: unknownRegion }

/** Fails with 400 if the region of a query may not be asked for. */
export const checkRegion = Effect.fnUntraced(function* (scope: ProjectScope, query: Asked) {
  if (yield* isRegion(scope, query)) return
  const errors = [{ parameter: "region", code: region.code, detail: region.detail }]
  return yield* new Answer.HttpProblem({ status: 400, detail: "the query is not valid", errors })
})

/** Draws a question about the past before it is asked, because it may read many events. */
const takePast = ({ at, knownAt }: Instants) =>
  at == null && knownAt == null ? Effect.void : Account.take({ items: 1 })

/** A page of an answer, as it is sent; the rows that were read of the person's past are charged to the request. */
const answerOf = Effect.fnUntraced(function* (outcome: AnswerPageOutcome) {
  if (outcome._tag === "UnknownCursor") return yield* Pages.unknownCursor
  const { eventsRead, items, nextChangeAt, nextCursor, positions } = outcome
  if (eventsRead > 0) yield* Account.charge({ items: eventsRead })
  return { body: Answer.list(items, nextCursor), nextChangeAt, positions }
})

/** What a question about one person may ask for besides the person. */
interface Query extends Asked {
  readonly cursor?: string
}

const pageOf = (caller: string, { cursor }: Query) => ({ caller, ...(cursor !== undefined && { cursor }) })

/**
 * The consent state: the deciding event of every type that has an answer in force, and the instant at which it changes
 * by itself. `caller` is the id of the key or session.
 */
export const state = Effect.fnUntraced(function* (
  scope: ProjectScope,
  person: AskedPerson,
  caller: string,
  query: Query,
) {
  const ledger = yield* Ledger
  yield* takePast(query)
  return yield* answerOf(yield* ledger.statePage(questionOf(scope, person, query), pageOf(caller, query)))
})

/** A decision as JSON; asked by an identifier, with the instant since which that names the person. */
const write = ({ decision, person: { concordId, namedSince }, region, type }: TypeDecision): string => {
  const text = Exchange.decisionToText(concordId, type, decision, region)
  return namedSince === undefined ? text : `${text.slice(0, -1)},"namedSince":"${Instant.format(namedSince)}"}`
}

/** The decisions about a person, one for each type of the project. `caller` is the id of the key or session. */
export const decisions = Effect.fnUntraced(function* (
  scope: ProjectScope,
  person: AskedPerson,
  caller: string,
  query: Query,
) {
  const ledger = yield* Ledger
  yield* takePast(query)
  return yield* answerOf(yield* ledger.decisionsPage(questionOf(scope, person, query), pageOf(caller, query), write))
})

const namedOnce = `name one person by exactly one of ${People.identifierKinds.join(", ")}`

const named = `name the person by at least one of ${People.identifierKinds.join(", ")}`

/** The identifier of a person; `undefined` unless exactly one is given. */
const identifierOf = (members: Parameters<typeof ItemLine.identifiersOf>[0]): People.Identifiers | undefined => {
  const identifiers = ItemLine.identifiersOf(members)
  return Object.keys(identifiers).length === 1 ? identifiers : undefined
}

/** The person that the identifier of a query names; fails with 400 unless exactly one valid identifier is given. */
export const personOf = Effect.fnUntraced(function* (scope: ProjectScope, query: People.Identifiers) {
  const identifier = identifierOf(query)
  if (identifier === undefined) return yield* new Answer.HttpProblem({ status: 400, detail: namedOnce })
  const ledger = yield* Ledger
  const found = yield* ledger.find(scope, identifier)
  if (found._tag === "Found") return found as AskedPerson
  const errors = found.faults.map(({ field, code, detail }) => ({ parameter: field, code, detail }))
  return yield* new Answer.HttpProblem({ status: 400, detail: "the query is not valid", errors })
})

const notValid = (errors: ReadonlyArray<Answer.Violation>) =>
  new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors })

/** The violation of a question about a type that the project does not have. */
const unknownType = (index: number): Answer.Violation => ({
  pointer: `/items/${index}/consentType`,
  code: "unknown_consent_type",
  detail: "this project has no consent type with this id",
})

/** The people of each question; fails with every violation of the questions. The same identifiers are read once. */
const resolve = Effect.fnUntraced(function* (
  scope: ProjectScope,
  items: (typeof Wire.DecisionQuestions.Type)["items"],
) {
  const ledger = yield* Ledger
  const errors: Array<Answer.Violation> = []
  const people: Array<AskedPerson> = []
  const known = new Map<string, FoundPerson>()
  for (const [index, { consentType, person }] of items.entries()) {
    const at = `/items/${index}`
    const type = scope.types.byId.get(consentType.toLowerCase())
    if (type === undefined || type.isRemoved === true) errors.push(unknownType(index))
    const identifiers = ItemLine.identifiersOf(person)
    if (Object.keys(identifiers).length === 0) {
      errors.push({ pointer: `${at}/person`, code: "identifier_missing", detail: named })
      continue
    }
    const key = JSON.stringify(identifiers)
    const found = known.get(key) ?? (yield* ledger.find(scope, identifiers))
    known.set(key, found)
    if (found._tag === "Found") people.push(found)
    else {
      for (const { code, detail, field } of found.faults) {
        errors.push({ pointer: `${at}/person/${field}`, code, detail })
      }
    }
  }
  if (errors.length === 0) return people
  return yield* notValid(errors)
})

/** The key by which questions about the same people are answered once. */
const keyOf = ({ alias, concordId, further = [] }: AskedPerson): string | undefined => {
  const others = further.map((reference) => reference.alias ?? reference.concordId)
  return others.length === 0 ? (alias ?? concordId) : [alias ?? concordId, ...others].join(" ")
}

/** How many people are asked about at the same time. */
const peopleAtATime = 8

/** Answers a batch of questions, in the order given: of each person, the types that are asked about. */
export const manyDecisions = Effect.fnUntraced(function* (
  scope: ProjectScope,
  questions: typeof Wire.DecisionQuestions.Type,
) {
  const ledger = yield* Ledger
  if (!(yield* isRegion(scope, questions))) return yield* notValid([region])
  const people = yield* resolve(scope, questions.items)
  const asked = new Map<string | undefined, { readonly person: AskedPerson; readonly types: Set<string> }>()
  for (const [index, { consentType }] of questions.items.entries()) {
    const person = people[index]!
    const ofPerson = asked.get(keyOf(person)) ?? { person, types: new Set() }
    ofPerson.types.add(consentType.toLowerCase())
    asked.set(keyOf(person), ofPerson)
  }
  const known = new Map<string | undefined, ReadonlyMap<string, string>>()
  let positions: Positions = PositionsOf.none
  let eventsRead = 0
  const ask = Effect.fnUntraced(function* (
    key: string | undefined,
    { person, types }: { readonly person: AskedPerson; readonly types: ReadonlySet<string> },
  ) {
    const question = { ...questionOf(scope, person, questions), consentTypes: [...types] }
    const answered = yield* ledger.decisions(question)
    positions = PositionsOf.merge(positions, answered.positions)
    eventsRead += answered.eventsRead
    known.set(key, new Map(answered.items.map((item) => [item.type.id, write(item)])))
    yield* Effect.yieldNow
  })
  yield* Effect.forEach(asked, ([key, each]) => ask(key, each), { concurrency: peopleAtATime, discard: true })
  if (eventsRead > 0) yield* Account.charge({ items: eventsRead })
  const lines = questions.items.map(({ consentType }, index) =>
    known.get(keyOf(people[index]!))!.get(consentType.toLowerCase()),
  )
  // A type may be deleted while its questions are answered.
  const errors = lines.flatMap((line, index) => (line === undefined ? [unknownType(index)] : []))
  if (errors.length > 0) return yield* notValid(errors)
  return { body: Answer.list(lines.filter((line) => line !== undefined)), positions }
})
