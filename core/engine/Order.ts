/**
 * Which of two events is later: by `consentDate`, then `dateCreated`, then `id` (semantics, section 2).
 *
 * A total order: only an event and its own duplicate are equal.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"

/** As much of an event as its place in the order needs. */
type Ordered = Pick<ConsentEvent, "consentDate" | "dateCreated" | "id">

/** Whether `a` is later than `b`. Never true both ways. */
export const isLater = (a: Ordered, b: Ordered): boolean => {
  if (a.consentDate !== b.consentDate) return a.consentDate > b.consentDate
  if (a.dateCreated !== b.dateCreated) return a.dateCreated > b.dateCreated
  return a.id > b.id
}

/** Compares for sorting, earliest first. */
export const compare = (a: ConsentEvent, b: ConsentEvent): number => (isLater(a, b) ? 1 : isLater(b, a) ? -1 : 0)
