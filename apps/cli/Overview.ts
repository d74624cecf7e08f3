/**
 * The version of `assent`, and the overview of its subcommands. Neither needs a package.
 */
import * as Commands from "./Commands.ts"
import * as Manifest from "../../adapters/support/Manifest.ts"

/** What `assent` is, in one line. */
export const description = "What people have consented to: ask files and ledgers, and run a ledger"

const isHelp = (arg: string): boolean => arg === "--help" || arg === "-h"
const isVersion = (arg: string): boolean => arg === "--version" || arg === "-v"

const section = (title: string, rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return [title, ...rows.map(([name, text]) => `  ${name.padEnd(width)}    ${text}`)].join("\n")
}

/** The overview, with a line feed at the end. */
export const help = (): string =>
  `${[
    `DESCRIPTION\n  ${description}`,
    "USAGE\n  assent <subcommand> [flags]",
    section(
      "SUBCOMMANDS",
      Object.entries(Commands.all).map(([name, { summary }]) => [name, summary]),
    ),
    section("FLAGS", [
      ["--help, -h", "Show this, or after a subcommand its flags and examples"],
      ["--version, -v", "Show the version"],
      ["--completions <shell>", "Print completions for bash, zsh, fish or powershell"],
    ]),
  ].join("\n\n")}\n`

/** The answer to an invocation that asks for the version or the overview; `undefined` for any other. */
export const answer = (args: ReadonlyArray<string>): string | undefined => {
  const [first = ""] = args
  if (isVersion(first)) return `assent ${Manifest.version}\n`
  return isHelp(first) && Commands.nameOf(args) === undefined ? help() : undefined
}
