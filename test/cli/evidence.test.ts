/** The evidence of events in files: imported, exported, taken back and verified over a SQLite file. */
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { linesOf, workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()
const store = ["--store", "sqlite:ledger.db"]

const evidence = {
  surface: "banner",
  layout: "box",
  textHash: "0a".repeat(32),
  gpc: true,
  signal: "gpc",
  region: "0197a000-0000-7000-8000-00000000000a",
}
const row = (userId: string, more: object) =>
  JSON.stringify({
    userId,
    category: "communication",
    subcategory: "email",
    label: "newsletter",
    consentState: "accepted",
    consentAction: "user_click",
    consentDate: "2024-01-31T00:00:00Z",
    ...more,
  })

beforeAll(async () => {
  await run(["bootstrap", ...store])
  copyLedger("ledger.db", "empty.db")
  const rows = [
    row("anna", { evidence }),
    row("bert", { evidence: { surface: "page", name: "Bert" } }),
    row("carl", { evidence: {} }),
    row("dora", { consentState: "declined", evidence: { surface: "nowhere" } }),
    row("emil", { evidence: { surface: "nowhere" } }),
  ]
  write("answers.ndjson", rows.join("\n"))
  const imported = await run(["import", "answers.ndjson", ...store, "--json"])
  expect(JSON.parse(imported.stdout)).toMatchObject({ recorded: 4, rejected: 1, leftOut: { evidence: 1 } })
})

test("an event keeps the members that evidence can have, and none if there are none", async () => {
  const exported = linesOf((await run(["export", ...store])).stdout)
  const kept = exported.map((event) => JSON.stringify(event["evidence"] ?? null)).toSorted()
  expect(kept).toEqual([JSON.stringify(evidence), JSON.stringify({ surface: "page" }), "null", "null"].toSorted())
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

test("evidence that has more than it can have is found", async () => {
  copyLedger("ledger.db", "tampered.db")
  const db = new DatabaseSync(join(folder, "tampered.db"))
  db.exec(`DROP TRIGGER event_is_never_changed;
    UPDATE event SET body = replace(body, '{"surface":"page"}', '{"surface":"page","name":"Bert"}')`)
  db.close()
  const { code, stdout, stderr } = await run(["verify", "--store", "sqlite:tampered.db"])
  const found = "evidence has other members or values than evidence can have"
  expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(found)])
})
