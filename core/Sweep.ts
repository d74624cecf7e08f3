/**
 * `Simulation.compare` on numbers alone: both answers of one person for one type, walked side by side over columns.
 *
 * Made for whole populations: nothing is allocated for a pair. It says which codes hold when and nothing of why; where the
 * two differ, `Simulation.diff` explains. A test holds the two to the same stretches.
 */
import type { Columns } from "./Columns.ts"
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

/** The moments of one side of a pair: from `ats[i]` to `ats[i + 1]` the answer is `codes[i]`. */
class Walk {
  count = 0
  ats = new Float64Array(65)
  codes = new Uint8Array(65)
  deciders = new Int32Array(65)
  private expires = new Float64Array(32)
  private lapses = new Float64Array(32)
  /** The version by which an event lapses; 0 where it expires. */
  private lapsedBy = new Float64Array(32)

  /** Walks the events from `low` to `high`, over the window. */
  run(columns: Columns, low: number, high: number, side: Side, { from, until }: Window): void {
    this.prepare(columns, low, high, side)
    const { states, consentDates } = columns
    const { lapses } = this
    const { terms } = side
    let declined = -1
    let accepted = -1
    let implied = -1
    let viewed = -1
    let next = low
    let at = from
    this.count = 0
    for (;;) {
      for (; next < high && consentDates[next]! <= at; next++) {
        const state = states[next]!
        if (state === 0) declined = next - low
        else if (state === 1) accepted = next - low
        else if (state === 2) implied = next - low
        else viewed = next - low
      }
      const decider =
        terms.precedence === "most-recent"
          ? mostRecent(consentDates, low, declined, accepted, implied, viewed)
          : this.explicitFirst(consentDates, low, at, declined, accepted, implied, viewed)
      const code = decider < 0 ? unknown : this.code(decider, states[low + decider]!, accepted >= 0, terms, at)
      const { count } = this
      if (count === 0 || this.codes[count - 1] !== code || this.deciders[count - 1] !== decider) {
        this.ats[count] = at
        this.codes[count] = code
        this.deciders[count] = decider
        this.count = count + 1
      }
      let turn = next < high ? consentDates[next]! : Infinity
      if (declined >= 0 && lapses[declined]! > at && lapses[declined]! < turn) turn = lapses[declined]!
      if (accepted >= 0 && lapses[accepted]! > at && lapses[accepted]! < turn) turn = lapses[accepted]!
      if (implied >= 0 && lapses[implied]! > at && lapses[implied]! < turn) turn = lapses[implied]!
      if (viewed >= 0 && lapses[viewed]! > at && lapses[viewed]! < turn) turn = lapses[viewed]!
      if (turn >= until) return
      at = turn
    }
  }

  /** The version by which the deciding event of a moment lapsed, or 0. */
  versionAt(moment: number): number {
    return this.codes[moment] === invalidated ? this.lapsedBy[this.deciders[moment]!]! : 0
  }

  /** When each event expires and lapses (semantics, section 3.1; `Lapse`). */
  private prepare(columns: Columns, low: number, high: number, { type, terms }: Side): void {
    if (this.expires.length < high - low) this.grow(2 * (high - low))
    const { maxAge, consentDuration, reacceptances } = terms
    for (let index = low; index < high; index++) {
      const state = columns.states[index]!
      const date = columns.consentDates[index]!
      let expires = Infinity
      if (terms.recordedExpiration === "honor") {
        const recorded = columns.expirationDates[index]!
        if (recorded === recorded) expires = recorded
        else if (consentDuration !== null) expires = Period.add(date, consentDuration)
      }
      const age =
        state === 0 ? maxAge.declined : state === 1 ? maxAge.accepted : state === 2 ? maxAge.implied : maxAge.viewed
      if (age !== null) expires = Math.min(expires, Period.add(date, age))
      let lapses = expires
      let lapsedBy = 0
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
      this.expires[index - low] = expires
      this.lapses[index - low] = lapses
      this.lapsedBy[index - low] = lapsedBy
    }
  }

  /** A moment for each event and each lapse, and the first. */
  private grow(events: number): void {
    this.expires = new Float64Array(events)
    this.lapses = new Float64Array(events)
    this.lapsedBy = new Float64Array(events)
    this.ats = new Float64Array(2 * events + 1)
    this.codes = new Uint8Array(2 * events + 1)
    this.deciders = new Int32Array(2 * events + 1)
  }

  /** Semantics, section 3.2, `explicit-first`: the deciding event, or -1. */
  private explicitFirst(
    dates: Float64Array,
    low: number,
    at: Instant,
    declined: number,
    accepted: number,
    implied: number,
    viewed: number,
  ): number {
    const { lapses } = this
    const choice = accepted
    const chosenAt = accepted < 0 ? -Infinity : dates[low + accepted]!
    if (declined >= 0 && dates[low + declined]! >= chosenAt) return declined
    if (choice >= 0 && lapses[choice]! > at) return choice
    if (implied >= 0 && dates[low + implied]! > chosenAt && lapses[implied]! > at) return implied
    if (viewed >= 0 && dates[low + viewed]! > chosenAt && lapses[viewed]! > at) return viewed
    return choice >= 0 ? choice : implied >= 0 ? implied : viewed
  }

  /** Semantics, section 3.3: the code of the answer that an event decides. */
  private code(decider: number, state: number, hasAccepted: boolean, { permits }: Terms, at: Instant): Code {
    if (state === 0) return (hasAccepted ? withdrawn : refused) + (this.expires[decider]! <= at ? 1 : 0)
    if (this.lapses[decider]! <= at) return this.lapsedBy[decider] === 0 ? expired : invalidated
    if (state === 1) return given + 2
    if (state === 2) return permits === "accepted" ? implied : implied + 2
    return permits === "viewed" ? requested + 3 : requested + 1
  }
}

/** Semantics, section 3.2, `most-recent`: the deciding event, or -1. */
const mostRecent = (
  dates: Float64Array,
  low: number,
  declined: number,
  accepted: number,
  implied: number,
  viewed: number,
): number => {
  let decider = declined
  if (accepted >= 0 && (decider < 0 || dates[low + accepted]! > dates[low + decider]!)) decider = accepted
  if (implied >= 0 && (decider < 0 || dates[low + implied]! > dates[low + decider]!)) decider = implied
  if (viewed >= 0 && (decider < 0 || dates[low + viewed]! > dates[low + decider]!)) decider = viewed
  return decider
}

/** Compares pair after pair over one window. `from` < `until`. */
export interface Sweep {
  /**
   * Hands over the stretches of the pair whose events stand from `low` to `high`; answers whether the two codes differ on
   * any of them. Where both sides are the same object, it is walked once.
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
      const decider = right.deciders[j]!
      receiver.stretch(at, until, was, is, decider < 0 ? 0 : columns.states[low + decider]!, right.versionAt(j))
      if (until === window.until) return isDifferent
      if (leftNext === until) i++
      if (rightNext === until) j++
      at = until
    }
  }
  return { pair }
}
