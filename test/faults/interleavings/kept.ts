/**
 * What the store holds after a run, read through its port; who was one with whom is worked out here a second time, from
 * the facts alone.
 */
import { Effect } from "effect"
import * as CatalogOf from "../../../core/model/Catalog.ts"
import type { Catalog, ListedType } from "../../../core/model/Catalog.ts"
import * as Lane from "../../../core/model/Lane.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Fact } from "../../../core/model/People.ts"
import type { Session, StoredEvent } from "../../../core/ports/LedgerStore.ts"
import type { Deed, Played } from "./history.ts"

export interface Kept {
  /** By lane, by position. */
  readonly lanes: ReadonlyArray<ReadonlyArray<StoredEvent>>
  readonly events: ReadonlyArray<StoredEvent>
  readonly facts: ReadonlyArray<Fact>
  readonly types: ReadonlyArray<ListedType>
  readonly catalog: Catalog
  /** By event id: what kept it. */
  readonly commitOf: ReadonlyMap<string, Played["commits"][number]>
  /** From the first time it was sent. */
  readonly invoked: ReadonlyMap<string, number>
  /** When it was first answered, by request: what was carried out is acknowledged from then on. */
  readonly acknowledged: ReadonlyMap<string, number>
  readonly sessionOf: (tokenHash: string) => Session | undefined
}

const refusals = new Set([
  ...["Refused", "Conflict", "NotFound", "Reused", "UnderWay", "IdentityTokenUsed", "NoSession", "NoSuchJoin"],
])

/** Whether a request was answered, and with what it asked for. */
export const isAcknowledged = ({ reply }: Deed): boolean => reply._tag === "Answered" && !refusals.has(reply.value._tag)

/** Whether a request was answered that it is not carried out. */
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
  const facts = commits.flatMap((commit) => (commit.kind === "people.change" ? commit.change.facts : []))
  const people = new Set(facts.flatMap(({ member, survivor }) => [member, survivor]))
  return [...people].flatMap((concordId) =>
    Effect.runSync(store.people.person(organization, concordId)).facts.filter(({ member }) => member === concordId),
  )
}

/** Reads everything. */
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
    types: [...CatalogOf.scope(catalog, played.site.project.id)!.types.byId.values()],
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

/** The joins that stand as known at an instant. */
export const standing = (facts: ReadonlyArray<Fact>, knownAt: Instant): ReadonlyArray<Fact> =>
  facts.filter(
    ({ dateCreated, id, kind }) =>
      kind === "joined" &&
      dateCreated <= knownAt &&
      !facts.some((other) => other.join === id && other.dateCreated <= knownAt),
  )

/** Everybody who is one with somebody as known at an instant. */
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
