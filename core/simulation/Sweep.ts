/**
 * `Comparison.compare` for whole populations: walks both answers of one person for one type over columns of numbers.
 *
 * It allocates nothing for a pair. It finds which answers hold when, but not why; where the two sides differ,
 * `Comparison.diff` explains them. `test/laws/sweep.test.ts` checks that both find the same stretches.
 */
import type { EventColumns } from "./EventColumns.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { AnswerCode } from "./Reason.ts"
import type { Window } from "../engine/Comparison.ts"
import type { Terms } from "../engine/Terms.ts"

/** The type and terms under which one side, baseline or candidate, reads a type's events. */
export interface SweepSide {
  readonly type: ConsentType.ConsentType
  readonly terms: Terms
  /** Adds the type's `consentDuration`; `undefined` if it has none. */
  readonly duration: Period.Adding | undefined
  /** Adds the `maxAge` of each state, in the order of `ConsentState.all`; `undefined` for a state that does not age. */
  readonly ages: ReadonlyArray<Period.Adding | undefined>
}

/** Prepares a side, which can be used for any number of pairs. */
export const side = (type: ConsentType.ConsentType, terms: Terms): SweepSide => {
  const adding = (period: Period.Period | null) => (period === null ? undefined : Period.adding(period))
  return {
    type,
    terms,
    duration: adding(terms.consentDuration),
    ages: ConsentState.all.map((state) => adding(terms.maxAge[state])),
  }
}

/** Receives the stretches of a pair, in order. */
export interface Receiver {
  /**
   * A stretch that begins at `from` and ends where the next one begins. `state` is the index of the state of the
   * candidate's deciding event, meaningless if no event decides. `version` is the version by which that event was
   * invalidated, otherwise 0.
   */
  readonly stretch: (from: Instant, baseline: AnswerCode, candidate: AnswerCode, state: number, version: number) => void
}

// The codes of answers, as in `Reason.codeOf`. `expired`, `invalidated` and `unknown` include asking; permission and
// asking are added to the other codes.
const given = 0
const implied = 4
const requested = 8
const refused = 12
const withdrawn = 16
const expired = 21
const invalidated = 25
const unknown = 29

const none = -Infinity

/**
 * The `consentDate` of the latest event of each state so far; -Infinity, which is before every date, if there is no
 * event.
 */
type Dates = Float64Array

/** The answers of one side for the heads of a pair. A missing head counts as lapsed at -Infinity. */
class Answers {
  /** The instant at which each head lapses. */
  readonly lapses = new Float64Array(4)
  private readonly expires = new Float64Array(4)
  /** The version by which a head is invalidated; 0 if it expires instead. */
  private readonly lapsedBy = new Float64Array(4)
  /** The index of the state of the event that decides the last answer; -1 if none does. */
  private decider = -1

  /** Begins a pair. */
  clear(): void {
    const { lapses } = this
    // `fill` would take longer for four numbers than the rest of the walk.
    lapses[0] = lapses[1] = lapses[2] = lapses[3] = none
  }

  /** Makes an event the head of its state and computes when it expires and lapses (semantics, section 3.1; `Lapse`). */
  head(columns: EventColumns, index: number, { type, terms, duration, ages }: SweepSide): void {
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

  /** The first instant after `at` and before `turn` at which a head lapses; otherwise `turn`. */
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
  at(at: Instant, dates: Dates, terms: Terms): AnswerCode {
    const decider = terms.precedence === "most-recent" ? mostRecent(dates) : this.explicitFirst(dates, at)
    this.decider = decider
    return decider < 0 ? unknown : this.code(decider, dates, terms, at)
  }

  /** The index of the state of the event that decides the last answer; 0 if none does. */
  get state(): number {
    return this.decider < 0 ? 0 : this.decider
  }

  /** The version by which the deciding event was invalidated, if `code` is the last answer and says so; otherwise 0. */
  version(code: AnswerCode): number {
    return code === invalidated ? this.lapsedBy[this.decider]! : 0
  }

  /**
   * The index of the state of the deciding event under `explicit-first` (semantics, section 3.2); -1 if there is no
   * event.
   */
  private explicitFirst(dates: Dates, at: Instant): number {
    const { lapses } = this
    const choice = dates[1]!
    if (dates[0]! >= choice && dates[0]! > none) return 0
    if (lapses[1]! > at) return 1
    if (dates[2]! > choice && lapses[2]! > at) return 2
    if (dates[3]! > choice && lapses[3]! > at) return 3
    return choice > none ? 1 : dates[2]! > none ? 2 : dates[3]! > none ? 3 : -1
  }

  /** The code of the answer that the head of a state decides (semantics, section 3.3). */
  private code(state: number, dates: Dates, { permits }: Terms, at: Instant): AnswerCode {
    if (state === 0) return (dates[1]! > none ? withdrawn : refused) + (this.expires[0]! <= at ? 1 : 0)
    if (this.lapses[state]! <= at) return this.lapsedBy[state] === 0 ? expired : invalidated
    if (state === 1) return given + 2
    if (state === 2) return permits === "accepted" ? implied : implied + 2
    return permits === "viewed" ? requested + 3 : requested + 1
  }
}

/**
 * The index of the state of the deciding event under `most-recent` (semantics, section 3.2); -1 if there is no event.
 */
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

/** Compares any number of pairs over one window, in which `from` < `until`. */
export interface Sweep {
  /**
   * Passes the stretches of a pair to the receiver and returns whether the two answers differ on any of them. The
   * events of the pair have the indices from `low` to before `high`. Consecutive stretches with the same arguments are
   * passed as one. If both sides are the same object, only one is walked.
   */
  readonly pair: (
    columns: EventColumns,
    low: number,
    high: number,
    baseline: SweepSide,
    candidate: SweepSide,
    receiver: Receiver,
  ) => boolean
}

/** Makes a sweep. It uses the same working memory for every pair. */
export const make = ({ from, until }: Window): Sweep => {
  const dates = new Float64Array(4)
  const baselineAnswers = new Answers()
  const otherAnswers = new Answers()
  const pair: Sweep["pair"] = (columns, low, high, baseline, candidate, receiver) => {
    const candidateAnswers = baseline === candidate ? baselineAnswers : otherAnswers
    const { consentDates, states } = columns
    dates[0] = dates[1] = dates[2] = dates[3] = none
    baselineAnswers.clear()
    candidateAnswers.clear()
    let lastBaseline = -1
    let lastCandidate = -1
    let state = -1
    let version = -1
    let isDifferent = false
    let next = low
    for (let at = from; at < until;) {
      for (; next < high && consentDates[next]! <= at; next++) {
        dates[states[next]!] = consentDates[next]!
        baselineAnswers.head(columns, next, baseline)
        if (candidateAnswers !== baselineAnswers) candidateAnswers.head(columns, next, candidate)
      }
      const baselineCode = baselineAnswers.at(at, dates, baseline.terms)
      const candidateCode =
        candidateAnswers === baselineAnswers ? baselineCode : candidateAnswers.at(at, dates, candidate.terms)
      const lapsedBy = candidateAnswers.version(candidateCode)
      if (
        baselineCode !== lastBaseline ||
        candidateCode !== lastCandidate ||
        candidateAnswers.state !== state ||
        lapsedBy !== version
      ) {
        lastBaseline = baselineCode
        lastCandidate = candidateCode
        state = candidateAnswers.state
        version = lapsedBy
        if (baselineCode !== candidateCode) isDifferent = true
        receiver.stretch(at, baselineCode, candidateCode, state, version)
      }
      let turn = next < high ? consentDates[next]! : until
      turn = baselineAnswers.lapse(at, turn)
      at = candidateAnswers === baselineAnswers ? turn : candidateAnswers.lapse(at, turn)
    }
    return isDifferent
  }
  return { pair }
}
