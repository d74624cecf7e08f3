/**
 * Writes a file that appears complete or not at all: under a temporary name in the same folder, synced, then renamed.
 *
 * A file that already has the name stays until then. It is kept if writing fails or is interrupted.
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { Effect, type Scope } from "effect"
import { Unwritable } from "./BadInput.ts"

/** A file that is being written. */
export interface Replacement {
  /** Appends text, or bytes. Done when the system has accepted it. */
  readonly write: (text: string | Uint8Array) => Effect.Effect<void, Unwritable>
  /** Gives the file its name. Nothing may be written afterwards. */
  readonly commit: Effect.Effect<void, Unwritable>
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: "no such folder",
  ENOTDIR: "no such folder",
  EACCES: "permission denied",
  EISDIR: "is a directory, not a file",
  ENOSPC: "no space left",
}

const attempt = <A>(file: string, step: () => Promise<A>): Effect.Effect<A, Unwritable> =>
  Effect.tryPromise({
    try: step,
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason"
      return new Unwritable({ file, reason: reasons[code] ?? `cannot be written (${code})`, cause })
    },
  })

/** Begins a file. Unless it is committed, it is deleted when the scope closes. */
export const make = (path: string): Effect.Effect<Replacement, Unwritable, Scope.Scope> => {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`)
  return Effect.map(
    Effect.acquireRelease(
      attempt(path, async () => {
        const there = await fs.stat(path).catch(() => undefined)
        if (there?.isDirectory() === true) throw Object.assign(new Error("directory"), { code: "EISDIR" })
        // Its owner alone may read it, because it may hold what people have said, or a key.
        return fs.open(temporary, "wx", 0o600)
      }),
      (file) =>
        Effect.promise(async () => {
          await file.close().catch(() => undefined)
          await fs.rm(temporary, { force: true }).catch(() => undefined)
        }),
    ),
    (file) => ({
      write: (text) => attempt(path, () => file.appendFile(text)),
      commit: attempt(path, async () => {
        await file.sync()
        await file.close()
        await fs.rename(temporary, path)
      }),
    }),
  )
}
