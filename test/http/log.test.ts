/** The log: one line for each request, with its outcome and the id of its key. */
import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { describe, expect, test } from "vitest"
import * as Failure from "../../adapters/http/server/Failure.ts"
import { start, type Server } from "../support/server.ts"
import { served } from "../support/served.ts"
import { lineOf, linesOf, requestsOf } from "./logLines.ts"
import {
  acme,
  asOwner,
  asVisitor,
  openSession,
  ownerKeyId,
  privacy,
  record,
  shop,
  site,
  startWorld,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)

const inShop = { projectId: shop.id, organizationId: acme.id }
const events = "/privacy-v1/organizations/:organizationId/projects/:projectId/consent-events"

/** The line of a request that has been answered. */
const lineOfAnswer = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
  lineOf(server, headers["x-request-id"])

describe("the line of a request", () => {
  test("has time, level, id, method, route, status, duration, key, project, organization and lengths", async () => {
    const answer = await record(server, [yes({ userId: "u" })])
    const line = await lineOfAnswer(answer)
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: "info",
      message: "request",
      requestId: answer.headers["x-request-id"],
      method: "POST",
      route: events,
      status: 201,
      durationMs: expect.any(Number),
      caller: "key",
      keyId: ownerKeyId,
      ...inShop,
      bytesIn: Buffer.byteLength(JSON.stringify({ items: [yes({ userId: "u" })] })),
      bytesOut: Buffer.byteLength(answer.text),
    })
    expect(line["durationMs"]).toBeGreaterThan(0)
  })

  test("of a visitor says that it was a session, and not which", async () => {
    const visitor = await visit(server)
    const line = await lineOfAnswer(await asVisitor(server, visitor, "GET", "consent-state"))
    expect(line).toMatchObject({
      caller: "session",
      route: "/site-v1/:projectId/consent-state",
      status: 200,
      ...inShop,
    })
    expect(line).not.toHaveProperty("keyId")
    expect(JSON.stringify(line)).not.toContain(visitor.id)
  })

  test.each([
    ["no credential", {}, { caller: "none", status: 401 }],
    ["no role that may", { "x-api-key": "none" }, { caller: "none", status: 401 }],
  ])("of a request with %s says that there was none", async (_, headers, logged) => {
    const answer = await server.request("GET", `${privacy()}/consent-events`, { headers })
    expect(await lineOfAnswer(answer)).toMatchObject({ ...logged, route: events })
  })

  test("of a refusal has its codes and the instance of its answer", async () => {
    const answer = await record(server, [yes({ userId: "u", version: 99 }), yes({})])
    expect(await lineOfAnswer(answer)).toMatchObject({
      status: 422,
      error: [...new Set(answer.json.errors.map(({ code }: { code: string }) => code))].join(","),
      instance: answer.json.instance,
    })
  })

  test.each(["/nothing?x=1", "/privacy-v1/organizations/a/b/c/d", "/__proto__"])(
    "of %s has no route but none",
    async (path) => {
      expect(await lineOfAnswer(await server.request("GET", path))).toMatchObject({ route: "none", status: 404 })
    },
  )

  test("of a method that is not taken has the route", async () => {
    const answer = await server.request("PUT", `${privacy()}/consent-events`, { headers: asOwner })
    expect(await lineOfAnswer(answer)).toMatchObject({ route: events, method: "PUT", status: 405 })
  })

  test("is there for a preflight request, too", async () => {
    const headers = { origin: "https://shop.example", "access-control-request-method": "POST" }
    const answer = await server.request("OPTIONS", `${site()}/session`, { headers })
    expect(await lineOfAnswer(answer)).toMatchObject({ route: "/site-v1/:projectId/session", status: 204 })
  })

  test("is there for what is no HTTP, and says nothing of it", async () => {
    const talk = await server.connect()
    talk.write("HELO zq7 HTTP/9\r\n\r\n")
    await talk.closed
    const unparsed = () => requestsOf(server).filter(({ error }) => error === "Unparsed")
    await expect.poll(unparsed).toHaveLength(1)
    expect(unparsed()[0]).toMatchObject({ method: "", route: "none", status: 400 })
  })

  test("whose body turns out to be no HTTP is one, with what was answered and whose key it was", async () => {
    const requestId = randomUUID()
    const talk = await server.connect()
    talk.write(
      `POST ${privacy()}/consent-events HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${requestId}\r\n` +
        `x-api-key: ${asOwner["x-api-key"]}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    // The rest is sent once the key is known.
    await new Promise((resolve) => setTimeout(resolve, 200))
    talk.write("no length\r\n")
    await talk.closed
    expect(await lineOf(server, requestId)).toMatchObject({ status: 400, route: events, keyId: ownerKeyId })
    expect(requestsOf(server).filter(({ error }) => error === "Unparsed")).toHaveLength(1)
  })

  test("of a client that goes away before its answer is 499", async () => {
    const requestId = randomUUID()
    const talk = await server.connect()
    talk.write(
      `POST ${privacy()}/consent-events HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${requestId}\r\n` +
        `x-api-key: ${asOwner["x-api-key"]}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    talk.socket.destroy()
    expect(await lineOf(server, requestId)).toMatchObject({ status: 499, route: events, keyId: ownerKeyId })
  })

  test("is one for each request, however many come at once", async () => {
    const before = requestsOf(server).length
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => record(server, [yes({ userId: `u${n}` })])))
    for (const answer of answers) await lineOfAnswer(answer)
    expect(requestsOf(server)).toHaveLength(before + answers.length)
    expect(new Set(requestsOf(server).map(({ requestId }) => requestId)).size).toBe(requestsOf(server).length)
  })
})

describe("X-Request-Id", () => {
  const sent = async (id: string) =>
    (await server.request("GET", "/livez", { headers: { "x-request-id": id } })).headers["x-request-id"]

  test.each(["01a20000-0000-7000-8000-0000000000ab", "0123456789abcdef0123456789ABCDEF"])("%s is taken", async (id) => {
    expect(await sent(id)).toBe(id.toLowerCase())
    expect(await lineOf(server, id.toLowerCase())).toMatchObject({ route: "/livez" })
  })

  test.each([
    "jo@example.com",
    "4242424242424242",
    "+4915199912345",
    "x".repeat(200),
    '{"level":"error"}',
    "zq7-0000-7000-8000",
  ])("%s is replaced: it might say something of a person", async (id) => {
    const made = await sent(id)
    expect(made).toMatch(/^[0-9a-f-]{36}$/)
    expect(await lineOf(server, made)).toMatchObject({ route: "/livez" })
    expect(server.log()).not.toContain(id)
  })

  test("is in every answer, also to what is refused", async () => {
    for (const path of ["/livez", "/nothing", `${privacy()}/consent-events`]) {
      expect((await server.request("GET", path)).headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
})

/** The log of a server with some settings: of a success, a refusal and a store that is gone. */
const logWith = async (env: Readonly<Record<string, string>>): Promise<Server> => {
  const other = await startWorld(env)
  await other.request("GET", "/livez")
  await record(other, [yes({})])
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${other.file}${suffix}`, { force: true })
  expect((await other.request("GET", "/readyz")).status).toBe(503)
  expect((await other.end("SIGTERM")).code).toBe(0)
  return other
}

describe("ASSENT_LOG_LEVEL", () => {
  test.each([
    ["warn", [503]],
    ["off", []],
  ])("%s logs requests answered %j", async (level, statuses) => {
    const other = await logWith({ ASSENT_LOG_LEVEL: level })
    try {
      expect(requestsOf(other).map(({ status }) => status)).toEqual(statuses)
      for (const line of requestsOf(other)) expect(line["level"]).toBe(line["status"] === 503 ? "warn" : "info")
      if (level === "off") expect(other.log()).toBe("")
    } finally {
      await other.stop()
    }
  })
})

test("a store that cannot answer is logged with its tag and its reason", async () => {
  const other = await logWith({})
  try {
    expect(requestsOf(other).map(({ level, status }) => [status, level])).toEqual([
      [200, "info"],
      [422, "info"],
      [503, "warn"],
    ])
    expect(requestsOf(other).at(-1)).toMatchObject({
      route: "/readyz",
      error: "StoreUnavailable",
      reason: "the ledger's file was removed or replaced",
    })
  } finally {
    await other.stop()
  }
})

test("an unexpected failure is logged with its name and its places in the code, never with its message", () => {
  const fail = (): unknown => {
    try {
      return JSON.parse("jo@example.com")
    } catch (error) {
      return error
    }
  }
  const failure = fail()
  expect(String(failure)).toContain("jo@")
  const logged = Failure.of(failure)
  expect(logged).toEqual({ error: "SyntaxError", stack: expect.stringContaining("log.test.ts") })
  expect(JSON.stringify(logged)).not.toContain("jo@")
  expect(Failure.of({ _tag: "SqlError", message: "jo@example.com" })).toEqual({ error: "SqlError" })
  expect(Failure.of("jo@example.com")).toEqual({ error: "string" })
})

test("ASSENT_LOG_FORMAT=pretty writes lines for people, without colours where there is no terminal", async () => {
  const other = await logWith({ ASSENT_LOG_FORMAT: "pretty" })
  try {
    expect(other.log()).toMatch(/^\d\d:\d\d:\d\d 200 GET {4}\/livez \d[\d.]* ms$/m)
    expect(other.log()).toMatch(/^\d\d:\d\d:\d\d 503 GET {4}\/readyz \d[\d.]* ms StoreUnavailable/m)
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(other.log()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  } finally {
    await other.stop()
  }
})

test("the log is on standard error, and what a first start prints is not in it", async () => {
  const first = await start({ env: { ASSENT_STORE: "memory:" } })
  try {
    await first.request("GET", "/livez")
    await expect.poll(() => requestsOf(first)).toHaveLength(1)
    expect(linesOf(first).every(({ level }) => level === "info")).toBe(true)
    expect(first.log()).not.toContain("assent_")
    expect((await openSession(server)).status).toBe(201)
  } finally {
    await first.stop()
  }
})
