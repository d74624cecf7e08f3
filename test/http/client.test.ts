/**
 * The typed client against the real server, and through a proxy that fails on demand. Comments name the mutant that
 * each law kills; `npm run mutants -- client` tries them.
 */
import { Effect, Exit } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Client from "../../adapters/http/client/Client.ts"
import { waitMillis, withRetries } from "../../adapters/http/client/Retries.ts"
import { type Fault, type Proxy, startProxy } from "../support/proxy.ts"
import { type Banner, startEmpty } from "../support/server.ts"
import { served } from "../support/served.ts"

const server = served(() => startEmpty({ ASSENT_STORE: "memory:" }))
let proxy: Proxy
let banner: Banner
beforeAll(async () => {
  proxy = await startProxy(server.url)
  banner = server.banner()
})
afterAll(() => proxy?.stop())

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const retries = { backoffMillis: 2, timeoutMillis: 20_000 }

const inProject = () => ({ organizationId: banner.organization, projectId: banner.project })
const onSite = () => ({ projectId: banner.project })

const yes = (more: object = {}) =>
  ({ consentType: banner.consentTypes[0]!, consentState: "accepted", consentAction: "user_click", ...more }) as const

/** A client of the Privacy API through the proxy. */
const privacy = (more: Client.Retries = {}) =>
  Client.promises({ baseUrl: proxy.url, apiKey: banner.apiKey, retries: { ...retries, ...more } })

/** Records for a person of its own: a POST. */
const record = (client = privacy(), call: Client.Call = {}, userId = `user-${crypto.randomUUID()}`) =>
  client.privacy.createConsentEvents({ params: inProject(), payload: { items: [yes({ userId })] } }, call)

/** Asks about an unknown person: a GET. */
const ask = (client = privacy()) => client.privacy.getConsentState({ params: inProject(), query: { userId: "nobody" } })

const keys = () => proxy.tries.map(({ headers }) => headers["idempotency-key"])

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.unreachable(`was fulfilled with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )

/** The problem with which a promise is rejected. */
const refusal = async (promise: Promise<unknown>): Promise<Client.Problem> => {
  const error = await rejection(promise)
  if (error instanceof Client.Refusal) return error.problem
  return expect.unreachable(`was rejected with ${String(error)}`)
}

const problem = (status: number, code?: string) => ({
  statusCode: status,
  error: "An error",
  message: "a detail",
  type: "about:blank",
  title: "An error",
  status,
  detail: "a detail",
  instance: "urn:uuid:0",
  ...(code !== undefined && { errors: [{ pointer: "", code, detail: "a detail" }] }),
})

describe("a conversation", () => {
  test("of a visitor's browser and a server is had with one value of types", async () => {
    let session: string | undefined
    const program = Effect.gen(function* () {
      const client = yield* Client.make({ baseUrl: server.url, apiKey: banner.apiKey, session: () => session })
      const opened = yield* client.open.createSession({ params: onSite(), payload: {} })
      session = opened.session
      const recorded = yield* client.site.createVisitorConsentEvents({ params: onSite(), payload: { items: [yes()] } })
      const mine = yield* client.site.getVisitorConsentEvents({ params: onSite(), query: { limit: 1 } })
      const { concordId } = opened
      const asked = { params: inProject(), query: { concordId } }
      const before = yield* client.privacy.getConsentState(asked)
      const no = yes({ concordId, consentState: "declined" })
      yield* client.privacy.createConsentEvents({ params: inProject(), payload: { items: [no] } })
      const after = yield* client.site.getVisitorConsentState({ params: onSite(), query: {} })
      const decisions = yield* client.privacy.getConsentDecisions(asked)
      return { opened, recorded, mine, before, after, decisions }
    })
    const { opened, recorded, mine, before, after, decisions } = await Effect.runPromise(
      program.pipe(
        // Only a browser sets `Origin` by itself.
        Effect.provideService(FetchHttpClient.RequestInit, { headers: { origin: "http://localhost" } }),
        Effect.provide(FetchHttpClient.layer),
      ),
    )
    expect(recorded.items.map(({ consentState, concordId }) => [consentState, concordId])).toEqual([
      ["accepted", opened.concordId],
    ])
    expect(mine).toEqual({ offset: 0, count: 1, total: 1, items: recorded.items })
    expect(before.items).toEqual(recorded.items)
    expect(after.items.map(({ consentState }) => consentState)).toEqual(["declined"])
    expect(decisions.items.find(({ consentType }) => consentType === banner.consentTypes[0])?.status).toBe("withdrawn")
    expect(decisions.count).toBe(banner.consentTypes.length)
  })

  test("fails with the problem that the API declares, its violations typed", async () => {
    const items = [yes({ consentType: "00000000-0000-4000-8000-000000000000", userId: "u" })]
    const failure = await Effect.runPromise(
      Effect.gen(function* () {
        const client = yield* Client.make({ baseUrl: server.url, apiKey: banner.apiKey })
        return yield* Effect.flip(client.privacy.createConsentEvents({ params: inProject(), payload: { items } }))
      }).pipe(Effect.provide(FetchHttpClient.layer)),
    )
    if (!Client.isProblem(failure) || failure.statusCode !== 422) return expect.unreachable(String(failure))
    const codes: ReadonlyArray<string> | undefined = failure.errors?.map(({ code }) => code)
    expect(codes).toEqual(["unknown_consent_type"])
  })

  test("rejects with the problem as an Error, where it is had in promises", async () => {
    const error = await rejection(record(Client.promises({ baseUrl: server.url, apiKey: "wrong" })))
    expect(error).toBeInstanceOf(Client.Refusal)
    expect(String(error)).toMatch(/^Refusal: 401 Unauthorized: /)
  })

  test("has dates as instants, not as texts", async () => {
    const at = Date.parse("2024-02-29T12:00:00.000Z")
    const client = privacy()
    const userId = `user-${crypto.randomUUID()}`
    const { items } = await client.privacy.createConsentEvents({
      params: inProject(),
      payload: { items: [yes({ userId, consentDate: at })] },
    })
    expect(items[0]?.consentDate).toBe("2024-02-29T12:00:00.000Z")
    const stateAt = async (at: number) =>
      (await client.privacy.getConsentState({ params: inProject(), query: { userId, at } })).count
    expect([await stateAt(at - 1), await stateAt(at)]).toEqual([0, 1])
  })
})

describe("credentials", () => {
  // Mutant: both headers on every request.
  test("go to the endpoints that ask for them and nowhere else", async () => {
    proxy.script()
    const client = Client.promises({ baseUrl: proxy.url, apiKey: banner.apiKey, session: banner.session, retries })
    await ask(client)
    await client.site.getVisitorConsentState({ params: onSite(), query: {} })
    await client.open.getLiveness()
    expect(proxy.tries.map(({ headers }) => [headers["x-api-key"], headers["x-session"]])).toEqual([
      [banner.apiKey, undefined],
      [undefined, banner.session],
      [undefined, undefined],
    ])
  })

  test("of a session are asked for at each request, so a new one counts at once", async () => {
    let session: string | undefined
    const client = Client.promises({ baseUrl: server.url, session: () => session })
    const state = () => client.site.getVisitorConsentState({ params: onSite(), query: {} })
    expect((await refusal(state())).statusCode).toBe(401)
    session = banner.session
    expect(await state()).toHaveProperty("items")
  })

  // Mutant: `redirect: "follow"`.
  test("are not taken along by a redirect, which is the answer", async () => {
    let visits = 0
    const elsewhere = createServer((_, response) => {
      visits++
      response.end("{}")
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve))
    const { port } = elsewhere.address() as AddressInfo
    proxy.script({ status: 307, headers: { location: `http://127.0.0.1:${port}/` } })
    const error = await rejection(record())
    elsewhere.close()
    expect(error).toMatchObject({ _tag: "HttpClientError", response: { status: 307 } })
    expect([visits, proxy.tries.length]).toEqual([0, 1])
  })

  // Mutant: traces always.
  test("of a page come without the trace headers that CORS does not list; those of a server bring them", async () => {
    proxy.script()
    const client = Client.promises({ baseUrl: proxy.url, apiKey: banner.apiKey, session: banner.session, retries })
    await client.site.getVisitorConsentState({ params: onSite(), query: {} })
    await ask(client)
    const [page, own] = proxy.tries
    expect(Object.keys(page!.headers).filter((name) => /^(b3|traceparent)$/.test(name))).toEqual([])
    expect(own!.headers["traceparent"]).toMatch(/^00-/)
  })
})

describe("Idempotency-Key", () => {
  const passing: ReadonlyArray<Fault> = ["cut", { status: 503 }, { status: 429 }]

  // Mutant: each try has a key of its own (`transformResponse` in place of `transform`).
  test("is one random UUID for all tries of a POST", async () => {
    proxy.script(...passing)
    await record()
    expect(proxy.tries).toHaveLength(4)
    expect(new Set(keys()).size).toBe(1)
    expect(keys()[0]).toMatch(uuid)
    expect(new Set(proxy.tries.map(({ body }) => body)).size).toBe(1)
  })

  // Mutant: one key for each client.
  test("differs from call to call, of the same client and the same effect", async () => {
    proxy.script()
    const userId = `user-${crypto.randomUUID()}`
    const twice = Effect.gen(function* () {
      const client = yield* Client.make({ baseUrl: proxy.url, apiKey: banner.apiKey, retries })
      const call = client.privacy.createConsentEvents({ params: inProject(), payload: { items: [yes({ userId })] } })
      yield* call
      yield* call
    })
    await Effect.runPromise(Effect.provide(twice, FetchHttpClient.layer))
    expect(keys().every((key) => uuid.test(key as string))).toBe(true)
    expect(new Set(keys()).size).toBe(2)
  })

  test("is not sent where it means nothing: with GET", async () => {
    proxy.script("cut")
    await ask()
    expect(keys()).toEqual([undefined, undefined])
  })

  test("is the caller's own where one is given, with every try", async () => {
    proxy.script(...passing)
    await record(privacy(), { idempotencyKey: "import-7" })
    expect(keys()).toEqual(["import-7", "import-7", "import-7", "import-7"])
    proxy.script("cut")
    const once = Effect.gen(function* () {
      const client = yield* Client.make({ baseUrl: proxy.url, apiKey: banner.apiKey, retries })
      return yield* client.privacy
        .createConsentEvents({ params: inProject(), payload: { items: [yes({ userId: "u" })] } })
        .pipe(Client.withIdempotencyKey("import-8"))
    })
    await Effect.runPromise(Effect.provide(once, FetchHttpClient.layer))
    expect(keys()).toEqual(["import-8", "import-8"])
  })
})

describe("positions", () => {
  const remembering = () =>
    Client.promises({ baseUrl: proxy.url, apiKey: banner.apiKey, retries, remembersPositions: true })
  const sent = () => proxy.tries.map(({ headers }) => headers["assent-positions"]?.toString())

  test("are not sent unless that is asked for", async () => {
    const client = privacy()
    proxy.script()
    await record(client)
    await ask(client)
    expect(sent()).toEqual([undefined, undefined])
  })

  // Kills: the last position of a lane counts in place of the highest; the lanes of one project are sent about another.
  test("of answers are sent with later questions about the project: of each lane the furthest", async () => {
    const client = remembering()
    proxy.script()
    await record(client)
    await record(client)
    await ask(client)
    const path = `/privacy-v1/organizations/${banner.organization}/projects/${banner.project}/consent-events?limit=1`
    const { headers } = await server.request("GET", path, { headers: { "x-api-key": banner.apiKey } })
    const ends = String(headers["assent-positions"]).split(", ")
    const [none, first, both] = sent()
    expect(none).toBeUndefined()
    expect(ends).toEqual(expect.arrayContaining(both!.split(", ")))
    expect(both!.split(", ").map((pair) => pair.split("=")[0])).toContain(first!.split("=")[0])
    await ask(client)
    const all = sent().at(-1)
    const older = all!.replace(/=\d+/g, "=0")
    proxy.script({ status: 200, headers: { "assent-positions": older }, body: { count: 0, items: [] } })
    await ask(client)
    await ask(client)
    expect(sent()).toEqual([all, all])
    proxy.script()
    const { organizationId } = inProject()
    const payload = { name: "Another" }
    const { id: projectId } = await client.organizations.createProject({ params: { organizationId }, payload })
    await client.privacy.getConsentState({
      params: { organizationId, projectId },
      query: { userId: "x" },
    })
    expect(sent()).toEqual([undefined, undefined])
  })
})

describe("a request is tried again", () => {
  const inFlight: Fault = { status: 409, body: problem(409, "idempotency_key_in_flight") }
  const html = { "content-type": "text/html" }
  const faults: ReadonlyArray<readonly [string, Fault]> = [
    ["no answer", "cut"],
    // Mutant: the body is not waited for.
    ["half an answer", "lose"],
    ["429", { status: 429, body: problem(429) }],
    ["502 of a gateway", { status: 502, headers: html, body: "<html>" }],
    ["503", { status: 503, body: problem(503) }],
    ["504 of a gateway", { status: 504, headers: html, body: "<html>" }],
    ["409 while the same key is in flight", inFlight],
  ]

  test.each(faults)("after %s, and then answers as if nothing had been", async (_, fault) => {
    proxy.script(fault, fault)
    const { items } = await record()
    expect(items.map(({ consentState }) => consentState)).toEqual(["accepted"])
    proxy.script(fault, fault)
    expect(await ask()).toEqual({ count: 0, items: [] })
    expect(proxy.tries).toHaveLength(3)
  })

  test("after no answer in time", async () => {
    proxy.script("hang")
    expect(await ask(privacy({ timeoutMillis: 1000 }))).toEqual({ count: 0, items: [] })
    expect(proxy.tries).toHaveLength(2)
  })

  // Mutant: Retry-After is not read.
  test.each([429, 503])("after %d not before Retry-After says", async (status) => {
    proxy.script({ status, headers: { "retry-after": "1" } })
    await ask()
    expect(proxy.tries[1]!.at - proxy.tries[0]!.at).toBeGreaterThanOrEqual(990)
    // HTTP dates have whole seconds: the third second from now begins at least two seconds from now.
    proxy.script({ status, headers: { "retry-after": new Date(Date.now() + 3000).toUTCString() } })
    await ask()
    expect(proxy.tries[1]!.at - proxy.tries[0]!.at).toBeGreaterThanOrEqual(1900)
  })

  test("not at all where the server asks for more patience than there is", async () => {
    proxy.script({ status: 503, headers: { "retry-after": "3" }, body: problem(503) })
    expect(await rejection(ask(privacy({ maxWaitMillis: 2999 })))).toBeDefined()
    expect(proxy.tries).toHaveLength(1)
  })

  // Mutant: no bound.
  test.each([1, 2, 4])("until there were %d tries, and then fails with the last answer", async (tries) => {
    const unavailable = { ...problem(503), error: "Service Unavailable", title: "Service Unavailable" }
    const fault: Fault = { status: 503, body: unavailable }
    proxy.script(...Array.from({ length: tries + 2 }, () => fault))
    expect(await refusal(ask(privacy({ tries })))).toEqual(unavailable)
    expect(proxy.tries).toHaveLength(tries)
    proxy.script(...Array.from({ length: tries + 2 }, () => "cut" as const))
    expect(await rejection(ask(privacy({ tries })))).toMatchObject({ reason: { _tag: "TransportError" } })
    expect(proxy.tries).toHaveLength(tries)
  })

  // Mutants: 500 is tried again; every 409 is.
  test.each([400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 501])("never after %d", async (status) => {
    const fault: Fault = { status, body: problem(status, "idempotency_key_reused") }
    proxy.script(fault, fault)
    expect(await rejection(record())).toBeDefined()
    expect(proxy.tries).toHaveLength(1)
  })

  test("never when it could not be sent", async () => {
    proxy.script()
    const client = Client.promises({ baseUrl: "http://[nowhere", apiKey: "key" })
    expect(await rejection(ask(client))).toMatchObject({ reason: { _tag: "InvalidUrlError" } })
  })

  test.each(["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"] as const)("with %s", async (method) => {
    proxy.script("cut")
    const short = { get: "get", head: "head", put: "put", delete: "del", post: "post", patch: "patch" } as const
    const sent = Effect.gen(function* () {
      const client = withRetries(retries)(yield* HttpClient.HttpClient)
      return yield* client[short[method.toLowerCase() as keyof typeof short]](`${proxy.url}/livez`)
    })
    const exit = await Effect.runPromiseExit(Effect.provide(sent, FetchHttpClient.layer))
    expect(proxy.tries.map((request) => request.method)).toEqual([method, method])
    expect(Exit.isSuccess(exit)).toBe(true)
  })

  // Kills: a PATCH or a DELETE gets no key, so that a try after a lost answer would be carried out a second time.
  test.each(["PATCH", "DELETE"] as const)("is one for all tries of a %s", async (method) => {
    proxy.script("cut")
    const sent = Effect.gen(function* () {
      const client = withRetries(retries)(yield* HttpClient.HttpClient)
      return yield* method === "PATCH" ? client.patch(`${proxy.url}/livez`) : client.del(`${proxy.url}/livez`)
    })
    await Effect.runPromiseExit(Effect.provide(sent, FetchHttpClient.layer))
    expect(keys()).toEqual([expect.any(String), keys()[0]])
  })

  test("no more once its signal is aborted, which is what the promise says", async () => {
    proxy.script("cut", "cut", "cut", "cut")
    const controller = new AbortController()
    const reason = new Error("the page is closed")
    const sent = record(privacy({ backoffMillis: 60_000, maxWaitMillis: 60_000 }), { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 300)
    expect(await rejection(sent)).toBe(reason)
    expect(proxy.tries.length).toBeLessThanOrEqual(1)
  })

  // Mutants: no doubling; no jitter.
  test("after waits that double up to a limit, each of them spread over its upper half", () => {
    const limits = { backoffMillis: 100, maxWaitMillis: 1000 }
    const waits = (random: number) => [1, 2, 3, 4, 5, 6].map((tries) => waitMillis(tries, random, limits))
    expect(waits(0)).toEqual([50, 100, 200, 400, 500, 500])
    expect(waits(1)).toEqual([100, 200, 400, 800, 1000, 1000])
  })
})
