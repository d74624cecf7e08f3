/**
 * How help, version and wrong invocations are shown: what was asked for goes to standard output, what was not to
 * standard error.
 */
import { Console, Effect } from "effect"
import { CliOutput } from "effect/cli"
import * as Output from "./Output.ts"

/** A sentence becomes a part of one; the name of a variable stays. */
const lowerFirst = (text: string): string => text.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())

/** Shows a wrong invocation as its errors and where to find help, not as the whole help. */
export const layer = CliOutput.layerPresenter({
  present: Effect.fnUntraced(function* (event) {
    switch (event._tag) {
      case "Help":
        if (event.reason === "Requested") return yield* CliOutput.defaultPresenter.present(event)
        yield* Output.error("a command is missing")
        break
      case "Version":
        return yield* Console.log(`${event.name} ${event.version}`)
      case "InvalidInvocation":
        for (const error of event.errors) yield* Output.error(lowerFirst(error.message))
        break
    }
    yield* Output.info(`see ${event.commandPath.join(" ")} --help`)
  }),
})
