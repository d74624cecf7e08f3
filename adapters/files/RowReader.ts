/**
 * Reads the rows of a file in bounded memory. NDJSON has one JSON object a line; CSV (RFC 4180) has a header and
 * records.
 *
 * A row that cannot be read is emitted with the reason, and reading continues after it. Reading stops at CSV whose
 * quotes do not match, because the start of the next record is unknown, and at CSV that is not UTF-8, because its
 * encoding is unknown. Blank lines are skipped, and so are records whose fields are all empty, as spreadsheets write
 * them for empty rows.
 */
import * as NodeStream from "@effect/platform-node/NodeStream"
import { CsvError, parse } from "csv-parse"
import { Effect, Predicate, Result, Stream } from "effect"
import type { FileRow } from "../../core/transfer/Intake.ts"
import { BadRows } from "./BadRows.ts"
import { type HeaderCheck, MissingColumns } from "./Columns.ts"
import * as Delimiter from "./Delimiter.ts"
import * as JsonSyntax from "./JsonSyntax.ts"
import * as Lines from "./Lines.ts"
import * as Utf8 from "./Utf8.ts"

/** The formats that can be read. */
export const formats = ["ndjson", "csv"] as const

/** The format of a file of rows. */
export interface RowFormat {
  readonly format: (typeof formats)[number]
  /** One character between the fields of CSV; recognized by the header if it is left out. */
  readonly delimiter?: string
  /** Called if the delimiter was recognized, and is not a comma. */
  readonly onDelimiter?: (delimiter: string) => void
  /** The check of the header of CSV. Left out: every column may be read, and none is needed. */
  readonly header?: HeaderCheck
  /** Called with the number of blank lines that were skipped so far. */
  readonly onBlank?: (count: number) => void
}

/** The format by the name of a file: `.csv` and `.csv.gz` are CSV, any other name is NDJSON. */
export const formatOf = (path: string): RowFormat["format"] => (/\.csv(\.gz)?$/i.test(path) ? "csv" : "ndjson")

type Rows<E, R> = Stream.Stream<ReadonlyArray<FileRow>, E | BadRows | MissingColumns, R>

const unreadable = (line: number, detail: string, text = ""): FileRow => ({
  line,
  text,
  faults: [{ code: "unreadable", field: "", detail }],
})

const fromJson = (text: string, line: number): FileRow => {
  try {
    const value: unknown = JSON.parse(text)
    const isItem = Predicate.isObject(value) && !Array.isArray(value)
    return isItem ? { line, text, value } : unreadable(line, "expected a JSON object", text)
  } catch {
    return unreadable(line, JsonSyntax.describe(text), text)
  }
}

const ndjson = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>, onBlank: RowFormat["onBlank"]): Rows<E, R> =>
  Stream.suspend(() => {
    let rows: Array<FileRow> = []
    let blankLines = 0
    const splitter = Lines.splitter({
      blank: () => onBlank?.(++blankLines),
      line: (text, number) => void rows.push(fromJson(text, number)),
      refused: (reason, number) => void rows.push(unreadable(number, reason)),
    })
    const rowsOf = (step: () => void): ReadonlyArray<FileRow> => {
      step()
      const complete = rows
      rows = []
      return complete
    }
    return Stream.concat(
      Stream.map(bytes, (chunk) => rowsOf(() => splitter.push(chunk))),
      Stream.suspend(() => Stream.succeed(rowsOf(splitter.end))),
    )
  })

/** A record from the parser, and how many lines the parser had read by its end. */
interface Parsed {
  readonly record: ReadonlyArray<string>
  readonly info: { readonly lines: number }
}

const reasons: { readonly [code: string]: string } = {
  CSV_MAX_RECORD_SIZE: "longer than 1 MiB",
  CSV_QUOTE_NOT_CLOSED: "a quoted field does not end",
  CSV_INVALID_CLOSING_QUOTE: "a quoted field goes on behind its closing quote",
  INVALID_OPENING_QUOTE: "a quote stands inside a field that is not quoted",
}

const badCsv =
  (linesBefore: number) =>
  (error: unknown): BadRows =>
    error instanceof CsvError
      ? new BadRows({ line: Number(error["lines"]) + linesBefore, reason: reasons[error.code] ?? "is not CSV" })
      : new BadRows({ reason: "is not CSV" })

/**
 * Finds the line on which a record begins. The parser counts CR LF inside a field as two lines, which is corrected
 * here.
 */
const makeLineFinder = (linesBefore: number) => {
  let countedTwice = 0
  let lastLine = 0
  return ({ info, record }: Parsed): number => {
    const isOneLine = info.lines === lastLine + 1
    lastLine = info.lines
    if (isOneLine) return linesBefore + info.lines - countedTwice
    const breaks = record.flatMap((field) => field.match(/\r\n|\r|\n/g) ?? [])
    countedTwice += breaks.filter((each) => each === "\r\n").length
    return linesBefore + info.lines - countedTwice - breaks.length
  }
}

/** The row of a record. Empty fields are left out, and so are columns without a name. */
const fromRecord = (header: ReadonlyArray<string>, record: ReadonlyArray<string>, line: number): FileRow => {
  const text = JSON.stringify(record)
  if (record.length !== header.length) {
    return unreadable(line, `has ${record.length} fields, and the header ${header.length}`, text)
  }
  const value: Record<string, unknown> = Object.create(null)
  for (const [index, field] of record.entries()) if (field !== "" && header[index] !== "") value[header[index]!] = field
  return { line, text, value }
}

const anyHeader: HeaderCheck = { isRead: () => true, missing: () => [] }

/** Reads the names of the header. A name that stands there twice is a fault if its column is read. */
const readHeader = Effect.fnUntraced(function* (names: ReadonlyArray<string>, line: number, check: HeaderCheck) {
  const header = names.map((name) => name.trim())
  const read = header.filter((name) => name !== "" && check.isRead(name))
  if (new Set(read).size < read.length) return yield* new BadRows({ line, reason: "the header names a column twice" })
  const missing = check.missing(header)
  return missing.length > 0 ? yield* new MissingColumns({ columns: missing }) : header
})

const csv = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  { delimiter, linesBefore }: Delimiter.Beginning,
  { header: check = anyHeader, onBlank }: RowFormat,
): Rows<E, R> => {
  const newParser = () =>
    parse({
      bom: true,
      delimiter,
      info: true,
      max_record_size: Lines.maxBytes,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
    })
  return Stream.suspend(() => {
    let emptyRecords = 0
    const lineOf = makeLineFinder(linesBefore)
    let header: ReadonlyArray<string> | undefined
    const parser = newParser()
    const counted = Stream.tap(bytes, () => Effect.sync(() => onBlank?.(parser.info.empty_lines + emptyRecords)))
    const toRows = Effect.fnUntraced(function* (records: ReadonlyArray<Parsed>) {
      const rows: Array<FileRow> = []
      for (const parsed of records) {
        const line = lineOf(parsed)
        if (header === undefined) header = yield* readHeader(parsed.record, line, check)
        else if (parsed.record.every((field) => field === "")) emptyRecords++
        else rows.push(fromRecord(header, parsed.record, line))
      }
      return rows
    })
    return NodeStream.pipeThroughDuplex<R, E | BadRows, Uint8Array, Parsed, BadRows>(
      Utf8.checked(counted, linesBefore + 1),
      { evaluate: () => parser, onError: badCsv(linesBefore) },
    ).pipe(Stream.chunks, Stream.mapEffect(toRows))
  })
}

/** Reads CSV with the delimiter that is given or recognized. */
const recognizedCsv = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>, format: RowFormat): Rows<E, R> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { isRead } = format.header ?? { isRead: () => false }
      const begun = yield* Delimiter.peel(bytes, format.delimiter, isRead)
      if (Result.isFailure(begun)) return yield* new BadRows({ line: 1, reason: begun.failure })
      const { success } = begun
      if (format.delimiter === undefined && success.delimiter !== ",") format.onDelimiter?.(success.delimiter)
      return csv(success.bytes, success, format)
    }),
  )

/** Reads rows from bytes, which must not be compressed. */
export const read = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>, format: RowFormat): Rows<E, R> =>
  format.format === "csv" ? recognizedCsv(bytes, format) : ndjson(bytes, format.onBlank)
