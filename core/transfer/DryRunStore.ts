/**
 * A decorator for a dry run: events are appended to a scratch store, and the reads of an import see them on top of the
 * ledger's own store. So a dry run runs the same code as the real import and has the same outcome, but its events do
 * not reach the ledger.
 *
 * Only `events.append` is redirected, because an import only appends. Every other write is the ledger's own, so it must
 * not be called in a dry run. Reads on which the tally of an import does not depend do not see the scratch store: a
 * refusal that is recorded as of a later date, too, is one row all the same. `heads` are those of both stores.
 */
import { Effect } from "effect"
import * as Lane from "../model/Lane.ts"
import type { HeldAlias } from "../model/People.ts"
import type { Append, LedgerStore, StoredEvent } from "../ports/LedgerStore.ts"

type Store = LedgerStore["Service"]

/** The values of the scratch store; where it has none, those of the ledger's own. */
const either = <A, E>(
  scratch: Effect.Effect<ReadonlyArray<A | undefined>, E>,
  own: Effect.Effect<ReadonlyArray<A | undefined>, E>,
) => Effect.zipWith(scratch, own, (above, below) => above.map((found, index) => found ?? below[index]))

/** The latest instant of the lanes that would go back with the events; `undefined` if none would. */
const latestAfter = Effect.fnUntraced(function* (store: Store, { events, project }: Append) {
  const [first] = Lane.range(project)
  const firsts = new Map(events.toReversed().map((event) => [Lane.of(project, event.concordId) - first, event]))
  const ends = yield* store.feed.ends(project)
  const later = [...firsts].flatMap(([lane, { dateCreated }]) => {
    const { lastRecordedAt } = ends[lane]!
    return lastRecordedAt > dateCreated ? [lastRecordedAt] : []
  })
  return later.length === 0 ? undefined : Math.max(...later)
})

/**
 * The people that an append was prepared against, with their revisions in the scratch store: a person has the sum of
 * the two revisions, and that of the ledger's own store does not count here.
 */
const seenInScratch = Effect.fnUntraced(function* (store: Store, { organization, seen = [] }: Append) {
  const own = yield* Effect.forEach(seen, ({ concordId }) => store.people.person(organization, concordId))
  return seen.map((each, index) => ({ ...each, revision: each.revision - own[index]!.revision }))
})

/** Whether an external id of the events is recorded already. */
const hasExternalId = Effect.fnUntraced(function* (store: Store, { events, project }: Append) {
  const hashes = events.flatMap(({ externalId }) => (externalId === undefined ? [] : [externalId]))
  const recorded = hashes.length === 0 ? [] : yield* store.events.byExternalId(project, hashes)
  return recorded.some((event) => event !== undefined)
})

/** The aliases of a person in both stores; one that the dry run claims again, to complete it, counts once. */
const heldInBoth = (own: ReadonlyArray<HeldAlias>, scratch: ReadonlyArray<HeldAlias>): ReadonlyArray<HeldAlias> => {
  const claimed = new Set(scratch.map(({ hash }) => hash))
  return [...own.filter(({ hash, releasedAt }) => releasedAt !== undefined || !claimed.has(hash)), ...scratch]
}

/** An event without its body, most of its size. Only that of a refusal is read again, for the dates that it claims. */
const withoutBody = (event: StoredEvent): StoredEvent =>
  event.consentState === "declined" ? event : { ...event, body: "{}" }

/**
 * A store that appends events to `scratch`, which is empty at first. An append is `Stale` where `store` would refuse
 * it.
 */
export const over = (store: Store, scratch: Store): Store => ({
  ...store,
  idempotencyRecord: (owner, hash) =>
    Effect.flatMap(scratch.idempotencyRecord(owner, hash), (found) =>
      found === undefined ? store.idempotencyRecord(owner, hash) : Effect.succeed(found),
    ),
  events: {
    ...store.events,
    // Personal data is left out, because a tally does not depend on it.
    append: Effect.fnUntraced(function* ({ personal: _personal, ...append }: Append) {
      const lastRecordedAt = yield* latestAfter(store, append)
      if (lastRecordedAt === undefined && !(yield* hasExternalId(store, append)))
        return yield* scratch.events.append({
          ...append,
          events: append.events.map(withoutBody),
          seen: yield* seenInScratch(store, append),
        })
      return { _tag: "Stale", lastRecordedAt: lastRecordedAt ?? append.recordedAt } as const
    }),
    heads: (project, people, consentTypes) =>
      Effect.zipWith(
        scratch.events.heads(project, people, consentTypes),
        store.events.heads(project, people, consentTypes),
        (above, below) => ({ ...below, events: [...below.events, ...above.events] }),
      ),
    byId: (project, ids) => either(scratch.events.byId(project, ids), store.events.byId(project, ids)),
    byExternalId: (project, hashes) =>
      either(scratch.events.byExternalId(project, hashes), store.events.byExternalId(project, hashes)),
  },
  people: {
    ...store.people,
    aliasStates: (organization, hashes) =>
      Effect.zipWith(
        scratch.people.aliasStates(organization, hashes),
        store.people.aliasStates(organization, hashes),
        (above, below) => below.map((own, index) => ({ ...own, named: above[index]!.named ?? own.named })),
      ),
    aliasesOf: (organization, people) =>
      Effect.zipWith(
        scratch.people.aliasesOf(organization, people),
        store.people.aliasesOf(organization, people),
        (above, below) => below.map((own, index) => heldInBoth(own, above[index]!)),
      ),
    person: (organization, concordId) =>
      Effect.zipWith(
        scratch.people.person(organization, concordId),
        store.people.person(organization, concordId),
        (above, below) => ({
          ...below,
          revision: below.revision + above.revision,
          isIdentified: below.isIdentified || above.isIdentified,
        }),
      ),
    byAlias: (organization, hashes, knownAt) =>
      either(
        scratch.people.byAlias(organization, hashes, knownAt),
        store.people.byAlias(organization, hashes, knownAt),
      ),
  },
})
