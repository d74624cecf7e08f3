/**
 * The guard of erasures: nothing is recorded about a person that was erased, and nothing is kept under a key that an
 * erasure has destroyed which kept the identifiers of its person.
 *
 * An erasure locks and marks the lanes of its people in every project, and their rows of `person`. So an append looks
 * for erasures only in lanes that are marked, and while it has them locked; an identity change while it has its people
 * locked. A person that neither has locked is a new one, which no erasure can be about.
 */
import { Effect } from "effect"
import type { Append, IdentityChange } from "../../core/ports/LedgerStore.ts"
import type { LaneHeads, Placed } from "./Lanes.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as UsedKeys from "../../core/ports/UsedKeys.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as Sql from "./Sql.ts"

/** A person, with the wrapped key that personal data of it are encrypted under, if there are some. */
export interface Guarded extends PersonWriter.Person {
  readonly usedKey?: Uint8Array | undefined
}

const guarded = ArrayColumns.make<Guarded>({
  lane: ["bigint", ({ concordId, organization }) => Lane.of(organization, concordId)],
  person: ["uuid", ({ concordId }) => concordId],
  used_key: ["bytea", ({ usedKey }) => usedKey ?? null],
})

/** Whether one of some people was erased, or the key that is used for it. */
export const isAnyErased = (sql: Sql.Sql, people: ReadonlyArray<Guarded>) =>
  people.length === 0
    ? Effect.succeed(false)
    : Effect.map(
        Sql.query(
          sql,
          // Two parts and no OR, which the planner would answer by reading whole tables.
          `SELECT 1 AS found FROM ${guarded.rows} v
           JOIN erasure e ON e.lane = v.lane AND e.person = v.person
           UNION ALL
           SELECT 1 FROM ${guarded.rows} v
           JOIN held_erasure h ON h.lane = v.lane AND h.person = v.person
           LEFT JOIN person_key k ON k.lane = v.lane AND k.person = v.person AND k.wrapped = v.used_key
           WHERE v.used_key IS NOT NULL AND k.person IS NULL
           LIMIT 1`,
          guarded.parameters(people),
        ),
        (rows) => rows.length > 0,
      )

/** The people that an append names apart from those of its events. */
const othersOf = ({ claims, events, facts = [], personal }: Append): ReadonlyArray<string> => {
  const parts = personal?.parts ?? []
  if (claims.length + facts.length + parts.length === 0) return []
  const own = new Set(events.map(({ concordId }) => concordId))
  const named = [
    ...claims.map(({ concordId }) => concordId),
    ...facts.flatMap(({ member, survivor }) => [member, survivor]),
    ...parts.map(({ concordId }) => concordId),
  ]
  return named.filter((concordId) => !own.has(concordId))
}

/**
 * The step that returns whether no person of the requests was erased; none if no lane is marked and only people with
 * events are named. It runs when the lanes, and the people of claims and facts, are locked. `heads`: the lanes.
 */
export const steps = (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  placed: ReadonlyArray<Placed>,
  heads: LaneHeads,
) => {
  const people = new Map<string, Guarded>()
  const add = (person: Guarded) => people.set(PersonWriter.keyOf(person), person)
  for (const request of requests) {
    for (const concordId of othersOf(request)) add({ organization: request.organization, concordId })
  }
  if (heads.values().some(({ has_erased }) => has_erased)) {
    const organizations = new Map(requests.map(({ organization, project }) => [project.number, organization]))
    const ofErased = new Set(
      requests.flatMap(({ events, ofErased: erased }) =>
        erased === undefined ? [] : events.filter(({ concordId }) => erased.has(concordId)),
      ),
    )
    for (const { event, lane, project } of placed) {
      if (!heads.get(lane)!.has_erased || ofErased.has(event)) continue
      add({ organization: organizations.get(project.number)!, concordId: event.concordId })
    }
  }
  if (people.size === 0) return []
  for (const { organization, personal } of requests) {
    for (const [concordId, usedKey] of UsedKeys.of(personal)) {
      const known = people.get(PersonWriter.keyOf({ organization, concordId }))
      if (known !== undefined) add({ ...known, usedKey })
    }
  }
  return [
    Effect.map(
      Effect.suspend(() => isAnyErased(sql, [...people.values()])),
      (isErased) => !isErased,
    ),
  ]
}

/** Every person that an identity change is about. */
export const peopleOf = ({
  claims,
  facts,
  organization,
  personal,
  seen,
  session,
}: IdentityChange): ReadonlyArray<Guarded> => {
  const named = [
    ...seen,
    ...claims,
    ...(session === undefined ? [] : [session]),
    ...(personal === undefined ? [] : [...personal.keys, ...personal.parts]),
  ].map(({ concordId }) => concordId)
  const people = new Set([...named, ...facts.flatMap(({ member, survivor }) => [member, survivor])])
  const used = UsedKeys.of(personal)
  for (const concordId of used.keys()) people.add(concordId)
  return [...people].map((concordId) => ({ organization, concordId, usedKey: used.get(concordId) }))
}
