/**
 * `Simulation.compare` on numbers alone: both answers of one person for one type, walked side by side over columns.
 *
 * Made for whole populations: nothing is allocated for a pair. It says which codes hold when and nothing of why; where the
 * two differ, `Simulation.diff` explains. A test holds the two to the same stretches.
 */
import type { Columns } from "./Columns.ts"
import * as ConsentState from "./ConsentState.ts"
import * as ConsentType from "./ConsentType.ts"
import type { Instant } from "./Instant.ts"
import * as Period from "./Period.ts"
import type { Code } from "./Reason.ts"
import type { Window } from "./Simulation.ts"
import type { Terms } from "./Terms.ts"

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
  /** `state` is that of the candidate's deciding event (meaningless without one), `version` what it lapsed by, or 0. */
  readonly stretch: (from: Instant, until: Instant, before: Code, after: Code, state: number, version: number) => void
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

/**
 * The moments of one side of a pair: from `ats[i]` to `ats[i + 1]` the answer is `codes[i]`, decided by an event of
 * `states[i]` that lapsed by version `versions[i]`, or 0.
 *
 * Only the four heads are looked at: where there is none, its instants are -Infinity, so that it is older than anything
 * and has lapsed.
 */
class Walk {
  count = 0
  ats = new Float64Array(65)
  codes = new Uint8Array(65)
  states = new Uint8Array(65)
  versions = new Float64Array(65)
  private readonly dates = new Float64Array(4)
  private readonly expires = new Float64Array(4)
  private readonly lapses = new Float64Array(4)
  /** The version by which a head lapses; 0 where it expires. */
  private readonly lapsedBy = new Float64Array(4)
  private readonly heads = new Int32Array(4)

  /** Walks the events from `low` to `high`, over the window. */
  run(columns: Columns, low: number, high: number, side: Side, { from, until }: Window): void {
    if (this.ats.length <= 2 * (high - low)) this.grow(high - low)
    const { consentDates } = columns
    const { lapses } = this
    let next = this.start(columns, low, high, side, from)
    let at = from
    this.count = 0
    for (;;) {
      this.answer(side.terms, at)
      let turn = next < high ? consentDates[next]! : until
      if (lapses[0]! > at && lapses[0]! < turn) turn = lapses[0]!
      if (lapses[1]! > at && lapses[1]! < turn) turn = lapses[1]!
      if (lapses[2]! > at && lapses[2]! < turn) turn = lapses[2]!
      if (lapses[3]! > at && lapses[3]! < turn) turn = lapses[3]!
      if (turn >= until) return
      at = turn
      for (; next < high && consentDates[next]! <= at; next++) this.head(columns, next, side)
    }
  }

  /** The heads at the window's beginning; answers where the events after it begin. */
  private start(columns: Columns, low: number, high: number, side: Side, from: Instant): number {
    const { heads, dates, lapses } = this
    // Not by `fill`, which for four numbers is slower than all that follows.
    heads[0] = heads[1] = heads[2] = heads[3] = -1
    dates[0] = dates[1] = dates[2] = dates[3] = none
    lapses[0] = lapses[1] = lapses[2] = lapses[3] = none
    let next = low
    for (; next < high && columns.consentDates[next]! <= from; next++) heads[columns.states[next]!] = next
    for (let state = 0; state < 4; state++) {
      if (heads[state]! >= 0) this.head(columns, heads[state]!, side)
    }
    return next
  }

  /** Takes an event for the head of its state: when it expires and lapses (semantics, section 3.1; `Lapse`). */
  private head(columns: Columns, index: number, { type, terms, duration, ages }: Side): void {
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
    this.dates[state] = date
    this.expires[state] = expires
    this.lapses[state] = lapses
    this.lapsedBy[state] = lapsedBy
  }

  /** Keeps the answer of the heads at an instant, where it is another than the last. */
  private answer(terms: Terms, at: Instant): void {
    const decider = terms.precedence === "most-recent" ? this.mostRecent() : this.explicitFirst(at)
    const code = decider < 0 ? unknown : this.code(decider, terms, at)
    const state = decider < 0 ? 0 : decider
    const version = code === invalidated ? this.lapsedBy[decider]! : 0
    const last = this.count - 1
    if (last >= 0 && this.codes[last] === code && this.states[last] === state && this.versions[last] === version) return
    this.ats[last + 1] = at
    this.codes[last + 1] = code
    this.states[last + 1] = state
    this.versions[last + 1] = version
    this.count = last + 2
  }

  /** Semantics, section 3.2, `explicit-first`: the state of the deciding event, or -1. */
  private explicitFirst(at: Instant): number {
    const { dates, lapses } = this
    const choice = dates[1]!
    if (dates[0]! >= choice && dates[0]! > none) return 0
    if (lapses[1]! > at) return 1
    if (dates[2]! > choice && lapses[2]! > at) return 2
    if (dates[3]! > choice && lapses[3]! > at) return 3
    return choice > none ? 1 : dates[2]! > none ? 2 : dates[3]! > none ? 3 : -1
  }

  /** Semantics, section 3.2, `most-recent`: the state of the deciding event, or -1. */
  private mostRecent(): number {
    const { dates } = this
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

  /** Semantics, section 3.3: the code of the answer that the head of a state decides. */
  private code(state: number, { permits }: Terms, at: Instant): Code {
    if (state === 0) return (this.dates[1]! > none ? withdrawn : refused) + (this.expires[0]! <= at ? 1 : 0)
    if (this.lapses[state]! <= at) return this.lapsedBy[state] === 0 ? expired : invalidated
    if (state === 1) return given + 2
    if (state === 2) return permits === "accepted" ? implied : implied + 2
    return permits === "viewed" ? requested + 3 : requested + 1
  }

  /** A moment for each event and each lapse, and the first. */
  private grow(events: number): void {
    const moments = 4 * events + 1
    this.ats = new Float64Array(moments)
    this.codes = new Uint8Array(moments)
    this.states = new Uint8Array(moments)
    this.versions = new Float64Array(moments)
  }
}

/** Compares pair after pair over one window. `from` < `until`. */
export interface Sweep {
  /**
   * Hands over the stretches of the pair whose events stand from `low` to `high`, those that look alike to a receiver as
   * one; answers whether the two codes differ on any of them. Where both sides are the same object, it is walked once.
   */
  readonly pair: (columns: Columns, low: number, high: number, before: Side, after: Side, receiver: Receiver) => boolean
}

/** Makes a sweep. It keeps its working memory from pair to pair: as large as the longest story. */
export const make = (window: Window): Sweep => {
  const left = new Walk()
  const other = new Walk()
  const pair: Sweep["pair"] = (columns, low, high, before, after, receiver) => {
    left.run(columns, low, high, before, window)
    const right = before === after ? left : other
    if (right === other) other.run(columns, low, high, after, window)
    let isDifferent = false
    let at = window.from
    for (let i = 0, j = 0; ;) {
      const leftNext = i + 1 < left.count ? left.ats[i + 1]! : window.until
      const rightNext = j + 1 < right.count ? right.ats[j + 1]! : window.until
      const until = leftNext < rightNext ? leftNext : rightNext
      const was = left.codes[i]!
      const is = right.codes[j]!
      if (was !== is) isDifferent = true
      receiver.stretch(at, until, was, is, right.states[j]!, right.versions[j]!)
      if (until === window.until) return isDifferent
      if (leftNext === until) i++
      if (rightNext === until) j++
      at = until
    }
  }
  return { pair }
}
