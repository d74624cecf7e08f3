/**
 * A Parquet or CSV file, or the plain lines of an events.ndjson, as batches of people in the order of their ids.
 *
 * DuckDB reads and sorts, on every core and in bounded memory (beyond it, in a temporary folder); nothing is decided
 * there. The columns are those of events.ndjson; `consentAction` is not read, because it decides nothing.
 */
import { availableParallelism } from "node:os"
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import type * as EventColumns from "../../core/simulation/EventColumns.ts"
import type * as Instant from "../../core/engine/Instant.ts"
import type * as UnsortedEvents from "../../core/simulation/UnsortedEvents.ts"
import * as Csv from "./Csv.ts"
import * as PlainLines from "./PlainLines.ts"
import { Disorder, Refusal } from "./Errors.ts"
import { EventColumnReader } from "./EventColumnReader.ts"
import * as Query from "./Query.ts"
import { UnsortedEventReader, WrongRow } from "./UnsortedEventReader.ts"
import * as SmallResult from "./SmallResult.ts"

/** What is read, and how. */
export interface ReadTask {
  readonly file: string
  readonly knownAt: Instant.Instant
  /** Whether somebody will ask for the ids of events. */
  readonly keepsIds: boolean
  /**
   * Else a Parquet file whose row groups follow each other in the order of people is read as it stands, until a row does
   * not: asking first would be to read it twice.
   */
  readonly sorts: boolean
  /** Where DuckDB may keep what does not fit into memory. */
  readonly folder: string
}

/** Some people. */
export type Batch = EventColumns.EventColumns | UnsortedEvents.UnsortedEvents

/** A file being read. What goes wrong is thrown as a {@link Refusal} or a {@link Disorder}. */
export interface TableFile {
  /** How many events there are; `undefined` where it would take reading the file. */
  readonly events: number | undefined
  /** The next people; `undefined` after the last. */
  readonly next: () => Promise<Batch | undefined>
  /** The eldest batch that has not been given back yet is read by nobody any more: its memory is used again. */
  readonly giveBack: () => void
  /** Waits for what is under way, and lets the file go. */
  readonly close: () => Promise<void>
}

/** Whether a file is a table: by how its name ends. */
export const isTable = (path: string): boolean => /\.(parquet|csv|csv\.gz)$/i.test(path)

const isParquet = (path: string): boolean => /\.parquet$/i.test(path)

/** How much memory DuckDB takes before it sorts on disk. */
const memoryLimit = "850MB"

/** The database's own words may quote the file; the place may be told, the words not. */
const refusal = (file: string, error: unknown): Error => {
  if (error instanceof Refusal || error instanceof Disorder) return error
  const text = error instanceof Error ? error.message : ""
  const line = /\bLine: (\d+)/.exec(text)?.[1]
  const where = line === undefined ? "" : `line ${line}`
  const reason = /No files found/.test(text)
    ? "no such file"
    : /No space left/.test(text)
      ? "no space left for the temporary files; TMPDIR chooses another folder"
      : `not ${isParquet(file) ? "Parquet" : "CSV"} that can be read`
  return new Refusal([{ where, reason }])
}

/** How often what is under way is interrupted, in milliseconds: an interruption between two queries does nothing. */
const interruptionMillis = 20

/** Connects to a database of its own. Once the signal is aborted, no query lasts; it is closed by `close` alone. */
const connect = async (folder: string, signal: AbortSignal) => {
  const { DuckDBInstance } = await import("@duckdb/node-api").catch(() => {
    throw new Refusal([{ where: "", reason: "is read with DuckDB, which is not there: npm install @duckdb/node-api" }])
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
  // Not while a query is under way: its end would be heard of by nobody, and the thread would wait for it for ever.
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

/** Finds out what a file has; throws a {@link Refusal} where it is of another shape. */
const examine = async (connection: DuckDBConnection, file: string): Promise<Opened> => {
  const relation = await relationOf(connection, file)
  const columns = await SmallResult.rows(connection, `DESCRIBE SELECT * FROM ${relation.name}`)
  const shape = Query.shapeOf(
    columns.map(({ column_name, column_type }) => ({ name: String(column_name), type: String(column_type) })),
  )
  const problems = Query.problems(shape)
  if (problems.length > 0) throw new Refusal(problems)
  const rows = await SmallResult.rows(connection, Query.distinctTypes(relation.name, shape))
  // Sorted here, because the engine sorts by UTF-16 and the database by UTF-8.
  const types = rows.map(({ id }) => String(id)).toSorted()
  await connection.run(Query.createTypes(types))
  return { file, connection, relation, shape, types }
}

/** Whether the people of a file may stand in order already: by its own statistics. */
const mayBeInOrder = async ({ file, connection }: Opened): Promise<boolean> =>
  isParquet(file) &&
  (await SmallResult.rows(connection, Query.mayBeInOrder(Query.quotePath(file))))[0]?.["answer"] === true

/** How many events there are, where that is known without reading them. */
const count = async ({ file, connection, relation }: Opened): Promise<number | undefined> => {
  if (isTable(file) && !isParquet(file)) return undefined
  return Number((await SmallResult.rows(connection, `SELECT count(*) AS n FROM ${relation.name}`))[0]?.["n"])
}

/** What takes the chunks of a result to batches. */
interface Taking<Batch> {
  readonly read: (chunk: DuckDBDataChunk) => ReadonlyArray<Batch>
  readonly end: () => ReadonlyArray<Batch>
}

/** The batches of a result, one after the other; `undefined` after the last. While a chunk is read, the next is fetched. */
const batchesOf = <Batch>(result: DuckDBResult, { read, end }: Taking<Batch>) => {
  let ready: Array<Batch> = []
  let isDone = false
  let fetching: ReturnType<DuckDBResult["fetchChunk"]> | undefined
  const fetch = () => {
    fetching = result.fetchChunk()
    // What fails is told to whoever takes the chunk; nobody may.
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
  const settled = async (): Promise<void> => void (await fetching?.catch(() => undefined))
  return { next, settled }
}

/** Batch after batch, and when nothing is under way any more. */
interface Batches extends Pick<TableFile, "next" | "giveBack"> {
  readonly settled: () => Promise<void>
}

/** Event by event. */
const readSlowly = async (
  { connection, relation, shape, types }: Opened,
  { knownAt, keepsIds }: ReadTask,
): Promise<Batches> => {
  const builder = EventColumnBuilder.make(knownAt, keepsIds)
  const reader = new EventColumnReader(types, shape, builder)
  const result = await connection.stream(Query.query(relation, shape, types))
  const taking = { read: (chunk: DuckDBDataChunk) => reader.read(chunk), end: () => [builder.finish()] }
  return { ...batchesOf<EventColumns.EventColumns>(result, taking), giveBack: () => undefined }
}

/** Chunk by chunk, and where a row is wrong once more event by event, to say what is wrong with it. */
const readQuickly = async (opened: Opened, task: ReadTask): Promise<Batches> => {
  const { connection, relation, shape, types } = opened
  const reader = new UnsortedEventReader(types)
  const isInOrder = !task.sorts && (await mayBeInOrder(opened))
  const result = await connection.stream(Query.numbersQuery(relation, shape, types, isInOrder))
  const quickly = batchesOf<UnsortedEvents.UnsortedEvents>(result, {
    read: (chunk) => reader.read(chunk),
    end: () => reader.end(),
  })
  const next = async () => {
    try {
      return await quickly.next()
    } catch (error) {
      if (!(error instanceof WrongRow)) throw error
      await quickly.settled()
      const slowly = await readSlowly(opened, task)
      while ((await slowly.next()) !== undefined);
      throw error
    }
  }
  return { next, settled: quickly.settled, giveBack: () => reader.giveBack() }
}

/**
 * Opens a file. What is wrong with a row of a table shows when it is come to; with a line, here. Once the signal is aborted,
 * what is under way fails soon.
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
      // Counted first: a connection has one query at a time.
      const events = await count(opened)
      const { next, settled, giveBack } = await (Query.isNumbers(opened.shape) ? readQuickly : readSlowly)(opened, task)
      return { events, next: () => attempt(next), giveBack, close: () => settled().then(close) }
    })
  } catch (error) {
    close()
    throw error
  }
}
