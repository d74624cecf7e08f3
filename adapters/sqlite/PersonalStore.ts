/**
 * Personal data, keys of people and erasures of the store.
 */
import { Effect } from "effect"
import type { PersonalStore } from "../../core/ports/LedgerStore.ts"

const missing = Effect.die("not there yet")

/** The members are not there yet. */
export const make = (): PersonalStore => ({
  keys: () => missing,
  parts: () => missing,
  partsOf: () => missing,
  allKeys: () => missing,
  rewrap: () => missing,
  erase: () => missing,
  erasure: () => missing,
  erasures: () => missing,
  scrub: missing,
})
