/**
 * The thread that reads a table. It is not the main thread, because every chunk soon becomes garbage and collecting it
 * is slow in the main thread's large heap.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { FromThread, ToThread } from "./Messages.ts"
import { OutOfOrderError, BadTableError } from "./Errors.ts"
import * as TableFile from "./TableFile.ts"

if (parentPort === null) throw new Error("a reading thread was started as a program")
const port = parentPort

const answer = async (step: () => Promise<FromThread>): Promise<void> => {
  try {
    port.postMessage(await step())
  } catch (error) {
    if (error instanceof OutOfOrderError) return port.postMessage({ _tag: "OutOfOrder" } satisfies FromThread)
    if (!(error instanceof BadTableError)) throw error
    port.postMessage({ _tag: "Refused", problems: error.problems } satisfies FromThread)
  }
}

const stopping = new AbortController()
let table: TableFile.TableFile | undefined
let running = answer(async () => {
  table = await TableFile.open(workerData, stopping.signal)
  return { _tag: "Opened", events: table.events }
})

/** Interrupts the running step, and ends the thread after it has ended. */
const stop = async (): Promise<void> => {
  stopping.abort()
  await running
  await table?.close()
  port.close()
}

port.on("message", (message: ToThread) => {
  if (message._tag === "GiveBack") return table?.giveBack()
  if (message._tag === "Stop") return void stop()
  running = answer(async () => ({ _tag: "Batch", batch: await table?.next() }))
})
