/**
 * A lease of this server: work that one of several servers does.
 *
 * Clocks of servers may be apart, so the end that a lease names is not enough: a server that was ahead would keep it
 * for that long after it was killed. So a lease of another server is also taken if it was not renewed for as long as
 * a lease is, which is measured here by a clock that is never set.
 */
import { Clock, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { FeedStore } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** A lease, whether or not this server has it. */
export interface Lease {
  /** Takes or renews it; whether this server has it. */
  readonly take: Effect.Effect<boolean, StoreUnavailable>
  /** Gives it up, if this server has it. */
  readonly giveUp: Effect.Effect<void, StoreUnavailable>
}

/** How long a lease is, and how often it is renewed; in milliseconds. */
export const millis = 10_000
export const renewMillis = 3000

/** The lease with a name. `holder`: an id of this server. */
export const make = (
  place: { readonly owner: Owner; readonly lane: number },
  name: string,
  holder: string,
  feed: Pick<FeedStore, "lease">,
): Lease => {
  /** The end of another server's lease, and since when it is the same, in nanoseconds. */
  let seen: { readonly until: Instant; readonly since: bigint } | undefined
  const ask = (now: Instant, until: Instant) => feed.lease(place, name, holder, now, until)

  const take = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const until = yield* ask(now, now + millis)
    if (until === undefined) seen = undefined
    if (until === undefined) return true
    const at = yield* Clock.monotonicTimeNanos
    if (seen?.until !== until) seen = { until, since: at }
    if (at - seen.since < BigInt(millis) * 1_000_000n) return false
    // It is taken if its end is still the same.
    return (yield* ask(until, now + millis)) === undefined
  })
  // At instant 0 no other lease has ended, so only one's own is given up.
  return { take, giveUp: Effect.asVoid(Effect.suspend(() => ask(0, 0))) }
}

/**
 * Keeps the lease of work on the whole store until the scope closes; it is a row of the first organization. Returns
 * whether this server has it.
 */
export const keep = Effect.fnUntraced(function* (
  name: string,
  { random, store }: Pick<LedgerContext, "random" | "store">,
) {
  const holder = yield* random.uuidV7()
  let isHeld = false
  let lease: Lease | undefined
  const take = Effect.gen(function* () {
    const { organizations } = yield* store.catalog.current
    const [owner] = [...organizations.values()].toSorted((a, b) => a.number - b.number)
    if (owner === undefined) return
    lease ??= make({ owner, lane: 0 }, name, holder, store.feed)
    isHeld = yield* lease.take
  })
  const renew = Effect.catch(take, () => Effect.sync(() => (isHeld = false)))
  yield* renew
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(renewMillis), renew)))
  yield* Effect.addFinalizer(() =>
    isHeld && lease !== undefined ? Effect.ignore(Effect.timeout(lease.giveUp, "1 second")) : Effect.void,
  )
  return () => isHeld
})
