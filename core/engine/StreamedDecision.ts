/**
 * The decision of {@link Decision.decide} from events that arrive one by one in the order of their `consentDate`, in
 * memory that does not grow with their number: for a person with more events than fit into memory.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as Decision from "./Decision.ts"
import * as Heads from "./Heads.ts"
import type { Instant } from "./Instant.ts"
import * as Outcome from "./Outcome.ts"
import type { Terms } from "./Terms.ts"
import * as Timeline from "./Timeline.ts"

/** A decision about one person and one type that is being made. */
export interface StreamedDecision {
  /**
   * Adds an event; its `consentDate` is not before that of the event added before it. Returns whether a later event
   * could still change the decision.
   */
  readonly add: (event: ConsentEvent) => boolean
  /** The decision from all events that were added. */
  readonly end: () => Decision.Decision
}

/** Begins a decision at `at`. Events that are not known under the terms are ignored. */
export const make = (terms: Terms, at: Instant): StreamedDecision => {
  /** The state and the answer at `at`, once an event after `at` has arrived. */
  let decided: Pick<Timeline.Moment, "at" | "heads" | "outcome"> | undefined
  let heads = Heads.empty
  /** The instant until which the answer is known to be the same. */
  let until = at
  let nextChangeAt: Instant | undefined

  const decideAt = (instant: Instant): void => {
    until = instant
    if (!Outcome.isSame(decided!.outcome, Outcome.decide(heads, terms, instant))) nextChangeAt = instant
  }

  /** Follows the answer until right before an instant: all events of earlier instants have been added. */
  const followUntil = (end: Instant): void => {
    decided ??= { at, heads, outcome: Outcome.decide(heads, terms, at) }
    let turn = Timeline.nextTurn(heads, terms, until)
    while (nextChangeAt === undefined && turn !== undefined && turn < end) {
      decideAt(turn)
      turn = Timeline.nextTurn(heads, terms, turn)
    }
  }

  /** The instant of the last event after `at`, whose answer is decided when all events of that instant are added. */
  let pending: Instant | undefined

  const decidePending = (): void => {
    if (pending !== undefined && nextChangeAt === undefined) decideAt(pending)
    pending = undefined
  }

  const add = (event: ConsentEvent): boolean => {
    if (event.dateCreated > terms.knownAt) return nextChangeAt === undefined
    if (event.consentDate > at) {
      if (event.consentDate !== pending) {
        decidePending()
        followUntil(event.consentDate)
      }
      if (nextChangeAt !== undefined) return false
      pending = event.consentDate
    }
    heads = Heads.add(heads, event)
    return true
  }

  return {
    add,
    end: () => {
      decidePending()
      followUntil(Infinity)
      return Decision.of(decided!, terms, nextChangeAt)
    },
  }
}
