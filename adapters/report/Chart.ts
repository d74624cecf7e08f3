/**
 * Draws a chart as static SVG without a script, by Observable Plot, while the report is written.
 *
 * Each chart is drawn twice, for a wide page and for a phone, so that its text is readable on both; the style sheet
 * shows one of them. To a screen reader each is one image with a title and a description; the figures are in a table
 * after it. Colours are custom properties of the style sheet, because dark pages and paper have their own.
 */
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"
import type { Html } from "../../core/formats/Html.ts"
import { html, trusted } from "../../core/formats/Html.ts"
import * as Words from "./Words.ts"

/** The size of a drawn chart, in units of its view box. */
export interface Layout {
  readonly name: "wide" | "narrow"
  readonly width: number
  readonly height: number
  /** The most bars that can be distinguished at this width. */
  readonly barsMax: number
}

/** A chart in words: a short title, and a description of what can be seen. */
export interface Caption {
  /** Unique in the document; letters only. */
  readonly id: string
  readonly title: string
  readonly description: string
}

/** The layouts of every chart: the wide one first. */
export const layouts: ReadonlyArray<Layout> = [
  { name: "wide", width: 800, height: 320, barsMax: 800 },
  { name: "narrow", width: 320, height: 260, barsMax: 140 },
]

/** Attributes that would make a screen reader read the parts of an image, which has a description as a whole. */
const spoken = ["aria-label", "aria-hidden", "aria-description"]

const draw = (options: Plot.PlotOptions, { id, title, description }: Caption, layout: Layout): Html => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>")
  const svg = Plot.plot({
    width: layout.width,
    height: layout.height,
    className: "plot",
    style: { fontSize: "12.5px" },
    ...options,
    document,
  })
  for (const style of svg.querySelectorAll("style")) style.remove()
  for (const name of spoken) for (const part of svg.querySelectorAll(`[${name}]`)) part.removeAttribute(name)
  const words = { title, desc: description }
  for (const [name, text] of Object.entries(words).toReversed()) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name)
    element.setAttribute("id", `${id}-${layout.name}-${name}`)
    element.textContent = text
    svg.prepend(element)
  }
  svg.setAttribute("role", "img")
  svg.setAttribute("aria-labelledby", `${id}-${layout.name}-title`)
  svg.setAttribute("aria-describedby", `${id}-${layout.name}-desc`)
  return html`<div class="${layout.name}">${trusted(svg.outerHTML)}</div>`
}

/** Draws a chart in both layouts; `options` makes the options of Plot for a layout. */
export const svg = (caption: Caption, options: (layout: Layout) => Plot.PlotOptions): Html =>
  html`${layouts.map((layout) => draw(options(layout), caption, layout))}`

/** A vertical axis of whole numbers, from 0 to at least `most`: 1 or more. */
export const countAxis = (most: number): Plot.ScaleOptions => ({
  domain: [0, most],
  nice: true,
  label: null,
  grid: true,
  ticks: Math.min(5, most),
  tickFormat: Words.brief,
  tickSize: 0,
})

/** An entry of a legend: a sample in a colour of the style sheet, and its meaning. */
export interface LegendEntry {
  readonly color: string
  readonly isDashed?: boolean
  readonly label: string
}

/** The legend of a chart's colours. */
export const legend = (keys: ReadonlyArray<LegendEntry>): Html =>
  html`<ul class="legend">
    ${keys.map(
      ({ color, isDashed, label }) =>
        html`<li>
          <span class="sample ${isDashed === true ? "dashed" : ""} ${color}" aria-hidden="true"></span>${label}
        </li>`,
    )}
  </ul>`
