/**
 * The thread that lists events: counting a large ledger takes long, and must not block the answers of the main thread.
 */
import { existsSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import * as Connection from "./Connection.ts"
import * as EventList from "./EventList.ts"
import type { ListAnswer, ListRequest } from "./ListReader.ts"

const answer = (message: ListAnswer): void => parentPort!.postMessage(message)

// A ledger that was removed meanwhile is not made again.
if (!existsSync(workerData)) throw new Error("the file was removed")
const db = Connection.openReader(workerData)
const list = EventList.make(db)

parentPort!.on("message", (request: ListRequest | "close") => {
  if (request === "close") {
    db.close()
    return parentPort!.close()
  }
  const { number } = request
  try {
    return answer({ number, page: list(request.project, request.filter, request.page) })
  } catch (error) {
    return answer({ number, reason: error instanceof Error ? error.message : "the disk failed" })
  }
})
