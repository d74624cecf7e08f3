/**
 * Whether a file that is to be written is one that is read: an output never takes the place of the ledger or of an input.
 *
 * Files are compared as they are, by device and number, so links and other spellings are seen; where there is no file
 * yet, by where it would be. To the ledger of `sqlite:PATH` belong the files that SQLite keeps beside it.
 */
import { fstatSync, realpathSync, statSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import * as Source from "../adapters/files/Source.ts"
import * as Store from "./Store.ts"

/** What is read or written, by the name under which it was given: `--out`, `events`. */
export interface NamedFile {
  readonly name: string
  /** A path, or `-` for standard input; of a store its URL. Nothing, where it was not given. */
  readonly at: string | undefined
}

/** What a command reads and writes. */
export interface Files {
  readonly outputs: ReadonlyArray<NamedFile>
  readonly inputs: ReadonlyArray<NamedFile>
  readonly store?: NamedFile
}

/** The output that cannot be written, and why. */
export interface Refusal {
  readonly output: string
  readonly reason: string
}

/** What SQLite keeps beside a database (https://sqlite.org/tempfiles.html). */
const beside = ["-wal", "-shm", "-journal"]

const attempt = <A>(look: () => A): A | undefined => {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** The path without links, as far as it is there. */
const real = (path: string): string =>
  attempt(() => realpathSync(path)) ??
  join(attempt(() => realpathSync(dirname(path))) ?? resolve(dirname(path)), basename(resolve(path)))

/** Equal for two paths exactly where they are one file. */
const identity = (path: string): string => {
  const found = attempt(() =>
    path === Source.standardInput ? fstatSync(0, { bigint: true }) : statSync(path, { bigint: true }),
  )
  return found === undefined ? real(path) : `${found.dev}:${found.ino}`
}

const is = "is the file that"

/** The files of a store, each with what it is. */
const filesOfStore = ({ at, name }: NamedFile) => {
  const path = at === undefined ? undefined : Store.pathOf(at)
  if (path === undefined) return []
  const parts = beside.map((ending) => ({
    path: `${real(path)}${ending}`,
    reason: `is part of the ledger that ${name} names`,
  }))
  return [{ path, reason: `${is} ${name} names` }, ...parts]
}

/** The first output that is the store, an input, or an output before it. */
export const find = ({ inputs, outputs, store }: Files): Refusal | undefined => {
  const taken = new Map<string, string>()
  const take = (path: string, reason: string) => {
    const file = identity(path)
    if (!taken.has(file)) taken.set(file, reason)
  }
  if (store !== undefined) for (const { path, reason } of filesOfStore(store)) take(path, reason)
  for (const { at, name } of inputs) if (at !== undefined) take(at, `${is} ${name} names`)
  for (const { at, name: output } of outputs) {
    if (at === undefined) continue
    const reason = taken.get(identity(at))
    if (reason !== undefined) return { output, reason }
    take(at, `${is} ${output} names`)
  }
  return undefined
}
