/**
 * The log of erasures of a ledger: a file that must not be kept with the store or its backups.
 */
import { Layer, Option } from "effect"
import * as FileErasureLog from "../adapters/erasure-log/FileErasureLog.ts"
import type { ErasureLog } from "../core/ports/ErasureLog.ts"

/** The variable that names the file. */
export const variable = "ASSENT_ERASURE_LOG"

/** A text as the path of a file; none for an empty one, and for one that ends as only a folder's does. */
export const readPath = (text: string): Option.Option<string> =>
  text === "" || text.endsWith("/") ? Option.none() : Option.some(text)

/** What is said when no file is named. */
export const notNamed =
  `no log of erasures is named (${variable}): if a backup of the store is restored, the people that were erased since ` +
  "come back"

/** The log in the file of a path; no log for `undefined`. */
export const layer = (path: string | undefined): Layer.Layer<never> | Layer.Layer<ErasureLog> =>
  path === undefined ? Layer.empty : FileErasureLog.layer(path)
