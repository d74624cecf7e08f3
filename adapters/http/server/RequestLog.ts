/**
 * The log entry and the metrics of each request: its route, status and duration, and the id of the API key. They hold
 * nothing about a person: no address, browser, identifier, path as sent, query, header, body, or token.
 *
 * An entry is opened when Node has read the head of a request, completed while the request is handled, and written once
 * the answer is sent or the connection has ended.
 */
import { Context, Effect, Metric, Tracer } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Listeners } from "./NodeServer.ts"
import * as RouteTable from "./RouteTable.ts"
import * as Slot from "./Slot.ts"

/** Details that become known while a request is handled. */
export interface Details {
  /** The credential that was accepted. */
  readonly caller?: "key" | "session"
  /** The id of the API key. */
  readonly keyId?: string
  readonly organizationId?: string
  readonly projectId?: string
  /** The error: the codes of the violations in the answer, or the tag of the failure. */
  readonly error?: string
  /** Why the store could not answer. */
  readonly reason?: string
  /** Where an unexpected failure came from: places in the code, without any value. */
  readonly stack?: string
  /** `instance` of the answer's body. */
  readonly instance?: string
  readonly traceId?: string
}

/** A log entry. */
export interface LogEntry extends Details {
  readonly requestId: string
  readonly method: string
  /** The template of the path, such as `/site-v1/:projectId/session`; `none` for a path that is not served. */
  readonly route: string
  /** As sent; 499 if the client closed the connection before. */
  readonly status: number
  readonly durationMs: number
  /** `Content-Length` of the request, in bytes. */
  readonly bytesIn?: number
  /** `Content-Length` of the answer, in bytes. */
  readonly bytesOut?: number
}

/** The function that every entry is passed to. The default does nothing. */
export const Sink = Context.Reference<(entry: LogEntry) => void>("assent/http/RequestLog/Sink", {
  defaultValue: () => () => {},
})

/** The status of a request if the client closed the connection before the answer, as in nginx. */
const clientGone = 499

/** The route of requests that match no template. */
const noRoute = "none"

/** An entry that is not written yet. */
interface OpenEntry {
  readonly requestId: string
  readonly route: RouteTable.Route | undefined
  readonly details: { -readonly [Key in keyof Details]: Details[Key] }
  /** `Content-Length` of the answer. */
  length?: string | undefined
  /** The status of an answer that `Unparsed` wrote, past Node's response. */
  status?: number
}

const openEntries = Slot.make<OpenEntry>("log entry")

const openEntryOf = (request: HttpServerRequest.HttpServerRequest): OpenEntry | undefined =>
  openEntries.get(request.source)

/** The route that the path of a request matches; `undefined` for a path that is not served. */
export const matchedRoute = (request: HttpServerRequest.HttpServerRequest): RouteTable.Route | undefined =>
  openEntryOf(request)?.route

/** The template of the path of a request. */
export const routeTemplate = (request: HttpServerRequest.HttpServerRequest): string =>
  matchedRoute(request)?.template ?? noRoute

/** The id of a request, which its answer has in `x-request-id`. */
export const requestId = (request: HttpServerRequest.HttpServerRequest): string | undefined =>
  openEntryOf(request)?.requestId

/** Adds details to the entry of a request. */
export const addTo = (request: HttpServerRequest.HttpServerRequest, details: Details): void => {
  const entry = openEntryOf(request)
  if (entry !== undefined) Object.assign(entry.details, details)
}

/** Adds details to the entry of the current request. */
export const add = (details: Details): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const request = Context.getOrUndefined(fiber.context as Context.Context<never>, HttpServerRequest.HttpServerRequest)
    if (request !== undefined) addTo(request, details)
    return Effect.void
  })

/** Links the entry and the trace of a request that is traced, and notes the length of the answer. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const entry = openEntryOf(request)
    if (entry === undefined) return effect
    const span = Context.getOrUndefined(fiber.context as Context.Context<never>, Tracer.ParentSpan)
    if (span !== undefined) {
      entry.details.traceId = span.traceId
      if (span._tag === "Span") span.attribute("assent.request_id", entry.requestId)
    }
    return Effect.map(effect, (response) => {
      entry.length = response.headers["content-length"]
      return response
    })
  })

/**
 * A UUID, with or without hyphens. Any other `x-request-id` is replaced, because it could hold something about a
 * person.
 */
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

/** Upper bounds of the buckets of the histogram, in seconds. */
const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Returns the function that gives the histogram of a method, route and status, which it makes once. */
const durations = () => {
  const histograms = new Map<string, Metric.Histogram<number>>()
  return ({ method, route, status }: Pick<LogEntry, "method" | "route" | "status">): Metric.Histogram<number> => {
    const key = `${method} ${route} ${status}`
    const existing = histograms.get(key)
    if (existing !== undefined) return existing
    const histogram = Metric.histogram("assent_http_request_duration_seconds", {
      description: "From the head of a request to the end of its answer, by method, route template and status.",
      attributes: { method, route, status: String(status) },
      boundaries,
    })
    histograms.set(key, histogram)
    return histogram
  }
}

/** Writes the entries of a server. */
export interface RequestLog {
  readonly listeners: Listeners
  /**
   * Sets the status of a request that `Unparsed` answered. Without a request, writes an entry that holds
   * only the status.
   */
  readonly answeredUnparsed: (status: number, request: IncomingMessage | undefined) => void
}

/** The log of a server, which writes to the current {@link Sink}. */
export const make: Effect.Effect<RequestLog> = Effect.gen(function* () {
  const sink = yield* Sink
  const context = yield* Effect.context<never>()
  const durationOf = durations()

  const write = (entry: LogEntry): void => {
    durationOf(entry).updateUnsafe(entry.durationMs / 1000, context)
    sink(entry)
  }

  const open = (request: IncomingMessage, response: ServerResponse): OpenEntry => {
    const startedAt = performance.now()
    const entry: OpenEntry = {
      requestId: idOf(request.headers["x-request-id"]),
      route: RouteTable.match((request.url ?? "").split("?", 1)[0]!),
      details: {},
    }
    openEntries.set(request, entry)
    underWay.modifyUnsafe(1, context)
    response.once("close", () => {
      underWay.modifyUnsafe(-1, context)
      const bytesIn = lengthOf(request.headers["content-length"])
      const bytesOut = lengthOf(entry.length)
      write({
        requestId: entry.requestId,
        method: request.method ?? "",
        route: entry.route?.template ?? noRoute,
        status: entry.status ?? (response.writableEnded ? response.statusCode : clientGone),
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
        ...entry.details,
        ...(bytesIn !== undefined && { bytesIn }),
        ...(bytesOut !== undefined && { bytesOut }),
      })
    })
    return entry
  }

  refused.updateUnsafe(0, context)
  return {
    listeners: {
      request: open,
      // No middleware sees it.
      unknownExpectation: (request, response) => {
        response.setHeader("x-request-id", open(request, response).requestId)
      },
      // Refusals are counted only: a line of log for each would cost more than the refusal.
      refused: () => refused.updateUnsafe(1, context),
    },
    answeredUnparsed: (status, request) => {
      const entry = request && openEntries.get(request)
      if (entry !== undefined) entry.status = status
      else write({ requestId: randomUUID(), method: "", route: noRoute, status, durationMs: 0, error: "Unparsed" })
    },
  }
})
