/**
 * A command that cannot open its ledger names the flag or the variable that chose it, the file or the database, and
 * what to do. Each command has its row.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import * as Commands from "../../apps/cli/Commands.ts"
import * as TestKeys from "../support/keys.ts"
import { workplace } from "./run.ts"

const place = workplace()
const database = "postgres://jo:hunter2-zq7@127.0.0.1:9/assent"
const keys = TestKeys.file()

beforeAll(() => {
  writeFileSync(join(place.folder, "notes.db"), "notes ".repeat(100))
  writeFileSync(join(place.folder, "rows.ndjson"), "")
})
const window = ["--from", "2026-01-01", "--until", "2026-01-02", "--candidate", "pack:cnil@2020-09"]

/** The arguments of each command that opens a ledger, without the ledger. */
const commands: Readonly<Record<string, ReadonlyArray<string>>> = {
  simulate: window,
  bootstrap: [],
  key: ["--role", "owner"],
  migrate: [],
  upgrade: [],
  import: ["rows.ndjson"],
  export: [],
  verify: [],
  "keys rotate": [],
  "people data": ["--user-id", "u"],
  "people release": ["--user-id", "u", "--reason", "account_closed"],
  erase: ["--user-id", "u"],
  scrub: [],
  timeline: ["--user-id", "u"],
  follow: ["--once"],
  "requests due": [],
  "outbox list": [],
  register: [],
  "data-systems import": ["manifest.yml"],
  metrics: [],
  scan: ["https://shop.example/"],
}

/** The commands that write to a ledger only if the flag names one, because they are useful without. */
const byFlagAlone = new Set(["scan"])

/** The commands that read files alone, and those of receivers, which know no ledger. */
const ofFiles = ["decisions", "state", "webhooks"]

test("every command has a row here", () => {
  const first = new Set(Object.keys(commands).map((name) => name.split(" ")[0]))
  const others = Object.keys(Commands.all).filter((name) => !first.has(name) && name !== "move")
  expect(others).toEqual(ofFiles)
})

const refused = (name: string, rest: string) => new RegExp(`^(?:[^\\n]*\\n)*error: ${name}: ${rest}`)

/** What a database on a closed port is refused with. */
const closed = 'database "assent" on 127\\.0\\.0\\.1:9: nothing listens on 127\\.0\\.0\\.1:9 \\(ECONNREFUSED\\): '

test.each(Object.entries(commands).filter(([name]) => name !== "migrate"))("assent %s", async (name, args) => {
  const words = [...name.split(" "), ...args]
  const ways: ReadonlyArray<[chosenBy: string, run: () => ReturnType<typeof place.run>]> = [
    ["--store", () => place.run([...words, "--store", "sqlite:notes.db"])],
    ["ASSENT_STORE", () => place.run(words, { env: { ASSENT_STORE: "sqlite:notes.db" } })],
  ]
  for (const [chosenBy, run] of byFlagAlone.has(name) ? ways.slice(0, 1) : ways) {
    const { code, stderr, stdout } = await run()
    expect(stderr).toMatch(refused(chosenBy, "notes\\.db: the file is not a database \\(SQLITE_NOTADB\\): "))
    expect([code, stdout]).toEqual([1, ""])
  }
})

// One command of each kind: by a store, by rows, by tables alone.
test.each(["export", "verify", "migrate"])("assent %s on a database", async (name) => {
  const env = { ASSENT_KEYS: keys }
  const { code, stderr } = await place.run([name, "--store", database], { env })
  expect(stderr).toMatch(refused("--store", closed))
  expect(stderr).not.toContain("hunter2")
  expect(code).toBe(1)
})

test("assent move names the flag of the ledger that it cannot open", async () => {
  const from = await place.run(["move", "--from", "sqlite:notes.db", "--to", "sqlite:new.db"])
  expect(from.stderr).toMatch(refused("--from", "notes\\.db: the file is not a database"))
  await place.run(["bootstrap", "--store", "sqlite:whole.db"])
  const to = await place.run(["move", "--from", "sqlite:whole.db", "--to", database])
  expect(to.stderr).toMatch(refused("--to", closed))
})
