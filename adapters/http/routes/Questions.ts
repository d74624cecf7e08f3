/**
 * Consent states and decisions of people as JSON.
 */
import { Effect } from "effect"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import type { TypeDecision } from "../../../core/ledger/Reading.ts"
import * as People from "../../../core/model/People.ts"
import type { Positions } from "../../../core/ports/LedgerStore.ts"
import type * as Wire from "../api/Wire.ts"
import * as Answer from "../server/Answer.ts"

interface Instants {
  readonly at?: Instant.Instant | null
  readonly knownAt?: Instant.Instant | null
}

/** The person that a question is about: by an id, or by the hash of an identifier. */
export interface PersonReference {
  readonly concordId: string | undefined
  readonly alias?: string
}

const questionOf = ({ organization, project }: ProjectScope, person: PersonReference, { at, knownAt }: Instants) => ({
  organization,
  project,
  ...person,
  ...(at != null && { at }),
  ...(knownAt != null && { knownAt }),
})

/**
 * The consent state: the deciding event of every type that has an answer in force, and the instant at which it changes
 * by itself.
 */
export const state = Effect.fnUntraced(function* (scope: ProjectScope, person: PersonReference, instants: Instants) {
  const ledger = yield* Ledger
  const { items, nextChangeAt, positions } = yield* ledger.state(questionOf(scope, person, instants))
  return { body: Answer.list(items.map(({ event }) => event.body)), nextChangeAt, positions }
})

const write = (concordId: string | undefined, { decision, type }: TypeDecision): string =>
  JSON.stringify(Exchange.decisionToLine(concordId, type.id, decision))

/** The decisions about a person, one for each type of the project. */
export const decisions = Effect.fnUntraced(function* (
  scope: ProjectScope,
  person: PersonReference,
  instants: Instants,
) {
  const ledger = yield* Ledger
  const answered = yield* ledger.decisions(questionOf(scope, person, instants))
  const body = Answer.list(answered.items.map((item) => write(answered.concordId, item)))
  return { body, positions: answered.positions }
})

const namedOnce = `name one person by exactly one of ${People.identifierKinds.join(", ")}`

/** The identifier of a person; `undefined` unless exactly one is given. */
export const identifierOf = (members: Parameters<typeof ItemLine.identifiersOf>[0]): People.Identifiers | undefined => {
  const identifiers = ItemLine.identifiersOf(members)
  return Object.keys(identifiers).length === 1 ? identifiers : undefined
}

/** The person that the identifier of a query names; fails with 400 unless exactly one valid identifier is given. */
export const personOf = Effect.fnUntraced(function* (scope: ProjectScope, query: People.Identifiers) {
  const identifier = identifierOf(query)
  if (identifier === undefined) return yield* new Answer.HttpProblem({ status: 400, detail: namedOnce })
  const ledger = yield* Ledger
  const found = yield* ledger.find(scope, identifier)
  if (found._tag === "Found") return found as PersonReference
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

/** The person of each question; fails with every violation of the questions. */
const resolve = Effect.fnUntraced(function* (
  scope: ProjectScope,
  items: (typeof Wire.DecisionQuestions.Type)["items"],
) {
  const ledger = yield* Ledger
  const errors: Array<Answer.Violation> = []
  const people: Array<PersonReference> = []
  for (const [index, { consentType, person }] of items.entries()) {
    const at = `/items/${index}`
    const type = scope.types.byId.get(consentType.toLowerCase())
    if (type === undefined || type.isRemoved === true) errors.push(unknownType(index))
    const identifier = identifierOf(person)
    if (identifier === undefined) {
      errors.push({ pointer: `${at}/person`, code: "identifier_missing", detail: namedOnce })
      continue
    }
    const found = yield* ledger.find(scope, identifier)
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

/** The key by which questions about the same person are answered once. */
const keyOf = ({ alias, concordId }: PersonReference): string | undefined => alias ?? concordId

/** Answers a batch of questions, in the order given. */
export const manyDecisions = Effect.fnUntraced(function* (
  scope: ProjectScope,
  questions: typeof Wire.DecisionQuestions.Type,
) {
  const ledger = yield* Ledger
  const people = yield* resolve(scope, questions.items)
  const known = new Map<string | undefined, ReadonlyMap<string, string>>()
  let positions: Positions = PositionsOf.none
  for (const [key, person] of new Map(people.map((person) => [keyOf(person), person]))) {
    const answered = yield* ledger.decisions(questionOf(scope, person, questions))
    positions = PositionsOf.merge(positions, answered.positions)
    known.set(key, new Map(answered.items.map((item) => [item.type.id, write(answered.concordId, item)])))
  }
  const lines = questions.items.map(({ consentType }, index) =>
    known.get(keyOf(people[index]!))!.get(consentType.toLowerCase()),
  )
  // A type may be deleted while its questions are answered.
  const errors = lines.flatMap((line, index) => (line === undefined ? [unknownType(index)] : []))
  if (errors.length > 0) return yield* notValid(errors)
  return { body: Answer.list(lines.filter((line) => line !== undefined)), positions }
})
