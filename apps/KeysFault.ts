/**
 * Why the keys of a ledger cannot be used, in words, and what to do.
 */
import type { KeysUnavailable } from "../core/ports/Keys.ts"
import type { KeysNeeded } from "./Keys.ts"

/** The variable that names the key file. */
export const variable = "ASSENT_KEYS"

/** What names the key file of a command. */
export const flagOrVariable = `--keys, or ${variable}`

/** What mends a key file that is there and cannot be used. */
const remedyOf = (reason: string): string => {
  if (reason.endsWith("permission denied")) {
    return `: let uid ${process.getuid?.() ?? 0} read and write the file and its folder`
  }
  return /are not the keys of the ledger|(is not a key file|is a folder|no such file)$/.test(reason)
    ? ": name the key file with which the ledger was made"
    : ""
}

/** The message of a failure, with what has named the keys and what to do. */
export const explain = (error: KeysNeeded | KeysUnavailable, name: string): string =>
  `${name}: ${error.message}${error._tag === "KeysNeeded" ? "" : remedyOf(error.message)}`
