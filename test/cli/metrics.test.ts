/** `assent metrics`: on a terminal, as JSON, as a page, counted afresh, and what it refuses. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Effect, Option } from "effect"
import { beforeAll, expect, test } from "vitest"
import * as MetricsTable from "../../apps/cli/MetricsTable.ts"
import * as ProjectFlag from "../../apps/cli/ProjectFlag.ts"
import { Ledger } from "../../core/Ledger.ts"
import * as Reports from "../report/metricsReports.ts"
import { workplace } from "./run.ts"

const { folder, run, write } = workplace()
const store = ["--store", "sqlite:ledger.db"]
const metrics = (...flags: ReadonlyArray<string>) => run(["metrics", ...store, ...flags])

/** Counts the ledger in this process, as a server does. */
const count = () => {
  const path = join(folder, "ledger.db")
  const chosen = {
    store: { name: "--store" as const, url: `sqlite:${path}` },
    keys: `${path}.keys`,
    project: Option.none(),
  }
  const counting = Effect.gen(function* () {
    const ledger = yield* Ledger
    return yield* ledger.metrics.count
  })
  return Effect.runPromise(ProjectFlag.withProject(chosen, () => counting))
}

/** A change of the counts behind the ledger's back. */
const change = (sql: string) => {
  const db = new DatabaseSync(join(folder, "ledger.db"))
  db.exec(sql)
  db.close()
}

beforeAll(async () => {
  const { stdout } = await run(["bootstrap", ...store, "--json"])
  const types: ReadonlyArray<{ id: string; label: string }> = JSON.parse(stdout).consentTypes
  const consentType = types.find(({ label }) => label === "newsletter")!.id
  const said = ["accepted", "accepted", "declined"].map((consentState, index) => ({
    userId: `u${index}`,
    consentType,
    consentState,
    consentDate: "2025-05-20T07:45:10Z",
  }))
  write("events.ndjson", said.map((event) => JSON.stringify(event)).join("\n"))
  expect(await run(["import", "events.ndjson", ...store])).toMatchObject({ code: 0 })
})

test("says that nothing was counted, before a server counts; then shows the days, and the sum of their events", async () => {
  const before = await metrics("--days", "2")
  expect([before.code, before.stderr]).toEqual([0, expect.stringContaining("nothing was counted on these days")])
  expect(await count()).toBe(3)
  const { code, stderr, stdout } = await metrics("--days", "2")
  expect([code, stderr]).toEqual([0, ""])
  const [head, rule, ...days] = stdout.split("\n")
  expect(head).toMatch(/^day \(UTC\)\s+sessions\s+visitors\s+requests\s+resolved\s+events$/)
  expect(rule).toMatch(/^[─ ]+$/)
  expect(days.slice(0, 2).every((line) => /^\d{4}-\d\d-\d\d \*/.test(line))).toBe(true)
  expect(stdout).toContain("* the day may still change")
  const json = await metrics("--days", "2", "--json")
  const { items } = JSON.parse(json.stdout)
  const created = items.map((item: { consentEvents: { created: number } }) => item.consentEvents.created)
  expect([items.length, created[0] + created[1]]).toEqual([2, 3])
  expect(items[0]).toMatchObject({ finalized: false, complianceRequests: { created: 0 }, sessions: { created: 0 } })
})

test("writes the page, with the rate of the type, and writes none over the ledger", async () => {
  const { code, stderr } = await metrics("--days", "400", "--html", "metrics.html")
  expect([code, stderr]).toEqual([0, "metrics.html: has the metrics as a page\n"])
  const page = readFileSync(join(folder, "metrics.html"), "utf8")
  expect(page).toContain("newsletter (communication, email): 66.7%")
  expect(page).not.toMatch(/<script|\ssrc=/)
  expect(await metrics("--html", "ledger.db")).toMatchObject({ code: 2, stderr: expect.stringContaining("--html") })
  const both = await metrics("--recount", "--html", "other.html")
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("--html: is for the counts that are kept") })
  expect(existsSync(join(folder, "other.html"))).toBe(false)
})

test("counts afresh: ends with 0 if every count agrees, and with 2 and the counts that do not", async () => {
  const agreed = await metrics("--recount")
  expect(agreed).toEqual({
    code: 0,
    stdout: "3 events and 0 facts of compliance requests were counted: every count agrees\n",
    stderr: "",
  })
  change("UPDATE metric SET count = count + 1 WHERE family = 'events'")
  const differs = await metrics("--recount")
  expect(differs.code).toBe(2)
  expect(differs.stdout).toMatch(/: 1 counts? differs?\n\nday .*\n.*\n\d{4}-\d\d-\d\d +events +4 +3\n$/)
  const json = await metrics("--recount", "--json")
  expect([json.code, JSON.parse(json.stdout).differences]).toEqual([
    2,
    [expect.objectContaining({ kept: 4, counted: 3 })],
  ])
  change("UPDATE metric SET count = count - 1 WHERE family = 'events'")
})

test.each(["0", "401", "1.5", "week"])("refuses %s days", async (days) => {
  const { code, stderr } = await metrics("--days", days)
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--days|days/)])
})

test("names a project that the store lacks, and a file that does not exist", async () => {
  const project = await metrics("--project", "01a201cb-2a52-74ac-b4ea-00000000a91e")
  expect([project.code, project.stderr]).toEqual([
    2,
    expect.stringContaining("--project: the store has no such project"),
  ])
  const missing = await run(["metrics", "--store", "sqlite:none.db"])
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("none.db")])
})

test("a terminal of any width has whole lines: the bars get shorter, and then columns are left out", () => {
  const { days } = Reports.quarter
  const widest = (width: number): number =>
    Math.max(
      ...MetricsTable.write(days, width)
        .split("\n")
        .map((line) => line.length),
    )
  for (let width = 40; width <= 200; width++) expect(widest(width), String(width)).toBeLessThanOrEqual(width)
  const heads = [120, 80, 50, 20].map((width) => MetricsTable.write(days, width).split("\n")[0]!.split(/ {2,}/))
  expect(heads).toEqual([
    ["day (UTC)", "sessions", "visitors", "requests", "resolved", "events"],
    ["day (UTC)", "sessions", "visitors", "requests", "resolved", "events"],
    ["day (UTC)", "requests", "resolved", "events"],
    ["day (UTC)", "events"],
  ])
})
