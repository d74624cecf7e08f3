/**
 * The commands of docs/operating.md under "PostgreSQL in production", run as they are with the machine's own
 * PostgreSQL: roles, partitions, backup and restore, a standby. The store keeps its contract on the resulting tables.
 */
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import { LedgerStore, type StoredEvent, type StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Lane from "../../core/model/Lane.ts"
import { clauses } from "../contract/LedgerStoreContract.ts"
import { noChange } from "../contract/samples.ts"
import { type Installed, startInstalled } from "../support/installedPostgres.ts"
import { emptied } from "../support/postgres.ts"
import { blocks, named as variablesOf, prepare, urlOf } from "./preparedPostgres.ts"

let installed: Installed
beforeAll(async () => {
  installed = await startInstalled()
})
afterAll(() => installed.stop())

const url = (role: string, database: string, port = installed.port): string => urlOf({ port }, role, database)
const named = (database: string) => variablesOf(installed, database)

const project = { number: 1, lanes: 16 }
const organization = { number: 0, lanes: 16 }
const uuid = (n: number): string => `018d5d1e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
let last = 0
const event = (): StoredEvent => ({
  id: uuid(++last),
  concordId: uuid(1000 + (last % 40)),
  consentType: uuid(3),
  version: 1,
  consentState: "accepted",
  consentAction: "import",
  consentDate: last,
  dateCreated: last,
  submitter: "s",
  body: `{"n":${last}}`,
})

type Store = LedgerStore["Service"]
const withStore = <A, E>(database: string, use: (store: Store) => Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(Effect.flatMap(LedgerStore, use), PostgresStore.layer(database)) as Effect.Effect<
      A,
      E | StoreUnavailable
    >,
  )

const record = (store: Store, count: number) =>
  Effect.forEach(Array.from({ length: count }, event), (each) =>
    store.events.append({ project, organization, recordedAt: each.dateCreated, events: [each], claims: [] }),
  )

/** All events of every lane, read in the order of their positions. */
const everything = (store: Store) =>
  Effect.gen(function* () {
    const ends = yield* store.events.laneEnds(project)
    const lanes = yield* Effect.forEach(ends, (end, lane) => store.events.lane(project, lane, 0, end))
    return { ends, lanes }
  })

const roles = () => blocks("Roles", "sql")

describe("roles and partitions", () => {
  const service = () => url("assent_service", "ready")
  beforeAll(() => {
    prepare(installed, "ready")
    installed.rows(blocks("Partitions", "sql")[0]!, url("assent_owner", "ready"))
    installed.rows(roles()[1]!, url("assent_owner", "ready"))
  }, 120_000)

  test("events are in partitions, which no role may change, not even the owner", () => {
    expect(installed.rows("SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass", service())).toEqual([
      "3",
    ])
    for (const role of ["assent_owner", "assent_service"]) {
      for (const table of ["event", "event_1"]) {
        for (const statement of [`UPDATE ${table} SET body = ''`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
          expect(() => installed.rows(statement, url(role, "ready")), statement).toThrow("permission denied")
        }
      }
    }
  })

  // Mutant: no grant to update aliases in docs/operating.md.
  test("the service fills in the kind of an identifier from before kinds were kept", async () => {
    const [concordId, hash] = ["018d5d1e-0000-7000-8000-000000000005", "0".repeat(64)]
    installed.rows(
      `INSERT INTO alias VALUES (${Lane.of(organization, hash)}, '\\x${hash}', '${concordId}', 1)`,
      url("assent_owner", "ready"),
    )
    const claim = { kind: "email", hash, concordId, normalization: 1, dateCreated: 2 } as const
    await withStore(service(), (store) => store.people.change({ ...noChange, organization, claims: [claim] }))
    expect(installed.rows("SELECT kind FROM alias", service())).toEqual(["email"])
  })

  test("the service makes no table", () => {
    expect(() => installed.rows("CREATE TABLE mine (a int)", service())).toThrow("permission denied")
  })

  test.each(clauses)("$name", async ({ check }) => {
    installed.rows(emptied, url("postgres", "ready"))
    await Effect.runPromise(Effect.provide(check, PostgresStore.layer(service())))
  })
})

describe("the commands about keys and whole ledgers", () => {
  const [rotate] = blocks("Keys", "sh").slice(1)
  const [verify] = blocks("`assent verify`", "sh")
  const [move] = blocks("`assent move`", "sh")
  /** Commands with the database in place of the one of the page. */
  const on = (database: string, commands: string): string =>
    commands.replaceAll(/postgres:\/\/\S+/g, url("assent_owner", database))

  test("begin an epoch, verify, and move a SQLite file into an empty database", () => {
    prepare(installed, "target")
    const report = installed.run(
      [
        "umask 077; assent keys create --keys ./assent.keys; assent bootstrap --store sqlite:./data/assent.db --keys ./assent.keys",
        on("target", move!),
        rotate!,
        on("target", verify!),
        // This folder is also that of the database, whose user may not read the file when it makes a backup.
        "rm ./data/assent.db*",
      ].join("\n"),
      { ...named("target"), NO_COLOR: "1" },
    )
    expect(report).toContain("epoch 2 began")
    expect(report).toMatch(/^the ledger is whole$/m)
  })

  test("vacuum the statistics after an upgrade", () => {
    const statements = blocks("`assent upgrade`", "sql")[0]!
      .replaceAll(/ +-- .*/g, "")
      .trim()
      .split("\n")
    expect(statements).toHaveLength(2)
    for (const statement of statements) installed.rows(statement, url("postgres", "target"))
  })
})

describe("a backup", () => {
  beforeAll(async () => {
    prepare(installed, "assent")
    await withStore(url("assent_service", "assent"), (store) => record(store, 60))
  }, 120_000)

  test("by pg_dump is the whole ledger as it was then, whatever is recorded later, and goes on where it ended", async () => {
    const [dump, restore, check] = blocks("Backup and restore", "sh")
    const before = await withStore(url("assent_service", "assent"), (store) =>
      Effect.gen(function* () {
        const seen = yield* everything(store)
        installed.run(dump!, named("assent"))
        yield* record(store, 20)
        return seen
      }),
    )
    installed.rows("CREATE DATABASE restored OWNER assent_owner", url("postgres", "postgres"))
    installed.run(restore!, named("restored"))
    expect(installed.run(check!, named("restored")).trim()).toBe("")
    await withStore(url("assent_service", "restored"), (store) =>
      Effect.gen(function* () {
        expect(yield* everything(store)).toEqual(before)
        yield* record(store, 5)
        const { ends } = yield* everything(store)
        expect(ends.reduce((sum, end) => sum + end, 0)).toBe(65)
      }),
    )
    expect(() => installed.rows("DELETE FROM event", url("assent_owner", "restored"))).toThrow("permission denied")
  })

  test("the check after a restore finds a gap and a head that counts wrongly", () => {
    const check = blocks("Backup and restore", "sh")[2]!
    installed.rows("CREATE DATABASE broken TEMPLATE restored", url("postgres", "postgres"))
    installed.rows(
      "DELETE FROM event WHERE (lane, position) = (SELECT lane, 0 FROM lane_head WHERE next_position > 2 LIMIT 1)",
      url("postgres", "broken"),
    )
    expect(installed.run(check, named("broken")).trim().split("\n")).toHaveLength(1)
  })

  test("by pg_basebackup starts as a standby, which reports the positions it has seen, is not ready, and takes nothing", async () => {
    const copy = join(installed.folder, "standby")
    installed.run(blocks("Standbys", "sh")[0]!, { STANDBY_FILES: copy })
    const standby = await installed.start(copy)
    const onStandby = url("assent_service", "assent", standby)
    await withStore(url("assent_service", "assent"), (store) => record(store, 10))
    const primary = await withStore(url("assent_service", "assent"), everything)
    const [positions, lag] = blocks("Standbys", "sql")
    const isCaughtUp = () =>
      installed.rows(positions!, onStandby).join() ===
      installed.rows(positions!, url("assent_service", "assent")).join()
    for (let tries = 0; !isCaughtUp(); tries++) {
      if (tries > 100) throw new Error("the standby does not catch up")
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(installed.rows(lag!, onStandby)).toEqual(["t"])
    await withStore(onStandby, (store) =>
      Effect.gen(function* () {
        expect(yield* everything(store)).toEqual(primary)
        expect(yield* Effect.flip(store.ready)).toMatchObject({ _tag: "StoreUnavailable" })
        expect(yield* Effect.flip(record(store, 1))).toMatchObject({ _tag: "StoreUnavailable" })
      }),
    )
  })
})
