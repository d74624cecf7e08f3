/**
 * The chart of how many answers fall due for asking again in each step of the window, under the baseline and under the
 * candidate.
 */
import * as Plot from "@observablehq/plot"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Day, Summary } from "../../core/simulation/Summary.ts"
import * as Chart from "./Chart.ts"
import type { Html } from "./Html.ts"
import { html } from "./Html.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

/** A bar and the height of the line above it, from the bar's first step until the first step of the next bar. */
interface Bar {
  readonly from: Date
  readonly until: Date
  readonly before: number
  readonly after: number
}

/** How many steps share a bar, so that at most `max` bars are drawn. If it is more than one, it is a multiple of 7. */
const stepsPerBar = (steps: number, max: number): number => (steps <= max ? 1 : Math.ceil(steps / max / 7) * 7)

const bars = (days: ReadonlyArray<Day>, until: Instant, size: number): ReadonlyArray<Bar> =>
  days.flatMap((day, index): ReadonlyArray<Bar> => {
    if (index % size !== 0) return []
    const group = days.slice(index, index + size)
    return [
      {
        from: new Date(day.at),
        until: new Date(days[index + size]?.at ?? until),
        before: group.reduce((sum, { askedBefore }) => sum + askedBefore, 0),
        after: group.reduce((sum, { askedAfter }) => sum + askedAfter, 0),
      },
    ]
  })

const sentence = ({ days }: Summary): string => {
  const total = (side: (day: Day) => number): number => days.reduce((sum, day) => sum + side(day), 0)
  const [before, after] = [total((day) => day.askedBefore), total((day) => day.askedAfter)]
  const busiest = days.reduce<Day | undefined>(
    (most, day) => (most === undefined || day.askedAfter > most.askedAfter ? day : most),
    undefined,
  )
  const all = `Over the whole window an answer falls due ${Words.counted(after, "time", "times")} instead of ${Words.count(before)}.`
  return busiest === undefined || busiest.askedAfter === 0
    ? all
    : `${all} The busiest step begins on ${Words.date(busiest.at)}, with ${Words.count(busiest.askedAfter)} to ask again.`
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

const options =
  ({ days, from, until }: Summary) =>
  ({ name, barsMax }: Chart.Layout): Plot.PlotOptions => {
    const size = stepsPerBar(days.length, barsMax)
    const drawn = bars(days, until, size)
    const isDense = drawn.length > 120
    const { highest, top, isCut } = scale(drawn)
    const isLate = highest !== undefined && highest.from.getTime() - from > (until - from) * 0.6
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
        ticks: 5,
        tickFormat: Words.brief,
        tickSize: 0,
      },
      marks: [
        Plot.rectY(
          drawn.filter(({ after }) => after > 0),
          {
            x1: "from",
            x2: "until",
            y: ({ after }: Bar) => Math.min(after, top),
            fill: "var(--bars)",
            inset: isDense ? 0 : 0.5,
            insetBottom: 0,
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
          text: ({ from: begins, after }: Bar) =>
            `${size === 1 ? "" : "from "}${Words.briefDate(begins.getTime())}: ${Words.count(after)}${isCut ? " ↑" : ""}`,
          textAnchor: isLate ? "end" : "start",
          dx: isLate ? -4 : 6,
          dy: -8,
          fontWeight: 600,
        }),
      ],
    }
  }

const cutOff = ({ days, until }: Summary): string | undefined =>
  scale(bars(days, until, 1)).isCut
    ? "A bar marked ↑ is far higher than all others and cut off at the top, with its figure beside it."
    : undefined

const grouping = (steps: number): string | undefined => {
  const size = stepsPerBar(steps, 140)
  return size === 1
    ? undefined
    : `On a narrow screen one bar stands for ${size} steps, the last one for what is left; the table has every step.`
}

/** The section's content: a sentence, the chart, and its figures as a table. */
export const figure = (summary: Summary): Html => {
  const { days } = summary
  const words = sentence(summary)
  if (days.length === 0) return html`<p>The window holds no step, so there is nothing to draw.</p>`
  return html`<p>${words}</p>
    <figure>
      ${Chart.legend([
        { color: "ink", label: "Line: before, today’s rules" },
        { color: "bars", label: "Bars: after, the candidate" },
      ])}
      ${Chart.svg(
        { id: "asked", title: "Answers that fall due for asking again, before and after", description: words },
        options(summary),
      )}
      <figcaption>
        Answers that may be asked again from some instant of the step on, and not until then. ${cutOff(summary)}
        ${grouping(days.length)}
      </figcaption>
    </figure>
    ${Table.behindSteps("Answers that fall due for asking again, step by step", days, (day) => ({ before: day.askedBefore, after: day.askedAfter }))}`
}
