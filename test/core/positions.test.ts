/** Waiting for positions. */
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import { ReplicaStore } from "../../core/Ledger.ts"
import type { Organization } from "../../core/model/Catalog.ts"
import * as TestKeys from "../support/keys.ts"

const organization = { id: "organization", number: 0, lanes: 16 } as Organization

/** Whether positions that never come are waited for, by a clock that stands still. */
const waits = (store: typeof MemoryStore.layer) => {
  const asking = Effect.flatMap(Ledger.Ledger, (ledger) =>
    ledger.reached({ organization }, new Map([["configuration", 999_999]])),
  )
  const layer = Ledger.layer.pipe(Layer.provide([store, NodeCrypto.layer, TestKeys.layer]))
  const reached = Effect.runPromise(asking.pipe(Effect.provide(layer), Effect.provide(TestClock.layer())))
  return Promise.race([reached, new Promise((resolve) => setTimeout(() => resolve("waits"), 500))])
}

test("A primary has all positions that were ever given, so it waits for none", async () => {
  expect(await waits(MemoryStore.layer)).toBe("Behind")
})

test("A replica waits", async () => {
  expect(await waits(ReplicaStore.layer(MemoryStore.layer))).toBe("waits")
})
