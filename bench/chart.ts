/**
 * Draws figures over the number of events as a standalone SVG file: measured figures as lines, extrapolated ones as
 * dashes.
 */
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"

/** A figure that was measured or extrapolated. */
export interface Point {
  readonly name: string
  readonly events: number
  readonly value: number
}

/** The figures of a chart. */
export interface Figures {
  /** The unit of the values. */
  readonly label: string
  readonly measured: ReadonlyArray<Point>
  readonly extrapolated?: ReadonlyArray<Point>
}

/** Draws figures, and a dashed line from the last measured figure of each name to the extrapolated one. */
export const svg = ({ extrapolated = [], label, measured }: Figures): string => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>")
  const dashes = extrapolated.flatMap((end) => {
    const [last] = measured.filter(({ name }) => name === end.name).toSorted((a, b) => b.events - a.events)
    return last === undefined ? [] : [last, end]
  })
  const channels = { x: "events", y: "value", stroke: "name" } as const
  const names = new Set(measured.map(({ name }) => name))
  const ends = [...names].map((name) => {
    const ofName = [...measured, ...extrapolated].filter((point) => point.name === name)
    return ofName.toSorted((a, b) => b.events - a.events)[0]!
  })
  const chart = Plot.plot({
    document,
    width: 760,
    height: 420,
    marginLeft: 60,
    marginRight: 150,
    style: { background: "white", color: "black", fontSize: "13px" },
    x: { type: "log", label: "events →", ticks: 4, tickFormat: "~s" },
    y: { type: "log", label: `↑ ${label}`, grid: true, ticks: 5, tickFormat: "~g" },
    color: { scheme: "observable10" },
    marks: [
      Plot.line(dashes, { ...channels, strokeDasharray: "4 4" }),
      Plot.line(measured, channels),
      Plot.dot(measured, { ...channels, fill: "name" }),
      Plot.dot(extrapolated, { ...channels, fill: "white" }),
      // The names of lines that end close to each other are shifted, so that they do not overlap.
      ...ends
        .toSorted((a, b) => b.value - a.value)
        .map((end, place) =>
          Plot.text([end], {
            x: "events",
            y: "value",
            text: "name",
            fill: "name",
            textAnchor: "start",
            dx: 8,
            dy: 8 * (place - 1),
          }),
        ),
    ],
  })
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg")
  return `${chart.outerHTML}\n`
}
