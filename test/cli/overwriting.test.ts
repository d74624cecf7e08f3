/**
 * An output never overwrites the ledger or an input, under any of their names: it is refused before anything is opened.
 */
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import * as Overwriting from "../../apps/Overwriting.ts"
import { simulate } from "../../apps/simulate/index.ts"
import { workplace } from "./run.ts"

const { folder, run, write } = workplace()
const path = (name: string): string => join(folder, name)

beforeAll(async () => {
  const { code } = await run(["bootstrap", "--store", "sqlite:x.db"])
  expect(code).toBe(0)
  mkdirSync(path("inner"))
  symlinkSync(path("inner"), path("folder-link"))
  symlinkSync(path("x.db"), path("link.db"))
  linkSync(path("x.db"), path("hard.db"))
  write("rows.ndjson", "\n")
  write("map.json", "{}")
})

/** Every file of the folder with its content. */
const everything = () =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => [name, readFileSync(path(name)).toString("base64")])
    .toSorted()

describe("an output is refused", () => {
  const store = { name: "--store", at: `sqlite:${path("x.db")}` }
  const theStore = "is the file that --store names"
  const part = "is part of the ledger that --store names"

  test.each([
    ["that is the ledger", "x.db", theStore],
    ["that is the ledger in another spelling", "inner/../x.db", theStore],
    ["that is the ledger by a symbolic link", "link.db", theStore],
    ["that is the ledger by a hard link", "hard.db", theStore],
    ["that is the ledger's log, there or not", "x.db-wal", part],
    ["that is the index of the ledger's log", "./x.db-shm", part],
    ["that is the ledger's journal", "x.db-journal", part],
  ])("%s", (_what, name, reason) => {
    const outputs = [{ name: "--out", at: `${folder}/${name}` }]
    expect(Overwriting.find({ outputs, inputs: [], store })).toEqual({ output: "--out", reason })
  })

  test("that is the log of a ledger whose URL names a link: SQLite keeps it next to the file", () => {
    const outputs = [{ name: "--out", at: path("x.db-wal") }]
    const linked = { name: "--store", at: `sqlite:${path("link.db")}` }
    expect(Overwriting.find({ outputs, inputs: [], store: linked })?.reason).toBe(part)
  })

  test("that is an input, or an output before it, which need not be there yet", () => {
    const find = (first: string, second: string) =>
      Overwriting.find({
        outputs: [
          { name: "--out", at: path(first) },
          { name: "--report", at: path(second) },
        ],
        inputs: [
          { name: "--types", at: undefined },
          { name: "--events", at: path("rows.ndjson") },
        ],
      })
    expect(find("rows.ndjson", "b")).toEqual({ output: "--out", reason: "is the file that --events names" })
    expect(find("a", "rows.ndjson")).toEqual({ output: "--report", reason: "is the file that --events names" })
    const outTwice = { output: "--report", reason: "is the file that --out names" }
    expect(find("a", "a")).toEqual(outTwice)
    expect(find("inner/a", "folder-link/a")).toEqual(outTwice)
    expect(find("a", "b")).toBeUndefined()
  })

  test("only if it is the same file as the ledger, an input or another output", () => {
    const outputs = ["x.db.ndjson", "map.json", "inner/x.db", "none/x.db"].map((name) => ({ name, at: path(name) }))
    expect(Overwriting.find({ outputs, inputs: [{ name: "FILE", at: "-" }], store })).toBeUndefined()
    for (const url of ["memory:", "postgres://127.0.0.1/x.db"]) {
      expect(Overwriting.find({ outputs, inputs: [], store: { name: "--store", at: url } })).toBeUndefined()
    }
  })
})

describe("with exit code 2, and nothing is changed:", () => {
  const ledger = ["--store", "sqlite:x.db"]
  const window = ["--from", "2026-01-01", "--until", "2027-01-01"]
  test.each([
    ["export", ["export", ...ledger, "--out", "./x.db"], "--out: is the file that --store names"],
    [
      "import into the ledger",
      ["import", "rows.ndjson", ...ledger, "--rejected", "x.db", "--dry-run"],
      "--rejected: is the file that --store names",
    ],
    [
      "import into what is read",
      ["import", "rows.ndjson", ...ledger, "--rejected", "./rows.ndjson"],
      "--rejected: is the file that FILE names",
    ],
    [
      "import into the mapping",
      ["import", "rows.ndjson", ...ledger, "--map", "map.json", "--rejected", "map.json"],
      "--rejected: is the file that --map names",
    ],
    [
      "simulate",
      ["simulate", ...ledger, "--candidate", "pack:cnil@2020-09", "--report", "link.db", ...window],
      "--report: is the file that --store names",
    ],
  ])("%s", async (_name, args, said) => {
    const before = everything()
    const { code, stderr, stdout } = await run(args)
    expect({ code, stderr, stdout }).toEqual({
      code: 2,
      stderr: `error: ${said}\nsee assent ${args[0]} --help\n`,
      stdout: "",
    })
    expect(everything()).toEqual(before)
  })

  test("a simulation as a script", async () => {
    copyFileSync(path("map.json"), path("rules.json"))
    const before = everything()
    const asked = { events: path("rows.ndjson"), candidate: { rules: path("rules.json") } }
    const window = { from: "2026-01-01", until: "2027-01-01" } as const
    await expect(simulate({ ...asked, ...window, out: path("rules.json") })).rejects.toThrow(
      "out: is the file that candidate.rules names",
    )
    await expect(simulate({ ...asked, ...window, report: path("rows.ndjson") })).rejects.toThrow(
      "report: is the file that events names",
    )
    expect(everything()).toEqual(before)
  })
})
