/**
 * A process that is killed at any moment while it appends: at its start, during the recovery of the log, while it makes
 * the tables, and in the middle of a group of requests.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { times } from "../support/long.ts"
import { random, seedOf } from "../support/seeded.ts"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"
import { type Appender, makeAppender } from "./appending.ts"
import { type Asked, faultsOf, postgres as inPostgres, sqlite } from "./wholeness.ts"

/** How many processes are killed. */
const kills = { sqlite: times(8, 200), postgres: times(6, 90), server: times(1, 10) }

let folder: string
let appender: Appender
let postgres: Postgres
let killed: Postgres
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "assent-crash-"))
  appender = await makeAppender()
  // The server is set to answer a commit before it has synced, because the store must not rely on the server's setting.
  const start = () => startPostgres([...synced, "-c", "synchronous_commit=off", "-c", "wal_writer_delay=10s"])
  postgres = await start()
  killed = await start()
})
afterAll(async () => {
  await postgres.stop()
  await killed.stop()
  appender.remove()
  rmSync(folder, { recursive: true })
})

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** A ledger, and the ids of the events that it has acknowledged. */
interface Ledger {
  readonly url: string
  readonly asked: Asked
  readonly acknowledged: Array<string>
}

/** One in four is killed before or while it starts, the others once something is acknowledged. */
const cycle = async ({ acknowledged, url }: Ledger, next: () => number): Promise<void> => {
  const appending = appender.start(url)
  if (next() < 0.25) await sleep(next() * 400)
  else {
    await appending.goesOn()
    await sleep(next() * 60)
  }
  acknowledged.push(...(await appending.kill()))
}

/**
 * Kills a number of processes, in ledgers of a few kills each, two ledgers at a time, and checks the ledger after every
 * kill. Returns the number of acknowledged events.
 */
const killIn = async (
  make: () => Promise<Ledger>,
  cycles: number,
  eachLedger: number,
  seed: number,
): Promise<number> => {
  const next = random(seed)
  let left = cycles
  let acknowledged = 0
  const work = async () => {
    while (left > 0) {
      const ledger = await make()
      for (let n = 0; n < eachLedger && left > 0; n++) {
        left--
        await cycle(ledger, next)
        const { asked } = ledger
        // A process that was killed before it made the tables has acknowledged nothing.
        if (ledger.acknowledged.length === 0) continue
        expect(await faultsOf(asked, ledger.acknowledged), `SEED=${seed}`).toEqual([])
      }
      acknowledged += ledger.acknowledged.length
    }
  }
  await Promise.all([work(), work()])
  return acknowledged
}

test.concurrent("SQLite: processes that are killed lose nothing that was acknowledged, and leave the ledger whole", async () => {
  let ledgers = 0
  const make = async (): Promise<Ledger> => {
    const path = join(folder, `${++ledgers}.db`)
    return { url: `sqlite:${path}`, asked: sqlite(path), acknowledged: [] }
  }
  expect(await killIn(make, kills.sqlite, 8, seedOf("SQLite"))).toBeGreaterThan(kills.sqlite)
})

const databaseOf = async (server: Postgres): Promise<Ledger> => {
  const url = await server.database()
  return { url, asked: inPostgres(url), acknowledged: [] }
}

test.concurrent("PostgreSQL: processes that are killed lose nothing that was acknowledged, and leave the ledger whole", async () => {
  expect(await killIn(() => databaseOf(postgres), kills.postgres, 15, seedOf("PostgreSQL"))).toBeGreaterThan(
    kills.postgres,
  )
})

test.concurrent("PostgreSQL: a database server that is killed again and again under the store loses nothing that was acknowledged", async () => {
  const seed = seedOf("PostgreSQL's server")
  const next = random(seed)
  const ledger = await databaseOf(killed)
  const appending = appender.start(ledger.url)
  await appending.goesOn()
  for (let n = 0; n < kills.server; n++) {
    await sleep(next() * 200)
    await killed.kill()
    await killed.start()
    expect(await faultsOf(ledger.asked, appending.acknowledged()), `SEED=${seed}`).toEqual([])
    // The process connects again by itself.
    await appending.goesOn()
  }
  const acknowledged = await appending.kill()
  expect(acknowledged.length).toBeGreaterThan(50)
  expect(await faultsOf(ledger.asked, acknowledged), `SEED=${seed}`).toEqual([])
})

describe("the checks of a ledger", () => {
  let whole: string
  let acknowledged: ReadonlyArray<string>
  beforeAll(async () => {
    whole = join(folder, "whole.db")
    const appending = appender.start(`sqlite:${whole}`)
    while (appending.acknowledged().length < 300) await appending.goesOn()
    acknowledged = await appending.kill()
    expect(await faultsOf(sqlite(whole), acknowledged)).toEqual([])
  })

  test.for([
    ["DELETE FROM event WHERE lane = (SELECT max(lane) FROM event) AND position = 0", "positions have a gap"],
    ["DELETE FROM lane_head WHERE lane = (SELECT max(lane) FROM event)", "a lane has no head"],
    ["UPDATE event SET recorded_at = recorded_at + 9e12 WHERE position = 0", "dateCreated goes back"],
    ["DELETE FROM head WHERE position = (SELECT max(position) FROM head)", "heads lack"],
    ["UPDATE head SET event_id = x'00'", "heads have"],
    ["DELETE FROM event WHERE position = 0", "acknowledged events are lost"],
    ["UPDATE event SET body = (SELECT body FROM event LIMIT 1)", "an event is there twice"],
    ["UPDATE event SET body = json_set(body, '$.size', 9)", "a request is there in part"],
    ["UPDATE event SET body = body || ' '", "a body is not what it was"],
  ])("find what `%s` has done to it", async ([statement, fault], { task }) => {
    const path = join(folder, `${task.id}.db`)
    for (const suffix of ["", "-wal"]) copyFileSync(whole + suffix, path + suffix)
    const db = new DatabaseSync(path)
    for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) {
      db.exec(`DROP TRIGGER ${String(name)}`)
    }
    expect(db.prepare(statement!).run().changes).toBeGreaterThan(0)
    db.close()
    expect(await faultsOf(sqlite(path), acknowledged)).toContainEqual(expect.stringContaining(fault!))
  })
})
