/**
 * Why the file of a ledger cannot be opened, in words, and what to do.
 *
 * SQLite says no more than "unable to open database file", so the file system is asked: for the file, its folder, and
 * the rights of the user of this process.
 */
import { accessSync, constants, existsSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { NotCurrent } from "./Migrations.ts"

/** A fault of opening a ledger. */
export interface FileFault {
  /** The path, the cause with its code, and what mends it. */
  readonly reason: string
  /** Whether the same attempt cannot succeed later: the path, its rights or its content must be changed first. */
  readonly isLasting: boolean
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

/** SQLite's primary result code, https://sqlite.org/rescode.html; `undefined` for an error of another part. */
const resultOf = (error: unknown): number | undefined =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined

/** Whether SQLite opened a file for reading alone, because this user may not write to it. */
export const isReadOnly = (error: unknown): boolean => resultOf(error) === 8

/** A path as a word of a shell. */
const word = (path: string): string =>
  /^[\w./@:+,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`

const uid = (): number => process.getuid?.() ?? 0

/** The error of the system if this user may not read and write a file, or a folder; `undefined` if it may. */
const denied = (path: string): string | undefined => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return codeOf(error) ?? "EACCES"
  }
}

/** The command that gives this user the rights to a file or a folder. */
const granting = (path: string, rights: string): string =>
  statSync(path).uid === uid() ? `chmod u+${rights} ${word(path)}` : `sudo chown ${uid()} ${word(path)}`

const readOnlyDisk = "the file system is read-only (EROFS): mount it writable, or name another path"

/** The nearest folder above a path that exists. */
const above = (path: string): string => (existsSync(path) ? path : above(dirname(path)))

/** Why a folder that does not exist cannot be made. */
const faultOfMissing = (folder: string, code: string | undefined): string => {
  const nearest = above(folder)
  if (code === "EROFS") return readOnlyDisk
  if (!statSync(nearest).isDirectory()) {
    return `${nearest} is a file and no folder (ENOTDIR): name a path in a folder`
  }
  const isDenied = denied(nearest) !== undefined
  return isDenied
    ? `uid ${uid()} may not make its folder in ${nearest} (EACCES): sudo install -d -m 700 -o ${uid()} ${word(folder)}`
    : `its folder cannot be made (${code ?? "ENOENT"}): name another path`
}

/** What is wrong with a file, its companions or its folder; `undefined` if this user may read and write all of them. */
const faultOfPlace = (path: string, code: string | undefined): string | undefined => {
  const folder = dirname(resolve(path))
  if (!existsSync(folder)) return faultOfMissing(folder, code)
  if (!statSync(folder).isDirectory()) return faultOfMissing(path, code)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    return `this is a folder (EISDIR): name a file in it, such as sqlite:${path.replace(/\/$/, "")}/assent.db`
  }
  const files = ["", "-wal", "-shm"].map((ending) => path + ending).filter((file) => existsSync(file))
  for (const file of files) {
    const fault = denied(file)
    if (fault === "EROFS") return readOnlyDisk
    if (fault !== undefined) return `uid ${uid()} may not read and write ${file} (${fault}): ${granting(file, "rw")}`
  }
  const fault = denied(folder)
  if (fault === "EROFS") return readOnlyDisk
  return fault === undefined
    ? undefined
    : `uid ${uid()} may not write to the folder ${folder} (${fault}), where SQLite keeps its log: ${granting(folder, "rwx")}`
}

/** The cause of a result code, and whether it lasts. */
const faultOfResult = (result: number | undefined, path: string): [cause: string, isLasting: boolean] | undefined => {
  switch (result) {
    case 5:
    case 6:
      return [
        `another process has locked it (SQLITE_BUSY): end that process, which fuser -v ${word(path)} shows`,
        false,
      ]
    case 10:
      return ["the disk failed (SQLITE_IOERR): check the disk, and then the ledger with assent verify", false]
    case 11:
      return ["the database disk image is malformed (SQLITE_CORRUPT): restore a backup", true]
    case 13:
      return ["the disk is full (SQLITE_FULL): make space on it", false]
    case 26:
      return ["the file is not a database (SQLITE_NOTADB): name a ledger, or a file that does not exist yet", true]
    default:
      return undefined
  }
}

/** Throws the error of the system if this user may not read and write a file that is there. */
export const expectWritable = (path: string): void => {
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
}

/** The reason where a ledger is expected and no file is. */
export const missing = (path: string): string =>
  `${path}: no such file: name a ledger that is there; only a new one is made by assent bootstrap`

/** The system's codes of faults that pass without a change of the path or its rights. */
const passing: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE"])

/** The fault of a file that could not be opened with an error. */
export const of = (path: string, error: unknown): FileFault => {
  const because = (cause: string, isLasting: boolean): FileFault => ({ reason: `${path}: ${cause}`, isLasting })
  if (error instanceof NotCurrent) return because(error.reason, true)
  const [cause, isLasting] = faultOfResult(resultOf(error), path) ?? []
  if (cause !== undefined && isLasting !== undefined) return because(cause, isLasting)
  const code = codeOf(error)
  if (passing.has(code)) return because(`the disk cannot keep it (${code}): make space on it, or check it`, false)
  try {
    const place = faultOfPlace(path, code)
    if (place !== undefined) return because(place, true)
  } catch (other) {
    // A folder above it may not be looked into.
    return because(`uid ${uid()} may not look into its folder (${codeOf(other) ?? "EACCES"}): name another path`, true)
  }
  return because(error instanceof Error ? error.message : "the disk failed", false)
}
