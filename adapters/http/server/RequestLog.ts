/**
 * What is told of one request in logs and metrics: its route, what came of it, how long it took, and whose API key it was.
 * Never a person: no address, browser, identifier, path as it was sent, query, header, body, token.
 *
 * A note is begun when Node has read the head of a request, filled in on the way, and told once the answer is sent or the
 * connection has ended.
 */
import { Context, Effect, Metric, Tracer } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import * as RouteTable from "./RouteTable.ts"

/** What is found out on the way. */
export interface Details {
  /** The credential that was accepted. */
  readonly caller?: "key" | "session"
  /** The id of the API key. */
  readonly keyId?: string
  readonly organizationId?: string
  readonly projectId?: string
  /** What was wrong: the codes of the answer, or the tag of what failed. */
  readonly error?: string
  /** Why the store could not answer. */
  readonly reason?: string
  /** Where something failed that nobody foresaw: places in the code, without any value. */
  readonly stack?: string
  /** As the answer's body has it. */
  readonly instance?: string
  readonly traceId?: string
}

/** What is told of a request. */
export interface Entry extends Details {
  readonly requestId: string
  readonly method: string
  /** The template of the path, such as `/site-v1/:projectId/session`; `none` where nothing is served. */
  readonly route: string
  /** As sent; 499 where the client was gone before. */
  readonly status: number
  readonly durationMs: number
  /** The length of the body that the head announces, in bytes. */
  readonly bytesIn?: number
  readonly bytesOut?: number
}

/** Who is told of every request. Nobody, unless provided. */
export const Sink = Context.Reference<(told: Entry) => void>("assent/http/RequestLog/Sink", {
  defaultValue: () => () => {},
})

/** What clients that were gone are counted as, after nginx. */
const clientGone = 499

/** The route of what fits no template. */
const noRoute = "none"

/** A note under way. */
interface Note {
  readonly requestId: string
  readonly served: RouteTable.Route | undefined
  findings: Details
  /** Of an answer that was not given by a route. */
  status?: number
}

const notes = new WeakMap<object, Note>()

const noteOf = (request: HttpServerRequest.HttpServerRequest): Note | undefined => notes.get(request.source)

/** What is served at the path of a request; nothing where nothing is. */
export const matchedRoute = (request: HttpServerRequest.HttpServerRequest): RouteTable.Route | undefined =>
  noteOf(request)?.served

/** The template of the path of a request. */
export const routeTemplate = (request: HttpServerRequest.HttpServerRequest): string =>
  matchedRoute(request)?.template ?? noRoute

/** Adds what was found out to the note of the request that is being answered. */
export const add = (findings: Details): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const request = Context.getOrUndefined(fiber.context as Context.Context<never>, HttpServerRequest.HttpServerRequest)
    const note = request && noteOf(request)
    if (note !== undefined) note.findings = { ...note.findings, ...findings }
    return Effect.void
  })

/** Joins the note and the trace of a request, where it is traced. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const span = Context.getOrUndefined(fiber.context as Context.Context<never>, Tracer.ParentSpan)
    if (span === undefined) return effect
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const note = noteOf(request)
    if (note !== undefined) {
      note.findings = { ...note.findings, traceId: span.traceId }
      if (span._tag === "Span") span.attribute("assent.request_id", note.requestId)
    }
    return effect
  })

/** A UUID, or as many digits without hyphens: whatever else a client sends might say something of a person. */
const wellFormed = /^([0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i

const idOf = (sent: string | ReadonlyArray<string> | undefined): string =>
  typeof sent === "string" && wellFormed.test(sent) ? sent.toLowerCase() : randomUUID()

const lengthOf = (header: unknown): number | undefined => {
  const length = Number(header ?? Number.NaN)
  return Number.isSafeInteger(length) ? length : undefined
}

const underWay = Metric.gauge("assent_http_requests_under_way", {
  description: "Requests that are being answered.",
})

const refused = Metric.counter("assent_http_requests_refused", {
  description: "Requests that were one too many, and answered 503 at once.",
  incremental: true,
})

/** Upper ends of the buckets of a histogram of times, in seconds. */
const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The histogram of the requests that had one method, route and status. */
const durations = () => {
  const made = new Map<string, Metric.Histogram<number>>()
  return ({ method, route, status }: Pick<Entry, "method" | "route" | "status">): Metric.Histogram<number> => {
    const key = `${method} ${route} ${status}`
    const known = made.get(key)
    if (known !== undefined) return known
    const histogram = Metric.histogram("assent_http_request_duration_seconds", {
      description: "From the head of a request to the end of its answer, by method, route template and status.",
      attributes: { method, route, status: String(status) },
      boundaries,
    })
    made.set(key, histogram)
    return histogram
  }
}

/** Takes notes of a server's requests. Register before the server takes any. */
export const register = Effect.fnUntraced(function* (server: Server) {
  const tell = yield* Sink
  const context = yield* Effect.context<never>()
  const durationOf = durations()

  const done = (told: Entry): void => {
    durationOf(told).updateUnsafe(told.durationMs / 1000, context)
    tell(told)
  }

  const begin = (request: IncomingMessage, response: ServerResponse): void => {
    const startedAt = performance.now()
    const note: Note = {
      requestId: idOf(request.headers["x-request-id"]),
      served: RouteTable.match((request.url ?? "").split("?", 1)[0]!),
      findings: {},
    }
    notes.set(request, note)
    response.setHeader("x-request-id", note.requestId)
    underWay.modifyUnsafe(1, context)
    response.once("close", () => {
      underWay.modifyUnsafe(-1, context)
      const bytesIn = lengthOf(request.headers["content-length"])
      const bytesOut = lengthOf(response.getHeader("content-length"))
      done({
        requestId: note.requestId,
        method: request.method ?? "",
        route: note.served?.template ?? noRoute,
        status: note.status ?? (response.writableEnded ? response.statusCode : clientGone),
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
        ...note.findings,
        ...(bytesIn !== undefined && { bytesIn }),
        ...(bytesOut !== undefined && { bytesOut }),
      })
    })
  }
  server.prependListener("request", begin)
  server.prependListener("checkContinue", begin)
  server.prependListener("checkExpectation", begin)
  refused.updateUnsafe(0, context)
  // A line of log for each would cost more than refusing it.
  server.on("refused", () => refused.updateUnsafe(1, context))

  /** What was answered to a request that came to no end; or to what is no request: nothing is known of it. */
  const unparsed = (status: number, request: IncomingMessage | undefined): void => {
    const note = request && notes.get(request)
    if (note !== undefined) note.status = status
    else
      done({
        requestId: randomUUID(),
        method: "",
        route: noRoute,
        status,
        durationMs: 0,
        error: "Unparsed",
      })
  }
  return { unparsed }
})
