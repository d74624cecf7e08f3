/**
 * The messages between the store and the writer thread.
 *
 * The commands are the functions of the writers of the parts, so that a new function there is a new command.
 */
import type { Kept } from "../../core/ports/LedgerStore.ts"
import type { CatalogWriter } from "./CatalogWriter.ts"
import type { ComplianceCommands } from "./ComplianceWriter.ts"
import type { ErasureCommands } from "./ErasureWriter.ts"
import type { EventWriter } from "./EventWriter.ts"
import type { FeedCommands } from "./FeedWriter.ts"
import type { FileFault } from "./FileFault.ts"
import type { MetricsWriter } from "./MetricsWriter.ts"
import type { OutboxCommands } from "./OutboxWriter.ts"
import type { PeopleWriter } from "./PeopleWriter.ts"
import type { PersonalCommands } from "./PersonalWriter.ts"
import type { RequestFileCommands } from "./RequestFileWriter.ts"
import type { SessionCommands } from "./SessionWriter.ts"
import type { WebhookWriter } from "./WebhookWriter.ts"

/** Every command: a function of its input, by its name. */
export interface Commands
  extends
    EventWriter,
    PeopleWriter,
    PersonalCommands,
    ErasureCommands,
    FeedCommands,
    SessionCommands,
    CatalogWriter,
    ComplianceCommands,
    MetricsWriter,
    OutboxCommands,
    RequestFileCommands,
    WebhookWriter {
  /** Shows that the ledger can be written to. */
  readonly check: () => Kept
  /** Empties the write-ahead log after the transaction, unless a reader needs it; whether that was done. */
  readonly scrub: () => boolean
}

export type CommandName = keyof Commands

/** The input of a command; it is sent to another thread, so it is plain data. */
export type Input<Name extends CommandName> = Parameters<Commands[Name]>[0]

/** The result of a command that was carried out. */
export type Result<Name extends CommandName> = ReturnType<Commands[Name]>

/** One request to write. Requests of one group share a transaction; each is kept whole or not at all. */
export type Command<Name extends CommandName = CommandName> = {
  readonly [Each in Name]: { readonly name: Each; readonly input: Input<Each> }
}[Name]

/** The result of a command, once its transaction is on the disk; or why it was not kept. */
export type Outcome =
  | { readonly _tag: "Done"; readonly value: Result<CommandName> }
  | { readonly _tag: "Unavailable"; readonly reason: string }

/** A message to the writer thread. */
export type ToWriter =
  | { readonly _tag: "Group"; readonly commands: ReadonlyArray<Command> }
  | { readonly _tag: "Close" }

/** A message from the writer thread: once `Ready` or `Failed`, then one message for each group, in order. */
export type FromWriter =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Failed"; readonly fault: FileFault; readonly isUpgradeNeeded: boolean }
  | { readonly _tag: "Outcomes"; readonly outcomes: ReadonlyArray<Outcome>; readonly commitMillis: number }
