/**
 * Folds of a simulation, one for each CPU core. Each batch of people goes to the thread with the fewest unanswered
 * messages, and the totals of all folds are added up at the end.
 *
 * The first batches are folded in the calling thread, so that a small ledger starts no other thread.
 */
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import * as ThreadFile from "../support/ThreadFile.ts"
import type { EventColumns } from "../../core/simulation/EventColumns.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import * as Steps from "../../core/simulation/Steps.ts"
import * as Totals from "../../core/simulation/Totals.ts"
import * as Simulation from "../../core/simulation/Simulation.ts"
import type { FromThread, Part, Task, ToThread } from "./Messages.ts"

/** Folds that work concurrently. */
export interface Folds {
  /** Folds a batch; resolves to the lines of diff.ndjson about its people. */
  readonly fold: (batch: EventColumns | UnsortedEvents) => Promise<string>
  /** How many unanswered batches keep all threads busy. More would only take up memory. */
  readonly maxPending: number
  /** The results of all folds, added up. To be run once, after every batch has been answered. */
  readonly finish: Effect.Effect<Part>
}

/** How many batches are folded in the calling thread before other threads are started. */
const localBatches = 2

/** A message that has not been answered yet. */
interface Pending {
  readonly answer: (message: FromThread) => void
  readonly fail: (error: unknown) => void
}

/** A thread with its unanswered messages. If it breaks, which is a bug, all of them fail with its error. */
class Thread {
  private readonly worker: Worker
  private readonly pending: Array<Pending> = []

  constructor(task: Task) {
    this.worker = new Worker(ThreadFile.url(import.meta.url, "foldThread"), { workerData: task, name: "assent-fold" })
    this.worker.on("message", (message: FromThread) => this.pending.shift()?.answer(message))
    this.worker.on("error", (error) => {
      for (const { fail } of this.pending.splice(0)) fail(error)
    })
  }

  get load(): number {
    return this.pending.length
  }

  ask(message: ToThread, transfer: ReadonlyArray<ArrayBuffer> = []): Promise<FromThread> {
    return new Promise((resolve, reject) => {
      this.pending.push({ answer: resolve, fail: reject })
      this.worker.postMessage(message, transfer)
    })
  }

  readonly stop = (): Promise<number> => this.worker.terminate()
}

/** The buffers of a batch, which are transferred to the thread instead of copied. */
const buffersOf = (batch: EventColumns | UnsortedEvents): ReadonlyArray<ArrayBuffer> =>
  Object.values(batch).flatMap((column) =>
    ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer ? [column.buffer] : [],
  )

/**
 * Makes at most `count` threads in addition to the local fold. `steps` are those of the task's question. Threads end
 * when the scope closes.
 */
export const make = (
  task: Task,
  steps: Steps.Steps,
  count: number = availableParallelism(),
): Effect.Effect<Folds, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): Array<Thread> => []),
      (threads) => Effect.promise(() => Promise.all(threads.map((thread) => thread.stop()))),
    ),
    (threads) => {
      const local = Simulation.make(task.question, steps, task.keepsLines)
      let batches = 0

      const fold = async (batch: EventColumns | UnsortedEvents): Promise<string> => {
        if (batches++ < localBatches) return local.fold(batch)
        while (threads.length < count) threads.push(new Thread(task))
        const leastBusy = threads.reduce((least, each) => (each.load < least.load ? each : least))
        const answer = await leastBusy.ask({ _tag: "Fold", batch }, buffersOf(batch))
        return answer._tag === "Folded" ? answer.text : ""
      }

      const finish = Effect.promise(async (): Promise<Part> => {
        const totals = Totals.empty(steps)
        Totals.add(totals, local.totals)
        const examples = [...local.examples]
        for (const answer of await Promise.all(threads.map((thread) => thread.ask({ _tag: "Finish" })))) {
          if (answer._tag !== "Finished") continue
          Totals.add(totals, answer.totals)
          examples.push(...answer.examples)
        }
        return { totals, examples }
      })

      return { fold, maxPending: 2 * count + 1, finish }
    },
  )
