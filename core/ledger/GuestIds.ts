/**
 * The ids of guests of whom nothing is recorded yet, by the hash of their browser's `contextId`, so that two sessions of
 * one browser are about one person before either is written.
 *
 * They are kept in memory, because nothing that is kept or can be derived may lead from a `contextId` to a person that
 * is erased. Where they are forgotten, or another server opens the next session, that session is about another guest.
 * Once something is recorded in one of the two sessions, the other one has ended.
 */

/** The most ids that are remembered; the oldest are dropped. */
const maxSize = 10_000

/** The ids of guests. */
export type GuestIds = Map<string, string>

/** Remembers the id for a `contextId`. */
export const put = (ids: GuestIds, context: string, concordId: string): void => {
  ids.delete(context)
  ids.set(context, concordId)
  for (const [oldest] of ids) {
    if (ids.size <= maxSize) return
    ids.delete(oldest)
  }
}

/** Forgets the ids of people. */
export const forget = (ids: GuestIds, people: ReadonlySet<string>): void => {
  for (const [context, concordId] of ids) if (people.has(concordId)) ids.delete(context)
}
