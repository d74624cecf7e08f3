/**
 * The store of a dry run: a SQLite file in a folder for temporary files, gone when the scope closes.
 *
 * SQLite needs its file by name, so a process that is killed leaves it. The folder's name therefore tells the process and
 * its machine, and the next dry run removes the folders of processes that are gone. Only the owner can look into a folder.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import { type Append, LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"

const prefix = "assent-dry-run-"
const nameForm = /^assent-dry-run-([1-9]\d{0,9})-(.+)-[^-]{6}$/

/** Whether no process has an id. One that belongs to somebody else is there. */
const isGone = (id: number): boolean => {
  try {
    process.kill(id, 0)
    return false
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH"
  }
}

/** Removes what dry runs of this machine have left that were killed. What cannot be removed stays. */
const removeLeft = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const [, id, machine] = nameForm.exec(name) ?? []
    if (machine !== hostname() || !isGone(Number(id))) continue
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // Somebody else's, or being removed by another dry run.
    }
  }
}

/** A folder of this process, gone when the scope closes. */
export const folder: Effect.Effect<string, TemporaryFileError, Scope.Scope> = Effect.acquireRelease(
  Effect.try({
    try: () => {
      removeLeft()
      return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-${hostname()}-`))
    },
    catch: (cause) => new TemporaryFileError({ cause }),
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Says of a failure that it is not the ledger's. */
const ofScratch = ({ reason }: StoreUnavailable) =>
  new StoreUnavailable({ reason: `temporary file in ${tmpdir()}: ${reason}; TMPDIR chooses another folder` })

/** An empty store. Where it has no room, that is told of the folder, and not of the ledger. */
export const store: Effect.Effect<LedgerStore["Service"], TemporaryFileError | StoreUnavailable, Scope.Scope> =
  Effect.gen(function* () {
    const layer = SqliteStore.layer(join(yield* folder, "scratch.db"))
    const scratch = Context.get(yield* Effect.mapError(Layer.build(layer), ofScratch), LedgerStore)
    const append = (request: Append) => Effect.mapError(scratch.events.append(request), ofScratch)
    return { ...scratch, events: { ...scratch.events, append } }
  })
