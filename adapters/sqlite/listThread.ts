/**
 * The thread that lists events: counting a large ledger takes its time, and must not hold up who asks for an answer.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as EventList from "./EventList.ts"
import type { Asked, Listed } from "./ListReader.ts"
import * as Tables from "./Tables.ts"

const answer = (message: Listed): void => parentPort!.postMessage(message)

const db = Tables.openReader(workerData)
const list = EventList.make(db)

parentPort!.on("message", (asked: Asked | "close") => {
  if (asked === "close") {
    db.close()
    return parentPort!.close()
  }
  try {
    return answer({ number: asked.number, listed: list(asked.project, asked.filter, asked.page) })
  } catch (error) {
    return answer({ number: asked.number, reason: error instanceof Error ? error.message : "the disk failed" })
  }
})
