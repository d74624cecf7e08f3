/**
 * A collector of OpenTelemetry, as far as the tests need one: a real HTTP server that keeps every byte it receives, and
 * decodes JSON.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { eventually } from "./server.ts"

/** A span as it was sent. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>
  readonly events: ReadonlyArray<unknown>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly status: { readonly code: number; readonly message?: string }
}

/** A running collector. */
export interface Collector {
  readonly url: string
  /** Every request so far: its path, its headers, its body byte for byte. */
  readonly received: () => ReadonlyArray<string>
  /** The spans so far that were sent as JSON. */
  readonly spans: () => ReadonlyArray<Span>
  /** The names of the metrics so far that were sent as JSON. */
  readonly metrics: () => ReadonlySet<string>
  /** Waits until the spans so far satisfy a condition, and returns them. */
  readonly until: (isThere: (spans: ReadonlyArray<Span>) => boolean) => Promise<ReadonlyArray<Span>>
  readonly stop: () => Promise<void>
}

/** Starts a collector on a free port. */
export const startCollector = async (): Promise<Collector> => {
  const received: Array<string> = []
  const spans: Array<Span> = []
  const metrics = new Set<string>()
  const read = (path: string, body: Buffer): void => {
    // oxlint-disable-next-line no-explicit-any -- it is what the tests are about
    const sent: any = JSON.parse(body.toString())
    const of = (kind: string, scope: string, items: string) =>
      // oxlint-disable-next-line no-explicit-any -- it is what the tests are about
      (sent[kind] ?? []).flatMap((resource: any) => resource[scope].flatMap((each: any) => each[items]))
    if (path === "/v1/traces") spans.push(...of("resourceSpans", "scopeSpans", "spans"))
    for (const { name } of of("resourceMetrics", "scopeMetrics", "metrics")) metrics.add(name)
  }
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const body = Buffer.concat(chunks)
      received.push(`${request.url} ${JSON.stringify(request.headers)} ${body.toString("latin1")}`)
      if (request.headers["content-type"] === "application/json") read(request.url!, body)
      response.writeHead(200, { "content-type": request.headers["content-type"] ?? "text/plain" }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    spans: () => spans,
    metrics: () => metrics,
    until: async (isThere) => {
      await eventually(() => isThere(spans), "the spans are sent")
      return spans
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The settings with which a server sends to a collector at once, as JSON. */
export const sentTo = (collector: Collector, protocol = "http/json") => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_BSP_SCHEDULE_DELAY: "100",
  OTEL_METRIC_EXPORT_INTERVAL: "200",
})
