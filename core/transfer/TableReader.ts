/**
 * Reads the rows of a stored ledger one by one, and computes the digests by which two ledgers are compared.
 */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import {
  type ColumnName,
  type Next,
  type Row,
  type Snapshot,
  type StoreDamaged,
  type TableName,
} from "../ports/LedgerRows.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Sha256 from "../ledger/Sha256.ts"

/** Called with the number of events that were processed so far, and the number to process in all. */
export type Progress = (done: number, total: number) => Effect.Effect<void>

/** A reader of rows, one by one. */
export interface Reader<Name extends TableName, Column extends ColumnName<Name>> {
  /** The current row; `undefined` after the last one. */
  row: Row<Name, Column> | undefined
  /** Goes on to the next row. */
  readonly advance: Effect.Effect<void, StoreUnavailable | StoreDamaged>
}

/** A reader at the first row. */
export const reader = Effect.fnUntraced(function* <Name extends TableName, Column extends ColumnName<Name>>(
  next: Next<Name, Column>,
) {
  let batch = yield* next
  let index = 0
  const reading: Reader<Name, Column> = {
    row: batch[0],
    advance: Effect.suspend(() => {
      reading.row = batch[++index]
      if (reading.row !== undefined || batch.length === 0) return Effect.void
      return Effect.map(next, (rows) => {
        batch = rows
        index = 0
        reading.row = rows[0]
      })
    }),
  }
  return reading
})

/** The number of a table's rows, and their digest: the same for two tables exactly if their rows are. */
export interface TableDigest {
  readonly table: TableName
  readonly rows: number
  /** SHA-256, lower-case hexadecimal. */
  readonly digest: string
}

/** The number of a lane's events, and the chained digest of their bodies. */
export interface LaneDigest {
  /** The lane's number in the store: the number of its owner × 4096, plus the number of the lane in its owner. */
  readonly lane: number
  readonly events: number
  readonly digest: string
}

/**
 * Chains a text onto a digest: the SHA-256 of both, one after the other. So the digest of many texts is computed one by
 * one, and depends on each of them and on their order.
 */
export const chain = (digest: Digest.Digest["Service"], onto: string, text: string): Effect.Effect<string> =>
  Sha256.hex(digest, onto + text)

/** The digest of a whole log, by its lanes in ascending order. */
export const digestOf = (lanes: ReadonlyArray<LaneDigest>, digest: Digest.Digest["Service"]): Effect.Effect<string> =>
  chain(digest, "", JSON.stringify(lanes.map(({ digest, events, lane }) => [lane, events, digest])))

/** Counts rows and computes their digest as they are read: each batch is chained onto those before it, as JSON. */
export const digesting = <Name extends TableName>(table: Name, next: Next<Name>, digest: Digest.Digest["Service"]) => {
  let read: TableDigest = { table, rows: 0, digest: "" }
  const counted: Next<Name> = Effect.tap(next, (rows) =>
    rows.length === 0
      ? Effect.void
      : Effect.map(chain(digest, read.digest, JSON.stringify(rows)), (chained) => {
          read = { table, rows: read.rows + rows.length, digest: chained }
        }),
  )
  return { next: counted, digestOfRead: () => read }
}

/** Calls `use` with every batch of rows, in their order. */
export const forEach = Effect.fnUntraced(function* <Name extends TableName, E>(
  next: Next<Name>,
  use: (rows: ReadonlyArray<Row<Name>>) => Effect.Effect<void, E>,
) {
  for (let rows = yield* next; rows.length > 0; rows = yield* next) {
    yield* use(rows)
    yield* Effect.yieldNow
  }
})

/** All rows of a table that fits into memory. */
export const all = Effect.fnUntraced(function* <Name extends TableName>(snapshot: Snapshot, table: Name) {
  const found: Array<Row<Name>> = []
  yield* forEach(yield* snapshot.rows(table), (rows) => Effect.sync(() => void found.push(...rows)))
  return found
})
