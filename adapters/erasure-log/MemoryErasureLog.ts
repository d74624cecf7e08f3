/**
 * An erasure log in memory, which ends with the process: for tests, and for stores that end with it too.
 */
import { Effect, Layer } from "effect"
import { ErasureLog } from "../../core/ports/ErasureLog.ts"
import * as Erasures from "./Erasures.ts"

/** A log without erasures. */
export const layer: Layer.Layer<ErasureLog> = Layer.sync(ErasureLog, () => {
  const erasures: Erasures.Erasures = new Map()
  return {
    begin: (erasure) => Effect.sync(() => Erasures.add(erasures, { kind: "begun", erasure })),
    keep: (id) =>
      Effect.sync(() => {
        Erasures.add(erasures, { kind: "kept", id })
        return erasures.has(id)
      }),
    finish: (id) => Effect.sync(() => Erasures.add(erasures, { kind: "done", id })),
    all: Effect.sync(() => [...erasures.values()]),
  }
})
