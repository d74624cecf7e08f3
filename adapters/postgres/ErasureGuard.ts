/**
 * The guard of erasures: nothing is recorded about a person that was erased.
 *
 * An erasure locks and marks the lanes of its people in every project, and their rows of `person`. So an append looks
 * for erasures only in lanes that are marked, and while it has them locked; an identity change while it has its people
 * locked. A person that neither has locked is a new one, which no erasure can be about.
 */
import { Effect } from "effect"
import type { Append, IdentityChange } from "../../core/ports/LedgerStore.ts"
import type { LaneHeads, Placed } from "./Lanes.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as Sql from "./Sql.ts"

/** Whether one of some people was erased. */
export const isAnyErased = (sql: Sql.Sql, people: ReadonlyArray<PersonWriter.Person>) =>
  people.length === 0
    ? Effect.succeed(false)
    : Effect.map(
        Sql.query(
          sql,
          `SELECT 1 AS found FROM ${PersonWriter.people.rows} v
           JOIN erasure e ON e.lane = v.lane AND e.person = v.person LIMIT 1`,
          PersonWriter.people.parameters(people),
        ),
        (rows) => rows.length > 0,
      )

/** The people that an append names apart from those of its events. */
const othersOf = ({ claims, events, facts = [] }: Append): ReadonlyArray<string> => {
  if (claims.length + facts.length === 0) return []
  const own = new Set(events.map(({ concordId }) => concordId))
  const named = [
    ...claims.map(({ concordId }) => concordId),
    ...facts.flatMap(({ member, survivor }) => [member, survivor]),
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
  const people = new Map<string, PersonWriter.Person>()
  const add = (person: PersonWriter.Person) => people.set(PersonWriter.keyOf(person), person)
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
}: IdentityChange): ReadonlyArray<PersonWriter.Person> => {
  const named = [
    ...seen,
    ...claims,
    ...(session === undefined ? [] : [session]),
    ...(personal === undefined ? [] : [...personal.keys, ...personal.parts]),
  ].map(({ concordId }) => concordId)
  const people = new Set([...named, ...facts.flatMap(({ member, survivor }) => [member, survivor])])
  return [...people].map((concordId) => ({ organization, concordId }))
}
