/**
 * `assent`: the engine on files, and setting up a store. One command is one file of `commands/` and one line here.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { createRequire } from "node:module"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import * as Bootstrap from "./commands/bootstrap.ts"
import * as Import from "./commands/import.ts"
import * as Export from "./commands/export.ts"
import * as Decisions from "./commands/decisions.ts"
import * as Migrate from "./commands/migrate.ts"
import * as Move from "./commands/move.ts"
import * as Simulate from "./commands/simulate.ts"
import * as State from "./commands/state.ts"
import * as Timeline from "./commands/timeline.ts"
import * as Verify from "./commands/verify.ts"
import * as Ending from "./Ending.ts"
import * as Presenter from "./Presenter.ts"

const assent = Command.make("assent").pipe(
  Command.withDescription("What people have consented to, from files of consent events"),
  Command.withSubcommands([
    Decisions.command,
    State.command,
    Timeline.command,
    Simulate.command,
    Bootstrap.command,
    Migrate.command,
    Import.command,
    Export.command,
    Verify.command,
    Move.command,
  ]),
)

const manifest: { readonly version: string } = createRequire(import.meta.url)("assent/package.json")

// Every write is answered where it is made; without a listener, a reader that goes away would be an uncaught error.
process.stdout.on("error", () => undefined)

Command.run(assent, { version: manifest.version }).pipe(
  Effect.catch(Ending.report),
  Effect.catchCause(Ending.reportBug),
  Effect.provide(
    Layer.mergeAll(
      NodeServices.layer,
      Presenter.layer,
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
    ),
  ),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: Ending.teardown }),
)
