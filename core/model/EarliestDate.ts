/**
 * The earliest `consentDate` that is believed (semantics, section 1).
 *
 * Other systems write 0, 0001-01-01 or 1899-12-30 for a date that they do not know, and seconds since 1970 that are
 * read as milliseconds fall into January and February 1970. A refusal with such a date would be placed before every
 * yes.
 */
import * as Instant from "../engine/Instant.ts"

/** The earliest date of a project that sets none: 1990-01-01. */
export const defaultOfProjects: Instant.Instant = Date.UTC(1990, 0, 1)

/** The earliest date that a project can set: 1900-01-01. */
export const earliestOfProjects: Instant.Instant = Date.UTC(1900, 0, 1)

/** 1970-03-01: seconds since 1970, read as milliseconds, are before it until the year 2131. */
const endOfEpoch: Instant.Instant = Date.UTC(1970, 2, 1)

/** The date of a draft, and whether it may lie in the first two months of 1970. */
interface Dated {
  readonly consentDate?: Instant.Instant
  readonly allowEarly?: boolean
}

/** What to do about a `consentDate` that is too early for a project; `undefined` for one that is believed. */
export const faultOf = (
  { allowEarly, consentDate }: Dated,
  { earliestConsentDate = defaultOfProjects }: { readonly earliestConsentDate?: Instant.Instant },
): string | undefined => {
  if (consentDate === undefined) return undefined
  if (consentDate < earliestConsentDate) {
    return "is before the project's earliestConsentDate: leave out a date that is not known, or set that date earlier"
  }
  if (consentDate < 0 || consentDate >= endOfEpoch || allowEarly === true) return undefined
  return "is in the first two months of 1970, as a date that is not known: correct it, or confirm it with allowEarly"
}
