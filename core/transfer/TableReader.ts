/**
 * Reading the rows of a ledger one after the other, and the digests by which two ledgers are compared.
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

/** Rows one by one. */
export interface Reader<Name extends TableName, Column extends ColumnName<Name>> {
  /** The row that is next; `undefined` after the last. */
  row: Row<Name, Column> | undefined
  /** Goes on to the row after it. */
  readonly advance: Effect.Effect<void, StoreUnavailable | StoreDamaged>
}

/** Reads rows one by one, from the first. */
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

/** How many rows a table has, and their digest: equal exactly where the tables are. */
export interface TableDigest {
  readonly table: TableName
  readonly rows: number
  /** SHA-256, lower-case hexadecimal. */
  readonly digest: string
}

/** How many events a lane has, and the digests of their bodies, each laid onto those before it. */
export interface LaneDigest {
  /** As it is stored: the number of its owner × 4096, and the lane of it. */
  readonly lane: number
  readonly events: number
  readonly digest: string
}

/**
 * Lays something onto a digest: SHA-256 of both, one after the other. So a digest of many things is made one by one, and depends
 * on each of them and on their order.
 */
export const chain = (digest: Digest.Digest["Service"], onto: string, text: string): Effect.Effect<string> =>
  Sha256.hex(digest, onto + text)

/** The digest of a whole log, by its lanes in ascending order. */
export const digestOf = (lanes: ReadonlyArray<LaneDigest>, digest: Digest.Digest["Service"]): Effect.Effect<string> =>
  chain(digest, "", JSON.stringify(lanes.map(({ digest, events, lane }) => [lane, events, digest])))

/** Counts rows and makes their digest as they are read: batch laid onto batch, as JSON. */
export const digesting = <Name extends TableName>(table: Name, next: Next<Name>, digest: Digest.Digest["Service"]) => {
  let tally: TableDigest = { table, rows: 0, digest: "" }
  const counted: Next<Name> = Effect.tap(next, (rows) =>
    rows.length === 0
      ? Effect.void
      : Effect.map(chain(digest, tally.digest, JSON.stringify(rows)), (laid) => {
          tally = { table, rows: tally.rows + rows.length, digest: laid }
        }),
  )
  return { next: counted, tally: () => tally }
}

/** Does something with every batch of a table, in the order of its key. */
export const forEach = Effect.fnUntraced(function* <Name extends TableName, E>(
  next: Next<Name>,
  use: (rows: ReadonlyArray<Row<Name>>) => Effect.Effect<void, E>,
) {
  for (let rows = yield* next; rows.length > 0; rows = yield* next) {
    yield* use(rows)
    yield* Effect.yieldNow
  }
})

/** All rows of a small table. */
export const all = Effect.fnUntraced(function* <Name extends TableName>(snapshot: Snapshot, table: Name) {
  const found: Array<Row<Name>> = []
  yield* forEach(yield* snapshot.rows(table), (rows) => Effect.sync(() => void found.push(...rows)))
  return found
})
