/**
 * The service: settings from the environment, a store, the ledger over it, HTTP in front.
 *
 * Ctrl-C and SIGTERM drain it: what was accepted is answered, then the process exits with 0.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Config, Console, Effect, Exit, Layer, Logger, Schema } from "effect"
import { HttpServerError } from "effect/http"
import { GeographyHeader } from "../../adapters/http/server/OpenRoutes.ts"
import { Quotas } from "../../adapters/http/server/RateLimit.ts"
import { StateMaxAge } from "../../adapters/http/server/SiteRoutes.ts"
import * as Server from "../../adapters/http/server/Server.ts"
import * as Exchange from "../../core/Exchange.ts"
import * as Ledger from "../../core/ledger/Ledger.ts"
import * as Crypto from "../Crypto.ts"
import * as Store from "../Store.ts"
import { settings } from "./Settings.ts"
import * as Welcome from "./Welcome.ts"

const service = Layer.unwrap(
  Effect.gen(function* () {
    const { geographyHeader, host, port, quotas, stateMaxAge, store } = yield* settings
    return Layer.effectDiscard(Welcome.print).pipe(
      Layer.provide(Server.layer({ host, port })),
      Layer.provide(Ledger.layer),
      Layer.provide([Store.layer(store), Crypto.layer]),
      Layer.provide([Layer.succeed(GeographyHeader, geographyHeader), Layer.succeed(Quotas, quotas)]),
      Layer.provide(Layer.succeed(StateMaxAge, stateMaxAge)),
    )
  }),
).pipe(Layer.provide(Logger.layer([Logger.consoleJson])))

/** Why the service cannot start: a setting by the name of its variable, or what a part says of itself. */
const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof Config.ConfigError && Schema.isSchemaError(error.cause)) {
    const faults = Exchange.violations(error.cause).map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`)
    return faults.join("; ")
  }
  if (error instanceof HttpServerError.ServeError) return `HOST, PORT: ${String(error.cause)}`
  return error instanceof Error ? error.message : String(error)
}

Layer.launch(service).pipe(
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`assent: cannot serve: ${explain(cause)}`),
  ),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1),
  }),
)
