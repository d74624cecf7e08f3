import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Layer } from "effect"
import { afterAll, beforeAll, describe, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as PostgresRows from "../../adapters/postgres/PostgresRows.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as SqliteRows from "../../adapters/sqlite/SqliteRows.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import type { LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as LedgerRowsContract from "./LedgerRowsContract.ts"
import { clauses } from "./LedgerStoreContract.ts"

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

type Store = Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded>

/**
 * Makes each kind of store, new and empty. The folder is on a real disk and is removed afterwards. PostgreSQL, which
 * takes longest, is among the long tests.
 */
const stores: Readonly<Record<string, (folder: string) => Promise<Store> | Store>> = {
  memory: () => MemoryStore.layer,
  sqlite: (folder) => SqliteStore.layer(join(folder, "ledger.db")),
  ...(isLong && { postgres: async () => PostgresStore.layer(await postgres.database()) }),
}

describe.each(Object.entries(stores))("LedgerStore: %s", (_name, layer) => {
  test.each(clauses)("$name", async ({ check }) => {
    const folder = mkdtempSync(join(tmpdir(), "assent-contract-"))
    try {
      await Effect.runPromise(Effect.provide(check, await layer(folder)))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** Every durable store. */
const places: Readonly<Record<string, (folder: string) => Promise<LedgerRowsContract.Place>>> = {
  sqlite: async (folder) => {
    const path = join(folder, "a folder", "ledger ?#%.db")
    return { rows: SqliteRows.make(path), store: SqliteStore.layer(path) }
  },
  postgres: async () => {
    const url = await postgres.database()
    return { rows: PostgresRows.make(url), store: PostgresStore.layer(url) }
  },
}

describe.each(Object.entries(places))("LedgerRows: %s", (name, place) => {
  // A database takes longest: one clause of them in the short tests.
  const { clauses } = LedgerRowsContract
  test.each(isLong || name !== "postgres" ? clauses : clauses.slice(0, 1))("$name", async ({ check }) => {
    const folder = mkdtempSync(join(tmpdir(), "assent-contract-"))
    try {
      await Effect.runPromise(check(await place(folder)))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
