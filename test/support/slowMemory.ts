/** A store in memory that takes some time to append, as a disk does: another request is planned meanwhile. */
import { Effect, Layer } from "effect"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"

/** The number of times that the first append yields before it writes, and the second one. */
const yields = [120, 40] as const

/** The store. Each second append overtakes the one before it. */
export const layer = Layer.effect(
  LedgerStore,
  Effect.map(LedgerStore, (store) => {
    let appends = 0
    const append: typeof store.events.append = (request) =>
      Effect.andThen(Effect.repeat(Effect.yieldNow, { times: yields[appends++ % 2]! }), store.events.append(request))
    return { ...store, events: { ...store.events, append } }
  }),
).pipe(Layer.provide(MemoryStore.layer))
