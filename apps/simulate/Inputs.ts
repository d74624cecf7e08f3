/**
 * The ledger of a simulation, whatever it is kept in: people in the order of their ids, batch after batch.
 */
import { Effect, type FileSystem, type Scope, type Stdio } from "effect"
import type { OutOfOrder } from "../../adapters/duckdb/BadTable.ts"
import * as PersonBatches from "../../adapters/duckdb/PersonBatches.ts"
import * as TableFile from "../../adapters/duckdb/TableFile.ts"
import * as EventBatches from "../../adapters/files/EventBatches.ts"
import * as Source from "../../adapters/files/Source.ts"
import * as PostgresReader from "../../adapters/postgres/PersonReader.ts"
import * as PersonReader from "../../adapters/sqlite/PersonReader.ts"
import * as Digest from "../../adapters/simulation-threads/Digest.ts"
import type { EventColumns } from "../../core/simulation/EventColumns.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import type { Summary } from "../../core/simulation/Summary.ts"
import * as Store from "../Store.ts"
import { BadQuestion, type Failure, type Plan } from "./Plan.ts"
import type { Progress } from "./Run.ts"

/** Some people. */
export type Batch = EventColumns | UnsortedEvents

/** How a ledger is to be read. */
export interface Manner {
  /** Whether somebody will ask for the ids of events. */
  readonly keepsIds: boolean
  /** Whether a table is sorted even where it seems to be in order. */
  readonly sorts: boolean
}

/** People to be folded. */
export interface Batches {
  /** The types that come with the ledger; none where it does not have them. */
  readonly types: ReadonlyArray<ConsentType>
  /** How many events there are; `undefined` where nobody knows yet. */
  readonly events: number | undefined
  /** Waits until it is known. */
  readonly digest: Effect.Effect<Summary["inputs"][number]>
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<Batch | undefined, Failure | OutOfOrder>
  /** The eldest batch that has not been given back has been folded: where its memory can be used again, it is. */
  readonly giveBack?: () => void
}

const openStore = Effect.fnUntraced(function* (url: string, { knownAt }: Plan, keepsIds: boolean) {
  if (!Store.isKept(url)) {
    return yield* new BadQuestion({ field: "store", reason: `expected ${Store.keptForm}: a ledger that is kept` })
  }
  const path = Store.pathOf(url)
  const reader = yield* path === undefined
    ? PostgresReader.make(url, knownAt, keepsIds)
    : PersonReader.make(path, knownAt, keepsIds)
  return { ...reader, digest: Effect.succeed({ name: Store.redact(url), sha256: reader.sha256 }) }
})

const openEvents = Effect.fnUntraced(function* (path: string, plan: Plan, keepsIds: boolean, progress: Progress) {
  const source = yield* Source.open(path)
  const batches = yield* EventBatches.make(source, {
    knownAt: plan.knownAt,
    keepsIds,
    progress: ({ events, bytes }) =>
      progress({
        what: "events read",
        done: events,
        share: source.size === undefined ? undefined : bytes / source.size,
      }),
  })
  return { ...batches, types: [], digest: Effect.succeed({ name: source.name, sha256: batches.sha256 }) }
})

const openTable = Effect.fnUntraced(function* (path: string, { knownAt }: Plan, manner: Manner) {
  yield* Source.open(path)
  const batches = yield* PersonBatches.make({ file: path, knownAt, ...manner })
  const digest = yield* Digest.start(path)
  return { ...batches, types: [], digest: Effect.map(digest, (sha256) => ({ name: path, sha256 })) }
})

/** From this size on, in bytes, it pays to read the lines with DuckDB. */
const largeBytes = 16 * 1024 * 1024

/** The plain lines of a large file, where DuckDB is there and every line is plain; else `undefined`. */
const openLarge = Effect.fnUntraced(function* (path: string, plan: Plan, manner: Manner, progress: Progress) {
  if (path === Source.standardInput) return undefined
  const { size } = yield* Source.open(path)
  if (size === undefined || size < largeBytes) return undefined
  yield* progress({ what: "events read", done: 0, share: undefined })
  return yield* openTable(path, plan, manner).pipe(Effect.catchTag("BadTable", () => Effect.succeed(undefined)))
})

/** Opens the ledger of a plan. */
export const open = Effect.fnUntraced(function* (
  plan: Plan,
  manner: Manner,
  progress: Progress,
): Effect.fn.Return<Batches, Failure | OutOfOrder, FileSystem.FileSystem | Stdio.Stdio | Scope.Scope> {
  if (plan.input._tag === "Store") return yield* openStore(plan.input.url, plan, manner.keepsIds)
  const { path } = plan.input
  if (TableFile.isTable(path)) return yield* openTable(path, plan, manner)
  return (yield* openLarge(path, plan, manner, progress)) ?? (yield* openEvents(path, plan, manner.keepsIds, progress))
})
