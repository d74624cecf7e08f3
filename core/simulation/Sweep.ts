/**
 * `Simulation.compare` on numbers alone: both answers of one person for one type, walked side by side over columns.
 *
 * Made for whole populations: nothing is allocated for a pair. It says which codes hold when and nothing of why; where the
 * two differ, `Simulation.diff` explains. A test holds the two to the same stretches.
 */
import type { EventColumns } from "./EventColumns.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { Code } from "./Reason.ts"
import type { Window } from "../engine/Comparison.ts"
import type { Terms } from "../engine/Terms.ts"

/** What one of the two sides reads a type's events under. */
export interface Side {
  readonly type: ConsentType.ConsentType
  readonly terms: Terms
  readonly duration: Period.Adding | undefined
  /** How events of each state age, in the order of `ConsentState.all`. */
  readonly ages: ReadonlyArray<Period.Adding | undefined>
}

/** Makes a side, for any number of pairs. */
export const side = (type: ConsentType.ConsentType, terms: Terms): Side => {
  const adding = (period: Period.Period | null) => (period === null ? undefined : Period.adding(period))
  return {
    type,
    terms,
    duration: adding(terms.consentDuration),
    ages: ConsentState.all.map((state) => adding(terms.maxAge[state])),
  }
}

/** Takes the stretches of a pair, in order. */
export interface Receiver {
  /**
   * A stretch that begins at `from` and ends where the next one begins. `state` is that of the candidate's deciding event
   * (meaningless without one), `version` what it lapsed by, or 0.
   */
  readonly stretch: (from: Instant, before: Code, after: Code, state: number, version: number) => void
}

const given = 0
const implied = 4
const requested = 8
const refused = 12
const withdrawn = 16
const expired = 21
const invalidated = 25
const unknown = 29

const none = -Infinity

/** The latest event of each state so far: where there is none, its date is -Infinity, so that it is older than anything. */
type Dates = Float64Array

/** How one side reads the heads: where there is none, it has lapsed at -Infinity. */
class Answers {
  /** The instant at which each head lapses. */
  readonly lapses = new Float64Array(4)
  private readonly expires = new Float64Array(4)
  /** The version by which a head lapses; 0 where it expires. */
  private readonly lapsedBy = new Float64Array(4)
  /** The state of the event that decides the last answer, or -1. */
  private decider = -1

  /** Begins a pair. */
  clear(): void {
    const { lapses } = this
    // Not by `fill`, which for four numbers is slower than all that follows.
    lapses[0] = lapses[1] = lapses[2] = lapses[3] = none
  }

  /** Takes an event for the head of its state: when it expires and lapses (semantics, section 3.1; `Lapse`). */
  head(columns: EventColumns, index: number, { type, terms, duration, ages }: Side): void {
    const state = columns.states[index]!
    const date = columns.consentDates[index]!
    let expires = Infinity
    if (terms.recordedExpiration === "honor") {
      const recorded = columns.expirationDates[index]!
      if (recorded === recorded) expires = recorded
      else if (duration !== undefined) expires = duration.to(date)
    }
    const age = ages[state]
    if (age !== undefined) expires = Math.min(expires, age.to(date))
    let lapses = expires
    let lapsedBy = 0
    const { reacceptances } = terms
    if (state !== 0 && reacceptances.length > 0) {
      const version = columns.versions[index]! || ConsentType.versionAt(type, date)
      for (let each = 0; each < reacceptances.length; each++) {
        const reacceptance = reacceptances[each]!
        if (reacceptance.version <= version) continue
        if (reacceptance.at < expires) {
          lapses = reacceptance.at
          lapsedBy = reacceptance.version
        }
        break
      }
    }
    this.expires[state] = expires
    this.lapses[state] = lapses
    this.lapsedBy[state] = lapsedBy
  }

  /** The first instant after `at` and before `turn` at which a head lapses; else `turn`. */
  lapse(at: Instant, turn: Instant): Instant {
    const { lapses } = this
    let first = turn
    if (lapses[0]! > at && lapses[0]! < first) first = lapses[0]!
    if (lapses[1]! > at && lapses[1]! < first) first = lapses[1]!
    if (lapses[2]! > at && lapses[2]! < first) first = lapses[2]!
    if (lapses[3]! > at && lapses[3]! < first) first = lapses[3]!
    return first
  }

  /** The code of the answer at an instant. */
  at(at: Instant, dates: Dates, terms: Terms): Code {
    const decider = terms.precedence === "most-recent" ? mostRecent(dates) : this.explicitFirst(dates, at)
    this.decider = decider
    return decider < 0 ? unknown : this.code(decider, dates, terms, at)
  }

  /** The state of the event that decides the last answer; 0 if none does. */
  get state(): number {
    return this.decider < 0 ? 0 : this.decider
  }

  /** The version by which the event that decides has lapsed, where the last answer has this code; else 0. */
  version(code: Code): number {
    return code === invalidated ? this.lapsedBy[this.decider]! : 0
  }

  /** Semantics, section 3.2, `explicit-first`: the state of the deciding event, or -1. */
  private explicitFirst(dates: Dates, at: Instant): number {
    const { lapses } = this
    const choice = dates[1]!
    if (dates[0]! >= choice && dates[0]! > none) return 0
    if (lapses[1]! > at) return 1
    if (dates[2]! > choice && lapses[2]! > at) return 2
    if (dates[3]! > choice && lapses[3]! > at) return 3
    return choice > none ? 1 : dates[2]! > none ? 2 : dates[3]! > none ? 3 : -1
  }

  /** Semantics, section 3.3: the code of the answer that the head of a state decides. */
  private code(state: number, dates: Dates, { permits }: Terms, at: Instant): Code {
    if (state === 0) return (dates[1]! > none ? withdrawn : refused) + (this.expires[0]! <= at ? 1 : 0)
    if (this.lapses[state]! <= at) return this.lapsedBy[state] === 0 ? expired : invalidated
    if (state === 1) return given + 2
    if (state === 2) return permits === "accepted" ? implied : implied + 2
    return permits === "viewed" ? requested + 3 : requested + 1
  }
}

/** Semantics, section 3.2, `most-recent`: the state of the deciding event, or -1. */
const mostRecent = (dates: Dates): number => {
  let decider = -1
  let latest = none
  for (let state = 0; state < 4; state++) {
    if (dates[state]! > latest) {
      decider = state
      latest = dates[state]!
    }
  }
  return decider
}

/** Compares pair after pair over one window. `from` < `until`. */
export interface Sweep {
  /**
   * Hands over the stretches of the pair whose events stand from `low` to `high`, those that look alike to a receiver as
   * one; answers whether the two codes differ on any of them. Where both sides are the same object, it is asked once.
   */
  readonly pair: (
    columns: EventColumns,
    low: number,
    high: number,
    before: Side,
    after: Side,
    receiver: Receiver,
  ) => boolean
}

/** Makes a sweep. It keeps its working memory from pair to pair. */
export const make = ({ from, until }: Window): Sweep => {
  const dates = new Float64Array(4)
  const left = new Answers()
  const other = new Answers()
  const pair: Sweep["pair"] = (columns, low, high, before, after, receiver) => {
    const right = before === after ? left : other
    const { consentDates, states } = columns
    dates[0] = dates[1] = dates[2] = dates[3] = none
    left.clear()
    right.clear()
    let was = -1
    let is = -1
    let state = -1
    let version = -1
    let isDifferent = false
    let next = low
    for (let at = from; at < until;) {
      for (; next < high && consentDates[next]! <= at; next++) {
        dates[states[next]!] = consentDates[next]!
        left.head(columns, next, before)
        if (right !== left) right.head(columns, next, after)
      }
      const code = left.at(at, dates, before.terms)
      const candidate = right === left ? code : right.at(at, dates, after.terms)
      const by = right.version(candidate)
      if (code !== was || candidate !== is || right.state !== state || by !== version) {
        was = code
        is = candidate
        state = right.state
        version = by
        if (was !== is) isDifferent = true
        receiver.stretch(at, was, is, state, version)
      }
      let turn = next < high ? consentDates[next]! : until
      turn = left.lapse(at, turn)
      at = right === left ? turn : right.lapse(at, turn)
    }
    return isDifferent
  }
  return { pair }
}
