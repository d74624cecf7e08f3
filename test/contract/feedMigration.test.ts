/**
 * A SQLite ledger from before the change feed: it is migrated in place, whole, and has a feed of what it holds.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Migrations from "../../adapters/sqlite/Migrations.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { verify } from "../support/checking.ts"
import { fillLedger } from "../support/filled.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assent-feed-migration-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The last migration before the change feed. */
const before = 8

const use = (path: string, run: (db: DatabaseSync) => void): void => {
  const db = new DatabaseSync(path)
  run(db)
  db.close()
}

/** Makes a ledger as migration {@link before} made it, with the rows of another one. */
const makeBefore = (path: string, from: string): void =>
  use(path, (db) => {
    db.exec(`PRAGMA application_id = ${Migrations.applicationId}`)
    for (const { number, sql } of Migrations.migrations) {
      if (number <= before) db.exec(`${sql}; PRAGMA user_version = ${number}`)
    }
    db.exec(`ATTACH '${from}' AS filled; DELETE FROM catalog_head`)
    for (const { name } of db.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all()) {
      db.exec(`INSERT INTO main.${String(name)} SELECT * FROM filled.${String(name)}`)
    }
    // Changes had raised the lanes.
    db.exec(`DELETE FROM lane_head WHERE next_position = 0;
      UPDATE lane_head SET last_recorded_at = (SELECT max(recorded_at) FROM event WHERE event.lane = lane_head.lane)`)
  })

test("a ledger from before the change feed is migrated in place, and its events are its feed", async () => {
  const [filled, path] = [join(folder, "filled.db"), join(folder, "before.db")]
  await fillLedger(`sqlite:${filled}`, 100)
  makeBefore(path, filled)
  const { due, items, noted, total } = await Effect.runPromise(
    Effect.gen(function* () {
      const { catalog, feed } = yield* LedgerStore
      const [shop] = (yield* catalog.current).projects.values()
      const ends = yield* feed.ends(shop!)
      const parts = ends.map((to) => ({ from: { lane: to.lane, position: 0, number: 0 }, to }))
      const read = yield* feed.read(shop!, parts, {}, 1000)
      const query = { by: "expirationDate", from: Date.UTC(2040, 0, 1), to: Date.UTC(2041, 0, 1), limit: 1000 } as const
      const found = yield* Effect.forEach(ends, ({ lane }) => feed.due(shop!, { ...query, lane }))
      const owners = [...(yield* catalog.current).organizations.values()]
      const changes = yield* Effect.forEach(ends, ({ lane }) => feed.identityChanges(owners[0]!, lane, 0, 100))
      return {
        total: ends.reduce((sum, { position }) => sum + position, 0),
        items: read.reduce((sum, part) => sum + part.items.length, 0),
        due: found.reduce((sum, page) => sum + page.heads.length, 0),
        noted: changes.flat().length,
      }
    }).pipe(Effect.provide(SqliteStore.layer(path))),
  )
  expect(items).toBe(total)
  expect(total).toBeGreaterThan(50)
  expect(due).toBeGreaterThan(5)
  expect(noted).toBe(0)
  // The contacts of the filled ledger have addresses in a table that there was not.
  const { findings } = await verify(`sqlite:${path}`)
  expect(findings.filter(({ table }) => table !== "entry_private")).toEqual([])
  use(path, (db) => expect(db.prepare("PRAGMA user_version").get()!["user_version"]).toBeGreaterThan(before))
})
