/**
 * Prints help and version on standard output, if they were asked for, and wrong invocations on standard error.
 */
import { Console, Effect } from "effect"
import { CliOutput } from "effect/cli"
import * as Output from "./Output.ts"

/** Makes the first letter lower case, unless the second is upper case, as in the name of a variable. */
const lowerFirst = (text: string): string => text.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())

/** Prints for a wrong invocation its errors and how to get help, but not the whole help. */
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
