/**
 * The chart of how many answers fall due for asking again in each step of the window: those that must be asked for and
 * those that may, under the candidate, and all of them under the baseline.
 */
import * as Plot from "@observablehq/plot"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Day, Summary } from "../../core/simulation/Summary.ts"
import * as Chart from "./Chart.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

/** A bar and the height of the line above it, from the bar's first step until the first step of the next bar. */
interface Bar {
  readonly from: Date
  readonly until: Date
  readonly before: number
  /** Under the candidate: those that must be asked, and all, with those that may on top. */
  readonly must: number
  readonly after: number
}

/** How many steps share a bar, so that at most `max` bars are drawn. If it is more than one, it is a multiple of 7. */
const stepsPerBar = (steps: number, max: number): number => (steps <= max ? 1 : Math.ceil(steps / max / 7) * 7)

const allBefore = ({ mayAskBefore, mustAskBefore }: Day): number => mayAskBefore + mustAskBefore

const allAfter = ({ mayAskAfter, mustAskAfter }: Day): number => mayAskAfter + mustAskAfter

const sum = (days: ReadonlyArray<Day>, figure: (day: Day) => number): number =>
  days.reduce((total, day) => total + figure(day), 0)

const bars = (days: ReadonlyArray<Day>, until: Instant, size: number): ReadonlyArray<Bar> =>
  days.flatMap((day, index): ReadonlyArray<Bar> => {
    if (index % size !== 0) return []
    const group = days.slice(index, index + size)
    return [
      {
        from: new Date(day.at),
        until: new Date(days[index + size]?.at ?? until),
        before: sum(group, allBefore),
        must: sum(group, ({ mustAskAfter }) => mustAskAfter),
        after: sum(group, allAfter),
      },
    ]
  })

const times = (value: number): string => Words.counted(value, "time", "times")

/** The step in which most fall due, in words. */
const busiestOf = ({ days, step }: Summary): string => {
  const [busiest] = days.toSorted((a, b) => allAfter(b) - allAfter(a) || a.at - b.at)
  if (busiest === undefined || allAfter(busiest) === 0) return ""
  const { at, mayAskAfter, mustAskAfter } = busiest
  const when = Words.eachStep(step) === "each day" ? `day is ${Words.date(at)}` : `step begins on ${Words.date(at)}`
  const must = `${Words.count(mustAskAfter)} that must be asked for again`
  const total = Words.counted(allAfter(busiest), "answer", "answers")
  if (mayAskAfter === 0) return ` The busiest ${when}, with ${total} that must be asked for again.`
  if (mustAskAfter === 0) return ` The busiest ${when}, with ${total} that may be asked about again.`
  return ` The busiest ${when}, with ${total}: ${must} and ${Words.count(mayAskAfter)} that may be.`
}

const sentence = (summary: Summary): string => {
  const total = (figure: (day: Day) => number): number => sum(summary.days, figure)
  const must = [total(({ mustAskAfter }) => mustAskAfter), total(({ mustAskBefore }) => mustAskBefore)] as const
  const may = [total(({ mayAskAfter }) => mayAskAfter), total(({ mayAskBefore }) => mayAskBefore)] as const
  return (
    `Over the whole window an answer must be asked for again ${times(must[0])} instead of ${Words.count(must[1])}, ` +
    `and may be asked about again after a no ${times(may[0])} instead of ${Words.count(may[1])}.${busiestOf(summary)}`
  )
}

/** The highest bar is cut off if it is higher than this multiple of the next highest value. */
const heightMax = 5

/**
 * The highest bar, and the top of the axis. A single bar far above all others, such as all answers that are due on the
 * first day, would make the others too small to see. It is cut off, and its figure is written next to it.
 */
const scale = (
  drawn: ReadonlyArray<Bar>,
): { readonly highest: Bar | undefined; readonly top: number; readonly isCut: boolean } => {
  const [highest, second] = drawn.toSorted((a, b) => b.after - a.after)
  const next = Math.max(second?.after ?? 0, ...drawn.map(({ before }) => before))
  const isCut = highest !== undefined && next > 0 && highest.after > heightMax * next
  return { highest, isCut, top: isCut ? next * 1.4 : Math.max(1, next, highest?.after ?? 0) }
}

/** The line of the baseline, which is level along each bar and ends with the last. */
const outline = (drawn: ReadonlyArray<Bar>): ReadonlyArray<{ readonly at: Date; readonly before: number }> => {
  const last = drawn.at(-1)
  const tops = drawn.map(({ from, before }) => ({ at: from, before }))
  return last === undefined ? tops : [...tops, { at: last.until, before: last.before }]
}

/** The figure of the highest bar, with the time that it stands for. */
const labelOf = ({ after, from }: Bar, size: number, step: string, isCut: boolean): string => {
  const date = Words.briefDate(from.getTime())
  return `${size === 1 ? date : `${Words.steps(size, step)} from ${date}`}: ${Words.count(after)}${isCut ? " ↑" : ""}`
}

const options =
  ({ days, from, step, until }: Summary) =>
  ({ name, barsMax }: Chart.Layout): Plot.PlotOptions => {
    const size = stepsPerBar(days.length, barsMax)
    const drawn = bars(days, until, size)
    const isDense = drawn.length > 120
    const { highest, top, isCut } = scale(drawn)
    const isLate = highest !== undefined && highest.from.getTime() - from > (until - from) * 0.6
    const rectangle = { x1: "from", x2: "until", inset: isDense ? 0 : 0.5, insetBottom: 0, insetTop: 0 }
    return {
      marginLeft: 46,
      marginRight: 12,
      marginTop: 26,
      x: { type: "utc", label: null, domain: [new Date(from), new Date(until)], ticks: name === "wide" ? 8 : 4 },
      y: {
        domain: [0, top],
        nice: !isCut,
        label: null,
        grid: true,
        ticks: Math.min(5, Math.ceil(top)),
        tickFormat: Words.brief,
        tickSize: 0,
      },
      marks: [
        Plot.rectY(
          drawn.filter(({ must }) => must > 0),
          { ...rectangle, y1: 0, y2: ({ must }: Bar) => Math.min(must, top), fill: "var(--bars)" },
        ),
        Plot.rectY(
          drawn.filter(({ after, must }) => after > must && must < top),
          {
            ...rectangle,
            y1: "must",
            y2: ({ after }: Bar) => Math.min(after, top),
            fill: "var(--maybars)",
          },
        ),
        Plot.lineY(outline(drawn), {
          x: "at",
          y: "before",
          stroke: "var(--ink)",
          strokeWidth: isDense ? 1.25 : 2,
          curve: "step-after",
        }),
        Plot.ruleY([0], { stroke: "var(--axis)" }),
        Plot.text(highest === undefined || highest.after === 0 ? [] : [highest], {
          x: "from",
          y: ({ after }: Bar) => Math.min(after, top),
          text: (bar: Bar) => labelOf(bar, size, step, isCut),
          textAnchor: isLate ? "end" : "start",
          dx: isLate ? -4 : 6,
          dy: -8,
          fontWeight: 600,
        }),
      ],
    }
  }

const sizes = ({ days }: Summary): ReadonlyArray<number> =>
  Chart.layouts.map(({ barsMax }) => stepsPerBar(days.length, barsMax))

const cutOff = (summary: Summary): string | undefined =>
  sizes(summary).some((size) => scale(bars(summary.days, summary.until, size)).isCut)
    ? "A bar marked ↑ is far higher than all others and cut off at the top, with its figure beside it."
    : undefined

/** What a bar stands for, in each layout. */
const grouping = (summary: Summary): string => {
  const [wide = 1, narrow = 1] = sizes(summary)
  const { step } = summary
  const onNarrow = narrow === wide ? "" : `, on a narrow screen for ${Words.steps(narrow, step)}`
  const rest = narrow === 1 ? "" : ", the last one for what is left"
  return `One bar stands for ${Words.steps(wide, step)}${onNarrow}${rest}.${rest === "" ? "" : " The table has every step."}`
}

const table = ({ days }: Summary): Html =>
  Table.behind({
    caption: "Answers that fall due for asking again, step by step",
    columns: [
      { heading: "From" },
      { heading: "Must, before", isFigure: true },
      { heading: "Must, after", isFigure: true },
      { heading: "May, before", isFigure: true },
      { heading: "May, after", isFigure: true },
    ],
    rows: days.map(({ at, mayAskAfter, mayAskBefore, mustAskAfter, mustAskBefore }) => [
      Words.briefDate(at),
      ...[mustAskBefore, mustAskAfter, mayAskBefore, mayAskAfter].map(Words.count),
    ]),
  })

/** The section's content: a sentence, the chart, and its figures as a table. */
export const figure = (summary: Summary): Html => {
  const words = sentence(summary)
  if (summary.days.length === 0) return html`<p>The window holds no step, so there is nothing to draw.</p>`
  return html`<p>${words}</p>
    <figure>
      ${Chart.legend([
        { color: "ink", label: "Line: before, today’s rules, both" },
        { color: "bars", label: "Bars: after, must be asked again" },
        { color: "maybars", label: "Bars: after, may be asked again" },
      ])}
      ${Chart.svg(
        { id: "asked", title: "Answers that fall due for asking again, before and after", description: words },
        options(summary),
      )}
      <figcaption>
        Answers for which asking begins. ${grouping(summary)} The figure in the chart is that of its highest bar.
        ${cutOff(summary)}
      </figcaption>
    </figure>
    ${table(summary)}`
}
