/**
 * Reads a Parquet or CSV file, or an events.ndjson of plain lines, as batches of people in the order of their ids.
 *
 * DuckDB reads and sorts, on every core, in bounded memory and beyond it in a temporary folder. It computes no answers.
 * The columns are those of events.ndjson, without `consentAction`, which does not affect answers.
 */
import { availableParallelism } from "node:os"
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api"
import * as Encoding from "../support/Encoding.ts"
import * as MissingPackage from "../support/MissingPackage.ts"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import type * as EventColumns from "../../core/simulation/EventColumns.ts"
import type * as Instant from "../../core/engine/Instant.ts"
import type * as UnsortedEvents from "../../core/simulation/UnsortedEvents.ts"
import * as Csv from "./Csv.ts"
import * as PlainLines from "./PlainLines.ts"
import { OutOfOrderError, BadTableError } from "./Errors.ts"
import { EventColumnReader } from "./EventColumnReader.ts"
import * as Query from "./Query.ts"
import { UnsortedEventReader, WrongRow } from "./UnsortedEventReader.ts"
import * as SmallResult from "./SmallResult.ts"

/** Which file is read, and how. */
export interface ReadTask {
  readonly file: string
  readonly knownAt: Instant.Instant
  /** Whether the batches hold the ids of events. */
  readonly keepsIds: boolean
  /**
   * Whether a Parquet file is always sorted. If not, a file whose row groups are in the order of people, by their
   * statistics, is read without sorting, and reading fails with {@link OutOfOrderError} at the first row that is not in
   * order. Its rows are not checked first, because the file would then be read twice.
   */
  readonly sorts: boolean
  /** The folder for the temporary files of DuckDB. */
  readonly folder: string
}

/** A batch of people. */
export type Batch = EventColumns.EventColumns | UnsortedEvents.UnsortedEvents

/** A file that is being read. Its functions throw a {@link BadTableError} or an {@link OutOfOrderError}. */
export interface TableFile {
  /** The number of events; `undefined` if the whole file would have to be read to count them. */
  readonly events: number | undefined
  /** The next batch of people; `undefined` after the last. */
  readonly next: () => Promise<Batch | undefined>
  /**
   * Gives back the oldest batch that has not been given back. It must no longer be read, because its memory is reused.
   */
  readonly giveBack: () => void
  /** Waits for the running query, and closes the file. */
  readonly close: () => Promise<void>
}

/** Whether a file is a table, by the end of its name. */
export const isTable = (path: string): boolean => /\.(parquet|csv|csv\.gz)$/i.test(path)

const isParquet = (path: string): boolean => /\.parquet$/i.test(path)

/** The memory that DuckDB may use before it sorts on disk. */
const memoryLimit = "850MB"

/** Converts an error of DuckDB. Its message may quote the file, so only the line is taken from it. */
const refusal = (file: string, error: unknown): Error => {
  if (error instanceof BadTableError || error instanceof OutOfOrderError) return error
  const text = error instanceof Error ? error.message : ""
  const line = /\bLine: (\d+)/.exec(text)?.[1]
  const where = line === undefined ? "" : `line ${line}`
  const reason = /No files found/.test(text)
    ? "no such file"
    : /No space left/.test(text)
      ? "no space left for the temporary files; TMPDIR chooses another folder"
      : /not utf-8/i.test(text)
        ? Encoding.notUtf8
        : `not ${isParquet(file) ? "Parquet" : "CSV"} that can be read`
  return new BadTableError([{ where, reason }])
}

/** The milliseconds between interruptions. They are repeated, because one between two queries has no effect. */
const interruptionMillis = 20

/** Connects to a new database in memory. An aborted signal interrupts every query; only `close` closes the database. */
const connect = async (folder: string, signal: AbortSignal) => {
  const { DuckDBInstance } = await import("@duckdb/node-api").catch(() => {
    throw new BadTableError([{ where: "", reason: MissingPackage.reason(["@duckdb/node-api"]) }])
  })
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: memoryLimit,
    temp_directory: folder,
    threads: String(availableParallelism()),
  })
  const connection = await instance.connect()
  let interrupting: NodeJS.Timeout | undefined
  const interrupt = () => {
    connection.interrupt()
    interrupting = setInterval(() => connection.interrupt(), interruptionMillis)
  }
  if (signal.aborted) interrupt()
  else signal.addEventListener("abort", interrupt)
  // Must not be called while a query runs, because its end would never be reported and the thread would wait for ever.
  const close = () => {
    signal.removeEventListener("abort", interrupt)
    clearInterval(interrupting)
    connection.disconnectSync()
    instance.closeSync()
  }
  return { connection, close }
}

/** A file as a relation of SQL. */
const relationOf = async (connection: DuckDBConnection, file: string): Promise<Query.Relation> => {
  const path = Query.quotePath(file)
  if (isParquet(file)) return { name: `read_parquet(${path}, file_row_number = true)`, row: "file_row_number + 1" }
  if (isTable(file)) return Csv.relation(file)
  await PlainLines.read(connection, "plain_lines", path)
  return { name: "plain_lines", row: "0" }
}

/** A file whose columns are those of events. */
interface Opened {
  readonly file: string
  readonly connection: DuckDBConnection
  readonly relation: Query.Relation
  readonly shape: Query.Shape
  /** The consent types, sorted. */
  readonly types: ReadonlyArray<string>
}

/**
 * Reads the columns and consent types of a file. Throws {@link BadTableError} if they are not the columns of events.
 */
const examine = async (connection: DuckDBConnection, file: string): Promise<Opened> => {
  const relation = await relationOf(connection, file)
  const columns = await SmallResult.rows(connection, `DESCRIBE SELECT * FROM ${relation.name}`)
  const named = columns.map(({ column_name, column_type }) => ({
    name: String(column_name),
    type: String(column_type),
  }))
  const misspelled = Query.misspelled(named.map(({ name }) => name))
  const shape = Query.shapeOf(named)
  const problems = misspelled.length > 0 ? misspelled : Query.problems(shape)
  if (problems.length > 0) throw new BadTableError(problems)
  const rows = await SmallResult.rows(connection, Query.distinctTypes(relation.name, shape))
  // Sorted here, because the engine sorts by UTF-16 and the database by UTF-8.
  const types = rows.map(({ id }) => String(id)).toSorted()
  await connection.run(Query.createTypes(types))
  return { file, connection, relation, shape, types }
}

/** Whether a file may be in the order of people already, by its own statistics. */
const mayBeInOrder = async ({ file, connection }: Opened): Promise<boolean> =>
  isParquet(file) &&
  (await SmallResult.rows(connection, Query.mayBeInOrder(Query.quotePath(file))))[0]?.["answer"] === true

/** The number of events, if it is known without reading them. */
const count = async ({ file, connection, relation }: Opened): Promise<number | undefined> => {
  if (isTable(file) && !isParquet(file)) return undefined
  return Number((await SmallResult.rows(connection, `SELECT count(*) AS n FROM ${relation.name}`))[0]?.["n"])
}

/** Converts the chunks of a result into batches. */
interface ChunkReader<Batch> {
  readonly read: (chunk: DuckDBDataChunk) => ReadonlyArray<Batch>
  readonly end: () => ReadonlyArray<Batch>
}

/** Reads the batches of a result. The next chunk is fetched while one is read. */
const batchesOf = <Batch>(result: DuckDBResult, { read, end }: ChunkReader<Batch>) => {
  let ready: Array<Batch> = []
  let isDone = false
  let fetching: ReturnType<DuckDBResult["fetchChunk"]> | undefined
  const fetch = () => {
    fetching = result.fetchChunk()
    // The error is thrown where the chunk is awaited. It may never be awaited, and must not be an unhandled rejection
    // then.
    fetching.catch(() => undefined)
    return fetching
  }
  const next = async (): Promise<Batch | undefined> => {
    while (ready.length === 0 && !isDone) {
      const chunk = await (fetching ?? fetch())
      isDone = chunk === null || chunk.rowCount === 0
      if (!isDone) fetch()
      ready = [...(chunk === null || isDone ? end() : read(chunk))]
    }
    return ready.shift()
  }
  const idle = async (): Promise<void> => void (await fetching?.catch(() => undefined))
  return { next, idle }
}

/** The batches of a file. `idle` resolves when no chunk is being fetched. */
interface Batches extends Pick<TableFile, "next" | "giveBack"> {
  readonly idle: () => Promise<void>
}

/** Reads event by event, and reports what is wrong with a row. */
const readByEvent = async (
  { connection, relation, shape, types }: Opened,
  { knownAt, keepsIds }: ReadTask,
): Promise<Batches> => {
  const builder = EventColumnBuilder.make(knownAt, keepsIds)
  const reader = new EventColumnReader(types, shape, builder)
  const result = await connection.stream(Query.query(relation, shape, types))
  const chunks = { read: (chunk: DuckDBDataChunk) => reader.read(chunk), end: () => [builder.finish()] }
  return { ...batchesOf<EventColumns.EventColumns>(result, chunks), giveBack: () => undefined }
}

/** Reads chunk by chunk. If a row is wrong, reads the file again event by event to report what is wrong with it. */
const readByChunk = async (opened: Opened, task: ReadTask): Promise<Batches> => {
  const { connection, relation, shape, types } = opened
  const reader = new UnsortedEventReader(types)
  const isInOrder = !task.sorts && (await mayBeInOrder(opened))
  const result = await connection.stream(Query.numbersQuery(relation, shape, types, isInOrder))
  const batches = batchesOf<UnsortedEvents.UnsortedEvents>(result, {
    read: (chunk) => reader.read(chunk),
    end: () => reader.end(),
  })
  const next = async () => {
    try {
      return await batches.next()
    } catch (error) {
      if (!(error instanceof WrongRow)) throw error
      await batches.idle()
      const events = await readByEvent(opened, task)
      while ((await events.next()) !== undefined);
      throw error
    }
  }
  return { next, idle: batches.idle, giveBack: () => reader.giveBack() }
}

/**
 * Opens a file. An invalid row of a table is reported when it is reached; an invalid line of an events.ndjson is
 * reported here. After the signal is aborted, a running query fails soon.
 */
export const open = async (task: ReadTask, signal: AbortSignal): Promise<TableFile> => {
  const { file, folder } = task
  const attempt = async <A>(step: () => Promise<A>): Promise<A> => {
    try {
      return await step()
    } catch (error) {
      throw refusal(file, error)
    }
  }
  const { connection, close } = await connect(folder, signal)
  try {
    return await attempt(async () => {
      const opened = await examine(connection, file)
      // Counted before the result is streamed, because a connection runs one query at a time.
      const events = await count(opened)
      const { next, idle, giveBack } = await (Query.isNumbers(opened.shape) ? readByChunk : readByEvent)(opened, task)
      return { events, next: () => attempt(next), giveBack, close: () => idle().then(close) }
    })
  } catch (error) {
    close()
    throw error
  }
}
