/**
 * A store that only answers: what it is over may be a copy that follows another, and is behind it.
 *
 * Nothing is written. That a key was used is not noted; everything else that writes fails, and says where to turn.
 */
import { Effect, Layer } from "effect"
import { LedgerStore, StoreUnavailable } from "../ports/LedgerStore.ts"

const refuse = (): Effect.Effect<never, StoreUnavailable> =>
  Effect.fail(
    new StoreUnavailable({
      reason: "this server answers from a replica and records nothing: send this to the primary",
      isLasting: true,
    }),
  )

const of = (store: LedgerStore["Service"]): LedgerStore["Service"] => ({
  ...store,
  isReplica: true,
  ready: Effect.asVoid(store.current),
  changeCatalog: refuse,
  useKey: () => Effect.void,
  append: refuse,
  changeIdentity: refuse,
  keepProfile: refuse,
  extend: refuse,
  // A session lasts longer each time it is used; and its visitor, who says nothing of positions, must not be told of less.
  bySessionToken: refuse,
})

/** Only answers, from the store that a layer opens. */
export const layer = <E, R>(opened: Layer.Layer<LedgerStore, E, R>): Layer.Layer<LedgerStore, E, R> =>
  Layer.effect(LedgerStore, Effect.map(LedgerStore, of)).pipe(Layer.provide(opened))
