/**
 * A CSV file as a relation of SQL: RFC 4180 with a header, and between fields a comma, or the semicolon, tab or bar of
 * its header. DuckDB's detection of the format is off, because it treats lines as comments and skips lines before one
 * that looks like a header.
 */
import { createReadStream } from "node:fs"
import { pipeline } from "node:stream"
import { createGunzip } from "node:zlib"
import * as Encoding from "../support/Encoding.ts"
import * as MissingPackage from "../support/MissingPackage.ts"
import { BadTableError } from "./Errors.ts"
import * as Query from "./Query.ts"

/** The names in the first record, by the character between them; empty if the file has no record. */
const namesOf = async (file: string, delimiter: string): Promise<ReadonlyArray<string>> => {
  const { parse } = await import("csv-parse").catch(() => {
    throw new BadTableError([{ where: "", reason: MissingPackage.reason(["csv-parse"]) }])
  })
  const parser = parse({ bom: true, delimiter, to: 1 })
  const unpacked = /\.gz$/i.test(file) ? [createGunzip()] : []
  // An error is thrown by the loop below. To stop after the first record is not an error.
  pipeline([createReadStream(file), ...unpacked, parser], () => undefined)
  for await (const record of parser) return record
  return []
}

/** Fails if a file has the byte order mark of UTF-16, because DuckDB would name no reason. */
const refuseUtf16 = async (file: string): Promise<void> => {
  for await (const beginning of createReadStream(file, { end: 1 })) {
    if (Encoding.isUtf16(beginning)) throw new BadTableError([{ where: "", reason: Encoding.utf16 }])
  }
}

/** A header, and the character between the fields. */
interface Header {
  readonly delimiter: string
  readonly names: ReadonlyArray<string>
}

const countRead = ({ names }: Header): number => names.filter(Query.isColumn).length

/** The header by a comma, or by the delimiter with which more of its columns are read: some programs write others. */
const headerOf = async (file: string): Promise<Header> => {
  let best: Header = { delimiter: ",", names: await namesOf(file, ",") }
  for (const delimiter of best.names.length > 1 ? [] : [";", "\t", "|"]) {
    const other = { delimiter, names: await namesOf(file, delimiter) }
    if (countRead(other) > countRead(best)) best = other
  }
  return best
}

/** The relation of a file. A column that is not read is named by its index, so that the names are unique. */
export const relation = async (file: string): Promise<Query.Relation> => {
  await refuseUtf16(file)
  const { delimiter, names: header } = await headerOf(file)
  const twice = header.find((name, index) => Query.isColumn(name) && header.indexOf(name) !== index)
  if (twice !== undefined) throw new BadTableError([{ where: `column ${twice}`, reason: "stands in the header twice" }])
  const misspelled = Query.misspelled(header)
  if (misspelled.length > 0) throw new BadTableError(misspelled)
  const names = header.map((name, index) => (Query.isColumn(name) ? name : `${index + 1}`))
  const columns = names.map((name) => `${Query.quote(name)}: 'VARCHAR'`).join(", ")
  const format = `auto_detect = false, header = true, delim = '${delimiter}', quote = '"', escape = '"', nullstr = ''`
  return {
    name: `read_csv(${Query.quotePath(file)}, ${format}, columns = {${columns || "'1': 'VARCHAR'"}})`,
    row: "row_number() OVER () + 1",
  }
}
