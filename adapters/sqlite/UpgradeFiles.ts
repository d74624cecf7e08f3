/**
 * The two files of an upgrade: the one of the earlier ledger, and the new one, which takes its name in the end.
 *
 * The earlier ledger is marked by a negative `user_version`, which no version of Assent opens. The mark is random and
 * in the name of the new file, so that a file that was left by the upgrade of another state of the ledger is not taken
 * for this one's.
 */
import { randomInt } from "node:crypto"
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { CannotUpgrade } from "../../core/ports/LedgerUpgrade.ts"
import * as Connection from "./Connection.ts"
import * as Integrity from "./Integrity.ts"
import * as JoinedRebuild from "./JoinedRebuild.ts"
import * as Migrations from "./Migrations.ts"

/** The connections of an upgrade. */
export interface Opened {
  readonly path: string
  readonly newPath: string
  readonly before: DatabaseSync
  readonly after: DatabaseSync
}

/** The places of the parts of an upgrade, in the new file until the swap. */
export const placesTable = "upgrade"

const lockTimeoutMillis = 5_000

const pragma = (db: DatabaseSync, name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]

/** The number of the last migration, or the mark. */
export const versionOf = (db: DatabaseSync): number => Number(pragma(db, "user_version"))

const newPathOf = (path: string, mark: number): string => `${path}.upgrade-${(-mark).toString(16)}`

const remove = (path: string): void => {
  for (const ending of ["", "-wal", "-shm", "-journal"]) rmSync(path + ending, { force: true })
}

/** Removes what upgrades of other states of the ledger have left. */
const removeOthers = (path: string): void => {
  const left = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.upgrade-`))
  for (const name of left) rmSync(join(dirname(path), name), { force: true })
}

const inUse = (path: string): CannotUpgrade =>
  new CannotUpgrade({ reason: `${path} is in use: stop every server and command on it; the ledger was not changed` })

/**
 * Runs `use` while no other connection has the ledger open. Its write-ahead log is copied into the file and removed
 * before, so that none stays behind when the file is replaced.
 */
const alone = (path: string, db: DatabaseSync, use: () => void): void => {
  try {
    if (pragma(db, "journal_mode = DELETE") !== "delete") throw inUse(path)
    db.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    throw Integrity.causeOf(error) === "busy" ? inUse(path) : error
  }
  try {
    use()
    db.exec("COMMIT")
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK")
    throw error
  }
}

/** How much larger than the earlier file the new one may become: it has the keys and the nonces in addition. */
const growth = 1.3

const megabytes = (bytes: number): string => Math.ceil(bytes / 1e6).toLocaleString("en-US")

/** Throws if the disk has no space for the new file. `newPath` may be there in part. */
const expectSpace = (path: string, newPath: string | undefined): void => {
  const there = newPath === undefined ? 0 : (statSync(newPath, { throwIfNoEntry: false })?.size ?? 0)
  const needed = Math.max(statSync(path).size * growth - there, 0)
  const { bavail, bsize } = statfsSync(dirname(path))
  if (bavail * bsize >= needed) return
  const sizes = `${megabytes(needed)} MB of free space are needed, and ${megabytes(bavail * bsize)} MB are there`
  throw new CannotUpgrade({ reason: `${dirname(path)}: ${sizes}; the ledger was not changed` })
}

/** The last migration of ledgers that are upgraded. */
const lastBefore = 7

/** The migration after which the rows about people that are joined already are written. */
const joinedHeads = 5

/** Whether a number is that of a migration after which a ledger is upgraded. */
export const isBefore = (version: number): boolean =>
  version <= lastBefore && Migrations.migrations.some(({ number }) => number === version)

/** Applies the migrations up to {@link lastBefore} that the ledger lacks, in the caller's transaction. */
const migrate = (db: DatabaseSync): void => {
  const version = versionOf(db)
  for (const { number, sql } of Migrations.migrations) {
    if (number > version && number <= lastBefore) db.exec(sql)
  }
  if (version < joinedHeads) JoinedRebuild.rebuild(db)
}

/** Brings an earlier ledger to the last of the earlier tables, and marks it. */
const mark = (path: string, db: DatabaseSync): number => {
  const chosen = -randomInt(1, 2 ** 31)
  expectSpace(path, undefined)
  alone(path, db, () => {
    migrate(db)
    db.exec(`PRAGMA user_version = ${chosen}`)
    removeOthers(path)
  })
  return chosen
}

const isFilled = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(placesTable) !== undefined

/** Opens the new file, which no other process can open from then on; makes it if it is not there. */
const openAfter = (path: string, newPath: string): DatabaseSync => {
  Connection.protect(newPath)
  const db = new DatabaseSync(newPath, { timeout: 0 })
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    db.exec("PRAGMA cache_size = -65536; BEGIN EXCLUSIVE; COMMIT")
    if (isFilled(db)) return db
    // A file without places is new, or was left right before the swap.
    const { count } = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { readonly count: number }
    if (count > 0) {
      db.close()
      remove(newPath)
      return openAfter(path, newPath)
    }
    Migrations.run(db)
    db.exec(`BEGIN; DELETE FROM catalog_head; CREATE TABLE ${placesTable} (part TEXT PRIMARY KEY, place TEXT NOT NULL);
      COMMIT`)
    return db
  } catch (error) {
    if (db.isOpen) db.close()
    throw Integrity.causeOf(error) === "busy"
      ? new CannotUpgrade({ reason: `${path} is being upgraded by another process; the ledger was not changed` })
      : error
  }
}

/** Opens both files; marks the earlier ledger if it is not marked yet. */
export const open = (path: string): Opened => {
  const before = new DatabaseSync(path, { timeout: lockTimeoutMillis })
  try {
    const version = versionOf(before)
    if (!(version < 0 || isBefore(version))) {
      throw new CannotUpgrade({ reason: `${path} is no ledger of an earlier version any more` })
    }
    const marked = version < 0 ? version : mark(path, before)
    const newPath = newPathOf(path, marked)
    expectSpace(path, newPath)
    const after = openAfter(path, newPath)
    // Another process may have ended the upgrade before the new file was locked.
    const now = new DatabaseSync(path, { timeout: lockTimeoutMillis })
    const isStill = versionOf(now) === marked
    now.close()
    if (isStill) return { path, newPath, before, after }
    after.close()
    remove(newPath)
    throw new CannotUpgrade({ reason: `${path} was upgraded by another process` })
  } catch (error) {
    before.close()
    throw error
  }
}

/** Closes the connections; the upgrade can go on later. */
export const close = ({ after, before }: Opened): void => {
  if (after.isOpen) after.close()
  if (before.isOpen) before.close()
}

const sync = (path: string): void => {
  const opened = openSync(path, "r")
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/** The new ledger takes the place of the earlier one, whose file is removed. */
export const swap = ({ after, before, newPath, path }: Opened): void => {
  alone(path, before, () => {
    after.exec(`PRAGMA wal_checkpoint(TRUNCATE); DROP TABLE ${placesTable}; PRAGMA journal_mode = DELETE`)
    after.close()
    chmodSync(newPath, 0o600)
    sync(newPath)
    renameSync(newPath, path)
    sync(dirname(path))
  })
  before.close()
}

/** The new ledger is removed, and the earlier one can be opened by the version before. */
export const abandon = ({ after, before, newPath, path }: Opened): void => {
  after.close()
  alone(path, before, () => before.exec(`PRAGMA user_version = ${lastBefore}`))
  before.close()
  remove(newPath)
}
