/**
 * Tables: the figures of a chart, which are folded at first, and short lists with a bar next to each figure.
 */
import type { Day } from "../../core/simulation/Summary.ts"
import type { Html, HtmlPart } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Words from "./Words.ts"

/** A column with its heading. Figures are aligned to the right. */
export interface TableColumn {
  readonly heading: string
  readonly isFigure?: boolean
}

/** The columns and rows of a table. A row has one part for each column, and the first part names the row. */
export interface Table {
  /** Says what the table shows. Screen readers read it before the table. */
  readonly caption: string
  readonly columns: ReadonlyArray<TableColumn>
  readonly rows: ReadonlyArray<ReadonlyArray<HtmlPart>>
}

/** Writes a table. */
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

/** Writes the table of a chart's figures. It is closed at first, scrolls in its own frame, and is left out on paper. */
export const behind = (content: Table): Html =>
  html`<details class="behind">
    <summary>Show the figures as a table</summary>
    <div class="scroll" role="region" tabindex="0" aria-label="${content.caption}">${table(content)}</div>
  </details>`

/** Writes the table of a chart over time: two figures for each step, and their difference. */
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

/** A figure with a bar whose length is its share of `most`. The bar is hidden from screen readers. */
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

/** A sentence with the number of rows that were left out, if any. */
export const more = (left: number, what: string): Html | undefined =>
  left === 0 ? undefined : html`<p class="aside">And ${Words.count(left)} more ${what}, not shown here.</p>`
