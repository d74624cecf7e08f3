/**
 * The process of the command `assent`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import * as Assent from "./Assent.ts"
import * as ExitCode from "./ExitCode.ts"

const [, , ...args] = process.argv
const assent = await Assent.load(args[0])

// Each write handles its own error. Without these listeners, a closed pipe would also be an uncaught error.
process.stdout.on("error", () => undefined)
process.stderr.on("error", () => undefined)

Assent.run(assent, args).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: ExitCode.teardown }),
)
