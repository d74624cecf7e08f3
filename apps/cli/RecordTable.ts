/**
 * The record of processing activities for a terminal: a line for each row, and then what is missing.
 */
import * as RecordColumns from "../../core/data-systems/RecordColumns.ts"
import * as RecordContent from "../../core/processing-records/RecordContent.ts"
import * as Table from "./Table.ts"

/** The columns that fit a terminal; a file has all of them. */
const shown: ReadonlySet<string> = new Set(["activity", "dataSystem", "purposes", "retention", "legalBases"])

/** The most characters of a cell, and of a line of text. */
const maxCell = 34
const maxLine = 100

const cut = (text: string): string => (text.length > maxCell ? `${text.slice(0, maxCell - 1)}…` : text)

const plural = (count: number, one: string): string => `${Table.count(count)} ${one}${count === 1 ? "" : "s"}`

/** Cells of the same width, so that a table that aligns to the right shows them aligned to the left. */
const padded = (rows: ReadonlyArray<Table.Row>): ReadonlyArray<Table.Row> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)))
}

/** What each data system lacks. */
const gapsText = ({ systems }: RecordContent.RecordContent): ReadonlyArray<string> =>
  systems
    .filter(({ gaps }) => gaps.length > 0)
    .flatMap(({ gaps, system }) => [
      "",
      `${system.name}: ${plural(gaps.length, "thing")} missing`,
      ...gaps.flatMap(({ article, detail }) =>
        Table.wrap(`${article} ${detail}`, maxLine).map((line, index) => `${index === 0 ? "  " : "    "}${line}`),
      ),
    ])

/** Writes the record. */
export const write = (content: RecordContent.RecordContent): string => {
  const { organization, query, rows, systems } = content
  const columns = RecordColumns.of(query).filter(({ key }) => shown.has(key))
  const head = `Record of processing activities of ${organization.name} (GDPR, article ${RecordContent.paragraphOf(content)})`
  if (rows.length === 0) return `${head}\n\nno data system is recorded`
  const cells = rows.map((row) => columns.map((column) => cut(column.cells(row, organization).join(", "))))
  const [titles, ...lines] = padded([columns.map(({ heading }) => heading), ...cells])
  const gaps = systems.reduce((sum, each) => sum + each.gaps.length, 0)
  const counts = `${plural(rows.length, "row")}, ${plural(systems.length, "data system")}, ${plural(gaps, "thing")} missing`
  return Table.printable([head, "", Table.write(titles!, lines), "", counts, ...gapsText(content)].join("\n"))
}
