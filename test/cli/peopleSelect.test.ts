/** `assent people select`: from a simulation to the rows of one's own list. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { workplace } from "./run.ts"

const { folder, run, write } = workplace()
const store = "sqlite:ledger.db"

const list = [
  "Kunde;E-Mail;Name;Ja/Nein;Datum",
  '1;ann@example.com;"Müller; Ann";Ja;05.01.2024',
  "1;ann@example.com;Ann;Ja;05.01.2024",
  // Said no in November, after the yes would have lapsed.
  "2;ben@example.com;Ben;Ja;05.01.2024",
  "2;ben@example.com;Ben;Nein;06.11.2024",
  // Names two people: one of them said no.
  "3;cleo@example.com;Cleo;Ja;05.01.2024",
  "4;cleo@example.com;Other;Nein;06.11.2024",
  "5;dora@example.com;Dora;Ja;01.11.2024",
  "6;emil@example.com;Emil;vielleicht;01.11.2024",
]
const mapping = {
  userId: "Kunde",
  email: "E-Mail",
  category: { value: "communication" },
  subcategory: { value: "email" },
  label: { value: "newsletter" },
  consentState: { column: "Ja/Nein", values: { Ja: "accepted", Nein: "declined" } },
  consentDate: { column: "Datum", format: "dd.MM.yyyy", zone: "Europe/Berlin" },
}

const select = async (at: string, more: ReadonlyArray<string> = []) => {
  const args = ["people", "select", "list.csv", "--map", "mapping.json", "--diff", "diff.ndjson", "--out", "ask.csv"]
  const outcome = await run([...args, "--store", store, "--at", at, ...more])
  return { ...outcome, rows: readFileSync(join(folder, "ask.csv"), "utf8") }
}

beforeAll(async () => {
  await run(["bootstrap", "--store", store])
  write("list.csv", list.join("\r\n"))
  write("mapping.json", JSON.stringify(mapping))
  write(
    "six.json",
    JSON.stringify([{ match: { category: "communication" }, rules: { maxAge: { accepted: "P6M", declined: "P6M" } } }]),
  )
  await run(["import", "list.csv", "--map", "mapping.json", "--store", store])
  const window = ["--from", "2024-01-01", "--until", "2026-01-01"]
  const simulated = await run([
    "simulate",
    "--store",
    store,
    "--candidate",
    "six.json",
    ...window,
    "--out",
    "diff.ndjson",
  ])
  expect(simulated.code).toBe(0)
})

test("writes one row of everyone that must be asked again at an instant, as the list has it", async () => {
  const { code, rows, stderr, stdout } = await select("2024-12-01T00:00:00Z")
  expect(rows).toBe(`\uFEFF${list[0]}\r\n${list[1]}\r\n`)
  expect(stdout).toContain("answers that are concerned: 1; without a row in the list: 0")
  // The row that the import has rejected is named, without what it holds.
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^line 9: consentState: invalid: /)])
  expect(stderr).not.toContain("vielleicht")
  expect(statSync(join(folder, "ask.csv")).mode & 0o777).toBe(0o600)
})

test("leaves out a person that has said no, at the instant or since, and a row that names one", async () => {
  const lost = await select("2024-10-01T00:00:00Z", ["--concern", "lost-permission"])
  expect(lost.rows.split("\r\n").slice(1, -1)).toEqual([list[1], list[3], list[5]])
  const asked = await select("2024-10-01T00:00:00Z")
  expect(asked.rows.split("\r\n").slice(1, -1)).toEqual([list[1]])
  expect(asked.stdout).toMatch(/must be asked, but have said no by now +3\n/)
  const after = await select("2024-12-01T00:00:00Z", ["--concern", "lost-permission"])
  expect(after.rows).not.toMatch(/ben|cleo/)
})

test("selects those that may be asked again after a no, apart from those that must be", async () => {
  const { rows } = await select("2025-07-01T00:00:00Z", ["--concern", "may-be-asked-again"])
  expect(rows.split("\r\n").slice(1, -1)).toEqual([list[3], list[5], list[6]])
})

test("keeps the delimiter that it is given, and writes NDJSON as it is", async () => {
  write("list.csv.txt", list.join("\n").replaceAll(";", "#").replace('"Müller# Ann"', "Müller"))
  const args = ["--map", "mapping.json", "--diff", "diff.ndjson", "--store", store, "--at", "2024-12-01T00:00:00Z"]
  const csv = ["--format", "csv", "--delimiter", "#", "--out", "hash.csv"]
  await run(["people", "select", "list.csv.txt", ...csv, ...args])
  const hash = readFileSync(join(folder, "hash.csv"), "utf8")
  expect(hash).toBe("\uFEFFKunde#E-Mail#Name#Ja/Nein#Datum\r\n1#ann@example.com#Müller#Ja#05.01.2024\r\n")
  const row = '{"Kunde": "1", "E-Mail": "ann@example.com", "Ja/Nein": "Ja", "Datum": "05.01.2024"}'
  write("list.ndjson", `${row}\n`)
  const { code } = await run(["people", "select", "list.ndjson", "--out", "rows.ndjson", ...args])
  expect([code, readFileSync(join(folder, "rows.ndjson"), "utf8")]).toEqual([0, `${row}\n`])
})

test("warns where no line holds at the instant, and refuses a file that simulate did not write", async () => {
  const { rows, stderr } = await select("2030-01-01T00:00:00Z")
  expect(rows).toBe(`\uFEFF${list[0]}\r\n`)
  expect(stderr).toContain("no line of --diff holds at this instant")
  write("other.ndjson", '{"concordId":"ann"}\n')
  const args = ["people", "select", "list.csv", "--diff", "other.ndjson", "--out", "other.csv", "--store", store]
  const refused = await run(args)
  expect([refused.code, refused.stdout]).toEqual([2, ""])
  expect(refused.stderr).toContain("is not a file that simulate --out wrote; nothing was selected")
})
