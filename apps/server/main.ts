/**
 * The process of the service: reads the settings, serves, and ends with an exit code.
 *
 * - 0: after Ctrl-C or SIGTERM, when all accepted requests have been answered
 * - 78 (`EX_CONFIG` of sysexits.h): a setting is invalid, or names what cannot be used until something is changed: a
 *   store, a key file, a log of erasures, a port; or the ledger must be upgraded first. Nothing was started
 * - 64 (`EX_USAGE`): it was called with arguments
 * - 1: it could not serve
 */
import "effect/schema/SchemaJITCompiler/enable"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Config, Console, Effect, Exit, Layer, Schema } from "effect"
import { HttpServerError } from "effect/http"
import { ErasureLogUnavailable } from "../../core/ports/ErasureLog.ts"
import { KeysUnavailable } from "../../core/ports/Keys.ts"
import { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Manifest from "../../adapters/support/Manifest.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as ErasureLogFile from "../ErasureLogFile.ts"
import * as Keys from "../Keys.ts"
import * as KeysFault from "../KeysFault.ts"
import * as ListenFault from "./ListenFault.ts"
import * as Service from "./Service.ts"
import * as Settings from "./Settings.ts"

const exits = { usage: 64, settings: 78, failure: 1 }

const printError = (text: string) => process.stderr.write(`${text}\n`)

/** A message that names the invalid variables of OpenTelemetry, which the layers of OpenTelemetry read themselves. */
const unusable = (error: Config.ConfigError): string => {
  const names = Schema.isSchemaError(error.cause)
    ? Exchange.violations(error.cause).map(({ pointer }) => pointer.slice(1).replaceAll("/", "_"))
    : []
  return `${names.join(", ") || "a variable of OpenTelemetry (OTEL_…)"} cannot be used; see the specification of OpenTelemetry`
}

/** The reason why the service cannot run, from the error of one of its parts. */
const explain = (error: unknown, settings: Settings.Settings): string => {
  if (error instanceof HttpServerError.ServeError) return ListenFault.of(error.cause, settings).message
  if (error instanceof Config.ConfigError) return unusable(error)
  if (error instanceof Keys.KeysNeeded || error instanceof KeysUnavailable)
    return KeysFault.explain(error, KeysFault.variable, Keys.pathOf({ store: settings.store!, keys: settings.keys }))
  if (error instanceof ErasureLogUnavailable) return `${ErasureLogFile.variable}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

const unknownName = (name: string): string => {
  const suggestion = Settings.suggest(name)
  return `${name} is no setting, and sets nothing${suggestion === undefined ? "" : `: do you mean ${suggestion}?`}`
}

/** Whether the service cannot run until a setting is changed, or what a setting names is made or upgraded. */
const isOfSettings = (error: unknown, settings: Settings.Settings): boolean =>
  error instanceof Config.ConfigError ||
  ((error instanceof Keys.KeysNeeded || error instanceof KeysUnavailable) && KeysFault.isLasting(error)) ||
  error instanceof ErasureLogFile.BadErasureLogPath ||
  error instanceof UpgradeNeeded ||
  (error instanceof StoreUnavailable && error.isLasting === true) ||
  (error instanceof HttpServerError.ServeError && ListenFault.of(error.cause, settings).isLasting)

const serve = ({ settings, unknown }: Settings.Read): void =>
  Layer.launch(Service.layer(settings, Manifest.version, unknown.map(unknownName))).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : Console.error(`assent: cannot serve: ${explain(Cause.squash(cause), settings)}`),
    ),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => {
        if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(0)
        onExit(isOfSettings(Cause.squash(exit.cause), settings) ? exits.settings : exits.failure)
      },
    }),
  )

const main = (parameters: ReadonlyArray<string>): void => {
  if (parameters.includes("--help")) return void process.stdout.write(`${Settings.help()}\n`)
  if (parameters.length > 0) {
    printError("assent: cannot serve: it takes no arguments; see --help")
    process.exitCode = exits.usage
    return
  }
  const read = Settings.read(process.env)
  if (read.faults.length === 0) return serve(read)
  printError(Settings.report(read.faults))
  process.exitCode = exits.settings
}

main(process.argv.slice(2))
