/**
 * Everything that is left to chance in a run comes from its seed: one generator each for whose turn it is, for what goes
 * wrong, and for ids and secrets.
 */
import { Effect, Random } from "effect"

export interface Chance {
  /** A whole number from 0, below `count`. */
  readonly below: (count: number) => number
  /** Happens with a probability from 0 to 1. */
  readonly happens: (probability: number) => boolean
  readonly bytes: (size: number) => Uint8Array<ArrayBuffer>
}

/** The same seed gives the same chances. */
export const make = (seed: string): Chance => {
  const random = Effect.runSync(Effect.service(Random.Random).pipe(Random.withSeed(seed)))
  const below = (count: number) => Math.floor(random.nextDoubleUnsafe() * count)
  return {
    below,
    happens: (probability) => random.nextDoubleUnsafe() < probability,
    bytes: (size) => Uint8Array.from({ length: size }, () => below(256)),
  }
}
