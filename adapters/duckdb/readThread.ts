/**
 * The thread that reads a table. Not the main thread: every chunk is garbage soon, and the main thread's heap is large.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { FromThread, ToThread } from "./Messages.ts"
import { Disorder, Refusal } from "./Errors.ts"
import * as TableFile from "./TableFile.ts"

if (parentPort === null) throw new Error("a reading thread was started as a program")
const port = parentPort

const answer = async (step: () => Promise<FromThread>): Promise<void> => {
  try {
    port.postMessage(await step())
  } catch (error) {
    if (error instanceof Disorder) return port.postMessage({ _tag: "OutOfOrder" } satisfies FromThread)
    if (!(error instanceof Refusal)) throw error
    port.postMessage({ _tag: "Refused", problems: error.problems } satisfies FromThread)
  }
}

const ending = new AbortController()
let table: TableFile.TableFile | undefined
let underWay = answer(async () => {
  table = await TableFile.open(workerData, ending.signal)
  return { _tag: "Opened", events: table.events }
})

/** Interrupts what is under way, and ends the thread once it has ended. */
const stop = async (): Promise<void> => {
  ending.abort()
  await underWay
  await table?.close()
  port.close()
}

port.on("message", (message: ToThread) => {
  if (message._tag === "GiveBack") return table?.giveBack()
  if (message._tag === "Stop") return void stop()
  underWay = answer(async () => ({ _tag: "Batch", batch: await table?.next() }))
})
