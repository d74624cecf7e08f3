/**
 * The log of erasures of a ledger: a file that must not be kept with the store or its backups.
 */
import { accessSync, constants, statSync } from "node:fs"
import { dirname } from "node:path"
import { Data, Effect, Layer, Option } from "effect"
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

/** A path at which no log can be. The message names what it was named with, and says what to do. */
export class BadErasureLogPath extends Data.TaggedError("BadErasureLogPath")<{ readonly message: string }> {}

const both = constants.R_OK | constants.W_OK

/** Throws the error of the system if a file or a folder may not be read and written. */
const access = (path: string): void => accessSync(path, both)

/** What is wrong with a path, and what to do; `undefined` if a log can be there. */
const faultOf = (path: string): string | undefined => {
  const folder = statSync(dirname(path), { throwIfNoEntry: false })
  if (folder?.isDirectory() !== true) return "there is no such folder: make the folder, or name another file"
  const file = statSync(path, { throwIfNoEntry: false })
  if (file?.isDirectory() === true) return "this is a folder: name a file in it"
  access(dirname(path))
  if (file !== undefined) access(path)
  return undefined
}

const causeOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown"
  if (code === "ENOTDIR") return "there is no such folder: make the folder, or name another file"
  return code === "EACCES" || code === "EPERM"
    ? "no permission: let this user read and write the file and its folder, or name another file"
    : `it cannot be read and written (${code}): mend the cause, or name another file`
}

const check = (path: string, name: string): Effect.Effect<void, BadErasureLogPath> =>
  Effect.try({ try: () => faultOf(path), catch: causeOf }).pipe(
    Effect.catch((cause) => Effect.succeed(cause)),
    Effect.flatMap((fault) =>
      fault === undefined ? Effect.void : Effect.fail(new BadErasureLogPath({ message: `${name}: ${path}: ${fault}` })),
    ),
  )

/** The log in the file of a path; no log for `undefined`. `name` is what the path was named with, for messages. */
export const layer = (
  path: string | undefined,
  name: string,
): Layer.Layer<never> | Layer.Layer<ErasureLog, BadErasureLogPath> =>
  path === undefined
    ? Layer.empty
    : FileErasureLog.layer(path).pipe(Layer.provide(Layer.effectDiscard(check(path, name))))
