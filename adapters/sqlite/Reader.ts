/**
 * Reads of the main thread: on a connection of their own, at once and in full, because a read takes microseconds.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { Effect } from "effect"
import { type Positions, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Connection from "./Connection.ts"
import * as FileFault from "./FileFault.ts"

/** The reason is what the disk or the file says; it never repeats what was asked. */
const unavailable = (error: unknown): StoreUnavailable =>
  new StoreUnavailable({ reason: error instanceof Error ? error.message : "the disk failed" })

/** A step that reads from the disk. */
export const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.try({ try: run, catch: unavailable })

/** The failure of a ledger that cannot be opened. */
export const cannotOpen = ({ isLasting, reason }: FileFault.FileFault): StoreUnavailable =>
  new StoreUnavailable({ reason, ...(isLasting && { isLasting }) })

/** A step that opens the file of a path. */
export const opening = <A>(path: string, run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.try({ try: run, catch: (error) => cannotOpen(FileFault.of(path, error)) })

/** Opens a connection; it is closed with the scope. */
export const open = (path: string) =>
  Effect.acquireRelease(
    opening(path, () => Connection.openReader(path)),
    (db) => Effect.sync(() => db.close()),
  )

/** Runs several reads that all see the ledger as it was at one moment. */
export const inSnapshot = <A>(db: DatabaseSync, run: () => A): A => {
  db.exec("BEGIN")
  try {
    return run()
  } finally {
    // Nothing was written. A disk that fails may have ended the transaction already.
    if (db.isTransaction) db.exec("ROLLBACK")
  }
}

/**
 * Reads each of some keys by one statement, all as of one moment. One key alone needs no transaction of its own, which
 * costs as much as the statement.
 */
export const readEach = <Key, A>(db: DatabaseSync, keys: ReadonlyArray<Key>, one: (key: Key) => A): ReadonlyArray<A> =>
  keys.length === 1 ? [one(keys[0]!)] : inSnapshot(db, () => keys.map(one))

/** Prepares a statement whose rows are arrays: they take half the time of rows that are objects. */
export const prepareArrays = (db: DatabaseSync, sql: string): StatementSync => {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

/** Prepares a read of the `next_position` of lanes; it is 0 for a lane without a row. */
export const prepareLaneEnds = (db: DatabaseSync, table: "lane_head" | "people_head") => {
  const statement = db.prepare(`SELECT next_position FROM ${table} WHERE lane = ?`)
  return (lanes: ReadonlyArray<number>): Positions =>
    new Map(lanes.map((lane) => [lane, Number(statement.get(lane)?.["next_position"] ?? 0)]))
}
