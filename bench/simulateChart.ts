/**
 * Time over size, as an SVG file that stands alone: measured as lines, extrapolated as dashes.
 */
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"

/** One run, or what one would take. */
export interface Point {
  readonly name: string
  readonly events: number
  readonly seconds: number
}

/** Draws runs, and from the largest of each name a dashed line to what is extrapolated. */
export const svg = (measured: ReadonlyArray<Point>, extrapolated: ReadonlyArray<Point>): string => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>")
  const dashes = extrapolated.flatMap((end) => {
    const [last] = measured.filter(({ name }) => name === end.name).toSorted((a, b) => b.events - a.events)
    return last === undefined ? [] : [last, end]
  })
  const channels = { x: "events", y: "seconds", stroke: "name" } as const
  const chart = Plot.plot({
    document,
    width: 760,
    height: 420,
    marginLeft: 60,
    marginRight: 150,
    style: { background: "white", color: "black", fontSize: "13px" },
    x: { type: "log", label: "events →", ticks: 4, tickFormat: "~s" },
    y: { type: "log", label: "↑ seconds", grid: true, ticks: 5, tickFormat: "~g" },
    color: { scheme: "observable10" },
    marks: [
      Plot.line(dashes, { ...channels, strokeDasharray: "4 4" }),
      Plot.line(measured, channels),
      Plot.dot(measured, { ...channels, fill: "name" }),
      Plot.dot(extrapolated, { ...channels, fill: "white" }),
      // Lines that end near each other keep their names apart.
      ...extrapolated
        .toSorted((a, b) => b.seconds - a.seconds)
        .map((end, place) =>
          Plot.text([end], {
            x: "events",
            y: "seconds",
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
