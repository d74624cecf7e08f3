/**
 * When trackers were found that were not known: by day, the latest first. It follows from the trackers that are there.
 */
import * as Instant from "../engine/Instant.ts"
import type { Tracker } from "../model/Tracker.ts"

/** The trackers that were found on one day, in UTC. */
export interface ScannedDay {
  /** Such as `2026-12-01`. */
  readonly date: string
  readonly found: number
  /** Those of them that have no category yet. */
  readonly unclassified: number
}

/** The most days of a history. */
export const maxScannedDays = 400

/** The days on which pages or a scan found trackers. Those that were deleted since are not counted. */
export const of = (all: ReadonlyArray<Tracker>): ReadonlyArray<ScannedDay> => {
  const found = all.filter(({ origin }) => origin === "autoscan")
  const byDay = Map.groupBy(found, ({ dateCreated }) => Instant.format(dateCreated).slice(0, 10))
  return [...byDay]
    .map(([date, ofDay]) => ({
      date,
      found: ofDay.length,
      unclassified: ofDay.filter(({ category }) => category === "unclassified").length,
    }))
    .toSorted((a, b) => (a.date < b.date ? 1 : -1))
    .slice(0, maxScannedDays)
}
