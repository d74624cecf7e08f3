/**
 * The command as a process: memory, temporary files, signals, pipes.
 */
import { createWriteStream } from "node:fs"
import { join } from "node:path"
import { once } from "node:events"
import { beforeAll, expect, it } from "vitest"
import { times } from "../support/long.ts"
import { line, workplace } from "./run.ts"

const place = workplace()
const people = times(100_000, 300_000)

beforeAll(async () => {
  const file = createWriteStream(join(place.folder, "many.ndjson"))
  for (let index = 0; index < people; index++) {
    const person = ((index * 7_919) % people).toString(16).padStart(12, "0")
    const text = line({
      id: `018f3a2b-0000-7000-8000-${person}`,
      concordId: `018f3a2b-0000-7000-9000-${person}`,
      consentType: "018f3a2b-0000-7000-a000-000000000001",
    })
    if (!file.write(`${text}\n`)) await once(file, "drain")
  }
  file.end()
  await once(file, "finish")
})

// With all 300,000 events in memory (an endless `runWeight`) the process ends with "heap out of memory", also at 112
// MB.
it("decides in bounded memory, every event a new person, and leaves no file behind", async () => {
  const { code, stdout, stderr } = await place.runProcess(["decisions", "--events", "many.ndjson"], {
    nodeFlags: ["--max-old-space-size=64", "--max-semi-space-size=2"],
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  const lines = stdout.split("\n")
  expect(lines.length - 1).toBe(people)
  expect(lines[0]).toContain("-000000000000")
  expect(lines[people - 1]).toContain((people - 1).toString(16))
  expect(place.temporaryFiles()).toEqual([])
})

it.each(["SIGINT", "SIGTERM"] as const)("ends with 130 at %s, and leaves no file behind", async (signal) => {
  const child = place.start(["decisions", "--events", "-"])
  child.stdin?.on("error", () => undefined)
  for (let index = 0; index < 100_000; index++)
    child.stdin?.write(`${line({ id: `e${index}`, concordId: `p${index}` })}\n`)
  // This is far more than a pipe holds, so once it is written, the command is reading.
  await new Promise((resolve) => child.stdin?.write("\n", resolve))
  child.kill(signal)
  const [code] = await once(child, "exit")
  expect(code).toBe(130)
  expect(place.temporaryFiles()).toEqual([])
})

it("ends quietly when the reader of its output has had enough", async () => {
  const child = place.start(["decisions", "--events", "many.ndjson"])
  let stderr = ""
  child.stderr?.on("data", (chunk) => (stderr += chunk))
  child.stdout?.once("data", () => child.stdout?.destroy())
  const [code] = await once(child, "close")
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(place.temporaryFiles()).toEqual([])
})

it("ends with the right exit code where its standard error is closed", async () => {
  const store = `sqlite:${join(place.folder, "unread.db")}`
  await place.run(["bootstrap", "--store", store])
  const child = place.start(["import", "--restore", "-", "--store", store])
  child.stderr?.destroy()
  child.stdin?.end('{"id":"not one"}\n'.repeat(3000))
  const [code] = await once(child, "exit")
  expect(code).toBe(2)
})

it("says when there is no room for the temporary file", async () => {
  const { code, stdout, stderr } = await place.run(["decisions", "--events", "many.ndjson"], {
    env: { TMPDIR: join(place.folder, "nowhere") },
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
  expect(stderr).toMatch(/^error: temporary file in .*nowhere: no such folder; TMPDIR chooses another folder\n$/)
})
