/**
 * The plan of a simulation, and the errors that running it can fail with.
 */
import { Data } from "effect"
import type { BadTable } from "../../adapters/duckdb/BadTable.ts"
import type { BadInput, Unreadable, Unwritable } from "../../adapters/files/BadInput.ts"
import type { About } from "../../adapters/files/RulesFile.ts"
import type { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Period } from "../../core/engine/Period.ts"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"

/** Rules or types, with the name of their source: `candidate.json`, `pack:cnil@2020-09`, `baseline`. */
export interface Given<A> {
  readonly name: string
  readonly value: A
  /** The value as it was written, for the report. */
  readonly written: unknown
  /** What a rule pack, or a file in its form, says about its rules. */
  readonly about?: About
  /** SHA-256 of the bytes, if they came from a file. */
  readonly sha256?: string
}

/** The source of the events. */
export type Input =
  /** `name` is what the URL was named with, for messages. */
  | { readonly _tag: "Store"; readonly url: string; readonly name: string }
  | { readonly _tag: "Events"; readonly path: string }

/** A simulation to run. */
export interface Plan {
  readonly input: Input
  /** The consent types. They replace those of a store, which has its own. */
  readonly types?: Given<ReadonlyArray<ConsentType>>
  /** Rules laid over the types' own, for the baseline. */
  readonly baseline?: Given<RuleSet>
  /** The candidate's rules, which replace the baseline's. If left out, the baseline's rules are used on both sides. */
  readonly candidate?: Given<RuleSet>
  /** The candidate's types, which replace the types with the same ids. The other types stay as they are. */
  readonly candidateTypes?: Given<ReadonlyArray<ConsentType>>
  readonly from: Instant
  readonly until: Instant
  readonly knownAt: Instant
  /** If left out: a day, or a month or a year if days would be too many steps. */
  readonly step?: Period
  /** The path of the diff.ndjson to write. */
  readonly out?: string
  /** The path of the report to write. */
  readonly report?: string
}

/** A plan with an invalid field. Trying again does not help. */
export class BadQuestion extends Data.TaggedError("BadQuestion")<{
  /** The field as the script API names it: `until`, `step`. */
  readonly field: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.field}: ${this.reason}`
  }
}

/** The errors that a simulation can fail with. */
export type Failure =
  | BadQuestion
  | BadInput
  | BadTable
  | Unreadable
  | Unwritable
  | TemporaryFileError
  | StoreUnavailable
