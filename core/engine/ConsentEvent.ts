/**
 * The fact that one person reached one consent state for one consent type (semantics, section 1). It is never changed
 * and never removed.
 *
 * The type has only the fields that the engine reads; a program that embeds the engine may fold objects with more
 * fields.
 */
import type { ConsentAction, ConsentState } from "./ConsentState.ts"
import type { Instant } from "./Instant.ts"

/** A recorded consent event. `consentDate` ≤ `dateCreated`; an `expirationDate` is after `consentDate`. */
export interface ConsentEvent {
  /** The id that the ledger gave it, a UUIDv7; unique among all events. */
  readonly id: string
  /** The id of the person. */
  readonly concordId: string
  /** The id of the consent type. */
  readonly consentType: string
  /** The version of the type's text that the event answers, from 1. */
  readonly version: number
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  /** When it happened in the world (valid time). */
  readonly consentDate: Instant
  /** When the ledger recorded it (transaction time). */
  readonly dateCreated: Instant
  /**
   * The first instant at which it no longer counts. If left out: `consentDate` plus the type's `consentDuration`, if
   * any.
   */
  readonly expirationDate?: Instant
}
