/**
 * `assent verify` and `assent move`: their outputs and exit codes, and that they write nothing else.
 */
import { createHash } from "node:crypto"
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

  test("finds what an earlier report contradicts, although the ledger agrees with itself", async () => {
    place.write("earlier.json", (await verify("ledger.db", "--json")).stdout)
    const file = copy("replaced.db")
    const row = (await rowsOf(`sqlite:${file}`, "event"))[5]!
    const body = row.body.replace(`"submitter":"${row.submitter}"`, '"submitter":"another"')
    const leaf = createHash("sha256").update(`\0${body}`).digest("hex")
    const database = new DatabaseSync(file)
    const [trigger] = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'event_is_never_changed'").all()
    database.exec("DROP TRIGGER event_is_never_changed")
    database
      .prepare("UPDATE event SET body = ?, leaf = unhex(?), submitter = 'another' WHERE lane = ? AND position = ?")
      .run(body, leaf, row.lane, row.position)
    database.exec(String(trigger!["sql"]))
    database.close()
    expect((await verify("replaced.db")).code).toBe(0)
    const { code, stdout } = await verify("replaced.db", "--earlier", "earlier.json")
    expect([code, stdout]).toEqual([1, expect.stringMatching(/\n1 thing is wrong\n$/)])
    const count = JSON.parse(readFileSync(path("earlier.json"), "utf8")).lanes.find(
      ({ lane }: { lane: number }) => lane === row.lane,
    ).events
    expect(stdout).toContain(`event: lane ${row.lane}: the first ${count} events are not those of the earlier report`)
  })

  test("accepts an earlier report of a log that has grown since, and not one with more events", async () => {
    const store = ["--store", "sqlite:grown.db"]
    const made = JSON.parse((await place.run(["bootstrap", ...store, "--lanes", "1", "--json"])).stdout)
    const said = (consentDate: string) =>
      JSON.stringify({ userId: "ann", consentType: made.consentTypes[1].id, consentState: "accepted", consentDate })
    for (const year of [2024, 2025]) {
      place.write("said.ndjson", said(`${year}-01-01T00:00:00Z`))
      expect((await place.run(["import", "said.ndjson", ...store])).code).toBe(0)
      place.write(`${year}.json`, (await place.run(["verify", ...store, "--json"])).stdout)
    }
    const grown = await place.run(["verify", ...store, "--earlier", "2024.json"])
    expect([grown.code, grown.stdout]).toEqual([
      0,
      expect.stringContaining("\nthe log begins with the 1 event of the earlier report\n"),
    ])
    const report = JSON.parse(readFileSync(path("2025.json"), "utf8"))
    report.lanes[0].events++
    place.write("more.json", JSON.stringify(report))
    const fewer = await place.run(["verify", ...store, "--earlier", "more.json"])
    expect([fewer.code, fewer.stdout]).toEqual([
      1,
      expect.stringContaining("has 2 events, and 3 in the earlier report"),
    ])
    expect(grown.stdout).toContain("\n2 events of 1 person, digest ")
    place.write("none.json", "{}")
    const none = await place.run(["verify", ...store, "--earlier", "none.json"])
    expect([none.code, none.stdout, none.stderr]).toEqual([2, "", expect.stringContaining("none.json: /lanes")])
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
