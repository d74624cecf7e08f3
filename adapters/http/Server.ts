/**
 * The HTTP service over a ledger: every endpoint, the OpenAPI description, and the reference at `/docs`.
 *
 * A request passes, in order: the gate; the listeners of Node's server; the middlewares of the router, which see the
 * answer in reverse order; the credential that its endpoint requires; the handler of its endpoint. The first three are
 * listed in {@link gate}, {@link listeners} and {@link middlewares}, and are registered from there. Credentials are
 * checked in `server/Authenticate.ts`, handlers are in `routes/`.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Exit, Layer, Scope } from "effect"
import { Digest } from "effect/crypto"
import {
  HttpRouter,
  type HttpServer,
  type HttpServerError,
  type HttpServerRequest,
  type HttpServerResponse,
} from "effect/http"
import { HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import type { Server, ServerOptions } from "node:http"
import { Ledger } from "../../core/Ledger.ts"
import * as ApiKeyRoutes from "./routes/ApiKeyRoutes.ts"
import * as ChangeRoutes from "./routes/ChangeRoutes.ts"
import * as ComplianceRoutes from "./routes/ComplianceRoutes.ts"
import * as ConnectorRoutes from "./routes/ConnectorRoutes.ts"
import * as ConsentTypeRoutes from "./routes/ConsentTypeRoutes.ts"
import * as DataSystemRoutes from "./routes/DataSystemRoutes.ts"
import * as OpenRoutes from "./routes/OpenRoutes.ts"
import * as OrganizationRoutes from "./routes/OrganizationRoutes.ts"
import * as EmailRoutes from "./routes/EmailRoutes.ts"
import * as ErasureRoutes from "./routes/ErasureRoutes.ts"
import * as PeopleRoutes from "./routes/PeopleRoutes.ts"
import * as PrivacyRoutes from "./routes/PrivacyRoutes.ts"
import * as ProcessingRecordRoutes from "./routes/ProcessingRecordRoutes.ts"
import * as RequesterPageRoutes from "./routes/RequesterPageRoutes.ts"
import * as TaskCallbackRoutes from "./routes/TaskCallbackRoutes.ts"
import * as MetricsRoutes from "./routes/MetricsRoutes.ts"
import * as SiteComplianceRoutes from "./routes/SiteComplianceRoutes.ts"
import * as SiteClientRoutes from "./routes/SiteClientRoutes.ts"
import * as RegionRoutes from "./routes/RegionRoutes.ts"
import * as SiteRoutes from "./routes/SiteRoutes.ts"
import * as TrackerRoutes from "./routes/TrackerRoutes.ts"
import * as VisitRoutes from "./routes/VisitRoutes.ts"
import * as WebhookRoutes from "./routes/WebhookRoutes.ts"
import * as Answer from "./server/Answer.ts"
import * as Authenticate from "./server/Authenticate.ts"
import * as BrowserHeaders from "./server/BrowserHeaders.ts"
import * as Deadline from "./server/Deadline.ts"
import * as Drain from "./server/Drain.ts"
import * as FetchHandler from "./server/FetchHandler.ts"
import type { Handler, HandlerOptions } from "./server/FetchHandler.ts"
import * as LoadShedding from "./server/LoadShedding.ts"
import * as Methods from "./server/Methods.ts"
import * as NodeServer from "./server/NodeServer.ts"
import { describedAt } from "./server/OpenApi.ts"
import * as OpenLimits from "./server/OpenLimits.ts"
import * as Origin from "./server/Origin.ts"
import * as RateLimit from "./server/RateLimit.ts"
import * as RequestLog from "./server/RequestLog.ts"
import * as Timeout from "./server/Timeout.ts"
import * as Unparsed from "./server/Unparsed.ts"

export type { Handler, HandlerOptions } from "./server/FetchHandler.ts"

/** Where the service listens. */
export interface Options {
  /** Default `127.0.0.1`: this machine only. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
}

/** First: a request that is refused here is answered 503, and passes only the `refused` listeners. */
const gate = LoadShedding.make

/** Second, in order of execution. */
const listeners = (server: Server, drain: Drain.Drain, log: RequestLog.RequestLog) => [
  // Counts open answers, so that their connections are closed with them when the service stops.
  drain.listeners,
  // Opens the log entry of the request, which starts its clock.
  log.listeners,
  // Ends the request if it arrives too slowly, and its connection if the answer is not read.
  Deadline.listeners(server),
  // Answers what is not a valid request.
  Unparsed.listeners(log.answeredUnparsed),
  // Last, NodeHttpServer adds the listener that runs the router.
]

type Middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest | Ledger>

/** Third, in order of execution; the first middleware is the outermost, and sees every answer last. */
const middlewares: ReadonlyArray<Middleware> = [
  // Links the log entry and the trace.
  RequestLog.middleware,
  // Adds the headers of every answer.
  BrowserHeaders.middleware,
  // Turns failures into answers.
  Answer.recover,
  // Answers 503 at the time limit.
  Timeout.middleware,
  // Answers preflight requests, and adds the headers that let pages read the answer (CORS).
  Origin.middleware,
  // Answers requests that fit no endpoint.
  Methods.middleware,
]

/** A check mark, so that a browser does not ask for an icon that the service does not have. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 8.5 6.5 12 13 4.5' fill='none' stroke='%230a8' stroke-width='2.5' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"

/**
 * The reference loads nothing from other hosts, and shows no tools of its vendor. On a narrow screen its parameters
 * are wider than the page by the area that a pointer can hit, which is cut off so that the page does not scroll
 * sideways.
 */
const scalar = {
  authentication: { preferredSecurityScheme: "apiKey" },
  favicon: icon,
  customCss: ".narrow-references-container { overflow-x: clip }",
  withDefaultFonts: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  defaultOpenAllTags: true,
}

const routesAt = (basePath: string) => {
  const api = describedAt(basePath)
  return Layer.mergeAll(
    HttpApiBuilder.layer(api, { openapiPath: "/openapi.json" }).pipe(
      Layer.provide([
        PrivacyRoutes.layer,
        ChangeRoutes.layer,
        WebhookRoutes.layer,
        ComplianceRoutes.layer,
        MetricsRoutes.layer,
        ConnectorRoutes.layer,
        ConsentTypeRoutes.layer,
        PeopleRoutes.layer,
        ErasureRoutes.layer,
      ]),
      Layer.provide([
        OrganizationRoutes.layer,
        ApiKeyRoutes.layer,
        DataSystemRoutes.layer,
        ProcessingRecordRoutes.layer,
        EmailRoutes.layer,
        RegionRoutes.layer,
        TrackerRoutes.layer,
      ]),
      Layer.provide([SiteRoutes.layer, SiteComplianceRoutes.layer, VisitRoutes.layer, OpenRoutes.layer]),
      Layer.provide([SiteClientRoutes.scripts, SiteClientRoutes.siteClient, TrackerRoutes.site]),
      Layer.provide([Authenticate.keyLayer, Authenticate.sessionLayer]),
    ),
    HttpApiScalar.layer(api, { path: "/docs", scalar }),
    RequesterPageRoutes.layer,
    TaskCallbackRoutes.layer,
  )
}

const middlewareLayer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    for (const middleware of middlewares) yield* router.addGlobalMiddleware(middleware)
  }),
)

const serverOptions: ServerOptions = {
  headersTimeout: Deadline.limitMillis,
  requestTimeout: 0,
  connectionsCheckingInterval: 1000,
  // A request without Host is answered by `Methods`, with the same error body as every other error.
  requireHostHeader: false,
  // No other protocol is served: a request to upgrade is answered like any other (RFC 9110, section 7.8).
  shouldUpgradeCallback: () => false,
}

/** A server that does not listen yet, with its listeners. */
const make = Effect.gen(function* () {
  const server = NodeServer.make(serverOptions, gate())
  server.maxConnections = LoadShedding.connectionsMax
  const drain = Drain.make(server)
  NodeServer.register(server, listeners(server, drain, yield* RequestLog.make))
  return { server, drain }
})

/** All routes, which are described as under the path. They answer without it. */
const appAt = (basePath: string) => Layer.merge(routesAt(basePath), middlewareLayer)

/** Serves until its scope is closed; then it accepts no new connection, and answers the requests it has accepted. */
export const layer = (
  options: Options,
): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError, Ledger | Digest.Digest> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { drain, server } = yield* make
      const listening = NodeHttpServer.layer(() => server, {
        host: options.host ?? "127.0.0.1",
        port: options.port,
        gracefulShutdownTimeout: `${Drain.limitSeconds} seconds`,
      })
      return HttpRouter.serve(appAt(""), {
        disableLogger: true,
        disableListenLog: true,
      }).pipe(
        Layer.merge(Layer.effectDiscard(drain.onClose)),
        Layer.provide([RateLimit.layer, OpenLimits.layer, Layer.succeed(Drain.Draining, drain.draining)]),
        Layer.provideMerge(listening),
      )
    }),
  )

/**
 * The service as a function of the Fetch standard, to mount it in another server. It has the same routes, limits and
 * log as {@link layer}. Requests that are open when the scope closes are answered, and every later one is answered 503.
 */
export const makeHandler = (
  options: HandlerOptions = {},
): Effect.Effect<Handler, never, Ledger | Digest.Digest | Scope.Scope> =>
  Effect.gen(function* () {
    const { drain, server } = yield* make
    // Closed after the requests are answered, because it is made before the finalizer that waits for them.
    const scope = Scope.forkUnsafe(yield* Effect.scope, "parallel")
    const services = yield* Layer.build(
      Layer.mergeAll(NodeHttpServer.layerHttpServices, RateLimit.layer, OpenLimits.layer),
    )
    const handled = HttpRouter.toHttpEffect(appAt(FetchHandler.basePathOf(options))).pipe(
      Effect.flatMap((router) => NodeHttpServer.makeHandler(router, { scope })),
    )
    const draining = Effect.provideService(handled, Drain.Draining, drain.draining)
    server.on("request", yield* Effect.provide(draining, services))
    const handler = yield* FetchHandler.make(server, options)
    yield* drain.endWaits
    return handler
  })

/** A handler that can be closed. */
export interface ClosableHandler extends Handler {
  /** Answers the requests that are open, and every later one with 503. */
  readonly close: () => Promise<void>
}

/**
 * {@link makeHandler} for programs that do not run it as an effect: the service over a ledger as a function of the
 * Fetch standard. It is made at the first request.
 *
 * @example
 *   const handler = Server.handler(ledger, { basePath: "/consent" })
 *   export default { fetch: handler }
 */
export const handler = (ledger: Ledger["Service"], options: HandlerOptions = {}): ClosableHandler => {
  const scope = Scope.makeUnsafe()
  const services = Layer.merge(Layer.succeed(Ledger, ledger), Digest.layerWebCrypto)
  let made: Promise<Handler> | undefined
  const get = () => (made ??= Effect.runPromise(Scope.provide(Effect.provide(makeHandler(options), services), scope)))
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  return Object.assign(async (request: Request) => (await get())(request), { close })
}
