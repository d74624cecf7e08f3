import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Heads from "../../core/engine/Heads.ts"
import * as Terms from "../../core/engine/Terms.ts"
import { at, knownAt, ledger, story } from "../support/ledgers.ts"

/** The same events in another order, some of them several times, as a repeated import would bring them. */
const reordered = <A>(events: ReadonlyArray<A>): fc.Arbitrary<ReadonlyArray<A>> => {
  const repeated = events.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...events), { maxLength: 4 })
  return repeated.chain((copies) => {
    const all = [...events, ...copies.map((copy) => structuredClone(copy))]
    return fc.shuffledSubarray(all, { minLength: all.length })
  })
}

// Kills: Order.isLater does not compare ids; Heads.fold takes the last to arrive of one instant; Timeline.start leaves
// later events in the order in which they arrived.
test("Any permutation and any duplication of the same events gives the same state and the same answers.", () => {
  const told = story.chain((told) => fc.tuple(fc.constant(told), reordered(told.events)))
  fc.assert(
    fc.property(told, at, knownAt, ([{ events, type, rules }, others], at, knownAt) => {
      const terms = Terms.make(type, rules, knownAt)
      expect(Heads.fold(others)).toEqual(Heads.fold(events))
      expect(Decision.decide(others, terms, at)).toEqual(Decision.decide(events, terms, at))
      expect([...Decision.follow(others, terms, at)]).toEqual([...Decision.follow(events, terms, at)])
    }),
    { numRuns: 1000 },
  )
  const population = ledger.chain((events) => fc.tuple(fc.constant(events), reordered(events)))
  fc.assert(
    fc.property(population, ([events, others]) => {
      expect(Heads.foldPopulation(others)).toEqual(Heads.foldPopulation(events))
    }),
    { numRuns: 1000 },
  )
})
