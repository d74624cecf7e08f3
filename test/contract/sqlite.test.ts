import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Cause, Effect, Exit } from "effect"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Tables from "../../adapters/sqlite/Tables.ts"
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
  _tag: "Append" as const,
  request: { project, organization, recordedAt: 1000, events, claims: [] },
})

describe("the SQLite store", () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "assent-sqlite-"))
    path = join(folder, "ledger.db")
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const open = <A>(use: (store: LedgerStore["Service"]) => Effect.Effect<A, unknown>, at = path) =>
    Effect.runPromiseExit(Effect.provide(Effect.flatMap(LedgerStore, use), SqliteStore.layer(at)))

  const reason = (exit: Exit.Exit<unknown, unknown>) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")

  test("gives back after reopening what it was given", async () => {
    await open((store) => store.events.append(append(event(10)).request))
    const exit = await open((store) => store.events.ofPeople(project, [id(1)]))
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
        return [yield* Effect.exit(store.events.append(append(event(10)).request)), yield* Effect.exit(store.ready)]
      }),
    )
    expect(Exit.isSuccess(exits) ? exits.value.map(reason) : []).toEqual([
      expect.stringContaining("removed or replaced"),
      expect.stringContaining("removed or replaced"),
    ])
  })

  test("refuses a file that is something else, or was written by a later version, and says which", async () => {
    const other = new DatabaseSync(path)
    other.exec("CREATE TABLE t (x)")
    other.close()
    expect(reason(await open((store) => store.catalog.current))).toContain("not an Assent ledger")
    const text = join(folder, "text.db")
    writeFileSync(text, "not a database ".repeat(100))
    expect(reason(await open((store) => store.catalog.current, text))).toContain("not a database")
    const later = join(folder, "later.db")
    await open((store) => store.catalog.current, later)
    const db = new DatabaseSync(later)
    db.exec("PRAGMA user_version = 99")
    db.close()
    expect(reason(await open((store) => store.catalog.current, later))).toContain("another version")
  })

  test("takes a ledger of the version before, with what it holds, and makes what it lacks", async () => {
    await open((store) => store.events.append(append(event(10)).request))
    const db = new DatabaseSync(path)
    db.exec("DROP TABLE people_head; PRAGMA user_version = 2")
    db.close()
    const exit = await open((store) => Effect.all([store.events.laneEnds(project), store.people.laneEnds([5])]))
    expect(Exit.map(exit, ([ends, people]) => [Math.max(...ends), people])).toEqual(
      Exit.succeed([1, new Map([[5, 0]])]),
    )
    const made = new DatabaseSync(path)
    expect(Tables.faults(made)).toEqual([])
    made.close()
  })

  test("syncs every commit to the disk: write-ahead log, synchronous FULL", () => {
    const db = Tables.open(path)
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" })
    expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 })
    db.close()
  })

  test("refuses to change or remove an event, whoever asks", async () => {
    await open((store) => store.events.append(append(event(10)).request))
    const db = new DatabaseSync(path)
    expect(() => db.exec("UPDATE event SET version = 2")).toThrow("events are never changed")
    expect(() => db.exec("DELETE FROM event")).toThrow("events are never removed")
    db.close()
  })

  test("a request that cannot be kept does not take the others of its group with it", () => {
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
    // The group fails for another's sake, so its requests are tried again, each by itself; one is there already.
    const broken = append({ ...event(11), version: "not a number" as unknown as number })
    expect(again.write([append(event(10)), broken])[0]).toEqual({ _tag: "Done", value: { _tag: "Appended" } })
    again.close()
    const db = new DatabaseSync(path)
    expect(db.prepare("SELECT count(*) AS n FROM event").get()).toEqual({ n: 1 })
    db.close()
  })

  test("a reader sees what another process has set up since", async () => {
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
        other.write([{ _tag: "Configure", change: { revision: 0, entries, documents: [] } }])
        other.close()
        yield* Effect.sleep(1)
        return [before, (yield* store.catalog.current).organizations.size]
      }),
    )
    expect(exit).toEqual(Exit.succeed([0, 1]))
  })
})
