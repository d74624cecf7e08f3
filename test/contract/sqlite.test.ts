import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Cause, Effect, Exit } from "effect"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as SqliteRows from "../../adapters/sqlite/SqliteRows.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Connection from "../../adapters/sqlite/Connection.ts"
import * as Integrity from "../../adapters/sqlite/Integrity.ts"
import * as Migrations from "../../adapters/sqlite/Migrations.ts"
import * as Writer from "../../adapters/sqlite/Writer.ts"
import { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
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

/** Every row of every table. */
const rowsOf = (db: DatabaseSync) =>
  db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => ({ table: String(name), rows: db.prepare(`SELECT * FROM ${String(name)}`).all() }))

/** Makes a ledger without an organization as the version with a migration made it. */
const makeEmpty = (file: string, last: number): void =>
  use(file, (db) => {
    db.exec(`PRAGMA application_id = ${Migrations.applicationId}`)
    for (const { number, sql } of Migrations.migrations) {
      if (number <= last) db.exec(`${sql}; PRAGMA user_version = ${number}`)
    }
  })

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
      const named = version === 99 ? "a later version" : "another version"
      expect(reason(await open((store) => store.ready, unknown))).toContain(named)
    }
  })

  test.each([
    { name: "version 0.1.0", older: "" },
    { name: "the version before 0.1.0", older: "DROP TABLE people_head; PRAGMA user_version = 2" },
  ])("refuses a ledger of $name with an organization, names the upgrade, and changes nothing", async ({ older }) => {
    copyFileSync(lastVersion, path)
    const state = (db: DatabaseSync) => ({ version: versionOf(db), schema: schemaOf(db), rows: rowsOf(db) })
    use(path, (db) => db.exec(older))
    const before = use(path, state)
    const opened = await open((store) => store.ready)
    const read = await Effect.runPromiseExit(SqliteRows.make(path).read(() => Effect.void))
    for (const exit of [opened, read]) {
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBeInstanceOf(UpgradeNeeded)
      expect(reason(exit)).toContain("assent upgrade --store")
    }
    expect(use(path, state)).toEqual(before)
  })

  test.each(Migrations.migrations.map(({ number }) => number))(
    "an empty ledger of migration %i gets the schema of a new file, byte for byte",
    async (last) => {
      makeEmpty(path, last)
      const fresh = join(folder, "fresh.db")
      for (const file of [path, fresh]) expect(Exit.isSuccess(await open((store) => store.ready, file))).toBe(true)
      expect(use(path, schemaOf)).toEqual(use(fresh, schemaOf))
      expect(use(path, Integrity.schemaFaults)).toEqual([])
      expect([path, fresh].map((file) => use(file, versionOf))).toEqual([latest, latest])
    },
  )

  test("an empty ledger stays as it was if a migration fails half-way", async () => {
    makeEmpty(path, 3)
    // The name is taken, so a migration fails after others.
    use(path, (db) => db.exec("CREATE TABLE alias_person (x)"))
    const state = (db: DatabaseSync) => ({ version: versionOf(db), schema: schemaOf(db), rows: rowsOf(db) })
    const before = use(path, state)
    expect(reason(await open((store) => store.ready))).toContain("alias_person")
    expect(use(path, state)).toEqual(before)
    use(path, (db) => db.exec("DROP TABLE alias_person"))
    expect(Exit.isSuccess(await open((store) => store.ready))).toBe(true)
  })

  test("numbers its migrations without a gap", () => {
    const numbers = Migrations.migrations.map(({ number }) => number)
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
  })

  test("overwrites what is deleted, on every connection", () => {
    for (const connect of [Connection.open, Connection.openReader, Connection.openNew]) {
      const db = connect(path)
      expect(db.prepare("PRAGMA secure_delete").get()).toEqual({ secure_delete: 1 })
      db.close()
    }
  })

  test("an erasure leaves nothing of the person in the files once they are scrubbed, and waits for no reader", async () => {
    const markers = { hash: Buffer.alloc(32, 0xe7), nonce: Buffer.alloc(12, 0xe8), encrypted: Buffer.alloc(99, 0xe9) }
    const wrapped = Buffer.alloc(40, 0xea)
    const hash = markers.hash.toString("hex")
    const found = () =>
      [path, `${path}-wal`].flatMap((file) => {
        const bytes = readFileSync(file)
        return Object.entries({ ...markers, wrapped }).flatMap(([name, marker]) =>
          bytes.includes(marker) ? [`${name} in ${file.slice(path.length)}`] : [],
        )
      })
    const exit = await open(
      Effect.fnUntraced(function* (store) {
        const place = { concordId: id(1), kind: "event", id: hash } as const
        const personal = { keys: [{ concordId: id(1), epoch: 1, wrapped }], parts: [{ ...place, ...markers }] }
        const claim = { kind: "email", hash, concordId: id(1), normalization: 2, dateCreated: 1000 } as const
        // Many rows, so that pages are freed whole.
        for (let n = 0; n < 40; n++) {
          const parts = personal.parts.map((part) => ({ ...part, id: `${hash.slice(0, -2)}${10 + n}` }))
          const { input } = append(event(100 + n))
          yield* store.events.append({ ...input, claims: [claim], personal: { ...personal, parts } })
        }
        const before = found()
        const { revision } = yield* store.people.person(organization, id(1))
        const erased = yield* store.personal.erase({
          id: id(0xe),
          recordedAt: 2000,
          organization,
          projects: [project],
          catalog: 0,
          members: [id(1)],
          seen: [{ concordId: id(1), revision }],
          submitter: "test",
          reason: "request",
        })
        const reader = Connection.openReader(path)
        reader.exec("BEGIN; SELECT count(*) FROM event")
        const whileRead = yield* store.personal.scrub
        reader.exec("COMMIT")
        reader.close()
        const counts = typeof erased === "string" ? erased : erased.destroyed.personalData
        return [
          before.length > 0,
          counts,
          whileRead,
          yield* store.personal.scrub,
          found(),
          statSync(`${path}-wal`).size,
        ]
      }),
    )
    expect(exit).toEqual(Exit.succeed([true, 40, false, true, [], 0]))
  })

  test("makes its files for their owner alone, whatever the umask is", async () => {
    const before = process.umask(0)
    try {
      const modes = await open((store) =>
        Effect.map(store.events.append(append(event(10)).input), () =>
          ["", "-wal", "-shm"].map((ending) => statSync(path + ending).mode & 0o777),
        ),
      )
      expect(modes).toEqual(Exit.succeed([0o600, 0o600, 0o600]))
    } finally {
      process.umask(before)
    }
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
