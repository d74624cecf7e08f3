/**
 * Reads the ledger of a simulation from a store or a file: people in the order of their ids, batch by batch.
 */
import { Effect, type FileSystem, type Scope, type Stdio } from "effect"
import type { OutOfOrder } from "../../adapters/duckdb/BadTable.ts"
import * as PersonBatches from "../../adapters/duckdb/PersonBatches.ts"
import * as TableFile from "../../adapters/duckdb/TableFile.ts"
import * as EventBatches from "../../adapters/files/EventBatches.ts"
import * as Source from "../../adapters/files/Source.ts"
import * as Digest from "../../adapters/simulation-threads/Digest.ts"
import type { EventColumns } from "../../core/simulation/EventColumns.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import type { Summary } from "../../core/simulation/Summary.ts"
import * as Store from "../Store.ts"
import * as StoreName from "../StoreName.ts"
import { BadQuestion, type Failure, type Plan } from "./Plan.ts"
import type { ReportProgress } from "./SimulationProgress.ts"

/** The events of some people. */
export type Batch = EventColumns | UnsortedEvents

/** How to read a ledger. */
export interface ReadOptions {
  /** Whether the ids of events are needed. */
  readonly keepsIds: boolean
  /** Whether a table is sorted even if it seems to be in order. */
  readonly sorts: boolean
}

/** The batches of a ledger. */
export interface Batches {
  /** The types that the ledger contains; empty if it is a file of events. */
  readonly types: ReadonlyArray<ConsentType>
  /** How many events there are; `undefined` if that is not known in advance. */
  readonly events: number | undefined
  /** The name and SHA-256 of the ledger. Waits until the digest has been computed. */
  readonly digest: Effect.Effect<Summary["inputs"][number]>
  /** The next batch; `undefined` after the last. */
  readonly next: Effect.Effect<Batch | undefined, Failure | OutOfOrder>
  /**
   * Reports that the oldest batch not yet given back has been folded, so that its memory can be used for another batch.
   */
  readonly giveBack?: () => void
}

const loadPostgres = () => import("../../adapters/postgres/PersonReader.ts")
const loadSqlite = () => import("../../adapters/sqlite/PersonReader.ts")

/** A store, and what has named it. */
type NamedStore = Extract<Plan["input"], { readonly _tag: "Store" }>

const openStore = Effect.fnUntraced(function* ({ name, url }: NamedStore, { knownAt }: Plan, keepsIds: boolean) {
  if (!Store.isKept(url)) {
    return yield* new BadQuestion({ field: "store", reason: `expected ${Store.keptForm}: a ledger that is kept` })
  }
  const path = Store.pathOf(url)
  const opening =
    path === undefined
      ? Effect.flatMap(Store.loadAdapter(loadPostgres), ({ make }) => make(url, knownAt, keepsIds))
      : Effect.flatMap(Store.loadAdapter(loadSqlite), ({ make }) => make(path, knownAt, keepsIds))
  const reader = yield* StoreName.inEffect(name, opening)
  return { ...reader, digest: Effect.succeed({ name: Store.redact(url), sha256: reader.sha256 }) }
})

const openEvents = Effect.fnUntraced(function* (path: string, plan: Plan, keepsIds: boolean, report: ReportProgress) {
  const source = yield* Source.open(path)
  const batches = yield* EventBatches.make(source, {
    knownAt: plan.knownAt,
    keepsIds,
    progress: ({ events, bytes }) =>
      report({
        what: "events read",
        done: events,
        share: source.size === undefined ? undefined : bytes / source.size,
      }),
  })
  return { ...batches, types: [], digest: Effect.succeed({ name: source.name, sha256: batches.sha256 }) }
})

const openTable = Effect.fnUntraced(function* (path: string, { knownAt }: Plan, options: ReadOptions) {
  yield* Source.open(path)
  const batches = yield* PersonBatches.make({ file: path, knownAt, ...options })
  const digest = yield* Digest.start(path)
  return { ...batches, types: [], digest: Effect.map(digest, (sha256) => ({ name: path, sha256 })) }
})

/** From this size in bytes, reading the lines with DuckDB is faster. */
const largeBytes = 16 * 1024 * 1024

/**
 * Reads a large file with DuckDB; `undefined` if DuckDB is not installed, the file is small, or a line is not plain.
 */
const openLarge = Effect.fnUntraced(function* (path: string, plan: Plan, options: ReadOptions, report: ReportProgress) {
  if (path === Source.standardInput) return undefined
  const { size } = yield* Source.open(path)
  if (size === undefined || size < largeBytes) return undefined
  yield* report({ what: "events read", done: 0, share: undefined })
  return yield* openTable(path, plan, options).pipe(Effect.catchTag("BadTable", () => Effect.succeed(undefined)))
})

/** Opens the ledger of a plan. */
export const open = Effect.fnUntraced(function* (
  plan: Plan,
  options: ReadOptions,
  report: ReportProgress,
): Effect.fn.Return<Batches, Failure | OutOfOrder, FileSystem.FileSystem | Stdio.Stdio | Scope.Scope> {
  if (plan.input._tag === "Store") return yield* openStore(plan.input, plan, options.keepsIds)
  const { path } = plan.input
  if (TableFile.isTable(path)) return yield* openTable(path, plan, options)
  return (yield* openLarge(path, plan, options, report)) ?? (yield* openEvents(path, plan, options.keepsIds, report))
})
