/**
 * Why the keys of a ledger cannot be used, in words, and what to do.
 */
import type { KeysUnavailable } from "../core/ports/Keys.ts"
import type { KeysNeeded } from "./Keys.ts"

/** The variable that names the key file. */
export const variable = "ASSENT_KEYS"

/** What names the key file of a command. */
export const flagOrVariable = `--keys, or ${variable}`

/** Keys that another key file must be named for: a restart does not help. */
const isOtherFile = (reason: string): boolean =>
  /are not the keys of the ledger|(is not a key file|is a folder|no such file)$/.test(reason)

/** Whether the keys cannot be used until another key file is named, so that trying again does not help. */
export const isLasting = (error: KeysNeeded | KeysUnavailable): boolean =>
  error._tag === "KeysNeeded" || isOtherFile(error.message)

/** What mends a key file that is there and cannot be used. */
const remedyOf = (reason: string): string => {
  if (reason.endsWith("permission denied")) {
    return `: let uid ${process.getuid?.() ?? 0} read and write the file and its folder`
  }
  return isOtherFile(reason) ? ": name the key file with which the ledger was made" : ""
}

/** The message of a failure, with what has named the keys, the file if it is known, and what to do. */
export const explain = (error: KeysNeeded | KeysUnavailable, name: string, path?: string): string => {
  if (error._tag === "KeysNeeded") return `${name}: ${error.message}`
  const file = path === undefined || error.message.startsWith(path) ? "" : `${path}: `
  return `${name}: ${file}${error.message}${remedyOf(error.message)}`
}
