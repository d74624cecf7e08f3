/**
 * The stores that the laws of ledgers are tried over: one in memory, a new file of SQLite for each run, and a database
 * of a PostgreSQL server that is started before the tests of the calling file and stopped after them.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import { type Postgres, startPostgres } from "./postgres.ts"
import * as TestClockPostgres from "./testClockPostgres.ts"

/** How many runs a law has over each store. */
export interface Runs {
  readonly memory: number
  readonly sqlite: number
  readonly postgres: number
}

/** The stores, as rows of `describe.each`: the name, a layer of an empty store, and the number of runs. */
export const threeStores = <Memory>(memory: Memory, runs: Runs) => {
  const folder = mkdtempSync(join(tmpdir(), "assent-laws-"))
  let files = 0
  let postgres: Postgres
  let database: string
  beforeAll(async () => {
    postgres = await startPostgres()
    database = await postgres.database()
  }, 60_000)
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await postgres.stop()
  })
  return [
    ["memory", () => memory, runs.memory],
    ["sqlite", () => SqliteStore.layer(join(folder, `${files++}.db`)), runs.sqlite],
    ["postgres", () => TestClockPostgres.layer(postgres, database), runs.postgres],
  ] as const
}
