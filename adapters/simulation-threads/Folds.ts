/**
 * One fold a core: batches of people go to the thread that has the least to do, their lines come back in the order in
 * which the batches were handed over, and what was counted is added up at the end.
 *
 * The first batches are folded here, so that a small ledger needs no thread.
 */
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import type { EventColumns } from "../../core/simulation/EventColumns.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import * as Steps from "../../core/simulation/Steps.ts"
import * as Totals from "../../core/simulation/Totals.ts"
import * as Simulation from "../../core/simulation/Simulation.ts"
import type { FromThread, Part, Task, ToThread } from "./Messages.ts"

/** Folds that work side by side. */
export interface Folds {
  /** Hands over a batch: the lines about its people, once they are written. */
  readonly fold: (batch: EventColumns | UnsortedEvents) => Promise<string>
  /** How many batches may be on their way before the next is worth making. */
  readonly ahead: number
  /** What all folds have found. After the last batch is answered, once. */
  readonly finish: Effect.Effect<Part>
}

/** How many batches are folded before threads are started. */
const foldedHere = 2

/** The thread's file stands beside this one: TypeScript in the repository, JavaScript in the package. */
const threadUrl = new URL(import.meta.url.endsWith(".ts") ? "./foldThread.ts" : "./foldThread.js", import.meta.url)

interface Waiting {
  readonly answer: (message: FromThread) => void
  readonly fail: (error: unknown) => void
}

/** A thread, and who waits for its answers. A thread that breaks is a bug, and so is told to all who wait. */
class Thread {
  private readonly worker: Worker
  private readonly waiting: Array<Waiting> = []

  constructor(task: Task) {
    this.worker = new Worker(threadUrl, { workerData: task, name: "assent-fold" })
    this.worker.on("message", (message: FromThread) => this.waiting.shift()?.answer(message))
    this.worker.on("error", (error) => {
      for (const { fail } of this.waiting.splice(0)) fail(error)
    })
  }

  get load(): number {
    return this.waiting.length
  }

  ask(message: ToThread, transfer: ReadonlyArray<ArrayBuffer> = []): Promise<FromThread> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ answer: resolve, fail: reject })
      this.worker.postMessage(message, transfer)
    })
  }

  readonly stop = (): Promise<number> => this.worker.terminate()
}

/** The memory that a batch is handed over with. */
const buffersOf = (batch: EventColumns | UnsortedEvents): ReadonlyArray<ArrayBuffer> =>
  Object.values(batch).flatMap((column) =>
    ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer ? [column.buffer] : [],
  )

/** Starts folding. `steps` are those of the task's question. Threads end when the scope closes. */
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
      const here = Simulation.make(task.question, steps, task.keepsLines)
      let batches = 0

      const fold = async (batch: EventColumns | UnsortedEvents): Promise<string> => {
        if (batches++ < foldedHere) return here.fold(batch)
        while (threads.length < count) threads.push(new Thread(task))
        const idlest = threads.reduce((least, each) => (each.load < least.load ? each : least))
        const answer = await idlest.ask({ _tag: "Fold", batch }, buffersOf(batch))
        return answer._tag === "Folded" ? answer.text : ""
      }

      const finish = Effect.promise(async (): Promise<Part> => {
        const totals = Totals.empty(steps)
        Totals.add(totals, here.totals)
        const examples = [...here.examples]
        for (const answer of await Promise.all(threads.map((thread) => thread.ask({ _tag: "Finish" })))) {
          if (answer._tag !== "Finished") continue
          Totals.add(totals, answer.totals)
          examples.push(...answer.examples)
        }
        return { totals, examples }
      })

      return { fold, ahead: 2 * count + 1, finish }
    },
  )
