/**
 * The people of a Parquet or CSV file, batch after batch in the order of their ids.
 *
 * DuckDB reads and sorts, on every core and in bounded memory (beyond it, in a temporary folder of its own); nothing is
 * decided there. The columns are those of events.ndjson; `consentAction` is not read, because it decides nothing.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api"
import { Effect, type Scope } from "effect"
import * as ColumnBuilder from "../../core/ColumnBuilder.ts"
import type * as Columns from "../../core/Columns.ts"
import type * as Instant from "../../core/Instant.ts"
import * as RowsOf from "../../core/Rows.ts"
import * as PlainLines from "./PlainLines.ts"
import { BadTable } from "./Problem.ts"
import { Reader } from "./Reader.ts"
import * as Reading from "./Reading.ts"
import { RowReader, WrongRow } from "./RowReader.ts"
import * as Rows from "./Rows.ts"

/** A file being read. */
export interface PersonBatches {
  /** How many events there are; `undefined` where it would take reading the file. */
  readonly events: number | undefined
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<Batch | undefined, BadTable>
  /** Takes back a batch that has been folded; its memory is used again. */
  readonly giveBack: (batch: Batch) => void
}

type Batch = Columns.Columns | RowsOf.Rows

/** Before failures are put in words. */
interface Batches {
  readonly next: () => Promise<Batch | undefined>
  readonly giveBack: PersonBatches["giveBack"]
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

/** A file as a relation of SQL. */
const relationOf = async (connection: DuckDBConnection, file: string): Promise<Reading.Relation> => {
  const path = Reading.quote(file)
  if (isParquet(file)) return { name: `read_parquet(${path}, file_row_number = true)`, row: "file_row_number + 1" }
  if (isTable(file)) {
    const name = `read_csv(${path}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', nullstr = '')`
    return { name, row: "row_number() OVER () + 1" }
  }
  await PlainLines.read(connection, "plain_lines", path)
  return { name: "plain_lines", row: "0" }
}

/** A file whose columns are those of events. */
interface Opened {
  readonly file: string
  readonly connection: DuckDBConnection
  readonly relation: Reading.Relation
  readonly shape: Reading.Shape
  /** The consent types, sorted. */
  readonly types: ReadonlyArray<string>
}

/** Finds out what a file has; throws {@link BadTable} where it is of another shape. */
const examine = async (connection: DuckDBConnection, file: string): Promise<Opened> => {
  const relation = await relationOf(connection, file)
  const columns = await Rows.of(connection, `DESCRIBE SELECT * FROM ${relation.name}`)
  const shape = Reading.shapeOf(
    columns.map(({ column_name, column_type }) => ({ name: String(column_name), type: String(column_type) })),
  )
  const problems = Reading.problems(shape)
  if (problems.length > 0) throw new BadTable({ file, problems })
  const rows = await Rows.of(connection, Reading.distinctTypes(relation.name, shape))
  // Sorted here, because the engine sorts by UTF-16 and the database by UTF-8.
  const types = rows.map(({ id }) => String(id)).toSorted()
  await connection.run(Reading.createTypes(types))
  return { file, connection, relation, shape, types }
}

/** Whether the people of a file stand in order already. Asked only where its own statistics say that they may. */
const isInOrder = async ({ file, connection, relation }: Opened): Promise<boolean> => {
  if (!isParquet(file)) return false
  const isYes = async (sql: string) => (await Rows.of(connection, sql))[0]?.["answer"] === true
  return (await isYes(Reading.mayBeInOrder(Reading.quote(file)))) && (await isYes(Reading.isInOrder(relation.name)))
}

/** How many events there are, where that is known without reading them. */
const count = async ({ file, connection, relation }: Opened): Promise<number | undefined> => {
  if (isTable(file) && !isParquet(file)) return undefined
  return Number((await Rows.of(connection, `SELECT count(*) AS n FROM ${relation.name}`))[0]?.["n"])
}

/** What takes the chunks of a result to batches. */
interface Taking<Batch> {
  readonly read: (chunk: DuckDBDataChunk) => ReadonlyArray<Batch>
  readonly end: () => ReadonlyArray<Batch>
}

/** The batches of a result, one after the other; `undefined` after the last. */
const batchesOf = <Batch>(result: DuckDBResult, { read, end }: Taking<Batch>) => {
  let ready: Array<Batch> = []
  let isDone = false
  return async (): Promise<Batch | undefined> => {
    while (ready.length === 0 && !isDone) {
      const chunk = await result.fetchChunk()
      isDone = chunk === null || chunk.rowCount === 0
      ready = [...(chunk === null || isDone ? end() : read(chunk))]
    }
    return ready.shift()
  }
}

/** Event by event. */
const readSlowly = async (
  { file, connection, relation, shape, types }: Opened,
  knownAt: Instant.Instant,
  keepsIds: boolean,
): Promise<Batches> => {
  const builder = ColumnBuilder.make(knownAt, keepsIds)
  const reader = new Reader(file, types, shape, builder)
  const result = await connection.stream(Reading.query(relation, shape, types))
  const next = batchesOf<Columns.Columns>(result, { read: (chunk) => reader.read(chunk), end: () => [builder.end()] })
  return { next, giveBack: () => undefined }
}

/** Chunk by chunk, and where a row is wrong once more event by event, to say what is wrong with it. */
const readQuickly = async (opened: Opened, knownAt: Instant.Instant): Promise<Batches> => {
  const { connection, relation, shape, types } = opened
  const reader = new RowReader(types)
  const result = await connection.stream(Reading.rowsQuery(relation, shape, types, await isInOrder(opened)))
  const next = batchesOf<RowsOf.Rows>(result, { read: (chunk) => reader.read(chunk), end: () => reader.end() })
  return {
    next: async () => {
      try {
        return await next()
      } catch (error) {
        if (!(error instanceof WrongRow)) throw error
        const slowly = await readSlowly(opened, knownAt, false)
        while ((await slowly.next()) !== undefined);
        throw error
      }
    },
    giveBack: (batch) => (RowsOf.isRows(batch) ? reader.giveBack(batch) : undefined),
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
  const attempt = <A>(step: () => Promise<A>) =>
    Effect.tryPromise({ try: step, catch: (error) => refusal(file, error) })
  const opened = yield* attempt(() => examine(connection, file))
  // Counted first: a connection has one query at a time.
  const events = yield* attempt(() => count(opened))
  const { next, giveBack } = yield* attempt(() =>
    Reading.isNumbers(opened.shape) ? readQuickly(opened, knownAt) : readSlowly(opened, knownAt, keepsIds),
  )
  return { events, next: attempt(next), giveBack }
})
