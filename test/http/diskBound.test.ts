/**
 * What a visitor without a past may leave on the disk in an hour, from one address and with the quotas that hold unless
 * configured: the writes that are granted are counted, and the bytes of each are measured on SQLite, with the longest
 * values that are kept.
 */
import { statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { expect, test } from "vitest"
import * as OpenLimits from "../../adapters/http/server/OpenLimits.ts"
import * as Quotas from "../../adapters/http/server/Quotas.ts"
import * as TokenBuckets from "../../adapters/http/server/TokenBuckets.ts"
import { times } from "../support/long.ts"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { asVisitor, openSession, shop, startWorld, type Visitor, yes } from "./world.ts"

const megabyte = 1_000_000
const hourMillis = 3_600_000

/** The bounds that docs/operating.md and SECURITY.md state. */
const stated = {
  writes: 24_400,
  sessions: 4_066,
  megabytes: 60,
  ofSessions: 22,
  ofFirstAnswers: 21,
  ofEachType: 10,
  visits: 3_720,
  ofVisits: 50,
}

const server = served(() => startWorld({ ASSENT_RATE_LIMIT_SESSION: "off", ASSENT_RATE_LIMIT_VISITOR: "off" }))

/** The size of the ledger after all of its log was written into it, which a reader of the log puts off. */
const size = (): number => {
  const database = new DatabaseSync(server.file, { timeout: 10_000 })
  const checkpoint = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)")
  while (checkpoint.get()!["busy"] !== 0);
  database.close()
  return statSync(server.file).size + statSync(`${server.file}-wal`).size
}

/** How many rows visitors have made. */
const rows = (): number => {
  const database = new DatabaseSync(server.file, { readOnly: true, timeout: 10_000 })
  const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"])
  const all = ["event", "session", "alias", "person", "personal_data"].reduce((sum, table) => sum + count(table), 0)
  database.close()
  return all
}

/** How many requests a sample has. */
const sample = times(80, 200)

/** The bytes that each request of a sample leaves. */
const bytesOf = async (requests: number, send: () => Promise<Answer>): Promise<number> => {
  await send()
  const before = size()
  for (let sent = 0; sent < requests; sent += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, send))
    for (const { status, text } of answers) expect(status, text).toBeOneOf([200, 201])
  }
  return (size() - before) / requests
}

/** Each of its characters is two bytes in the ledger. */
const userAgent = "\u00e9".repeat(600)
const newKey = () => ({ "idempotency-key": crypto.randomUUID() })
const open = (headers: object = {}) => openSession(server, {}, shop, { "user-agent": userAgent, ...headers })

/** The bytes of one write, by what is written. */
const perWrite: Record<string, number> = {}
let bytesOfSession = Infinity

test("the writes of an hour are those of a full bucket and of what refills: 24,400", () => {
  const buckets = TokenBuckets.make(Quotas.byDefault.address.writes!)
  let [granted, now] = [0, 0]
  for (;;) {
    now += buckets.wait("address", 1, now)
    if (now > hourMillis) break
    buckets.spend("address", 1, now)
    granted++
  }
  expect(granted).toBe(stated.writes)
  expect(Math.floor(granted / Quotas.sessionWrites)).toBe(stated.sessions)
})

test("a session leaves less than the writes that it draws, and so does its idempotency record", async () => {
  bytesOfSession = await bytesOf(sample, () => open())
  perWrite["session"] = bytesOfSession / Quotas.sessionWrites
  const withKey = await bytesOf(sample, () => open(newKey()))
  perWrite["record of a session"] = (withKey - bytesOfSession) / Quotas.sessionRecordWrites
  expect(bytesOfSession * stated.sessions).toBeLessThan(stated.ofSessions * megabyte)
})

test("events and profiles leave at most 2.5 KB a write", async () => {
  const visitor: Visitor = (await open()).json
  const send = (path: string, json: object, headers: object = {}) =>
    asVisitor(server, visitor, "POST", path, { json, headers: { ...headers } })
  const batch = { items: Array.from({ length: 100 }, () => yes()) }
  perWrite["event"] = (await bytesOf(20, () => send("consent-events", batch))) / 100
  perWrite["event and idempotency record"] =
    (await bytesOf(sample, () => send("consent-events", { items: [yes()] }, newKey()))) / 2
  const text = "\u0001".repeat(256)
  const address = { street: text, street2: text, city: text, state: text, postalCode: text, country: text }
  const profile = { firstName: text, middleName: text, lastName: text, address }
  const kibibytes = Math.ceil(JSON.stringify(profile).length / 1024)
  perWrite["session and profile"] =
    (await bytesOf(sample / 2, async () => {
      const headers = { "x-session": (await open()).json.session }
      return server.request("POST", `/site-v1/${shop.id}/profile`, { headers, json: profile })
    })) /
    (kibibytes + Quotas.sessionWrites)
  for (const [what, bytes] of Object.entries(perWrite)) expect([what, bytes < 2_500]).toEqual([what, true])
  // The first event of a session keeps its address and browser for the answers of its events.
  const first = await bytesOf(sample, async () => {
    const visitor = (await open()).json
    return asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes()] } })
  })
  expect(first / (Quotas.sessionWrites + 1)).toBeLessThan(2_500)
  const part = first - bytesOfSession - perWrite["event"]!
  expect(part * stated.sessions).toBeLessThan(stated.ofFirstAnswers * megabyte)
  // Above its quota, a new guest may still decline each type once.
  expect(perWrite["event"]! * stated.sessions).toBeLessThan(stated.ofEachType * megabyte)
})

test("a visit that reads leaves nothing, and 3,720 that act, which one network may send in an hour, at most 50 MB", async () => {
  const buckets = TokenBuckets.make(OpenLimits.byDefault.acting, 2 * OpenLimits.byDefault.acting)
  let [granted, now] = [0, 0]
  for (;;) {
    now += buckets.wait("network", 1, now)
    if (now > hourMillis) break
    buckets.spend("network", 1, now)
    granted++
  }
  expect(granted).toBe(stated.visits)
  const headers = { origin: `https://${shop.domains[0]}`, "user-agent": userAgent }
  const path = `/site-v1/${shop.id}/visit`
  const rowsBefore = rows()
  for (const { status } of await Promise.all(Array.from({ length: sample }, () => server.request("GET", path)))) {
    expect(status).toBe(200)
  }
  expect(rows()).toBe(rowsBefore)
  // With the longest evidence and external id.
  const evidence = { surface: "preferences", layout: "inline", textHash: "f".repeat(64), region: crypto.randomUUID() }
  const bytes = await bytesOf(sample, () => {
    const sentAt = new Date().toISOString()
    const own = { ...yes(), consentDate: sentAt, language: "de-AT", version: 1, evidence }
    const json = { sentAt, items: [{ ...own, externalId: `${crypto.randomUUID()}${"e".repeat(92)}` }] }
    return server.request("POST", path, { headers, json })
  })
  expect(bytes * stated.visits).toBeLessThan(stated.ofVisits * megabyte)
  // Printed, because the documentation says how much it is.
  process.stderr.write(`a visit that acts leaves ${Math.round(bytes)} bytes\n`)
})

test("so an hour leaves at most 60 MB, or what its guests decline above the quota: 43 MB, and 10 MB for each type", () => {
  const most = Math.max(...Object.values(perWrite))
  expect(most * stated.writes).toBeLessThan(stated.megabytes * megabyte)
})

test("a session that recorded nothing is removed a day after its end, when another is opened, and leaves less than 500 bytes", async () => {
  const visits = sample
  const fresh = await startWorld()
  try {
    const database = new DatabaseSync(fresh.file, { timeout: 10_000 })
    const packedSize = (name: string): number => {
      const copy = `${fresh.file}-${name}`
      database.exec(`VACUUM INTO '${copy}'`)
      return statSync(copy).size
    }
    const sessions = () => Number(database.prepare("SELECT count(*) AS n FROM session").get()!["n"])
    const before = packedSize("before")
    const visitOnce = () => openSession(fresh, {}, shop, { "user-agent": userAgent })
    const visited = await Promise.all(Array.from({ length: visits }, visitOnce))
    expect(new Set(visited.map(({ status }) => status))).toEqual(new Set([201]))
    expect(sessions()).toBe(visits)
    // Sessions live for half an hour.
    database.exec(`UPDATE session SET expires_at = ${Date.now() - 24 * hourMillis}`)
    expect((await openSession(fresh)).status).toBe(201)
    expect(sessions()).toBe(1)
    expect((packedSize("after") - before) / visits).toBeLessThan(500)
    database.close()
  } finally {
    await fresh.stop()
  }
})
