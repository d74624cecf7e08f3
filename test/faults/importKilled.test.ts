/**
 * `assent import` that is killed again and again: run until it is done, every row is recorded once.
 *
 * `ASSENT_IMPORT_ROWS` and `ASSENT_IMPORT_KILLS` make it as long as one likes; the heap stays as small.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { beforeAll, expect, test } from "vitest"
import { workplace } from "../cli/run.ts"

const rows = Number(process.env["ASSENT_IMPORT_ROWS"] ?? 12_000)
const kills = Number(process.env["ASSENT_IMPORT_KILLS"] ?? 8)

const { folder, run, start } = workplace()
const store = ["--store", "sqlite:ledger.db"]
/** Far less than all rows take. */
const nodeFlags = ["--max-old-space-size=96"]

/** A date of its own for every second row; the row behind it is the same once more. */
const dateOf = (index: number): string => new Date(1_600_000_000_000 + 60_000 * Math.floor(index / 2)).toISOString()

beforeAll(async () => {
  const { stdout } = await run(["bootstrap", ...store, "--json"])
  const consentType = JSON.parse(stdout).consentTypes[1].id
  const line = (index: number) =>
    JSON.stringify({
      userId: `u${Math.floor(index / 2) % 3000}`,
      consentType,
      consentState: index % 4 < 2 ? "accepted" : "declined",
      consentDate: dateOf(index),
      ...(index % 10 === 0 && { externalId: `x${index % 5000}` }),
      // Some are refused each time.
      ...(index % 100 === 7 && { consentState: "agreed" }),
    })
  writeFileSync(join(folder, "rows.ndjson"), Array.from({ length: rows }, (_, index) => `${line(index)}\n`).join(""))
}, 120_000)

const recorded = (): ReadonlyArray<string> => {
  const database = new DatabaseSync(join(folder, "ledger.db"), { readOnly: true, timeout: 10_000 })
  try {
    return database
      .prepare("SELECT body FROM event")
      .all()
      .map(({ body }) => {
        const { consentDate, consentState, externalId } = JSON.parse(String(body))
        return `${consentDate} ${consentState} ${externalId}`
      })
      .toSorted()
  } finally {
    database.close()
  }
}

/** Runs the import and kills it when it has recorded some more, after up to so many milliseconds. */
const killOne = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    const before = recorded().length
    const child = start(["import", "rows.ndjson", ...store, "--json"], { nodeFlags })
    const check = setInterval(() => {
      if (recorded().length === before) return
      clearInterval(check)
      setTimeout(() => child.kill("SIGKILL"), millis)
    }, 20)
    child.once("close", () => {
      clearInterval(check)
      resolve()
    })
  })

test(`An import killed ${kills} times at random moments, and run again until it is done, records every row once.`, async () => {
  const seen: Array<number> = []
  for (let kill = 0; kill < kills; kill++) {
    await killOne(Math.random() * 60)
    seen.push(recorded().length)
  }
  // Each kill left something, and something was left to do.
  expect(new Set(seen).size).toBeGreaterThan(1)
  const done = await run(["import", "rows.ndjson", ...store, "--json", "--rejected", "rejected.ndjson"], { nodeFlags })
  const tally = JSON.parse(done.stdout)
  const expected: Array<string> = []
  const ids = new Set<string>()
  for (let index = 0; index < rows; index++) {
    const externalId = index % 10 === 0 ? `x${index % 5000}` : undefined
    if (index % 100 === 7 || (externalId !== undefined && ids.has(externalId))) continue
    if (externalId !== undefined) ids.add(externalId)
    expected.push(`${dateOf(index)} ${index % 4 < 2 ? "accepted" : "declined"} ${externalId}`)
  }
  expect(recorded()).toEqual(expected.toSorted())
  expect(tally).toMatchObject({ rows, rejected: rows / 100, faults: { invalid: rows / 100 } })
  const again = JSON.parse((await run(["import", "rows.ndjson", ...store, "--json"], { nodeFlags })).stdout)
  expect(again).toMatchObject({ rows, recorded: 0, rejected: rows / 100 })
}, 600_000)
