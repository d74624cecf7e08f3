/**
 * The line in front of the service, in simulated time: a processor that takes one request after the other, then a disk that
 * syncs all that wait at once, and ten times as many requests as these can carry.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as ConcurrencyLimit from "../../adapters/http/server/ConcurrencyLimit.ts"

/** What a service takes, in milliseconds. */
interface Service {
  readonly work: number
  readonly sync: number
}

interface Flood {
  readonly perMilli: number
  readonly millis: number
}

/** How long each accepted request took, by when it was answered, and when each refused one came. */
const simulate = ({ sync, work }: Service, floods: ReadonlyArray<Flood>, line = ConcurrencyLimit.make()) => {
  const accepted: Array<{ readonly at: number; readonly millis: number }> = []
  const refused: Array<number> = []
  const toSync: Array<{ readonly since: number; readonly wasAlone: boolean }> = []
  let syncing: typeof toSync = []
  let syncedAt = Infinity
  let processorFreeAt = 0
  let inLine = 0
  let now = 0
  const worked: Array<{ readonly at: number; readonly since: number; readonly wasAlone: boolean }> = []

  /** Lets everything happen that happens before an instant. */
  const until = (end: number): void => {
    for (;;) {
      const next = Math.min(worked[0]?.at ?? Infinity, syncedAt)
      if (next > end) break
      now = next
      if (next === syncedAt) {
        for (const { since, wasAlone } of syncing) {
          inLine--
          accepted.push({ at: now, millis: now - since })
          line.answered(now, now - since, wasAlone && inLine === 0)
        }
        syncing = []
        syncedAt = Infinity
      } else toSync.push(worked.shift()!)
      if (syncing.length === 0 && toSync.length > 0) {
        syncing = toSync.splice(0)
        syncedAt = now + sync
      }
    }
    now = end
  }

  let start = 0
  for (const { millis, perMilli } of floods) {
    for (let n = 0; n < millis * perMilli; n++) {
      until(start + n / perMilli)
      if (inLine >= line.max(now)) {
        line.refused(now)
        refused.push(now)
      } else {
        processorFreeAt = Math.max(processorFreeAt, now) + work
        worked.push({ at: processorFreeAt, since: now, wasAlone: inLine === 0 })
        inLine++
      }
    }
    start += millis
  }
  until(start + 10_000)
  return { accepted, refused }
}

const services = fc.record({
  work: fc.constantFrom(0.1, 0.25, 0.5, 1, 2),
  sync: fc.constantFrom(0.5, 1, 2, 5, 10, 20),
})

const p99 = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)]!

describe("the line", () => {
  test("refuses nobody whom the service can carry, nor a burst of as many as may be in it", () => {
    fc.assert(
      fc.property(services, (service) => {
        // A request waits for the sync under way and then for its own: more than may be in the line cannot.
        const carried = Math.min(0.8 / service.work, ConcurrencyLimit.highest / (2.5 * (service.work + service.sync)))
        const pause = { perMilli: 0.001, millis: 1000 }
        const burst = { perMilli: ConcurrencyLimit.highest - 1, millis: 1 }
        const { refused } = simulate(service, [{ perMilli: carried, millis: 500 }, pause, burst])
        expect(refused).toEqual([])
      }),
    )
  })

  // Mutants: it is never cut; it grows whatever they wait.
  test("under ten times the load answers whom it lets in within three times of what one alone takes", () => {
    fc.assert(
      fc.property(services, (service) => {
        const alone = service.work + service.sync
        const calm = { perMilli: 0.2 / alone, millis: alone * 400 }
        const flood = { perMilli: 10 / service.work, millis: 6000 }
        const { accepted } = simulate(service, [calm, flood])
        const late = accepted.filter(({ at }) => at > calm.millis + 1200 && at < calm.millis + flood.millis)
        expect(p99(late.map(({ millis }) => millis))).toBeLessThanOrEqual(3 * alone)
      }),
      { numRuns: 30 },
    )
  })

  // Mutant: it stays as short as it was cut.
  test("under ten times the load lets in at least half of what the service could carry in such a time", () => {
    fc.assert(
      fc.property(services, (service) => {
        const alone = service.work + service.sync
        const calm = { perMilli: 0.2 / alone, millis: alone * 400 }
        const flood = { perMilli: 10 / service.work, millis: 6000 }
        const { accepted } = simulate(service, [calm, flood])
        const late = accepted.filter(({ at }) => at > calm.millis + 2000 && at < calm.millis + flood.millis)
        // Nobody can be answered within twice the time of one alone by more than can be in the line for so long.
        const most = Math.min(1 / service.work, (2 * alone) / service.work / (alone + service.sync))
        expect(late.length / 4000).toBeGreaterThanOrEqual(most / 2)
      }),
      { numRuns: 30 },
    )
  })

  // Mutant: it stays short.
  test("is as long as ever once nobody had to be refused for a second", () => {
    const service = { work: 1, sync: 5 }
    const floods = [
      { perMilli: 10, millis: 2000 },
      { perMilli: 0.1, millis: 2000 },
      { perMilli: 256, millis: 1 },
    ]
    const { refused } = simulate(service, floods)
    expect(refused.filter((at) => at > 3500)).toEqual([])
    expect(refused.length).toBeGreaterThan(1000)
  })
})
