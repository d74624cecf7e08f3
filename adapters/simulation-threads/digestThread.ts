/**
 * The thread that computes the digest of a file. It reads into one buffer, so that there is no garbage to collect.
 */
import { createHash } from "node:crypto"
import { closeSync, openSync, readSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"

const hash = createHash("sha256")
const block = Buffer.alloc(1024 * 1024)
const file = openSync(workerData, "r")
for (let length = readSync(file, block); length > 0; length = readSync(file, block)) {
  hash.update(block.subarray(0, length))
}
closeSync(file)
parentPort?.postMessage(hash.digest("hex"))
