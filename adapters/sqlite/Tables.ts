/**
 * The tables, and how every connection is opened.
 *
 * The lane is the first column of every key. Events are only ever inserted: the database itself refuses to change or
 * remove one. See `docs/decisions/0003-storage.md`.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"

/** "asst" in ASCII: tells a ledger from any other SQLite file (`PRAGMA application_id`). */
export const applicationId = 0x61737374

/** Raised with every change of the tables (`PRAGMA user_version`). */
const version = 4

/** What a ledger of version 2 lacks: how many changes of who is who each lane of an organization has counted. */
const peopleHead = `
  CREATE TABLE people_head (
    lane INTEGER PRIMARY KEY,
    next_position INTEGER NOT NULL
  ) STRICT;
`

/** Tables under the names that the rest of the program uses. */
const tableNames = `
  ALTER TABLE receipt RENAME TO idempotency;
  DROP INDEX receipt_age;
  CREATE INDEX idempotency_age ON idempotency (recorded_at);
  ALTER TABLE used_proof RENAME TO used_identity_token;
  DROP INDEX used_proof_expiry;
  CREATE INDEX used_identity_token_expiry ON used_identity_token (expires_at);
  ALTER TABLE configuration RENAME TO catalog_entry;
  ALTER TABLE configuration_head RENAME TO catalog_head;

  PRAGMA user_version = ${version};
`

const create = `
  CREATE TABLE lane_head (
    lane INTEGER PRIMARY KEY,
    next_position INTEGER NOT NULL,
    last_recorded_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE event (
    lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    person BLOB NOT NULL,
    event_id BLOB NOT NULL,
    consent_type BLOB NOT NULL,
    version INTEGER NOT NULL,
    consent_state TEXT NOT NULL,
    consent_action TEXT NOT NULL,
    consent_date INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    expiration_date INTEGER,
    submitter TEXT NOT NULL,
    session TEXT,
    domain TEXT,
    geography TEXT,
    external_id BLOB,
    body TEXT NOT NULL,
    digest BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_position ON event (lane, position);
  CREATE UNIQUE INDEX event_id ON event (lane, event_id);
  CREATE UNIQUE INDEX event_person ON event (lane, person, consent_date, event_id);
  CREATE UNIQUE INDEX event_date ON event (lane, consent_date, position);
  CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
  END;
  CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'events are never removed');
  END;

  CREATE TABLE head (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    consent_type BLOB NOT NULL,
    consent_state TEXT NOT NULL,
    consent_date INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lane, person, consent_type, consent_state)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE external_id (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    event_lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE used_type (
    lane INTEGER NOT NULL,
    consent_type BLOB NOT NULL,
    PRIMARY KEY (lane, consent_type)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE receipt (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipt_age ON receipt (recorded_at);

  CREATE TABLE alias (
    lane INTEGER NOT NULL,
    hash BLOB NOT NULL,
    person BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (lane, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE person (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    revision INTEGER NOT NULL,
    is_identified INTEGER NOT NULL,
    profile TEXT,
    PRIMARY KEY (lane, person)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE person_fact (
    lane INTEGER NOT NULL,
    person BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (lane, person, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER fact_is_never_changed BEFORE UPDATE ON person_fact BEGIN
    SELECT RAISE(ABORT, 'facts are never changed');
  END;
  CREATE TRIGGER fact_is_never_removed BEFORE DELETE ON person_fact BEGIN
    SELECT RAISE(ABORT, 'facts are never removed');
  END;

  CREATE TABLE used_proof (
    hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX used_proof_expiry ON used_proof (expires_at);

  CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    person BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX session_expiry ON session (expires_at);
  CREATE INDEX session_person ON session (person);

  CREATE TABLE configuration (
    revision INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (revision, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE configuration_head (revision INTEGER NOT NULL) STRICT;
  INSERT INTO configuration_head VALUES (0);

  CREATE TABLE document (
    consent_type BLOB NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (consent_type, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE key_use (
    id TEXT PRIMARY KEY,
    last_used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  PRAGMA application_id = ${applicationId};
  ${peopleHead}${tableNames}`

const pragma = (db: DatabaseSync, name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]

/** How long a connection waits for others to let go of the ledger, in milliseconds. */
const lockTimeoutMillis = 5_000

/** Opens a connection: write-ahead log, every commit synced to the disk before it is acknowledged. */
export const open = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: lockTimeoutMillis })
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384",
  )
  return db
}

/** Opens a connection that writes nothing. */
export const openReader = (path: string): DatabaseSync => {
  const db = open(path)
  db.exec("PRAGMA query_only = ON")
  return db
}

/** Why a file that is not empty is no ledger of this version, if it is none. */
export const versionFault = (db: DatabaseSync): string | undefined => {
  if (pragma(db, "application_id") !== applicationId) return "the file is not an Assent ledger"
  if (pragma(db, "user_version") !== version) return "the ledger was written by another version of Assent"
  return undefined
}

/**
 * Makes the tables in an empty file, and those that a ledger of the version before lacks. Throws for a file that is something
 * else, or was written by another version.
 */
export const prepare = (db: DatabaseSync): void => {
  db.exec("BEGIN IMMEDIATE")
  try {
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"]
    if (tables === 0) db.exec(create)
    else if (pragma(db, "application_id") === applicationId) {
      const found = pragma(db, "user_version")
      if (found === 2) db.exec(peopleHead + tableNames)
      if (found === 3) db.exec(tableNames)
    }
    const fault = versionFault(db)
    if (fault !== undefined) throw new Error(fault)
    db.exec("COMMIT")
  } catch (error) {
    db.exec("ROLLBACK")
    throw error
  }
}

/** Writes to the disk which files and folders a folder has. */
const sync = (folder: string): void => {
  const opened = openSync(folder, "r")
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/**
 * Makes a folder and those above it, so that they survive a loss of power. Node's own recursive form never ends where the system
 * denies it, as in /proc.
 */
export const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
  sync(dirname(folder))
}

/** Opens a file for writing, made with its folder and tables where there is none. Throws as {@link prepare} does. */
export const openNew = (path: string): DatabaseSync => {
  makeFolder(resolve(dirname(path)))
  const db = open(path)
  try {
    prepare(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

const schemaOf = (db: DatabaseSync): ReadonlyMap<string, string> =>
  new Map(
    db
      // What ANALYZE keeps is nobody's business.
      .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name")
      .all()
      .map(({ name, sql, tbl_name, type }) => [`${type} ${name}`, `${tbl_name} ${sql}`]),
  )

/** What differs from the tables, indexes and triggers that {@link prepare} makes, a sentence each. */
export const faults = (db: DatabaseSync): ReadonlyArray<string> => {
  const pristine = new DatabaseSync(":memory:")
  pristine.exec(create)
  const expected = schemaOf(pristine)
  pristine.close()
  const found = schemaOf(db)
  return [
    ...[...expected.keys()].filter((name) => !found.has(name)).map((name) => `the ${name} is missing`),
    ...[...found.keys()].filter((name) => !expected.has(name)).map((name) => `the ${name} is no part of a ledger`),
    ...[...expected].flatMap(([name, sql]) =>
      found.has(name) && found.get(name) !== sql ? [`the ${name} is not what Assent has made`] : [],
    ),
  ]
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that tell of others' locks, and of a disk or file that fails. */
const busyCodes = new Set([5, 6])
const diskCodes = new Set([7, 8, 10, 11, 13, 14, 26])

/** What made a transaction fail: others who hold the ledger, the disk under it, or what was asked. */
export const faultOf = (error: unknown): "busy" | "disk" | "request" => {
  if (error instanceof DoubtfulLedger) return "disk"
  if (!(error instanceof Error) || !("errcode" in error)) return "request"
  const code = Number(error.errcode) & 0xff
  return busyCodes.has(code) ? "busy" : diskCodes.has(code) ? "disk" : "request"
}

/** The ledger cannot be shown to be what was acknowledged. */
class DoubtfulLedger extends Error {}

/**
 * Checks a ledger on which a write has failed. A failed sync leaves pages in memory that look written and are on no disk, and
 * what is appended behind them would be lost with them: so the whole log is copied into the file, synced and emptied. Then
 * every lane must end where its head says. Throws where that cannot be shown.
 */
export const check = (db: DatabaseSync): void => {
  if (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"] !== 0) {
    throw new DoubtfulLedger("the disk failed, and the ledger cannot be checked while it is being read")
  }
  const wrong = db.prepare(`
    SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane AND e.position = h.next_position - 1
    WHERE e.recorded_at IS NOT h.last_recorded_at
      OR EXISTS (SELECT 1 FROM event later WHERE later.lane = h.lane AND later.position >= h.next_position)`)
  if (wrong.get() !== undefined)
    throw new DoubtfulLedger("the ledger is damaged: a lane does not end where its head says")
}
