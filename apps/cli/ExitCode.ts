/**
 * How the process ends: the exit code of every failure, and the words on standard error that go with it.
 *
 * 0: done, or the reader of standard output had enough. 1: this machine failed (no
 * space for the temporary file, a store that cannot be used or is set up already, a bug).
 * 2: the input or the invocation is not right. 130: interrupted. `simulate` has two more, when asked:
 * 1 when something changes, 3 when too much does. `verify` ends with 1 when the ledger is not whole.
 */
import { Cause, Effect, Exit, Runtime } from "effect"
import type { CliError } from "effect/cli"
import type { BadTable } from "../../adapters/duckdb/BadTable.ts"
import type { BadInput, Unreadable, Unwritable } from "../../adapters/files/BadInput.ts"
import type { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import type { NotTheSame, NotWhole, SourceChanged } from "../../core/transfer/Moving.ts"
import type { NoLedger, NotEmpty, StoreDamaged } from "../../core/ports/LedgerRows.ts"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import type { BadQuestion } from "../simulate/Plan.ts"
import type { AlreadySetUp } from "./commands/bootstrap.ts"
import * as Output from "./Output.ts"
import type { NoSuchProject } from "./ProjectFlag.ts"

/** What a command may fail with. */
export type Failure =
  | CliError.CliError
  | BadInput
  | BadTable
  | Unreadable
  | Unwritable
  | BadQuestion
  | TemporaryFileError
  | AlreadySetUp
  | NoSuchProject
  | StoreUnavailable
  | StoreDamaged
  | NoLedger
  | NotEmpty
  | NotWhole
  | NotTheSame
  | SourceChanged
  | Output.OutputClosed
  | Output.OutputFailed

const ok = 0
const machineFailed = 1
const notRight = 2

const end = (code: number): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = code
  })

/** Says on standard error what went wrong, if there is anything to say, and remembers the exit code. */
export const report = (failure: Failure): Effect.Effect<void> => {
  switch (failure._tag) {
    case "OutputClosed":
      return end(ok)
    case "BadInput":
    case "BadTable":
    case "Unreadable":
      return Effect.andThen(Output.info(failure.message), end(notRight))
    case "NoSuchProject":
      return Effect.andThen(Output.error(failure.message), end(notRight))
    case "BadQuestion":
      return Effect.andThen(Output.error(`--${failure.message}`), end(notRight))
    case "NoLedger":
      return Effect.andThen(Output.error(failure.message), end(notRight))
    case "AlreadySetUp":
    case "NotEmpty":
    case "NotTheSame":
    case "NotWhole":
    case "SourceChanged":
    case "StoreDamaged":
    case "StoreUnavailable":
    case "TemporaryFileError":
    case "OutputFailed":
    case "Unwritable":
      return Effect.andThen(Output.error(failure.message), end(machineFailed))
    // Shown already, with a hint to the help.
    case "ShowHelp":
      return end(notRight)
    case "UnrecognizedOption":
    case "DuplicateOption":
    case "MissingOption":
    case "MissingArgument":
    case "UnexpectedArgument":
    case "InvalidValue":
    case "UnknownSubcommand":
    case "ValidationError":
    case "UserError":
      return Effect.andThen(Output.error(failure.message), end(notRight))
  }
}

/** A bug: its stack, so that it can be reported. */
export const reportBug = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.failCause(cause)
    : Effect.andThen(Output.error(`this is a bug in assent\n${Cause.pretty(cause)}`), end(machineFailed))

/** Ends the process where a package is missing that is installed by those who need it. */
export const reportMissing = async (error: unknown): Promise<never> => {
  const [, missing] = /^Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : "") ?? []
  if (missing === undefined) throw error
  await Effect.runPromise(Output.error(`a package is needed that is not there: npm install ${missing}`))
  return process.exit(machineFailed)
}

/** Ends the process with the code remembered; interrupted, with 130. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isSuccess(exit) ? onExit(Number(process.exitCode ?? ok)) : Runtime.defaultTeardown(exit, onExit)
