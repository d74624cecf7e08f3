/**
 * Checks that a file is what Assent has written, and sorts errors of SQLite by their cause.
 */
import { DatabaseSync } from "node:sqlite"
import * as Migrations from "./Migrations.ts"

const schemaOf = (db: DatabaseSync): ReadonlyMap<string, string> =>
  new Map(
    db
      // The tables of ANALYZE are left out: an operator may have run it.
      .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name")
      .all()
      .map(({ name, sql, tbl_name, type }) => [`${type} ${name}`, `${tbl_name} ${sql}`]),
  )

/** The schema of a new ledger. */
const expectedSchema = (): ReadonlyMap<string, string> => {
  const db = new DatabaseSync(":memory:")
  try {
    Migrations.run(db)
    return schemaOf(db)
  } finally {
    db.close()
  }
}

/** What differs from the tables, indexes and triggers of a new ledger, a sentence each. */
export const schemaFaults = (db: DatabaseSync): ReadonlyArray<string> => {
  const expected = expectedSchema()
  const found = schemaOf(db)
  return [
    ...[...expected.keys()].filter((name) => !found.has(name)).map((name) => `the ${name} is missing`),
    ...[...found.keys()].filter((name) => !expected.has(name)).map((name) => `the ${name} is no part of a ledger`),
    ...[...expected].flatMap(([name, sql]) =>
      found.has(name) && found.get(name) !== sql ? [`the ${name} is not what Assent has made`] : [],
    ),
  ]
}

/**
 * SQLite's primary result codes (sqlite.org/rescode.html) for a lock of another connection, and a failing disk or
 * file.
 */
const busyCodes = new Set([5, 6])
const diskCodes = new Set([7, 8, 10, 11, 13, 14, 26])

/** The cause of a failed transaction: a lock of another connection, the disk or the file, or the request itself. */
export const causeOf = (error: unknown): "busy" | "disk" | "request" => {
  if (error instanceof DoubtfulLedger) return "disk"
  if (!(error instanceof Error) || !("errcode" in error)) return "request"
  const code = Number(error.errcode) & 0xff
  return busyCodes.has(code) ? "busy" : diskCodes.has(code) ? "disk" : "request"
}

/** The ledger may lack events that were acknowledged. */
class DoubtfulLedger extends Error {}

/**
 * Checks a ledger after a write to the disk has failed. A failed sync leaves pages in memory that look written but
 * are not on the disk, and events appended after them would be lost with them. So the whole log is copied into the
 * file, synced and emptied, and then every lane must end where its head says. Throws if the log cannot be
 * emptied, or if a lane ends elsewhere.
 */
export const check = (db: DatabaseSync): void => {
  if (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] !== 0) {
    throw new DoubtfulLedger("the disk failed, and the ledger cannot be checked while it is being read")
  }
  const wrong = db.prepare(`
    SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane AND e.position = h.next_position - 1
    LEFT JOIN lane_feed f ON f.lane = h.lane
    LEFT JOIN change c ON c.lane = h.lane AND c.number = f.next_number - 1
    WHERE (h.next_position > 0 AND (e.position IS NULL OR e.recorded_at > h.last_recorded_at))
      OR (f.next_number > 0 AND (c.number IS NULL OR c.recorded_at >= h.last_recorded_at))
      OR EXISTS (SELECT 1 FROM event later WHERE later.lane = h.lane AND later.position >= h.next_position)
      OR EXISTS (
        SELECT 1 FROM change later WHERE later.lane = h.lane AND later.number >= coalesce(f.next_number, 0)
      )`)
  if (wrong.get() !== undefined)
    throw new DoubtfulLedger("the ledger is damaged: a lane does not end where its head says")
}
