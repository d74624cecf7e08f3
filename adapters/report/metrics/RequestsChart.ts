/**
 * Compliance requests: how many were waiting on each day, and how those of a year ended by kind.
 */
import * as Plot from "@observablehq/plot"
import type { RequestKind } from "../../../core/compliance/ClockPack.ts"
import { denialGrounds } from "../../../core/compliance/ComplianceFact.ts"
import { statuses } from "../../../core/compliance/ComplianceState.ts"
import type { KindMetrics } from "../../../core/counting/AnswerMetrics.ts"
import type { DayMetrics } from "../../../core/counting/DayMetrics.ts"
import * as Chart from "../Chart.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import type { YearMetrics } from "./MetricsReport.ts"
import * as MetricsWords from "./MetricsWords.ts"
import * as WideTable from "./WideTable.ts"

/** The statuses that wait for something, from the last one, which is at the bottom. */
const waiting = [
  { status: "acknowledged", color: "after" },
  { status: "submitted", color: "bars" },
  { status: "pending_verification", color: "maybars" },
] as const

const standingOptions =
  (days: ReadonlyArray<DayMetrics>) =>
  ({ name }: Chart.Layout): Plot.PlotOptions => {
    const stretches = days.flatMap(({ day, requests }) => {
      let below = 0
      return waiting.map(({ color, status }) => {
        const [y1, y2] = [below, below + requests.standing[status]]
        below = y2
        return { from: MetricsWords.dateOf(day), until: MetricsWords.dateOf(day + 1), y1, y2, color: `var(--${color})` }
      })
    })
    const most = Math.max(1, ...stretches.map(({ y2 }) => y2))
    return {
      height: name === "wide" ? 220 : 200,
      marginLeft: 46,
      marginRight: 12,
      marginTop: 16,
      x: {
        type: "utc",
        label: null,
        domain: [MetricsWords.dateOf(days[0]!.day), MetricsWords.dateOf(days.at(-1)!.day + 1)],
        ticks: name === "wide" ? 8 : 4,
      },
      y: Chart.countAxis(most),
      marks: [
        Plot.rect(
          stretches.filter(({ y1, y2 }) => y2 > y1),
          { x1: "from", x2: "until", y1: "y1", y2: "y2", fill: "color" },
        ),
        Plot.ruleY([0], { stroke: "var(--axis)" }),
      ],
    }
  }

const standing = (days: ReadonlyArray<DayMetrics>): Html => {
  const { requests } = days.at(-1)!
  const opened = days.reduce((sum, each) => sum + each.requests.created, 0)
  const answered = days.reduce((sum, each) => sum + each.requests.entered.resolved, 0)
  const open = waiting.reduce((sum, { status }) => sum + requests.standing[status], 0)
  const words =
    `On these days ${Words.counted(opened, "request was", "requests were")} opened and ` +
    `${Words.count(answered)} answered. At the end ${Words.counted(open, "request waits", "requests wait")}.`
  const isEmpty = days.every((each) => waiting.every(({ status }) => each.requests.standing[status] === 0))
  const chart = html`<figure>
    ${Chart.legend(waiting.toReversed().map(({ color, status }) => ({ color, label: MetricsWords.statuses[status] })))}
    ${Chart.svg({ id: "standing", title: "Requests that wait, by status", description: words }, standingOptions(days))}
    <figcaption>
      How many requests had each status at the end of each day; those that were answered are left out.
    </figcaption>
  </figure>`
  return html`<p>${words}</p>
    ${isEmpty ? undefined : chart}
    ${Table.behind({
      caption: "Requests by status at the end of each day",
      columns: [
        { heading: "Day" },
        { heading: "Opened", isFigure: true },
        ...statuses.map((status) => ({ heading: MetricsWords.statuses[status], isFigure: true })),
      ],
      rows: days.map(({ day, requests }) => [
        MetricsWords.day(day),
        Words.count(requests.created),
        ...statuses.map((status) => Words.count(requests.standing[status])),
      ]),
    })}`
}

/** How requests end, in the order of the bars, with their colours. */
const endings = [
  {
    label: "Complied with, in whole or in part, or nothing held",
    color: "after",
    of: (each: KindMetrics) => each.completed + each.partiallyCompleted + each.noRecordsFound,
  },
  {
    label: "Denied, withdrawn, or identity not shown",
    color: "maybars",
    of: (each: KindMetrics) => each.denied + each.withdrawn + each.unverified,
  },
  { label: "Open", color: "bars", of: (each: KindMetrics) => each.open },
] as const

const endingOptions =
  (kinds: ReadonlyArray<KindMetrics>) =>
  ({ name }: Chart.Layout): Plot.PlotOptions => {
    const parts = kinds.flatMap((each) => {
      let before = 0
      return endings.map(({ color, of }) => {
        const [x1, x2] = [before, before + of(each)]
        before = x2
        return { kind: MetricsWords.kinds[each.request], x1, x2, color: `var(--${color})` }
      })
    })
    const most = Math.max(1, ...parts.map(({ x2 }) => x2))
    return {
      height: 48 + kinds.length * 44,
      marginLeft: 84,
      marginRight: 40,
      x: {
        domain: [0, most],
        label: null,
        grid: true,
        ticks: Math.min(name === "wide" ? 8 : 4, most),
        tickFormat: Words.brief,
      },
      y: { domain: kinds.map(({ request }) => MetricsWords.kinds[request]), label: null, tickSize: 0, padding: 0.3 },
      marks: [
        Plot.barX(
          parts.filter(({ x1, x2 }) => x2 > x1),
          { y: "kind", x1: "x1", x2: "x2", fill: "color", insetRight: 0.5 },
        ),
        Plot.ruleX([0], { stroke: "var(--axis)" }),
        Plot.text(kinds, {
          y: ({ request }: KindMetrics) => MetricsWords.kinds[request],
          x: "received",
          text: ({ received }: KindMetrics) => Words.count(received),
          textAnchor: "start",
          dx: 5,
          fontWeight: 600,
        }),
      ],
    }
  }

const daysOptions =
  (kinds: ReadonlyArray<KindMetrics>) =>
  ({ name }: Chart.Layout): Plot.PlotOptions => {
    const most = Math.max(1, ...kinds.flatMap(({ meanDays = 0, medianDays = 0 }) => [meanDays, medianDays]))
    const y = ({ request }: KindMetrics) => MetricsWords.kinds[request]
    return {
      height: 48 + kinds.length * 40,
      marginLeft: 84,
      marginRight: 24,
      x: {
        domain: [0, most],
        nice: true,
        label: null,
        grid: true,
        ticks: Math.min(name === "wide" ? 8 : 5, Math.ceil(most)),
      },
      y: { type: "point", domain: kinds.map(y), label: null, tickSize: 0 },
      marks: [
        Plot.ruleY(kinds, { y, x1: "medianDays", x2: "meanDays", stroke: "var(--axis)", strokeWidth: 2 }),
        Plot.dot(kinds, { y, x: "meanDays", r: 6, fill: "var(--paper)", stroke: "var(--ink)", strokeWidth: 2 }),
        Plot.dot(kinds, { y, x: "medianDays", r: 4, fill: "var(--after)" }),
        Plot.ruleX([0], { stroke: "var(--axis)" }),
      ],
    }
  }

type Measure = readonly [name: string, of: (each: KindMetrics) => string]

const counted = (name: string, of: (each: KindMetrics) => number): Measure => [name, (each) => Words.count(of(each))]

const measures = (kinds: ReadonlyArray<KindMetrics>): ReadonlyArray<Measure> => [
  counted("Received", ({ received }) => received),
  counted("Complied with in whole", ({ completed }) => completed),
  counted("Complied with in part", ({ partiallyCompleted }) => partiallyCompleted),
  counted("Nothing held", ({ noRecordsFound }) => noRecordsFound),
  counted("Denied", ({ denied }) => denied),
  ...denialGrounds
    .filter((ground) => kinds.some(({ deniedBy }) => deniedBy[ground] > 0))
    .map((ground) => counted(`Denied: ${MetricsWords.grounds[ground]}`, ({ deniedBy }) => deniedBy[ground])),
  counted("Withdrawn", ({ withdrawn }) => withdrawn),
  counted("Identity not shown in time", ({ unverified }) => unverified),
  counted("Open", ({ open }) => open),
  counted("Answered on time", ({ onTime }) => onTime),
  counted("Answered late", ({ late }) => late),
  ["Median days to the answer", ({ medianDays }) => MetricsWords.decimal(medianDays)],
  ["Mean days to the answer", ({ meanDays }) => MetricsWords.decimal(meanDays)],
]

const columnsOf = (kinds: ReadonlyArray<KindMetrics>): ReadonlyArray<Table.TableColumn> =>
  kinds.map(({ request }): Table.TableColumn => ({
    heading: MetricsWords.kinds[request as RequestKind],
    isFigure: true,
  }))

const yearChart = ({ kinds, year }: YearMetrics): Html => {
  const received = kinds.reduce((sum, each) => sum + each.received, 0)
  const words = `${Words.counted(received, "request was", "requests were")} received in ${year}.`
  return html`<figure>
    ${Chart.legend(endings.map(({ color, label }) => ({ color, label })))}
    ${Chart.svg({ id: `endings-${year}`, title: `Requests of ${year} by kind and how they ended`, description: words }, endingOptions(kinds))}
    <figcaption>${words} The figure behind a bar is that of all requests of its kind.</figcaption>
  </figure>`
}

const yearTable = ({ kinds, year }: YearMetrics): Html =>
  WideTable.write({
    caption: `Requests that were received in ${year}`,
    columns: [{ heading: "Requests" }, ...columnsOf(kinds)],
    rows: measures(kinds).map(([name, of]) => [name, ...kinds.map(of)]),
  })

/** By status on each day, and by kind and ending in each year. */
export const section = (days: ReadonlyArray<DayMetrics>, years: ReadonlyArray<YearMetrics>): Html =>
  html`${standing(days)}
  ${years.map((each) =>
    each.kinds.every(({ received }) => received === 0)
      ? html`<h3>${each.year}</h3>
          <p>No request was received in ${each.year}.</p>`
      : html`<h3>${each.year}</h3>
          ${yearChart(each)} ${yearTable(each)}`,
  )}`

/** The days to the answer, of each year that has answers. */
export const daysSection = (years: ReadonlyArray<YearMetrics>): Html => {
  const answered = years.flatMap(({ kinds, year }) => {
    const own = kinds.filter(({ medianDays }) => medianDays !== undefined)
    return own.length === 0 ? [] : [{ year, kinds: own }]
  })
  if (answered.length === 0) return html`<p>No request of these years was answered yet.</p>`
  return html`<p>From the receipt of a request to its answer; requests that were withdrawn are left out.</p>
    ${answered.map(({ kinds, year }) => {
      const each = kinds.map(
        ({ meanDays, medianDays, request }) =>
          `${MetricsWords.kinds[request]}: median ${MetricsWords.decimal(medianDays)}, mean ${MetricsWords.decimal(meanDays)}`,
      )
      return html`<h3>${year}</h3>
        <figure>
          ${Chart.svg({ id: `days-${year}`, title: `Days to the answer, ${year}`, description: each.join("; ") }, daysOptions(kinds))}
          <figcaption>Filled dot: median. Ring: mean. ${each.join("; ")}.</figcaption>
        </figure>`
    })}`
}
