/**
 * A lock between processes, which ends with the process that holds it.
 *
 * Node has no locks of files, so the lock is that of an empty SQLite database next to the file.
 */
import { chmodSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import { Data, Effect, Schedule } from "effect"
import { KeysUnavailable } from "../../core/ports/Keys.ts"

/** The file of the lock of a file. It stays, because removing it would let two processes hold locks of one name. */
export const pathOf = (path: string): string => `${path}.lock`

/** A lock is held for as long as a small file takes to be written. */
const patience = { schedule: Schedule.spaced("20 millis"), times: 250 }

/** SQLite's code if another connection has the lock: https://sqlite.org/rescode.html#busy. */
const busy = 5

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === busy

/** Takes the lock. Throws at once if another process has it. */
const take = (path: string): DatabaseSync => {
  // Loaded only now, because some versions of Node warn when it is.
  const sqlite = process.getBuiltinModule("node:sqlite")
  const db = new sqlite.DatabaseSync(path, { timeout: 0 })
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Another process has the lock. */
class Busy extends Data.TaggedError("Busy") {}

/** Runs a step while no other process changes the file. What the step throws is converted by `failure`. */
export const hold = <A>(
  path: string,
  step: () => A,
  failure: (error: unknown) => KeysUnavailable,
): Effect.Effect<A, KeysUnavailable> =>
  Effect.try({
    try: () => {
      const db = take(pathOf(path))
      try {
        chmodSync(pathOf(path), 0o600)
        return step()
      } finally {
        db.close()
      }
    },
    catch: (error) => (isBusy(error) ? new Busy() : failure(error)),
  }).pipe(
    Effect.retry({ ...patience, while: ({ _tag }) => _tag === "Busy" }),
    Effect.catchTag("Busy", () => new KeysUnavailable({ reason: `${path}: another process is changing it` })),
  )
