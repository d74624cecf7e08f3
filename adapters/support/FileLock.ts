/**
 * A lock that processes share by a file. It is SQLite's lock of a database file that stays empty, because the operating
 * system releases it when its holder ends in any way, so that no lock is left over from a crash.
 *
 * The file stays in its folder. On a network file system it needs locks of POSIX, as NFS version 4 has them.
 */
import { DatabaseSync } from "node:sqlite"
import { Effect, type Scope } from "effect"

/** How long an attempt waits before the next one, in milliseconds. */
const pauseMillis = 5

/** The primary code of SQLite's errors of a lock that another connection holds. */
const busy = 5

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === busy

/** Another process holds the lock. */
export class Held extends Error {
  override readonly message = "another process holds its lock for too long"
}

/** Takes the lock; `undefined` if another connection holds it. Throws if the file cannot be opened. */
const tryOpen = (path: string): DatabaseSync | undefined => {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    db.exec("BEGIN EXCLUSIVE")
    return db
  } catch (error) {
    db.close()
    if (isBusy(error)) return undefined
    throw error
  }
}

/**
 * Holds the lock of a file until the scope closes. Fails with the error of the system, or with {@link Held} after
 * `waitMillis`.
 */
export const hold = (path: string, waitMillis: number): Effect.Effect<void, unknown, Scope.Scope> => {
  const attempt = (left: number): Effect.Effect<DatabaseSync, unknown> =>
    Effect.flatMap(Effect.try({ try: () => tryOpen(path), catch: (error) => error }), (db) => {
      if (db !== undefined) return Effect.succeed(db)
      if (left <= 0) return Effect.fail(new Held())
      return Effect.andThen(Effect.sleep(pauseMillis), attempt(left - pauseMillis))
    })
  return Effect.asVoid(Effect.acquireRelease(attempt(waitMillis), (db) => Effect.sync(() => db.close())))
}
