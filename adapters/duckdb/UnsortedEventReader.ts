/**
 * Copies the chunks of a result into batches of rows, column by column, and checks that each row is an event.
 *
 * It does not report what is wrong with a row. `EventColumnReader`, which is slower, reads the file again to find that.
 */
import type { DuckDBDataChunk } from "@duckdb/node-api"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import * as Instant from "../../core/engine/Instant.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import * as UuidColumn from "../../core/simulation/UuidColumn.ts"
import { OutOfOrderError } from "./Errors.ts"
import * as ChunkMemory from "./ChunkMemory.ts"
import * as Query from "./Query.ts"

/** Thrown for a row that is not an event. */
export class WrongRow extends Error {}

/** The maximal number of rows in a chunk. */
const chunkRows = 2048

/** Columns in memory that the threads share. It is reused after its rows were folded, so that it is never garbage. */
class Buffers {
  readonly size: number
  readonly consentDates: Float64Array
  readonly datesCreated: Float64Array
  readonly expirationDates: Float64Array
  readonly versions: Float64Array
  readonly types: Uint32Array
  readonly states: Uint8Array
  readonly ids: UuidColumn.UuidColumn
  readonly concordIds: UuidColumn.UuidColumn

  constructor(size: number) {
    const memory = (bytes: number) => new SharedArrayBuffer(bytes * size)
    this.size = size
    this.consentDates = new Float64Array(memory(8))
    this.datesCreated = new Float64Array(memory(8))
    this.expirationDates = new Float64Array(memory(8))
    this.versions = new Float64Array(memory(8))
    this.types = new Uint32Array(memory(4))
    this.states = new Uint8Array(memory(1))
    this.ids = new Uint32Array(memory(4 * UuidColumn.words))
    this.concordIds = new Uint32Array(memory(4 * UuidColumn.words))
  }

  /** Copies the rows from `low` up to `high` of another buffer to the start of this one. */
  copy(from: Buffers, low: number, high: number): void {
    this.consentDates.set(from.consentDates.subarray(low, high))
    this.datesCreated.set(from.datesCreated.subarray(low, high))
    this.expirationDates.set(from.expirationDates.subarray(low, high))
    this.versions.set(from.versions.subarray(low, high))
    this.types.set(from.types.subarray(low, high))
    this.states.set(from.states.subarray(low, high))
    this.ids.set(from.ids.subarray(low * UuidColumn.words, high * UuidColumn.words))
    this.concordIds.set(from.concordIds.subarray(low * UuidColumn.words, high * UuidColumn.words))
  }
}

const usualSize = EventColumnBuilder.batchEvents + 2 * chunkRows

/** Reads successive chunks. A type in the result is an index into `typeIds`. */
export class UnsortedEventReader {
  private rows = new Buffers(usualSize)
  private count = 0
  /** The buffers of the batches that have been returned and not been given back, in that order. */
  private readonly lent: Array<Buffers> = []
  private readonly free: Array<Buffers> = []
  private readonly typeIds: ReadonlyArray<string>

  constructor(typeIds: ReadonlyArray<string>) {
    this.typeIds = typeIds
  }

  /**
   * Reads a chunk. Returns the people that are complete, as soon as they fill a batch. Throws {@link WrongRow} or
   * {@link OutOfOrderError}.
   */
  read(chunk: DuckDBDataChunk): ReadonlyArray<UnsortedEvents> {
    const first = this.count
    const count = first + chunk.rowCount
    if (count > this.rows.size) this.grow()
    const { rows } = this
    const { numbersQueryColumns: at } = Query
    const column = (index: number) => chunk.getColumnVector(index)
    rows.consentDates.set(ChunkMemory.doubles(column(at.consentDate)), first)
    rows.datesCreated.set(ChunkMemory.doubles(column(at.dateCreated)), first)
    rows.expirationDates.set(ChunkMemory.doubles(column(at.expirationDate)), first)
    rows.versions.set(ChunkMemory.doubles(column(at.version)), first)
    rows.ids.set(ChunkMemory.uuidWords(column(at.id)), first * UuidColumn.words)
    rows.concordIds.set(ChunkMemory.uuidWords(column(at.concordId)), first * UuidColumn.words)
    rows.types.set(ChunkMemory.uint32s(column(at.type)), first)
    rows.states.set(ChunkMemory.uint8s(column(at.state)), first)
    this.count = count
    this.check(first)
    return count < EventColumnBuilder.batchEvents ? [] : this.split(this.lastPerson())
  }

  /** Returns the remaining people. */
  end(): ReadonlyArray<UnsortedEvents> {
    return this.split(this.count)
  }

  /** Gives back the oldest batch, which must no longer be read, so that its memory is reused. */
  giveBack(): void {
    const rows = this.lent.shift()
    if (rows?.size === usualSize) this.free.push(rows)
  }

  /** Checks the new rows. Throws {@link WrongRow} or {@link OutOfOrderError}. */
  private check(first: number): void {
    const { consentDates, datesCreated, expirationDates, versions, types, states, ids, concordIds } = this.rows
    for (let row = first; row < this.count; row++) {
      const consentDate = consentDates[row]!
      const dateCreated = datesCreated[row]!
      const expirationDate = expirationDates[row]!
      ids[row * UuidColumn.words + 3]! ^= ChunkMemory.flippedBit
      concordIds[row * UuidColumn.words + 3]! ^= ChunkMemory.flippedBit
      if (
        states[row]! > 3 ||
        types[row]! >= this.typeIds.length ||
        versions[row]! < 0 ||
        // The conditions are written so that NaN fails, except for an expiration, which may be missing.
        !(consentDate >= Instant.min && consentDate <= dateCreated && dateCreated <= Instant.max) ||
        expirationDate <= consentDate ||
        expirationDate > Instant.max
      ) {
        throw new WrongRow()
      }
      if (row > 0 && UuidColumn.compare(concordIds, row - 1, row) > 0) throw new OutOfOrderError()
    }
  }

  /** The index of the last person's first row. */
  private lastPerson(): number {
    let row = this.count - 1
    while (row > 0 && UuidColumn.isSame(this.rows.concordIds, row - 1, row)) row--
    return row
  }

  /** Returns the first rows as a batch, and keeps the others in another buffer. */
  private split(events: number): ReadonlyArray<UnsortedEvents> {
    if (events === 0) return []
    const { rows, typeIds } = this
    const left = this.count - events
    const usual = left + chunkRows <= usualSize ? this.free.pop() : undefined
    this.rows = usual ?? new Buffers(Math.max(usualSize, left + 2 * chunkRows))
    this.rows.copy(rows, events, this.count)
    this.count = left
    this.lent.push(rows)
    return [{ ...rows, events, typeIds }]
  }

  private grow(): void {
    const { rows, count } = this
    this.rows = new Buffers(2 * rows.size)
    this.rows.copy(rows, 0, count)
  }
}
