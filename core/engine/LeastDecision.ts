/**
 * The decision that permits least over several people, for one consent type: the answer to a question that names people
 * by several identifiers (semantics, section 5). A company that writes to an address for an account must respect the
 * refusal of whichever of the two the address or the account names.
 *
 * Events arrive one by one in the order of their `consentDate`, in memory that does not grow with their number. With
 * one person it is the decision of {@link StreamedDecision}.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as Decision from "./Decision.ts"
import * as Heads from "./Heads.ts"
import * as Instant from "./Instant.ts"
import * as Outcome from "./Outcome.ts"
import type { Terms } from "./Terms.ts"
import * as Timeline from "./Timeline.ts"

/**
 * How much each status permits, if two answers are both permitted or both not: a smaller number permits less. A refusal
 * comes first, lapsed or not, and no answer at all comes after every answer that does not permit.
 */
export const rank: { readonly [Status in Outcome.Status]: number } = {
  withdrawn: 0,
  refused: 0,
  invalidated: 1,
  expired: 2,
  requested: 3,
  implied: 4,
  unknown: 5,
  given: 6,
}

type Compared = Pick<Outcome.Outcome, "askAgain" | "permitted" | "status">

/**
 * Negative if `a` permits less than `b`: first by `permitted`, then by {@link rank}, and between equal ranks the answer
 * after which the person may not be asked again permits less.
 */
export const compare = (a: Compared, b: Compared): number =>
  Number(a.permitted) - Number(b.permitted) ||
  rank[a.status] - rank[b.status] ||
  Number(a.askAgain) - Number(b.askAgain)

/** A decision, and the index of the person whose it is. */
export interface LeastDecision {
  readonly person: number
  /** Its `nextChangeAt` is the next change of the least decision, which may then be that of another person. */
  readonly decision: Decision.Decision
}

/** A least decision that is being made. */
export interface Making {
  /**
   * Adds an event of a person. Its `consentDate` is not before that of the event added before it, unless none is later
   * than the instant asked about. Returns whether a later event could still change the decision.
   */
  readonly add: (person: number, event: ConsentEvent) => boolean
  /** The decision from all events that were added. */
  readonly end: () => LeastDecision
}

/**
 * Begins a decision at `at` about people, at least one, each under terms of its own. Events not known under them are
 * ignored.
 */
export const make = (terms: ReadonlyArray<Terms>, at: Instant.Instant): Making => {
  const count = terms.length
  let heads: ReadonlyArray<Heads.Heads> = terms.map(() => Heads.empty)

  const leastAt = (instant: Instant.Instant) => {
    const outcomes = heads.map((each, index) => Outcome.decide(each, terms[index]!, instant))
    let person = 0
    for (let next = 1; next < count; next++) if (compare(outcomes[next]!, outcomes[person]!) < 0) person = next
    return { at: instant, person, heads: heads[person]!, outcome: outcomes[person]! }
  }

  const turnAfter = (instant: Instant.Instant): Instant.Instant | undefined => {
    const turns = heads
      .map((each, index) => Timeline.nextTurn(each, terms[index]!, instant))
      .filter((turn) => turn !== undefined)
    return turns.length === 0 ? undefined : Math.min(...turns)
  }

  /** The least answer at `at`, once an event after `at` has arrived. */
  let decided: ReturnType<typeof leastAt> | undefined
  let nextChangeAt: Instant.Instant | undefined
  /** The instant until which the answer is known to be the same. */
  let until = at
  /** The instant of the last event after `at`; it is decided when all events of that instant have been added. */
  let pending: Instant.Instant | undefined

  const decideAt = (instant: Instant.Instant): void => {
    until = instant
    if (!Outcome.isSame(decided!.outcome, leastAt(instant).outcome)) nextChangeAt = instant
  }

  /** Follows the answer until right before an instant: all events of earlier instants have been added. */
  const followUntil = (end: Instant.Instant): void => {
    decided ??= leastAt(at)
    if (pending !== undefined && nextChangeAt === undefined) decideAt(pending)
    pending = undefined
    for (let turn = turnAfter(until); turn !== undefined && turn < end; turn = turnAfter(turn)) {
      if (nextChangeAt !== undefined) return
      decideAt(turn)
    }
  }

  const add = (person: number, event: ConsentEvent): boolean => {
    if (event.dateCreated > terms[person]!.knownAt) return nextChangeAt === undefined
    if (event.consentDate > at) {
      if (event.consentDate !== pending) followUntil(event.consentDate)
      if (nextChangeAt !== undefined) return false
      pending = event.consentDate
    }
    heads = heads.with(person, Heads.add(heads[person]!, event))
    return true
  }

  return {
    add,
    end: () => {
      followUntil(Infinity)
      const { person } = decided!
      return { person, decision: Decision.of(decided!, terms[person]!, nextChangeAt) }
    },
  }
}
