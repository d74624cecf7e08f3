/**
 * The process of the command `assent`, with the packages that it needs.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import * as Assent from "./Assent.ts"
import * as ExitCode from "./ExitCode.ts"

/** Runs the command with its arguments, and ends the process. Fails if a package is not installed. */
export const run = async (args: ReadonlyArray<string>): Promise<void> => {
  const assent = await Assent.load(args)
  Assent.run(assent, args).pipe(
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown: ExitCode.teardown }),
  )
}
