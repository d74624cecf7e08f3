/**
 * The day of an instant in the time zone of an organization. It is computed once, when a fact is recorded, and kept in
 * the fact, so that a later version of the time zone database changes no due date.
 */
import * as CivilDate from "../compliance/CivilDate.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Organization } from "../model/Catalog.ts"

/** The time zone of organizations that state none. */
export const defaultTimeZone = "UTC"

/** Making one takes longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const options = { timeZone, calendar: "gregory", numberingSystem: "latn", era: "short" } as const
  const made = new Intl.DateTimeFormat("en", { ...options, year: "numeric", month: "numeric", day: "numeric" })
  formats.set(timeZone, made)
  return made
}

const compute = (timeZone: string, instant: Instant): CivilDate.CivilDate => {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  )
  if (parts.get("era")?.startsWith("B") === true) return CivilDate.min
  const digits = (name: Intl.DateTimeFormatPartTypes, count: number) => (parts.get(name) ?? "").padStart(count, "0")
  const date = `${digits("year", 4)}-${digits("month", 2)}-${digits("day", 2)}`
  return CivilDate.parse(date) ?? CivilDate.max
}

/** The last answer for each time zone: the facts and rows of one change ask for the same instant. */
const last = new Map<string, { readonly instant: Instant; readonly date: CivilDate.CivilDate }>()

/** The civil date of an instant for an organization. */
export const of = ({ timeZone = defaultTimeZone }: Pick<Organization, "timeZone">, instant: Instant) => {
  const known = last.get(timeZone)
  if (known?.instant === instant) return known.date
  const date = compute(timeZone, instant)
  last.set(timeZone, { instant, date })
  return date
}
