/**
 * `GET /metrics` in the text form of Prometheus, on an address and port of its own: it tells how much is going on and for how
 * many, which is nobody's business outside. By default it is reached from this machine only.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import { HttpMiddleware, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { createServer } from "node:http"
import * as Process from "./Process.ts"

interface Options {
  readonly host: string
  /** Left out: nothing is served. */
  readonly port: number | undefined
  /** Whether metrics are sent to somebody, too. */
  readonly isSent: boolean
  readonly version: string
}

const contentType = "text/plain; version=0.0.4; charset=utf-8"

/** Answers the metrics as they are now. */
const answer = (look: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const { method, url } = yield* HttpServerRequest.HttpServerRequest
    if (url !== "/metrics") return HttpServerResponse.empty({ status: 404 })
    if (method !== "GET" && method !== "HEAD")
      return HttpServerResponse.empty({ status: 405, headers: { allow: "GET, HEAD" } })
    yield* look
    return HttpServerResponse.text(yield* PrometheusMetrics.format(), { contentType })
  })

const listen = (look: Effect.Effect<void>, host: string, port: number) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      yield* Effect.logInfo("metrics are served", { url: `${HttpServer.formatAddress(address)}/metrics` })
    }),
  ).pipe(
    Layer.merge(HttpServer.serve(answer(look))),
    Layer.provide(NodeHttpServer.layer(() => createServer(), { host, port })),
    Layer.provide(Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)),
  )

/** Serves the metrics, if a port is given; and looks at the process from time to time, if they are sent. */
export const layer = ({ host, isSent, port, version }: Options) =>
  Layer.unwrap(
    Effect.gen(function* () {
      if (port === undefined && !isSent) return Layer.empty
      const look = yield* Process.make(version)
      if (isSent) yield* Process.watch(look)
      return port === undefined ? Layer.empty : listen(look, host, port)
    }),
  )
