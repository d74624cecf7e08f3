/**
 * Chooses the people that are shown as examples, so that they differ in what they show.
 */
import type * as Reason from "./Reason.ts"
import type { Example } from "./Summary.ts"
import type * as Totals from "./Totals.ts"

/**
 * A person with different answers on the two sides, and the fields needed to choose among examples. The `concordId`
 * must not be shown.
 */
export interface PossibleExample extends Omit<Example, "pseudonym"> {
  readonly reason: Reason.Key
  /** The shape of its differences (`Shape.ts`). */
  readonly shape: number
  readonly concordId: string
}

/** The largest number of examples in a summary, and of those that a fold keeps for each reason. */
export const max = 10

const byShapeAndPerson = (a: PossibleExample, b: PossibleExample): number =>
  a.shape - b.shape ||
  (a.concordId < b.concordId ? -1 : a.concordId > b.concordId ? 1 : a.consentType < b.consentType ? -1 : 1)

/** The {@link max} examples with the least shapes, one of each shape: the one with the least `concordId`. */
export const least = (examples: ReadonlyArray<PossibleExample>): ReadonlyArray<PossibleExample> =>
  examples
    .toSorted(byShapeAndPerson)
    .filter((example, index, sorted) => example.shape !== sorted[index - 1]?.shape)
    .slice(0, max)

/** The consent type and the statuses that an example shows, whenever they begin. */
const lookOf = ({ consentType, intervals }: PossibleExample): string =>
  JSON.stringify([consentType, intervals.map(({ before, after }) => [before.status, after.status])])

/** In an order in which every look comes once before any comes twice. */
const lookByLook = (queue: ReadonlyArray<PossibleExample>): ReadonlyArray<PossibleExample> => {
  const seen = new Map<string, number>()
  const rounds = queue.map((example) => {
    const look = lookOf(example)
    const round = seen.get(look) ?? 0
    seen.set(look, round + 1)
    return { example, round }
  })
  return rounds.toSorted((a, b) => a.round - b.round).map(({ example }) => example)
}

/**
 * Chooses at most {@link max} of the examples of all folds: one of each reason in turn, the most frequent reason first.
 * No person is chosen twice, and no two of a reason have the same shape. The pseudonyms are numbers and say nothing
 * about the person.
 */
export const choose = (
  examples: ReadonlyArray<PossibleExample>,
  reasons: ReadonlyMap<Reason.Key, Pick<Totals.ReasonTotals, "pairs">>,
): ReadonlyArray<Example> => {
  const queues = [...reasons]
    .toSorted(([a, n], [b, m]) => m.pairs - n.pairs || a - b)
    .map(([key]) => lookByLook(least(examples.filter(({ reason }) => reason === key))))
  const people = new Set<string>()
  const chosen: Array<Example> = []
  for (let place = 0; place < max; place++) {
    for (const queue of queues) {
      const next = queue[place]
      if (next === undefined || people.has(next.concordId) || chosen.length === max) continue
      people.add(next.concordId)
      const { consentType, intervals } = next
      chosen.push({ pseudonym: `Person ${chosen.length + 1}`, consentType, intervals })
    }
  }
  return chosen
}
