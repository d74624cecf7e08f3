/**
 * The rows of a file that is imported, in their order; those of an export in the order in which they were recorded.
 */
import { Effect, Option, Stream } from "effect"
import type { BadRows } from "../../adapters/files/BadRows.ts"
import { BadInput, type Unreadable } from "../../adapters/files/BadInput.ts"
import type { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import * as Gunzip from "../../adapters/files/Gunzip.ts"
import * as RecordedOrder from "../../adapters/files/RecordedOrder.ts"
import * as RowReader from "../../adapters/files/RowReader.ts"
import * as Source from "../../adapters/files/Source.ts"
import type { FileRow } from "../../core/transfer/Intake.ts"
import * as Progress from "./Progress.ts"

/** Which file, and how it is read. */
export interface RowFileOptions {
  readonly file: string
  readonly format: Option.Option<RowReader.RowFormat["format"]>
  readonly delimiter: string
  readonly restore: boolean
}

/** A file that is being read. */
export interface RowFile {
  readonly rows: Stream.Stream<ReadonlyArray<FileRow>, Unreadable | BadInput | TemporaryFileError>
  /** How much of it has been read, from 0 to 1; `undefined` where nobody knows. */
  readonly share: () => number | undefined
}

const badInput =
  (file: string) =>
  ({ line, reason }: BadRows): BadInput =>
    new BadInput({
      file,
      problems: [{ where: line === undefined ? "" : `line ${line}`, reason: `${reason}; nothing behind it was read` }],
      isCutShort: false,
    })

const begin = Effect.fnUntraced(function* ({ delimiter, file, format }: RowFileOptions) {
  const { bytes, name, size } = yield* Source.open(file)
  let read = 0
  const counted = Stream.map(bytes, (chunk) => {
    read += chunk.length
    return chunk
  })
  const rows = RowReader.read(Gunzip.ifPacked(counted), {
    format: Option.getOrElse(format, () => RowReader.formatOf(file)),
    delimiter,
  }).pipe(Stream.catchTag("BadRows", (error) => Stream.fail(badInput(name)(error))))
  return { rows, share: () => (size === undefined ? undefined : read / size) } satisfies RowFile
})

/** Tells how far the rows of a file have been read. */
const watched = ({ rows, share }: RowFile, progress: Progress.Progress) => {
  let done = 0
  return Stream.tap(rows, (some) => progress.show({ what: "rows read", done: (done += some.length), share: share() }))
}

/**
 * Opens a file. An export that is not in its order is sorted in a temporary file before anything is taken back; one that can be
 * read twice is looked through for that.
 */
export const open = Effect.fnUntraced(function* (given: RowFileOptions) {
  const file = yield* begin(given)
  if (!given.restore) return file
  const progress = yield* Progress.makeWithLines
  const isOnce = file.share() === undefined
  const isInOrder = !isOnce && (yield* RecordedOrder.isSorted(watched(file, progress)))
  yield* progress.clear
  if (isInOrder) return yield* begin(given)
  const again = isOnce ? file : yield* begin(given)
  // What is taken in then has been read already.
  return { rows: RecordedOrder.sorted(watched(again, progress)), share: () => undefined } satisfies RowFile
})
