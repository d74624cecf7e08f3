/**
 * All random decisions of a run come from its seed: one generator each for the order of turns, for faults, and for ids
 * and secrets.
 */
import { Effect, Random } from "effect"

export interface Chance {
  /** A whole number from 0, below `count`. */
  readonly below: (count: number) => number
  /** `true` with a probability from 0 to 1. */
  readonly happens: (probability: number) => boolean
  readonly bytes: (size: number) => Uint8Array<ArrayBuffer>
}

/** Makes the generators of a seed. */
export const make = (seed: string): Chance => {
  const random = Effect.runSync(Effect.service(Random.Random).pipe(Random.withSeed(seed)))
  const below = (count: number) => Math.floor(random.nextDoubleUnsafe() * count)
  return {
    below,
    happens: (probability) => random.nextDoubleUnsafe() < probability,
    bytes: (size) => Uint8Array.from({ length: size }, () => below(256)),
  }
}
