/**
 * Opens a file that is imported. Rows are in the order of the file; those of an export in the order of `dateCreated`.
 */
import { Effect, Option, Stream } from "effect"
import { Flag } from "effect/cli"
import type { BadRows } from "../../adapters/files/BadRows.ts"
import { BadInput, type Unreadable } from "../../adapters/files/BadInput.ts"
import type { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import type { HeaderCheck, MissingColumns } from "../../adapters/files/Columns.ts"
import * as Gunzip from "../../adapters/files/Gunzip.ts"
import * as RecordedOrder from "../../adapters/files/RecordedOrder.ts"
import * as RowReader from "../../adapters/files/RowReader.ts"
import * as Source from "../../adapters/files/Source.ts"
import type { FileRow } from "../../core/transfer/Intake.ts"
import * as Progress from "./Progress.ts"

/** The flag `--format`: how the rows of a file are written. */
export const formatFlag = Flag.Literals("format", RowReader.formats).pipe(
  Flag.withDescription("By default csv for a file that ends in .csv or .csv.gz, else ndjson"),
  Flag.optional,
)

/** Which file is read, and how. */
export interface RowFileOptions {
  readonly file: string
  readonly format: Option.Option<RowReader.RowFormat["format"]>
  readonly delimiter: Option.Option<string>
  readonly restore: boolean
  readonly header: HeaderCheck
}

/** A file that is being read. */
export interface RowFile {
  readonly rows: Stream.Stream<ReadonlyArray<FileRow>, Unreadable | BadInput | TemporaryFileError>
  /** How much of it has been read, from 0 to 1; `undefined` if it is not known. */
  readonly share: () => number | undefined
  /** The delimiter that was recognized, if it is not a comma; known with the first row. */
  readonly recognized: () => string | undefined
}

const badInput =
  (file: string) =>
  ({ line, reason }: Pick<BadRows, "line" | "reason">): BadInput =>
    new BadInput({
      file,
      problems: [{ where: line === undefined ? "" : `line ${line}`, reason: `${reason}; nothing behind it was read` }],
      isCutShort: false,
    })

const missing = (file: string, { columns }: MissingColumns): BadInput =>
  new BadInput({
    file,
    problems: columns.map(({ detail, pointer }) => ({ where: pointer, reason: `${detail}; nothing was read` })),
    isCutShort: false,
  })

/** The files of spreadsheet programs, which hold no rows of text. */
const workbook = /\.(xlsx?|xlsm|xlsb|ods|numbers)$/i

/** Fails for the file of a spreadsheet program. */
const refuseWorkbook = (file: string) =>
  workbook.test(file)
    ? Effect.fail(badInput(file)({ reason: "is a workbook: save it as CSV UTF-8 in the spreadsheet program" }))
    : Effect.void

const openUnsorted = Effect.fnUntraced(function* ({ delimiter, file, format, header }: RowFileOptions) {
  yield* refuseWorkbook(file)
  const { bytes, name, size } = yield* Source.open(file)
  let read = 0
  let recognized: string | undefined
  const counted = Stream.map(bytes, (chunk) => {
    read += chunk.length
    return chunk
  })
  const rows = RowReader.read(Gunzip.ifPacked(counted), {
    format: Option.getOrElse(format, () => RowReader.formatOf(file)),
    header,
    onDelimiter: (found) => void (recognized = found),
    ...(Option.isSome(delimiter) && { delimiter: delimiter.value }),
  }).pipe(
    Stream.catchTags({
      BadRows: (error) => Stream.fail(badInput(name)(error)),
      MissingColumns: (error) => Stream.fail(missing(name, error)),
    }),
  )
  const share = () => (size === undefined ? undefined : read / size)
  const opened: RowFile = { rows, share, recognized: () => recognized }
  return opened
})

/** Shows how many rows of a file have been read. */
const withProgress = ({ rows, share }: RowFile, progress: Progress.Progress) => {
  let done = 0
  return Stream.tap(rows, (some) => progress.show({ what: "rows read", done: (done += some.length), share: share() }))
}

/**
 * Opens a file. For a restore, a file is first read to check that it is in the order of `dateCreated`, and sorted in a
 * temporary file if it is not. Standard input can be read only once, so it is always sorted.
 */
export const open = Effect.fnUntraced(function* (given: RowFileOptions) {
  const file = yield* openUnsorted(given)
  if (!given.restore) return file
  const progress = yield* Progress.makeWithLines
  const isOnce = file.share() === undefined
  const isInOrder = !isOnce && (yield* RecordedOrder.isSorted(withProgress(file, progress)))
  yield* progress.clear
  if (isInOrder) return yield* openUnsorted(given)
  const unsorted = isOnce ? file : yield* openUnsorted(given)
  // The share is not known, because all rows have been read before the first is imported.
  const sorted: RowFile = {
    rows: RecordedOrder.sorted(withProgress(unsorted, progress)),
    share: () => undefined,
    recognized: unsorted.recognized,
  }
  return sorted
})
