import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Cause, Effect, Exit } from "effect"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Connection from "../../adapters/sqlite/Connection.ts"
import * as Integrity from "../../adapters/sqlite/Integrity.ts"
import * as Migrations from "../../adapters/sqlite/Migrations.ts"
import * as Writer from "../../adapters/sqlite/Writer.ts"
import { LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"

const project = { number: 1, lanes: 16 }
const organization = { number: 0, lanes: 16 }
const id = (n: number): string => `018d5d1e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

const event = (n: number, concordId = id(1)): StoredEvent => ({
  id: id(n),
  concordId,
  consentType: id(2),
  version: 1,
  consentState: "accepted",
  consentAction: "import",
  consentDate: 1000,
  dateCreated: 1000,
  submitter: "test",
  body: `{"n":${n}}`,
})

const append = (...events: ReadonlyArray<StoredEvent>) => ({
  name: "append" as const,
  input: { project, organization, recordedAt: 1000, events, claims: [] },
})

/** A ledger of version 0.1.0, whose `user_version` is 3. */
const lastVersion = join(import.meta.dirname, "../fixtures/last-version/ledger.db")

const use = <A>(file: string, run: (db: DatabaseSync) => A): A => {
  const db = new DatabaseSync(file)
  try {
    return run(db)
  } finally {
    db.close()
  }
}

const schemaOf = (db: DatabaseSync) =>
  db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").all()

/** The `user_version` of a new file. */
const latest = Migrations.migrations.at(-1)!.number

const versionOf = (db: DatabaseSync) => db.prepare("PRAGMA user_version").get()!["user_version"]

/** The tables and columns that a migration has added: they are empty, or derived from the other rows. */
const added = { tables: ["former_alias", "joined_head"], columns: ["survivor", "learnt", "has_joined"] }

type StoredRow = Readonly<Record<string, unknown>>

/** What a migration makes of a row that an earlier version wrote. */
const migrated: Readonly<Record<string, (row: StoredRow) => StoredRow>> = {
  // A document is found by a number of its own, because the number of its version may change.
  document: ({ version, ...row }) => ({ ...row, number: version }),
  // 0: which versions the events of the lane name is not known.
  used_type: (row) => ({ ...row, version: 0 }),
  // The hash of an alias does not tell its kind.
  alias: (row) => ({ ...row, kind: null, project: null, normalization: 1 }),
}

/** Every row of the tables that hold what a ledger was given. */
const rowsOf = (db: DatabaseSync) =>
  db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .filter(({ name }) => !added.tables.includes(String(name)))
    .map(({ name }) => ({
      table: String(name),
      rows: db
        .prepare(`SELECT * FROM ${String(name)}`)
        .all()
        .map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !added.columns.includes(column)))),
    }))
    .toSorted((a, b) => (a.table < b.table ? -1 : 1))

/** The tables of version 0.1.0 that have another name now. */
const renamed: Readonly<Record<string, string>> = {
  receipt: "idempotency",
  used_proof: "used_identity_token",
  configuration: "catalog_entry",
  configuration_head: "catalog_head",
}

/** The rows of an earlier version's ledger as this version has to keep them. */
const migratedRowsOf = (db: DatabaseSync) =>
  rowsOf(db)
    .map(({ rows, table }) => ({
      table: renamed[table] ?? table,
      rows: rows.map((row) => migrated[table]?.(row) ?? row),
    }))
    .toSorted((a, b) => (a.table < b.table ? -1 : 1))

describe("the SQLite store", () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "assent-sqlite-"))
    path = join(folder, "ledger.db")
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const open = <A>(run: (store: LedgerStore["Service"]) => Effect.Effect<A, unknown>, at = path) =>
    Effect.runPromiseExit(Effect.provide(Effect.flatMap(LedgerStore, run), SqliteStore.layer(at)))

  const reason = (exit: Exit.Exit<unknown, unknown>) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")

  test("returns after reopening the events that it was given", async () => {
    await open((store) => store.events.append(append(event(10)).input))
    const exit = await open((store) => store.events.heads(project, [id(1)]))
    expect(Exit.map(exit, ({ events }) => events)).toEqual(Exit.succeed([event(10)]))
  })

  test("makes the folder of its file", async () => {
    expect(Exit.isSuccess(await open((store) => store.catalog.current, join(folder, "a", "b", "ledger.db")))).toBe(true)
  })

  test("says so at once where its folder cannot be made", async () => {
    expect(reason(await open((store) => store.catalog.current, "/proc/nowhere/ledger.db"))).toContain("ENOENT")
  })

  test("acknowledges nothing any more, and is not ready, once its file is removed", async () => {
    const exits = await open(
      Effect.fnUntraced(function* (store) {
        yield* store.ready
        rmSync(path)
        return [yield* Effect.exit(store.events.append(append(event(10)).input)), yield* Effect.exit(store.ready)]
      }),
    )
    expect(Exit.isSuccess(exits) ? exits.value.map(reason) : []).toEqual([
      expect.stringContaining("removed or replaced"),
      expect.stringContaining("removed or replaced"),
    ])
  })

  test("refuses a file that is something else, or was written by an unknown version, and says which", async () => {
    const other = new DatabaseSync(path)
    other.exec("CREATE TABLE t (x)")
    other.close()
    expect(reason(await open((store) => store.catalog.current))).toContain("not an Assent ledger")
    const text = join(folder, "text.db")
    writeFileSync(text, "not a database ".repeat(100))
    expect(reason(await open((store) => store.catalog.current, text))).toContain("not a database")
    for (const version of [0, 1, 99]) {
      const unknown = join(folder, `${version}.db`)
      await open((store) => store.ready, unknown)
      use(unknown, (db) => db.exec(`PRAGMA user_version = ${version}`))
      expect(reason(await open((store) => store.ready, unknown))).toContain("another version")
    }
  })

  describe.each([
    { version: 3, name: "version 0.1.0", older: "" },
    { version: 2, name: "the version before 0.1.0", older: "DROP TABLE people_head; PRAGMA user_version = 2" },
  ])("a file of $name", ({ older, version }) => {
    beforeEach(() => {
      copyFileSync(lastVersion, path)
      use(path, (db) => db.exec(older))
    })

    test("gets the schema of a new file, byte for byte, and keeps its rows", async () => {
      const before = use(path, (db) => ({ version: versionOf(db), rows: migratedRowsOf(db) }))
      expect(before.version).toBe(version)
      expect(before.rows.filter(({ rows }) => rows.length === 0)).toEqual([])
      const fresh = join(folder, "fresh.db")
      for (const file of [path, fresh]) await open((store) => store.ready, file)
      expect(use(path, schemaOf)).toEqual(use(fresh, schemaOf))
      expect(use(path, Integrity.schemaFaults)).toEqual([])
      expect([path, fresh].map((file) => use(file, versionOf))).toEqual([latest, latest])
      const after = use(path, rowsOf).filter(({ table }) => version > 2 || table !== "people_head")
      expect(after).toEqual(before.rows)
    })

    test("answers from its rows, and has counted no identity change in a lane without a row", async () => {
      const lanes = use(path, (db) => db.prepare("SELECT lane, next_position FROM lane_head").all())
      const [{ lane, next_position }] = lanes as [{ lane: number; next_position: number }]
      const owner = { number: Math.floor(lane / 4096), lanes: 16 }
      const exit = await open((store) => Effect.all([store.events.laneEnds(owner), store.people.laneEnds([5])]))
      expect(Exit.map(exit, ([ends, people]) => [ends[lane % 4096], people])).toEqual(
        Exit.succeed([next_position, new Map([[5, 0]])]),
      )
    })

    test("stays as it was if a migration fails half-way", async () => {
      // The name is taken, so the last migration fails after the others.
      use(path, (db) => db.exec("CREATE TABLE alias_person (x)"))
      const state = (db: DatabaseSync) => ({ version: versionOf(db), schema: schemaOf(db), rows: rowsOf(db) })
      const before = use(path, state)
      expect(reason(await open((store) => store.ready))).toContain("alias_person")
      expect(use(path, state)).toEqual(before)
      use(path, (db) => db.exec("DROP TABLE alias_person"))
      expect(Exit.isSuccess(await open((store) => store.ready))).toBe(true)
    })
  })

  test("numbers its migrations without a gap", () => {
    const numbers = Migrations.migrations.map(({ number }) => number)
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
  })

  test("syncs every commit to the disk: write-ahead log, synchronous FULL", () => {
    const db = Connection.open(path)
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" })
    expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 })
    db.close()
  })

  test("refuses to change or remove an event, on any connection", async () => {
    await open((store) => store.events.append(append(event(10)).input))
    const db = new DatabaseSync(path)
    expect(() => db.exec("UPDATE event SET version = 2")).toThrow("events are never changed")
    expect(() => db.exec("DELETE FROM event")).toThrow("events are never removed")
    db.close()
  })

  test("a request that cannot be kept does not make the others of its group fail", () => {
    const writer = Writer.open(path)
    const broken = { ...event(11), version: "not a number" as unknown as number }
    const outcomes = writer.write([append(event(10)), append(event(12), broken), append(event(13))])
    expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Done", "Unavailable", "Done"])
    writer.close()
    const db = new DatabaseSync(path)
    const stored = db.prepare("SELECT position, body FROM event ORDER BY position").all()
    expect(stored).toEqual([
      { position: 0, body: event(10).body },
      { position: 1, body: event(13).body },
    ])
    db.close()
  })

  test("a request whose commit had an unknown outcome is recorded once when it is tried again", () => {
    const first = Writer.open(path)
    first.write([append(event(10))])
    first.close()
    const again = Writer.open(path)
    // The group fails because of the broken request, so each request is tried again by itself. One is recorded already.
    const broken = append({ ...event(11), version: "not a number" as unknown as number })
    expect(again.write([append(event(10)), broken])[0]).toEqual({ _tag: "Done", value: { _tag: "Appended" } })
    again.close()
    const db = new DatabaseSync(path)
    expect(db.prepare("SELECT count(*) AS n FROM event").get()).toEqual({ n: 1 })
    db.close()
  })

  test("a reader sees a catalog change of another process", async () => {
    const entries = {
      organizations: [
        {
          ...organization,
          id: id(1),
          name: "O",
          primaryDomain: "o.example",
          privacyPolicyUrl: "https://o.example/privacy",
          identifierKey: "AAAA",
          publicKeys: [],
          dateCreated: 0,
          dateUpdated: 0,
        },
      ],
    }
    const exit = await open(
      Effect.fnUntraced(function* (store) {
        const before = (yield* store.catalog.current).organizations.size
        const other = Writer.open(path)
        other.write([{ name: "changeCatalog", input: { revision: 0, entries, documents: [] } }])
        other.close()
        yield* Effect.sleep(1)
        return [before, (yield* store.catalog.current).organizations.size]
      }),
    )
    expect(exit).toEqual(Exit.succeed([0, 1]))
  })
})
