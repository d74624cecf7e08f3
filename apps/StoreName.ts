/**
 * Names in the failures of a store what has named it: a variable or a flag, such as `ASSENT_STORE` or `--from`. Without
 * a name they stay as they are.
 */
import { Effect, Layer } from "effect"
import { type LedgerRows, NoLedger, StoreDamaged, UpgradeNeeded } from "../core/ports/LedgerRows.ts"
import type { LedgerUpgrade } from "../core/ports/LedgerUpgrade.ts"
import { StoreUnavailable } from "../core/ports/LedgerStore.ts"

type Failure = StoreUnavailable | StoreDamaged | NoLedger | UpgradeNeeded

const isFailure = (error: unknown): error is Failure =>
  error instanceof StoreUnavailable ||
  error instanceof StoreDamaged ||
  error instanceof NoLedger ||
  error instanceof UpgradeNeeded

/** The failures that are named already: a move reads from one store while it writes to another one. */
const named = new WeakSet<object>()

const make = (name: string, failure: Failure): Failure => {
  const reason = `${name}: ${failure.reason}`
  switch (failure._tag) {
    case "StoreUnavailable":
      return new StoreUnavailable({ reason, ...(failure.isLasting === true && { isLasting: true }) })
    case "StoreDamaged":
      return new StoreDamaged({ reason })
    case "NoLedger":
      return new NoLedger({ reason })
    case "UpgradeNeeded":
      return new UpgradeNeeded({ reason })
  }
}

/** The same failure, with the name before its reason. Other errors stay as they are. */
const inFailure =
  (name: string | undefined) =>
  <E>(error: E): E => {
    if (name === undefined || !isFailure(error) || named.has(error)) return error
    const failure = make(name, error)
    named.add(failure)
    // A failure of the same kind.
    return failure as E
  }

/** A step on a store. */
export const inEffect = <A, E, R>(name: string | undefined, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.mapError(effect, inFailure(name))

/** Opening a store. */
export const inLayer = <A, E, R>(name: string | undefined, layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.catch(layer, (error) => Layer.effectContext(Effect.fail(inFailure(name)(error)))) as Layer.Layer<A, E, R>

/** The rows of a store. */
export const inRows = (name: string | undefined, { fill, read, rebuildJoined }: LedgerRows): LedgerRows => ({
  read: (steps) => inEffect(name, read(steps)),
  fill: (steps) => inEffect(name, fill(steps)),
  rebuildJoined: inEffect(name, rebuildJoined),
})

/** The upgrade of a store. */
export const inUpgrade = (name: string | undefined, { run, state }: LedgerUpgrade): LedgerUpgrade => ({
  state: inEffect(name, state),
  run: (steps) => inEffect(name, run(steps)),
})
