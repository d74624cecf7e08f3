/**
 * Questions about a person, answered by plain values.
 */
import { Effect } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { TypeDecision } from "../../core/ledger/Reading.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { FoundPerson as Found } from "../../core/people/Resolving.ts"
import { Refusal } from "./Errors.ts"
import * as EventJson from "./EventJson.ts"
import * as Given from "./Given.ts"
import type { Category, Decision, FoundPerson, Person, Question, State } from "./OpenLedger.ts"

const toDecision = ({ decision, person: { concordId, namedSince }, region, type }: TypeDecision): Decision => ({
  ...Exchange.decisionToLine(concordId, type, decision, region),
  category: type.category as Category,
  subcategory: type.subcategory,
  label: type.label,
  ...(namedSince !== undefined && { namedSince: Instant.format(namedSince) }),
})

const asked = Effect.fnUntraced(function* (
  { organization, project, ...scope }: ProjectScope,
  person: Person,
  question: Question,
  members: ReadonlyArray<keyof Question>,
) {
  const whole = { organization, project, ...scope }
  const read = yield* Given.question(whole, question, members)
  const { _tag: _, ...found } = yield* Given.people(whole, person)
  return { organization, project, ...found, ...read }
})

/** Decides each type that is asked about. */
export const decide = Effect.fnUntraced(function* (scope: ProjectScope, person: Person, question: Question) {
  const ledger = yield* Ledger
  const { items } = yield* ledger.decisions(yield* asked(scope, person, question, ["at", "knownAt", "types", "region"]))
  return items.map(toDecision)
})

/** The events that decide. */
export const state = Effect.fnUntraced(function* (scope: ProjectScope, person: Person, question: Question) {
  const ledger = yield* Ledger
  const members = ["at", "knownAt", "types", "region"] as const
  const { items, nextChangeAt } = yield* ledger.state(yield* asked(scope, person, question, members))
  return {
    items: items.map(({ event }) => EventJson.of(event)),
    ...(nextChangeAt !== undefined && { nextChangeAt: Instant.format(nextChangeAt) }),
  } satisfies State
})

const several = "name one person: the identifiers may name several, and a timeline is that of one"

/** Every change of a decision. */
export const timeline = Effect.fnUntraced(function* (scope: ProjectScope, person: Person, question: Question) {
  const ledger = yield* Ledger
  const { further = [], ...one } = yield* asked(scope, person, question, ["knownAt", "types", "region"])
  const others = new Set(further.map(({ concordId }) => concordId ?? one.concordId))
  if ([...others].some((concordId) => concordId !== one.concordId)) {
    return yield* Effect.fail(
      new Refusal("the question is not valid", [{ pointer: "", code: "several_people", detail: several }]),
    )
  }
  const { items } = yield* ledger.timeline(one)
  return items.map(toDecision)
})

const idsOf = (found: Extract<Found, { readonly _tag: "Found" }>): ReadonlyArray<string> =>
  [found, ...(found.further ?? [])].flatMap(({ concordId }) => concordId ?? [])

/** The people that identifiers name, each once. */
export const people = Effect.fnUntraced(function* (scope: ProjectScope, person: Person) {
  const ledger = yield* Ledger
  const { organization } = scope
  const known = new Map<string, FoundPerson>()
  for (const id of idsOf(yield* Given.people(scope, person))) {
    const members: Array<string> = []
    const identifiers: Array<FoundPerson["identifiers"][number]> = []
    let cursor: string | undefined
    let survivor = id
    do {
      const page = yield* ledger.person(organization, id, {
        caller: organization.id,
        ...(cursor !== undefined && { cursor }),
      })
      if (page._tag === "UnknownCursor") break
      survivor = page.survivor
      members.push(...page.members)
      for (const { kind, project, since } of page.identifiers) {
        const named = { since: Instant.format(since), ...(project !== undefined && { project }) }
        identifiers.push(kind === undefined ? named : { kind, ...named })
      }
      cursor = page.nextCursor
    } while (cursor !== undefined)
    known.set(survivor, { concordId: survivor, members, identifiers })
  }
  return [...known.values()]
})
