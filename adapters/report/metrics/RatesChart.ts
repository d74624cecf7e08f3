/**
 * The chart of consent rates over time, with a row for each of the consent types that have the most answers.
 */
import * as Plot from "@observablehq/plot"
import type { ConsentMetric } from "../../../core/counting/ConsentMetrics.ts"
import * as MetricsAggregator from "../../../core/metrics/MetricsAggregator.ts"
import * as Chart from "../Chart.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import type { MetricsReport } from "./MetricsReport.ts"
import * as MetricsWords from "./MetricsWords.ts"
import * as WideTable from "./WideTable.ts"

const rowsMax = 8
const typesMax = 50

/** A consent type with its intervals. */
interface TypeRates {
  readonly id: string
  readonly name: string
  readonly metrics: ReadonlyArray<ConsentMetric>
  /** Over all intervals. */
  readonly total: Pick<ConsentMetric, "counts">
  readonly answers: number
}

const ofType = (id: string, metrics: ReadonlyArray<ConsentMetric>, names: MetricsReport["names"]): TypeRates => {
  const counts = new Map(
    MetricsAggregator.states.map((state) => [
      state,
      metrics.reduce((sum, { counts }) => sum + (counts.get(state) ?? 0), 0),
    ]),
  )
  const answers = counts.get("accepted")! + counts.get("declined")!
  return { id, name: names.get(id) ?? id, metrics, total: { counts }, answers }
}

/** Those with the most answers first. */
const typesOf = ({ consentTypes, names }: MetricsReport): ReadonlyArray<TypeRates> =>
  [...Map.groupBy(consentTypes ?? [], ({ group }) => group)]
    .map(([id, metrics]) => ofType(id, metrics, names))
    .toSorted((a, b) => b.answers - a.answers || (a.id < b.id ? -1 : 1))

interface Point {
  readonly type: string
  readonly at: Date
  readonly rate: number
}

const pointsOf = ({ id, metrics }: TypeRates): ReadonlyArray<Point> =>
  metrics.map((metric) => ({
    type: id,
    at: new Date(
      (MetricsWords.dateOf(metric.period.from).getTime() + MetricsWords.dateOf(metric.period.to).getTime()) / 2,
    ),
    // No number, where there is no rate: the line has a gap.
    rate: MetricsWords.rateOf(metric) ?? NaN,
  }))

const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`)

const options =
  (types: ReadonlyArray<TypeRates>, { days }: MetricsReport) =>
  ({ name }: Chart.Layout): Plot.PlotOptions => {
    const isWide = name === "wide"
    const points = types.flatMap(pointsOf)
    const domain = [MetricsWords.dateOf(days[0]!.day), MetricsWords.dateOf(days.at(-1)!.day + 1)]
    const label = ({ name, total }: TypeRates): string =>
      `${cut(name, isWide ? 70 : 28)}: ${MetricsWords.rate(MetricsWords.rateOf(total))}`
    return {
      height: 52 + types.length * 104,
      marginLeft: 46,
      marginRight: 12,
      marginTop: 22,
      marginBottom: 26,
      x: { type: "utc", label: null, domain, ticks: isWide ? 8 : 4 },
      y: { domain: [0, 1], label: null, grid: true, ticks: [0, 0.5, 1], tickFormat: "%", tickSize: 0, insetTop: 4 },
      fy: { domain: types.map(({ id }) => id), axis: null, padding: 0.3 },
      marks: [
        Plot.line(points, { fy: "type", x: "at", y: "rate", stroke: "var(--after)", strokeWidth: 2 }),
        Plot.dot(points, { fy: "type", x: "at", y: "rate", r: points.length > 400 ? 1.5 : 2.5, fill: "var(--after)" }),
        Plot.text(types, { fy: "id", frameAnchor: "top-left", dy: -18, text: label, fontWeight: 600 }),
      ],
    }
  }

const table = (types: ReadonlyArray<TypeRates>, interval: string): Html =>
  Table.behind({
    caption: `Consent rates by type and ${interval}`,
    columns: [
      { heading: "Type and time" },
      ...[...Object.values(MetricsWords.states), "Rate"].map((heading) => ({ heading, isFigure: true })),
    ],
    rows: types.flatMap(({ metrics, name }) =>
      metrics.map((metric) => [
        `${name}, ${MetricsWords.range(metric.period)}`,
        ...MetricsAggregator.states.map((state) => Words.count(metric.counts.get(state) ?? 0)),
        MetricsWords.rate(MetricsWords.rateOf(metric)),
      ]),
    ),
  })

const totals = (types: ReadonlyArray<TypeRates>): Html =>
  WideTable.write({
    caption: "Events by consent type, on all these days",
    columns: [
      { heading: "Consent type" },
      ...[...Object.values(MetricsWords.states), "Rate"].map((heading) => ({ heading, isFigure: true })),
    ],
    rows: types.map(({ name, total }) => [
      name,
      ...MetricsAggregator.states.map((state) => Words.count(total.counts.get(state)!)),
      MetricsWords.rate(MetricsWords.rateOf(total)),
    ]),
  })

/** The section's content: the chart, the sums by type, and the figures of the chart as a table. */
export const figure = (report: MetricsReport): Html => {
  if (report.consentTypes === undefined) {
    return html`<p>There are too many counts to read for these days: ask for fewer with --days.</p>`
  }
  const all = typesOf(report)
  const drawn = all.filter(({ answers }) => answers > 0).slice(0, rowsMax)
  if (all.length === 0) return html`<p>No consent event was recorded on these days.</p>`
  const { left, shown } = Table.first(all, typesMax)
  const interval = MetricsWords.intervals[report.interval]
  const words = `The share of yes among yes and no, in each ${interval}, of ${Words.counted(drawn.length, "consent type", "consent types")}.`
  const chart = html`<figure>
    ${Chart.svg({ id: "rates", title: "Consent rates over time", description: words }, options(drawn, report))}
    <figcaption>
      One dot stands for one ${interval} with a yes or a no. The figure beside a name is the rate of all these days.
      ${drawn.length < all.length ? "The types with the most answers are drawn; the table has the others." : undefined}
    </figcaption>
  </figure>`
  return html`<p>${words}</p>
    ${drawn.length === 0 ? undefined : chart} ${totals(shown)}
    ${Table.more(left, left === 1 ? "consent type" : "consent types")} ${table(shown, interval)}`
}
