/**
 * The names of columns as they are met, in the header of CSV or the rows of NDJSON: which of them are read, and what is
 * said of the others.
 */
import * as ColumnNames from "./ColumnNames.ts"
import type { Mapping } from "./Mapping.ts"

/** The names of the columns of one file. */
export interface SeenColumns {
  /** Notes a name. Returns the member that it spells in another way, if this is a fault. */
  readonly meet: (name: string) => string | undefined
  /** The names that were met. */
  readonly all: () => ReadonlyArray<string>
  /** Whether a column of this name is read, or is a fault. */
  readonly isRead: (name: string) => boolean
  /** The columns that are not read and look like a member that is not read from another column. */
  readonly warnings: () => ReadonlyArray<string>
  /** The columns that are not read and whose names can be shown: at most {@link maxWarnings}. */
  readonly unread: () => ReadonlyArray<string>
}

/** The most names that are remembered; NDJSON may have other names in each row. */
const maxNames = 1000

/** The most columns that are warned of, or listed. */
const maxWarnings = 20

/** Makes it for a file that is read by a mapping, whose columns have the names `mapped`. */
export const make = (mapping: Mapping, mapped: ReadonlySet<string>): SeenColumns => {
  /** For each name the member that it spells in another way, if this is a fault. */
  const known = new Map<string, string | undefined>()
  const misspelled = (name: string): string | undefined => {
    if (ColumnNames.isMember(name) || mapped.has(name)) return undefined
    const member = ColumnNames.memberOf(name)
    return member === undefined || mapping.members.has(member) ? undefined : member
  }
  const meet = (name: string): string | undefined => {
    const found = known.get(name)
    if (found !== undefined || known.has(name)) return found
    const member = misspelled(name)
    if (known.size < maxNames) known.set(name, member)
    return member
  }
  const warningOf = (name: string): ReadonlyArray<string> => {
    if (ColumnNames.isMember(name) || mapped.has(name) || !ColumnNames.isShown(name)) return []
    if (ColumnNames.isWithdrawal(name)) {
      return [`the column ${name} is not read, and may say that a consent was withdrawn: import it by a second mapping`]
    }
    const resembled = ColumnNames.resembled(name)
    return resembled === undefined || mapping.members.has(resembled) || known.has(resembled)
      ? []
      : [`the column ${name} is not read: map ${resembled} to it, or to null if it means something else`]
  }
  const isUnread = (name: string): boolean =>
    !ColumnNames.isMember(name) && !mapped.has(name) && ColumnNames.isShown(name)
  return {
    meet,
    all: () => [...known.keys()],
    isRead: (name) => mapped.has(name) || ColumnNames.memberOf(name) !== undefined,
    warnings: () =>
      [...known].flatMap(([name, member]) => (member === undefined ? warningOf(name) : [])).slice(0, maxWarnings),
    unread: () => [...known.keys()].filter(isUnread).slice(0, maxWarnings),
  }
}
