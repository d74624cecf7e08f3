/**
 * Keeps a second service off a SQLite file: two do not know of each other's pending events, so an answer of one could
 * change by an event of the other. Commands may work on the file meanwhile.
 *
 * The lock is that of an empty file next to the ledger. The operating system releases it when its holder ends in any
 * way, so the lock of a killed service is never in the way of the next one.
 */
import { dirname, resolve } from "node:path"
import { Effect, type Scope } from "effect"
import { StoreUnavailable } from "../core/ports/LedgerStore.ts"

/** The ending of the lock's file. It stays, because removing it would let two processes hold locks of one name. */
export const ending = ".server"

/** Two services that start at the same moment may both miss the lock at first, so it is tried for this long. */
const waitMillis = 500

const parts = async () => ({
  Connection: await import("../adapters/sqlite/Connection.ts"),
  FileFault: await import("../adapters/sqlite/FileFault.ts"),
  FileLock: await import("../adapters/support/FileLock.ts"),
  Reader: await import("../adapters/sqlite/Reader.ts"),
})

const refused = (path: string): StoreUnavailable =>
  new StoreUnavailable({
    reason:
      `${path}: another server has this ledger (SQLITE_BUSY): stop it, or give this one a file of its own; ` +
      "several servers share a ledger in PostgreSQL",
  })

/** Holds a file for this service until the scope closes. Fails if another service holds it, or if it cannot be made. */
export const hold = (path: string): Effect.Effect<void, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    // Loaded only for a store that needs them.
    const { Connection, FileFault, FileLock, Reader } = yield* Effect.promise(parts)
    const lock = path + ending
    yield* Reader.opening(path, () => {
      Connection.makeFolder(dirname(resolve(path)))
      FileFault.expectWritable(path)
      Connection.protect(lock)
    })
    yield* Effect.catch(FileLock.hold(lock, waitMillis), (error) =>
      error instanceof FileLock.Held
        ? refused(path)
        : Reader.opening(path, () => {
            throw error
          }),
    )
  })
