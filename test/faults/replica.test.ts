/**
 * A server on a real streaming standby, whose replay is held up and let go: it answers what it has, says how far it has
 * seen, and never answers with less than the caller was told before.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { type Answer, type Sent, type Server, start, startEmpty } from "../support/server.ts"

let postgres: Postgres
let standby: Postgres
let primary: Server
let replica: Server
beforeAll(async () => {
  postgres = await startPostgres()
  const url = await postgres.database()
  const env = { ASSENT_RATE_LIMIT_KEY: "off" }
  primary = await startEmpty({ ...env, ASSENT_STORE: url })
  standby = await postgres.standby()
  const copy = url.replace(`:${postgres.port}/`, `:${standby.port}/`)
  replica = await start({ env: { ...env, ASSENT_STORE: copy, ASSENT_REPLICA: "on" } })
}, 60_000)
afterAll(async () => {
  await replica?.stop()
  await primary?.stop()
  await standby?.stop()
  await postgres?.stop()
})

const base = () => `/privacy-v1/organizations/${primary.banner().organization}/projects/${primary.banner().project}`
const send = (server: Server, method: string, path: string, { headers, ...sent }: Sent = {}) =>
  server.request(method, `${base()}${path}`, {
    ...sent,
    headers: { "x-api-key": primary.banner().apiKey, ...headers },
  })
const record = (userId: string, consentState: string): Promise<Answer> => {
  const consentType = primary.banner().consentTypes[0]!
  return send(primary, "POST", "/consent-events", {
    json: { items: [{ userId, consentType, consentState, consentAction: "user_click" }] },
  })
}
const positionsOf = ({ headers }: Answer): string => String(headers["assent-positions"])
const decision = (server: Server, userId: string, headers = {}, query = "") =>
  send(server, "GET", `/consent-decisions?userId=${userId}${query}`, { headers })
const first = (answer: Answer) => answer.json.items[0]
const seen = (positions: string) => ({ "assent-positions": positions })

/** Holds the standby's replay up while something is done. */
const heldUp = async (use: () => Promise<void>): Promise<void> => {
  await standby.administer("SELECT pg_wal_replay_pause()")
  const state = async () => (await standby.administer("SELECT pg_get_wal_replay_pause_state() AS state"))[0]!["state"]
  while ((await state()) !== "paused") await sleep(10)
  try {
    await use()
  } finally {
    await standby.administer("SELECT pg_wal_replay_resume()")
  }
}

test("a replica that has come as far gives the primary's answers, byte for byte, with the positions they saw", async () => {
  const written = await record("alike", "accepted")
  expect(written.status).toBe(201)
  expect(positionsOf(written)).toMatch(/^\d+=\d+$/)
  const fixed = `&at=2030-01-01T00:00:00Z&knownAt=${written.json.items[0].dateCreated}`
  const paths = [
    "/consent-state?userId=alike",
    `/consent-decisions?userId=alike${fixed}`,
    "/consent-events",
    `/consent-events?concordId=${written.json.items[0].concordId}`,
    `/consent-events/${written.json.items[0].id}`,
    "/consent-types",
  ]
  for (const path of paths) {
    const answers = [primary, replica].map((server) =>
      send(server, "GET", path, { headers: seen(positionsOf(written)) }),
    )
    const [one, other] = await Promise.all(answers)
    expect([one!.status, other!.status], path).toEqual([200, 200])
    expect(other!.text, path).toBe(one!.text)
    expect(other!.headers["assent-positions"], path).toBe(one!.headers["assent-positions"])
    if (/state|decisions|events(\?|$)/.test(path)) expect(positionsOf(one!), path).toContain(positionsOf(written))
  }
  expect(positionsOf(await decision(primary, "alike"))).toBe(positionsOf(written))
})

test("what was recorded is not unknown again: a replica that is behind waits, then says so, and answers once it has come", async () => {
  const accepted = await record("withdraws", "accepted")
  expect((await decision(replica, "withdraws", seen(positionsOf(accepted)))).status).toBe(200)
  await heldUp(async () => {
    const declined = await record("withdraws", "declined")
    // Whoever does not say what he knows is answered from what is there, and told how far that is.
    const older = await decision(replica, "withdraws")
    expect([first(older).status, positionsOf(older)]).toEqual(["given", positionsOf(accepted)])
    const from = performance.now()
    const both = `${positionsOf(declined)}, ${positionsOf(accepted)}`
    const refused = await decision(replica, "withdraws", seen(both))
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"])
    expect(refused.json.detail).toContain("Assent-Positions")
    expect(performance.now() - from).toBeLessThan(10_000)
    // The primary has come as far already.
    expect(first(await decision(primary, "withdraws", seen(positionsOf(declined)))).status).toBe("withdrawn")
  })
  const declined = positionsOf(await decision(primary, "withdraws"))
  const newer = await decision(replica, "withdraws", seen(declined))
  expect([first(newer).status, positionsOf(newer)]).toEqual(["withdrawn", declined])
})

test("what was imported is not unknown again: the answer of an import carries its positions, too", async () => {
  await heldUp(async () => {
    const consentType = primary.banner().consentTypes[0]!
    const row = { userId: "imported", consentType, consentState: "declined", consentDate: "2024-01-31T00:00:00Z" }
    const headers = { "content-type": "application/x-ndjson" }
    const imported = await send(primary, "POST", "/consent-events/import", { headers, body: JSON.stringify(row) })
    expect(imported.json).toMatchObject({ recorded: 1 })
    expect((await decision(replica, "imported", seen(positionsOf(imported)))).status).toBe(503)
    expect(first(await decision(primary, "imported", seen(positionsOf(imported)))).status).toBe("refused")
  })
})

test("what is recorded waits for no position, not even one that a restored primary has not given yet", async () => {
  const [lane, position] = positionsOf(await record("ahead", "accepted")).split("=")
  const consentType = primary.banner().consentTypes[0]!
  const headers = seen(`${lane}=${Number(position) + 1000}`)
  const json = { items: [{ userId: "ahead", consentType, consentState: "declined", consentAction: "user_click" }] }
  expect((await send(primary, "POST", "/consent-events", { headers, json })).status).toBe(201)
  expect((await decision(primary, "ahead", headers)).status).toBe(503)
  expect(first(await decision(primary, "ahead")).status).toBe("withdrawn")
})

test("a request that waits is answered as soon as the replica has come as far", async () => {
  let waits: Promise<Answer> | undefined
  await heldUp(async () => {
    const declined = await record("waits", "declined")
    // It knows nobody of this name yet.
    expect(first(await decision(replica, "waits")).status).toBe("unknown")
    waits = decision(replica, "waits", seen(positionsOf(declined)))
    await sleep(300)
  })
  const answer = await waits!
  expect([answer.status, first(answer).status]).toEqual([200, "refused"])
})

test("an answer of a replica that is behind, asked again with its own knownAt, holds no more", async () => {
  const accepted = await record("again", "accepted")
  await decision(replica, "again", seen(positionsOf(accepted)))
  await heldUp(async () => {
    await record("again", "declined")
    await sleep(5)
    for (const query of ["", `&knownAt=${new Date().toISOString()}`]) {
      const { at, event, knownAt, status } = first(await decision(replica, "again", {}, query))
      expect(status).toBe("given")
      const same = first(await decision(primary, "again", {}, `&at=${at}&knownAt=${knownAt}`))
      expect([same.status, same.event, same.knownAt]).toEqual([status, event, knownAt])
    }
  })
})

test("a replica is ready, and records nothing: it says where to turn", async () => {
  expect((await replica.request("GET", "/readyz")).status).toBe(200)
  const before = await send(primary, "GET", "/consent-events")
  const { consentTypes, project, session } = primary.banner()
  const item = { userId: "x", consentType: consentTypes[0]!, consentState: "declined", consentAction: "user_click" }
  const question = { person: { userId: "x" }, consentType: consentTypes[0]! }
  const writes = [
    send(replica, "POST", "/consent-events", { json: { items: [item] } }),
    send(replica, "POST", "/consent-events/import", {
      body: JSON.stringify({ ...item, consentDate: "2024-01-01T00:00:00Z" }),
      headers: { "content-type": "application/x-ndjson" },
    }),
    send(replica, "POST", "/consent-decisions", {
      json: { items: [question] },
      headers: { "idempotency-key": "6f1a2c54-93d1-4f6e-a1c7-0d4c7a0e5b21" },
    }),
    send(replica, "PATCH", `/consent-types/${consentTypes[0]}`, { json: { name: "Another name" } }),
    replica.request("GET", `/site-v1/${project}/consent-state`, { headers: { "x-session": session } }),
    replica.request("POST", `/site-v1/${project}/session`, { json: {}, headers: { origin: "http://localhost" } }),
  ]
  for (const { headers, json, status } of await Promise.all(writes)) {
    expect([status, headers["retry-after"], json.detail]).toEqual([
      503,
      undefined,
      "this server answers from a replica and records nothing: send this to the primary",
    ])
  }
  const asked = await send(replica, "POST", "/consent-decisions", { json: { items: [question] } })
  expect([asked.status, first(asked).status]).toEqual([200, "unknown"])
  expect((await send(primary, "GET", "/consent-events")).text).toBe(before.text)
})

test("a replica makes no tables where there are none", async () => {
  const url = await postgres.database()
  const env = { ASSENT_STORE: url, ASSENT_REPLICA: "on" }
  await expect(start({ env })).rejects.toThrow("a replica needs a ledger that is there")
  const [found] = await postgres.administer(
    "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'",
    new URL(url).pathname.slice(1),
  )
  expect(found).toEqual({ tables: 0 })
})

test.each(["", "x", "1", "1=2;3=4", "99999999=1", "-1=1"])("positions %j are refused", async (text) => {
  const answer = await decision(primary, "nobody", seen(text))
  expect([answer.status, answer.json.errors[0].header]).toEqual([400, "Assent-Positions"])
})
