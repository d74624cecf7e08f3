/**
 * The HTTP service over a ledger: every route, the OpenAPI description and the reference at `/docs`.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer } from "effect"
import type { Digest } from "effect/crypto"
import { HttpRouter, type HttpServer, type HttpServerError } from "effect/http"
import { HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import { createServer } from "node:http"
import type { Ledger } from "../../core/Ledger.ts"
import * as Access from "./server/Access.ts"
import * as LoadShedding from "./server/LoadShedding.ts"
import * as Answer from "./server/Answer.ts"
import * as Timeout from "./server/Timeout.ts"
import * as BrowserHeaders from "./server/BrowserHeaders.ts"
import * as Deadline from "./server/Deadline.ts"
import { DescribedApi } from "./server/OpenApi.ts"
import * as Drain from "./server/Drain.ts"
import * as Methods from "./server/Methods.ts"
import * as OpenRoutes from "./routes/OpenRoutes.ts"
import * as Origin from "./server/Origin.ts"
import * as ApiKeyRoutes from "./routes/ApiKeyRoutes.ts"
import * as OrganizationRoutes from "./routes/OrganizationRoutes.ts"
import * as PeopleRoutes from "./routes/PeopleRoutes.ts"
import * as PrivacyRoutes from "./routes/PrivacyRoutes.ts"
import * as RequestLog from "./server/RequestLog.ts"
import * as SiteRoutes from "./routes/SiteRoutes.ts"
import * as ConsentTypeRoutes from "./routes/ConsentTypeRoutes.ts"
import * as Unparsed from "./server/Unparsed.ts"

/** Where the service listens. */
export interface Options {
  /** Default `127.0.0.1`: this machine only. */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
}

/** The reference: nothing from another host, and nothing of its maker's tools. */
const scalar = {
  withDefaultFonts: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  defaultOpenAllTags: true,
}

const routes = Layer.mergeAll(
  HttpApiBuilder.layer(DescribedApi, { openapiPath: "/openapi.json" }).pipe(
    Layer.provide([PrivacyRoutes.layer, ConsentTypeRoutes.layer, PeopleRoutes.layer]),
    Layer.provide([OrganizationRoutes.layer, ApiKeyRoutes.layer, SiteRoutes.layer, OpenRoutes.layer]),
    Layer.provide([Access.keyLayer, Access.sessionLayer]),
  ),
  HttpApiScalar.layer(DescribedApi, { path: "/docs", scalar }),
)

/** The first one sees every answer last: failures become answers, which get the headers of their origin, then those of all. */
const middleware = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    yield* router.addGlobalMiddleware(RequestLog.middleware)
    yield* router.addGlobalMiddleware(BrowserHeaders.middleware)
    yield* router.addGlobalMiddleware(Answer.recover)
    yield* router.addGlobalMiddleware(Timeout.middleware)
    yield* router.addGlobalMiddleware(Origin.middleware)
    yield* router.addGlobalMiddleware(Methods.middleware)
  }),
)

/** Serves until its scope is closed; then takes no new connection and answers what it has accepted. */
export const layer = (
  options: Options,
): Layer.Layer<HttpServer.HttpServer, HttpServerError.ServeError, Ledger | Digest.Digest> => {
  const node = createServer({
    headersTimeout: Deadline.limitMillis,
    requestTimeout: 0,
    connectionsCheckingInterval: 1000,
    // A missing Host is answered like every other error.
    requireHostHeader: false,
    // No other protocol is served: a request to upgrade is answered like any other (RFC 9110, section 7.8).
    shouldUpgradeCallback: () => false,
  })
  Deadline.register(node)
  LoadShedding.register(node)
  const watching = Layer.effectDiscard(
    Effect.map(RequestLog.register(node), ({ unparsed }) => Unparsed.register(node, unparsed)),
  )
  const listening = NodeHttpServer.layer(() => node, {
    host: options.host ?? "127.0.0.1",
    port: options.port,
    gracefulShutdownTimeout: `${Drain.limitSeconds} seconds`,
  }).pipe(Layer.provide(watching))
  return HttpRouter.serve(Layer.merge(routes, middleware), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.merge(Layer.effectDiscard(Drain.register(node))),
    Layer.provideMerge(listening),
  )
}
