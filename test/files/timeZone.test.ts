/**
 * Wall times of zones, held to a second statement that asks only what the wall shows at an instant (`Intl`).
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as TimeZone from "../../adapters/files/TimeZone.ts"
import { times } from "../support/long.ts"

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Havana",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Asia/Kathmandu",
  "Africa/Casablanca",
  "UTC",
] as const

const clocks = new Map(
  zones.map((zone) => [
    zone,
    new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }),
  ]),
)

/** What the wall shows at an instant, in milliseconds from 1970-01-01T00:00 on the same wall. */
const shown = (zone: (typeof zones)[number], at: number): number => {
  const parts = new Map(
    clocks
      .get(zone)!
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const [year, month, day] = [parts.get("year")!, parts.get("month")!, parts.get("day")!]
  return Date.UTC(year, month - 1, day, parts.get("hour"), parts.get("minute"), parts.get("second"))
}

const minute = 60_000
const hour = 60 * minute

/** All instants at which the wall shows a time: with each offset of the days around it. */
const instantsOf = (zone: (typeof zones)[number], wall: number): ReadonlyArray<number> => {
  const offsets = new Set<number>()
  for (let at = wall - 48 * hour; at <= wall + 48 * hour; at += hour / 2) offsets.add(shown(zone, at) - at)
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((at) => shown(zone, at) === wall)
    .toSorted((a, b) => a - b)
}

/** The changes of the zone in a year, to the minute. */
const changesOf = (zone: (typeof zones)[number], year: number): ReadonlyArray<number> => {
  const changes: Array<number> = []
  const end = Date.UTC(year + 1, 0, 1)
  const offsetAt = (at: number) => shown(zone, at) - at
  for (let at = Date.UTC(year, 0, 1); at < end; at += 24 * hour) {
    if (offsetAt(at) === offsetAt(at + 24 * hour)) continue
    for (let each = at; each < at + 24 * hour; each += minute) {
      if (offsetAt(each) !== offsetAt(each + minute)) changes.push(each + minute)
    }
  }
  return changes
}

const changes = zones.flatMap((zone) =>
  [2011, 2018, 2024].flatMap((year) => changesOf(zone, year).map((at) => ({ zone, at }))),
)

/** Holds the readings of a wall time to all instants at which the wall shows it. */
const expectReadings = (name: (typeof zones)[number], zone: TimeZone.TimeZone, wall: number): void => {
  const instants = instantsOf(name, wall)
  const { earlier, isMissing, later, laterMillis } = zone.readings(wall)
  expect([name, wall, isMissing]).toEqual([name, wall, instants.length === 0])
  if (isMissing) {
    // The later reading is after the change, and the earlier one before it, as far from each other as the clock jumped.
    expect(shown(name, later) - wall).toBe(wall - shown(name, earlier))
    expect(later).toBeGreaterThan(earlier)
    expect(laterMillis).toBe(shown(name, later))
  } else expect([earlier, later, laterMillis]).toEqual([instants[0], instants.at(-1), wall])
}

describe("A wall time is every instant at which the wall shows it,", () => {
  test("around every change of the clocks", () => {
    expect(changes.length).toBeGreaterThan(30)
    const near = fc.constantFrom(...changes)
    const away = fc.oneof(
      fc.integer({ min: -180, max: 180 }),
      fc.constantFrom(-50_000, 50_000, -1500, 1440, 1439, 1441, -1440, -1439, -60, 0, 60),
    )
    const walls = fc.array(fc.tuple(away, fc.boolean()), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(near, walls, ({ at, zone: name }, all) => {
        // One zone answers all of them, because it remembers offsets.
        const zone = TimeZone.make(name)!
        for (const [minutes, isBefore] of all) {
          expectReadings(name, zone, shown(name, at - (isBefore ? minute : 0)) + minutes * minute)
        }
      }),
      { numRuns: times(100, 2000) },
    )
  })

  test("at any time, in any order of asking", () => {
    const wall = fc.integer({ min: Date.UTC(2010, 0, 1) / minute, max: Date.UTC(2026, 0, 1) / minute })
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.array(wall, { minLength: 1, maxLength: 8 }), (name, walls) => {
        const zone = TimeZone.make(name)!
        for (const each of [...walls, ...walls]) {
          const instants = instantsOf(name, each * minute)
          if (instants.length === 0) continue
          const { earlier, later } = zone.readings(each * minute)
          expect([earlier, later]).toEqual([instants[0], instants.at(-1)])
        }
      }),
      { numRuns: times(40, 1000) },
    )
  })
})

test("A zone is known by its name alone.", () => {
  const known = ["Europe/Berlin", "europe/berlin", "UTC", "America/Argentina/Buenos_Aires"]
  const unknown = ["", "Europe/Atlantis", "+01:00", "01:00", "Berlin", "__proto__"]
  expect(known.filter((name) => TimeZone.make(name) === undefined)).toEqual([])
  expect(unknown.filter((name) => TimeZone.make(name) !== undefined)).toEqual([])
})
