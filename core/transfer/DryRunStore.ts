/**
 * A store for a dry run: what would be recorded goes into a scratch store, and what is asked sees it on top of the ledger's own.
 * So a dry run is the run itself, and what it foretells is what would be done; nothing reaches the ledger.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import type { Append, LedgerStore } from "../ports/LedgerStore.ts"

type Store = LedgerStore["Service"]

/** What the scratch store knows; where it knows nothing, what the ledger's own does. */
const either = <A, E>(
  scratch: Effect.Effect<ReadonlyArray<A | undefined>, E>,
  own: Effect.Effect<ReadonlyArray<A | undefined>, E>,
) => Effect.zipWith(scratch, own, (above, below) => above.map((found, index) => found ?? below[index]))

/** The latest `dateCreated` of the lanes in which one of the events would go back; `undefined`, where none would. */
const goesBackTo = Effect.fnUntraced(function* (store: Store, { events, project }: Append) {
  const [first] = Lane.all(project)
  const firsts = new Map(events.toReversed().map((event) => [Lane.of(project, event.concordId) - first!, event]))
  const ends = yield* store.events.laneEnds(project)
  const behind: Array<Instant> = []
  for (const [lane, { dateCreated }] of firsts) {
    const [last] = ends[lane] === 0 ? [] : yield* store.events.lane(project, lane, ends[lane]! - 1, 1)
    if (last !== undefined && last.dateCreated > dateCreated) behind.push(last.dateCreated)
  }
  return behind.length === 0 ? undefined : Math.max(...behind)
})

/** Whether an external id of the events is there already. */
const hasAny = Effect.fnUntraced(function* (store: Store, { events, project }: Append) {
  const named = events.flatMap(({ externalId }) => (externalId === undefined ? [] : [externalId]))
  const there = named.length === 0 ? [] : yield* store.events.byExternalId(project, named)
  return there.some((event) => event !== undefined)
})

/** Records into `scratch`, which is empty, what would be recorded into `store`. */
export const over = (store: Store, scratch: Store): Store => ({
  ...store,
  idempotencyRecord: (owner, hash) =>
    Effect.flatMap(scratch.idempotencyRecord(owner, hash), (found) =>
      found === undefined ? store.idempotencyRecord(owner, hash) : Effect.succeed(found),
    ),
  events: {
    ...store.events,
    append: Effect.fnUntraced(function* (append: Append) {
      const lastRecordedAt = yield* goesBackTo(store, append)
      if (lastRecordedAt === undefined && !(yield* hasAny(store, append))) return yield* scratch.events.append(append)
      return { _tag: "Stale", lastRecordedAt: lastRecordedAt ?? append.recordedAt } as const
    }),
    byId: (project, ids) => either(scratch.events.byId(project, ids), store.events.byId(project, ids)),
    byExternalId: (project, hashes) =>
      either(scratch.events.byExternalId(project, hashes), store.events.byExternalId(project, hashes)),
  },
  people: {
    ...store.people,
    byAlias: (organization, hashes) =>
      either(scratch.people.byAlias(organization, hashes), store.people.byAlias(organization, hashes)),
  },
})
