/**
 * What the writer thread is asked to do, and what it answers.
 */
import type { Instant } from "../../core/engine/Instant.ts"
import type { Owner } from "../../core/model/Lane.ts"
import type {
  Append,
  Appended,
  CatalogChange,
  Kept,
  IdentityChange,
  IdempotencyRecord,
} from "../../core/ports/LedgerStore.ts"

/** One request to write. Requests of one group share a transaction; each is kept whole or not at all. */
export type Command =
  | { readonly _tag: "Append"; readonly request: Append }
  | { readonly _tag: "ChangePeople"; readonly change: IdentityChange }
  | {
      readonly _tag: "KeepProfile"
      readonly organization: Owner
      readonly concordId: string
      readonly profile: string
      readonly idempotencyRecord: IdempotencyRecord | undefined
    }
  | {
      readonly _tag: "ExtendSession"
      readonly tokenHash: string
      readonly seen: Instant
      readonly expiresAt: Instant
    }
  | { readonly _tag: "Configure"; readonly change: CatalogChange }
  | { readonly _tag: "UseKey"; readonly id: string; readonly at: Instant }
  | { readonly _tag: "Check" }

/** What a command comes to, by its tag. */
export interface Results {
  readonly Append: Appended
  readonly ChangePeople: Kept | "used"
  readonly KeepProfile: Kept
  readonly ExtendSession: Kept
  readonly Configure: Kept
  readonly UseKey: Kept
  readonly Check: Kept
}

/** What became of a command, once its transaction is on the disk; or why it was not kept. */
export type Outcome =
  | { readonly _tag: "Done"; readonly value: Results[keyof Results] }
  | { readonly _tag: "Unavailable"; readonly reason: string }

/** To the writer thread. */
export type ToWriter =
  | { readonly _tag: "Group"; readonly commands: ReadonlyArray<Command> }
  | { readonly _tag: "Close" }

/** From the writer thread: once when it is ready or cannot be, then one answer a group, in order. */
export type FromWriter =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Failed"; readonly reason: string }
  | { readonly _tag: "Outcomes"; readonly outcomes: ReadonlyArray<Outcome>; readonly commitMillis: number }
