/**
 * The root key and the keys of epochs, as a value: what the adapters of the port `Keys` share.
 */
import { randomBytes } from "node:crypto"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Epoch, Wrapper } from "../../core/ports/Keys.ts"
import * as KeyWrap from "./KeyWrap.ts"

/** The length of every key, in bytes. */
export const keyBytes = 32

/** An epoch with its key, which is left out once it is destroyed. */
export interface KeyedEpoch extends Epoch {
  readonly key?: Uint8Array
}

/** The root key, and every epoch in order: at least one, and the last one has its key. */
export interface KeySet {
  readonly root: Uint8Array
  readonly epochs: readonly [KeyedEpoch, ...ReadonlyArray<KeyedEpoch>]
}

const newKey = (): Uint8Array => new Uint8Array(randomBytes(keyBytes))

/** New keys: a root key, and the key of epoch 1, which begins at `at`. */
export const make = (at: Instant): KeySet => ({ root: newKey(), epochs: [{ number: 1, beganAt: at, key: newKey() }] })

/** The epoch by whose key keys are wrapped now. */
export const latest = ({ epochs }: KeySet): KeyedEpoch => epochs.at(-1) ?? epochs[0]

const keyOf = ({ epochs, root }: KeySet, by: Wrapper): Uint8Array | undefined =>
  by === "root" ? root : epochs[by - 1]?.key

/** Wraps a key; `undefined` if there is no key to wrap it by. */
export const wrap = (keys: KeySet, by: Wrapper, key: Uint8Array): Uint8Array | undefined => {
  const wrapper = keyOf(keys, by)
  return wrapper === undefined ? undefined : KeyWrap.wrap(wrapper, key)
}

/** The key that was wrapped; `undefined` if its wrapper is not there, or it was wrapped by another one. */
export const unwrap = (keys: KeySet, by: Wrapper, wrapped: Uint8Array): Uint8Array | undefined => {
  const wrapper = keyOf(keys, by)
  return wrapper === undefined ? undefined : KeyWrap.unwrap(wrapper, wrapped)
}

/** Begins the next epoch, unless the latest began at or after `since`. */
export const begin = (keys: KeySet, at: Instant, since: Instant): KeySet => {
  const { beganAt, number } = latest(keys)
  if (beganAt >= since) return keys
  // A clock that was set back does not put epochs out of order.
  const next = { number: number + 1, beganAt: Math.max(at, beganAt), key: newKey() }
  return { ...keys, epochs: [...keys.epochs, next] }
}

const withoutKey = ({ beganAt, destroyedAt, number }: KeyedEpoch): Epoch => ({
  number,
  beganAt,
  ...(destroyedAt !== undefined && { destroyedAt }),
})

/** Destroys the key of an epoch. The latest one, and one that was destroyed before, stay as they are. */
export const destroy = (keys: KeySet, epoch: number, at: Instant): KeySet => {
  const [first, ...others] = keys.epochs.map((each) =>
    each.number === epoch && each.key !== undefined && epoch !== latest(keys).number
      ? { ...withoutKey(each), destroyedAt: at }
      : each,
  )
  return first === undefined ? keys : { ...keys, epochs: [first, ...others] }
}

/** The epochs without their keys. */
export const epochsOf = ({ epochs }: KeySet): ReadonlyArray<Epoch> => epochs.map(withoutKey)
