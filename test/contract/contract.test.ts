import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Layer } from "effect"
import { describe, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import { clauses } from "./LedgerStoreContract.ts"

/** Every store, each time new and empty; the folder is on a real disk and is removed afterwards. */
const stores: Readonly<Record<string, (folder: string) => Layer.Layer<LedgerStore, StoreUnavailable>>> = {
  memory: () => MemoryStore.layer,
  sqlite: (folder) => SqliteStore.layer(join(folder, "ledger.db")),
}

describe.each(Object.entries(stores))("LedgerStore: %s", (_name, layer) => {
  test.each(clauses)("$name", async ({ check }) => {
    const folder = mkdtempSync(join(tmpdir(), "assent-contract-"))
    try {
      await Effect.runPromise(Effect.provide(check, layer(folder)))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
