/**
 * The thread of the writer: opens it, answers `Ready` or `Failed`, then answers groups of commands in order.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { FromWriter, ToWriter } from "./Command.ts"
import * as FileFault from "./FileFault.ts"
import { NotCurrent } from "./Migrations.ts"
import * as Writer from "./Writer.ts"

const answer = (message: FromWriter): void => parentPort!.postMessage(message)

try {
  const writer = Writer.open(workerData)
  parentPort!.on("message", (message: ToWriter) => {
    if (message._tag === "Group") {
      const outcomes = writer.write(message.commands)
      return answer({ _tag: "Outcomes", outcomes, commitMillis: writer.commitMillis() })
    }
    writer.close()
    parentPort!.close()
  })
  answer({ _tag: "Ready" })
} catch (error) {
  const isUpgradeNeeded = error instanceof NotCurrent && error.kind === "UpgradeNeeded"
  answer({ _tag: "Failed", fault: FileFault.of(workerData, error), isUpgradeNeeded })
  parentPort!.close()
}
