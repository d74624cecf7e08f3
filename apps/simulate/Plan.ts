/**
 * What a simulation is asked for, and what may go wrong with it.
 */
import { Data } from "effect"
import type { BadTable } from "../../adapters/duckdb/BadTable.ts"
import type { BadInput, Unreadable, Unwritable } from "../../adapters/files/BadInput.ts"
import type { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Period } from "../../core/engine/Period.ts"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"

/** Rules or types with where they come from: `candidate.json`, `pack:cnil@2020-09`, `baseline`. */
export interface Given<A> {
  readonly name: string
  readonly value: A
  /** As it was written, for the report. */
  readonly written: unknown
  /** SHA-256 of its bytes, where they came from a file. */
  readonly sha256?: string
}

/** Where the events are. */
export type Input =
  | { readonly _tag: "Store"; readonly url: string }
  | { readonly _tag: "Events"; readonly path: string }

/** A simulation. */
export interface Plan {
  readonly input: Input
  /** A store has its own; given beside one, they take their place. */
  readonly types?: Given<ReadonlyArray<ConsentType>>
  /** Over the types' own rules. */
  readonly baseline?: Given<RuleSet>
  /** In place of the baseline; without it, the baseline stays in force. */
  readonly candidate?: Given<RuleSet>
  /** In place of the types of the same ids; the others stay as they are. */
  readonly candidateTypes?: Given<ReadonlyArray<ConsentType>>
  readonly from: Instant
  readonly until: Instant
  readonly knownAt: Instant
  /** Left out: a day, or a month or a year where a day would be too fine. */
  readonly step?: Period
  /** Where diff.ndjson goes. */
  readonly out?: string
  /** Where the report goes. */
  readonly report?: string
}

/** A question that cannot be asked: the field, and the reason. Trying again does not help. */
export class BadQuestion extends Data.TaggedError("BadQuestion")<{
  /** In the words of the library: `until`, `step`. */
  readonly field: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.field}: ${this.reason}`
  }
}

/** What a simulation may fail with. */
export type Failure =
  | BadQuestion
  | BadInput
  | BadTable
  | Unreadable
  | Unwritable
  | TemporaryFileError
  | StoreUnavailable
