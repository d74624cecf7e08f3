/**
 * The keys of people, under which their personal data are encrypted.
 *
 * A key is 32 random bytes. The store holds it wrapped by the key of an epoch, and gets it in the transaction that
 * keeps the first personal data of the person. Unwrapped keys stay in memory for a minute. While keys cannot be used,
 * personal data are left out: nothing waits for them, and they are never kept unencrypted.
 */
import { Clock, Effect, Metric } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { KeyedPart, PersonKey } from "../ports/PersonalStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** The key of a person, 32 bytes. */
export interface HeldKey {
  readonly key: Uint8Array
  /** The key as it was wrapped. */
  readonly wrapped: PersonKey
  /** Whether it has to be kept with what is encrypted under it. */
  readonly isNew: boolean
}

interface CachedKey extends HeldKey {
  readonly heldSince: Instant
}

/** What a ledger remembers of the keys of people. */
export interface PersonKeyCache {
  /** Unwrapped keys by the person and its organization, the oldest first. */
  readonly held: Map<string, CachedKey>
  /** When a warning was last logged. */
  warnedAt: Instant
  /** The epoch by which all keys of people were found wrapped; 0 at first. */
  rewrappedTo: number
}

type Context = Pick<LedgerContext, "keys" | "personKeys" | "random" | "store">

/** How long an unwrapped key is held: after an erasure, another process can read the person's data for this long. */
export const heldMillis = 60_000

/** The most keys that are held. */
const maxHeld = 10_000

/** A warning is logged at most this often. */
const warningMillis = 60_000

const keyBytes = 32

/** Counts personal data that were left out. */
export const leftOut = Metric.counter("assent_personal_data_left_out_total", {
  description: "Personal data that were not kept, or not read, because the keys could not be used.",
  incremental: true,
})

/** A cache without keys. */
export const makeCache = (): PersonKeyCache => ({ held: new Map(), warnedAt: -Infinity, rewrappedTo: 0 })

const placeOf = ({ number }: Pick<Owner, "number">, concordId: string): string => `${number} ${concordId}`

const cached = ({ held }: PersonKeyCache, place: string, now: Instant): CachedKey | undefined => {
  const known = held.get(place)
  return known !== undefined && known.heldSince <= now && known.heldSince > now - heldMillis ? known : undefined
}

const hold = ({ held }: PersonKeyCache, place: string, key: CachedKey): void => {
  held.delete(place)
  held.set(place, key)
  for (const [oldest] of held) {
    if (held.size <= maxHeld) return
    held.delete(oldest)
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at])

/** Counts personal data that are left out, and logs it once a minute. */
export const noteLeftOut = Effect.fnUntraced(function* (
  count: number,
  { reason }: KeysUnavailable,
  cache: PersonKeyCache,
) {
  yield* Metric.update(leftOut, count)
  const now = yield* Clock.currentTimeMillis
  if (cache.warnedAt <= now && cache.warnedAt > now - warningMillis) return
  cache.warnedAt = now
  yield* Effect.logWarning(`personal data are left out, because keys cannot be used: ${reason}`)
})

/** Makes a key for a person that has none. It stays the same for a minute, so that concurrent requests use the same. */
const makeKey = Effect.fnUntraced(function* (
  organization: Owner,
  concordId: string,
  { keys, personKeys, random }: Context,
) {
  const now = yield* Clock.currentTimeMillis
  const place = placeOf(organization, concordId)
  const before = cached(personKeys, place, now)
  if (before?.isNew === true) return before
  const key = yield* random.randomBytes(keyBytes)
  const epoch = yield* keys.epoch
  const wrapped = { concordId, epoch, wrapped: yield* keys.wrap(epoch, key) }
  const made: CachedKey = { key, wrapped, isNew: true, heldSince: now }
  hold(personKeys, place, made)
  return made
})

/**
 * The key of a person, from the wrapped key that is kept of it. `undefined` if it cannot be unwrapped any more, because
 * its epoch was destroyed.
 */
export const open = Effect.fnUntraced(function* (
  organization: Owner,
  { concordId, epoch, wrapped }: PersonKey | KeyedPart,
  { keys, personKeys }: Pick<Context, "keys" | "personKeys">,
): Effect.fn.Return<Uint8Array | undefined, KeysUnavailable> {
  const now = yield* Clock.currentTimeMillis
  const place = placeOf(organization, concordId)
  const known = cached(personKeys, place, now)
  const isKnown = known !== undefined && isSame(known.wrapped.wrapped, wrapped)
  if (isKnown && !known.isNew) return known.key
  const key = isKnown ? known.key : yield* keys.unwrap(epoch, wrapped)
  const held = { key: key!, wrapped: { concordId, epoch, wrapped }, isNew: false, heldSince: now }
  if (key !== undefined) hold(personKeys, place, held)
  return key
})

/** The keys of people that are held already, and those that are not. */
const split = (
  organization: Owner,
  people: ReadonlyArray<string>,
  { personKeys }: Pick<Context, "personKeys">,
  now: Instant,
) => {
  const found = new Map<string, HeldKey>()
  const others = new Set<string>()
  for (const concordId of people) {
    const known = cached(personKeys, placeOf(organization, concordId), now)
    if (known?.isNew === false) found.set(concordId, known)
    else others.add(concordId)
  }
  return { found, others: [...others] }
}

const noOne: ReadonlySet<string> = new Set()

/**
 * The keys of people, by `concordId`; made for those without one. One read of the store, none if all keys are held.
 * `newPeople` have no key yet: the store is not asked about them. A person is missing if its key cannot be had.
 */
export const keysOf = Effect.fnUntraced(function* (
  organization: Owner,
  people: ReadonlyArray<string>,
  context: Context,
  newPeople: ReadonlySet<string> = noOne,
): Effect.fn.Return<ReadonlyMap<string, HeldKey>, StoreUnavailable> {
  const { found, others } = split(organization, people, context, yield* Clock.currentTimeMillis)
  const asked = others.filter((concordId) => !newPeople.has(concordId))
  const read = asked.length === 0 ? [] : yield* context.store.personal.keys(organization, asked)
  const kept = new Map(asked.map((concordId, index) => [concordId, read[index]]))
  const find = Effect.gen(function* () {
    for (const concordId of others) {
      const row = kept.get(concordId)
      if (row === undefined) {
        found.set(concordId, yield* makeKey(organization, concordId, context))
        continue
      }
      const key = yield* open(organization, row, context)
      if (key !== undefined) found.set(concordId, { key, wrapped: row, isNew: false })
    }
  })
  yield* Effect.catchTag(find, "KeysUnavailable", (failure) =>
    noteLeftOut(others.filter((concordId) => !found.has(concordId)).length, failure, context.personKeys),
  )
  return found
})

/** The key of a person, as {@link keysOf}; `undefined` if it cannot be had. */
export const keyOf = (
  organization: Owner,
  concordId: string,
  context: Context,
  isNewPerson = false,
): Effect.Effect<HeldKey | undefined, StoreUnavailable> =>
  Effect.map(keysOf(organization, [concordId], context, isNewPerson ? new Set([concordId]) : noOne), (found) =>
    found.get(concordId),
  )

/**
 * The key that is kept of a person; `undefined` if there is none, or it cannot be unwrapped any more. One read of the
 * store, none if the key is held.
 */
export const keptOf = Effect.fnUntraced(function* (
  organization: Owner,
  concordId: string,
  context: Pick<Context, "keys" | "personKeys" | "store">,
): Effect.fn.Return<Uint8Array | undefined, KeysUnavailable | StoreUnavailable> {
  const known = split(organization, [concordId], context, yield* Clock.currentTimeMillis).found.get(concordId)
  if (known !== undefined) return known.key
  const [row] = yield* context.store.personal.keys(organization, [concordId])
  return row && (yield* open(organization, row, context))
})

/** Drops the keys of people: they were erased, or may have been by another process. */
export const forget = (
  organization: Pick<Owner, "number">,
  people: ReadonlyArray<string>,
  { personKeys }: Pick<Context, "personKeys">,
): void => {
  for (const concordId of people) personKeys.held.delete(placeOf(organization, concordId))
}
