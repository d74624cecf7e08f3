/**
 * The ledger in memory as a model of the server: the same use cases over another store, in another process.
 *
 * It gets the values that cannot be predicted: the instant at which the server recorded something, and the ids, tokens
 * and random bytes that the server drew. With these it must give the same answers, byte for byte.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, ManagedRuntime } from "effect"
import { SecureRandom } from "effect/crypto"
import * as MemoryStore from "../../../adapters/memory/MemoryStore.ts"
import type { Organization } from "../../../core/model/Catalog.ts"
import * as Ledger from "../../../core/Ledger.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import * as TestKeys from "../../support/keys.ts"

/**
 * The random values that the server drew for an answer, in the order in which the ledger draws them; and their instant.
 */
export interface Drawn {
  readonly now: number
  /** Left out if nothing is recorded: a refused request draws the ids of its people, too, and forgets them. */
  readonly uuids?: ReadonlyArray<string>
  readonly contextId?: string
  readonly bytes?: Uint8Array
}

/** A ledger in memory. */
export interface Model {
  /** Uses the ledger. Fails if it does not draw all of the given values. */
  readonly run: <A, E>(drawn: Drawn, use: (ledger: Ledger.Ledger["Service"]) => Effect.Effect<A, E>) => Promise<A>
  readonly end: () => Promise<void>
}

/** A ledger with one organization and nothing else. */
export const make = async (organization: Organization): Promise<Model> => {
  let now = 0
  let uuids: Array<string> | undefined
  let contextId: string | undefined
  let bytes: Uint8Array | undefined

  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: () => Effect.die("the model waits for nothing"),
  }
  const given = <A>(value: A | undefined, what: string): Effect.Effect<A> =>
    value === undefined ? Effect.die(`the model makes ${what}, and the server did not`) : Effect.succeed(value)
  const random = Layer.effect(
    SecureRandom.SecureRandom,
    Effect.map(SecureRandom.SecureRandom, (real) =>
      SecureRandom.SecureRandom.of({
        ...real,
        uuidV7: (() =>
          Effect.suspend(() =>
            uuids === undefined ? real.uuidV7() : given(uuids.shift(), "one entry more"),
          )) as typeof real.uuidV7,
        uuidV4: (() => Effect.suspend(() => given(contextId, "a contextId"))) as typeof real.uuidV4,
        // A secret has 32 bytes, and so have the key of a person and an opening, of which no answer depends.
        randomBytes: (size) => (size === 32 && bytes !== undefined ? Effect.succeed(bytes) : real.randomBytes(size)),
      }),
    ),
  )
  const layer = Ledger.layer.pipe(
    Layer.provide(random),
    Layer.provideMerge(MemoryStore.layer),
    Layer.provide([NodeCrypto.layer, TestKeys.layer]),
  )
  const runtime = ManagedRuntime.make(layer)
  const entries = { organizations: [organization] }
  await runtime.runPromise(
    Effect.flatMap(LedgerStore, (store) => store.catalog.change({ revision: 0, entries, documents: [] })),
  )
  return {
    run: async (drawn, use) => {
      now = drawn.now
      uuids = drawn.uuids && [...drawn.uuids]
      contextId = drawn.contextId
      bytes = drawn.bytes
      const asked = Effect.flatMap(Ledger.Ledger, use)
      const answer = await runtime.runPromise(Effect.provideService(asked, Clock.Clock, clock))
      const left = uuids?.length ?? 0
      if (left > 0) throw new Error(`the server makes ${left} entries more than the model`)
      return answer
    },
    end: () => runtime.dispose(),
  }
}
