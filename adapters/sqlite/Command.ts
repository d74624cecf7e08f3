/**
 * What the writer thread is asked to do, and what it answers.
 */
import type { Entries } from "../../core/Catalog.ts"
import type { Instant } from "../../core/Instant.ts"
import type { Owner } from "../../core/Lane.ts"
import type { Claim } from "../../core/People.ts"
import type { Append, Appended, Session } from "../../core/ports/LedgerStore.ts"

/** One request to write. Requests of one group share a transaction; each is kept whole or not at all. */
export type Command =
  | { readonly _tag: "Append"; readonly request: Append }
  | { readonly _tag: "OpenSession"; readonly organization: Owner; readonly session: Session; readonly claim: Claim }
  | { readonly _tag: "ExtendSession"; readonly tokenHash: string; readonly expiresAt: Instant }
  | { readonly _tag: "Found"; readonly entries: Entries }
  | { readonly _tag: "Check" }

/** What became of a command, once its transaction is on the disk; or why it was not kept. */
export type Outcome =
  | { readonly _tag: "Done"; readonly value: Appended | boolean }
  | { readonly _tag: "Unavailable"; readonly reason: string }

/** To the writer thread. */
export type ToWriter =
  | { readonly _tag: "Group"; readonly commands: ReadonlyArray<Command> }
  | { readonly _tag: "Close" }

/** From the writer thread: once when it is ready or cannot be, then one answer a group, in order. */
export type FromWriter =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Failed"; readonly reason: string }
  | { readonly _tag: "Outcomes"; readonly outcomes: ReadonlyArray<Outcome> }
