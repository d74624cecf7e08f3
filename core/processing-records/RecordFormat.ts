/**
 * Writes the record of processing activities in any of its formats.
 */
import type { Stream } from "effect"
import type { RecordFormatName } from "../data-systems/RecordQuery.ts"
import type { RecordContent } from "./RecordContent.ts"
import * as RecordCsv from "./RecordCsv.ts"
import * as RecordDpv from "./RecordDpv.ts"
import * as RecordFides from "./RecordFides.ts"
import * as RecordJson from "./RecordJson.ts"
import * as RecordPage from "./RecordPage.ts"
import * as RecordSheet from "./RecordSheet.ts"
import * as TextStream from "./TextStream.ts"

/** Writes a record, while it is read. */
export type WriteRecord = (content: RecordContent) => Stream.Stream<Uint8Array>

const text =
  (write: (content: RecordContent) => Iterable<string>): WriteRecord =>
  (content) =>
    TextStream.bytes(() => write(content))

const writers: Readonly<Record<RecordFormatName, WriteRecord>> = {
  json: text(RecordJson.write),
  csv: text(RecordCsv.write),
  xlsx: RecordSheet.write,
  html: text(RecordPage.write),
  fides: text(RecordFides.write),
  jsonld: text(RecordDpv.write),
}

/** Writes a record in a format. */
export const write = (format: RecordFormatName, content: RecordContent): Stream.Stream<Uint8Array> =>
  writers[format](content)
