/**
 * Copies the chunks of a result into batches of rows, column by column, and finds whether each row is an event.
 *
 * What is wrong with a row it does not say: that is asked of the {@link Reader}, which is slower.
 */
import type { DuckDBDataChunk } from "@duckdb/node-api"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import * as Instant from "../../core/engine/Instant.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import * as UuidColumn from "../../core/simulation/UuidColumn.ts"
import { Disorder } from "./Errors.ts"
import * as Query from "./Query.ts"
import * as UuidVector from "./UuidVector.ts"

/** A row that is no event. */
export class WrongRow extends Error {}

/** The most rows of a chunk. */
const chunkRows = 2048

/** Columns that the threads share: what has been folded is filled again, so that there is nothing to collect. */
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

  /** Takes the rows of others from one on, before any of its own. */
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

/** Takes chunk after chunk. `typeIds` is what the types of the result point at. */
export class UnsortedEventReader {
  private rows = new Buffers(usualSize)
  private count = 0
  /** In the order in which they were handed over. */
  private readonly lent: Array<Buffers> = []
  private readonly free: Array<Buffers> = []
  private readonly typeIds: ReadonlyArray<string>

  constructor(typeIds: ReadonlyArray<string>) {
    this.typeIds = typeIds
  }

  /** Reads a chunk; answers the people who are complete, where they make a batch. Throws {@link WrongRow}, {@link Disorder}. */
  read(chunk: DuckDBDataChunk): ReadonlyArray<UnsortedEvents> {
    const first = this.count
    const count = first + chunk.rowCount
    if (count > this.rows.size) this.grow()
    const { rows } = this
    const { atOfNumbers: at } = Query
    const column = (index: number) => chunk.getColumnVector(index)
    rows.consentDates.set(Query.numbersOf<Float64Array>(column(at.consentDate)), first)
    rows.datesCreated.set(Query.numbersOf<Float64Array>(column(at.dateCreated)), first)
    rows.expirationDates.set(Query.numbersOf<Float64Array>(column(at.expirationDate)), first)
    rows.versions.set(Query.numbersOf<Float64Array>(column(at.version)), first)
    rows.ids.set(UuidVector.words(column(at.id)), first * UuidColumn.words)
    rows.concordIds.set(UuidVector.words(column(at.concordId)), first * UuidColumn.words)
    rows.types.set(Query.numbersOf<Uint32Array>(column(at.type)), first)
    rows.states.set(Query.numbersOf<Uint8Array>(column(at.state)), first)
    this.count = count
    this.check(first)
    return count < EventColumnBuilder.batchEvents ? [] : this.take(this.lastPerson())
  }

  /** Everybody who is left. */
  end(): ReadonlyArray<UnsortedEvents> {
    return this.take(this.count)
  }

  /** Takes back the eldest batch: nobody reads it any more. */
  giveBack(): void {
    const rows = this.lent.shift()
    if (rows?.size === usualSize) this.free.push(rows)
  }

  /** Finds the new rows good. Throws {@link WrongRow}, {@link Disorder}. */
  private check(first: number): void {
    const { consentDates, datesCreated, expirationDates, versions, types, states, ids, concordIds } = this.rows
    for (let row = first; row < this.count; row++) {
      const consentDate = consentDates[row]!
      const dateCreated = datesCreated[row]!
      const expirationDate = expirationDates[row]!
      ids[row * UuidColumn.words + 3]! ^= UuidVector.turned
      concordIds[row * UuidColumn.words + 3]! ^= UuidVector.turned
      if (
        states[row]! > 3 ||
        types[row]! >= this.typeIds.length ||
        versions[row]! < 0 ||
        // Written so that what is no number fails, but for an expiration, which may be missing.
        !(consentDate >= Instant.min && consentDate <= dateCreated && dateCreated <= Instant.max) ||
        expirationDate <= consentDate ||
        expirationDate > Instant.max
      ) {
        throw new WrongRow()
      }
      if (row > 0 && UuidColumn.compare(concordIds, row - 1, row) > 0) throw new Disorder()
    }
  }

  /** Where the rows of the last person begin. */
  private lastPerson(): number {
    let row = this.count - 1
    while (row > 0 && UuidColumn.isSame(this.rows.concordIds, row - 1, row)) row--
    return row
  }

  private take(events: number): ReadonlyArray<UnsortedEvents> {
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
