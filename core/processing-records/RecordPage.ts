/**
 * The record of processing activities as a page to be read and printed: on paper a table on A4 landscape, on a phone a
 * card for each row. It runs no script and loads nothing.
 */
import * as Instant from "../engine/Instant.ts"
import type { ProcessingRecord } from "../data-systems/ProcessingRecords.ts"
import type { RecordColumn } from "../data-systems/RecordColumns.ts"
import * as RecordColumns from "../data-systems/RecordColumns.ts"
import { html, type Html, type HtmlPart, trusted } from "../formats/Html.ts"
import * as RecordContent from "./RecordContent.ts"
import { style } from "./RecordPageStyle.ts"

/** The columns that are the same for all rows, and stand above the table. */
const above: ReadonlySet<string> = new Set(["organization", "representative", "dataProtectionOfficer"])

/** The columns that share the first cell. */
const first: ReadonlySet<string> = new Set(["activity", "dataSystem"])

/** Whether a column of its own is needed. Few rows have joint controllers, so that those stand below the row. */
const isAsked = ({ article = "", key }: RecordColumn): boolean =>
  article.startsWith("30(2)") || (article.startsWith("30(1)") && key !== "controllers")

/** The columns of the table besides the first. */
const askedOf = (columns: ReadonlyArray<RecordColumn>): ReadonlyArray<RecordColumn> =>
  columns.filter((each) => isAsked(each) && !first.has(each.key) && !above.has(each.key))

const joined = (parts: ReadonlyArray<HtmlPart>, separator: HtmlPart): ReadonlyArray<HtmlPart> =>
  parts.flatMap((part, index) => (index === 0 ? [part] : [separator, part]))

/** What a cell says, each thing on a line of its own; a dash that is no text for screen readers if nothing. */
const said = (things: ReadonlyArray<string>): HtmlPart =>
  things.length === 0
    ? html`<span class="none">missing</span>`
    : html`<ul>
        ${things.map((thing) => html`<li>${thing}</li>`)}
      </ul>`

const headOf = ({ article, heading }: RecordColumn): Html =>
  html`<th scope="col">${article === undefined ? "" : html`<span class="article">${article}</span>`}${heading}</th>`

/** A row of the table, and below it what no paragraph of article 30 asks for. */
const row = (
  content: RecordContent.RecordContent,
  columns: ReadonlyArray<RecordColumn>,
  of: ProcessingRecord,
): Html => {
  const { organization } = content
  const asked = askedOf(columns)
  const beside = columns.filter((each) => !isAsked(each) && !first.has(each.key) && each.key !== "missing")
  const shown = beside
    .map((each) => [each, each.cells(of, organization)] as const)
    .filter(([, cells]) => cells.length > 0)
  const activities = of.attributes.processingActivity.map(({ name }) => name).join(", ")
  const [title, below] =
    content.query.by === "system" ? [of.system.name, activities] : [of.activity?.name, of.system.name]
  return html`<tbody>
    <tr>
      <th scope="row">
        ${title ?? html`<span class="none">no activity</span>`}
        <span class="below">${below}</span>
      </th>
      ${asked.map((each) => html`<td data-label="${each.heading}">${said(each.cells(of, organization))}</td>`)}
    </tr>
    ${
      shown.length === 0 && of.gaps.length === 0
        ? ""
        : html`<tr class="beside">
            <td colspan="${asked.length + 1}">
              ${joined(
                shown.map(
                  ([each, cells]) => html`<span class="pair"><b>${each.heading}</b> ${cells.join(", ")}</span>`,
                ),
                " ",
              )}
              ${
                of.gaps.length === 0
                  ? ""
                  : html`<span class="gaps"
                      ><b>Missing</b> ${of.gaps.map(({ article, detail }) => `${article} ${detail}`).join("; ")}</span
                    >`
              }
            </td>
          </tr>`
    }
  </tbody>`
}

/** The distinct things that a column says of all data systems. */
const distinct = ({ organization, systems }: RecordContent.RecordContent, column: RecordColumn | undefined) =>
  column === undefined ? [] : [...new Set(systems.flatMap((each) => column.cells(each, organization)))]

const number = (count: number, one: string, many: string): Html =>
  html`<li><span class="number">${count}</span>${count === 1 ? one : many}</li>`

const head = (content: RecordContent.RecordContent, columns: ReadonlyArray<RecordColumn>): Html => {
  const { asOf, organization, projectName, query, rows, systems } = content
  const { privacyContact, privacyPolicyUrl } = organization
  const column = (key: string) => columns.find((each) => each.key === key)
  const fact = (label: string, value: HtmlPart) =>
    html`<div>
      <dt>${label}</dt>
      <dd>${value}</dd>
    </div>`
  const representatives = [organization.representative, ...distinct(content, column("representative"))]
  const officers = distinct(content, column("dataProtectionOfficer"))
  const gaps = systems.reduce((sum, each) => sum + each.gaps.length, 0)
  const activities = new Set(systems.flatMap((each) => each.attributes.processingActivity.map(({ id }) => id))).size
  const lines = (things: ReadonlyArray<HtmlPart>) => joined(things, html`<br />`)
  return html`<header>
    <p class="eyebrow">GDPR, article ${RecordContent.paragraphOf(content)}</p>
    <h1>Record of processing activities</h1>
    <dl class="facts">
      ${fact(
        query.as === "processor" ? "Processor" : "Controller",
        lines([organization.name, privacyContact ?? "", privacyPolicyUrl].filter((each) => each !== "")),
      )}
      ${fact("Representative", lines([...new Set(representatives)].filter((each) => each !== undefined)))}
      ${fact("Data protection officer", lines(officers))}
      ${projectName === undefined ? "" : fact("Project", projectName)}
      ${fact("As of", Instant.format(asOf).slice(0, 10))}
    </dl>
    <ul class="numbers">
      ${number(activities, "activity", "activities")} ${number(systems.length, "data system", "data systems")}
      ${number(rows.length, "row", "rows")} ${number(gaps, "thing is missing", "things are missing")}
    </ul>
  </header>`
}

/** Writes the page, a row at a time. */
export function* write(content: RecordContent.RecordContent): Generator<string> {
  const { organization, query, rows } = content
  const columns = RecordColumns.of(query)
  const asked = askedOf(columns)
  const title = `Record of processing activities of ${organization.name}`
  const [begin, end] = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        ${head(content, columns)}
        <main>
          ${
            rows.length === 0
              ? html`<p class="empty">No data system is recorded.</p>`
              : html`<table>
                  <thead>
                    <tr>
                      <th scope="col">${query.by === "system" ? "Data system" : "Processing activity"}</th>
                      ${asked.map(headOf)}
                    </tr>
                  </thead>
                  ${trusted(mark)}
                </table>`
          }
        </main>
      </body>
    </html> `.html.split(mark)
  yield begin!
  if (end === undefined) return
  for (const of of rows) yield row(content, columns, of).html
  yield end
}

/** Stands for the rows while the page around them is written. No text has it, because `<` is escaped. */
const mark = "<rows>"
