/** The language of events in files: imported, exported, taken back and verified over a SQLite file. */
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { linesOf, type Outcome, workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()
const store = ["--store", "sqlite:ledger.db"]

const header = "userId,category,subcategory,label,consentState,consentDate,language"
const newsletter = "communication,email,newsletter"

let imported: Outcome
beforeAll(async () => {
  await run(["bootstrap", ...store])
  copyLedger("ledger.db", "empty.db")
  write(
    "answers.csv",
    [
      header,
      `anna,${newsletter},accepted,2024-01-31T00:00:00Z,DE-at`,
      `bert,${newsletter},accepted,2024-01-31T00:00:00Z,`,
      `carl,${newsletter},accepted,2024-01-31T00:00:00Z,German`,
      `dora,${newsletter},declined,2024-01-31T00:00:00Z,de_DE`,
    ].join("\n"),
  )
  imported = await run(["import", "answers.csv", ...store, "--json"])
})

test("a file has it in a column; an acceptance whose language is no tag is rejected, and a refusal recorded without", async () => {
  // `German` has the form of a tag: BCP 47 keeps languages of 5 to 8 letters for names that may be registered.
  expect(JSON.parse(imported.stdout)).toMatchObject({ recorded: 4, rejected: 0 })
  write("wrong.csv", `${header}\nemil,${newsletter},accepted,2024-01-31T00:00:00Z,de_DE`)
  const wrong = JSON.parse((await run(["import", "wrong.csv", ...store, "--json"])).stdout)
  expect(wrong).toMatchObject({ recorded: 0, rejected: 1, faults: { language_not_valid: 1 } })
  const exported = linesOf((await run(["export", ...store])).stdout)
  expect(exported.map(({ language }) => language ?? null).toSorted()).toEqual(["de-AT", "german", null, null])
})

test("a row is known again, whatever its language", async () => {
  const again = JSON.parse((await run(["import", "answers.csv", ...store, "--json"])).stdout)
  expect(again).toMatchObject({ recorded: 0, recordedBefore: 4 })
})

test.each(["ndjson", "csv"])("an export as %s is taken back as the same events, byte for byte", async (format) => {
  await run(["export", ...store, "--format", format, "--out", `events.${format}`])
  copyLedger("empty.db", `${format}.db`)
  const copy = ["--store", `sqlite:${format}.db`]
  const { code, stdout } = await run(["import", `events.${format}`, ...copy, "--restore", "--json"])
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { recorded: 4 }])
  const bodies = (name: string) => {
    const db = new DatabaseSync(join(folder, name), { readOnly: true })
    const rows = db.prepare("SELECT body, leaf FROM event ORDER BY event_id").all()
    db.close()
    return rows
  }
  expect(bodies(`${format}.db`)).toEqual(bodies("ledger.db"))
  expect((await run(["verify", ...copy])).code).toBe(0)
})

test("another language than the recorded one is found by its hash", async () => {
  copyLedger("ledger.db", "tampered.db")
  const db = new DatabaseSync(join(folder, "tampered.db"))
  db.exec(
    `DROP TRIGGER event_is_never_changed; UPDATE event SET body = replace(body, '"language":"de-AT"', '"language":"en"')`,
  )
  db.close()
  const { code, stdout, stderr } = await run(["verify", "--store", "sqlite:tampered.db"])
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("the body is not what its leaf hash says")])
})
