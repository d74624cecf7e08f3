/**
 * Checks that no output of a command overwrites the ledger, an input or another output.
 *
 * Files are compared by device and inode, so that links and other spellings of a path are found. A file that does not
 * exist yet is compared by its path without links. The ledger of `sqlite:PATH` includes the files that SQLite keeps
 * next to it.
 */
import { fstatSync, realpathSync, statSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import * as Source from "../adapters/files/Source.ts"
import * as Store from "./Store.ts"

/** A file that is read or written, with the name of its option: `--out`, `events`. */
export interface NamedFile {
  readonly name: string
  /** A path, or `-` for standard input; for a store its URL. `undefined` if the option was not given. */
  readonly at: string | undefined
}

/** The files that a command reads and writes. */
export interface Files {
  readonly outputs: ReadonlyArray<NamedFile>
  readonly inputs: ReadonlyArray<NamedFile>
  readonly store?: NamedFile
}

/** An output that must not be written, and the reason. */
export interface OutputConflict {
  readonly output: string
  readonly reason: string
}

/**
 * The endings of the files that SQLite keeps next to a database (https://sqlite.org/tempfiles.html), and of its keys.
 */
const companions = ["-wal", "-shm", "-journal", ".keys", ".keys.lock", ".server"]

const attempt = <A>(step: () => A): A | undefined => {
  try {
    return step()
  } catch {
    return undefined
  }
}

/** The path without links, as far as it exists. */
const real = (path: string): string =>
  attempt(() => realpathSync(path)) ??
  join(attempt(() => realpathSync(dirname(path))) ?? resolve(dirname(path)), basename(resolve(path)))

/** A key that is equal for two paths if and only if they are the same file. */
const identity = (path: string): string => {
  const found = attempt(() =>
    path === Source.standardInput ? fstatSync(0, { bigint: true }) : statSync(path, { bigint: true }),
  )
  return found === undefined ? real(path) : `${found.dev}:${found.ino}`
}

const isNamedBy = (name: string): string => `is the file that ${name} names`

/** The files of a store, each with the reason why an output must not be that file. */
const filesOfStore = ({ at, name }: NamedFile) => {
  const path = at === undefined ? undefined : Store.pathOf(at)
  if (path === undefined) return []
  const parts = companions.map((ending) => ({
    path: `${real(path)}${ending}`,
    reason: `is part of the ledger that ${name} names`,
  }))
  return [{ path, reason: isNamedBy(name) }, ...parts]
}

/** Finds the first output that is the same file as the store, an input or an earlier output. */
export const find = ({ inputs, outputs, store }: Files): OutputConflict | undefined => {
  const reasons = new Map<string, string>()
  const protect = (path: string, reason: string) => {
    const file = identity(path)
    if (!reasons.has(file)) reasons.set(file, reason)
  }
  if (store !== undefined) for (const { path, reason } of filesOfStore(store)) protect(path, reason)
  for (const { at, name } of inputs) if (at !== undefined) protect(at, isNamedBy(name))
  for (const { at, name: output } of outputs) {
    if (at === undefined) continue
    const reason = reasons.get(identity(at))
    if (reason !== undefined) return { output, reason }
    protect(at, isNamedBy(output))
  }
  return undefined
}
