/**
 * Serves `GET /metrics` in the text format of Prometheus. It has its own address and port, because the metrics show how
 * much the service is used and must not be public. By default it can be reached from this machine only.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import { HttpMiddleware, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { createServer } from "node:http"
import * as Process from "./Process.ts"

interface Options {
  readonly host: string
  /** If `undefined`, nothing is served. */
  readonly port: number | undefined
  /** Whether metrics are also sent, by OTLP. */
  readonly isSent: boolean
  readonly version: string
}

const contentType = "text/plain; version=0.0.4; charset=utf-8"

/** Answers a request with the current metrics. */
const answer = (measure: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const { method, url } = yield* HttpServerRequest.HttpServerRequest
    if (url !== "/metrics") return HttpServerResponse.empty({ status: 404 })
    if (method !== "GET" && method !== "HEAD")
      return HttpServerResponse.empty({ status: 405, headers: { allow: "GET, HEAD" } })
    yield* measure
    return HttpServerResponse.text(yield* PrometheusMetrics.format(), { contentType })
  })

const listen = (measure: Effect.Effect<void>, host: string, port: number) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      yield* Effect.logInfo("metrics are served", { url: `${HttpServer.formatAddress(address)}/metrics` })
    }),
  ).pipe(
    Layer.merge(HttpServer.serve(answer(measure))),
    Layer.provide(NodeHttpServer.layer(() => createServer(), { host, port })),
    Layer.provide(Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)),
  )

/** Serves the metrics if a port is given, and measures the process regularly if they are sent. */
export const layer = ({ host, isSent, port, version }: Options) =>
  Layer.unwrap(
    Effect.gen(function* () {
      if (port === undefined && !isSent) return Layer.empty
      const measure = yield* Process.make(version)
      if (isSent) yield* Process.measureRegularly(measure)
      return port === undefined ? Layer.empty : listen(measure, host, port)
    }),
  )
