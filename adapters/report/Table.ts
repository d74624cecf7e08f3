/**
 * Tables: the figures behind a chart, folded away until asked for, and short lists with a bar beside each figure.
 */
import type { Day } from "../../core/simulation/Summary.ts"
import type { Html, HtmlPart } from "./Html.ts"
import { html } from "./Html.ts"
import * as Words from "./Words.ts"

/** A heading; figures stand to the right, below each other. */
export interface TableColumn {
  readonly heading: string
  readonly isFigure?: boolean
}

/** A table's columns and its rows, as many parts each; the first part names the row. */
export interface Table {
  /** What the table shows; spoken before it. */
  readonly caption: string
  readonly columns: ReadonlyArray<TableColumn>
  readonly rows: ReadonlyArray<ReadonlyArray<HtmlPart>>
}

/** A table as it stands on the page. */
export const table = ({ caption, columns, rows }: Table): Html => {
  const align = (index: number): Html | undefined =>
    columns[index]?.isFigure === true ? html` class="figure"` : undefined
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        ${columns.map(({ heading }, index) => html`<th scope="col" ${align(index)}>${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([name, ...parts]) =>
          html`<tr>
            <th scope="row">${name}</th>
            ${parts.map((part, index) => html`<td${align(index + 1)}>${part}</td>`)}
          </tr> `,
      )}
    </tbody>
  </table>`
}

/** The table behind a chart: closed at first, scrolled inside its own frame, and left out on paper. */
export const behind = (content: Table): Html =>
  html`<details class="behind">
    <summary>Show the figures as a table</summary>
    <div class="scroll" role="region" tabindex="0" aria-label="${content.caption}">${table(content)}</div>
  </details>`

/** The table behind a chart over time: two figures of each step, and how far they differ. */
export const behindSteps = (
  caption: string,
  days: ReadonlyArray<Day>,
  figures: (day: Day) => { readonly before: number; readonly after: number },
): Html =>
  behind({
    caption,
    columns: [
      { heading: "From" },
      { heading: "Before", isFigure: true },
      { heading: "After", isFigure: true },
      { heading: "Change", isFigure: true },
    ],
    rows: days.map((day) => {
      const { before, after } = figures(day)
      return [Words.briefDate(day.at), Words.count(before), Words.count(after), Words.change(after - before)]
    }),
  })

/** A figure with a bar as long as its share of `most`. The figure is what counts; the bar is left to the eye. */
export const bar = (value: number, most: number): Html =>
  html`<span class="bar" aria-hidden="true"
      ><span style="width:${((value / Math.max(1, most)) * 100).toFixed(1)}%"></span></span
    ><span class="value">${Words.count(value)}</span>`

/** The first `max` of a list, and how many were left out. */
export const first = <Item>(
  items: ReadonlyArray<Item>,
  max: number,
): { readonly shown: ReadonlyArray<Item>; readonly left: number } => ({
  shown: items.slice(0, max),
  left: Math.max(0, items.length - max),
})

/** Says how many rows were left out, if any. */
export const more = (left: number, what: string): Html | undefined =>
  left === 0 ? undefined : html`<p class="aside">And ${Words.count(left)} more ${what}, not shown here.</p>`
