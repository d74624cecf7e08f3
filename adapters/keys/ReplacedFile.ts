/**
 * Replaces a file as a whole, so that it has the old or the new content after a loss of power, and overwrites the old
 * content on the disk, because it may hold a key that was destroyed.
 */
import { randomBytes } from "node:crypto"
import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { basename, dirname, join } from "node:path"

/** Only the owner may read and write it, whatever the umask is. */
const mode = 0o600

/** Syncs the names of the files in the folder of a file to the disk. */
const syncFolder = (path: string): void => {
  const folder = openSync(dirname(path), "r")
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Writes zeros over the content of a file that no longer has a name. */
const overwrite = (file: number): void => {
  writeSync(file, Buffer.alloc(fstatSync(file).size), undefined, undefined, 0)
  fsyncSync(file)
}

const openIfThere = (path: string): number | undefined => {
  try {
    return openSync(path, "r+")
  } catch {
    return undefined
  }
}

/** Writes a new file of a temporary name next to `path`. Returns its path. */
const writeTemporary = (path: string, text: string): string => {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`)
  const file = openSync(temporary, "wx", mode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  return temporary
}

/** Gives a file this content, and makes it if it does not exist. Throws if that fails; the old content then stays. */
export const write = (path: string, text: string): void => {
  const before = openIfThere(path)
  try {
    const temporary = writeTemporary(path, text)
    try {
      renameSync(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
    syncFolder(path)
    if (before !== undefined) overwrite(before)
  } finally {
    if (before !== undefined) closeSync(before)
  }
}
