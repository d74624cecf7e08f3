/**
 * The concurrency limit of a service in simulated time: a processor works on one request after the other, then a disk
 * syncs all waiting requests at once, and requests arrive at up to ten times the rate that these can carry.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as ConcurrencyLimit from "../../adapters/http/server/ConcurrencyLimit.ts"

/** The time a service needs for one request, in milliseconds. */
interface Service {
  readonly work: number
  readonly sync: number
}

interface Flood {
  readonly perMilli: number
  readonly millis: number
}

/** When each accepted request was answered and how long it took, and when each refused request arrived. */
const simulate = ({ sync, work }: Service, floods: ReadonlyArray<Flood>, limit = ConcurrencyLimit.make()) => {
  const accepted: Array<{ readonly at: number; readonly millis: number }> = []
  const refused: Array<number> = []
  const toSync: Array<{ readonly since: number; readonly wasAlone: boolean }> = []
  let syncing: typeof toSync = []
  let syncedAt = Infinity
  let processorFreeAt = 0
  let open = 0
  let now = 0
  const worked: Array<{ readonly at: number; readonly since: number; readonly wasAlone: boolean }> = []

  /** Simulates everything that happens before an instant. */
  const until = (end: number): void => {
    for (;;) {
      const next = Math.min(worked[0]?.at ?? Infinity, syncedAt)
      if (next > end) break
      now = next
      if (next === syncedAt) {
        for (const { since, wasAlone } of syncing) {
          open--
          accepted.push({ at: now, millis: now - since })
          limit.answered(now, now - since, wasAlone && open === 0)
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
      if (open >= limit.max(now)) {
        limit.refused(now)
        refused.push(now)
      } else {
        processorFreeAt = Math.max(processorFreeAt, now) + work
        worked.push({ at: processorFreeAt, since: now, wasAlone: open === 0 })
        open++
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

describe("the limit", () => {
  test("refuses no request that the service can carry, nor a burst that is within it", () => {
    fc.assert(
      fc.property(services, (service) => {
        // A request waits for the current sync and then for its own, so no more than the limit can be carried in that
        // time.
        const carried = Math.min(0.8 / service.work, ConcurrencyLimit.highest / (2.5 * (service.work + service.sync)))
        const pause = { perMilli: 0.001, millis: 1000 }
        const burst = { perMilli: ConcurrencyLimit.highest - 1, millis: 1 }
        const { refused } = simulate(service, [{ perMilli: carried, millis: 500 }, pause, burst])
        expect(refused).toEqual([])
      }),
    )
  })

  // Mutants: it is never lowered; it rises however long requests wait.
  test("under ten times the load answers accepted requests within three times of what one alone takes", () => {
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

  // Mutant: it stays as low as it was set at the first refusal.
  test("under ten times the load accepts at least half of what the service could carry in that time", () => {
    fc.assert(
      fc.property(services, (service) => {
        const alone = service.work + service.sync
        const calm = { perMilli: 0.2 / alone, millis: alone * 400 }
        const flood = { perMilli: 10 / service.work, millis: 6000 }
        const { accepted } = simulate(service, [calm, flood])
        const late = accepted.filter(({ at }) => at > calm.millis + 2000 && at < calm.millis + flood.millis)
        // Answering within twice the time of one alone bounds how many requests can be open at a time.
        const most = Math.min(1 / service.work, (2 * alone) / service.work / (alone + service.sync))
        expect(late.length / 4000).toBeGreaterThanOrEqual(most / 2)
      }),
      { numRuns: 30 },
    )
  })

  // Mutant: it stays low.
  test("is the highest again after a second without a refusal", () => {
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
