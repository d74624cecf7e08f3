/** ZIP files that are written while they are read: read back by others, the same bytes again, and never too large. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Stream } from "effect"
import fc from "fast-check"
import { expect, test } from "vitest"
import * as ZipStream from "../../core/access-package/ZipStream.ts"
import { unzip } from "../support/unzip.ts"

type Entries = ReadonlyArray<readonly [name: string, parts: ReadonlyArray<Uint8Array>]>

const limits: ZipStream.ZipLimits = { zipped: 1024 ** 3, entry: 2 ** 32 - 2 }
const day = Date.UTC(2026, 10, 30, 23, 59)

const zipped = (entries: Entries, given: Partial<ZipStream.ZipLimits> = {}) =>
  ZipStream.make(
    Stream.fromIterable(entries.map(([name, parts]) => ({ name, content: Stream.fromIterable(parts) }))),
    day,
    { ...limits, ...given },
  )

const bytesOf = async (entries: Entries) => Buffer.concat(await Effect.runPromise(Stream.runCollect(zipped(entries))))

const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 })
const entries = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}(\/[é漢a-z]{1,4})?\.json$/), parts), {
  selector: ([name]) => name,
  maxLength: 5,
})

test("another reader reads each entry back, with its name and its bytes", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (given) => {
      const read = await unzip(await bytesOf(given))
      expect([...read.keys()]).toEqual(given.map(([name]) => name))
      for (const [name, parts] of given) expect(read.get(name)).toEqual(Buffer.concat(parts))
    }),
    { numRuns: 50 },
  )
})

test("the parts in which an entry arrives are not seen in what is read back, and the same parts make the same bytes", async () => {
  const text = Buffer.from("a person's data, ".repeat(40_000))
  const whole = await bytesOf([["a.json", [text]]])
  expect(await bytesOf([["a.json", [text]]])).toEqual(whole)
  const some = Array.from({ length: 10 }, (_, index) => text.subarray(index * 68_000, (index + 1) * 68_000))
  expect((await unzip(await bytesOf([["a.json", some]]))).get("a.json")).toEqual(text)
  expect(whole.length).toBeLessThan(text.length / 50)
})

test("unzip finds nothing wrong", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-zip-"))
  try {
    const file = join(folder, "a.zip")
    writeFileSync(
      file,
      await bytesOf([
        ["a.json", [Buffer.from("{}")]],
        ["files/b.txt", []],
      ]),
    )
    expect(execFileSync("unzip", ["-t", file], { encoding: "utf8" })).toContain("No errors detected")
    expect(execFileSync("unzip", ["-l", file], { encoding: "utf8" })).toContain("2026-11-30 12:00")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("nothing of an entry is read before the bytes of those before it were taken", async () => {
  let read = 0
  const content = Stream.mapEffect(Stream.range(1, 1000), () =>
    Effect.sync(() => (read++, crypto.getRandomValues(new Uint8Array(60_000)))),
  )
  const stream = ZipStream.make(Stream.make({ name: "a", content }), day, limits)
  await Effect.runPromise(Stream.runCollect(Stream.take(stream, 4)))
  expect(read).toBeLessThan(20)
})

test("it fails when the ZIP or an entry becomes too large, and reads no further", async () => {
  let read = 0
  const content = Stream.mapEffect(Stream.range(1, 10_000), () =>
    Effect.sync(() => (read++, crypto.getRandomValues(new Uint8Array(50_000)))),
  )
  for (const given of [{ zipped: 1_000_000 }, { entry: 1_000_000 }]) {
    read = 0
    const stream = ZipStream.make(Stream.make({ name: "a", content }), day, { ...limits, ...given })
    const exit = await Effect.runPromiseExit(Stream.runDrain(stream))
    expect(Exit.isFailure(exit) && String(exit.cause)).toContain("ZipTooLarge")
    expect(read).toBeLessThan(60)
  }
})
