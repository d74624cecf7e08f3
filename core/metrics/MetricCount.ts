/**
 * Counts of what happened, by UTC day. A count belongs to a project, and holds nothing personal: its key names consent
 * types, states, regions, host names and statuses, and never a person, session or compliance request.
 */

/**
 * What is counted. `events`: consent events. `type`, `geography`, `domain`: the same by consent type, region and host
 * name, with the consent state. `requests`: compliance requests that were opened. `entered`: those that entered a
 * status. `standing`: how many more are in a status than the day before. `answers`: requests by how they ended, on the
 * first day of the year in which they were received. `read`: events that were answered. `sessions`: opened sessions.
 */
export const families = [
  "events",
  "type",
  "geography",
  "domain",
  "requests",
  "entered",
  "standing",
  "answers",
  "read",
  "sessions",
] as const

/** One of {@link families}. */
export type Family = (typeof families)[number]

/** The families that follow from the log, so that they can be counted again. The others are counted as it happens. */
export const countedFamilies: ReadonlyArray<Family> = families.filter((each) => each !== "read" && each !== "sessions")

/** Names a count of a project. */
export interface CountKey {
  readonly family: Family
  /** Days since 1970-01-01, in UTC. */
  readonly day: number
  /** Empty where a family has one count a day. */
  readonly key: string
}

/** By how much a count changes; it may be negative. */
export interface CountChange extends CountKey {
  readonly count: number
}

/** The milliseconds of a day in UTC. */
export const dayMillis = 24 * 60 * 60 * 1000

/** The UTC day of an instant. */
export const dayOf = (instant: number): number => Math.floor(instant / dayMillis)

/** The name of a count among those of a project. */
export const nameOf = ({ day, family, key }: CountKey): string => `${family} ${day} ${key}`

/** Adds the changes of each count together, in the order of family, day and key. Sums of 0 are left out. */
export const sum = (changes: Iterable<CountChange>): ReadonlyArray<CountChange> => {
  const totals = new Map<string, CountChange>()
  for (const change of changes) {
    const name = nameOf(change)
    const before = totals.get(name)
    totals.set(name, before === undefined ? change : { ...change, count: before.count + change.count })
  }
  return [...totals.values()].filter(({ count }) => count !== 0).toSorted(compare)
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compare = (a: CountKey, b: CountKey): number =>
  compareText(a.family, b.family) || a.day - b.day || compareText(a.key, b.key)
