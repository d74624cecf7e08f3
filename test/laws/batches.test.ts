import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Heads from "../../core/engine/Heads.ts"
import { ledger, story } from "../support/ledgers.ts"

/** Where to cut a list, and then its parts: the shape of a tree of merges. */
const cuts = fc.infiniteStream(fc.nat(99))

/** Folds a list in chunks: each is folded alone, and the states are merged in a random tree. */
const inTree = (events: ReadonlyArray<ConsentEvent>, cut: Iterator<number>): Heads.Heads => {
  if (events.length === 0) return Heads.empty
  const at = (cut.next().value ?? 0) % (events.length + 1)
  if (at === 0 || at === events.length) return Heads.fold(events)
  return Heads.merge(inTree(events.slice(0, at), cut), inTree(events.slice(at), cut))
}

// Kills: Heads.merge takes always the head of the right side, or forgets its `viewed` head; Heads.add takes always the
// new event; Heads.fold takes the last to arrive of one instant; Heads.foldPopulation forgets the first event of a
// pair.
test("Incremental = batch: folding one by one, in any chunks, merged in any tree, gives the same state.", () => {
  fc.assert(
    fc.property(story, cuts, ({ events }, cut) => {
      const batch = Heads.fold(events)
      expect(events.reduce(Heads.add, Heads.empty)).toEqual(batch)
      expect(inTree(events, cut)).toEqual(batch)
      expect(Heads.merge(batch, inTree(events, cut))).toEqual(batch)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(ledger, (events) => {
      const population = Heads.foldPopulation(events)
      const pairs = [...population].flatMap(([person, types]) => [...types.keys()].map((type) => `${person} ${type}`))
      expect(pairs.toSorted()).toEqual([
        ...new Set(events.map((event) => `${event.concordId} ${event.consentType}`).toSorted()),
      ])
      for (const [person, types] of population) {
        for (const [type, heads] of types) {
          const own = events.filter((event) => event.concordId === person && event.consentType === type)
          expect(own.reduce(Heads.add, Heads.empty)).toEqual(heads)
        }
      }
    }),
    { numRuns: 1000 },
  )
})
