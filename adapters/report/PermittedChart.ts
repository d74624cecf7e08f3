/**
 * The chart of how many answers permit, over the window, under the baseline and under the candidate.
 */
import * as Plot from "@observablehq/plot"
import type { Day, Summary } from "../../core/simulation/Summary.ts"
import * as Chart from "./Chart.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

const difference = (day: Day): number => day.permittedAfter - day.permittedBefore

/** The day on which the two lines are furthest apart; the first of such days. */
const widest = (days: ReadonlyArray<Day>): Day | undefined => {
  let found: Day | undefined
  for (const day of days) {
    if (found === undefined || Math.abs(difference(day)) > Math.abs(difference(found))) found = day
  }
  return found
}

/** The chart in one sentence. */
const sentence = (days: ReadonlyArray<Day>): string => {
  const day = widest(days)
  if (day === undefined) return "The window holds no step, so there is nothing to draw."
  const apart = difference(day)
  if (apart === 0) return "At every step the same number of answers permits, before and after."
  const [more, some] = [
    apart > 0 ? "more" : "fewer",
    Words.counted(Math.abs(apart), "answer permits", "answers permit"),
  ]
  const [amount, ...verb] = some.split(" ")
  const share = day.permittedBefore === 0 ? "" : ` (${Words.share(Math.abs(apart), day.permittedBefore)})`
  return (
    `At the widest, on ${Words.date(day.at)}, ${amount} ${more} ${verb.join(" ")} than under today’s rules${share}: ` +
    `${Words.count(day.permittedAfter)} instead of ${Words.count(day.permittedBefore)}.`
  )
}

const options =
  ({ days, from, until }: Summary) =>
  ({ name }: Chart.Layout): Plot.PlotOptions => {
    const at = (day: Day): Date => new Date(day.at)
    const most = Math.max(1, ...days.map((day) => Math.max(day.permittedBefore, day.permittedAfter)))
    return {
      marginLeft: 46,
      marginRight: 12,
      marginTop: 14,
      x: { type: "utc", label: null, domain: [new Date(from), new Date(until)], ticks: name === "wide" ? 8 : 4 },
      y: Chart.countAxis(most),
      marks: [
        Plot.areaY(days, {
          x: at,
          y1: "permittedBefore",
          y2: "permittedAfter",
          fill: "var(--gap)",
          curve: "step-after",
        }),
        Plot.lineY(days, {
          x: at,
          y: "permittedBefore",
          stroke: "var(--before)",
          strokeWidth: 2,
          strokeDasharray: "5 4",
          curve: "step-after",
        }),
        Plot.lineY(days, { x: at, y: "permittedAfter", stroke: "var(--after)", strokeWidth: 2.5, curve: "step-after" }),
        Plot.ruleY([0], { stroke: "var(--axis)" }),
      ],
    }
  }

/** The section's content: a sentence, the chart, and its figures as a table. */
export const figure = (summary: Summary): Html => {
  const { days } = summary
  const words = sentence(days)
  if (days.length === 0) return html`<p>${words}</p>`
  return html`<p>${words}</p>
    <figure>
      ${Chart.legend([
        { color: "before", isDashed: true, label: "Before: today’s rules" },
        { color: "after", label: "After: the candidate" },
      ])}
      ${Chart.svg({ id: "permitted", title: "Answers that permit, before and after", description: words }, options(summary))}
      <figcaption>
        Answers that permit at the beginning of ${Words.eachStep(summary.step)}. One answer is one person and one
        consent type.
      </figcaption>
    </figure>
    ${Table.behindSteps("Answers that permit, step by step", days, (day) => ({ before: day.permittedBefore, after: day.permittedAfter }))}`
}
