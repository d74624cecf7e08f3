/**
 * Passes the rows of a sorted result to a builder of batches, and refuses rows that are not events.
 */
import type { DuckDBDataChunk, DuckDBVector } from "@duckdb/node-api"
import type * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import type * as EventColumns from "../../core/simulation/EventColumns.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as UuidColumn from "../../core/simulation/UuidColumn.ts"
import { type TableProblem, BadTableError } from "./Errors.ts"
import * as ChunkMemory from "./ChunkMemory.ts"
import * as Query from "./Query.ts"

/** Stands for an instant or a version that is present but invalid. */
const unreadable = -Infinity

const instantOf = (text: string | null): number => (text === null ? NaN : (Instant.parse(text) ?? unreadable))

const versionOf = (text: string | null): number =>
  text === null ? 0 : /^[1-9]\d{0,14}$/.test(text) ? Number(text) : unreadable

/** The numbers of a column; text is converted by `parse`. */
const columnOf = (vector: DuckDBVector, kind: Query.ColumnKind | undefined, parse: (text: string | null) => number) =>
  kind === "text"
    ? Float64Array.from({ length: vector.itemCount }, (_, row) => parse(vector.getItem(row) as string | null))
    : ChunkMemory.doubles(vector)

/** The texts of a column, by row. */
interface Texts {
  readonly at: (row: number) => string
}

/** A copy of a column of UUIDs, as in `core/simulation/UuidColumn.ts`. */
const uuidsOf = (vector: DuckDBVector): UuidColumn.UuidColumn => {
  const column = ChunkMemory.uuidWords(vector).slice()
  for (let last = UuidColumn.words - 1; last < column.length; last += UuidColumn.words)
    column[last]! ^= ChunkMemory.flippedBit
  return column
}

const textsOfUuids = (vector: DuckDBVector): Texts => {
  const column = uuidsOf(vector)
  return { at: (row) => UuidColumn.at(column, row) }
}

const textsOf = (vector: DuckDBVector, kind: Query.ColumnKind | undefined): Texts =>
  kind === "uuid" ? textsOfUuids(vector) : { at: (row) => String(vector.getItem(row) ?? "") }

/** Passes the rows of successive chunks to a builder. */
export class EventColumnReader {
  private readonly types: ReadonlyArray<string>
  private readonly shape: Query.Shape
  private readonly builder: EventColumnBuilder.EventColumnBuilder
  private concordId = ""

  constructor(types: ReadonlyArray<string>, shape: Query.Shape, builder: EventColumnBuilder.EventColumnBuilder) {
    this.types = types
    this.shape = shape
    this.builder = builder
  }

  /** Reads a chunk and returns the batches that have become full. Throws a {@link BadTableError}. */
  read(chunk: DuckDBDataChunk): ReadonlyArray<EventColumns.EventColumns> {
    const { queryColumns: at } = Query
    const batches: Array<EventColumns.EventColumns> = []
    const column = (index: number) => chunk.getColumnVector(index)
    const { shape } = this
    const consentDates = columnOf(column(at.consentDate), shape.consentDate, instantOf)
    const datesCreated = columnOf(column(at.dateCreated), shape.dateCreated, instantOf)
    const expirationDates = columnOf(column(at.expirationDate), shape.expirationDate, instantOf)
    const versions = columnOf(column(at.version), shape.version, versionOf)
    const states = ChunkMemory.uint8s(column(at.state))
    const types = ChunkMemory.uint32s(column(at.type))
    // Holds a reference to the chunk, because the ids are read from its memory later.
    const ids = { chunk, at: textsOf(column(at.id), shape.id).at }
    const people = column(at.concordId)
    const uuids = shape.concordId === "uuid" ? uuidsOf(people) : undefined
    const count = chunk.rowCount
    for (let row = 0; row < count; row++) {
      const state = states[row]!
      const type = this.types[types[row]!]
      const consentDate = consentDates[row]!
      const dateCreated = datesCreated[row]!
      const expirationDate = expirationDates[row]!
      const version = versions[row]!
      if (uuids === undefined) this.nextText((people.getItem(row) as string | null) ?? "")
      else this.nextUuid(uuids, row)
      // The conditions are written so that NaN fails, except for an expiration, which may be missing.
      if (
        state > 3 ||
        type === undefined ||
        version < 0 ||
        !(consentDate >= Instant.min && consentDate <= dateCreated && dateCreated <= Instant.max) ||
        expirationDate <= consentDate ||
        expirationDate > Instant.max ||
        this.concordId === ""
      ) {
        throw this.refuse(chunk, row, [
          [this.concordId === "" || state === 4, "id or concordId", "is required"],
          [type === undefined, "consentType", "is required"],
          [state === Query.missing.state, "consentState", "expected implied, viewed, accepted or declined"],
          [version < 0, "version", "expected a whole number from 1"],
          [!Instant.isInstant(consentDate), "consentDate", instantWords],
          [!Instant.isInstant(dateCreated), "dateCreated", instantWords],
          [!(Number.isNaN(expirationDate) || Instant.isInstant(expirationDate)), "expirationDate", instantWords],
          [consentDate > dateCreated, "consentDate", "must not be after dateCreated"],
          [expirationDate > unreadable && expirationDate <= consentDate, "expirationDate", "must be after consentDate"],
        ])
      }
      const slot = this.builder.add(this.concordId, type)
      slot.state = state
      slot.version = version
      slot.consentDate = consentDate
      slot.dateCreated = dateCreated
      slot.expirationDate = expirationDate
      slot.ids = ids
      slot.row = row
      if (this.builder.isFull()) batches.push(this.builder.flush())
    }
    return batches
  }

  private nextUuid(uuids: UuidColumn.UuidColumn, row: number): void {
    if (row === 0 || !UuidColumn.isSame(uuids, row - 1, row)) this.concordId = UuidColumn.at(uuids, row)
  }

  private nextText(concordId: string): void {
    if (concordId < this.concordId && concordId !== "") throw this.outOfOrder()
    this.concordId = concordId
  }

  /** DuckDB sorts by UTF-8 and the engine by UTF-16, which differ only for characters beyond U+FFFF. */
  private outOfOrder(): BadTableError {
    const reason = "ids with characters beyond U+FFFF are not put in order here; give the events as events.ndjson"
    return new BadTableError([{ where: "column concordId", reason }])
  }

  private refuse(
    chunk: DuckDBDataChunk,
    row: number,
    checks: ReadonlyArray<readonly [isWrong: boolean, column: string, reason: string]>,
  ): BadTableError {
    const number = String(chunk.getColumnVector(Query.queryColumns.row).getItem(row))
    const problems: ReadonlyArray<TableProblem> = checks
      .filter(([isWrong]) => isWrong)
      .map(([, column, reason]) => ({ where: `row ${number}, column ${column}`, reason }))
    return new BadTableError(problems)
  }
}

const instantWords = "expected an ISO 8601 date-time with an offset, or a timestamp"
