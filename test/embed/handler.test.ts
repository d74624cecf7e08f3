/**
 * The service as a function of the Fetch standard: it answers as the listening server does, has the same limits, and
 * passes aborts and streams on.
 */
import { Effect, Exit, Layer, Option, Scope } from "effect"
import type { Digest } from "effect/crypto"
import { createServer } from "node:net"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as LocalConnection from "../../adapters/http/server/LocalConnection.ts"
import type { LogEntry } from "../../adapters/http/server/RequestLog.ts"
import * as RequestLog from "../../adapters/http/server/RequestLog.ts"
import * as Server from "../../adapters/http/Server.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as TestKeys from "../support/keys.ts"
import { errorOf, openAt } from "./opened.ts"

/** A ledger with the demonstration, and a scope in which it is served. */
const demonstration = async (entries: Array<LogEntry> = []) => {
  const scope = Scope.makeUnsafe()
  const layer = Ledger.layer.pipe(
    Layer.provide([MemoryStore.layer, TestKeys.layer]),
    Layer.provideMerge(Crypto.layer),
    Layer.provideMerge(Layer.succeed(RequestLog.Sink, (entry: LogEntry) => void entries.push(entry))),
  )
  const services = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  type Services = Ledger.Ledger | Digest.Digest | Scope.Scope
  const run = <A, E>(effect: Effect.Effect<A, E, Services>): Promise<A> =>
    Effect.runPromise(Effect.provideContext(Scope.provide(effect, scope), services))
  const ledger = await run(Ledger.Ledger)
  const founded = Option.getOrThrow(await run(ledger.found))
  const path = `/privacy-v1/organizations/${founded.organization.id}/projects/${founded.project.id}`
  const headers = { "x-api-key": founded.apiKey, "content-type": "application/json" }
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  return { ledger, founded, path, headers, scope, services, run, close }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

/** An answer without what differs each time. */
const shown = async (answer: Response) => {
  const own = new Set(["connection", "date", "keep-alive", "transfer-encoding", "x-request-id", "ratelimit"])
  const headers = [...answer.headers].filter(([name]) => !own.has(name))
  const text = (await answer.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-[\d-]+T[\d:.]+Z/g, "…")
  return { status: answer.status, headers, text: text.replaceAll(/"session":"[^"]+"/g, "") }
}

test("the handler answers every request as the listening server does", async () => {
  const { close, founded, headers, ledger, path, scope, services } = await demonstration()
  const port = await freePort()
  const listening = Server.layer({ port }).pipe(Layer.provide(Layer.succeedContext(services)))
  await Effect.runPromise(Layer.buildWithScope(listening, scope))
  const handler = Server.handler(ledger)
  const item = { email: "jo@example.com", consentType: founded.consentTypes[1]!.id, consentState: "accepted" }
  const events = (each: object) => JSON.stringify({ items: [{ ...item, consentAction: "user_click", ...each }] })
  const site = `/site-v1/${founded.project.id}`
  const post = (body: string, more: object = {}) => ({ method: "POST", headers: { ...headers, ...more }, body })
  const requests: ReadonlyArray<readonly [string, RequestInit?]> = [
    ["/livez"],
    ["/readyz"],
    ["/docs", { method: "HEAD" }],
    ["/nothing"],
    ["/openapi.json", { method: "DELETE" }],
    [`${path}/consent-events`],
    [`${path}/consent-events`, post(events({ externalId: "1" }))],
    [`${path}/consent-events`, post(events({ email: "nobody", version: 0 }))],
    [`${path}/consent-events`, post("{")],
    [`${path}/consent-events`, post("x".repeat(2 ** 20 + 1))],
    [`${path}/consent-events`, post(events({}), { "content-type": "text/plain" })],
    [`${path}/consent-events`, post(events({}), { "x-api-key": "assent_no" })],
    [
      `${path}/consent-decisions?email=jo%40example.com&at=2030-01-01T00:00:00Z&knownAt=2030-01-01T00:00:00Z`,
      { headers },
    ],
    [`${path}/consent-decisions?email=jo%40example.com&unknown=1`, { headers }],
    [
      `${site}/session`,
      { method: "OPTIONS", headers: { origin: "http://localhost", "access-control-request-method": "POST" } },
    ],
    [`${site}/session`, post("{}", { origin: "http://localhost" })],
    [`${site}/session`, post("{}", { origin: "http://elsewhere.example" })],
    ["/livez", { headers: { long: "x".repeat(2 ** 14) } }],
  ]
  for (const [at, init] of requests) {
    const [here, there] = [`http://127.0.0.1:${port}${at}`, await fetch(`http://127.0.0.1:${port}${at}`, init)]
    expect([at, await shown(await handler(new Request(here, init)))]).toEqual([at, await shown(there)])
  }
  await handler.close()
  await close()
})

test("a connection holds no more than both ends buffer, and ends with what was written", async () => {
  const { client, server } = LocalConnection.make("192.0.2.1")
  const part = Buffer.alloc(2 ** 14)
  let written = 0
  while (client.write(part)) written++
  expect(written).toBeLessThan(16)
  client.end()
  let read = 0
  for await (const chunk of server) read += chunk.length
  expect(read).toBe((written + 1) * part.length)
})

/** A body that is sent part by part, each when it is asked for. */
const parts = (all: ReadonlyArray<string>, onPull: () => void = () => {}) => {
  const rest = [...all]
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        onPull()
        const next = rest.shift()
        if (next === undefined) controller.close()
        else controller.enqueue(encoder.encode(next))
      },
    },
    { highWaterMark: 0 },
  )
}

/** A body that has a beginning, and an end once it is finished. */
const unfinished = (beginning: string) => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const encoder = new TextEncoder()
  void writer.write(encoder.encode(beginning)).catch(() => {})
  const finish = async (end: string) => {
    await writer.write(encoder.encode(end))
    await writer.close()
  }
  return { readable, finish }
}

const streamed = (body: ReadableStream, headers: object, signal?: AbortSignal) =>
  ({ method: "POST", headers, body, duplex: "half", ...(signal !== undefined && { signal }) }) as RequestInit

const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

describe("the handler", () => {
  test("passes an abort on, and rejects with its reason", async () => {
    const entries: Array<LogEntry> = []
    const { close, headers, path, run } = await demonstration(entries)
    const handler = await run(Server.makeHandler())
    const url = `http://localhost${path}/consent-events`
    const reason = new Error("the visitor left")
    expect(await errorOf(handler(new Request(url, { signal: AbortSignal.abort(reason) })))).toBe(reason)
    const controller = new AbortController()
    const answer = errorOf(handler(new Request(url, streamed(unfinished("{").readable, headers, controller.signal))))
    await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort(reason)
    expect(await answer).toBe(reason)
    await until(() => entries.length > 0)
    expect(entries).toMatchObject([{ method: "POST", status: 499 }])
    await close()
  })

  test("closes the connection of an answer that is cancelled", async () => {
    const entries: Array<LogEntry> = []
    const { close, run } = await demonstration(entries)
    const handler = await run(Server.makeHandler())
    const answer = await handler(new Request("http://localhost/docs"))
    const reader = answer.body!.getReader()
    await reader.read()
    await reader.cancel()
    await until(() => entries.length > 0)
    expect(entries).toMatchObject([{ route: "/docs" }])
    await close()
  })

  test("reads a body that is sent part by part", async () => {
    const { close, headers, path, run } = await demonstration()
    const handler = await run(Server.makeHandler())
    const row = (n: number) =>
      `${JSON.stringify({ userId: `u-${n}`, category: "communication", subcategory: "email", label: "newsletter", consentState: "accepted", consentAction: "import", consentDate: "2026-01-01T00:00:00Z" })}\n`
    let pulled = 0
    const rows = Array.from({ length: 2000 }, (_, n) => row(n))
    const sent = { ...headers, "content-type": "application/x-ndjson" }
    const url = `http://localhost${path}/consent-events/import`
    const answer = await handler(
      new Request(
        url,
        streamed(
          parts(rows, () => pulled++),
          sent,
        ),
      ),
    )
    expect([answer.status, pulled]).toEqual([200, 2001])
    expect(await answer.text()).toContain('"recorded":2000')
    await close()
  })

  test("answers what is open when it is closed, and 503 after that", async () => {
    const { close, founded, headers, ledger, path } = await demonstration()
    const handler = Server.handler(ledger)
    const item = { consentType: founded.consentTypes[1]!.id, consentState: "accepted", consentAction: "user_click" }
    const { finish, readable } = unfinished('{"items":[')
    const answer = handler(new Request(`http://localhost${path}/consent-events`, streamed(readable, headers)))
    expect((await handler(new Request("http://localhost/livez"))).status).toBe(200)
    let isClosed = false
    const closed = handler.close().then(() => (isClosed = true))
    expect((await handler(new Request("http://localhost/livez"))).status).toBe(503)
    expect(isClosed).toBe(false)
    await finish(`${JSON.stringify({ ...item, email: "jo@example.com" })}]}`)
    const { status } = await answer
    await (await answer).text()
    await closed
    expect(status).toBe(201)
    await close()
  })

  test("notes the address that the outer server knows, keeps the path it is mounted at, and logs no more than a route", async () => {
    const entries: Array<unknown> = []
    const clientAddress = (request: Request) => request.headers.get("x-client") ?? undefined
    const http = { basePath: "/consent/", clientAddress, log: (entry: unknown) => void entries.push(entry) }
    await using ledger = await openAt({ url: "memory:", options: {} }, { http })
    const site = `http://localhost/consent/site-v1/${ledger.projectId}`
    const headers = { origin: "http://localhost", "content-type": "application/json", "x-client": "192.0.2.77" }
    const opened = await ledger.handler(new Request(`${site}/session`, { method: "POST", headers, body: "{}" }))
    const { concordId, session } = (await opened.json()) as { readonly concordId: string; readonly session: string }
    const item = { category: "communication", subcategory: "email", label: "newsletter" }
    const body = JSON.stringify({ items: [{ ...item, consentState: "accepted", consentAction: "user_click" }] })
    const sent = { method: "POST", headers: { ...headers, "x-session": session }, body }
    expect((await ledger.handler(new Request(`${site}/consent-events`, sent))).status).toBe(201)
    const { items } = await ledger.state({ concordId })
    expect(items).toMatchObject([{ session: { ipAddress: "192.0.2.0", domain: "localhost" } }])
    expect(entries).toMatchObject([{ route: "/site-v1/:projectId/session", status: 201 }, { status: 201 }])
    expect(JSON.stringify(entries)).not.toMatch(/192\.0\.2|x-client|jo@/)
    const description = await ledger.handler(new Request("http://localhost/consent/openapi.json"))
    expect(await description.json()).toMatchObject({ servers: [{ url: "/consent" }] })
    const moved = await ledger.handler(new Request("http://localhost/consent"))
    const location = moved.headers.get("location")
    expect(location === null || location.startsWith("/consent/")).toBe(true)
  })
})
