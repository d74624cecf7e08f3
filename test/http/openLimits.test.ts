/**
 * Limits of what needs no credential: visits and the opening of sessions, by the network of the client, and by the new
 * visitors of a project.
 */
import { randomUUID } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { Option } from "effect"
import { describe, expect, test } from "vitest"
import * as OpenLimits from "../../adapters/http/server/OpenLimits.ts"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import { blog, openSession, shop, site, startWorld, types } from "./world.ts"

/** Two visits that act a minute, four at once, so that a test sees no refill. */
const server = served(() => startWorld({ ASSENT_RATE_LIMIT_VISIT: "2", ASSENT_ADDRESS_HEADER: "x-client" }))

const of = (address: string) => ({ origin: "https://shop.example", "x-client": address })
const decline = () => ({
  consentType: types.analytics.id,
  consentState: "declined",
  consentAction: "user_click",
  externalId: randomUUID(),
  consentDate: new Date().toISOString(),
})
const act = (address: string, more: object = {}): Promise<Answer> =>
  server.request("POST", `${site()}/visit`, {
    headers: of(address),
    json: { sentAt: new Date().toISOString(), items: [decline()], ...more },
  })
const look = (address: string) => server.request("GET", `${site()}/visit`, { headers: of(address) })
const open = (address: string) => openSession(server, {}, shop, of(address))

/** The tables that a visitor's request writes to. */
const written = ["event", "session", "alias", "person", "person_fact", "personal_data"]

/** The statuses of answers, each as often as it was given. */
const statuses = async (answers: ReadonlyArray<Promise<Answer>>) =>
  Object.fromEntries(
    Map.groupBy(await Promise.all(answers), ({ status }) => status)
      .entries()
      .map(([status, all]) => [status, all.length]),
  )

const rows = (): number => {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const count = (name: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()!["n"])
  const total = written.reduce((sum, name) => sum + count(name), 0)
  database.close()
  return total
}

describe("a network", () => {
  test("acts and opens sessions out of one quota, and what is over it is 429 before anything is written", async () => {
    expect([(await act("198.51.100.1")).status, (await open("198.51.100.200")).status]).toEqual([201, 201])
    expect(await statuses([act("198.51.100.3"), act("198.51.100.4")])).toEqual({ 201: 2 })
    const before = rows()
    for (const refused of [await act("198.51.100.5"), await open("198.51.100.6")]) {
      expectProblem(refused, 429)
      expect(Number(refused.headers["retry-after"])).toBeGreaterThanOrEqual(1)
      expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(30)
      // The page can read why, and try again.
      expect(refused.headers["access-control-allow-origin"]).toBe("https://shop.example")
    }
    expect(rows()).toBe(before)
    // Another network has its own quota, and reading is drawn apart.
    expect((await act("198.51.101.1")).status).toBe(201)
    expect((await look("198.51.100.5")).status).toBe(200)
  })

  test("reads ten times as often", async () => {
    const answers = await statuses(Array.from({ length: 22 }, () => look("203.0.113.1")))
    expect(answers).toEqual({ 200: 20, 429: 2 })
  })

  test("of IPv6 has 56 bits", async () => {
    const all = Array.from({ length: 6 }, (_, n) => act(`2001:db8:0:${(n + 1).toString(16)}::1`))
    expect(await statuses(all)).toEqual({ 201: 4, 429: 2 })
    expect((await act("2001:db8:0:100::1")).status).toBe(201)
  })
})

test("a project takes 500 new visitors in a second, whatever addresses they have; known ones do not count", async () => {
  const flooded = await startWorld({ ASSENT_ADDRESS_HEADER: "x-client" })
  try {
    const send = (n: number, json: object) =>
      flooded.request("POST", `${site()}/session`, { headers: of(`10.${n >> 8}.${n & 255}.1`), json })
    const known = (await send(65_535, {})).json.contextId
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 1_500 }, (_, n) => send(n, {})))
    const seconds = (performance.now() - startedAt) / 1000
    const opened = answers.filter(({ status }) => status === 201).length
    expect(opened).toBeLessThanOrEqual(OpenLimits.newVisitorsPerSecond * (seconds + 1))
    for (const { status } of answers) expect(status).toBeOneOf([201, 429, 503])
    expect((await send(65_534, { contextId: known })).json.contextId).toBe(known)
    // Another project is not disturbed.
    expect((await openSession(flooded, {}, blog)).status).toBe(201)
  } finally {
    await flooded.stop()
  }
})

test("the setting is a number of visits that act a minute, or none", () => {
  expect(OpenLimits.parse("60")).toEqual(Option.some({ acting: 60 }))
  for (const none of ["off", "0"]) expect(OpenLimits.parse(none)).toEqual(Option.some("off"))
  for (const wrong of ["", "-1", "1.5", "requests=60", "1000001"]) {
    expect(OpenLimits.parse(wrong)).toEqual(Option.none())
  }
})
