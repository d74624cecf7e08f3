/**
 * Keys in memory, which are lost when the process ends: for tests, and for a store in memory.
 */
import { Clock, Effect, Layer } from "effect"
import { Keys, KeysUnavailable, type Wrapper } from "../../core/ports/Keys.ts"
import * as KeySet from "./KeySet.ts"

const missing = (by: Wrapper) => new KeysUnavailable({ reason: `the key of epoch ${by} is not there` })

/** Keys that begin as the given ones. */
export const make = (initial: KeySet.KeySet): Keys["Service"] => {
  let keys = initial
  return {
    epoch: Effect.sync(() => KeySet.latest(keys).number),
    wrap: (by, key) =>
      Effect.suspend(() => {
        const wrapped = KeySet.wrap(keys, by, key)
        return wrapped === undefined ? missing(by) : Effect.succeed(wrapped)
      }),
    unwrap: (by, wrapped) => Effect.sync(() => KeySet.unwrap(keys, by, wrapped)),
    epochs: Effect.sync(() => KeySet.epochsOf(keys)),
    begin: (at, since) =>
      Effect.sync(() => {
        keys = KeySet.begin(keys, at, since)
        return KeySet.epochsOf(keys).at(-1)!
      }),
    destroy: (epoch, at) =>
      Effect.sync(() => {
        keys = KeySet.destroy(keys, epoch, at)
      }),
  }
}

/** New keys. */
export const layer: Layer.Layer<Keys> = Layer.effect(
  Keys,
  Effect.map(Clock.currentTimeMillis, (now) => make(KeySet.make(now))),
)
