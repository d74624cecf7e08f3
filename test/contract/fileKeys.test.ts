/**
 * Keys in a file: its rights, its content after changes of several processes, and files that cannot be used.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { Effect, Result } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import * as FileKeys from "../../adapters/keys/FileKeys.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-key-file-"))
afterAll(() => rmSync(folder, { recursive: true }))

const run = Effect.runPromise
let made = 0
const place = (): string => {
  const own = join(folder, String(made++))
  mkdirSync(own)
  return join(own, "assent.keys")
}
const newFile = async (): Promise<string> => {
  const path = place()
  expect(await run(FileKeys.create(path))).toBe("made")
  return path
}
const key = new Uint8Array(32).fill(7)

/** The reason why keys cannot be used. */
const reasonOf = async (path: string): Promise<string> => {
  const outcome = await run(Effect.result(FileKeys.make(path).epoch))
  return Result.isFailure(outcome) ? outcome.failure.reason : "none"
}

describe("the file", () => {
  test("only its owner may read it, whatever the umask is", async () => {
    const before = process.umask(0)
    const path = await newFile()
    process.umask(before)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(path, "..")).toSorted()).toEqual(["assent.keys", "assent.keys.lock"])
  })

  test("it is never made again where one is, also one that is not a key file", async () => {
    const path = await newFile()
    const content = readFileSync(path, "utf8")
    expect(await run(FileKeys.create(path))).toBe("exists")
    expect(readFileSync(path, "utf8")).toBe(content)
    const other = place()
    writeFileSync(other, "")
    expect(await run(FileKeys.create(other))).toBe("exists")
    expect(await reasonOf(other)).toBe(`${other}: is not a key file`)
  })

  test("no key of a destroyed epoch is in it, nor is a temporary file left", async () => {
    const path = await newFile()
    const keys = FileKeys.make(path)
    const before: { epochs: ReadonlyArray<{ key: string }> } = JSON.parse(readFileSync(path, "utf8"))
    await run(keys.begin(Date.now(), Number.MAX_SAFE_INTEGER))
    await run(keys.destroy(1, Date.now()))
    const after = readFileSync(path, "utf8")
    expect(after).not.toContain(before.epochs[0]!.key)
    expect(JSON.parse(after).epochs.map((epoch: object) => Object.keys(epoch))).toEqual([
      ["number", "beganAt", "destroyedAt"],
      ["number", "beganAt", "key"],
    ])
    expect(readdirSync(join(path, "..")).toSorted()).toEqual(["assent.keys", "assent.keys.lock"])
  })

  test("it is read again when another process has changed it", async () => {
    const path = await newFile()
    const [mine, other] = [FileKeys.make(path), FileKeys.make(path)]
    expect(await run(mine.epoch)).toBe(1)
    await run(other.begin(Date.now(), Number.MAX_SAFE_INTEGER))
    await setImmediate()
    expect(await run(mine.epoch)).toBe(2)
    expect(await run(mine.unwrap(2, await run(other.wrap(2, key))))).toEqual(Buffer.from(key))
  })

  test("changes of several processes at the same time are all kept", async () => {
    const path = await newFile()
    const module = fileURLToPath(new URL("../../adapters/keys/FileKeys.ts", import.meta.url))
    const script = `import { Effect } from "effect"; import * as FileKeys from ${JSON.stringify(module)}
      const keys = FileKeys.make(${JSON.stringify(path)})
      for (let n = 0; n < 10; n++) await Effect.runPromise(keys.begin(Date.now(), Number.MAX_SAFE_INTEGER))`
    const processes = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "inherit"] }),
    )
    const codes = await Promise.all(processes.map((each) => once(each, "exit")))
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0])
    expect(await run(FileKeys.make(path).epoch)).toBe(31)
  })
})

describe("a file that cannot be used is named, with the reason", () => {
  test("one that is not there", async () => {
    const path = place()
    expect(await reasonOf(path)).toBe(`${path}: no such file`)
  })

  test("one that is removed while the keys are used; and it is used again when it is back", async () => {
    const path = await newFile()
    const content = readFileSync(path)
    const keys = FileKeys.make(path)
    const wrapped = await run(keys.wrap("root", key))
    rmSync(path)
    await setImmediate()
    expect(await run(Effect.flip(keys.unwrap("root", wrapped)))).toMatchObject({ reason: `${path}: no such file` })
    writeFileSync(path, content)
    expect(await run(keys.unwrap("root", wrapped))).toEqual(Buffer.from(key))
  })

  test.skipIf(process.getuid?.() === 0)("one that may not be read", async () => {
    const path = await newFile()
    chmodSync(path, 0)
    expect(await reasonOf(path)).toBe(`${path}: permission denied`)
  })

  test.each([
    ["nothing", ""],
    ["another format", "{}"],
    ["a later version", '{"version":2}'],
    ["cut off", '{"version":1,"root":"'],
    [
      "a short key",
      `{"version":1,"root":"${"A".repeat(42)}","epochs":[{"number":1,"beganAt":"2026-01-01T00:00:00.000Z","key":"${"A".repeat(43)}"}]}`,
    ],
    ["no epoch", `{"version":1,"root":"${"A".repeat(43)}","epochs":[]}`],
    [
      "a gap",
      `{"version":1,"root":"${"A".repeat(43)}","epochs":[{"number":2,"beganAt":"2026-01-01T00:00:00.000Z","key":"${"A".repeat(43)}"}]}`,
    ],
    [
      "no latest key",
      `{"version":1,"root":"${"A".repeat(43)}","epochs":[{"number":1,"beganAt":"2026-01-01T00:00:00.000Z","destroyedAt":"2026-01-01T00:00:00.000Z"}]}`,
    ],
  ])("one that holds %s", async (_, content) => {
    const path = place()
    writeFileSync(path, content)
    const reason = await reasonOf(path)
    expect(reason).toBe(`${path}: is not a key file`)
    expect(await run(Effect.flip(FileKeys.make(path).begin(0, 1)))).toMatchObject({ reason })
    expect(readFileSync(path, "utf8")).toBe(content)
  })

  test("one in a folder where no file can be made", async () => {
    expect(await run(Effect.flip(FileKeys.create("/proc/assent.keys")))).toMatchObject({ _tag: "KeysUnavailable" })
  })
})
