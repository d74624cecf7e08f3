/**
 * The command `assent`. A subcommand is a file of `commands/` and a line here.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { createRequire } from "node:module"
import { Effect, Layer, Logger } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import * as ExitCode from "./ExitCode.ts"
import * as HelpOutput from "./HelpOutput.ts"
import * as Output from "./Output.ts"

const commands = {
  decisions: () => import("./commands/decisions.ts"),
  state: () => import("./commands/state.ts"),
  timeline: () => import("./commands/timeline.ts"),
  simulate: () => import("./commands/simulate.ts"),
  bootstrap: () => import("./commands/bootstrap.ts"),
  migrate: () => import("./commands/migrate.ts"),
  upgrade: () => import("./commands/upgrade.ts"),
  import: () => import("./commands/import.ts"),
  export: () => import("./commands/export.ts"),
  verify: () => import("./commands/verify.ts"),
  move: () => import("./commands/move.ts"),
  keys: () => import("./commands/keys.ts"),
  people: () => import("./commands/people.ts"),
  erase: () => import("./commands/erase.ts"),
  scrub: () => import("./commands/scrub.ts"),
}

const manifest: { readonly version: string } = createRequire(import.meta.url)("assent/package.json")

/**
 * Loads the subcommand of a name, or all subcommands if no subcommand has this name.
 *
 * Loading takes most of the time of a short run, so the modules of other subcommands are not loaded.
 */
export const load = async (name: string | undefined) => {
  const all = Object.entries(commands)
  const asked = all.filter(([each]) => each === name)
  const loading = (asked.length === 0 ? all : asked).map(([, load]) => load())
  const loaded = await Promise.all(loading).catch(ExitCode.reportMissing)
  return Command.make("assent").pipe(
    Command.withDescription("What people have consented to, from files of consent events"),
    Command.withSubcommands(loaded.map(({ command }) => command)),
  )
}

/** Runs the command with its arguments. It reports every failure, and leaves the exit code in `process.exitCode`. */
export const run = (assent: Awaited<ReturnType<typeof load>>, args: ReadonlyArray<string>) =>
  Command.runWith(assent, { version: manifest.version })(args).pipe(
    Effect.catch(ExitCode.report),
    Effect.catchCause(ExitCode.reportBug),
    Effect.provide(
      Layer.mergeAll(
        HelpOutput.layer,
        Logger.layer([Output.logger]),
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
      ),
    ),
  )
