/** Traces: the spans of a request belong to the trace of its caller, and show its time down to the commit. */
import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { sentTo, startCollector, type Collector, type Span } from "../support/collector.ts"
import { startPostgres, type Postgres } from "../support/postgres.ts"
import { startEmpty } from "../support/server.ts"
import { served } from "../support/served.ts"
import { isLong } from "../support/long.ts"
import { lineOf } from "./logLines.ts"

const idOf = (bytes: number): string => randomBytes(bytes).toString("hex")
const valueOf = (span: Span, key: string): unknown =>
  Object.values(span.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0]

let postgres: Postgres | undefined
let collector: Collector
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
  collector = await startCollector()
})
afterAll(async () => {
  await collector.stop()
  await postgres?.stop()
})

const stores: ReadonlyArray<readonly [string, () => Promise<Readonly<Record<string, string>>>]> = [
  ["SQLite", async () => ({})],
  ...(isLong ? [["PostgreSQL", async () => ({ ASSENT_STORE: await postgres!.database() })] as const] : []),
]

describe.each(stores)("over %s", (_, store) => {
  const server = served(async () =>
    startEmpty({ ...(await store()), ...sentTo(collector), OTEL_TRACES_SAMPLER_ARG: "0.5" }),
  )

  /** Records one event of a person as part of a trace. */
  const record = (traceparent: string, userId: string) => {
    const { apiKey, consentTypes, organization, project } = server.banner()
    return server.request("POST", `/privacy-v1/organizations/${organization}/projects/${project}/consent-events`, {
      headers: { "x-api-key": apiKey, traceparent },
      json: {
        items: [{ userId, consentType: consentTypes[0], consentState: "accepted", consentAction: "user_click" }],
      },
    })
  }
  const ofTrace = (traceId: string) => (spans: ReadonlyArray<Span>) => spans.filter((span) => span.traceId === traceId)

  test("the spans of a request are below the span that asked: request, use case, store, group, commit", async () => {
    const [traceId, parent] = [idOf(16), idOf(8)]
    const answer = await record(`00-${traceId}-${parent}-01`, "traced")
    expect(answer.status).toBe(201)
    const names = ["POST /privacy-v1/organizations/:organizationId/projects/:projectId/consent-events"]
    names.push("Ledger.record", "LedgerStore.append", "store.group", "store.commit")
    /** The spans of these names, each a child of the one before. */
    const chain = (spans: ReadonlyArray<Span>) => {
      const found: Array<Span> = []
      for (const name of names) {
        const above = found.at(-1)?.spanId ?? parent
        const span = ofTrace(traceId)(spans).find((each) => each.name === name && each.parentSpanId === above)
        if (span !== undefined) found.push(span)
      }
      return found
    }
    // The span of a request is sent last, because it ends after its children.
    const spans = await collector.until((all) => ofTrace(traceId)(all).some(({ name }) => name === names[0]))
    expect(chain(spans).map(({ name }) => name)).toEqual(names)
    const [request, , , group] = chain(spans)
    for (const span of chain(spans)) {
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThan(BigInt(span.startTimeUnixNano))
      expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(request!.startTimeUnixNano))
    }
    expect(valueOf(request!, "http.response.status_code")).toBe(201)
    expect(valueOf(request!, "assent.request_id")).toBe(answer.headers["x-request-id"])
    expect(valueOf(group!, "assent.events")).toBe(1)
    // The log holds the id of the trace, so that the spans of a line can be found.
    expect(await lineOf(server, answer.headers["x-request-id"])).toMatchObject({ traceId })
  })

  test("a group that several requests share is linked to all of them", async () => {
    const traces = Array.from({ length: 40 }, () => idOf(16))
    await Promise.all(traces.map((traceId, n) => record(`00-${traceId}-${idOf(8)}-01`, `shared ${n}`)))
    const isOurs = (traceId: string) => traces.includes(traceId)
    const groupsOf = (spans: ReadonlyArray<Span>) =>
      spans.filter(({ name, traceId }) => name === "store.group" && isOurs(traceId))
    const linked = (spans: ReadonlyArray<Span>) =>
      groupsOf(spans)
        .flatMap(({ links, traceId }) => [traceId, ...links.map((link) => link.traceId)])
        .filter(isOurs)
    const spans = await collector.until((all) => new Set(linked(all)).size === traces.length)
    expect(groupsOf(spans).some(({ links }) => links.length > 0)).toBe(true)
  })

  test("a request that its caller does not trace is not sent, nor is a malformed header treated as a trace", async () => {
    const [untraced, malformed, traced] = [idOf(16), idOf(15), idOf(16)]
    await record(`00-${untraced}-${idOf(8)}-00`, "untraced")
    await record(`00-${malformed}-${idOf(8)}-01`, "malformed")
    await record(`00-${traced}-${idOf(8)}-01`, "last")
    const spans = await collector.until((all) => ofTrace(traced)(all).some(({ name }) => name === "store.commit"))
    expect(ofTrace(untraced)(spans)).toEqual([])
    expect(ofTrace(malformed)(spans)).toEqual([])
  })

  test("of requests that belong to no trace, the share that was set is sent", async () => {
    const path = "/openapi.json"
    const count = (spans: ReadonlyArray<Span>) => spans.filter(({ name }) => name === `GET ${path}`).length
    const before = count(collector.spans())
    for (let n = 0; n < 200; n++) await server.request("GET", path)
    const traceId = idOf(16)
    await record(`00-${traceId}-${idOf(8)}-01`, "after")
    const spans = await collector.until((all) => ofTrace(traceId)(all).some(({ name }) => name.startsWith("POST ")))
    // About half of 200: outside these bounds once in 10^12 runs.
    expect(count(spans) - before).toBeGreaterThan(50)
    expect(count(spans) - before).toBeLessThan(150)
  })

  test("metrics are sent, too", async () => {
    const wanted = [
      "assent_http_request_duration_seconds",
      "assent_store_commit_duration_seconds",
      "assent_store_ready",
    ]
    await expect.poll(() => wanted.filter((name) => !collector.metrics().has(name)), { timeout: 20_000 }).toEqual([])
  })
})

test.runIf(isLong)("a collector that is away stops nothing: requests are answered, and the process ends", async () => {
  const away = await startCollector()
  await away.stop()
  const server = await startEmpty({ ASSENT_STORE: "memory:", ...sentTo(away) })
  try {
    for (let n = 0; n < 20; n++) expect((await server.request("GET", "/readyz")).status).toBe(200)
    expect((await server.end("SIGTERM")).code).toBe(0)
  } finally {
    await server.stop()
  }
})
