/**
 * One thing that a person can agree to, with its numbered versions (semantics, section 1).
 */
import type { Instant } from "./Instant.ts"
import type { Period } from "./Period.ts"
import type { Rules } from "./Rules.ts"

/** An immutable version of a type's texts. */
export interface Version {
  /** The number of the version, from 1. */
  readonly version: number
  /** The first instant at which its text is the one shown. */
  readonly publishedAt: Instant
  /** When the ledger recorded it; `publishedAt` ≥ `dateCreated`. */
  readonly dateCreated: Instant
  /** Whether answers to earlier versions lapse once this version is published and its grace period is over. */
  readonly requireReaccept: boolean
  /** How long answers to earlier versions still count after `publishedAt`. If left out, they lapse at `publishedAt`. */
  readonly grace?: Period
}

/** A consent type, with the fields that the engine reads. */
export interface ConsentType {
  readonly id: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  /** How long an event without `expirationDate` counts. If left out, it does not expire for this reason. */
  readonly consentDuration?: Period
  /** The type's own rules, over which a rule set may be laid. */
  readonly rules: Rules
  /** In any order. A type without versions has version 1, which always exists. */
  readonly versions: ReadonlyArray<Version>
}

/** The type to assume for an id of which nothing else is known: default rules, version 1 (semantics, section 7). */
export const unknown = (id: string): ConsentType => ({ id, rules: {}, versions: [] })

/**
 * The version that an event without `version` answers: the last one published at or before `consentDate`; 1 if none
 * was. Of versions published at the same instant, the one with the higher number counts as the last.
 */
export const versionAt = (type: ConsentType, consentDate: Instant): number => {
  let last: Version | undefined
  for (const version of type.versions) {
    if (version.publishedAt > consentDate) continue
    const isLater =
      last === undefined ||
      version.publishedAt > last.publishedAt ||
      (version.publishedAt === last.publishedAt && version.version > last.version)
    if (isLater) last = version
  }
  return last === undefined ? 1 : last.version
}
