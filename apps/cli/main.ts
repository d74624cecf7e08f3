/**
 * `assent`: the engine on files, and setting up a store. One command is one file of `commands/` and one line here.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { createRequire } from "node:module"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import * as ExitCode from "./ExitCode.ts"
import * as HelpOutput from "./HelpOutput.ts"

const commands = {
  decisions: () => import("./commands/decisions.ts"),
  state: () => import("./commands/state.ts"),
  timeline: () => import("./commands/timeline.ts"),
  simulate: () => import("./commands/simulate.ts"),
  bootstrap: () => import("./commands/bootstrap.ts"),
  migrate: () => import("./commands/migrate.ts"),
  import: () => import("./commands/import.ts"),
  export: () => import("./commands/export.ts"),
  verify: () => import("./commands/verify.ts"),
  move: () => import("./commands/move.ts"),
}

// Loading is most of what a short run does: only the command that is asked for, or all where none or another one is.
const all = Object.entries(commands)
const asked = all.filter(([name]) => name === process.argv[2])
const loading = (asked.length === 0 ? all : asked).map(([, load]) => load())
const loaded = await Promise.all(loading).catch(ExitCode.reportMissing)

const assent = Command.make("assent").pipe(
  Command.withDescription("What people have consented to, from files of consent events"),
  Command.withSubcommands(loaded.map(({ command }) => command)),
)

const manifest: { readonly version: string } = createRequire(import.meta.url)("assent/package.json")

// Every write is answered where it is made; without a listener, a reader that goes away would be an uncaught error.
process.stdout.on("error", () => undefined)
process.stderr.on("error", () => undefined)

Command.run(assent, { version: manifest.version }).pipe(
  Effect.catch(ExitCode.report),
  Effect.catchCause(ExitCode.reportBug),
  Effect.provide(
    Layer.mergeAll(
      NodeServices.layer,
      HelpOutput.layer,
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
    ),
  ),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: ExitCode.teardown }),
)
