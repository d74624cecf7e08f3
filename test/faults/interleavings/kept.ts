/**
 * The content of the store after a run, read through its port. Which people are joined is computed here a second time,
 * from the facts alone.
 */
import { Effect } from "effect"
import * as CatalogOf from "../../../core/model/Catalog.ts"
import type { Catalog, ListedType } from "../../../core/model/Catalog.ts"
import * as Lane from "../../../core/model/Lane.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Fact } from "../../../core/model/People.ts"
import type { Session, StoredEvent } from "../../../core/ports/LedgerStore.ts"
import type { Deed, Played } from "./history.ts"
import * as Named from "./named.ts"

export interface Kept {
  /** The events by lane, then by position. */
  readonly lanes: ReadonlyArray<ReadonlyArray<StoredEvent>>
  readonly events: ReadonlyArray<StoredEvent>
  readonly facts: ReadonlyArray<Fact>
  /** What identifiers named, and until when. */
  readonly named: ReadonlyArray<Named.Named>
  readonly types: ReadonlyArray<ListedType>
  readonly typeKnownAt: (id: string, knownAt: Instant) => ListedType
  readonly catalog: Catalog
  /** The commit of each event, by its id. */
  readonly commitOf: ReadonlyMap<string, Played["commits"][number]>
  /** The first try of each request. */
  readonly invoked: ReadonlyMap<string, number>
  /** The turn of the first answer, by request: from then on, it is acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>
  readonly sessionOf: (tokenHash: string) => Session | undefined
}

const refusals = new Set([
  ...["Refused", "Conflict", "NotFound", "Reused", "UnderWay", "IdentityTokenUsed", "NoSession", "NoSuchJoin"],
  ...["NotNamed"],
])

/** Whether a request was answered as carried out. */
export const isAcknowledged = ({ reply }: Deed): boolean => reply._tag === "Answered" && !refusals.has(reply.value._tag)

/** Whether a request was answered as refused. */
export const isRefused = ({ reply }: Deed): boolean =>
  reply._tag === "Answered" && refusals.has(reply.value._tag) && reply.value._tag !== "UnderWay"

const everyLane = ({ site: { project }, store }: Played) =>
  Array.from({ length: project.lanes }, (_, lane) => {
    const events: Array<StoredEvent> = []
    for (;;) {
      const some = Effect.runSync(store.events.lane(project, lane, events.length, 3))
      if (some.length === 0) return events
      events.push(...some)
    }
  })

const everyFact = ({ commits, site: { organization }, store }: Played): ReadonlyArray<Fact> => {
  const facts = Named.factsUntil({ commits }, Infinity)
  const people = new Set(facts.flatMap(({ member, survivor }) => [member, survivor]))
  return [...people].flatMap((concordId) =>
    Effect.runSync(store.people.facts(organization, [{ concordId, from: 0 }], 1000))
      .flat()
      .filter(({ member }) => member === concordId),
  )
}

/** The states of each type, in the order in which they were kept. */
const statesOf = ({ commits, first }: Played): ReadonlyArray<ListedType> => [
  ...[...first.consentTypes.values()].flatMap(({ byId }) => [...byId.values()]),
  ...commits.flatMap((commit) => (commit.kind === "catalog.change" ? (commit.change.entries.consentTypes ?? []) : [])),
]

/** A type as known at an instant: the last of its states until then. A state is not known before those before it. */
const typeKnownAt =
  (states: ReadonlyArray<ListedType>): Kept["typeKnownAt"] =>
  (id, knownAt) => {
    const [first, ...later] = states.filter((state) => state.id === id)
    let known = first!
    for (const state of later) {
      if (state.dateUpdated > knownAt) break
      known = state
    }
    return known
  }

/** Reads the whole store. */
export const read = (played: Played): Kept => {
  const lanes = everyLane(played)
  const catalog = Effect.runSync(played.store.catalog.current)
  const appends = played.commits.filter((commit) => commit.kind === "events.append")
  const invoked = new Map(played.deeds.toReversed().map(({ invoked, request }) => [request, invoked]))
  const answered = played.deeds.filter(isAcknowledged)
  return {
    lanes,
    events: lanes.flat(),
    facts: everyFact(played),
    named: Named.ever(played),
    types: [...CatalogOf.scope(catalog, played.site.project.id)!.types.byId.values()],
    typeKnownAt: typeKnownAt(statesOf(played)),
    catalog,
    commitOf: new Map(appends.flatMap((commit) => commit.change.events.map(({ id }) => [id, commit] as const))),
    invoked,
    acknowledged: new Map(
      [...Map.groupBy(answered, ({ request }) => request)].map(([request, deeds]) => [
        request,
        Math.min(...deeds.map(({ ended }) => ended)),
      ]),
    ),
    sessionOf: (tokenHash) => Effect.runSync(played.store.sessions.byToken(tokenHash)),
  }
}

/** The joins in force, as known at an instant. */
export const standing = (facts: ReadonlyArray<Fact>, knownAt: Instant): ReadonlyArray<Fact> =>
  facts.filter(
    ({ dateCreated, id, kind }) =>
      kind === "joined" &&
      dateCreated <= knownAt &&
      !facts.some((other) => other.join === id && other.dateCreated <= knownAt),
  )

/** The members of a join with a person, as known at an instant. */
export const oneWith = (facts: ReadonlyArray<Fact>, concordId: string, knownAt: Instant): ReadonlySet<string> => {
  const joins = standing(facts, knownAt)
  const people = new Set([concordId])
  for (let size = 0; size !== people.size;) {
    size = people.size
    for (const { member, survivor } of joins)
      if (people.has(member) || people.has(survivor)) people.add(member).add(survivor)
  }
  return people
}

export const laneOf = ({ site: { project } }: Played, concordId: string): number =>
  Lane.of(project, concordId) - Lane.of({ ...project, lanes: 1 }, concordId)
