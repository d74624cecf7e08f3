/**
 * `assent import` that is killed again and again: once it has run to its end, every row is recorded once.
 *
 * `ASSENT_IMPORT_ROWS` and `ASSENT_IMPORT_KILLS` set the number of rows and kills. The heap keeps its size.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { workplace } from "../cli/run.ts"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"

const rows = Number(process.env["ASSENT_IMPORT_ROWS"] ?? 12_000)
const killed = {
  sqlite: Number(process.env["ASSENT_IMPORT_KILLS"] ?? 6),
  postgres: Number(process.env["ASSENT_IMPORT_KILLS"] ?? 4),
}

const { folder, run, runProcess, start } = workplace()
let postgres: Postgres
let database: string
const storeOf = (kind: keyof typeof killed) => ["--store", kind === "sqlite" ? "sqlite:ledger.db" : database]
/** A heap that is far smaller than all rows. */
const nodeFlags = ["--max-old-space-size=96"]

/** The same date for two rows that follow each other, because the second is the first one again. */
const dateOf = (index: number): string => new Date(1_600_000_000_000 + 60_000 * Math.floor(index / 2)).toISOString()

/** Makes the ledger and the file of rows. */
const prepare = async (kind: keyof typeof killed): Promise<void> => {
  const { stdout } = await run(["bootstrap", ...storeOf(kind), "--json"])
  const consentType = JSON.parse(stdout).consentTypes[1].id
  const line = (index: number) =>
    JSON.stringify({
      userId: `u${Math.floor(index / 2) % 3000}`,
      consentType,
      consentState: index % 4 < 2 ? "accepted" : "declined",
      consentDate: dateOf(index),
      ...(index % 10 === 0 && { externalId: `x${index % 5000}` }),
      // One row in a hundred is refused, in every run.
      ...(index % 100 === 7 && { consentState: "agreed" }),
    })
  writeFileSync(join(folder, "rows.ndjson"), Array.from({ length: rows }, (_, index) => `${line(index)}\n`).join(""))
}

beforeAll(async () => {
  postgres = await startPostgres(synced)
  database = await postgres.database()
}, 60_000)
afterAll(() => postgres.stop())

const bodies = {
  postgres: async (): Promise<ReadonlyArray<unknown>> => {
    const rows = await postgres.administer("SELECT body FROM event", new URL(database).pathname.slice(1))
    return rows.map(({ body }) => body)
  },
  sqlite: async (): Promise<ReadonlyArray<unknown>> => {
    const file = new DatabaseSync(join(folder, "ledger.db"), { readOnly: true, timeout: 10_000 })
    const rows = file.prepare("SELECT body FROM event").all()
    file.close()
    return rows.map(({ body }) => body)
  },
}

/** What is recorded, as it is answered: a stored body holds no external id. */
const recorded = async (kind: keyof typeof killed): Promise<ReadonlyArray<string>> =>
  (await runProcess(["export", ...storeOf(kind)])).stdout
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { consentDate, consentState, externalId } = JSON.parse(line)
      return `${consentDate} ${consentState} ${externalId}`
    })
    .toSorted()

/** Runs the import, waits until it has recorded more rows and then some milliseconds, and kills it. */
const killOne = async (kind: keyof typeof killed, millis: number): Promise<void> => {
  const before = (await bodies[kind]()).length
  const child = start(["import", "rows.ndjson", ...storeOf(kind), "--json"], { nodeFlags })
  let hasEnded = false
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve())).then(() => (hasEnded = true))
  while (!hasEnded && (await bodies[kind]()).length === before) await sleep(20)
  await sleep(millis)
  child.kill("SIGKILL")
  await closed
}

const kinds = ["sqlite", "postgres"] as const

test.each(kinds)(
  "An import into %s, killed at random moments and run again until it is done, records every row once.",
  async (kind) => {
    await prepare(kind)
    const store = storeOf(kind)
    const seen: Array<number> = []
    for (let kill = 0; kill < killed[kind]; kill++) {
      await killOne(kind, Math.random() * 60)
      seen.push((await bodies[kind]()).length)
    }
    // At least one kill left rows to record.
    expect(new Set(seen).size).toBeGreaterThan(1)
    const done = await runProcess(["import", "rows.ndjson", ...store, "--json", "--rejected", "rejected.ndjson"], {
      nodeFlags,
    })
    const tally = JSON.parse(done.stdout)
    const expected: Array<string> = []
    const faults = { invalid: 0, external_id_reused: 0 }
    for (let index = 0; index < rows; index++) {
      const consentState = index % 4 < 2 ? "accepted" : "declined"
      // Every other row with an external id is another event than the first row with it: a refusal is recorded without
      // the id, and an agreement is refused.
      const isReused = index % 10 === 0 && index >= 5000
      if (index % 100 === 7) faults.invalid++
      else if (isReused && consentState === "accepted") faults.external_id_reused++
      else expected.push(`${dateOf(index)} ${consentState} ${index % 10 === 0 && !isReused ? `x${index}` : undefined}`)
    }
    const rejected = faults.invalid + faults.external_id_reused
    expect(await recorded(kind)).toEqual(expected.toSorted())
    expect((await run(["verify", ...store])).code).toBe(0)
    expect(tally).toMatchObject({ rows, rejected, faults })
    const again = JSON.parse((await runProcess(["import", "rows.ndjson", ...store, "--json"], { nodeFlags })).stdout)
    expect(again).toMatchObject({ rows, recorded: 0, recordedBefore: expected.length, rejected, faults })
  },
  600_000,
)
