/**
 * Simulates rules and types over a population: the question as plain data, and a fold that answers it batch by batch.
 *
 * The fold keeps totals and at most ten examples for each reason, and nothing else about people.
 */
import * as Examples from "./Examples.ts"
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

/** Folds batches of whole people, in the order of `concordId`. Other folds may fold the people in between. */
export interface Fold {
  /**
   * Folds a batch and returns the lines of diff.ndjson about its people, in order; the empty string if lines are not
   * asked for.
   */
  readonly fold: (batch: EventColumns.EventColumns | UnsortedEvents.UnsortedEvents) => string
  readonly totals: Totals.Totals
  /** At most {@link Examples.max} for each reason: the least shapes, and of each the least `concordId`. */
  readonly examples: ReadonlyArray<Examples.PossibleExample>
}

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

const toIntervals = (found: ReadonlyArray<Comparison.Difference>): Example["intervals"] =>
  found.map(({ from, until, before, after }) => ({
    from,
    until,
    before: toAnswer(before),
    after: toAnswer(after),
    because: `before: ${inWords(before)}; after: ${inWords(after)}`,
  }))

/** Makes a fold. `steps` are those of the question's window and step. */
export const make = (question: SimulationQuestion, steps: Steps.Steps, keepsLines: boolean): Fold => {
  const window = { from: question.from, until: question.until }
  const sidesFor = sidesOf(question)
  const sweep = Sweep.make(window)
  const counter = new Totals.TotalsCounter(steps)
  const examples = new Map<Reason.Key, ReadonlyArray<Examples.PossibleExample>>()
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
          const reasons = counter.claimExample(Examples.max)
          if (keepsLines || reasons.length > 0) {
            const concordId = columns.concordIds.at(person) ?? ""
            const found = differences(columns, low, high, concordId, { baseline, candidate }, window)
            for (const reason of reasons) {
              const { shape } = counter
              const example = { reason, shape, concordId, consentType, intervals: toIntervals(found) }
              examples.set(reason, Examples.least([...(examples.get(reason) ?? []), example]))
            }
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
  return {
    fold,
    totals: counter.totals,
    get examples() {
      return [...examples.values()].flat()
    },
  }
}
