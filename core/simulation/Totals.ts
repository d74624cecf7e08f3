/**
 * Counts the differences that a sweep finds, as the figures of a {@link Summary}. The memory grows with the number of
 * types and steps, never with the number of people. Totals of disjoint people can be added up in any order.
 *
 * The file is longer than others because each figure is begun, counted, added up and written here.
 */
import type { Instant } from "../engine/Instant.ts"
import * as Outcome from "../engine/Outcome.ts"
import * as Reason from "./Reason.ts"
import * as Shape from "./Shape.ts"
import * as Steps from "./Steps.ts"
import type { Count, Day, StatusDays, Summary, Transition } from "./Summary.ts"

/** The totals of a simulation, as plain data that threads can send to each other. */
export interface Totals {
  events: number
  population: Writable<Count>
  changed: Writable<Count>
  losesPermission: Writable<Count>
  gainsPermission: Writable<Count>
  mustBeAskedAgain: Writable<Count>
  mayBeAskedAgain: Writable<Count>
  readonly types: Map<string, TypeTotals>
  readonly reasons: Map<Reason.Key, ReasonTotals>
  readonly askedBaseline: Asked
  readonly askedCandidate: Asked
}

/** For each step, how many times asking begins under one side, over all pairs ({@link Day}). */
interface Asked {
  readonly must: Float64Array
  readonly may: Float64Array
}

type Writable<A> = { -readonly [Key in keyof A]: A[Key] }

/** The totals of one consent type. */
export interface TypeTotals {
  /** The hash of a pair of this type without any difference. */
  readonly hash: number
  /** The number of pairs with different answers on the two sides at some instant. */
  changedPairs: number
  /**
   * By answer code, plus 32 for the candidate: for each step, the number of pairs with that answer minus the number at
   * the previous step.
   */
  readonly steps: Array<Float64Array | undefined>
  /**
   * Numbers of pairs. The index is eight times the index of the baseline's status plus the index of the candidate's.
   */
  readonly transitions: Float64Array
}

/** The totals of one reason. */
export interface ReasonTotals {
  readonly key: Reason.Key
  pairs: number
  /** The shapes of the pairs that are kept as its examples, in ascending order ({@link Shape}). */
  readonly shapes: Array<number>
  /** The greatest shape that may be kept: the last of {@link shapes} if there are enough. */
  greatest: number
}

const zero = (): Writable<Count> => ({ people: 0, pairs: 0 })

const newType = (consentType: string): TypeTotals => ({
  hash: Shape.ofType(consentType),
  changedPairs: 0,
  steps: Array.from({ length: 64 }, () => undefined),
  transitions: new Float64Array(64),
})

const newAsked = ({ starts }: Steps.Steps): Asked => ({
  must: new Float64Array(starts.length),
  may: new Float64Array(starts.length),
})

/** The totals without any person. */
export const empty = (steps: Steps.Steps): Totals => ({
  events: 0,
  population: zero(),
  changed: zero(),
  losesPermission: zero(),
  gainsPermission: zero(),
  mustBeAskedAgain: zero(),
  mayBeAskedAgain: zero(),
  types: new Map(),
  reasons: new Map(),
  askedBaseline: newAsked(steps),
  askedCandidate: newAsked(steps),
})

/** No reasons, without an array for each pair. */
const none: Array<Reason.Key> = []

// Flags of a pair or a person, as bits of a number.
const isChanged = 1
const loses = 2
const gains = 4
const mustBeAsked = 8
const mayBeAsked = 16

/**
 * Counts the stretches of a sweep. For each pair of a person call `beginPair`, `stretch` for each stretch in order, and
 * `endPair`; after the last pair of the person call `endPerson`.
 */
export class TotalsCounter {
  readonly totals: Totals
  private readonly steps: Steps.Steps
  private type: TypeTotals = newType("")
  private personFlags = 0
  private pairFlags = 0
  private readonly partsPerMilli: number
  private pairHash = 0
  private isFirst = true
  /** The codes of the previous stretch. */
  private lastBaseline = 0
  private lastCandidate = 0
  /** For each transition, the number of the pair that it was counted for last. */
  private readonly lastPairs = new Float64Array(64)
  /** The number of the current pair, counted from 1. */
  private pair = 0
  /** The reasons that the current pair has been counted under: the first `pairReasonCount` elements. */
  private readonly pairReasons: Array<ReasonTotals> = []
  private pairReasonCount = 0

  constructor(steps: Steps.Steps) {
    this.steps = steps
    this.partsPerMilli = Shape.partsPerMilli(steps.window)
    this.totals = empty(steps)
  }

  /** The totals of a type, which `beginPair` needs for its pairs. */
  typeOf(consentType: string): TypeTotals {
    let type = this.totals.types.get(consentType)
    if (type === undefined) this.totals.types.set(consentType, (type = newType(consentType)))
    return type
  }

  beginPair(type: TypeTotals): void {
    this.type = type
    this.pair++
    this.pairFlags = 0
    this.pairHash = type.hash
    this.pairReasonCount = 0
    this.isFirst = true
  }

  /** The shape of the current pair. */
  get shape(): number {
    return Shape.ofHash(this.pairHash)
  }

  /**
   * The reasons of the current pair that it is kept as an example of: its shape is among the `maximum` least of the
   * reason, and no earlier pair has it. The least shapes are the same in whatever parts the people are folded.
   */
  claimExample(maximum: number): ReadonlyArray<Reason.Key> {
    const shape = Shape.ofHash(this.pairHash)
    let claimed = none
    for (let index = 0; index < this.pairReasonCount; index++) {
      const reason = this.pairReasons[index]!
      if (shape > reason.greatest || !Shape.keep(reason.shapes, shape, maximum)) continue
      if (reason.shapes.length === maximum) reason.greatest = reason.shapes[maximum - 1]!
      if (claimed === none) claimed = []
      claimed.push(reason.key)
    }
    return claimed
  }

  /**
   * Counts a stretch; implements `Sweep.Receiver`. A side is not counted again if its answer is that of the previous
   * stretch.
   */
  stretch(from: Instant, baseline: number, candidate: number, state: number, version: number): void {
    if (this.isFirst) {
      this.count(baseline, 0, 1)
      this.count(candidate + 32, 0, 1)
      // At the start of the window a pair counts as newly asked only if the candidate asks and the baseline does not.
      if (Reason.isAsked(candidate) && !Reason.isAsked(baseline))
        this.countAsked(candidate, 0, this.totals.askedCandidate)
      this.isFirst = false
    } else {
      if (baseline !== this.lastBaseline) {
        this.countChange(from, this.lastBaseline, baseline, 0, this.totals.askedBaseline)
      }
      if (candidate !== this.lastCandidate) {
        this.countChange(from, this.lastCandidate, candidate, 32, this.totals.askedCandidate)
      }
    }
    this.lastBaseline = baseline
    this.lastCandidate = candidate
    if (baseline !== candidate) {
      // The part of the window and both answers in one number.
      const part = ((from - this.steps.window.from) * this.partsPerMilli) | 0
      this.pairHash = Shape.mix(this.pairHash, part * 1024 + baseline * 32 + candidate)
      this.countDifference(baseline, candidate, state, version)
    }
  }

  endPair(): void {
    const { totals, pairFlags } = this
    totals.population.pairs++
    if (pairFlags === 0) return
    this.personFlags |= pairFlags
    this.type.changedPairs++
    totals.changed.pairs++
    if (pairFlags & loses) totals.losesPermission.pairs++
    if (pairFlags & gains) totals.gainsPermission.pairs++
    if (pairFlags & mustBeAsked) totals.mustBeAskedAgain.pairs++
    if (pairFlags & mayBeAsked) totals.mayBeAskedAgain.pairs++
  }

  endPerson(): void {
    const { totals, personFlags } = this
    totals.population.people++
    if (personFlags === 0) return
    totals.changed.people++
    if (personFlags & loses) totals.losesPermission.people++
    if (personFlags & gains) totals.gainsPermission.people++
    if (personFlags & mustBeAsked) totals.mustBeAskedAgain.people++
    if (personFlags & mayBeAsked) totals.mayBeAskedAgain.people++
    this.personFlags = 0
  }

  private count(code: number, step: number, change: number): void {
    const counts = (this.type.steps[code] ??= new Float64Array(this.steps.starts.length + 1))
    counts[step]! += change
  }

  /**
   * Counts that one side's answer changes at `at`. The change counts from the next step that begins, because totals are
   * read at the beginning of a step; asking that begins counts in the step that holds `at`.
   */
  private countChange(at: Instant, oldCode: number, newCode: number, offset: number, asked: Asked): void {
    const step = Steps.before(this.steps, at)
    this.count(oldCode + offset, step, -1)
    this.count(newCode + offset, step, 1)
    if (Reason.isAsked(newCode) && !Reason.isAsked(oldCode)) {
      this.countAsked(newCode, Steps.holding(this.steps, at), asked)
    }
  }

  private countAsked(code: number, step: number, { may, must }: Asked): void {
    const counts = Reason.isAskedByNeed(code) ? must : may
    counts[step]! += 1
  }

  private countDifference(baseline: number, candidate: number, state: number, version: number): void {
    if (Reason.isPermitted(baseline) !== Reason.isPermitted(candidate)) {
      this.pairFlags |= Reason.isPermitted(baseline) ? loses : gains
    }
    this.pairFlags |= isChanged
    if (Reason.isAsked(candidate) && !Reason.isAsked(baseline)) {
      this.pairFlags |= Reason.isAskedByNeed(candidate) ? mustBeAsked : mayBeAsked
    }
    const transition = (baseline >> 2) * 8 + (candidate >> 2)
    if (this.lastPairs[transition] !== this.pair) {
      this.lastPairs[transition] = this.pair
      this.type.transitions[transition]! += 1
    }
    this.countReason(Reason.key(candidate, state, version))
  }

  /** Counts the current pair under a reason, at most once. */
  private countReason(key: Reason.Key): void {
    const { pairReasons, pairReasonCount } = this
    for (let index = 0; index < pairReasonCount; index++) {
      if (pairReasons[index]!.key === key) return
    }
    const { reasons } = this.totals
    let reason = reasons.get(key)
    if (reason === undefined) reasons.set(key, (reason = { key, pairs: 0, shapes: [], greatest: Shape.greatest }))
    reason.pairs++
    pairReasons[this.pairReasonCount++] = reason
  }
}

const addCount = (into: Writable<Count>, more: Count): void => {
  into.people += more.people
  into.pairs += more.pairs
}

const addAll = (into: Float64Array, more: Float64Array): void => {
  for (let index = 0; index < more.length; index++) into[index]! += more[index]!
}

const addAsked = (into: Asked, more: Asked): void => {
  addAll(into.must, more.must)
  addAll(into.may, more.may)
}

const addType = (into: TypeTotals, more: TypeTotals): void => {
  into.changedPairs += more.changedPairs
  addAll(into.transitions, more.transitions)
  for (const [code, counts] of more.steps.entries()) {
    if (counts === undefined) continue
    const own = into.steps[code]
    if (own === undefined) into.steps[code] = counts
    else addAll(own, counts)
  }
}

/** Adds `more` to `into`. Both have the same steps and no person in common. */
export const add = (into: Totals, more: Totals): void => {
  into.events += more.events
  addCount(into.population, more.population)
  addCount(into.changed, more.changed)
  addCount(into.losesPermission, more.losesPermission)
  addCount(into.gainsPermission, more.gainsPermission)
  addCount(into.mustBeAskedAgain, more.mustBeAskedAgain)
  addCount(into.mayBeAskedAgain, more.mayBeAskedAgain)
  addAsked(into.askedBaseline, more.askedBaseline)
  addAsked(into.askedCandidate, more.askedCandidate)
  for (const [key, reason] of more.reasons) {
    const own = into.reasons.get(key)
    if (own === undefined) into.reasons.set(key, reason)
    else own.pairs += reason.pairs
  }
  for (const [id, type] of more.types) {
    const own = into.types.get(id)
    if (own === undefined) into.types.set(id, type)
    else addType(own, type)
  }
}

const sums = (counts: Float64Array): ReadonlyArray<number> => {
  let sum = 0
  return Array.from(counts.subarray(0, -1), (more) => (sum += more))
}

const statusDays = (totals: Totals, steps: Steps.Steps): ReadonlyArray<StatusDays> => {
  const none = Array.from(steps.starts, () => 0)
  const rows: Array<StatusDays> = []
  for (const [consentType, type] of [...totals.types].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [index, status] of Outcome.statuses.entries()) {
      const countsOf = (offset: number): ReadonlyArray<number> => {
        const parts = type.steps.slice(offset + index * 4, offset + index * 4 + 4).filter((part) => part !== undefined)
        return parts.map(sums).reduce((a, b) => a.map((count, at) => count + b[at]!), none)
      }
      const [baseline, candidate] = [countsOf(0), countsOf(32)]
      if (baseline.some((count) => count > 0) || candidate.some((count) => count > 0)) {
        rows.push({ consentType, status, before: baseline, after: candidate })
      }
    }
  }
  return rows
}

const days = (totals: Totals, steps: Steps.Steps): ReadonlyArray<Day> => {
  const baseline = new Float64Array(steps.starts.length)
  const candidate = new Float64Array(steps.starts.length)
  for (const { steps: byCode } of totals.types.values()) {
    for (const [code, counts] of byCode.entries()) {
      if (counts !== undefined && Reason.isPermitted(code % 32)) {
        addAll(code < 32 ? baseline : candidate, Float64Array.from(sums(counts)))
      }
    }
  }
  return Array.from(steps.starts, (at, index) => ({
    at,
    permittedBefore: baseline[index]!,
    permittedAfter: candidate[index]!,
    mustAskBefore: totals.askedBaseline.must[index]!,
    mustAskAfter: totals.askedCandidate.must[index]!,
    mayAskBefore: totals.askedBaseline.may[index]!,
    mayAskAfter: totals.askedCandidate.may[index]!,
  }))
}

const transitions = (totals: Totals): ReadonlyArray<Transition> =>
  [...totals.types]
    .flatMap(([consentType, type]) =>
      Array.from(type.transitions, (pairs, index) => ({
        consentType,
        before: Outcome.statuses[index >> 3]!,
        after: Outcome.statuses[index & 7]!,
        pairs,
      })),
    )
    .filter(({ pairs }) => pairs > 0)
    .toSorted((a, b) => (a.consentType < b.consentType ? -1 : a.consentType > b.consentType ? 1 : b.pairs - a.pairs))

/** The part of a summary that is counted, not given. */
export type Figures = Pick<
  Summary,
  | "events"
  | "population"
  | "changed"
  | "losesPermission"
  | "gainsPermission"
  | "mustBeAskedAgain"
  | "mayBeAskedAgain"
  | "days"
  | "statusDays"
  | "transitions"
  | "reasons"
> & { readonly changedPairs: ReadonlyMap<string, number> }

/** The figures of the totals. Types are sorted by id, reasons by their number of pairs, the largest first. */
export const figures = (totals: Totals, steps: Steps.Steps): Figures => ({
  events: totals.events,
  population: totals.population,
  changed: totals.changed,
  losesPermission: totals.losesPermission,
  gainsPermission: totals.gainsPermission,
  mustBeAskedAgain: totals.mustBeAskedAgain,
  mayBeAskedAgain: totals.mayBeAskedAgain,
  days: days(totals, steps),
  statusDays: statusDays(totals, steps),
  transitions: transitions(totals),
  reasons: [...totals.reasons]
    .map(([key, { pairs }]) => ({ reason: Reason.describe(key), pairs }))
    .toSorted((a, b) => b.pairs - a.pairs || (a.reason < b.reason ? -1 : 1)),
  changedPairs: new Map([...totals.types].map(([id, { changedPairs }]) => [id, changedPairs])),
})
