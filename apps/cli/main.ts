#!/usr/bin/env node
/**
 * The command `assent`. The version and the overview are answered before any package is loaded, so that these always
 * answer. A package that is missing is named, with the command that installs it.
 */
import * as Manifest from "../../adapters/support/Manifest.ts"
import * as MissingPackage from "../../adapters/support/MissingPackage.ts"
import * as NodeVersion from "./NodeVersion.ts"
import * as Overview from "./Overview.ts"

/** The packages that every subcommand needs. */
const always = ["effect", "@effect/platform-node"]

/** The packages that subcommands for files and SQLite need. All that are missing are named at once. */
const usual = [...always, "csv-parse", "csv-stringify", "temporal-polyfill"]

const machineFailed = 1

const fail = (message: string): void => {
  process.stderr.write(`error: ${message}\n`)
  process.exitCode = machineFailed
}

/** Reports the packages without which the command cannot be loaded. Any other error is a bug. */
const reportMissing = (error: unknown): void => {
  const missing = MissingPackage.nameOf(error)
  if (missing === undefined && MissingPackage.missingOf(always).length === 0) throw error
  const names = new Set([...MissingPackage.missingOf(usual), ...(missing === undefined ? [] : [missing])])
  fail(`the command line ${MissingPackage.reason([...names])}`)
}

const run = async (args: ReadonlyArray<string>): Promise<void> => {
  const answer = Overview.answer(args)
  if (answer !== undefined) process.stdout.write(answer)
  else if (!NodeVersion.fits(process.versions.node, Manifest.engines.node))
    fail(`Node.js ${Manifest.engines.node} is needed, and this is ${process.versions.node}`)
  else await import("./Process.ts").then(({ run }) => run(args)).catch(reportMissing)
}

// Each write handles its own error. Without these listeners, a closed pipe would also be an uncaught error.
process.stdout.on("error", () => undefined)
process.stderr.on("error", () => undefined)

await run(process.argv.slice(2))
