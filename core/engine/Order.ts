/**
 * Which of two events is later: by `consentDate`, then `dateCreated`, then `id` (semantics, section 2).
 *
 * This is a total order: only an event and its own duplicate are equal.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"

/** The fields of an event that determine its place in the order. */
type Ordered = Pick<ConsentEvent, "consentDate" | "dateCreated" | "id">

/** Whether `a` is later than `b`. False for duplicates. */
export const isLater = (a: Ordered, b: Ordered): boolean => {
  if (a.consentDate !== b.consentDate) return a.consentDate > b.consentDate
  if (a.dateCreated !== b.dateCreated) return a.dateCreated > b.dateCreated
  return a.id > b.id
}

/** Comparator for sorting, earliest first. */
export const compare = (a: ConsentEvent, b: ConsentEvent): number => (isLater(a, b) ? 1 : isLater(b, a) ? -1 : 0)
