/**
 * The holidays of an organization, by their revision: a compliance request counts with those that were known when it
 * was opened, so that a later change makes no answer due earlier.
 */
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { Organization } from "./Catalog.ts"

type Held = Pick<Organization, "earlierHolidays" | "holidays">

const none: ReadonlyArray<CivilDate> = []

/** The revision of the holidays that are known now: from 0, raised by each change of them. */
export const revisionOf = ({ earlierHolidays = [] }: Held): number => earlierHolidays.length

/** The holidays of a revision. */
export const at = ({ earlierHolidays = [], holidays = none }: Held, revision: number): ReadonlyArray<CivilDate> =>
  earlierHolidays[revision] ?? holidays

/** The next state of an organization, which remembers the holidays before. */
const succeeding = (before: Organization | undefined, written: Organization): Organization => {
  const { earlierHolidays: _, ...next } = written
  if (before === undefined) return next
  const { earlierHolidays = [], holidays = none } = before
  const isSame = holidays.join() === (next.holidays ?? none).join()
  const earlier = isSame ? earlierHolidays : [...earlierHolidays, holidays]
  return earlier.length === 0 ? next : { ...next, earlierHolidays: earlier }
}

/** Adds a state of an organization to those that were written before. */
export const add = (organizations: Map<string, Organization>, written: Organization): void => {
  organizations.set(written.id, succeeding(organizations.get(written.id), written))
}
