/**
 * Reads a Parquet or CSV file as batches of people in the order of their ids. A thread of its own reads the file
 * ({@link TableFile}).
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import * as ThreadFile from "../support/ThreadFile.ts"
import { BadTable, OutOfOrder } from "./BadTable.ts"
import type { FromThread, ToThread } from "./Messages.ts"
import type * as TableFile from "./TableFile.ts"

/** A file that is being read. */
export interface PersonBatches extends Pick<TableFile.TableFile, "events" | "giveBack"> {
  /** The next batch of people; `undefined` after the last. */
  readonly next: Effect.Effect<TableFile.Batch | undefined, BadTable | OutOfOrder>
}

const start = (task: TableFile.ReadTask) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const worker = new Worker(ThreadFile.url(import.meta.url, "readThread"), {
        workerData: task,
        name: "assent-read",
      })
      // Resolves with an error if the thread has crashed, which is a bug.
      const ended = new Promise<unknown>((resolve) => worker.once("error", resolve).once("exit", resolve))
      return { worker, ended }
    }),
    // The thread is asked to stop and not terminated, because DuckDB may be running in it.
    ({ worker, ended }) =>
      Effect.promise(() => {
        worker.postMessage({ _tag: "Stop" } satisfies ToThread)
        return ended
      }),
  )

/** Opens a file; fails if it does not have the columns of events. An invalid row is reported when it is reached. */
export const make = Effect.fnUntraced(function* (
  task: Omit<TableFile.ReadTask, "folder">,
): Effect.fn.Return<PersonBatches, BadTable | OutOfOrder, Scope.Scope> {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "assent-duckdb-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  )
  const { worker, ended } = yield* start({ ...task, folder })
  const post = (_tag: ToThread["_tag"]): void => worker.postMessage({ _tag } satisfies ToThread)
  const reply = Effect.callback<FromThread, BadTable | OutOfOrder>((resume) => {
    void ended.then((error) => resume(Effect.die(error)))
    worker.once("message", (message: FromThread) => {
      if (message._tag === "Refused") {
        return resume(Effect.fail(new BadTable({ file: task.file, problems: message.problems })))
      }
      resume(message._tag === "OutOfOrder" ? Effect.fail(new OutOfOrder()) : Effect.succeed(message))
    })
  })
  const opened = yield* reply
  const next = Effect.map(
    Effect.andThen(
      Effect.sync(() => post("Next")),
      reply,
    ),
    (message) => (message._tag === "Batch" ? message.batch : undefined),
  )
  return { events: opened._tag === "Opened" ? opened.events : undefined, next, giveBack: () => post("GiveBack") }
})
