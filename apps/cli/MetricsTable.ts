/**
 * What was counted of a project by day, as a table for a terminal with a bar of the events of each day. It is as wide
 * as the terminal: on a narrow one the bars are shorter, and then columns are left out. Days and events always stay.
 */
import type { DayMetrics } from "../../core/counting/DayMetrics.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as MetricCount from "../../core/metrics/MetricCount.ts"
import * as Table from "./Table.ts"

const barMax = 32
const barMin = 8
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A bar of eighths of a character. A number above 0 has at least one of them. */
const barOf = (count: number, most: number, width: number): string => {
  const parts = count === 0 ? 0 : Math.max(1, Math.round((count / most) * width * 8))
  return "█".repeat(Math.floor(parts / 8)) + eighths[parts % 8]!
}

/** The date of a day, such as `2026-11-30`. */
export const dateOf = (day: number): string => Instant.format(day * MetricCount.dayMillis).slice(0, 10)

interface Column {
  readonly heading: string
  readonly of: (day: DayMetrics) => number
  /** Visitors have no sum, because a visitor of two days is one. */
  readonly hasNoSum?: boolean
}

const columns: ReadonlyArray<Column> = [
  { heading: "sessions", of: ({ sessions }) => sessions.created },
  { heading: "visitors", of: ({ sessions }) => sessions.unique, hasNoSum: true },
  { heading: "requests", of: ({ requests }) => requests.created },
  { heading: "resolved", of: ({ requests }) => requests.entered.resolved },
  { heading: "events", of: ({ events }) => events.created },
]

/** What is left out on a narrow terminal, in this order. */
const dispensable = ["visitors", "sessions", "resolved", "requests"]

const sumOf = ({ hasNoSum = false, of }: Column, days: ReadonlyArray<DayMetrics>): string =>
  hasNoSum ? "" : Table.count(days.reduce((sum, day) => sum + of(day), 0))

const widthOf = (column: Column, days: ReadonlyArray<DayMetrics>): number =>
  Math.max(column.heading.length, sumOf(column, days).length, ...days.map((day) => Table.count(column.of(day)).length))

const dayWidth = "2026-11-30 *".length

/** What is between two columns. */
const gap = 2

/** How many characters a bar may have next to columns. */
const spaceOf = (shown: ReadonlyArray<Column>, days: ReadonlyArray<DayMetrics>, width: number): number =>
  width - dayWidth - gap - shown.reduce((sum, column) => sum + widthOf(column, days) + gap, 0)

/** The columns that fit. */
const fitting = (days: ReadonlyArray<DayMetrics>, width: number): ReadonlyArray<Column> => {
  let shown = columns
  for (const name of dispensable) {
    if (spaceOf(shown, days, width) >= barMin) break
    shown = shown.filter(({ heading }) => heading !== name)
  }
  return shown
}

/** How many requests of each status are open at the end of the last day. */
const standing = ({ requests }: DayMetrics, width: number): ReadonlyArray<string> => {
  const open = Object.entries(requests.standing).filter(([status, count]) => status !== "resolved" && count > 0)
  const each = open.map(([status, count]) => `${Table.count(count)} ${status.replaceAll("_", " ")}`)
  return Table.wrap(`open requests: ${each.length === 0 ? "none" : each.join(", ")}`, width)
}

/**
 * The days, their sums, and what is open, in lines of at most `width` characters where that is 40 or more. At least one
 * day.
 */
export const write = (days: ReadonlyArray<DayMetrics>, width = 80): string => {
  const shown = fitting(days, width)
  const barWidth = Math.max(barMin, Math.min(barMax, spaceOf(shown, days, width)))
  const most = Math.max(1, ...days.map(({ events }) => events.created))
  const rows = days.map((day) => [
    `${dateOf(day.day)}${day.isFinalized ? "" : " *"}`,
    ...shown.map(({ of }) => Table.count(of(day))),
    // Padded, because columns are aligned to the right.
    barOf(day.events.created, most, barWidth).padEnd(barWidth),
  ])
  const totals = ["total", ...shown.map((column) => sumOf(column, days)), ""]
  const notes = days.some(({ isFinalized }) => !isFinalized) ? ["* the day may still change"] : []
  const head = ["day (UTC)", ...shown.map(({ heading }) => heading), ""]
  const table = Table.write(head, days.length > 1 ? [...rows, totals] : rows)
  return [table, "", ...standing(days.at(-1)!, width), ...notes].join("\n")
}
