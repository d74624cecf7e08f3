/**
 * A change of one answer that no event about the person made: `decision.changed`.
 */
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { NewChange } from "../ports/FeedStore.ts"
import type { AnswerSide, Cause } from "./Change.ts"

/** What a change of an answer says. */
export interface DecisionChange {
  /** The stored person. */
  readonly concordId: string
  /** The person that it is counted as; its own id if others are counted as it. Left out: it is not joined. */
  readonly survivor?: string
  readonly consentType: string
  readonly cause: Cause
  /** The id of the re-evaluation that found it. */
  readonly reevaluation?: string
  /** The answer right before `at`. */
  readonly from: AnswerSide
  /** The answer from `at` on. */
  readonly to: AnswerSide
  readonly at: Instant
}

/** The change as it is stored. */
export const toStore = ({ at, ...change }: DecisionChange): Omit<NewChange, "lane"> => {
  const { cause, concordId, consentType, from, reevaluation, survivor, to } = change
  // A member that is undefined is not written.
  const body = JSON.stringify({ concordId, survivor, consentType, cause, reevaluation, from, to })
  return { at, type: "decision.changed", concordId, consentType, body }
}

/** What is announced a lead time before an answer changes by itself: `at` is when the lead time began. */
export interface DueChange extends DecisionChange {
  /** The lead time. */
  readonly lead: Period.Period
  /** When the answer changes, if nothing more is recorded. */
  readonly changesAt: Instant
}

/** The change as it is stored: a `decision.due`. */
export const dueToStore = ({ changesAt, lead, ...change }: DueChange): Omit<NewChange, "lane"> => {
  const { body, ...stored } = toStore(change)
  const due = JSON.stringify({ lead: Period.format(lead), changesAt: Instants.format(changesAt) })
  return { ...stored, type: "decision.due", body: `${body.slice(0, -1)},${due.slice(1)}` }
}
