/**
 * The ledger of a simulation, whatever it is kept in: people in the order of their ids, batch after batch.
 */
import { Effect, type FileSystem, type Scope, type Stdio } from "effect"
import * as PersonBatches from "../../adapters/duckdb/PersonBatches.ts"
import * as EventBatches from "../../adapters/files/EventBatches.ts"
import * as Source from "../../adapters/files/Source.ts"
import * as PersonReader from "../../adapters/sqlite/PersonReader.ts"
import * as Digest from "../../adapters/threads/Digest.ts"
import type { Columns } from "../../core/Columns.ts"
import type { ConsentType } from "../../core/ConsentType.ts"
import type { Summary } from "../../core/Summary.ts"
import { BadQuestion, type Failure, type Plan } from "./Plan.ts"
import type { Progress } from "./Run.ts"

/** People to be folded. */
export interface Batches {
  /** The types that come with the ledger; none where it does not have them. */
  readonly types: ReadonlyArray<ConsentType>
  /** How many events there are; `undefined` where nobody knows yet. */
  readonly events: number | undefined
  /** Waits until it is known. */
  readonly digest: Effect.Effect<Summary["inputs"][number]>
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<Columns | undefined, Failure>
}

const sqlite = "sqlite:"

const openStore = Effect.fnUntraced(function* (url: string, plan: Plan, keepsIds: boolean) {
  if (!url.startsWith(sqlite)) {
    return yield* new BadQuestion({ field: "store", reason: "expected sqlite:PATH: a ledger that is kept in a file" })
  }
  const reader = yield* PersonReader.make(url.slice(sqlite.length), plan.knownAt, keepsIds)
  return { ...reader, digest: Effect.succeed({ name: url, sha256: reader.sha256 }) }
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

const openTable = Effect.fnUntraced(function* (path: string, plan: Plan, keepsIds: boolean) {
  yield* Source.open(path)
  const batches = yield* PersonBatches.make(path, plan.knownAt, keepsIds)
  const digest = yield* Digest.start(path)
  return { ...batches, types: [], digest: Effect.map(digest, (sha256) => ({ name: path, sha256 })) }
})

/** Opens the ledger of a plan. */
export const open = (
  plan: Plan,
  keepsIds: boolean,
  progress: Progress,
): Effect.Effect<Batches, Failure, FileSystem.FileSystem | Stdio.Stdio | Scope.Scope> =>
  plan.input._tag === "Store"
    ? openStore(plan.input.url, plan, keepsIds)
    : PersonBatches.isTable(plan.input.path)
      ? openTable(plan.input.path, plan, keepsIds)
      : openEvents(plan.input.path, plan, keepsIds, progress)
