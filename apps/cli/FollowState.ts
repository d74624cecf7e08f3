/**
 * The state of `assent follow`: a file with the mark after what was written, so that a next run goes on there.
 */
import { readFile, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { Effect } from "effect"
import { CliError } from "effect/cli"
import type { Unwritable } from "../../adapters/files/BadInput.ts"
import * as Replacement from "../../adapters/files/Replacement.ts"

/** The longest content of a state, in characters; a mark of 4096 lanes is shorter. */
const maxLength = 200_000

const refuse = (path: string, what: string) =>
  Effect.fail(new CliError.ValidationError({ message: `--state: ${path}: ${what}` }))

/** The mark of a file; `undefined` if there is no file. */
export const read = Effect.fnUntraced(function* (path: string) {
  const text = yield* Effect.promise(() =>
    readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : error)),
  )
  if (text === undefined) return undefined
  if (typeof text !== "string") return yield* refuse(path, `cannot be read (${text.code ?? "unknown reason"})`)
  const mark = text.trim()
  return text.length <= maxLength && /^[\w-]+$/.test(mark)
    ? mark
    : yield* refuse(path, "is no state of assent follow: name another file, or take it away to begin at --after")
})

/** Fails if a state cannot be kept where the file is to be, before anything is written. */
export const check = Effect.fnUntraced(function* (path: string) {
  const folder = yield* Effect.promise(() =>
    stat(dirname(path)).then(
      (found) => found.isDirectory(),
      () => false,
    ),
  )
  if (!folder) return yield* refuse(path, "there is no such folder: make the folder, or name another file")
})

/** Keeps a mark durably: the file has the mark before or this one. */
export const write = (path: string, mark: string): Effect.Effect<void, Unwritable> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* Replacement.make(path)
      yield* file.write(`${mark}\n`)
      yield* file.commit
    }),
  )
