/**
 * Simulates rules and types over a population: the question as plain data, and a fold that answers it batch by batch.
 *
 * The fold keeps totals and at most ten examples for each reason, and nothing else about people.
 */
import * as EventColumns from "./EventColumns.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import * as DiffLine from "../formats/DiffLine.ts"
import type { Instant } from "../engine/Instant.ts"
import type * as Period from "../engine/Period.ts"
import * as Reason from "./Reason.ts"
import * as UnsortedEvents from "./UnsortedEvents.ts"
import type * as Rules from "../engine/Rules.ts"
import * as Comparison from "../engine/Comparison.ts"
import * as Steps from "./Steps.ts"
import type * as TypeLine from "../formats/TypeLine.ts"
import type { Example } from "./Summary.ts"
import * as Sweep from "./Sweep.ts"
import * as Totals from "./Totals.ts"
import * as Terms from "../engine/Terms.ts"

/** The types that events are read under, and a rule set that is laid over the types' own rules. */
export interface TypesAndRules {
  readonly types: ReadonlyArray<ConsentType.ConsentType>
  readonly rules: Rules.RuleSet
}

/**
 * How would the answers from `from` until `until` differ if `candidate` were in force instead of `baseline`? Both sides
 * read the events and versions known at `knownAt`.
 */
export interface SimulationQuestion extends Comparison.Window {
  readonly baseline: TypesAndRules
  readonly candidate: TypesAndRules
  readonly knownAt: Instant
  /** The length of the steps into which the window is divided for the totals. */
  readonly step: Period.Period
}

/**
 * A person with different answers on the two sides, and the fields needed to choose among examples. The `concordId`
 * must not be shown.
 */
export interface PossibleExample extends Omit<Example, "pseudonym"> {
  readonly reason: Reason.Key
  readonly concordId: string
}

/** Folds batches of whole people, in the order of `concordId`. Other folds may fold the people in between. */
export interface Fold {
  /**
   * Folds a batch and returns the lines of diff.ndjson about its people, in order; the empty string if lines are not
   * asked for.
   */
  readonly fold: (batch: EventColumns.EventColumns | UnsortedEvents.UnsortedEvents) => string
  readonly totals: Totals.Totals
  /** At most {@link maxExamples} for each reason, those with the least `concordId`. */
  readonly examples: ReadonlyArray<PossibleExample>
}

/** The largest number of examples in a summary. */
export const maxExamples = 10

/**
 * How many types are cached. When there are more, the cache is cleared, because events can name any number of unknown
 * types.
 */
const maxCachedTypes = 10_000

interface Sides {
  /** The type as it is named in lines. */
  readonly named: TypeLine.NamedType
  readonly baseline: Sweep.SweepSide
  readonly candidate: Sweep.SweepSide
}

/** Whether two sides give the same answer to every event. */
const isSame = (a: Sweep.SweepSide, b: Sweep.SweepSide): boolean =>
  JSON.stringify([a.terms, a.type.versions]) === JSON.stringify([b.terms, b.type.versions])

/** Prepares both sides of a type by its id. A type that a side does not list has default rules and version 1 there. */
const sidesOf = ({ baseline, candidate, knownAt }: SimulationQuestion): ((id: string) => Sides) => {
  const index = ({ types }: TypesAndRules) => new Map(types.map((type) => [type.id, type]))
  const baselineTypes = index(baseline)
  const candidateTypes = index(candidate)
  const side = (type: ConsentType.ConsentType, { rules }: TypesAndRules): Sweep.SweepSide =>
    Sweep.side(type, Terms.of(type, rules, knownAt))
  const cache = new Map<string, Sides>()
  return (id) => {
    const found = cache.get(id)
    if (found !== undefined) return found
    const unknown = ConsentType.unknown(id)
    const current = side(baselineTypes.get(id) ?? unknown, baseline)
    const proposed = side(candidateTypes.get(id) ?? unknown, candidate)
    const named = baselineTypes.get(id) ?? candidateTypes.get(id) ?? unknown
    // If both sides are the same object, the sweep walks only one.
    const sides = { named, baseline: current, candidate: isSame(current, proposed) ? current : proposed }
    if (cache.size >= maxCachedTypes) cache.clear()
    cache.set(id, sides)
    return sides
  }
}

const differences = (
  columns: EventColumns.EventColumns,
  low: number,
  high: number,
  concordId: string,
  { baseline, candidate }: Pick<Sides, "baseline" | "candidate">,
  window: Comparison.Window,
): ReadonlyArray<Comparison.Difference> => {
  const reading = ({ type, terms }: Sweep.SweepSide): Comparison.Reading => ({
    terms,
    events: Array.from({ length: high - low }, (_, index) => EventColumns.event(columns, low + index, concordId, type)),
  })
  return [...Comparison.diff(reading(baseline), reading(candidate), window)]
}

const toAnswer = ({ outcome: { status, permitted, askAgain } }: Comparison.Side) => ({ status, permitted, askAgain })

/** Describes one side: the reason, and the date and version of the deciding event. */
const inWords = ({ outcome, because }: Comparison.Side): string => {
  const { event } = outcome
  const version = because.lapse?.kind === "invalidated" ? because.lapse.version : 0
  const state = event === undefined ? 0 : EventColumns.stateIndex(event.consentState)
  const words = Reason.describe(Reason.key(Reason.codeOf(outcome), state, version))
  if (event === undefined) return words
  return `${words} (${new Date(event.consentDate).toISOString().slice(0, 10)}, version ${event.version})`
}

const toPossibleExample = (
  reason: Reason.Key,
  concordId: string,
  consentType: string,
  found: ReadonlyArray<Comparison.Difference>,
): PossibleExample => ({
  reason,
  concordId,
  consentType,
  intervals: found.map(({ from, until, before, after }) => ({
    from,
    until,
    before: toAnswer(before),
    after: toAnswer(after),
    because: `before: ${inWords(before)}; after: ${inWords(after)}`,
  })),
})

/** Makes a fold. `steps` are those of the question's window and step. */
export const make = (question: SimulationQuestion, steps: Steps.Steps, keepsLines: boolean): Fold => {
  const window = { from: question.from, until: question.until }
  const sidesFor = sidesOf(question)
  const sweep = Sweep.make(window)
  const counter = new Totals.TotalsCounter(steps)
  const examples: Array<PossibleExample> = []
  const sort = UnsortedEvents.sorter(question.knownAt)

  const fold = (batch: EventColumns.EventColumns | UnsortedEvents.UnsortedEvents): string => {
    const columns = UnsortedEvents.isUnsorted(batch) ? sort(batch) : batch
    const sides = columns.typeIds.map(sidesFor)
    const totals = sides.map((): Totals.TypeTotals | undefined => undefined)
    counter.totals.events += columns.events
    let text = ""
    let pair = 0
    let low = 0
    for (let person = 0; person < columns.people; person++) {
      for (; pair < columns.personEnds[person]!; pair++) {
        const typeIndex = columns.pairTypes[pair]!
        const consentType = columns.typeIds[typeIndex]!
        const { baseline, candidate, named } = sides[typeIndex]!
        const high = columns.pairEnds[pair]!
        counter.beginPair((totals[typeIndex] ??= counter.typeOf(consentType)))
        const isDifferent = sweep.pair(columns, low, high, baseline, candidate, counter)
        counter.endPair()
        if (isDifferent) {
          const reason = counter.claimExample(maxExamples)
          if (keepsLines || reason !== undefined) {
            const concordId = columns.concordIds.at(person) ?? ""
            const found = differences(columns, low, high, concordId, { baseline, candidate }, window)
            if (reason !== undefined) examples.push(toPossibleExample(reason, concordId, consentType, found))
            if (keepsLines) {
              for (const each of found) {
                text += `${JSON.stringify(DiffLine.fromDifference(concordId, named, each))}\n`
              }
            }
          }
        }
        low = high
      }
      counter.endPerson()
    }
    return text
  }
  return { fold, totals: counter.totals, examples }
}

const byPerson = (a: PossibleExample, b: PossibleExample): number =>
  a.concordId < b.concordId ? -1 : a.concordId > b.concordId ? 1 : a.consentType < b.consentType ? -1 : 1

/**
 * Chooses at most {@link maxExamples} of the examples of all folds: one of each reason in turn, the most frequent
 * reason first, and within a reason in the order of `concordId`. No person is chosen twice. The pseudonyms are numbers
 * and say nothing about the person.
 */
export const chooseExamples = (
  examples: ReadonlyArray<PossibleExample>,
  reasons: ReadonlyMap<Reason.Key, Pick<Totals.ReasonTotals, "pairs">>,
): ReadonlyArray<Example> => {
  const queues = [...reasons]
    .toSorted(([a, n], [b, m]) => m.pairs - n.pairs || a - b)
    .map(([key]) => examples.filter(({ reason }) => reason === key).toSorted(byPerson))
  const people = new Set<string>()
  const chosen: Array<Example> = []
  for (let place = 0; place < maxExamples; place++) {
    for (const queue of queues) {
      const next = queue[place]
      if (next === undefined || people.has(next.concordId) || chosen.length === maxExamples) continue
      people.add(next.concordId)
      const { consentType, intervals } = next
      chosen.push({ pseudonym: `Person ${chosen.length + 1}`, consentType, intervals })
    }
  }
  return chosen
}
