/**
 * Opens the file of a ledger. A commit, the file itself and its folders are on the disk before anything is
 * acknowledged. Only the owner of the process can read a file and a folder that are made here, whatever the umask is,
 * because a ledger holds the keys of identifiers and what people have entered.
 */
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Migrations from "./Migrations.ts"

/** How long a connection waits for the locks of other connections, in milliseconds. */
export const lockTimeoutMillis = 5_000

/**
 * Opens a connection: write-ahead log, every commit synced to the disk before it is acknowledged. Rows that are deleted
 * are overwritten with zeros.
 */
export const open = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: lockTimeoutMillis })
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384",
  )
  return db
}

/** Opens a connection that refuses to write. */
export const openReader = (path: string): DatabaseSync => {
  const db = open(path)
  db.exec("PRAGMA query_only = ON")
  return db
}

/** Syncs the names of the files and folders in a folder to the disk. */
const sync = (folder: string): void => {
  const opened = openSync(folder, "r")
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/**
 * Makes a folder and those above it, so that they survive a loss of power. Node's own recursive `mkdir` is not used,
 * because it never returns where the system refuses to make a folder, as in `/proc`.
 */
export const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
  sync(dirname(folder))
}

/** The files of a ledger. SQLite gives the others the rights of the first when it makes them. */
const filesOf = (path: string): ReadonlyArray<string> =>
  ["", "-wal", "-shm"].map((ending) => path + ending).filter((file) => existsSync(file))

/** The rights of everyone but the owner and the group of a file. */
const others = 0o007

/** Whether any user of the machine may read or write a file of a ledger. */
export const isOpenToOthers = (path: string): boolean =>
  filesOf(path).some((file) => (statSync(file).mode & others) !== 0)

/**
 * Makes the file of a ledger that does not exist, for its owner alone. Takes the rights of other users from an existing
 * one that belongs to the user of this process; of a file of another user they stay as they are. The rights of the
 * group stay, because a backup may read the file as another user of it.
 */
export const protect = (path: string): void => {
  try {
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600))
    for (const file of filesOf(path)) {
      const { mode, uid } = statSync(file)
      if ((mode & others) !== 0 && uid === process.getuid?.()) chmodSync(file, mode & 0o777 & ~others)
    }
  } catch {
    // A file that cannot be made is reported when it is opened, and rights that stay by `isOpenToOthers`.
  }
}

/**
 * Opens a file for writing, and makes its folder and its tables if they are missing. Throws as `Migrations.run` does.
 */
export const openNew = (path: string): DatabaseSync => {
  makeFolder(resolve(dirname(path)))
  protect(path)
  const db = open(path)
  try {
    Migrations.run(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
