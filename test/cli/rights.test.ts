/**
 * The rights of what is written: files that hold personal data or keys are their owner's alone, and so are folders that
 * are made for them, whatever the umask is.
 */
import { chmodSync, chownSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { eventually, folder, start } from "../support/server.ts"
import { workplace } from "./run.ts"

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const withoutUmask = ["sh", "-c", 'umask 0; exec "$@"', "sh"]
const endings = ["", "-wal", "-shm"]

describe("a server", () => {
  const directory = folder()
  const file = join(directory, "made", "here", "ledger.db")
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test("makes its ledger for its owner alone, and the folders, too", async () => {
    const server = await start({ file, under: withoutUmask })
    expect(endings.map((ending) => modeOf(file + ending))).toEqual(["600", "600", "600"])
    expect([join(directory, "made"), join(directory, "made", "here")].map(modeOf)).toEqual(["700", "700"])
    await server.end("SIGTERM")
    await server.stop()
  })

  // Mutant: the rights of an existing file stay.
  test("takes the rights of other users from a ledger of its own, and leaves those of the group", async () => {
    chmodSync(file, 0o664)
    const server = await start({ file, under: withoutUmask })
    expect(endings.map((ending) => modeOf(file + ending))).toEqual(["660", "660", "660"])
    expect(server.log()).not.toContain("chmod")
    await server.end("SIGTERM")
    await server.stop()
  })

  test.runIf(process.getuid?.() === 0)("says once what to do about a ledger of another user", async () => {
    chmodSync(file, 0o644)
    chownSync(file, 12_345, 12_345)
    const server = await start({ file })
    await eventually(() => server.log().includes("chmod"), "the warning is logged")
    expect(modeOf(file)).toBe("644")
    const warnings = server
      .log()
      .split("\n")
      .filter((line) => line.includes("chmod"))
    expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: "warn",
        message: `other users of this machine may read the ledger: chmod o= ${file} ${file}-wal ${file}-shm`,
      },
    ])
    await server.stop()
  })
})

describe("a command", () => {
  const place = workplace()
  const path = (name: string): string => join(place.folder, name)
  const umask = process.umask(0)
  afterAll(() => void process.umask(umask))
  beforeEach(() => void process.umask(0))
  // Mutant: a file is made with the rights that the umask leaves.
  test("writes files for their owner alone: ledgers, exports, rejected rows, differences and reports", async () => {
    place.write("bad.ndjson", "x\n")
    const before = new Set(readdirSync(place.folder))
    const store = ["--store", "sqlite:ledger.db"]
    const window = ["--from", "2026-01-01", "--until", "2026-01-03", "--candidate", "pack:cnil@2020-09"]
    const outcomes = [
      await place.run(["bootstrap", ...store]),
      await place.run(["export", ...store, "--out", "events.ndjson"]),
      await place.run(["import", "bad.ndjson", ...store, "--rejected", "rejected.ndjson"]),
      await place.run(["simulate", ...store, ...window, "--out", "diff.ndjson", "--report", "report.html"]),
      await place.run(["move", "--from", "sqlite:ledger.db", "--to", "sqlite:new/moved.db"]),
    ]
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 2, 0, 0])
    const written = readdirSync(place.folder).filter((name) => !before.has(name))
    const files = ["diff.ndjson", "events.ndjson", "ledger.db", "rejected.ndjson", "report.html"]
    expect(written).toEqual(expect.arrayContaining([...files, "new"]))
    expect(written.map((name) => [name, modeOf(path(name))])).toEqual(
      written.map((name) => [name, name === "new" ? "700" : "600"]),
    )
    expect(modeOf(path("new/moved.db"))).toBe("600")
  })
})
