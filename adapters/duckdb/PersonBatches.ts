/**
 * The people of a Parquet or CSV file, batch after batch in the order of their ids.
 *
 * DuckDB reads and sorts, on every core and in bounded memory (beyond it, in a temporary folder of its own); nothing is
 * decided there. The columns are those of events.ndjson; `consentAction` is not read, because it decides nothing.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBVector } from "@duckdb/node-api"
import { Effect, type Scope } from "effect"
import * as ColumnBuilder from "../../core/ColumnBuilder.ts"
import type * as Columns from "../../core/Columns.ts"
import * as Instant from "../../core/Instant.ts"
import { BadTable, type Problem } from "./Problem.ts"
import * as Reading from "./Reading.ts"
import * as UuidColumn from "./UuidColumn.ts"

/** A file being read. */
export interface PersonBatches {
  /** How many events there are; `undefined` where it would take reading the file. */
  readonly events: number | undefined
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<Columns.Columns | undefined, BadTable>
}

/** Whether a file is read here: by how its name ends. */
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
    (connection) => Effect.sync(() => connection.disconnectSync()),
  )
})

const rowsOf = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS()

/** Asks for the events of a file; throws {@link BadTable} for a file of another shape. */
const ask = async (connection: DuckDBConnection, file: string) => {
  const path = Reading.quote(file)
  const relation = isParquet(file)
    ? `read_parquet(${path}, file_row_number = true)`
    : `read_csv(${path}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', nullstr = '')`
  const columns = await rowsOf(connection, `DESCRIBE SELECT * FROM ${relation}`)
  const shape = Reading.shapeOf(
    columns.map(({ column_name, column_type }) => ({ name: String(column_name), type: String(column_type) })),
  )
  const problems = Reading.problems(shape)
  if (problems.length > 0) throw new BadTable({ file, problems })
  const typeRows = await rowsOf(connection, `SELECT DISTINCT consentType::VARCHAR AS id FROM ${relation} ORDER BY 1`)
  const types = typeRows.map(({ id }) => (id === null ? "" : String(id))).filter((id) => id !== "")
  await connection.run(
    `CREATE TEMP TYPE consent_types AS ENUM (${(types.length === 0 ? ["-"] : types).map(Reading.quote).join(", ")})`,
  )
  const events = isParquet(file)
    ? Number((await rowsOf(connection, `SELECT count(*) AS n FROM ${relation}`))[0]?.["n"])
    : undefined
  const row = isParquet(file) ? "file_row_number + 1" : "row_number() OVER () + 1"
  const result = await connection.stream(Reading.query(relation, shape, "consent_types", row))
  return { result, shape, types, events }
}

/** The value of a text or a number as it stands in a chunk. */
type Cell = number | string | null

/** Reads a cell as an instant; `undefined` where it is none. */
const instantOf = (cell: Cell): Instant.Instant | undefined => {
  if (typeof cell === "number") return Instant.isInstant(cell) ? cell : undefined
  return cell === null ? undefined : Instant.parse(cell)
}

/** Reads a cell as a version; 0 where there is none, `undefined` where it is no version. */
const versionOf = (cell: Cell): number | undefined => {
  if (cell === null) return 0
  const number = typeof cell === "number" ? cell : /^\d{1,15}$/.test(cell) ? Number(cell) : 0
  return Number.isSafeInteger(number) && number >= 1 ? number : undefined
}

/** What can be looked up by row: ids, and the people. */
interface Texts {
  readonly at: (row: number) => string
}

const textsOf = (vector: DuckDBVector, kind: Reading.Kind | undefined): Texts =>
  kind === "uuid" ? UuidColumn.make(vector) : { at: (row) => String(vector.getItem(row) ?? "") }

/** Takes the rows of chunk after chunk to a builder. */
class Reader {
  private readonly file: string
  private readonly types: ReadonlyArray<string>
  private readonly shape: Reading.Shape
  private readonly builder: ColumnBuilder.ColumnBuilder
  private concordId = ""
  /** The last person's UUID, from its end. */
  private readonly words = new Uint32Array(4)

  constructor(file: string, types: ReadonlyArray<string>, shape: Reading.Shape, builder: ColumnBuilder.ColumnBuilder) {
    this.file = file
    this.types = types
    this.shape = shape
    this.builder = builder
  }

  /** Reads a chunk; answers the batches that became full. Throws {@link BadTable}. */
  read(chunk: DuckDBDataChunk): ReadonlyArray<Columns.Columns> {
    const { at } = Reading
    const batches: Array<Columns.Columns> = []
    const column = (index: number) => chunk.getColumnVector(index)
    const consentDates = column(at.consentDate)
    const datesCreated = column(at.dateCreated)
    const expirationDates = column(at.expirationDate)
    const versions = column(at.version)
    const states = column(at.state)
    const types = column(at.type)
    // The chunk is kept along: its memory is where the ids are.
    const ids = { chunk, at: textsOf(column(at.id), this.shape.id).at }
    const people = column(at.concordId)
    const uuids = this.shape.concordId === "uuid" ? UuidColumn.make(people) : undefined
    const count = chunk.rowCount
    for (let row = 0; row < count; row++) {
      const state = states.getItem(row) as number | null
      const type = this.types[(types.getItem(row) as number | null) ?? -1]
      const consentDate = instantOf(consentDates.getItem(row) as Cell)
      const dateCreated = instantOf(datesCreated.getItem(row) as Cell)
      const expires = expirationDates.getItem(row) as Cell
      const expirationDate = expires === null ? NaN : instantOf(expires)
      const version = versionOf(versions.getItem(row) as Cell)
      if (uuids === undefined) this.nextText((people.getItem(row) as string | null) ?? "")
      else this.nextUuid(uuids, row)
      if (
        state === null ||
        state > 3 ||
        type === undefined ||
        version === undefined ||
        consentDate === undefined ||
        dateCreated === undefined ||
        expirationDate === undefined ||
        consentDate > dateCreated ||
        expirationDate <= consentDate ||
        this.concordId === ""
      ) {
        throw this.refuse(chunk, row, [
          [this.concordId === "" || state === 4, "id or concordId", "is required"],
          [type === undefined, "consentType", "is required"],
          [state === null, "consentState", "expected implied, viewed, accepted or declined"],
          [version === undefined, "version", "expected a whole number from 1"],
          [consentDate === undefined, "consentDate", instantWords],
          [dateCreated === undefined, "dateCreated", instantWords],
          [expirationDate === undefined, "expirationDate", instantWords],
          [Number(consentDate) > Number(dateCreated), "consentDate", "must not be after dateCreated"],
          [Number(expirationDate) <= Number(consentDate), "expirationDate", "must be after consentDate"],
        ])
      }
      const isFull = this.builder.add(
        this.concordId,
        type,
        state,
        version,
        consentDate,
        dateCreated,
        expirationDate,
        ids,
        row,
      )
      if (isFull) batches.push(this.builder.take())
    }
    return batches
  }

  private nextUuid(uuids: UuidColumn.UuidColumn, row: number): void {
    const { words } = this
    const [a, b, c, d] = [uuids.word(row, 0), uuids.word(row, 32), uuids.word(row, 64), uuids.word(row, 96)]
    if (a === words[0] && b === words[1] && c === words[2] && d === words[3] && this.concordId !== "") return
    words[0] = a
    words[1] = b
    words[2] = c
    words[3] = d
    this.concordId = uuids.at(row)
  }

  private nextText(concordId: string): void {
    if (concordId < this.concordId && concordId !== "") throw this.outOfOrder()
    this.concordId = concordId
  }

  /** DuckDB sorts by UTF-8, the engine by UTF-16: the same but for characters beyond U+FFFF. */
  private outOfOrder(): BadTable {
    const reason = "ids with characters beyond U+FFFF are not put in order here; give the events as events.ndjson"
    return new BadTable({ file: this.file, problems: [{ where: "column concordId", reason }] })
  }

  private refuse(
    chunk: DuckDBDataChunk,
    row: number,
    checks: ReadonlyArray<readonly [isWrong: boolean, column: string, reason: string]>,
  ): BadTable {
    const number = String(chunk.getColumnVector(Reading.at.row).getItem(row))
    const problems: ReadonlyArray<Problem> = checks
      .filter(([isWrong]) => isWrong)
      .map(([, column, reason]) => ({ where: `row ${number}, column ${column}`, reason }))
    return new BadTable({ file: this.file, problems })
  }
}

const instantWords = "expected an ISO 8601 date-time with an offset, or a timestamp"

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

/** Opens a file; fails where it has not the columns. What is wrong with a row shows when it is come to. */
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
