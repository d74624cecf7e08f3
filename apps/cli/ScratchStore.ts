/**
 * The store of a dry run: a SQLite file in a temporary folder, which is removed when the scope closes.
 *
 * SQLite needs its file by name, so a process that is killed leaves it. The folder's name therefore contains the id of
 * the process and the name of its machine, and the next dry run removes the folders of processes that no longer run.
 * Only its owner can read a folder.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import { TemporaryFileError } from "../../adapters/files/ExternalSort.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { type Append, LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"

const prefix = "assent-dry-run-"
const nameForm = /^assent-dry-run-([1-9]\d{0,9})-(.+)-[^-]{6}$/

/** Whether no process has this id. A process of another user exists, although it cannot be signalled. */
const isGone = (id: number): boolean => {
  try {
    process.kill(id, 0)
    return false
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH"
  }
}

/** Removes the folders of killed dry runs on this machine. A folder that cannot be removed is left. */
const removeAbandoned = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const [, id, machine] = nameForm.exec(name) ?? []
    if (machine !== hostname() || !isGone(Number(id))) continue
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // It belongs to another user, or another dry run is removing it.
    }
  }
}

/** Makes a folder of this process, which is removed when the scope closes. */
export const folder: Effect.Effect<string, TemporaryFileError, Scope.Scope> = Effect.acquireRelease(
  Effect.try({
    try: () => {
      removeAbandoned()
      return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-${hostname()}-`))
    },
    catch: (cause) => new TemporaryFileError({ cause }),
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Converts a failure, so that its message names the temporary folder and not the ledger. */
const inTemporaryFolder = ({ reason }: StoreUnavailable | UpgradeNeeded) =>
  new StoreUnavailable({ reason: `temporary file in ${tmpdir()}: ${reason}; TMPDIR chooses another folder` })

/** An empty store. If the disk is full, its error names the temporary folder and not the ledger. */
export const store: Effect.Effect<LedgerStore["Service"], TemporaryFileError | StoreUnavailable, Scope.Scope> =
  Effect.gen(function* () {
    const layer = SqliteStore.layer(join(yield* folder, "scratch.db"))
    const temporary = Context.get(yield* Effect.mapError(Layer.build(layer), inTemporaryFolder), LedgerStore)
    const append = (request: Append) => Effect.mapError(temporary.events.append(request), inTemporaryFolder)
    return { ...temporary, events: { ...temporary.events, append } }
  })
