/**
 * A server on a real streaming standby whose replay is paused and resumed. It answers from what it has, returns the
 * positions that it has seen, and never answers with less than an earlier answer to the caller had.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"
import { makeSigner, type Signer } from "../http/identityTokens.ts"
import { type Answer, type Sent, type Server, start, startEmpty } from "../support/server.ts"

let postgres: Postgres
let standby: Postgres
let primary: Server
let replica: Server
let signer: Signer
beforeAll(async () => {
  postgres = await startPostgres(synced)
  const url = await postgres.database()
  const env = { ASSENT_RATE_LIMIT_KEY: "off" }
  primary = await startEmpty({ ...env, ASSENT_STORE: url })
  signer = await makeSigner("key-1")
  await send(primary, "PATCH", "", { json: { jwks: { keys: [signer.publicKey] } } }, organization())
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

const organization = () => `/privacy-v1/organizations/${primary.banner().organization}`
const project = () => `${organization()}/projects/${primary.banner().project}`
const send = (server: Server, method: string, path: string, { headers, ...sent }: Sent = {}, base = project()) =>
  server.request(method, `${base}${path}`, {
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
/** The positions of event lanes only. */
const lanesOf = (positions: string) =>
  positions
    .split(", ")
    .filter((position) => Number.parseInt(position) >= 4096)
    .join(", ")

interface Visitor {
  readonly session: string
  readonly concordId: string
}
const visit = async (): Promise<Visitor> =>
  (
    await primary.request("POST", `/site-v1/${primary.banner().project}/session`, {
      json: {},
      headers: { origin: "http://localhost" },
    })
  ).json
const asVisitor = ({ session }: Visitor, path: string, json: object) =>
  primary.request("POST", `/site-v1/${primary.banner().project}/${path}`, { json, headers: { "x-session": session } })
const say = (visitor: Visitor, consentState: string) =>
  asVisitor(visitor, "consent-events", {
    items: [{ consentType: primary.banner().consentTypes[0]!, consentState, consentAction: "user_click" }],
  })
/** Identifies a visitor as a user. */
const identify = async (visitor: Visitor, userId: string): Promise<void> => {
  const token = await signer.token(userId, { iss: primary.banner().organization })
  expect((await asVisitor(visitor, "identify", { type: "userId", value: userId, token })).status).toBe(200)
}
/** Undoes a join or identification of a person: the last one, or the one at an index. */
const undo = async (concordId: string, index = -1): Promise<Answer> => {
  const person = `/people/${concordId}`
  const { facts } = (await send(primary, "GET", person, {}, organization())).json
  return send(primary, "DELETE", `${person}/joins/${facts.at(index).id}`, {}, organization())
}
/** Waits until the replica has seen the positions of an answer of the primary. */
const followed = async (answer: Answer): Promise<void> => {
  const path = "/consent-decisions?userId=nobody"
  while ((await send(replica, "GET", path, { headers: seen(positionsOf(answer)) })).status !== 200) await sleep(25)
}

/** Pauses the replay of the standby while `use` runs. */
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
  expect(positionsOf(await decision(primary, "alike"))).toMatch(
    new RegExp(`^configuration=\\d+, ${positionsOf(written)}$`),
  )
})

test("an answer that is given again says nothing of what has been seen since", async () => {
  const type = { category: "custom", subcategory: "unclassified", label: "repeated", name: "Made once" }
  const headers = { "idempotency-key": "0b5d8a0e-6a43-4b8e-9a35-5d4f3f1f6f10" }
  const create = () => send(primary, "POST", "/consent-types", { json: type, headers })
  const [once, again] = [await create(), await create()]
  expect(again.text).toBe(once.text)
  expect([once, again].map((answer) => "assent-positions" in answer.headers)).toEqual([true, false])
})

test("what was recorded is not unknown again: a replica that lags waits, then refuses, and answers once it has the positions", async () => {
  const accepted = await record("withdraws", "accepted")
  expect((await decision(replica, "withdraws", seen(positionsOf(accepted)))).status).toBe(200)
  await heldUp(async () => {
    const declined = await record("withdraws", "declined")
    // A request without positions is answered from what is there, with the positions of that.
    const older = await decision(replica, "withdraws")
    expect([first(older).status, lanesOf(positionsOf(older))]).toEqual(["given", positionsOf(accepted)])
    const from = performance.now()
    const both = `${positionsOf(declined)}, ${positionsOf(accepted)}`
    const refused = await decision(replica, "withdraws", seen(both))
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"])
    expect(refused.json.detail).toContain("Assent-Positions")
    expect(performance.now() - from).toBeLessThan(10_000)
    // The primary has these positions already.
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

test("a join is not unseen again, nor one that was undone, nor the new person of an identifier", async () => {
  const [guest, stranger] = [await visit(), await visit()]
  await record("joined", "accepted")
  await say(guest, "declined")
  await say(stranger, "accepted")
  await identify(stranger, "mistaken")
  await followed(await send(primary, "GET", `/consent-events?concordId=${guest.concordId}`))
  await followed(await decision(primary, "mistaken"))

  let headers = ["", ""]
  await heldUp(async () => {
    await identify(guest, "joined")
    expect((await undo(stranger.concordId, 0)).status).toBe(200)
    const questions = ["joined", "mistaken"].map((userId) => decision(primary, userId))
    const answers = await Promise.all(questions)
    expect(answers.map((answer) => first(answer).status)).toEqual(["withdrawn", "unknown"])
    headers = answers.map(positionsOf)
    // The events of both are there already: by the positions of their lanes alone, the replica would give the old
    // answers.
    const older = await decision(replica, "joined", seen(lanesOf(headers[0]!)))
    expect([older.status, first(older).status]).toEqual([200, "given"])
    expect(first(await decision(replica, "mistaken")).status).toBe("given")
    const refused = await Promise.all([
      decision(replica, "joined", seen(headers[0]!)),
      decision(replica, "mistaken", seen(headers[1]!)),
      send(replica, "GET", `/consent-events?concordId=${guest.concordId}`, { headers: seen(headers[0]!) }),
      send(replica, "GET", `/people/${guest.concordId}`, { headers: seen(headers[0]!) }, organization()),
    ])
    expect(refused.map(({ status }) => status)).toEqual([503, 503, 503, 503])
  })
  const newer = [
    await decision(replica, "joined", seen(headers[0]!)),
    await decision(replica, "mistaken", seen(headers[1]!)),
  ]
  expect(newer.map((answer) => first(answer).status)).toEqual(["withdrawn", "unknown"])
  expect(newer.map(positionsOf)).toEqual(headers)

  let waits: Promise<Answer> | undefined
  await heldUp(async () => {
    const undone = await undo(guest.concordId)
    expect(first(await decision(replica, "joined", seen(headers[0]!))).status).toBe("withdrawn")
    waits = decision(replica, "joined", seen(positionsOf(undone)))
    await sleep(200)
  })
  expect(first(await waits!).status).toBe("given")
})

test("a new version is not unseen again, nor a project, nor a key that was revoked", async () => {
  const type = { category: "custom", subcategory: "unclassified", label: "renewed", name: "The first" }
  const made = await send(primary, "POST", "/consent-types", { json: type })
  const consentType = made.json.id
  const accepted = await send(primary, "POST", "/consent-events", {
    json: { items: [{ userId: "renews", consentType, consentState: "accepted", consentAction: "user_click" }] },
  })
  const key = await send(primary, "POST", "/api-keys", { json: { name: "A key", role: "viewer" } }, organization())
  const asKey = (server: Server, positions?: string) =>
    send(server, "GET", "/consent-decisions?userId=renews", {
      headers: { "x-api-key": key.json.secret, ...(positions !== undefined && seen(positions)) },
    })
  const ofType = ({ json }: Answer) =>
    json.items.find((item: { readonly consentType: string }) => item.consentType === consentType).status
  for (const answer of [made, accepted, key]) await followed(answer)
  expect(ofType(await asKey(replica))).toBe("given")

  let waits: ReadonlyArray<Promise<Answer>> = []
  await heldUp(async () => {
    const change = { name: "The second", requireReaccept: true }
    const changed = await send(primary, "PATCH", `/consent-types/${consentType}`, { json: change })
    const answer = await decision(primary, "renews")
    expect(ofType(answer)).toBe("invalidated")
    // A header without the catalog's revision, as earlier versions sent it, waits for no revision.
    expect(ofType(await decision(replica, "renews", seen(lanesOf(positionsOf(answer)))))).toBe("given")
    const refused = [
      decision(replica, "renews", seen(positionsOf(answer))),
      send(replica, "GET", "/consent-types", { headers: seen(positionsOf(changed)) }),
      send(replica, "GET", "/api-keys", { headers: seen(positionsOf(changed)) }, organization()),
    ]
    expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([503, 503, 503])

    const fields = { name: "Another" }
    const founded = await send(primary, "POST", "/projects", { json: fields }, organization())
    const revoked = await send(primary, "DELETE", `/api-keys/${key.json.id}`, {}, organization())
    // The replica cannot know yet that the key is revoked, but it waits for a request that has the positions of the
    // revocation.
    expect([(await asKey(primary)).status, (await asKey(replica)).status]).toEqual([401, 200])
    const typesOfFounded = () => {
      const path = `/projects/${founded.json.id}/consent-types`
      return send(replica, "GET", path, { headers: seen(positionsOf(founded)) }, organization())
    }
    // A project that the replica does not know yet is not waited for, because the request is not authorized.
    const unknown = await typesOfFounded()
    expect([unknown.status, unknown.headers["retry-after"]]).toEqual([503, "1"])
    const founding = async () => {
      for (;;) {
        const answer = await typesOfFounded()
        if (answer.status !== 503) return answer
        await sleep(25)
      }
    }
    waits = [decision(replica, "renews", seen(positionsOf(answer))), asKey(replica, positionsOf(revoked)), founding()]
    await sleep(200)
  })
  const [renewed, ...others] = await Promise.all(waits)
  expect(ofType(renewed!)).toBe("invalidated")
  expect(others.map(({ status }) => status)).toEqual([401, 200])
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
  let waits: ReadonlyArray<Promise<Answer>> = []
  await heldUp(async () => {
    const declined = await record("waits", "declined")
    // It does not know this identifier yet.
    expect(first(await decision(replica, "waits")).status).toBe("unknown")
    const neverReached = decision(replica, "waits", seen("configuration=999999"))
    await sleep(100)
    waits = [decision(replica, "waits", seen(positionsOf(declined))), neverReached]
    await sleep(300)
  })
  // It is answered before an earlier request, which waits for a position that is never reached.
  const answer = await Promise.race(waits)
  expect([answer.status, first(answer).status]).toEqual([200, "refused"])
  expect((await waits[1]!).status).toBe(503)
})

test("an answer of a replica that lags, asked again with its own knownAt, holds no more", async () => {
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

test("a server that records is refused a standby, and names what to do", async () => {
  // The database of the primary, which the standby has.
  await expect(start({ env: { ASSENT_STORE: standby.url("assent", "assent_1") } })).rejects.toThrow(
    `ASSENT_STORE: database "assent_1" on 127.0.0.1:${standby.port}: it is a standby, which is read-only (25006): ` +
      "name the primary, or only answer from it with ASSENT_REPLICA=on",
  )
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

test.each(["", "x", "1", "1=2;3=4", "99999999=1", "-1=1", "configuration", "configurations=1"])(
  "positions %j are refused",
  async (text) => {
    const answer = await decision(primary, "nobody", seen(text))
    expect([answer.status, answer.json.errors[0].header]).toEqual([400, "Assent-Positions"])
  },
)

test("answers the change feed of the primary server as far as it has it, and its marks are good at both", async () => {
  await record("follows", "accepted")
  const page = (server: Server, after: string) => send(server, "GET", `/changes?after=${after}&limit=1000`)
  const ids = (answer: Answer): ReadonlyArray<string> => answer.json.items.map(({ id }: { id: string }) => id)
  const both = async () => [ids(await page(replica, "start")), ids(await page(primary, "start"))] as const
  await expect.poll(async () => new Set((await both()).map(String)).size, { timeout: 20_000 }).toBe(1)
  expect((await both())[0].length).toBeGreaterThan(0)
  const { mark } = (await page(replica, "start")).json
  expect([ids(await page(primary, mark)), (await page(replica, mark)).json.isCurrent]).toEqual([[], true])
})
