/**
 * The record of processing activities as an Excel workbook of one sheet (ECMA-376, Office Open XML), written while it
 * is read. The same content makes the same bytes.
 *
 * All cells are texts, so that none is a formula; one that would be if it were typed is marked as text for good
 * (`quotePrefix`).
 */
import { Stream } from "effect"
import * as RecordColumns from "../data-systems/RecordColumns.ts"
import * as ZipStream from "../access-package/ZipStream.ts"
import type { RecordContent } from "./RecordContent.ts"
import * as RecordCsv from "./RecordCsv.ts"
import * as TextStream from "./TextStream.ts"

/** The most characters of a cell (Excel specifications and limits), and what is written after a longer text. */
const maxCell = 32_767
const cut = " …"

/** Characters that XML 1.0 does not have. */
const forbidden = /[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]|\p{Surrogate}/gu

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** A text in a cell. `_x0041_` would be read as a character, so that its first underscore is written as one. */
const escape = (text: string): string =>
  text
    .replace(forbidden, "\uFFFD")
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    .replace(/[&<>"]/g, (character) => entities[character]!)

const cellText = (text: string): string =>
  escape(text.length > maxCell ? text.slice(0, maxCell - cut.length) + cut : text)

const declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n`
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
const relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
const packages = "http://schemas.openxmlformats.org/package/2006"
const parts = "application/vnd.openxmlformats-officedocument.spreadsheetml"

const relationship = (id: number, type: string, target: string) =>
  `<Relationship Id="rId${id}" Type="${relationships}/${type}" Target="${target}"/>`

const relationshipsOf = (...all: ReadonlyArray<string>) =>
  `${declaration}<Relationships xmlns="${packages}/relationships">${all.join("")}</Relationships>`

/** The styles of cells, by their number: plain, of the header, and marked as text. */
const styles = { plain: 1, header: 2, marked: 3 }

const alignment = `<alignment vertical="top" wrapText="1"/>`
const cellFormat = (font: number, fill: number, more = "") =>
  `<xf numFmtId="49" fontId="${font}" fillId="${fill}" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"${more}>${alignment}</xf>`

const styleSheet = [
  declaration,
  `<styleSheet xmlns="${main}">`,
  `<fonts count="2"><font><sz val="10"/><name val="Calibri"/></font><font><b/><sz val="10"/><name val="Calibri"/></font></fonts>`,
  `<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>`,
  `<fill><patternFill patternType="solid"><fgColor rgb="FFE6EFEE"/></patternFill></fill></fills>`,
  `<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>`,
  `<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>`,
  `<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>`,
  cellFormat(0, 0),
  cellFormat(1, 2, ` applyFont="1" applyFill="1"`),
  cellFormat(0, 0, ` quotePrefix="1"`),
  `</cellXfs></styleSheet>`,
].join("")

/** The letters of a column, from 0: A, B, …, Z, AA. */
const letters = (column: number): string =>
  (column >= 26 ? letters(Math.floor(column / 26) - 1) : "") + String.fromCharCode(65 + (column % 26))

const rowText = (number: number, cells: ReadonlyArray<string>, styleOf: (text: string) => number): string => {
  const written = cells.map((text, column) =>
    text === ""
      ? ""
      : `<c r="${letters(column)}${number}" s="${styleOf(text)}" t="inlineStr"><is><t xml:space="preserve">${cellText(text)}</t></is></c>`,
  )
  return `<row r="${number}">${written.join("")}</row>`
}

/** The sheet: the header stays in view and is printed on each page, landscape, as wide as a page. */
function* sheet({ organization, query, rows }: RecordContent): Generator<string> {
  const columns = RecordColumns.of(query)
  const last = letters(columns.length - 1)
  yield `${declaration}<worksheet xmlns="${main}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>`
  yield `<dimension ref="A1:${last}${rows.length + 1}"/>`
  yield `<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
  yield `<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="${columns.length}" width="28" customWidth="1"/></cols><sheetData>`
  yield rowText(1, columns.map(RecordColumns.title), () => styles.header)
  let number = 1
  for (const row of rows) {
    const cells = columns.map(({ cells: of }) => of(row, organization).join("\n"))
    yield rowText(++number, cells, (text) => (RecordCsv.isFormula(text) ? styles.marked : styles.plain))
  }
  yield `</sheetData><autoFilter ref="A1:${last}${rows.length + 1}"/>`
  yield `<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>`
}

const name = "Record of processing"

const workbook = [
  declaration,
  `<workbook xmlns="${main}" xmlns:r="${relationships}"><sheets><sheet name="${name}" sheetId="1" r:id="rId1"/></sheets>`,
  `<definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">'${name}'!$1:$1</definedName></definedNames></workbook>`,
].join("")

const contentTypes = [
  declaration,
  `<Types xmlns="${packages}/content-types">`,
  `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`,
  `<Default Extension="xml" ContentType="application/xml"/>`,
  `<Override PartName="/xl/workbook.xml" ContentType="${parts}.sheet.main+xml"/>`,
  `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${parts}.worksheet+xml"/>`,
  `<Override PartName="/xl/styles.xml" ContentType="${parts}.styles+xml"/></Types>`,
].join("")

/** The most bytes of a workbook: the size of a record is limited before. */
const limits: ZipStream.ZipLimits = { zipped: 2 ** 30, entry: 2 ** 31 }

/** Writes the workbook. */
export const write = (content: RecordContent): Stream.Stream<Uint8Array> => {
  const entry = (path: string, text: () => Iterable<string>) => ({ name: path, content: TextStream.bytes(text) })
  const entries = Stream.fromIterable([
    entry("[Content_Types].xml", () => [contentTypes]),
    entry("_rels/.rels", () => [relationshipsOf(relationship(1, "officeDocument", "xl/workbook.xml"))]),
    entry("xl/workbook.xml", () => [workbook]),
    entry("xl/_rels/workbook.xml.rels", () => [
      relationshipsOf(relationship(1, "worksheet", "worksheets/sheet1.xml"), relationship(2, "styles", "styles.xml")),
    ]),
    entry("xl/styles.xml", () => [styleSheet]),
    entry("xl/worksheets/sheet1.xml", () => sheet(content)),
  ])
  return Stream.orDie(ZipStream.make(entries, content.asOf, limits))
}
