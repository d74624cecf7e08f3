/**
 * Quotas of work: each unit is drawn from each holder, before the work is done where that is known, and no holder draws
 * from another one's quota.
 */
import { Effect } from "effect"
import { DatabaseSync } from "node:sqlite"
import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import * as ClientAddress from "../../adapters/http/server/ClientAddress.ts"
import { served } from "../support/served.ts"
import type { Answer, Server } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  asVisitor,
  blog,
  blogNewsletter,
  foreign,
  foreignNewsletter,
  openSession,
  other,
  privacy,
  secretOf,
  shop,
  startWorld,
  visit,
  yes,
} from "./world.ts"

type KeyRole = "owner" | "admin" | "limited"
const keyOf = (role: KeyRole, owner = acme) => ({ "x-api-key": secretOf(owner, role) })
const items = (n: number, more: object = {}) => ({
  items: Array.from({ length: n }, (_, index) => yes({ userId: `person ${index}`, ...more })),
})
const record = (server: Server, role: KeyRole, json: object, project = shop, owner = acme) =>
  server.request("POST", `${privacy(project)}/consent-events`, { headers: keyOf(role, owner), json })

const expectOver = (answer: Answer, holder: string, quota: string): void => {
  expectProblem(answer, 429)
  expect(answer.json.detail).toContain(
    `this ${holder} has used up its ${quota} a minute; nothing was done; come back in`,
  )
  expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(1)
  const name = new RegExp(`"${holder === "API key" ? "key" : holder}(-\\w+)?";q=`)
  expect(answer.headers["ratelimit-policy"]).toMatch(name)
}

const events = (server: Server): number => {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const { n } = database.prepare("SELECT count(*) AS n FROM event").get()!
  database.close()
  return Number(n)
}

// Several tests share a server, and each draws from holders of its own.
const ofKeys = served(() => startWorld({ ASSENT_RATE_LIMIT_KEY: "items=10", ASSENT_RATE_LIMIT_VISITOR: "items=50" }))
const ofOrganizations = served(() => startWorld({ ASSENT_RATE_LIMIT_ORGANIZATION: "items=5" }))
const ofProjects = served(() =>
  startWorld({ ASSENT_RATE_LIMIT_PROJECT: "requests=2", ASSENT_RATE_LIMIT_ORGANIZATION: "items=1200" }),
)
const ofBytes = served(() =>
  startWorld({
    ASSENT_RATE_LIMIT_KEY: "bytes=5000",
    ASSENT_RATE_LIMIT_ORGANIZATION: "bytes=100000000",
    ASSENT_RATE_LIMIT_VISITOR: "off",
    ASSENT_RATE_LIMIT_ADDRESS: "writes=12",
  }),
)
const ofAddresses = served(() =>
  startWorld({
    ASSENT_RATE_LIMIT_ADDRESS: "writes=30",
    ASSENT_ADDRESS_HEADER: "x-real-ip",
    ASSENT_RATE_LIMIT_ORGANIZATION: "bytes=60000",
  }),
)

describe("items", () => {
  test("that are recorded and asked draw from the quota of an API key, all or nothing", async () => {
    const before = events(ofKeys)
    const first = await record(ofKeys, "limited", items(7))
    expect([first.status, first.headers["ratelimit-policy"]]).toEqual([201, '"key-items";q=10;w=60;qu="items"'])
    expect(first.headers["ratelimit"]).toMatch(/^"key-items";r=3;t=\d+$/)
    expectOver(await record(ofKeys, "limited", items(4)), "API key", "10 items")
    expect(events(ofKeys)).toBe(before + 7)
    const question = { person: { userId: "person 0" }, consentType: yes().consentType }
    const ask = (n: number) =>
      ofKeys.request("POST", `${privacy()}/consent-decisions`, {
        headers: keyOf("limited"),
        json: { items: Array.from({ length: n }, () => question) },
      })
    expectOver(await ask(4), "API key", "10 items")
    expect((await ask(3)).status).toBe(200)
    expectOver(await ask(1), "API key", "10 items")
    expect((await record(ofKeys, "owner", items(10))).status).toBe(201)
  })

  test("of a batch that is larger than the quota are recorded when the quota is whole, and delay what follows", async () => {
    expect((await record(ofKeys, "admin", items(30))).status).toBe(201)
    const refused = await record(ofKeys, "admin", items(1))
    expectOver(refused, "API key", "10 items")
    // 20 are owed and one is wanted: at ten a minute.
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(120)
    expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(126)
  })

  test("draw from the quota of an organization, whichever of its keys and projects they come by, and of no other", async () => {
    expect((await record(ofOrganizations, "limited", items(3))).status).toBe(201)
    expectOver(await record(ofOrganizations, "owner", items(3)), "organization", "5 items")
    const inBlog = items(2, { consentType: blogNewsletter.id })
    expect((await record(ofOrganizations, "owner", inBlog, blog)).status).toBe(201)
    expectOver(
      await record(ofOrganizations, "owner", items(1, { consentType: blogNewsletter.id }), blog),
      "organization",
      "5 items",
    )
    const visitor = await visit(ofOrganizations)
    expectOver(
      await asVisitor(ofOrganizations, visitor, "POST", "consent-events", { json: { items: [yes()] } }),
      "organization",
      "5 items",
    )
  })

  test("draw from the quota of a project only after the key was found to be one of its organization", async () => {
    for (let n = 0; n < 5; n++) {
      const strange = { headers: keyOf("owner", other), json: items(1) }
      expect((await ofProjects.request("POST", `${privacy()}/consent-events`, strange)).status).toBe(404)
    }
    expect((await record(ofProjects, "owner", items(1))).status).toBe(201)
    expect((await record(ofProjects, "limited", items(1))).status).toBe(201)
    expectOver(await record(ofProjects, "owner", items(1)), "project", "2 requests")
    expect((await record(ofProjects, "owner", items(1, { consentType: blogNewsletter.id }), blog)).status).toBe(201)
  })

  test("draw from the quota of a visitor in all of its sessions", async () => {
    const one = await visit(ofKeys)
    const send = (visitor: typeof one, n: number) =>
      asVisitor(ofKeys, visitor, "POST", "consent-events", {
        json: { items: Array.from({ length: n }, () => yes()) },
      })
    expect((await send(one, 33)).status).toBe(201)
    const two = await visit(ofKeys, { contextId: one.contextId })
    expectOver(await send(two, 18), "visitor", "50 items")
    expect((await send(two, 17)).status).toBe(201)
    expect((await send(await visit(ofKeys), 50)).status).toBe(201)
  })
})

test("events that a question about the past reads delay the next such question, and no other", async () => {
  const visitor = await visit(ofKeys)
  const ask = (query: string) => asVisitor(ofKeys, visitor, "GET", `consent-decisions${query}`)
  const json = { items: Array.from({ length: 45 }, () => yes()) }
  expect((await asVisitor(ofKeys, visitor, "POST", "consent-events", { json })).status).toBe(201)
  expect((await ask("?at=2020-01-01T00:00:00Z")).status).toBe(200)
  const refused = await ask("?at=2020-01-01T00:00:00Z")
  expectOver(refused, "visitor", "50 items")
  // Of 50, 45 were recorded, 1 was asked and 45 were read.
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(40)
  expect((await ask("")).status).toBe(200)
  const declined = { items: [yes({ consentState: "declined" })] }
  expect((await asVisitor(ofKeys, visitor, "POST", "consent-events", { json: declined })).status).toBe(201)
})

describe("bytes", () => {
  const send = (role: KeyRole, bytes: number, sent: object = {}) =>
    ofBytes.request("POST", `${privacy()}/consent-events`, {
      headers: { ...keyOf(role), "content-type": "application/json" },
      body: JSON.stringify({ ...items(1), padding: "x".repeat(bytes) }),
      ...sent,
    })

  test("that a head announces draw before the body is read", async () => {
    const before = events(ofBytes)
    expect((await send("limited", 4000)).status).toBe(201)
    expectOver(await send("limited", 4000), "API key", "5000 bytes")
    expect(events(ofBytes)).toBe(before + 1)
    const connection = await ofBytes.connect()
    const path = `${privacy()}/consent-decisions`
    const head = [`POST ${path} HTTP/1.1`, "host: x", `x-api-key: ${secretOf(acme, "limited")}`, "content-length: 4000"]
    connection.write(`${head.join("\r\n")}\r\n\r\n`)
    expect(await connection.until(/^HTTP\/1\.1 \d+/)).toMatch(/^HTTP\/1\.1 429/)
    connection.socket.destroy()
  })

  test("that no head announces draw after they were read, and delay the next request", async () => {
    expect((await send("admin", 9000, { chunkBytes: 1000 })).status).toBe(201)
    expectOver(await send("admin", 1), "API key", "5000 bytes")
  })

  test("that a visitor announces and does not send draw no more than is read from what it shares", async () => {
    const visitor = await visit(ofBytes)
    for (let n = 0; n < 20; n++) {
      const connection = await ofBytes.connect()
      const head = [
        `POST /site-v1/${shop.id}/consent-events HTTP/1.1`,
        "host: x",
        `x-session: ${visitor.session}`,
        "content-type: application/json",
        "content-length: 900000000",
      ]
      connection.write(`${head.join("\r\n")}\r\n\r\n`)
      expect(await connection.until(/^HTTP\/1\.1 \d+/)).toMatch(/^HTTP\/1\.1 413/)
      connection.socket.destroy()
    }
    expect((await record(ofBytes, "owner", items(1))).status).toBe(201)
  })
})

describe("an import", () => {
  const rows = (n: number) =>
    Array.from({ length: n }, (_, index) =>
      JSON.stringify(
        yes({ userId: `row ${index}`, consentDate: "2024-01-31T00:00:00Z", consentType: foreignNewsletter.id }),
      ),
    ).join("\n")
  const send = (server: Server, body: string | Uint8Array) =>
    server.request("POST", `${privacy(foreign)}/consent-events/import`, {
      headers: { ...keyOf("limited", other), "content-type": "application/x-ndjson" },
      body,
    })

  test("of more rows than the quota of its organization waits for it, and is recorded whole", async () => {
    const answer = await send(ofProjects, rows(1205))
    expect([answer.status, answer.json.recorded]).toEqual([200, 1205])
    expectOver(
      await record(ofProjects, "owner", items(100, { consentType: foreignNewsletter.id }), foreign, other),
      "organization",
      "1200 items",
    )
  })

  test("of more bytes than the quota waits for them, packed or not", async () => {
    const answer = await send(ofAddresses, gzipSync(rows(4000)))
    expect([answer.status, answer.json.recorded]).toEqual([200, 4000])
  })
})

describe("writes", () => {
  const open = (server: Server, address: string, headers: object = {}) =>
    openSession(server, {}, shop, { "x-real-ip": address, ...headers })
  const sessionHeader = ({ json }: Answer) => json as Awaited<ReturnType<typeof visit>>

  test("of sessions draw from the quota of the address that they come from, shortened", async () => {
    for (let n = 0; n < 5; n++) {
      const answer = await open(ofAddresses, `192.0.2.${n}`)
      expect(answer.status).toBe(201)
      expect(answer.headers).not.toHaveProperty("ratelimit")
    }
    const refused = await open(ofAddresses, "192.0.2.200")
    expectOver(refused, "address", "30 writes")
    expect(refused.headers["ratelimit"]).toMatch(/^"address-writes";r=0;t=\d+$/)
    expect((await open(ofAddresses, "192.0.3.1")).status).toBe(201)
    expect((await open(ofAddresses, "2001:db8::1")).status).toBe(201)
  })

  test("of a visitor draw from the address that opened its session, wherever the visitor is now", async () => {
    const visitor = sessionHeader(await open(ofAddresses, "203.0.113.1"))
    const say = (n: number, headers: object = {}) =>
      asVisitor(ofAddresses, visitor, "POST", "consent-events", {
        headers: { "x-real-ip": "198.51.100.1", ...headers },
        json: { items: Array.from({ length: n }, () => yes()) },
      })
    expect((await say(23)).status).toBe(201)
    expectOver(await say(1, { "idempotency-key": "k" }), "address", "30 writes")
    expect((await say(1)).status).toBe(201)
    expectOver(await open(ofAddresses, "203.0.113.1"), "address", "30 writes")
    expect((await open(ofAddresses, "198.51.100.1")).status).toBe(201)
  })

  test("of a profile draw by its size, and an idempotency record is one more", async () => {
    const visitor = sessionHeader(await open(ofAddresses, "203.0.114.1"))
    // Of 30 writes, the session and these items leave eight.
    const said = { items: Array.from({ length: 16 }, () => yes()) }
    expect((await asVisitor(ofAddresses, visitor, "POST", "consent-events", { json: said })).status).toBe(201)
    const json = { firstName: "\u0001".repeat(256), middleName: "\u0001".repeat(256) }
    const keep = (headers: object = {}) =>
      asVisitor(ofAddresses, visitor, "POST", "profile", { json, headers: { ...headers } })
    // Escaped, it has 3 KiB and a little.
    expect((await keep()).status).toBe(200)
    expectOver(await keep({ "idempotency-key": "k" }), "address", "30 writes")
    expect((await keep()).status).toBe(200)
    expectOver(await open(ofAddresses, "203.0.114.1"), "address", "30 writes")
  })

  test("from a local address share no quota unless a header is trusted, because it is probably a proxy's", async () => {
    for (let n = 0; n < 5; n++) expect((await open(ofBytes, "192.0.2.1")).status).toBe(201)
  })

  test("behind a proxy of which no header is trusted are warned of, once", async () => {
    for (let n = 0; n < 3; n++) expect((await open(ofBytes, "192.0.2.1")).status).toBe(201)
    await expect.poll(() => ofBytes.log()).toContain("ASSENT_ADDRESS_HEADER is not set")
    expect(ofBytes.log().split("ASSENT_ADDRESS_HEADER")).toHaveLength(2)
    expect(ofBytes.log()).not.toContain("192.0.2")
  })
})

test("an address that the Internet routes has a quota of its own, and a local one has it if a header is trusted", () => {
  const local = [
    "127.0.0.0",
    "10.1.2.0",
    "172.16.0.0",
    "172.31.9.0",
    "192.168.1.0",
    "100.64.0.0",
    "100.127.1.0",
    "::",
    "fd12:3456:789a::",
  ]
  const routed = [
    "8.8.8.0",
    "172.15.0.0",
    "172.32.0.0",
    "192.169.1.0",
    "100.63.1.0",
    "100.128.1.0",
    "2001:db8:1::",
    "fe00::",
    "110.1.1.0",
  ]
  const holderOf = (address: string, header: string | undefined) =>
    Effect.runSync(Effect.provideService(ClientAddress.holderOf(address), ClientAddress.AddressHeader, header))
  expect(local.map((address) => holderOf(address, undefined))).toEqual(local.map(() => undefined))
  expect(routed.map((address) => holderOf(address, undefined))).toEqual(routed)
  expect([...local, ...routed].map((address) => holderOf(address, "x-real-ip"))).toEqual([...local, ...routed])
})

test("the address in a header is its last one, with or without a port; anything else is none", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["203.0.113.9, 192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:4711", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["192.0.2.1, unknown", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const
  for (const [value, address] of cases) expect([value, ClientAddress.fromHeader(value)]).toEqual([value, address])
})
