/**
 * The chart of changes of status: bands from the baseline's status on the left to the candidate's on the right. The
 * thickness of a band is the number of answers that ever change in this way.
 */
import * as Plot from "@observablehq/plot"
import type { Status } from "../../core/engine/Outcome.ts"
import type { Summary, Transition } from "../../core/simulation/Summary.ts"
import * as Chart from "./Chart.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Statuses from "./Statuses.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

/** All transitions between the same two statuses, over every consent type. */
interface Flow {
  readonly before: Status
  readonly after: Status
  readonly pairs: number
}

/** The part of one side's height that a status takes. */
interface Span {
  readonly status: Status
  readonly pairs: number
  readonly top: number
  readonly bottom: number
}

/** A band, with its upper and lower edge on each side. */
interface Band extends Flow {
  readonly left: readonly [number, number]
  readonly right: readonly [number, number]
}

const rowsMax = 200

const flows = (transitions: ReadonlyArray<Transition>): ReadonlyArray<Flow> =>
  Statuses.all.flatMap((before) =>
    Statuses.all.flatMap((after): ReadonlyArray<Flow> => {
      const same = transitions.filter((transition) => transition.before === before && transition.after === after)
      const pairs = same.reduce((sum, transition) => sum + transition.pairs, 0)
      return before === after || pairs === 0 ? [] : [{ before, after, pairs }]
    }),
  )

/** Places the statuses of one side below each other with a gap between them. The unit of heights is a pair. */
const spans = (all: ReadonlyArray<Flow>, side: "before" | "after", gap: number): ReadonlyArray<Span> => {
  let top = 0
  return Statuses.all.flatMap((status) => {
    const pairs = all.reduce((sum, flow) => sum + (flow[side] === status ? flow.pairs : 0), 0)
    if (pairs === 0) return []
    const span = { status, pairs, top, bottom: top + pairs }
    top = span.bottom + gap
    return [span]
  })
}

const bands = (
  all: ReadonlyArray<Flow>,
  left: ReadonlyArray<Span>,
  right: ReadonlyArray<Span>,
): ReadonlyArray<Band> => {
  const used = new Map<Span, number>()
  const allocate = (span: Span | undefined, pairs: number): readonly [number, number] => {
    if (span === undefined) return [0, 0]
    const top = used.get(span) ?? span.top
    used.set(span, top + pairs)
    return [top, top + pairs]
  }
  return all.map((flow) => ({
    ...flow,
    left: allocate(
      left.find(({ status }) => status === flow.before),
      flow.pairs,
    ),
    right: allocate(
      right.find(({ status }) => status === flow.after),
      flow.pairs,
    ),
  }))
}

const color = (status: Status): string => `var(--${Statuses.kind(status)})`

/** The least distance of two statuses of a side, so that their labels do not touch, and the width of the labels. */
const room = {
  wide: { apart: 22, margin: 150, separator: "  " },
  narrow: { apart: 34, margin: 82, separator: "\n" },
} as const

const header = 40

/** Draws the statuses of one side with their labels and heading. */
const column = (side: ReadonlyArray<Span>, x: 0 | 1, separator: string): ReadonlyArray<Plot.Markish> => {
  const [textAnchor, dx] = x === 0 ? (["end", -14] as const) : (["start", 14] as const)
  return [
    Plot.rect(side, {
      x1: x === 0 ? -0.014 : 1,
      x2: x === 0 ? 0 : 1.014,
      y1: "top",
      y2: "bottom",
      fill: ({ status }: Span) => color(status),
      stroke: ({ status }: Span) => color(status),
    }),
    Plot.text(side, {
      x,
      y: ({ top, bottom }: Span) => (top + bottom) / 2,
      text: ({ status, pairs }: Span) => `${Statuses.label(status)}${separator}${Words.brief(pairs)}`,
      textAnchor,
      dx,
    }),
    Plot.text([x === 0 ? "Before" : "After"], {
      x: [x],
      text: [x === 0 ? "Before" : "After"],
      frameAnchor: "top",
      textAnchor,
      dx,
      dy: 4 - header,
      fontWeight: 600,
    }),
  ]
}

const options =
  (all: ReadonlyArray<Flow>) =>
  ({ name, height: given }: Chart.Layout): Plot.PlotOptions => {
    const { apart, margin, separator } = room[name]
    const statuses = (side: "before" | "after"): number => new Set(all.map((flow) => flow[side])).size
    const gaps = Math.max(statuses("before"), statuses("after")) - 1
    const height = Math.max(given, 140 + gaps * apart)
    const bottom = apart / 2
    const total = all.reduce((sum, { pairs }) => sum + pairs, 0)
    const gap = (total * apart) / (height - header - bottom - gaps * apart)
    const [left, right] = [spans(all, "before", gap), spans(all, "after", gap)]
    const corners = bands(all, left, right).flatMap((band) =>
      ([0, 1] as const).map((x) => {
        const [y1, y2] = x === 0 ? band.left : band.right
        return { x, y1, y2, band: `${band.before} ${band.after}`, color: color(band.after) }
      }),
    )
    return {
      height,
      marginLeft: margin,
      marginRight: margin,
      marginTop: header,
      marginBottom: bottom,
      x: { axis: null, domain: [-0.014, 1.014] },
      y: { axis: null, domain: [total + gaps * gap, 0] },
      marks: [
        Plot.areaY(corners, {
          x: "x",
          y1: "y1",
          y2: "y2",
          z: "band",
          fill: "color",
          fillOpacity: 0.36,
          stroke: "color",
          strokeOpacity: 0.6,
          strokeWidth: 0.75,
          curve: "bump-x",
        }),
        ...column(left, 0, separator),
        ...column(right, 1, separator),
      ],
    }
  }

const kinds: ReadonlyArray<{ readonly color: ReturnType<typeof Statuses.kind>; readonly label: string }> = [
  { color: "yes", label: "Becomes a yes" },
  { color: "open", label: "Becomes open: no answer that counts" },
  { color: "no", label: "Becomes a no" },
]

const sentence = (all: ReadonlyArray<Flow>): string => {
  const [most, ...rest] = all.toSorted((a, b) => b.pairs - a.pairs)
  if (most === undefined)
    return "No answer ever has another status than under today’s rules; what differs is whether it permits or may be asked again."
  const main = `The most frequent change is from ${most.before} to ${most.after}: ${Words.counted(most.pairs, "answer", "answers")}.`
  return rest.length === 0
    ? main
    : `${main} ${Words.counted(rest.length, "other change is", "other changes are")} shown below.`
}

/** The meanings of the statuses that occur. */
const glossary = (statuses: ReadonlySet<Status>): Html =>
  html`<dl class="glossary">
    ${Statuses.all
      .filter((status) => statuses.has(status))
      .map(
        (status) =>
          html`<div>
            <dt>${Statuses.label(status)}</dt>
            <dd>${Statuses.meaning[status]}</dd>
          </div>`,
      )}
  </dl>`

/** The section's content: a sentence, the chart, its figures as a table, and the meanings of the statuses. */
export const figure = ({ transitions, consentTypes }: Summary): Html => {
  const all = flows(transitions)
  const words = sentence(all)
  const names = new Map(consentTypes.map(({ id, name }) => [id, name]))
  const sorted = transitions.toSorted((a, b) => b.pairs - a.pairs)
  const { shown, left } = Table.first(sorted, rowsMax)
  const chart =
    all.length === 0
      ? undefined
      : html`<figure>
          ${Chart.legend(kinds.filter(({ color: kind }) => all.some(({ after }) => Statuses.kind(after) === kind)))}
          ${Chart.svg({ id: "transitions", title: "From one status to another", description: words }, options(all))}
          <figcaption>
            Thickness is the number of answers. An answer that changes more than once in the window is counted in each
            band it takes.
          </figcaption>
        </figure>`
  const table = Table.behind({
    caption: `Status before and after, by consent type${left === 0 ? "" : ` (the ${rowsMax} most frequent)`}`,
    columns: [
      { heading: "Consent type" },
      { heading: "Before" },
      { heading: "After" },
      { heading: "Answers", isFigure: true },
    ],
    rows: shown.map(({ consentType, before, after, pairs }) => [
      names.get(consentType) ?? consentType,
      before,
      before === after ? `${after} (stays)` : after,
      Words.count(pairs),
    ]),
  })
  return html`<p>${words}</p>
    ${chart}${transitions.length === 0 ? undefined : table}
    ${glossary(new Set(transitions.flatMap(({ before, after }) => [before, after])))}`
}
