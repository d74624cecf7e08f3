/**
 * The chart of how many consent events were recorded on each day, with sessions and visitors in its table.
 */
import * as Plot from "@observablehq/plot"
import type { DayMetrics } from "../../../core/counting/DayMetrics.ts"
import * as Chart from "../Chart.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import * as MetricsWords from "./MetricsWords.ts"

interface Bar {
  readonly from: Date
  readonly until: Date
  readonly count: number
}

/** How many days share a bar. */
const daysPerBar = (days: number, max: number): number => (days <= max ? 1 : 7)

const bars = (days: ReadonlyArray<DayMetrics>, size: number): ReadonlyArray<Bar> =>
  days.flatMap(({ day }, index): ReadonlyArray<Bar> => {
    if (index % size !== 0) return []
    const group = days.slice(index, index + size)
    const count = group.reduce((sum, { events }) => sum + events.created, 0)
    return [{ from: MetricsWords.dateOf(day), until: MetricsWords.dateOf(group.at(-1)!.day + 1), count }]
  })

const options =
  (days: ReadonlyArray<DayMetrics>) =>
  ({ barsMax, name }: Chart.Layout): Plot.PlotOptions => {
    const drawn = bars(days, daysPerBar(days.length, barsMax))
    const most = Math.max(1, ...drawn.map(({ count }) => count))
    return {
      height: name === "wide" ? 260 : 220,
      marginLeft: 46,
      marginRight: 12,
      marginTop: 16,
      x: { type: "utc", label: null, domain: [drawn[0]!.from, drawn.at(-1)!.until], ticks: name === "wide" ? 8 : 4 },
      y: Chart.countAxis(most),
      marks: [
        Plot.rectY(drawn, {
          x1: "from",
          x2: "until",
          y: "count",
          inset: drawn.length > 120 ? 0 : 0.5,
          insetTop: 0,
          insetBottom: 0,
          fill: "var(--after)",
        }),
        Plot.ruleY([0], { stroke: "var(--axis)" }),
      ],
    }
  }

const sentence = (days: ReadonlyArray<DayMetrics>): string => {
  const total = days.reduce((sum, { events }) => sum + events.created, 0)
  if (total === 0) return "No consent event was recorded on these days."
  const [busiest] = days.toSorted((a, b) => b.events.created - a.events.created || a.day - b.day)
  const events = Words.counted(total, "consent event was", "consent events were")
  return (
    `${events} recorded on ${Words.counted(days.length, "day", "days")}. ` +
    `The busiest day is ${MetricsWords.day(busiest!.day)}, with ${Words.count(busiest!.events.created)}.`
  )
}

const grouping = (length: number): string => {
  const [wide, narrow] = Chart.layouts.map(({ barsMax }) => daysPerBar(length, barsMax))
  return wide === narrow
    ? "One bar stands for one day."
    : "One bar stands for one day, on a narrow screen for 7 days. The table has every day."
}

const table = (days: ReadonlyArray<DayMetrics>): Html =>
  Table.behind({
    caption: "Events, sessions and visitors, day by day",
    columns: [
      { heading: "Day" },
      ...["Events", "Answered", "Sessions", "Visitors"].map((heading) => ({ heading, isFigure: true })),
    ],
    rows: days.map(({ day, events, isFinalized, sessions }) => [
      `${MetricsWords.day(day)}${isFinalized ? "" : " *"}`,
      ...[events.created, events.read, sessions.created, sessions.unique].map(Words.count),
    ]),
  })

/** The section's content: a sentence, the chart, and its figures as a table. */
export const figure = (days: ReadonlyArray<DayMetrics>): Html => {
  const words = sentence(days)
  return html`<p>${words}</p>
    <figure>
      ${Chart.svg({ id: "events", title: "Consent events by day", description: words }, options(days))}
      <figcaption>
        ${grouping(days.length)} Days are those of UTC. In the table, answered events, sessions and visitors are
        estimates, and * marks a day that may still change.
      </figcaption>
    </figure>
    ${table(days)}`
}
