/**
 * Opens the file of a ledger. A commit, the file itself and its folders are on the disk before anything is
 * acknowledged.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Migrations from "./Migrations.ts"

/** How long a connection waits for the locks of other connections, in milliseconds. */
const lockTimeoutMillis = 5_000

/** Opens a connection: write-ahead log, every commit synced to the disk before it is acknowledged. */
export const open = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: lockTimeoutMillis })
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384",
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
  mkdirSync(folder)
  sync(dirname(folder))
}

/**
 * Opens a file for writing, and makes its folder and its tables if they are missing. Throws as `Migrations.run` does.
 */
export const openNew = (path: string): DatabaseSync => {
  makeFolder(resolve(dirname(path)))
  const db = open(path)
  try {
    Migrations.run(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
