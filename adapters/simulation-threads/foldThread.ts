/**
 * The thread of one fold: folds the batches it receives, and sends its totals when it is asked to finish.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as Steps from "../../core/simulation/Steps.ts"
import * as Simulation from "../../core/simulation/Simulation.ts"
import type { FromThread, Task, ToThread } from "./Messages.ts"

const { question, keepsLines }: Task = workerData
const steps = Steps.make(question, question.step)
if (steps === undefined || parentPort === null) throw new Error("a folding thread was started without its task")
const port = parentPort
const fold = Simulation.make(question, steps, keepsLines)

const answer = (message: FromThread): void => port.postMessage(message)

port.on("message", (message: ToThread) => {
  if (message._tag === "Fold") return answer({ _tag: "Folded", text: fold.fold(message.batch) })
  answer({ _tag: "Finished", totals: fold.totals, examples: fold.examples })
  port.close()
})
