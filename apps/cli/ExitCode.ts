/**
 * The exit code of every failure, and its message on standard error.
 *
 * - 0: done, or the reader of standard output has closed it
 * - 1: this machine failed: no space for the temporary file, a store that cannot be used or is set up already, a bug
 * - 2: the input or the invocation is wrong
 * - 130: interrupted
 *
 * `simulate` has two more codes, if they are asked for: 1 when anything changes, and 3 when too much changes. `verify`
 * ends with 1 when the ledger is not whole, and `webhooks try` when the receiver has not taken the change.
 */
import { Cause, Effect, Exit, Runtime } from "effect"
import type { CliError } from "effect/cli"
import type { ChromiumFault } from "../../adapters/chromium/Chromium.ts"
import type { BadTable } from "../../adapters/duckdb/BadTable.ts"
import type { BadInput, Unreadable, Unwritable } from "../../adapters/files/BadInput.ts"
import type { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import type { ReplacedDates } from "../../core/transfer/ImportRun.ts"
import type { NotTheSame, NotWhole, SourceChanged } from "../../core/transfer/Moving.ts"
import type { NotUpgraded } from "../../core/transfer/Upgrading.ts"
import type { CannotUpgrade } from "../../core/ports/LedgerUpgrade.ts"
import type { NoLedger, NotEmpty, StoreDamaged, UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import type { ErasureLogUnavailable } from "../../core/ports/ErasureLog.ts"
import type { KeysUnavailable } from "../../core/ports/Keys.ts"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import type { BadErasureLogPath } from "../ErasureLogFile.ts"
import type { KeysNeeded } from "../Keys.ts"
import * as KeysFault from "../KeysFault.ts"
import type { BadQuestion } from "../simulate/Plan.ts"
import type { AlreadySetUp } from "./commands/bootstrap.ts"
import type { NotTaken } from "./commands/webhooksTry.ts"
import * as Output from "./Output.ts"
import type { NoSuchOrganization } from "./OrganizationFlag.ts"
import type { NoSuchProject } from "./ProjectFlag.ts"
import type { CannotListen } from "./WebhookListener.ts"

/** The errors that a command may fail with. */
export type Failure =
  | CliError.CliError
  | BadInput
  | BadTable
  | Unreadable
  | Unwritable
  | BadQuestion
  | TemporaryFileError
  | AlreadySetUp
  | ReplacedDates
  | NoSuchOrganization
  | NoSuchProject
  | BadErasureLogPath
  | ErasureLogUnavailable
  | KeysNeeded
  | KeysUnavailable
  | StoreUnavailable
  | StoreDamaged
  | NoLedger
  | UpgradeNeeded
  | NotEmpty
  | NotWhole
  | NotTheSame
  | SourceChanged
  | CannotUpgrade
  | NotUpgraded
  | CannotListen
  | ChromiumFault
  | NotTaken
  | Output.OutputClosed
  | Output.OutputFailed

const ok = 0
const machineFailed = 1
const invalid = 2

const setExitCode = (code: number): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = code
  })

/** Prints the message of a failure on standard error, if it has one, and sets the exit code. */
export const report = (failure: Failure): Effect.Effect<void> => {
  switch (failure._tag) {
    case "OutputClosed":
      return setExitCode(ok)
    case "BadInput":
    case "BadTable":
    case "Unreadable":
      return Effect.andThen(Output.info(failure.message), setExitCode(invalid))
    case "NoSuchOrganization":
    case "NoSuchProject":
      return Effect.andThen(Output.error(failure.message), setExitCode(invalid))
    case "ReplacedDates":
      return Effect.andThen(Output.error(`${failure.message} (--accept-replaced-dates)`), setExitCode(invalid))
    case "BadQuestion":
      return Effect.andThen(Output.error(`--${failure.message}`), setExitCode(invalid))
    case "KeysNeeded":
      return Effect.andThen(Output.error(KeysFault.explain(failure, KeysFault.flagOrVariable)), setExitCode(invalid))
    case "KeysUnavailable":
      return Effect.andThen(
        Output.error(KeysFault.explain(failure, KeysFault.flagOrVariable)),
        setExitCode(machineFailed),
      )
    case "BadErasureLogPath":
    case "NoLedger":
    case "UpgradeNeeded":
      return Effect.andThen(Output.error(failure.message), setExitCode(invalid))
    case "AlreadySetUp":
    case "ErasureLogUnavailable":
    case "NotEmpty":
    case "NotTheSame":
    case "NotWhole":
    case "CannotListen":
    case "ChromiumFault":
    case "CannotUpgrade":
    case "NotTaken":
    case "NotUpgraded":
    case "SourceChanged":
    case "StoreDamaged":
    case "StoreUnavailable":
    case "TemporaryFileError":
    case "OutputFailed":
    case "Unwritable":
      return Effect.andThen(Output.error(failure.message), setExitCode(machineFailed))
    // Its message has been printed already, with a hint to the help.
    case "ShowHelp":
      return setExitCode(invalid)
    case "UnrecognizedOption":
    case "DuplicateOption":
    case "MissingOption":
    case "MissingArgument":
    case "UnexpectedArgument":
    case "InvalidValue":
    case "UnknownSubcommand":
    case "ValidationError":
    case "UserError":
      return Effect.andThen(Output.error(failure.message), setExitCode(invalid))
  }
}

/** Prints the stack of a bug, so that it can be reported. */
export const reportBug = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.failCause(cause)
    : Effect.andThen(Output.error(`this is a bug in assent\n${Cause.pretty(cause)}`), setExitCode(machineFailed))

/** Ends the process with the exit code that was set, or with 130 if it was interrupted. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isSuccess(exit) ? onExit(Number(process.exitCode ?? ok)) : Runtime.defaultTeardown(exit, onExit)
