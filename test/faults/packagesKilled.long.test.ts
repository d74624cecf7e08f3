/**
 * Servers that are killed (SIGKILL) again and again while they build an access package. Nothing of a package that was
 * not finished is seen, and its chunks are swept; staff asks again, and gets a package that others can read. On SQLite
 * and on PostgreSQL.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { asKey, opened } from "../http/complianceRequests.ts"
import { dataIn } from "../http/accessPackages.ts"
import { asOwner, record, startWorld, startWorldOn, yes } from "../http/world.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { folder, type Server, start } from "../support/server.ts"
import { type Asked, postgres as inPostgres, sqlite } from "./wholeness.ts"

const events = 10_000
const inOneBatch = 1000
/** How many servers are killed. */
const kills = 8

/** A ledger, its server, and what a test does to its rows. */
interface Ledger {
  server: Server
  readonly first: Server
  readonly asked: Asked
  readonly change: (sql: string) => Promise<unknown>
  readonly restart: () => Promise<Server>
}

interface Counts {
  /** Files that were begun and not attached, and the chunks of these. */
  readonly begun: number
  readonly begunChunks: number
  /** Files that are attached, and chunks of no file. */
  readonly attached: number
  readonly orphans: number
  /** Facts that say that a package was attached. */
  readonly packaged: number
}

const ofFile = "f.lane = c.lane AND f.request = c.request AND f.file = c.file"

const countsOf = async ({ asked }: Ledger): Promise<Counts> => {
  const counts = await asked.ask([
    "SELECT count(*) AS n FROM request_file WHERE NOT is_attached",
    `SELECT count(*) AS n FROM file_chunk c JOIN request_file f ON ${ofFile} WHERE NOT f.is_attached`,
    "SELECT count(*) AS n FROM request_file WHERE is_attached",
    `SELECT count(*) AS n FROM file_chunk c LEFT JOIN request_file f ON ${ofFile} WHERE f.file IS NULL`,
    "SELECT count(*) AS n FROM compliance_fact WHERE kind = 'packaged'",
  ])
  const [begun, begunChunks, attached, orphans, packaged] = counts.map((rows) => Number(rows[0]!["n"]))
  return { begun: begun!, begunChunks: begunChunks!, attached: attached!, orphans: orphans!, packaged: packaged! }
}

const askFor = async ({ server }: Ledger, id: string): Promise<void> => {
  const asked = await asKey(server, "POST", `compliance-requests/${id}/package`)
  expect(asked.status, asked.text).toBe(202)
}

/** The moments at which a server is killed. */
const moments: ReadonlyArray<(now: Counts, before: Counts) => boolean> = [
  () => true,
  (now, before) => now.begun > before.begun,
  (now, before) => now.begunChunks > before.begunChunks,
  (now, before) => now.packaged > before.packaged,
]

/** Kills the server at different moments: before a package is begun, after that, after a chunk, and at the end. */
const killOften = async (ledger: Ledger, id: string): Promise<number> => {
  let halves = 0
  for (let kill = 0; kill < kills; kill++) {
    const before = await countsOf(ledger)
    const isNow = moments[kill % moments.length]!
    await askFor(ledger, id)
    for (let now = before; ; now = await countsOf(ledger)) {
      // It may be attached before it was seen.
      if (isNow(now, before) || now.packaged > before.packaged) break
      await sleep(2)
    }
    await ledger.server.end("SIGKILL")
    if ((await countsOf(ledger)).begun > before.begun) halves++
    if (ledger.server !== ledger.first) await ledger.server.stop()
    ledger.server = await ledger.restart()
  }
  return halves
}

const factsOf = async ({ server }: Ledger, id: string, event: string) => {
  const query = new URLSearchParams({ complianceRequestId: id, event, limit: "1000" })
  const { json } = await asKey(server, "GET", `compliance-requests-events?${query}`)
  return json.items as ReadonlyArray<{ readonly details: Readonly<Record<string, string>> }>
}

/** A person with many events, and a request to see them. */
const fill = async ({ server }: Ledger): Promise<string> => {
  const email = "many@example.com"
  for (let first = 0; first < events; first += inOneBatch) {
    const items = Array.from({ length: inOneBatch }, (_, n) =>
      yes({ email, consentState: n % 2 === 0 ? "accepted" : "declined", externalId: `${first + n}` }),
    )
    const recorded = await record(server, items)
    expect(recorded.status, recorded.text).toBe(201)
  }
  return (await opened(server, { user: { email }, preverified: true })).id
}

/** The id of the package that a request has now. */
const newest = async ({ server }: Ledger, id: string): Promise<string | undefined> =>
  (await asKey(server, "GET", `compliance-requests/${id}`)).json.files[0]?.id

const download = async ({ server }: Ledger, id: string): Promise<Buffer> => {
  const { json } = await asKey(server, "GET", `compliance-requests/${id}`)
  const got = await fetch(`${server.url}${json.files[0].filePath}`, { headers: asOwner })
  expect(got.status).toBe(200)
  return Buffer.from(await got.arrayBuffer())
}

/** Two readers find nothing wrong with a package, and every event is in it. */
const expectWhole = async (zip: Buffer): Promise<void> => {
  const path = join(folder(), "package.zip")
  writeFileSync(path, zip)
  expect(execFileSync("unzip", ["-t", path], { encoding: "utf8" })).toContain("No errors detected")
  const { projects } = await dataIn(zip)
  expect(projects[0]!.events).toHaveLength(events)
}

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

/** Tests often send many events and changes with one key. */
const env = { ASSENT_RATE_LIMIT_KEY: "off" }

const onSqlite = async (): Promise<Ledger> => {
  const server = await startWorld(env)
  const { file } = server
  const change = async (sql: string) => {
    const db = new DatabaseSync(file)
    db.exec(sql)
    db.close()
  }
  return { server, first: server, asked: sqlite(file), change, restart: () => start({ file, env }) }
}

const onPostgres = async (): Promise<Ledger> => {
  const url = await postgres.database()
  const server = await startWorldOn(url, env)
  const asked = inPostgres(url)
  const restart = () => start({ env: { ...env, ASSENT_STORE: url } })
  return { server, first: server, asked, change: (sql) => asked.ask([sql]), restart }
}

describe.each([
  ["SQLite", onSqlite],
  ["PostgreSQL", onPostgres],
] as const)("a server on %s that is killed while it builds access packages", (_, make) => {
  let ledger: Ledger
  let id: string
  let halves: number
  beforeAll(async () => {
    ledger = await make()
    id = await fill(ledger)
    halves = await killOften(ledger, id)
  })
  afterAll(async () => {
    await ledger?.server.stop()
    await ledger?.first.stop()
  })

  test("was killed in the middle of some, of which nothing is seen", async () => {
    expect(halves).toBeGreaterThan(0)
    const { json } = await asKey(ledger.server, "GET", `compliance-requests/${id}`)
    const { attached, begun, orphans } = await countsOf(ledger)
    expect([begun, orphans]).toEqual([halves, 0])
    expect(json.files).toHaveLength(attached)
  })

  test("gives staff that asks again a package that others read, with everything in it", async () => {
    // One that was attached just before a kill is replaced.
    const before = await newest(ledger, id)
    await askFor(ledger, id)
    while ((await newest(ledger, id)) === before) await sleep(20)
    await expectWhole(await download(ledger, id))
  })

  test("has recorded one fact `packaged` for each package that was attached, and one `task_done`", async () => {
    const packaged = await factsOf(ledger, id, "packaged")
    const attached = await factsOf(ledger, id, "file_attached")
    const removed = await factsOf(ledger, id, "file_removed")
    const files = packaged.map(({ details }) => details["file"])
    expect(new Set(files).size).toBe(files.length)
    expect(files.toSorted()).toEqual(attached.map(({ details }) => details["file"]).toSorted())
    expect(removed).toHaveLength(packaged.length - 1)
    expect(await factsOf(ledger, id, "task_done")).toHaveLength(1)
  })

  test("sweeps what was not finished an hour after it was begun, and keeps the package", async () => {
    expect((await ledger.server.end("SIGTERM")).code).toBe(0)
    await ledger.change(`UPDATE request_file SET begun_at = begun_at - ${60 * 60 * 1000}`)
    ledger.server = await ledger.restart()
    const patience = { timeout: 90_000, interval: 100 }
    await expect
      .poll(() => countsOf(ledger), patience)
      .toMatchObject({ begun: 0, begunChunks: 0, attached: 1, orphans: 0 })
    await expectWhole(await download(ledger, id))
  })
})
