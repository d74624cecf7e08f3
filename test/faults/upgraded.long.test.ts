/**
 * Upgrades of ledgers from before personal data were kept apart, over both stores: everything is answered as before,
 * nothing stays in clear, and an upgrade that is cut off at any of its writes goes on where it was.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, Exit, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as FileKeys from "../../adapters/keys/FileKeys.ts"
import * as MemoryKeys from "../../adapters/keys/MemoryKeys.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as Store from "../../apps/Store.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as FactLine from "../../core/formats/FactLine.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Keys, KeysUnavailable } from "../../core/ports/Keys.ts"
import { tableNames } from "../../core/ports/LedgerRows.ts"
import { namesBefore } from "../../core/ports/TablesBefore.ts"
import { workplace } from "../cli/run.ts"
import { rowsOf, verify } from "../support/checking.ts"
import { childEnv } from "../support/childEnv.ts"
import * as TestKeys from "../support/keys.ts"
import { grown, rowsBefore, type RowsBefore, writeDatabase, writeFile } from "../support/ledgerBefore.ts"
import { isLong, times } from "../support/long.ts"
import * as Markers from "../support/markers.ts"
import * as Programs from "../support/programs.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { ofPostgres } from "../support/tampering.ts"
import { type Change, cutAt, stateOf, upgrade, upgrading } from "../support/upgrading.ts"

const { folder, run, start } = workplace()

let postgres: Postgres
let files = 0
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

/** Both stores in a long run; in a short one SQLite alone, where the code is the same for both. */
const stores = isLong ? (["sqlite", "postgres"] as const) : (["sqlite"] as const)

const pathOf = (url: string): string => url.slice("sqlite:".length)

const places = {
  sqlite: async (rows: RowsBefore) => {
    const path = join(folder, `ledger-${files++}.db`)
    writeFile(path, rows)
    return `sqlite:${path}`
  },
  postgres: (rows: RowsBefore) => writeDatabase(postgres, rows),
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

/** Runs the command as a process, and kills it after a number of milliseconds if `after` is given. */
const killed = (url: string, after?: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = start(["upgrade", "--store", url])
    if (after !== undefined) setTimeout(() => child.kill("SIGKILL"), after)
    child.on("error", reject)
    child.on("close", () => resolve())
  })

/** The keys of the command: those next to a file, or those of tests. */
const keysOf = (url: string) => (url.startsWith("sqlite:") ? FileKeys.layer(`${pathOf(url)}.keys`) : TestKeys.layer)

const tagOf = (exit: Exit.Exit<unknown, unknown>): string | undefined =>
  Exit.isFailure(exit)
    ? /CannotUpgrade|NotUpgraded|cut off|KeysUnavailable|NoLedger|StoreUnavailable|StoreDamaged/.exec(
        String(exit.cause),
      )?.[0]
    : "upgraded"

const inLedger = <A>(
  url: string,
  use: (ledger: Ledger.UseCases) => Effect.Effect<A, unknown>,
  keys: Layer.Layer<Keys, KeysUnavailable> = TestKeys.layer,
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(Layer.build(Ledger.layer.pipe(Layer.provide([Store.layer(url), Crypto.layer, keys]))), (context) =>
        Effect.provide(Effect.flatMap(Ledger.Ledger, use), context),
      ),
    ),
  )

/** An id after any other. */
const last = "ffffffff-ffff-7fff-bfff-ffffffffffff"

/** Everything that was recorded in the ledger of the fixture, by its id. */
const bodies = new Map(rowsBefore.event.map(({ body, event_id }) => [event_id, body]))

/** The events of all projects, as they are answered. */
const answered = (
  url: string,
  keys?: Layer.Layer<Keys, KeysUnavailable>,
  rows = rowsBefore,
): Promise<ReadonlyMap<string, string>> =>
  inLedger(
    url,
    Effect.fnUntraced(function* (ledger) {
      const found = new Map<string, string>()
      for (const project of (yield* ledger.catalog).projects.values()) {
        for (const { body, event_id } of rows.event) {
          if (JSON.parse(body).project !== project.id) continue
          found.set(event_id, (yield* ledger.event(project, event_id))!.body)
        }
      }
      return found
    }),
    keys,
  )

/** The rows of the tables that are copied, and the events as they are answered: the same after every upgrade. */
const contentOf = async (url: string) => {
  const counts: Record<string, number> = {}
  for (const table of tableNames) counts[table] = (await rowsOf(url, table)).length
  return { counts, events: await answered(url) }
}

describe.each(["sqlite", "postgres"] as const)("a ledger of migration 7 on %s", (store) => {
  const make = () => places[store](rowsBefore)

  test("is whole after an upgrade, answers every event byte for byte, and has a row for each row", async () => {
    const url = await make()
    const report = await upgrade(url)
    expect(report.events).toBe(rowsBefore.event.length)
    expect((await verify(url)).findings).toEqual([])
    const { counts, events } = await contentOf(url)
    expect(events).toEqual(bodies)
    for (const name of namesBefore) expect([name, counts[name]]).toEqual([name, rowsBefore[name].length])
    for (const name of ["document", "key_use", "alias", "former_alias", "head", "joined_head", "used_type"] as const) {
      expect(await rowsOf(url, name)).toEqual(rowsBefore[name])
    }
  })

  test("commits once to the personal data of a session and of a fact, wherever they stand", async () => {
    const url = await make()
    await upgrading(url, cutAt(30, true).change)
    const report = await upgrade(url)
    const facts = await rowsOf(url, "person_fact")
    const distinct = new Map(facts.map(({ body }) => [JSON.parse(body).id, body]))
    for (const { body } of facts) expect(body).toBe(distinct.get(JSON.parse(body).id))
    const opened = (await rowsOf(url, "session")).map(({ body }) => JSON.parse(body))
    const sessions = new Map(opened.map(({ commitment, id }) => [id, commitment]))
    const events = (await rowsOf(url, "event")).map(({ body }) => JSON.parse(body))
    const ofSessions = events.filter(({ session }) => session !== undefined)
    for (const { session } of ofSessions) expect(session.commitment).toBe(sessions.get(session.id))
    expect(ofSessions.length).toBeGreaterThan(9)
    // A session holds its own: only those of events are kept apart.
    for (const { personal } of opened) expect(Object.keys(personal)).toEqual(["nonce", "encrypted"])
    const recorded = new Set(ofSessions.map(({ session }) => session.commitment))
    expect(recorded.size).toBeLessThan(sessions.size)
    const counts = [
      recorded.size,
      events.filter(({ commitment }) => commitment !== undefined).length,
      [...distinct.values()].filter((body) => body.includes('"commitment"')).length,
      rowsBefore.person.filter(({ profile }) => profile !== null).length,
    ]
    expect(report.personalData).toBe(counts.reduce((sum, count) => sum + count, 0))
  })

  test("names the people of used identity tokens, and keeps no hash of a browser in an answer", async () => {
    const url = await make()
    await upgrade(url)
    const facts = rowsBefore.person_fact.map(({ body }) => JSON.parse(body))
    const people = new Map(facts.map(({ evidence, survivor }) => [evidence?.tokenHash, survivor]))
    const tokens = await rowsOf(url, "used_identity_token")
    expect(tokens.map(({ person }) => person)).toEqual(tokens.map(({ hash }) => people.get(hash)))
    expect((await rowsOf(url, "idempotency")).filter(({ answer }) => answer.includes('"context"'))).toEqual([])
  })

  test("answers requests that are repeated as the first time: events, a session, a release and an undoing", async () => {
    const url = await make()
    await upgrade(url)
    const idempotency = (key: string) => ({ idempotency: { caller: "test", key, credential: "", content: key } })
    const keptFor = (key: string): string => {
      const hash = createHash("sha256").update(`test\0${key}`).digest("hex")
      return rowsBefore.idempotency.find((row) => row.hash === hash)!.answer
    }
    const repeated = await inLedger(
      url,
      Effect.fnUntraced(function* (ledger) {
        const [organization] = (yield* ledger.catalog).organizations.values()
        const shop = Option.getOrThrow(yield* ledger.projectScope(JSON.parse(keptFor("session")).session.project))
        const opening = { ...shop, ipAddress: "192.0.2.7", domain: "localhost", ...idempotency("session") }
        const session = yield* ledger.openSession(opening)
        const undone = yield* ledger.undoJoin(organization!, {
          concordId: JSON.parse(keptFor("undo")).members[0],
          factId: JSON.parse(keptFor("undo")).facts[0].id,
          submitter: "test",
          answer: ({ facts, identifiers, members, nextCursor, survivor }) => {
            const named = identifiers.map(({ since, ...each }) => ({ ...each, since: Instant.format(since) }))
            const page = { concordId: survivor, members, identifiers: named, facts: facts.map(FactLine.of), nextCursor }
            return JSON.stringify(page)
          },
          ...idempotency("undo"),
        })
        const released = yield* ledger.releaseIdentifier(organization!, {
          identifier: { kind: "email", value: "zoe@example.org" },
          reason: "the “address” changed hands",
          submitter: "test",
          answer: (fact) => JSON.stringify(FactLine.of(fact)),
          ...idempotency("release"),
        })
        const items = [
          { person: { email: "ann@example.org" }, consentType: "", consentState: "declined", consentAction: "import" },
        ] as const
        const recorded = yield* ledger.record({ ...shop, submitter: "", items, ...idempotency("several") })
        return { session, undone, released, recorded }
      }),
    )
    const { session, undone, released, recorded } = repeated
    expect(undone).toMatchObject({ _tag: "Repeated", answer: keptFor("undo") })
    expect(released).toMatchObject({ _tag: "Repeated", answer: keptFor("release") })
    expect(recorded).toMatchObject({ _tag: "Recorded", isRepeated: true })
    expect(recorded).toMatchObject({ events: [{ id: JSON.parse(keptFor("several"))[0].id }] })
    const { tokenHash } = JSON.parse(keptFor("session")).session
    expect(session).toMatchObject({ _tag: "Opened", isRepeated: true, session: { tokenHash } })
    expect(
      createHash("sha256")
        .update((session as { readonly token: string }).token)
        .digest("hex"),
    ).toBe(tokenHash)
  })

  test("is refused by servers and commands until it is upgraded, and while it is half upgraded; they name the command", async () => {
    const url = await make()
    const refused = async (why: string) => {
      for (const command of ["verify", "export"]) {
        const { code, stderr } = await run([command, "--store", url], { env: TestKeys.environment(url) })
        expect([command, code]).toEqual([command, 2])
        expect(stderr).toContain(why)
        expect(stderr).toContain("run assent upgrade --store URL")
      }
    }
    const refusedServer = () => {
      const env = { ...childEnv, PORT: "0", ASSENT_STORE: url, ...TestKeys.environment(url) }
      const { status, stderr } = spawnSync(process.execPath, [Programs.server], { cwd: folder, env, encoding: "utf8" })
      expect([status, stderr]).toEqual([
        78,
        expect.stringMatching(/assent: cannot serve: .*run assent upgrade --store URL/),
      ])
    }
    await refused("written by an earlier version of Assent")
    if (store === "sqlite") refusedServer()
    expect(tagOf(await upgrading(url, cutAt(3, true).change))).toBe("cut off")
    expect(await stateOf(url)).toBe("begun")
    await refused("an upgrade of the ledger has not ended")
    if (store === "postgres") refusedServer()
    await upgrade(url)
    expect(await stateOf(url)).toBe("current")
    expect((await run(["verify", "--store", url])).code).toBe(0)
  })

  test("that is cut off at any write goes on where it was, and ends as if it was not", async () => {
    const counting = cutAt(Infinity, true)
    const whole = await make()
    await upgrading(whole, counting.change)
    const expected = await contentOf(whole)
    const writes = counting.writes()
    expect(writes).toBeGreaterThan(30)
    // Each write on SQLite; on PostgreSQL, which is slower, every seventh, beginning with a random one.
    const step = times(17, store === "sqlite" ? 1 : 7)
    for (let write = store === "sqlite" ? 0 : times(20, Math.floor(Math.random() * 7)); write < writes; write += step) {
      const url = await make()
      const isAfter = write % 2 === 0
      expect(tagOf(await upgrading(url, cutAt(write, isAfter).change))).toBe("cut off")
      // What was written is not written again.
      const rest = cutAt(Infinity, true)
      expect(tagOf(await upgrading(url, rest.change))).toBe("upgraded")
      expect(rest.writes()).toBe(writes - write - (isAfter ? 1 : 0))
      expect(await contentOf(url)).toEqual(expected)
    }
    const often = await make()
    for (let cut = 0; cut < times(3, store === "sqlite" ? writes - 1 : 20); cut++) {
      expect(tagOf(await upgrading(often, cutAt(1, false).change))).toBe("cut off")
    }
    await upgrade(often)
    expect(await contentOf(often)).toEqual(expected)
    expect((await verify(often)).findings).toEqual([])
  })

  test("is upgraded by one of two processes, and not while it is in use; nothing is changed then", async () => {
    const url = await make()
    const both = await Promise.all([upgrading(url), upgrading(url)])
    const tags = both.map(tagOf).toSorted()
    expect([["CannotUpgrade", "upgraded"]]).toContainEqual(tags)
    expect(await answered(url)).toEqual(bodies)
  })
})

describe.each(stores)("a ledger on %s that is not what it should be", (store) => {
  const make = () => places[store](rowsBefore)

  test("is as it was where a row reads back otherwise: no version of it is served, and it can be upgraded again", async () => {
    const changes: Record<string, Change> = {
      "personal data are missing": (upgrade) => ({
        ...upgrade,
        write: (part, place, { personal_data: _left, ...rows }) => upgrade.write(part, place, rows),
      }),
      "an event is another one": (upgrade) => ({
        ...upgrade,
        write: (part, place, rows) =>
          upgrade.write(part, place, {
            ...rows,
            ...(rows.event && {
              event: rows.event.map((row) => ({ ...row, body: row.body.replace('"import"', '"export"') })),
            }),
          }),
      }),
      "a leaf is another one": (upgrade) => ({
        ...upgrade,
        write: (part, place, rows) =>
          upgrade.write(part, place, {
            ...rows,
            ...(rows.event && { event: rows.event.map((row) => ({ ...row, leaf: "00".repeat(32) })) }),
          }),
      }),
      "an alias is missing": (upgrade) => ({
        ...upgrade,
        write: (part, place, rows) =>
          upgrade.write(part, place, { ...rows, ...(rows.alias && { alias: rows.alias.slice(1) }) }),
      }),
      "a row is there that was not": (upgrade) => ({
        ...upgrade,
        write: (part, place, rows) =>
          upgrade.write(part, place, {
            ...rows,
            ...(rows.key_use && { key_use: [...rows.key_use, { id: last, last_used_at: 1 }] }),
          }),
      }),
      "an external id leads nowhere": (upgrade) => ({
        ...upgrade,
        write: (part, place, rows) =>
          upgrade.write(part, place, { ...rows, ...(rows.external_id && { external_id: rows.external_id.slice(1) }) }),
      }),
    }
    const url = await make()
    for (const [name, change] of Object.entries(changes)) {
      expect([name, tagOf(await upgrading(url, change))]).toEqual([name, "NotUpgraded"])
      expect([name, await stateOf(url)]).toEqual([name, "before"])
    }
    await upgrade(url)
    expect((await answered(url)).size).toBe(bodies.size)
  })

  test.each([
    [
      "an altered event",
      "is not whole",
      "UPDATE event SET body = replace(body, 'accepted', 'declined') WHERE position = 1",
    ],
    ["a missing event", "lacks events", "DELETE FROM event WHERE position = 1"],
    ["a lane without a head", "lacks events", "DELETE FROM lane_head WHERE lane = (SELECT max(lane) FROM event)"],
  ])("with %s is not upgraded, and stays as it is", async (_, what, damage) => {
    const url = await make()
    if (store === "postgres") await ofPostgres(url).run(damage)
    else {
      const db = new DatabaseSync(pathOf(url))
      db.exec(`DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_removed; ${damage}`)
      db.close()
    }
    const exit = await upgrading(url)
    expect([tagOf(exit), String(exit)]).toEqual(["NotUpgraded", expect.stringContaining(what)])
    expect(await stateOf(url)).toBe("before")
  })
})

test.each(stores)(
  "a ledger of many batches on %s is upgraded, cut off in the middle of one table, and left where it fails there",
  async (store) => {
    const rows = grown(rowsBefore, times(1_100, 2_500))
    const url = await places[store](rows)
    const inEvents = (batches: number): Change => {
      let seen = 0
      return (upgrade) => ({
        ...upgrade,
        write: (part, place, added) =>
          part === "write event" && seen++ === batches ? Effect.die("cut off") : upgrade.write(part, place, added),
      })
    }
    expect(tagOf(await upgrading(url, inEvents(1)))).toBe("cut off")
    expect(tagOf(await upgrading(url, inEvents(Infinity)))).toBe("upgraded")
    expect(await answered(url, undefined, rows)).toEqual(
      new Map(rows.event.map(({ body, event_id }) => [event_id, body])),
    )
    // The first batch differs, so that the tables are not read to their ends.
    const other = await places[store](rows)
    const altered: Change = (upgrade) => ({
      ...upgrade,
      write: (part, place, { event, ...added }) =>
        upgrade.write(part, place, {
          ...added,
          ...(event && { event: event.map((row) => ({ ...row, version: 99 })) }),
        }),
    })
    expect(tagOf(await upgrading(other, altered))).toBe("NotUpgraded")
    expect(await stateOf(other)).toBe("before")
    expect((await upgrade(other)).events).toBe(rows.event.length)
  },
)

/** What the ledger of the fixture has in clear. */
const markers = Markers.search({
  address: "2001:db8:1234::",
  browser: "code “browser”",
  profile: "“lives” in",
  "external id": "several people",
  reason: "changed hands",
  "key of the organization": JSON.parse(rowsBefore.catalog_entry[0]!.body).identifierKey,
})

describe("a file", () => {
  test("has everything personal in clear before, and nothing of it after", async () => {
    const url = await places.sqlite(rowsBefore)
    const traces = await markers.inFiles(pathOf(url))
    expect(new Set(traces.map(({ marker }) => marker)).size).toBe(6)
    await upgrade(url)
    expect((await markers.inFiles(folder)).filter(({ place }) => place.startsWith(pathOf(url)))).toEqual([])
  })

  test("whose server was killed, so that its log is beside it, is upgraded with what is in the log", async () => {
    const url = await places.sqlite(rowsBefore)
    const server = new DatabaseSync(pathOf(url))
    server.exec("PRAGMA wal_autocheckpoint = 0; UPDATE key_use SET last_used_at = 8")
    const copy = `sqlite:${join(folder, "killed.db")}`
    for (const ending of ["", "-wal"]) copyFileSync(pathOf(url) + ending, pathOf(copy) + ending)
    server.close()
    await upgrade(copy)
    expect((await rowsOf(copy, "key_use")).map(({ last_used_at }) => last_used_at)).toEqual([8])
    expect(readdirSync(folder).filter((name) => name.startsWith("killed.db"))).toEqual(["killed.db"])
  })

  test("is named by a link: the file is upgraded, and the link stays", async () => {
    const url = await places.sqlite(rowsBefore)
    const link = join(folder, `link-${files++}.db`)
    symlinkSync(pathOf(url), link)
    await upgrade(`sqlite:${link}`)
    expect([readlinkSync(link), await stateOf(url)]).toEqual([pathOf(url), "current"])
  })

  test("that was upgraded has the schema of a new ledger, is for its owner alone, and stands alone", async () => {
    const url = await places.sqlite(rowsBefore)
    await upgrade(url)
    const fresh = `sqlite:${join(folder, "fresh.db")}`
    await Effect.runPromise(Effect.scoped(Layer.build(Store.layer(fresh))))
    const schemaOf = (path: string) => {
      const db = new DatabaseSync(path, { readOnly: true })
      const rows = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid").all()
      db.close()
      return rows
    }
    expect(schemaOf(pathOf(url))).toEqual(schemaOf(pathOf(fresh)))
    expect(statSync(pathOf(url)).mode & 0o777).toBe(0o600)
    const left = readdirSync(folder).filter((name) => pathOf(url).endsWith(name.replace(/\.db.*$/, ".db")))
    expect(left).toEqual([pathOf(url).slice(folder.length + 1)])
  })

  test("that is open elsewhere is not upgraded, and nothing is changed", async () => {
    const url = await places.sqlite(rowsBefore)
    const before = readFileSync(pathOf(url))
    const other = new DatabaseSync(pathOf(url))
    other.prepare("SELECT count(*) FROM event").get()
    const exit = await upgrading(url)
    expect([tagOf(exit), String(exit)]).toEqual([
      "CannotUpgrade",
      expect.stringContaining("is in use: stop every server"),
    ])
    other.close()
    expect(readFileSync(pathOf(url)).equals(before)).toBe(true)
    expect(await stateOf(url)).toBe("before")
  })

  test("that is open elsewhere is not upgraded by the command, which says what became of the keys that it made", async () => {
    const url = await places.sqlite(rowsBefore)
    const keys = `${pathOf(url)}.keys`
    rmSync(keys, { force: true })
    const other = new DatabaseSync(pathOf(url))
    other.prepare("SELECT count(*) FROM event").get()
    const refused = await run(["upgrade", "--store", url])
    other.close()
    expect([refused.code, existsSync(keys)]).toEqual([1, true])
    expect(refused.stderr).toContain(
      `${keys}: a key file was made, which an upgrade uses whenever it can begin; keep a`,
    )
    expect(refused.stderr).toContain("is in use: stop every server and command on it; the ledger was not changed")
    const made = readFileSync(keys, "utf8")
    const again = await run(["upgrade", "--store", url])
    expect([again.code, readFileSync(keys, "utf8")]).toEqual([0, made])
    expect(again.stderr).not.toContain("a key file was made")
  })

  test("of another ledger's upgrade, left beside, is not taken for its own", async () => {
    const url = await places.sqlite(rowsBefore)
    const backup = join(folder, "backup.db")
    copyFileSync(pathOf(url), backup)
    expect(tagOf(await upgrading(url, cutAt(20, true).change))).toBe("cut off")
    const left = readdirSync(folder).filter((name) => name.includes(".upgrade-"))
    expect(left.length).toBeGreaterThan(0)
    // A backup is put back, served for a while, and upgraded again.
    copyFileSync(backup, pathOf(url))
    const db = new DatabaseSync(pathOf(url))
    db.exec("UPDATE key_use SET last_used_at = 7")
    db.close()
    await upgrade(url)
    expect((await rowsOf(url, "key_use")).map(({ last_used_at }) => last_used_at)).toEqual([7])
    expect(readdirSync(folder).filter((name) => name.includes(".upgrade-"))).toEqual([])
  })
})

test("PostgreSQL: a server that still runs on the earlier tables writes nothing that would be lost", async () => {
  const url = await places.postgres(rowsBefore)
  expect(tagOf(await upgrading(url, cutAt(9, true).change))).toBe("cut off")
  await expect(
    postgres.administer("SET ROLE assent; UPDATE key_use SET last_used_at = 1", nameOf(url)),
  ).rejects.toThrow('relation "key_use" does not exist')
  await upgrade(url)
})

test("PostgreSQL: does not begin while another client is connected, and says how many are", async () => {
  const url = await places.postgres(rowsBefore)
  const release = await postgres.hold(url, "key_use")
  const exit = await upgrading(url)
  expect([tagOf(exit), String(exit)]).toEqual([
    "CannotUpgrade",
    expect.stringContaining("connections of others to its database: 1. Stop every server"),
  ])
  expect(await stateOf(url)).toBe("before")
  await release()
  await upgrade(url)
})

test("PostgreSQL: vacuums the statistics of the earlier tables, which held clear text", async () => {
  const url = await places.postgres(rowsBefore)
  const vacuums = async () =>
    postgres.administer(
      "SELECT vacuum_count::int AS n FROM pg_stat_sys_tables WHERE relname = 'pg_statistic'",
      nameOf(url),
    )
  expect(await vacuums()).toEqual([{ n: 0 }])
  await upgrade(url)
  await expect.poll(vacuums).toEqual([{ n: 1 }])
})

test("PostgreSQL: a server of the earlier version that comes back writes no session into the upgraded tables", async () => {
  const url = await places.postgres(rowsBefore)
  await upgrade(url)
  const written = postgres.administer(
    `SET ROLE assent; UPDATE session SET body = '{"ipAddress":"2001:db8:1234::"}'`,
    nameOf(url),
  )
  await expect(written).rejects.toThrow("session_commitment")
})

test("PostgreSQL: no row has anything personal in clear after an upgrade", async () => {
  const url = await places.postgres(rowsBefore)
  await upgrade(url)
  for (const table of tableNames) {
    expect(markers.inBytes(table, JSON.stringify(await rowsOf(url, table), null, 1))).toEqual([])
  }
})

test("PostgreSQL: a role that may not make schemas is refused with that reason, and nothing is changed", async () => {
  const url = await places.postgres(rowsBefore)
  await postgres.administer(`ALTER DATABASE ${nameOf(url)} OWNER TO postgres`)
  for (const right of ["", `DATABASE ${nameOf(url)}`]) {
    if (right !== "") await postgres.administer(`GRANT CREATE ON ${right} TO assent`)
    const exit = await upgrading(url)
    expect([tagOf(exit), String(exit)]).toEqual(["CannotUpgrade", expect.stringContaining("GRANT CREATE ON DATABASE")])
    expect(await stateOf(url)).toBe("before")
  }
  await postgres.administer("GRANT CREATE ON SCHEMA public TO assent", nameOf(url))
  await upgrade(url)
})

test("an upgrade that is killed at any moment goes on where it was", async () => {
  for (const store of stores) {
    const whole = await places[store](rowsBefore)
    const began = performance.now()
    await killed(whole)
    const millis = performance.now() - began
    for (let round = 0; round < times(1, 4); round++) {
      const url = await places[store](rowsBefore)
      for (let cut = 0; cut < times(1, 3); cut++) await killed(url, millis * (0.3 + 0.7 * Math.random()))
      await killed(url)
      expect([await stateOf(url), await answered(url, keysOf(url))]).toEqual(["current", bodies])
    }
  }
})

test.each(stores)(
  "keys that are not those that the upgrade was begun with are refused on %s, and those go on",
  async (store) => {
    const url = await places[store](rowsBefore)
    expect(tagOf(await upgrading(url, cutAt(12, true).change))).toBe("cut off")
    const exit = await upgrading(url, undefined, MemoryKeys.layer)
    expect([tagOf(exit), String(exit)]).toEqual(["KeysUnavailable", expect.stringContaining("not the keys")])
    await upgrade(url)
    expect(await answered(url)).toEqual(bodies)
  },
)
