/**
 * One person reached one consent state for one consent type (semantics, section 1). Never changed, never removed.
 *
 * Only the fields that the engine reads are here; whoever embeds it may fold objects that carry more.
 */
import type { ConsentAction, ConsentState } from "./ConsentState.ts"
import type { Instant } from "./Instant.ts"

/** A recorded consent event. `consentDate` ≤ `dateCreated`; `expirationDate`, if there, is after `consentDate`. */
export interface ConsentEvent {
  /** The ledger's id, a UUIDv7; unique among all events. */
  readonly id: string
  /** The person. */
  readonly concordId: string
  /** The id of the consent type. */
  readonly consentType: string
  /** The version of the type's text, from 1. */
  readonly version: number
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  /** When it was true in the world (valid time). */
  readonly consentDate: Instant
  /** When the ledger learnt it (transaction time). */
  readonly dateCreated: Instant
  /** The instant from which it no longer counts. Left out: `consentDate` plus the type's `consentDuration`, if any. */
  readonly expirationDate?: Instant
}
