/**
 * Traces and metrics by OTLP, as OpenTelemetry's variables (`OTEL_…`) set them. Without an endpoint nothing of it runs.
 *
 * What leaves the process is a list of what may: of spans the attributes named here, of what failed its tag. So nothing that
 * a library notes of its own accord, such as addresses, URLs, browsers and messages, is ever sent.
 */
import { ConfigProvider, Effect, Exit, Cause, Layer, Option, Tracer } from "effect"
import { FetchHttpClient, HttpMiddleware } from "effect/http"
import { OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import * as Failure from "../../adapters/http/server/Failure.ts"
import * as RequestLog from "../../adapters/http/server/RequestLog.ts"
import { Ledger } from "../../core/Ledger.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"

/** The attributes that are sent. None of them can hold what somebody sent, but ids of organizations, projects and keys. */
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

/** A statement in short: what it does to which table. Its text is left out, in case one ever holds a value. */
const summary = (statement: unknown): string => {
  const [, verb, table] = /^\s*(\w+)(?:.*?\b(?:FROM|INTO|UPDATE)\s+(\w+))?/is.exec(String(statement)) ?? []
  return [verb?.toUpperCase(), table].filter((word) => word !== undefined).join(" ")
}

/** A failure with nothing but its tag. */
const tagged = (cause: Cause.Cause<unknown>): Exit.Exit<never, Error> => {
  const { error } = Failure.of(Cause.squash(cause))
  return Exit.fail(Object.assign(new Error(error), { name: error, stack: error }))
}

/** A tracer that passes on only what may be known; a share of the traces that begin here are sent. */
const discreet = (tracer: Tracer.Tracer, share: number): Tracer.Tracer =>
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
          end(endTime, Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? tagged(exit.cause) : exit),
      })
    },
  })

/** What OpenTelemetry's variables are where they are not set. */
const defaults = (version: string) =>
  ConfigProvider.fromUnknown({
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_SERVICE_NAME: "assent",
    OTEL_SERVICE_VERSION: version,
  })

interface Options {
  readonly protocol: "http/protobuf" | "http/json"
  /** Of the requests without a `traceparent`, from 0 to 1. */
  readonly share: number
  /** Of Assent. */
  readonly version: string
}

/** Sends traces and metrics to the endpoint of the environment, if it names one. */
export const layer = ({ protocol, share, version }: Options): Layer.Layer<never> => {
  const tracer = Layer.effect(
    Tracer.Tracer,
    Effect.map(Tracer.Tracer, (tracer) => (tracer === Tracer.nativeTracer ? tracer : discreet(tracer, share))),
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

/** A service, each of whose effects has a span of its own, named by `nameOf` for the path of the member. */
const spanned = <Service extends object>(name: string, service: Service, nameOf: SpanName): Service => {
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
    return [method, typeof value === "object" && value !== null ? spanned(`${name}.${method}`, value, nameOf) : value]
  })
  // The same members, of the same types.
  return Object.fromEntries(members) as Service
}

/** Members that are asked many times for each request, and answered from memory. */
const withoutSpan = new Set(["Ledger.catalog", "Ledger.projectScope", "LedgerStore.catalog.current"])

/** Names of spans that are not the path of their member: they stay the same when the port is arranged in another way. */
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
  "LedgerStore.events.isTypeUsed": "LedgerStore.isUsed",
  "LedgerStore.people.byAlias": "LedgerStore.peopleByAlias",
  "LedgerStore.people.person": "LedgerStore.person",
  "LedgerStore.people.laneEnds": "LedgerStore.peopleEnds",
  "LedgerStore.people.change": "LedgerStore.changePeople",
  "LedgerStore.people.profile": "LedgerStore.profile",
  "LedgerStore.people.keepProfile": "LedgerStore.keepProfile",
  "LedgerStore.catalog.change": "LedgerStore.configure",
  "LedgerStore.catalog.documents": "LedgerStore.documents",
  "LedgerStore.catalog.keyUses": "LedgerStore.keyUses",
  "LedgerStore.catalog.useKey": "LedgerStore.useKey",
  "LedgerStore.sessions.extend": "LedgerStore.extendSession",
  "LedgerStore.sessions.byToken": "LedgerStore.session",
}

const spanName: SpanName = (member) => (withoutSpan.has(member) ? undefined : (spanNames[member] ?? member))

/** Gives the use cases spans, where there is a tracer. */
export const ledger = Layer.effect(
  Ledger,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    return (yield* Tracer.Tracer) === Tracer.nativeTracer ? ledger : spanned("Ledger", ledger, spanName)
  }),
)

/** Gives what the store is asked spans, where there is a tracer. */
export const store = Layer.effect(
  LedgerStore,
  Effect.gen(function* () {
    const store = yield* LedgerStore
    return (yield* Tracer.Tracer) === Tracer.nativeTracer ? store : spanned("LedgerStore", store, spanName)
  }),
)
