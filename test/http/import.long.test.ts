/** `POST consent-events/import` of more bytes than fit into memory. */
import { readFileSync } from "node:fs"
import { request } from "node:http"
import { expect, test } from "vitest"
import { asOwner, privacy, startWorld, yes } from "./world.ts"

const path = `${privacy()}/consent-events/import`
const ndjson = { ...asOwner, "content-type": "application/x-ndjson" }

test("An import of 240 MB takes less memory than that, in a heap of 100 MB.", async () => {
  const small = await startWorld({ NODE_OPTIONS: "--max-old-space-size=100" })
  const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${small.pid}/status`, "utf8"))![1]) / 1024
  const before = peak()
  const padding = "p".repeat(64 * 1024)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const sent = request({ host: "127.0.0.1", port: small.port, method: "POST", path, headers: ndjson }, (answer) => {
    let text = ""
    answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve(JSON.parse(text).recorded))
  }).on("error", reject)
  for (let index = 0; index < 3700; index++) {
    const row = yes({ userId: "large", consentDate: new Date(1e12 + index).toISOString(), padding })
    if (!sent.write(`${JSON.stringify(row)}\n`)) await new Promise((drained) => sent.once("drain", drained))
  }
  sent.end()
  expect(await promise).toBe(3700)
  expect(peak() - before).toBeLessThan(200)
  await small.stop()
})
