/**
 * Draws how long a first view waits for its banner over the time of a round trip, as a standalone SVG file.
 */
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"
import type { Waited } from "./painting.ts"

/** Draws a line for each product, with its name at the end. */
export const svg = (waited: ReadonlyArray<Waited>): string => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>")
  const channels = { x: "roundTrip", y: "millis", stroke: "name" } as const
  const last = Math.max(...waited.map(({ roundTrip }) => roundTrip))
  const chart = Plot.plot({
    document,
    width: 760,
    height: 380,
    marginLeft: 60,
    marginRight: 170,
    marginBottom: 48,
    style: { background: "white", color: "black", fontSize: "13px" },
    x: { label: "time of a round trip, ms →", ticks: [...new Set(waited.map(({ roundTrip }) => roundTrip))] },
    y: { label: "↑ ms until the banner is painted", grid: true, zero: true },
    color: { scheme: "observable10" },
    marks: [
      Plot.line(waited, channels),
      Plot.dot(waited, { ...channels, fill: "name" }),
      Plot.text(
        waited.filter(({ roundTrip }) => roundTrip === last),
        { x: "roundTrip", y: "millis", text: "name", fill: "name", textAnchor: "start", dx: 8 },
      ),
    ],
  })
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg")
  return `${chart.outerHTML}\n`
}
