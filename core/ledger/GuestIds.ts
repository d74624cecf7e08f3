/**
 * The ids of guests of whom nothing is recorded yet, by the hash of their browser's `contextId`, so that two sessions of
 * one browser are about one person before either is written.
 *
 * They are kept in memory, because nothing that is kept or can be derived may lead from a `contextId` to a person that is
 * erased. Where they are forgotten, or another server opens the next session, that session is about another guest until
 * one of the two records something; then the other one has ended.
 */
import type { Instant } from "../engine/Instant.ts"

/** The most ids that are remembered; the oldest are dropped. */
const maxSize = 10_000

/** The ids of guests. */
export type GuestIds = Map<string, { readonly concordId: string; readonly until: Instant }>

/** The id for a `contextId`; `undefined` if none is remembered at `now`. */
export const get = (ids: GuestIds, context: string, now: Instant): string | undefined => {
  const known = ids.get(context)
  return known !== undefined && known.until > now ? known.concordId : undefined
}

/** Remembers an id until an instant: the end of the last session that has it. */
export const put = (ids: GuestIds, context: string, concordId: string, until: Instant): void => {
  ids.delete(context)
  ids.set(context, { concordId, until })
  for (const [oldest] of ids) {
    if (ids.size <= maxSize) return
    ids.delete(oldest)
  }
}

/** Forgets the ids of people. */
export const forget = (ids: GuestIds, people: ReadonlySet<string>): void => {
  for (const [context, { concordId }] of ids) if (people.has(concordId)) ids.delete(context)
}
