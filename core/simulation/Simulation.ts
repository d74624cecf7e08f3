/**
 * A what-if over a population: the question as plain data, and the fold that answers it, batch after batch.
 *
 * The fold keeps totals, at most ten examples a reason, and nothing else of the people it has seen.
 */
import * as EventColumns from "./EventColumns.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import * as DiffLine from "../formats/DiffLine.ts"
import type { Instant } from "../engine/Instant.ts"
import type * as Period from "../engine/Period.ts"
import * as Reason from "./Reason.ts"
import * as UnsortedEvents from "./UnsortedEvents.ts"
import * as Rules from "../engine/Rules.ts"
import * as Comparison from "../engine/Comparison.ts"
import * as Steps from "./Steps.ts"
import type { Example } from "./Summary.ts"
import * as Sweep from "./Sweep.ts"
import * as Totals from "./Totals.ts"
import * as Terms from "../engine/Terms.ts"

/** What events are read under: types, and a rule set laid over their own rules. */
export interface Reading {
  readonly types: ReadonlyArray<ConsentType.ConsentType>
  readonly rules: Rules.RuleSet
}

/** What if `after` were in force instead of `before`, from `from` until `until`, with all that is known at `knownAt`? */
export interface Question extends Comparison.Window {
  readonly before: Reading
  readonly after: Reading
  readonly knownAt: Instant
  /** Into what the window is divided for the totals. */
  readonly step: Period.Period
}

/** An example with what is needed to choose among examples; the ids are not to be shown. */
export interface Candidate extends Omit<Example, "pseudonym"> {
  readonly reason: Reason.Key
  readonly concordId: string
}

/** Folds batches of whole people, in the order of `concordId`; people in between may be folded elsewhere. */
export interface Fold {
  /** Answers the lines of diff.ndjson about these people, in order; nothing where lines are not asked for. */
  readonly fold: (batch: EventColumns.EventColumns | UnsortedEvents.UnsortedEvents) => string
  readonly totals: Totals.Totals
  /** At most {@link maxExamples} a reason, those with the least `concordId`. */
  readonly examples: ReadonlyArray<Candidate>
}

/** How many examples a summary has. */
export const maxExamples = 10

/** How many types that only events name are remembered; beyond, they are prepared anew. */
const maxRemembered = 10_000

interface Sides {
  readonly before: Sweep.Side
  readonly after: Sweep.Side
}

/** Whether two sides give the same answers to everything. */
const isSame = (a: Sweep.Side, b: Sweep.Side): boolean =>
  JSON.stringify([a.terms, a.type.versions]) === JSON.stringify([b.terms, b.type.versions])

/** What each type is read under, before and after. A type nothing is known of has default rules and version 1. */
const sidesOf = ({ before, after, knownAt }: Question): ((id: string) => Sides) => {
  const index = ({ types }: Reading) => new Map(types.map((type) => [type.id, type]))
  const typesBefore = index(before)
  const typesAfter = index(after)
  const side = (type: ConsentType.ConsentType, { rules }: Reading): Sweep.Side =>
    Sweep.side(type, Terms.make(type, Rules.inForce(type.rules, type, rules), knownAt))
  const remembered = new Map<string, Sides>()
  return (id) => {
    const found = remembered.get(id)
    if (found !== undefined) return found
    const is = side(typesBefore.get(id) ?? ConsentType.unknown(id), before)
    const would = side(typesAfter.get(id) ?? ConsentType.unknown(id), after)
    // The same object tells the sweep that there is one side to walk.
    const sides = { before: is, after: isSame(is, would) ? is : would }
    if (remembered.size >= maxRemembered) remembered.clear()
    remembered.set(id, sides)
    return sides
  }
}

const differences = (
  columns: EventColumns.EventColumns,
  low: number,
  high: number,
  concordId: string,
  { before, after }: Sides,
  window: Comparison.Window,
): ReadonlyArray<Comparison.Difference> => {
  const reading = ({ type, terms }: Sweep.Side): Comparison.Reading => ({
    terms,
    events: Array.from({ length: high - low }, (_, index) => EventColumns.event(columns, low + index, concordId, type)),
  })
  return [...Comparison.diff(reading(before), reading(after), window)]
}

const said = ({ outcome: { status, permitted, askAgain } }: Comparison.Side) => ({ status, permitted, askAgain })

/** The words for one side: the reason, and when the deciding answer was given. */
const inWords = ({ outcome, because }: Comparison.Side): string => {
  const { event } = outcome
  const version = because.lapse?.kind === "invalidated" ? because.lapse.version : 0
  const state = event === undefined ? 0 : EventColumns.stateIndex(event.consentState)
  const words = Reason.describe(Reason.key(Reason.codeOf(outcome), state, version))
  if (event === undefined) return words
  return `${words} (${new Date(event.consentDate).toISOString().slice(0, 10)}, version ${event.version})`
}

const toCandidate = (
  reason: Reason.Key,
  concordId: string,
  consentType: string,
  found: ReadonlyArray<Comparison.Difference>,
): Candidate => ({
  reason,
  concordId,
  consentType,
  intervals: found.map(({ from, until, before, after }) => ({
    from,
    until,
    before: said(before),
    after: said(after),
    because: `before: ${inWords(before)}; after: ${inWords(after)}`,
  })),
})

/** Makes a fold. `steps` are those of the question's window and step. */
export const make = (question: Question, steps: Steps.Steps, keepsLines: boolean): Fold => {
  const window = { from: question.from, until: question.until }
  const sidesFor = sidesOf(question)
  const sweep = Sweep.make(window)
  const tally = new Totals.Tally(steps)
  const examples: Array<Candidate> = []
  const inOrder = UnsortedEvents.ordering(question.knownAt)

  const fold = (batch: EventColumns.EventColumns | UnsortedEvents.UnsortedEvents): string => {
    const columns = UnsortedEvents.isUnsorted(batch) ? inOrder(batch) : batch
    const sides = columns.typeIds.map(sidesFor)
    const totals = sides.map((): Totals.TypeTotals | undefined => undefined)
    tally.totals.events += columns.events
    let text = ""
    let pair = 0
    let low = 0
    for (let person = 0; person < columns.people; person++) {
      for (; pair < columns.personEnds[person]!; pair++) {
        const typeIndex = columns.pairTypes[pair]!
        const consentType = columns.typeIds[typeIndex]!
        const { before, after } = sides[typeIndex]!
        const high = columns.pairEnds[pair]!
        tally.beginPair((totals[typeIndex] ??= tally.typeOf(consentType)))
        const isDifferent = sweep.pair(columns, low, high, before, after, tally)
        tally.endPair()
        if (isDifferent) {
          const reason = tally.exemplify(maxExamples)
          if (keepsLines || reason !== undefined) {
            const concordId = columns.concordIds.at(person) ?? ""
            const found = differences(columns, low, high, concordId, { before, after }, window)
            if (reason !== undefined) examples.push(toCandidate(reason, concordId, consentType, found))
            if (keepsLines) {
              for (const each of found) {
                text += `${JSON.stringify(DiffLine.fromDifference(concordId, consentType, each))}\n`
              }
            }
          }
        }
        low = high
      }
      tally.endPerson()
    }
    return text
  }
  return { fold, totals: tally.totals, examples }
}

const byPerson = (a: Candidate, b: Candidate): number =>
  a.concordId < b.concordId ? -1 : a.concordId > b.concordId ? 1 : a.consentType < b.consentType ? -1 : 1

/**
 * Chooses at most {@link maxExamples} of the candidates of all folds: one of each reason in turn, the most frequent first,
 * and of each those with the least `concordId`; nobody twice. The pseudonyms say nothing about the person.
 */
export const chooseExamples = (
  candidates: ReadonlyArray<Candidate>,
  reasons: ReadonlyMap<Reason.Key, Pick<Totals.ReasonTotals, "pairs">>,
): ReadonlyArray<Example> => {
  const queues = [...reasons]
    .toSorted(([a, n], [b, m]) => m.pairs - n.pairs || a - b)
    .map(([key]) => candidates.filter(({ reason }) => reason === key).toSorted(byPerson))
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
