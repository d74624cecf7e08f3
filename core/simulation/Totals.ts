/**
 * Adds up what a sweep finds: the figures of a {@link Summary}, in memory that grows with the types and the steps, never
 * with the people. Tallies of disjoint people can be merged, in any order.
 */
import type { Instant } from "../engine/Instant.ts"
import * as Outcome from "../engine/Outcome.ts"
import * as Reason from "./Reason.ts"
import * as Steps from "./Steps.ts"
import type { Count, Day, StatusDays, Summary, Transition } from "./Summary.ts"

/** What is counted, as plain data that threads can send each other. */
export interface Totals {
  events: number
  population: Writable<Count>
  changed: Writable<Count>
  losesPermission: Writable<Count>
  gainsPermission: Writable<Count>
  mustBeAskedAgain: Writable<Count>
  readonly types: Map<string, TypeTotals>
  readonly reasons: Map<Reason.Key, ReasonTotals>
  /** How often asking begins in each step. */
  readonly askedBefore: Float64Array
  readonly askedAfter: Float64Array
}

type Writable<A> = { -readonly [Key in keyof A]: A[Key] }

/** What is counted of one consent type. */
export interface TypeTotals {
  changedPairs: number
  /** By code, plus 32 for the candidate: at each step, by how many pairs more (or fewer) than at the step before. */
  readonly steps: Array<Float64Array | undefined>
  /** Pairs, by eight times the index of the baseline's status, plus that of the candidate's. */
  readonly transitions: Float64Array
}

/** What is counted of one reason. */
export interface ReasonTotals {
  readonly key: Reason.Key
  pairs: number
  /** How many pairs have been taken for examples of it. */
  examples: number
}

const noOne = (): Writable<Count> => ({ people: 0, pairs: 0 })

const newType = (): TypeTotals => ({
  changedPairs: 0,
  steps: Array.from({ length: 64 }, () => undefined),
  transitions: new Float64Array(64),
})

/** The totals of nobody. */
export const empty = (steps: Steps.Steps): Totals => ({
  events: 0,
  population: noOne(),
  changed: noOne(),
  losesPermission: noOne(),
  gainsPermission: noOne(),
  mustBeAskedAgain: noOne(),
  types: new Map(),
  reasons: new Map(),
  askedBefore: new Float64Array(steps.starts.length),
  askedAfter: new Float64Array(steps.starts.length),
})

const isChanged = 1
const loses = 2
const gains = 4
const isAskedAgain = 8

/** Counts stretches: begin a person, begin each of the pairs, hand over their stretches in order, end the person. */
export class Tally {
  readonly totals: Totals
  private readonly steps: Steps.Steps
  private type: TypeTotals = newType()
  private personFlags = 0
  private pairFlags = 0
  private isFirst = true
  /** The codes of the stretch before. */
  private before = 0
  private after = 0
  /** The pair that each transition was counted for last, by its number. */
  private readonly lastPairs = new Float64Array(64)
  /** The number of the pair. */
  private pair = 0
  /** The reasons that the pair has been counted under: the first so many. */
  private readonly pairReasons: Array<ReasonTotals> = []
  private pairReasonCount = 0

  constructor(steps: Steps.Steps) {
    this.steps = steps
    this.totals = empty(steps)
  }

  /** What is counted of a type, to begin its pairs with. */
  typeOf(consentType: string): TypeTotals {
    let type = this.totals.types.get(consentType)
    if (type === undefined) this.totals.types.set(consentType, (type = newType()))
    return type
  }

  beginPair(type: TypeTotals): void {
    this.type = type
    this.pair++
    this.pairFlags = 0
    this.pairReasonCount = 0
    this.isFirst = true
  }

  /** The first of the pair's reasons so far that has fewer than so many examples: it is given one more. */
  exemplify(most: number): Reason.Key | undefined {
    for (let index = 0; index < this.pairReasonCount; index++) {
      const reason = this.pairReasons[index]!
      if (reason.examples < most) {
        reason.examples++
        return reason.key
      }
    }
    return undefined
  }

  /** A `Sweep.Receiver`. Nothing is counted of a stretch on which a side answers as it did before. */
  stretch(from: Instant, before: number, after: number, state: number, version: number): void {
    if (this.isFirst) {
      this.count(before, 0, 1)
      this.count(after + 32, 0, 1)
      // At the window's beginning, asking begins for whom the candidate asks and the baseline does not.
      if (Reason.isAsked(after) && !Reason.isAsked(before)) this.totals.askedAfter[0]! += 1
      this.isFirst = false
    } else {
      if (before !== this.before) this.turn(from, this.before, before, 0, this.totals.askedBefore)
      if (after !== this.after) this.turn(from, this.after, after, 32, this.totals.askedAfter)
    }
    this.before = before
    this.after = after
    if (before !== after) this.differ(before, after, state, version)
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
    if (pairFlags & isAskedAgain) totals.mustBeAskedAgain.pairs++
  }

  endPerson(): void {
    const { totals, personFlags } = this
    totals.population.people++
    if (personFlags === 0) return
    totals.changed.people++
    if (personFlags & loses) totals.losesPermission.people++
    if (personFlags & gains) totals.gainsPermission.people++
    if (personFlags & isAskedAgain) totals.mustBeAskedAgain.people++
    this.personFlags = 0
  }

  private count(code: number, step: number, more: number): void {
    const counts = (this.type.steps[code] ??= new Float64Array(this.steps.starts.length + 1))
    counts[step]! += more
  }

  /** One side answers otherwise from `at` on: counted from the next step that begins, asked in the one that holds it. */
  private turn(at: Instant, was: number, is: number, offset: number, asked: Float64Array): void {
    const step = Steps.before(this.steps, at)
    this.count(was + offset, step, -1)
    this.count(is + offset, step, 1)
    if (Reason.isAsked(is) && !Reason.isAsked(was)) asked[Steps.holding(this.steps, at)]! += 1
  }

  private differ(before: number, after: number, state: number, version: number): void {
    if (Reason.isPermitted(before) !== Reason.isPermitted(after)) {
      this.pairFlags |= Reason.isPermitted(before) ? loses : gains
    }
    this.pairFlags |= Reason.isAsked(after) && !Reason.isAsked(before) ? isChanged | isAskedAgain : isChanged
    const transition = (before >> 2) * 8 + (after >> 2)
    if (this.lastPairs[transition] !== this.pair) {
      this.lastPairs[transition] = this.pair
      this.type.transitions[transition]! += 1
    }
    this.reason(Reason.key(after, state, version))
  }

  /** Counts the pair under a reason, once. */
  private reason(key: Reason.Key): void {
    const { pairReasons, pairReasonCount } = this
    for (let index = 0; index < pairReasonCount; index++) {
      if (pairReasons[index]!.key === key) return
    }
    const { reasons } = this.totals
    let reason = reasons.get(key)
    if (reason === undefined) reasons.set(key, (reason = { key, pairs: 0, examples: 0 }))
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

/** Adds `more` to `into`; both are of the same steps and of different people. */
export const add = (into: Totals, more: Totals): void => {
  into.events += more.events
  addCount(into.population, more.population)
  addCount(into.changed, more.changed)
  addCount(into.losesPermission, more.losesPermission)
  addCount(into.gainsPermission, more.gainsPermission)
  addCount(into.mustBeAskedAgain, more.mustBeAskedAgain)
  addAll(into.askedBefore, more.askedBefore)
  addAll(into.askedAfter, more.askedAfter)
  for (const [key, { pairs, examples }] of more.reasons) {
    const own = into.reasons.get(key)
    if (own === undefined) into.reasons.set(key, { key, pairs, examples })
    else {
      own.pairs += pairs
      own.examples += examples
    }
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
      const side = (offset: number): ReadonlyArray<number> => {
        const parts = type.steps.slice(offset + index * 4, offset + index * 4 + 4).filter((part) => part !== undefined)
        return parts.map(sums).reduce((a, b) => a.map((count, at) => count + b[at]!), none)
      }
      const [before, after] = [side(0), side(32)]
      if (before.some((count) => count > 0) || after.some((count) => count > 0)) {
        rows.push({ consentType, status, before, after })
      }
    }
  }
  return rows
}

const days = (totals: Totals, steps: Steps.Steps): ReadonlyArray<Day> => {
  const before = new Float64Array(steps.starts.length)
  const after = new Float64Array(steps.starts.length)
  for (const { steps: byCode } of totals.types.values()) {
    for (const [code, counts] of byCode.entries()) {
      if (counts !== undefined && Reason.isPermitted(code % 32)) {
        addAll(code < 32 ? before : after, Float64Array.from(sums(counts)))
      }
    }
  }
  return Array.from(steps.starts, (at, index) => ({
    at,
    permittedBefore: before[index]!,
    permittedAfter: after[index]!,
    askedBefore: totals.askedBefore[index]!,
    askedAfter: totals.askedAfter[index]!,
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

/** The figures of a summary: everything that is counted rather than given. */
export type Figures = Pick<
  Summary,
  | "events"
  | "population"
  | "changed"
  | "losesPermission"
  | "gainsPermission"
  | "mustBeAskedAgain"
  | "days"
  | "statusDays"
  | "transitions"
  | "reasons"
> & { readonly changedPairs: ReadonlyMap<string, number> }

/** The figures that totals come to. Types by id, reasons by how many, the most first. */
export const figures = (totals: Totals, steps: Steps.Steps): Figures => ({
  events: totals.events,
  population: totals.population,
  changed: totals.changed,
  losesPermission: totals.losesPermission,
  gainsPermission: totals.gainsPermission,
  mustBeAskedAgain: totals.mustBeAskedAgain,
  days: days(totals, steps),
  statusDays: statusDays(totals, steps),
  transitions: transitions(totals),
  reasons: [...totals.reasons]
    .map(([key, { pairs }]) => ({ reason: Reason.describe(key), pairs }))
    .toSorted((a, b) => b.pairs - a.pairs || (a.reason < b.reason ? -1 : 1)),
  changedPairs: new Map([...totals.types].map(([id, { changedPairs }]) => [id, changedPairs])),
})
