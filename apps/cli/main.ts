#!/usr/bin/env node
/**
 * The command `assent`. It loads no package for the version and the overview, and only then those of a subcommand, so
 * that these always answer and a package that is missing is named with the command that installs it.
 */
import * as MissingPackage from "../../adapters/support/MissingPackage.ts"
import * as Overview from "./Overview.ts"

/** The packages that every subcommand needs. */
const always = ["effect", "@effect/platform-node"]

/** Ends the process because a package is not installed. */
const reportMissing = (error: unknown): void => {
  const missing = MissingPackage.nameOf(error)
  if (missing === undefined) throw error
  const names = [...new Set([...always.filter((name) => !MissingPackage.isInstalled(name)), missing])]
  process.stderr.write(`error: packages are needed that are not installed: ${MissingPackage.install(names)}\n`)
  process.exitCode = 1
}

// Each write handles its own error. Without these listeners, a closed pipe would also be an uncaught error.
process.stdout.on("error", () => undefined)
process.stderr.on("error", () => undefined)

const [, , ...args] = process.argv
const answer = Overview.answer(args)
if (answer !== undefined) process.stdout.write(answer)
else await import("./Process.ts").then(({ run }) => run(args)).catch(reportMissing)
