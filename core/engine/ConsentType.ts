/**
 * One thing a person can agree to, with its numbered versions (semantics, section 1).
 */
import type { Instant } from "./Instant.ts"
import type { Period } from "./Period.ts"
import type { Rules } from "./Rules.ts"

/** An immutable snapshot of a type's texts. */
export interface Version {
  /** From 1. */
  readonly version: number
  /** The instant from which it is the text shown. */
  readonly publishedAt: Instant
  /** When the ledger learnt of it; `publishedAt` ≥ `dateCreated`. */
  readonly dateCreated: Instant
  /** Whether answers to earlier versions lapse once this one is published and its grace is over. */
  readonly requireReaccept: boolean
  /** How long earlier answers still count after `publishedAt`. Left out: not at all. */
  readonly grace?: Period
}

/** A consent type, as far as the engine reads it. */
export interface ConsentType {
  readonly id: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  /** The default life of an event that came without `expirationDate`. */
  readonly consentDuration?: Period
  /** The type's own rules. */
  readonly rules: Rules
  /** In any order. None: version 1, always there. */
  readonly versions: ReadonlyArray<Version>
}

/** The type of an id that nothing more is known of: default rules, version 1 (semantics, section 7). */
export const unknown = (id: string): ConsentType => ({ id, rules: {}, versions: [] })

/**
 * The version an event answers when it does not say: the one published last at `consentDate`; before the first one, 1.
 * Published at the same instant, the higher number was last.
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
