/**
 * The people of a Parquet or CSV file, batch after batch in the order of their ids.
 *
 * DuckDB reads and sorts, on every core and in bounded memory (beyond it, in a temporary folder of its own); nothing is
 * decided there. The columns are those of events.ndjson; `consentAction` is not read, because it decides nothing.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api"
import { Effect, type Scope } from "effect"
import * as ColumnBuilder from "../../core/ColumnBuilder.ts"
import type * as Columns from "../../core/Columns.ts"
import type * as Instant from "../../core/Instant.ts"
import * as PlainLines from "./PlainLines.ts"
import { BadTable } from "./Problem.ts"
import { Reader } from "./Reader.ts"
import * as Reading from "./Reading.ts"
import * as Rows from "./Rows.ts"

/** A file being read. */
export interface PersonBatches {
  /** How many events there are; `undefined` where it would take reading the file. */
  readonly events: number | undefined
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<Columns.Columns | undefined, BadTable>
}

/** Whether a file is a table: by how its name ends. */
export const isTable = (path: string): boolean => /\.(parquet|csv|csv\.gz)$/i.test(path)

const isParquet = (path: string): boolean => /\.parquet$/i.test(path)

/** How much memory DuckDB takes before it sorts on disk. */
const memoryLimit = "600MB"

/** The database's own words may quote the file; the place may be told, the words not. */
const refusal = (file: string, error: unknown): BadTable => {
  if (error instanceof BadTable) return error
  const text = error instanceof Error ? error.message : ""
  const line = /\bLine: (\d+)/.exec(text)?.[1]
  const where = line === undefined ? "" : `line ${line}`
  const reason = /No files found/.test(text)
    ? "no such file"
    : /No space left/.test(text)
      ? "no space left for the temporary files; TMPDIR chooses another folder"
      : `not ${isParquet(file) ? "Parquet" : "CSV"} that can be read`
  return new BadTable({ file, problems: [{ where, reason }] })
}

const load = (file: string) =>
  Effect.tryPromise({
    try: () => import("@duckdb/node-api"),
    catch: () =>
      new BadTable({
        file,
        problems: [{ where: "", reason: "is read with DuckDB, which is not there: npm install @duckdb/node-api" }],
      }),
  })

const connect = Effect.fnUntraced(function* (file: string) {
  const { DuckDBInstance } = yield* load(file)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "assent-duckdb-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  )
  const instance = yield* Effect.acquireRelease(
    Effect.promise(() =>
      DuckDBInstance.create(":memory:", {
        memory_limit: memoryLimit,
        temp_directory: folder,
        threads: String(availableParallelism()),
      }),
    ),
    (instance) => Effect.sync(() => instance.closeSync()),
  )
  return yield* Effect.acquireRelease(
    Effect.promise(() => instance.connect()),
    (connection) =>
      Effect.sync(() => {
        connection.interrupt()
        connection.disconnectSync()
      }),
  )
})

/** What is read: a relation, the number of a row in it, and how many rows there are where that is known. */
interface Relation {
  readonly name: string
  readonly row: string
  readonly isCounted: boolean
}

const relationOf = async (connection: DuckDBConnection, file: string): Promise<Relation> => {
  const path = Reading.quote(file)
  if (isParquet(file)) {
    return { name: `read_parquet(${path}, file_row_number = true)`, row: "file_row_number + 1", isCounted: true }
  }
  if (isTable(file)) {
    const name = `read_csv(${path}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', nullstr = '')`
    return { name, row: "row_number() OVER () + 1", isCounted: false }
  }
  await PlainLines.read(connection, "plain_lines", path)
  return { name: "plain_lines", row: "0", isCounted: true }
}

/** Asks for the events of a file; throws {@link BadTable} for a file of another shape. */
const ask = async (connection: DuckDBConnection, file: string) => {
  const { name, row, isCounted } = await relationOf(connection, file)
  const columns = await Rows.of(connection, `DESCRIBE SELECT * FROM ${name}`)
  const shape = Reading.shapeOf(
    columns.map(({ column_name, column_type }) => ({ name: String(column_name), type: String(column_type) })),
  )
  const problems = Reading.problems(shape)
  if (problems.length > 0) throw new BadTable({ file, problems })
  const typeRows = await Rows.of(connection, `SELECT DISTINCT consentType::VARCHAR AS id FROM ${name} ORDER BY 1`)
  const types = typeRows.map(({ id }) => (id === null ? "" : String(id))).filter((id) => id !== "")
  await connection.run(
    `CREATE TEMP TYPE consent_types AS ENUM (${(types.length === 0 ? ["-"] : types).map(Reading.quote).join(", ")})`,
  )
  const counted = isCounted ? await Rows.of(connection, `SELECT count(*) AS n FROM ${name}`) : []
  const result = await connection.stream(Reading.query(name, shape, "consent_types", row))
  return { result, shape, types, events: isCounted ? Number(counted[0]?.["n"]) : undefined }
}

/** Batches from the chunks of a result. */
const batchesOf = (result: DuckDBResult, reader: Reader, builder: ColumnBuilder.ColumnBuilder) => {
  let ready: Array<Columns.Columns> = []
  let isDone = false
  return async (): Promise<Columns.Columns | undefined> => {
    while (ready.length === 0 && !isDone) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) {
        isDone = true
        ready.push(builder.end())
      } else ready = [...reader.read(chunk)]
    }
    return ready.shift()
  }
}

/**
 * Opens a Parquet or CSV file, or the plain lines of an events.ndjson ({@link PlainLines}); fails where it has not the
 * columns. What is wrong with a row of a table shows when it is come to; with a line, here.
 */
export const make = Effect.fnUntraced(function* (
  file: string,
  knownAt: Instant.Instant,
  keepsIds: boolean,
): Effect.fn.Return<PersonBatches, BadTable, Scope.Scope> {
  const connection = yield* connect(file)
  const { result, shape, types, events } = yield* Effect.tryPromise({
    try: () => ask(connection, file),
    catch: (error) => refusal(file, error),
  })
  const builder = ColumnBuilder.make(knownAt, keepsIds)
  const next = batchesOf(result, new Reader(file, types, shape, builder), builder)
  return { events, next: Effect.tryPromise({ try: next, catch: (error) => refusal(file, error) }) }
})
