/**
 * The epochs of keys: a new one begins every 30 days, the keys of living people are wrapped by it in steps, and the key
 * of an epoch is destroyed when it ended long ago and no living key is wrapped by it. From then on no older backup can
 * show personal data.
 *
 * Any number of processes may do this at the same time: an epoch begins once, and a key is replaced only if it is still
 * wrapped as it was read.
 */
import { Clock, Context, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { Epoch, Keys, KeysUnavailable } from "../ports/Keys.ts"
import type { PersonKey } from "../ports/PersonalStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** How long an epoch lasts. */
export const length = Period.days(30)

/** How long the key of an epoch is kept after its end, by default. */
export const keptByDefault = Period.days(90)

/** How long the key of an epoch is kept after its end in this process. */
export const Kept = Context.Reference<Period.Period>("assent/ledger/KeysKept", { defaultValue: () => keptByDefault })

/** How many keys are read and wrapped again in one step. */
export const stepKeys = 1_000

/** How the epochs are to be kept. */
export interface Tending {
  /** How long the key of an epoch is kept after its end. */
  readonly kept: Period.Period
  /** Whether an epoch begins now, although the latest has not lasted long enough. */
  readonly beginsNow?: boolean
}

/** What was done. */
export interface Tended {
  /** The epoch that began now. */
  readonly begun: Epoch | undefined
  /** How many keys of people and of compliance requests were wrapped again. */
  readonly rewrapped: number
  /** The numbers of the epochs whose keys were destroyed. */
  readonly destroyed: ReadonlyArray<number>
}

type Context = Pick<LedgerContext, "keys" | "personKeys" | "store">

/** Begins an epoch, if it is time. */
const begin = Effect.fnUntraced(function* ({ beginsNow = false }: Tending, keys: Keys["Service"], now: Instant) {
  const before = (yield* keys.epochs).at(-1)
  const isDue = before === undefined || Period.add(before.beganAt, length) <= now
  if (before !== undefined && !isDue && !beginsNow) return undefined
  const begun = yield* keys.begin(now, before === undefined ? now : before.beganAt + 1)
  return begun.number === before?.number ? undefined : begun
})

/** A key as an epoch wraps it. */
type Wrapped = Pick<PersonKey, "epoch" | "wrapped">

/** Where keys are kept: those of people, or those of compliance requests. */
interface KeyPlaces<Key extends Wrapped> {
  readonly allKeys: (after: Key | undefined, limit: number) => Effect.Effect<ReadonlyArray<Key>, StoreUnavailable>
  readonly rewrap: (
    keys: ReadonlyArray<{ readonly from: Key; readonly to: Wrapped }>,
  ) => Effect.Effect<void, StoreUnavailable>
}

/** A key wrapped again by the current epoch; nothing for one that cannot be unwrapped any more. */
const rewrap = Effect.fnUntraced(function* <Key extends Wrapped>(from: Key, epoch: number, keys: Keys["Service"]) {
  const key = yield* keys.unwrap(from.epoch, from.wrapped)
  if (key === undefined) return []
  return [{ from, to: { epoch, wrapped: yield* keys.wrap(epoch, key) } }]
})

/** Wraps keys by the current epoch. Returns how many were, and adds to `earlier` by which epochs keys were wrapped. */
const rewrapIn = Effect.fnUntraced(function* <Key extends Wrapped>(
  places: KeyPlaces<Key>,
  epoch: number,
  keys: Keys["Service"],
  earlier: Set<number>,
) {
  let rewrapped = 0
  let after: Key | undefined
  for (;;) {
    const step: ReadonlyArray<Key> = yield* places.allKeys(after, stepKeys)
    const old = step.filter((each) => each.epoch !== epoch)
    for (const each of old) earlier.add(each.epoch)
    const changes = (yield* Effect.forEach(old, (each) => rewrap(each, epoch, keys))).flat()
    if (changes.length > 0) yield* places.rewrap(changes)
    rewrapped += changes.length
    after = step.at(-1)
    if (step.length < stepKeys) return rewrapped
    yield* Effect.yieldNow
  }
})

/** Wraps every key by the current epoch. Returns how many were, and by which earlier epochs keys were wrapped. */
const rewrapAll = Effect.fnUntraced(function* (epoch: number, { keys, store }: Context) {
  const earlier = new Set<number>()
  const ofPeople = yield* rewrapIn(store.personal, epoch, keys, earlier)
  const ofRequests = yield* rewrapIn(store.compliance, epoch, keys, earlier)
  return { rewrapped: ofPeople + ofRequests, earlier }
})

/** The epochs whose key has to be destroyed: they ended, and were kept, long enough. */
const due = (epochs: ReadonlyArray<Epoch>, { kept }: Tending, now: Instant): ReadonlyArray<Epoch> =>
  epochs.filter(({ destroyedAt }, index) => {
    const end = epochs[index + 1]?.beganAt
    return destroyedAt === undefined && end !== undefined && Period.add(end, kept) <= now
  })

/**
 * Begins an epoch, wraps keys again, and destroys the keys of epochs, as far as it is time. Reads no keys of people if
 * all of them are wrapped by the latest epoch already, as far as this ledger knows.
 */
export const tend = Effect.fnUntraced(function* (
  tending: Tending,
  context: Context,
): Effect.fn.Return<Tended, KeysUnavailable | StoreUnavailable> {
  const { keys, personKeys } = context
  const now = yield* Clock.currentTimeMillis
  const begun = yield* begin(tending, keys, now)
  const epochs = yield* keys.epochs
  const current = epochs.at(-1)!.number
  const destroyed: Array<number> = []
  let rewrapped = 0
  let ended = due(epochs, tending, now)
  while (personKeys.rewrappedTo !== current || ended.length > 0) {
    const pass = yield* rewrapAll(current, context)
    rewrapped += pass.rewrapped
    personKeys.rewrappedTo = current
    for (const { number } of ended.filter(({ number }) => !pass.earlier.has(number))) {
      yield* keys.destroy(number, now)
      destroyed.push(number)
    }
    // Keys that this pass has wrapped again are looked for once more before their epoch is destroyed.
    ended = pass.rewrapped === 0 ? [] : ended.filter(({ number }) => pass.earlier.has(number))
  }
  return { begun, rewrapped, destroyed }
})
