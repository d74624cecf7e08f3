/**
 * Writes that are prepared against what they read: those about one key wait for each other, so that each of them makes
 * progress however many there are. Writes of other servers can still make one stale; then it is prepared again.
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../ports/LedgerStore.ts"
import { maxAttempts, type LedgerContext } from "./LedgerContext.ts"
import type { KeyedLock } from "./KeyedLock.ts"

/** The retries that are made at once; those after them wait. */
const immediate = 8

/** The pause before the first retry that waits, in milliseconds; it doubles with each of them up to {@link longest}. */
const shortest = 2

const longest = 128

/** Between a half and all of the pause, at random, so that servers that collide do not collide again. */
const pause = Effect.fnUntraced(function* (retries: number, { random }: Pick<LedgerContext, "random">) {
  if (retries < immediate) return yield* Effect.yieldNow
  const [byte] = yield* random.randomBytes(1)
  yield* Effect.sleep(Math.min(longest, shortest * 2 ** (retries - immediate)) * (0.5 + byte! / 512))
})

/**
 * Makes attempts, one at a time for each key, until one of them is not stale. Fails with `reason` after
 * {@link maxAttempts}.
 */
export const inTurn = <A, E>(
  key: string,
  reason: string,
  attempt: Effect.Effect<A | "stale", E>,
  context: Pick<LedgerContext, "random"> & { readonly identityLock: KeyedLock },
): Effect.Effect<A, E | StoreUnavailable> =>
  context.identityLock(
    key,
    Effect.gen(function* () {
      for (let attempts = 0; attempts < maxAttempts; attempts++) {
        const outcome = yield* attempt
        if (outcome !== "stale") return outcome
        yield* pause(attempts, context)
      }
      return yield* new StoreUnavailable({ reason })
    }),
  )
