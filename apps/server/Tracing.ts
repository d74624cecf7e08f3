/**
 * Sends traces and metrics by OTLP, as the variables of OpenTelemetry (`OTEL_…`) say. Without an endpoint nothing runs.
 *
 * What is sent is on an allow list: the attributes of spans that are named here, and the tag of a failure. Nothing else
 * that a library records, such as addresses, URLs, browsers and messages, leaves the process.
 */
import { ConfigProvider, Effect, Exit, Cause, Layer, Option, Tracer } from "effect"
import { FetchHttpClient, HttpMiddleware } from "effect/http"
import { OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import * as Failure from "../../adapters/http/server/Failure.ts"
import * as RequestLog from "../../adapters/http/server/RequestLog.ts"
import { Ledger } from "../../core/Ledger.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"

/**
 * The attributes that are sent. They cannot contain data of a request, except ids of organizations, projects and keys.
 */
const sent = new Set([
  "assent.events",
  "assent.request_id",
  "assent.requests",
  "db.system.name",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "url.scheme",
])

/** The verb and the table of a SQL statement. Its text is not sent, because it could contain a value. */
const summary = (statement: unknown): string => {
  const [, verb, table] = /^\s*(\w+)(?:.*?\b(?:FROM|INTO|UPDATE)\s+(\w+))?/is.exec(String(statement)) ?? []
  return [verb?.toUpperCase(), table].filter((word) => word !== undefined).join(" ")
}

/** A failure of which only the tag is kept. */
const tagOnly = (cause: Cause.Cause<unknown>): Exit.Exit<never, Error> => {
  const { error } = Failure.of(Cause.squash(cause))
  return Exit.fail(Object.assign(new Error(error), { name: error, stack: error }))
}

/** A tracer that passes on only what is on the allow list. Of the traces that begin here, it sends a share. */
const redacting = (tracer: Tracer.Tracer, share: number): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const isChosen = Option.isSome(options.parent) || Math.random() < share
      const span = tracer.span({ ...options, sampled: options.sampled && isChosen })
      const attribute = span.attribute.bind(span)
      const end = span.end.bind(span)
      return Object.assign(span, {
        attribute: (key: string, value: unknown) => {
          if (sent.has(key)) attribute(key, value)
          if (key === "db.query.text") attribute("db.query.summary", summary(value))
        },
        event: () => {},
        end: (endTime: bigint, exit: Exit.Exit<unknown, unknown>) =>
          end(endTime, Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? tagOnly(exit.cause) : exit),
      })
    },
  })

/** The defaults of the variables of OpenTelemetry. */
const defaults = (version: string) =>
  ConfigProvider.fromUnknown({
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_SERVICE_NAME: "assent",
    OTEL_SERVICE_VERSION: version,
  })

interface Options {
  readonly protocol: "http/protobuf" | "http/json"
  /** The share of requests without a `traceparent` that are traced, from 0 to 1. */
  readonly share: number
  /** The version of Assent. */
  readonly version: string
}

/** Sends traces and metrics to the endpoint of the environment, if it names one. */
export const layer = ({ protocol, share, version }: Options): Layer.Layer<never> => {
  const tracer = Layer.effect(
    Tracer.Tracer,
    Effect.map(Tracer.Tracer, (tracer) => (tracer === Tracer.nativeTracer ? tracer : redacting(tracer, share))),
  )
  const route = Layer.succeed(
    HttpMiddleware.SpanNameGenerator,
    (request) => `${request.method} ${RequestLog.routeTemplate(request)}`,
  )
  return Layer.mergeAll(
    tracer.pipe(Layer.provide(OtlpTracer.layerFromConfig())),
    OtlpMetrics.layerFromConfig(),
    route,
  ).pipe(
    Layer.provide(protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(ConfigProvider.layerAdd(defaults(version))),
  )
}

type Method = (...parameters: ReadonlyArray<unknown>) => unknown

/** The name of a member's span; `undefined` if it has none. */
type SpanName = (member: string) => string | undefined

/** A service whose effects each have a span. `nameOf` maps the path of a member to the name of its span. */
const withSpans = <Service extends object>(name: string, service: Service, nameOf: SpanName): Service => {
  const inSpan = (value: unknown, span: string): unknown =>
    Effect.isEffect(value) ? Effect.withSpan(value, span, { captureStackTrace: false }) : value
  const members = Object.entries(service).map(([method, value]: [string, unknown]) => {
    const span = nameOf(`${name}.${method}`)
    if (span === undefined) return [method, value]
    if (Effect.isEffect(value)) return [method, inSpan(value, span)]
    if (typeof value === "function") {
      const call = value as Method
      return [method, (...parameters: ReadonlyArray<unknown>) => inSpan(call(...parameters), span)]
    }
    return [method, typeof value === "object" && value !== null ? withSpans(`${name}.${method}`, value, nameOf) : value]
  })
  // The same members, of the same types.
  return Object.fromEntries(members) as Service
}

/**
 * Members without a span: those that are called many times for each request and are answered from memory, and those
 * that the scheduler and waiting readers of the feed call all the time, outside of any request.
 */
const withoutSpan = new Set([
  "Ledger.catalog",
  "Ledger.projectScope",
  "LedgerStore.catalog.current",
  "LedgerStore.feed.due",
  "LedgerStore.feed.ends",
  "LedgerStore.feed.identityChanges",
  "LedgerStore.feed.lease",
  "LedgerStore.feed.people",
  "LedgerStore.feed.places",
])

/** Names of spans that are not the path of their member, so that they stay the same when a member of the port moves. */
const spanNames: Readonly<Record<string, string>> = {
  "LedgerStore.idempotencyRecord": "LedgerStore.receipt",
  "LedgerStore.events.append": "LedgerStore.append",
  "LedgerStore.events.heads": "LedgerStore.heads",
  "LedgerStore.events.ofPeople": "LedgerStore.events",
  "LedgerStore.events.byId": "LedgerStore.eventsById",
  "LedgerStore.events.byExternalId": "LedgerStore.eventsByExternalId",
  "LedgerStore.events.list": "LedgerStore.list",
  "LedgerStore.events.laneEnds": "LedgerStore.laneEnds",
  "LedgerStore.events.lane": "LedgerStore.lane",
  "LedgerStore.events.usedVersions": "LedgerStore.isUsed",
  "LedgerStore.people.byAlias": "LedgerStore.peopleByAlias",
  "LedgerStore.people.person": "LedgerStore.person",
  "LedgerStore.people.laneEnds": "LedgerStore.peopleEnds",
  "LedgerStore.people.change": "LedgerStore.changePeople",
  "LedgerStore.people.keepProfile": "LedgerStore.keepProfile",
  "LedgerStore.catalog.change": "LedgerStore.configure",
  "LedgerStore.catalog.documents": "LedgerStore.documents",
  "LedgerStore.catalog.keyUses": "LedgerStore.keyUses",
  "LedgerStore.catalog.useKey": "LedgerStore.useKey",
  "LedgerStore.sessions.extend": "LedgerStore.extendSession",
  "LedgerStore.sessions.byToken": "LedgerStore.session",
}

const spanName: SpanName = (member) => (withoutSpan.has(member) ? undefined : (spanNames[member] ?? member))

/** Adds spans to the use cases, if there is a tracer. */
export const ledger = Layer.effect(
  Ledger,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    return (yield* Tracer.Tracer) === Tracer.nativeTracer ? ledger : withSpans("Ledger", ledger, spanName)
  }),
)

/** Adds spans to the calls of the store, if there is a tracer. */
export const store = Layer.effect(
  LedgerStore,
  Effect.gen(function* () {
    const store = yield* LedgerStore
    return (yield* Tracer.Tracer) === Tracer.nativeTracer ? store : withSpans("LedgerStore", store, spanName)
  }),
)
