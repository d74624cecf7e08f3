/**
 * Prints help and version on standard output, if they were asked for, and wrong invocations on standard error.
 */
import { Console, Effect } from "effect"
import { CliOutput } from "effect/cli"
import * as Output from "./Output.ts"
import * as Overview from "./Overview.ts"

/** Makes the first letter lower case, unless the second is upper case, as in the name of a variable. */
const lowerFirst = (text: string): string => text.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())

/** The help of the command itself is the overview, which is printed without any package, too. */
const requested = (event: CliOutput.Presenter.Help) =>
  event.commandPath.length === 1 ? Console.log(Overview.help().trimEnd()) : CliOutput.defaultPresenter.present(event)

/** Prints for a wrong invocation its errors and how to get help, but not the whole help. */
export const layer = CliOutput.layerPresenter({
  present: Effect.fnUntraced(function* (event) {
    switch (event._tag) {
      case "Help":
        if (event.reason === "Requested") return yield* requested(event)
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
