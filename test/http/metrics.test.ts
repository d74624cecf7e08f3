/** The metrics: they count what happened, and hold every metric that the documentation and the dashboard name. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "node:net"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { asked } from "../support/promql.ts"
import { served } from "../support/served.ts"
import { metricsUrl, scrape } from "./logLines.ts"
import { grown, labelsIn, valueIn } from "./metricValues.ts"
import { acme, asOwner, asVisitor, privacy, record, startWorld, visit, yes } from "./world.ts"

const root = join(import.meta.dirname, "../..")

const server = served(() => startWorld({ ASSENT_METRICS_PORT: "0", ASSENT_RATE_LIMIT_SESSION: "1" }))

const events = 'route="/privacy-v1/organizations/:organizationId/projects/:projectId/consent-events"'

test("requests are counted by method, route and status", async () => {
  const before = await scrape(server)
  for (let n = 0; n < 3; n++) expect((await record(server, [yes({ userId: `u${n}` })])).status).toBe(201)
  for (let n = 0; n < 2; n++) expect((await record(server, [yes({})])).status).toBe(422)
  const visitor = await visit(server)
  const statuses = [
    await asVisitor(server, visitor, "GET", "consent-state"),
    await asVisitor(server, visitor, "GET", "consent-state"),
  ]
  expect(statuses.map(({ status }) => status)).toEqual([200, 429])
  await server.request("GET", "/nothing/jo@example.com?a=1")
  const after = await scrape(server)
  const count = "assent_http_request_duration_seconds_count"
  const counted = (...labels: ReadonlyArray<string>) => grown(before, after)(count, ...labels)
  expect(counted('method="POST"', events, 'status="201"')).toBe(3)
  expect(counted('method="POST"', events, 'status="422"')).toBe(2)
  expect(counted('route="/site-v1/:projectId/consent-state"', 'status="429"')).toBe(1)
  expect(counted('route="none"', 'status="404"')).toBe(1)
  expect(counted()).toBe(9)
  // Every request so far has ended, and its time is in a bucket.
  expect(valueIn(after, "assent_http_requests_under_way")).toBe(0)
  expect(valueIn(after, "assent_http_request_duration_seconds_bucket", 'le="+Inf"')).toBe(valueIn(after, count))
})

test("erasures are counted by reason, and a repeated one is not", async () => {
  const before = await scrape(server)
  const answer = await record(server, [yes({ userId: "erased" })])
  const { concordId } = answer.json.items[0]
  const erase = () =>
    server.request("POST", `/privacy-v1/organizations/${acme.id}/people/${concordId}/erasure`, {
      headers: asOwner,
      json: { confirm: concordId, reason: "court" },
    })
  expect([(await erase()).status, (await erase()).status]).toEqual([200, 200])
  const counted = grown(before, await scrape(server))
  expect(counted("assent_erasures_total", 'reason="court"')).toBe(1)
  expect(counted("assent_erasures_total")).toBe(1)
})

test("tries of a webhook are counted by webhook and outcome, and its state is there by webhook", async () => {
  const webhooks = `${privacy()}/webhooks`
  const json = { url: "https://localhost:8443/", types: ["consent.recorded"] }
  const { id } = (await server.request("POST", webhooks, { headers: asOwner, json })).json
  await record(server, [yes({ userId: "sent" })])
  const of = `webhook="${id}"`
  const isThere = (text: string) =>
    valueIn(text, "assent_webhook_deliveries_total", of) > 0 &&
    labelsIn(text).get("assent_webhook_failing_seconds")?.has("webhook") === true
  while (!isThere(await scrape(server))) await new Promise((resolve) => setTimeout(resolve, 20))
  const counted = await scrape(server)
  expect(valueIn(counted, "assent_webhook_deliveries_total", of)).toBe(1)
  expect(valueIn(counted, "assent_webhook_delivery_duration_seconds_count", of)).toBe(1)
  expect(valueIn(counted, "assent_webhook_resting", of)).toBe(0)
})

/** Whether something listens at an address. */
const listens = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })

describe("the metrics are not open to the world:", () => {
  test("the service itself does not serve them", async () => {
    expect((await server.request("GET", "/metrics")).status).toBe(404)
  })

  test("they are reached from this machine only, unless set", async () => {
    const { hostname, port } = new URL(await metricsUrl(server))
    expect(hostname).toBe("127.0.0.1")
    expect(await listens("127.0.0.1", Number(port))).toBe(true)
    // Another address of this machine: a server that listens on every address would answer there.
    expect(await listens("127.0.0.2", Number(port))).toBe(false)
  })

  test("ASSENT_METRICS_HOST opens them to other machines", async () => {
    const open = await startWorld({ ASSENT_METRICS_PORT: "0", ASSENT_METRICS_HOST: "0.0.0.0" })
    try {
      expect(await listens("127.0.0.2", Number(new URL(await metricsUrl(open)).port))).toBe(true)
    } finally {
      await open.stop()
    }
  })

  test("without ASSENT_METRICS_PORT there are none", async () => {
    const closed = await startWorld()
    try {
      expect((await closed.end("SIGTERM")).code).toBe(0)
      expect(closed.log()).not.toContain("metrics")
    } finally {
      await closed.stop()
    }
  })

  test("nothing else is served there", async () => {
    const url = await metricsUrl(server)
    const statuses = [await fetch(`${url}/x`), await fetch(new URL("/", url)), await fetch(url, { method: "POST" })]
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 405])
    const answer = await fetch(url)
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  })
})

describe("a reader of the metrics finds", () => {
  const read = (file: string): string => readFileSync(join(root, file), "utf8")
  const names = (text: string) => [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!)

  test("each of them in the documentation, and nothing there that does not exist", async () => {
    const documented = read("docs/operating.md").matchAll(/^\| `([a-z]\w+)` +\| (?:counter|gauge|histogram)/gm)
    expect([...documented].map(([, name]) => name).toSorted()).toEqual(names(await scrape(server)).toSorted())
  })

  /** Labels that Prometheus adds to everything it reads. */
  const ofPrometheus = { series: ["up"], labels: ["instance", "job"] }

  /** Names and labels of a query that are not in the metrics. */
  const missing = (query: string, text: string): ReadonlyArray<string> => {
    const there = labelsIn(text)
    const { groups, selectors } = asked(query)
    const has = (name: string, label: string) => ofPrometheus.labels.includes(label) || there.get(name)?.has(label)
    return selectors.flatMap(({ labels, name }) => [
      ...(there.has(name) || ofPrometheus.series.includes(name) ? [] : [name]),
      ...[...labels, ...groups].filter((label) => !has(name, label)).map((label) => `${name}{${label}}`),
    ])
  }

  interface Panel {
    readonly title: string
    readonly targets?: ReadonlyArray<{ readonly expr: string }>
  }
  interface Alert {
    readonly alert: string
    readonly expr: string
    readonly labels: { readonly severity: string }
  }

  test("every series that a panel of the dashboard asks for, with the labels it asks by; and each in a panel", async () => {
    const text = await scrape(server)
    const { panels } = JSON.parse(read("deploy/grafana/assent.json")) as { readonly panels: ReadonlyArray<Panel> }
    const queries = panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")),
    )
    expect(queries.map((query) => [query, missing(query, text)])).toEqual(queries.map((query) => [query, []]))
    // The grammar has no variables of Grafana: after the replacement, they are left within quotes only.
    expect(queries.filter((query) => query.replaceAll(/"[^"]*"/g, "").includes("$"))).toEqual([])
    const shown = new Set(queries.flatMap((query) => asked(query).selectors.map(({ name }) => name)))
    const isShown = (name: string) => ["", "_count", "_bucket", "_sum"].some((suffix) => shown.has(`${name}${suffix}`))
    expect(names(text).filter((name) => !isShown(name))).toEqual([])
  })

  test("every series that an alert watches, with the labels it watches by; and each alert in the documentation", async () => {
    const text = await scrape(server)
    const { groups } = parse(read("deploy/prometheus/alerts.yaml"))
    const alerts: ReadonlyArray<Alert> = groups.flatMap(({ rules }: { rules: ReadonlyArray<Alert> }) => rules)
    expect(alerts.map(({ alert, expr }) => [alert, missing(expr, text)])).toEqual(
      alerts.map(({ alert }) => [alert, []]),
    )
    const documented = read("docs/operating.md").matchAll(/^\| `(Assent\w+)` +\| (\w+)/gm)
    expect([...documented].map(([, alert, severity]) => [alert, severity])).toEqual(
      alerts.map(({ alert, labels }) => [alert, labels.severity]),
    )
  })

  test.each(["assent_nothing", "up{", 'assent_store_ready{nothing="1"}', "sum by (nothing) (assent_store_ready)"])(
    "the search would have found %s",
    async (query) => {
      const text = await scrape(server)
      const find = () => (missing(query, text).length > 0 ? "missing" : "there")
      if (query === "up{") expect(find).toThrow("no PromQL")
      else expect(find()).toBe("missing")
    },
  )
})
