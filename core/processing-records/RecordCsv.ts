/**
 * The record of processing activities as CSV (RFC 4180): a header, and a record for each row.
 *
 * No cell starts as a formula, because spreadsheets would run it: such a cell gets an apostrophe in front (OWASP, "CSV
 * Injection"). So does what would start a cell where `;` or a tab separates cells, as in Excel of many countries.
 */
import * as RecordColumns from "../data-systems/RecordColumns.ts"
import type { RecordContent } from "./RecordContent.ts"

/** Whether spreadsheets read a text as a formula, or as one after white space is removed. */
export const isFormula = (text: string): boolean => /^[\s\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r]/.test(text)

/** Where a formula would start if another character than the comma separated cells. */
const inner = /(?<=[;\t\r\n])([^\S\t\r\n]*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g

const cell = (text: string): string => {
  const safe = isFormula(text) ? `'${text}` : text
  const guarded = safe.replace(inner, "$1'")
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}

const line = (cells: ReadonlyArray<string>): string => `${cells.map(cell).join(",")}\r\n`

/** Writes the record, a line at a time. Several things in a cell are separated by `; `. */
export function* write({ organization, query, rows }: RecordContent): Generator<string> {
  const columns = RecordColumns.of(query)
  yield line(columns.map(RecordColumns.title))
  for (const row of rows) yield line(columns.map(({ cells }) => cells(row, organization).join("; ")))
}
