/**
 * `assent verify` and `assent move`: their outputs and exit codes, and that they write nothing else.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { beforeAll, describe, expect, test } from "vitest"
import { rowsOf } from "../support/checking.ts"
import { eventsOfVisitors, fillLedger } from "../support/filled.ts"
import { change, ofSqlite } from "../support/tampering.ts"
import { workplace } from "./run.ts"

const place = workplace()
const path = (name: string): string => join(place.folder, name)
const copy = (name: string): string => {
  copyFileSync(path("ledger.db"), path(name))
  return path(name)
}
const verify = (name: string, ...flags: ReadonlyArray<string>) =>
  place.run(["verify", "--store", `sqlite:${name}`, ...flags])
const move = (from: string, to: string, ...flags: ReadonlyArray<string>) =>
  place.run(["move", "--from", `sqlite:${from}`, "--to", `sqlite:${to}`, ...flags])

/** The events of API keys and those of visitors; an external id of a visitor is not that of an API key. */
const events = 40 + eventsOfVisitors

beforeAll(() => fillLedger(`sqlite:${path("ledger.db")}`, 40))

describe("assent verify", () => {
  test("ends with 0 where the ledger is whole, and leaves the file and its folder as they were", async () => {
    const before = [readFileSync(path("ledger.db")), readdirSync(place.folder)]
    const { code, stderr, stdout } = await verify("ledger.db")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toMatch(/^project +lanes +events\n/)
    expect(stdout).toMatch(
      new RegExp(
        `\\n${events} events of \\d+ people, digest [0-9a-f]{64}\\n\\n(.+\\n)+\\nwith these keys every backup can show personal data\\n\\nthe ledger is whole\\n$`,
      ),
    )
    expect(JSON.parse((await verify("ledger.db", "--json")).stdout)).toMatchObject({
      isWhole: true,
      events,
      found: 0,
    })
    expect([readFileSync(path("ledger.db")), readdirSync(place.folder)]).toEqual(before)
  })

  test("ends with 1 and names lane and position where a row is not what it was", async () => {
    const file = copy("changed.db")
    const row = (await rowsOf(`sqlite:${file}`, "event"))[5]!
    await change(ofSqlite(file), "event", row, "submitter", "somebody")
    const { code, stderr, stdout } = await verify("changed.db")
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" })
    const where = `event: lane ${row.lane}, position ${row.position}: submitter is not what the body says`
    expect(stdout).toContain(`\n${where}\n\n1 thing is wrong\n`)
    expect(stdout).not.toContain(row.submitter)
  })

  test.each([
    ["ends with 2 where there is no file, and makes none", () => {}, 2, /no such file/],
    [
      "ends with 2 at another program's file",
      () => new DatabaseSync(path("file.db")).exec("CREATE TABLE t (a)"),
      2,
      /not an Assent/,
    ],
    [
      "ends with 2 at another version's ledger",
      () => new DatabaseSync(copy("file.db")).exec("PRAGMA user_version = 999"),
      2,
      /a later version/,
    ],
    [
      "ends with 1 at what is no database",
      () => place.write("file.db", "no database".repeat(100)),
      1,
      /not a database/,
    ],
    ["ends with 1 where half of the file is gone", () => truncateSync(copy("file.db"), 100_000), 1, /malformed|page/i],
  ])("%s", async (_name, make, expected, said) => {
    for (const name of ["file.db", "file.db-wal", "file.db-shm"]) rmSync(path(name), { force: true })
    make()
    const isThere = existsSync(path("file.db"))
    const { code, stderr, stdout } = await verify("file.db")
    expect(code, stdout + stderr).toBe(expected)
    expect(stdout + stderr).toMatch(said)
    expect(stdout + stderr).not.toMatch(/\n +at |file:\/\//)
    expect(existsSync(path("file.db"))).toBe(isThere)
  })

  test("takes a store that keeps something only", async () => {
    const { code, stderr } = await place.run(["verify", "--store", "memory:"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("a ledger that is kept")])
  })
})

describe("assent move", () => {
  test("says what it has moved; a second time it refuses", async () => {
    const { code, stderr, stdout } = await move("ledger.db", "new/moved.db")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toMatch(new RegExp(`\\nevent +${events}\\n`))
    expect(stdout).toContain("\nfrom sqlite:ledger.db\nto   sqlite:new/moved.db\n")
    expect(stdout).toMatch(/moved, and read back as it was\n$/)
    const again = await move("ledger.db", "new/moved.db")
    expect([again.code, again.stdout, again.stderr]).toEqual([
      1,
      "",
      expect.stringContaining("the target is not empty"),
    ])
    const report = JSON.parse((await verify("ledger.db", "--json")).stdout)
    const moved = JSON.parse((await move("ledger.db", "other.db", "--json")).stdout)
    expect(moved).toMatchObject({ events, digest: report.digest })
    expect((await move("ledger.db", "ledger.db")).code).toBe(2)
  })
})
