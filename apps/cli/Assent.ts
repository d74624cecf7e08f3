/**
 * The command `assent`, of the subcommands of {@link Commands}.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Layer, Logger } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import * as Manifest from "../../adapters/support/Manifest.ts"
import * as Commands from "./Commands.ts"
import * as ExitCode from "./ExitCode.ts"
import * as HelpOutput from "./HelpOutput.ts"
import * as Output from "./Output.ts"
import * as Overview from "./Overview.ts"

/** Whether the flags of all subcommands are needed. */
const needsAll = (arg: string): boolean => arg.startsWith("--completions")

/**
 * Loads the command for its arguments. Loading takes most of the time of a short run, so the subcommands that are not
 * asked for have only their names and summaries.
 */
export const load = async (args: ReadonlyArray<string>) => {
  const asked = Commands.nameOf(args)
  const isAll = args.some(needsAll)
  const subcommands = await Promise.all(
    Object.entries(Commands.all).map(([name, { load, summary }]) =>
      isAll || name === asked ? load() : Command.make(name).pipe(Command.withDescription(summary)),
    ),
  )
  return Command.make("assent").pipe(
    Command.withDescription(Overview.description),
    Command.withSubcommands(subcommands),
  )
}

/** Runs the command with its arguments. It reports every failure, and leaves the exit code in `process.exitCode`. */
export const run = (assent: Awaited<ReturnType<typeof load>>, args: ReadonlyArray<string>) =>
  Command.runWith(assent, { version: Manifest.version })(args).pipe(
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
