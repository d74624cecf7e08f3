/**
 * A CSV file as a relation of SQL: RFC 4180, a header, commas. Nothing is guessed: asked to find out for itself, DuckDB takes
 * lines for comments, and leaves out what stands before a line that looks like a header.
 */
import { createReadStream } from "node:fs"
import { pipeline } from "node:stream"
import { createGunzip } from "node:zlib"
import { Refusal } from "./Errors.ts"
import * as Query from "./Query.ts"

/** The names in the first record; none where there is no record. */
const headerOf = async (file: string): Promise<ReadonlyArray<string>> => {
  const { parse } = await import("csv-parse").catch(() => {
    throw new Refusal([{ where: "", reason: "is read with csv-parse, which is not there: npm install csv-parse" }])
  })
  const parser = parse({ bom: true, to: 1 })
  const unpacked = /\.gz$/i.test(file) ? [createGunzip()] : []
  // What fails is thrown by the loop below; to read no further is no failure.
  pipeline([createReadStream(file), ...unpacked, parser], () => undefined)
  for await (const record of parser) return record
  return []
}

/** Every column by a name of its own: what is not read is named by its place. */
export const relation = async (file: string): Promise<Query.Relation> => {
  const header = await headerOf(file)
  const twice = header.find((name, index) => Query.isColumn(name) && header.indexOf(name) !== index)
  if (twice !== undefined) throw new Refusal([{ where: `column ${twice}`, reason: "stands in the header twice" }])
  const names = header.map((name, index) => (Query.isColumn(name) ? name : `${index + 1}`))
  const columns = names.map((name) => `${Query.quote(name)}: 'VARCHAR'`).join(", ")
  const format = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = ''`
  return {
    name: `read_csv(${Query.quotePath(file)}, ${format}, columns = {${columns || "'1': 'VARCHAR'"}})`,
    row: "row_number() OVER () + 1",
  }
}
