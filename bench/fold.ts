/**
 * Measures the fold of 1,000,000 events to heads, and as the limit a hand-written last-write-wins loop over the same
 * objects.
 */
import type { ConsentEvent } from "../core/engine/ConsentEvent.ts"
import * as ConsentState from "../core/engine/ConsentState.ts"
import * as Heads from "../core/engine/Heads.ts"
import * as Measure from "./measure.ts"

const count = 1_000_000
const people = 100_000
const types = 8

/** Makes the same events in every run, by a linear congruential generator (Numerical Recipes). */
const makeEvents = (): ReadonlyArray<ConsentEvent> => {
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const names = Array.from({ length: people }, (_, n) => `018d5d1e-0000-7000-8000-${String(n).padStart(12, "0")}`)
  const typeIds = Array.from({ length: types }, (_, n) => `018d5d1e-0000-7000-9000-${String(n).padStart(12, "0")}`)
  return Array.from({ length: count }, (_, n) => {
    const consentDate = 1_700_000_000_000 + random(100_000_000)
    return {
      id: `018d5d1e-0000-7000-a000-${String(n).padStart(12, "0")}`,
      concordId: names[random(people)]!,
      consentType: typeIds[random(types)]!,
      version: 1,
      consentState: ConsentState.all[random(4)]!,
      consentAction: "import",
      consentDate,
      dateCreated: consentDate + random(1000),
    }
  })
}

/** The loop that one would write by hand if only the last answer counted. Returns the number of people. */
const lastWriteWins = (events: ReadonlyArray<ConsentEvent>): number => {
  const people = new Map<string, Map<string, ConsentEvent>>()
  for (const event of events) {
    let own = people.get(event.concordId)
    if (own === undefined) people.set(event.concordId, (own = new Map()))
    const last = own.get(event.consentType)
    if (last === undefined || event.consentDate > last.consentDate) own.set(event.consentType, event)
  }
  return people.size
}

/** Runs and prints the comparison. */
export const run = async (): Promise<void> => {
  const events = makeEvents()
  const seen = new Set<number>()
  const rates = await Measure.compare(
    {
      "last write wins, by hand": () => (seen.add(lastWriteWins(events)), count),
      "Heads.foldPopulation": () => (seen.add(Heads.foldPopulation(events).size), count),
    },
    5,
  )
  if (seen.size !== 1) throw new Error("the contenders saw different people")
  Measure.print(`fold of ${count.toLocaleString("en")} events in memory, one core`, rates, {
    "Heads.foldPopulation": 60,
  })
}
