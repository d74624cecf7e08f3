/**
 * `assent import --map`: a mapping that does not fit its file is refused before the first row, or by the dry run, and
 * files are read as tills, spreadsheets and databases write them.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { beforeAll, describe, expect, test } from "vitest"
import { workplace } from "./run.ts"
import { times } from "../support/long.ts"

const { copyLedger, folder, run, write } = workplace()

let newsletter: string
beforeAll(async () => {
  const { stdout } = await run(["bootstrap", "--store", "sqlite:empty.db", "--json"])
  newsletter = JSON.parse(stdout).consentTypes.find(({ label }: { label: string }) => label === "newsletter").id
})

let stores = 0
const newStore = (): string => {
  const name = `ledger${stores++}.db`
  copyLedger("empty.db", name)
  return name
}

const select = (store: string, sql: string): ReadonlyArray<Record<string, unknown>> => {
  const database = new DatabaseSync(join(folder, store), { readOnly: true })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

const bodies = (store: string) =>
  select(store, "SELECT body FROM event ORDER BY consent_date, event_id").map(({ body }) => JSON.parse(String(body)))

const importFile = async (
  file: string,
  content: string,
  map: object,
  args: ReadonlyArray<string> = [],
  store = newStore(),
) => {
  write(file, content)
  write("map.json", JSON.stringify({ consentType: { value: newsletter }, ...map }))
  const ended = await run(["import", file, "--map", "map.json", "--store", `sqlite:${store}`, "--json", ...args])
  return { ...ended, store, tally: ended.stdout === "" ? undefined : JSON.parse(ended.stdout) }
}

describe("A column of the mapping that the file does not have", () => {
  const typo = { email: "mail", consentState: "state", consentDate: "given_at", expirationDate: "valid_untill" }

  test("is named before the first row of CSV, with the nearest name", async () => {
    const content =
      "mail,state,given_at,valid_until\nfay@example.com,accepted,2023-01-01T00:00:00Z,2024-01-01T00:00:00Z\n"
    const { code, stderr, store } = await importFile("typo.csv", content, typo)
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        "typo.csv: /expirationDate: the file has no column valid_untill; did you mean valid_until?; nothing was read",
      ),
    ])
    expect(bodies(store)).toEqual([])
  })

  test("is named after the last row of NDJSON, and fails the dry run", async () => {
    const row = {
      mail: "fay@example.com",
      state: "accepted",
      given_at: "2023-01-01T00:00:00Z",
      valid_until: "2024-01-01T00:00:00Z",
    }
    const store = newStore()
    const dry = await importFile("typo.ndjson", JSON.stringify(row), typo, ["--dry-run"], store)
    const warning = "/expirationDate: the file has no column valid_untill; did you mean valid_until?"
    expect([dry.code, dry.stderr, dry.tally]).toMatchObject([
      2,
      `warning: ${warning}\n`,
      { recorded: 1, warnings: [warning] },
    ])
    const real = await importFile("typo.ndjson", JSON.stringify(row), typo, [], store)
    expect([real.code, real.stderr]).toEqual([0, `warning: ${warning}\n`])
  })

  test("is one of an export that is restored", async () => {
    write("export.csv", "id,concordId\n1,2\n")
    const { code, stderr } = await run(["import", "export.csv", "--restore", "--store", "sqlite:empty.db"])
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        "export.csv: the file has no column expirationDate, which every export has; nothing was read",
      ),
    ])
  })
})

test("A column that is not read and looks like an expiry is warned of.", async () => {
  const content = "userId,consentState,consentDate,expires_at\na,accepted,2023-01-01T00:00:00Z,2024-01-01\n"
  const { code, stderr, tally } = await importFile("plain.csv", content, {})
  expect([code, stderr]).toEqual([
    0,
    "warning: the column expires_at is not read: map expirationDate to it, or to null if it means something else\n",
  ])
  expect(tally).toMatchObject({ recorded: 1, warnings: [expect.any(String)] })
})

test("A column that is not read is named, and warned of if it may say that a consent was withdrawn.", async () => {
  const content = "userId;consentState;consentDate;Name;Kündigung am\na;accepted;2023-01-01T00:00:00Z;A;02.02.2023\n"
  const { stderr, tally } = await importFile("german.csv", content, {})
  expect(stderr).toContain(
    "warning: the column Kündigung am is not read, and may say that a consent was withdrawn: import it by a second mapping\n",
  )
  expect(tally).toMatchObject({ recorded: 1, unread: ["Name", "Kündigung am"] })
  const second = {
    consentState: { value: "declined" },
    consentDate: { column: "Kündigung am", format: "dd.MM.yyyy", zone: "Europe/Berlin" },
  }
  const withdrawn = await importFile("german.csv", content, { ...second, where: { column: "Kündigung am", not: [""] } })
  expect([withdrawn.stderr.includes("withdrawn"), withdrawn.tally]).toMatchObject([
    false,
    { recorded: 1, consentStates: { declined: 1 } },
  ])
})

test("Where a row names a consent type that is not there, those that are there are listed.", async () => {
  const content = "userId,consentState,consentDate\na,accepted,2023-01-01T00:00:00Z\n"
  const triple = { category: { value: "communication" }, subcategory: { value: "email" }, label: { value: "other" } }
  const { code, stderr } = await importFile("types.csv", content, { consentType: null, ...triple })
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/the consent types of the project are .*communication \/ email \/ newsletter/),
  ])
})

test("A value that the mapping lacks is not quoted, but the values that it has are.", async () => {
  const content = "userId,opt,consentDate\na,JA,2023-01-01T00:00:00Z\n"
  const { code, stderr } = await importFile("values.csv", content, {
    consentState: { column: "opt", values: { ja: "accepted", nein: "declined" } },
  })
  const detail = 'the column opt must hold a value of the mapping, in the same letters: "ja", "nein"'
  expect([code, stderr]).toEqual([2, `line 2: consentState: invalid: ${detail}\n`])
})

test("Empty rows of a spreadsheet are no rows, and a workbook is refused with what to do.", async () => {
  const content = "userId;consentState;consentDate\n;;\na;accepted;2023-01-01T00:00:00Z\n;;\n"
  const { code, tally } = await importFile("empty.csv", content, {})
  expect([code, tally]).toMatchObject([0, { rows: 1, recorded: 1, rejected: 0 }])
  const { code: refused, stderr } = await importFile("list.xlsx", "PK\u0003\u0004", {})
  expect([refused, stderr]).toEqual([2, expect.stringContaining("list.xlsx: is a workbook: save it as CSV UTF-8")])
})

test("A pointer enters lists.", async () => {
  const row = {
    id: "f-1",
    patient: { identifier: [{ value: "p-1" }] },
    dateTime: "2023-01-01T00:00:00Z",
    provision: [{ period: { end: "2024-01-01T00:00:00Z" } }],
  }
  const { code, store } = await importFile("fhir.ndjson", JSON.stringify(row), {
    userId: "/patient/identifier/0/value",
    consentState: { value: "accepted" },
    consentDate: "/dateTime",
    expirationDate: "/provision/0/period/end",
  })
  expect([code, bodies(store)]).toMatchObject([0, [{ expirationDate: "2024-01-01T00:00:00.000Z" }]])
})

test("A spreadsheet with semicolons, its own dates and national numbers is read, and the delimiter named.", async () => {
  const content = `sep=;\r\nTelefon;Antwort;Zeit;Status\r\n0151 12345678;ja;27.10.2024 02:30;ok\r\n0151 12345679;;27.10.2024 02:30;ok\r\n0151 12345680;ja;31.03.2024 02:30;ok\r\n0151 12345681;ja;31.03.2024 02:30;storniert\r\n`
  // The example of the documentation, with the type of this ledger.
  const page = readFileSync(join(import.meta.dirname, "../../docs/command-line.md"), "utf8")
  const example = JSON.parse(/```json\n([^`]*"Telefon"[^`]*)```/.exec(page)![1]!)
  const map = { ...example, consentType: { value: newsletter } }
  const { code, stderr, store, tally } = await importFile("kasse.csv", content, map)
  expect(stderr).toContain("warning: the fields are separated by a semicolon, as the first line says\n")
  expect(stderr).toContain(
    "line 5: consentDate: invalid: the column Zeit holds a time that the clocks of Europe/Berlin skipped\n",
  )
  expect([code, tally]).toMatchObject([2, { rows: 4, recorded: 2, recordedBefore: 0, rejected: 1, skipped: 1 }])
  expect(bodies(store).map(({ consentDate, consentState }) => [consentState, consentDate])).toEqual([
    ["accepted", "2024-10-27T00:30:00.000Z"],
    ["declined", "2024-10-27T01:30:00.000Z"],
  ])
})

test("A mistake in a mapping is said once, with its place and what to do.", async () => {
  const { code, stderr } = await importFile("a.csv", "a\n", {
    consentDate: { column: "when", offset: "Europe/Berlin" },
  })
  expect([code, stderr]).toEqual([
    2,
    "map.json: /consentDate/offset: expected Z or an offset such as +01:00; give the name of a zone as zone\n",
  ])
})

test("A large file of local times is read row by row, each as its zone says.", async () => {
  const count = times(5000, 200_000)
  const minutes = times(61, 11)
  const start = Date.UTC(2019, 5, 1)
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin", dateStyle: "short", timeStyle: "medium" })
  const instants = Array.from({ length: count }, (_, index) => start + index * minutes * 60_000)
  const rows = instants.map((at, index) => `u${index};declined;${local.format(at)}`)
  const { code, store, tally } = await importFile("large.csv", `id;consentState;when\n${rows.join("\n")}\n`, {
    userId: "id",
    consentDate: { column: "when", zone: "Europe/Berlin" },
  })
  expect([code, tally]).toMatchObject([0, { rows: count, recorded: count }])
  const kept = select(store, "SELECT consent_date AS at FROM event ORDER BY consent_date, event_id").map(({ at }) =>
    Number(at),
  )
  // A refusal in the hour that happens twice is of the later one.
  const expected = instants.map((at) => (local.format(at) === local.format(at + 3_600_000) ? at + 3_600_000 : at))
  expect(kept).toEqual(expected.toSorted((a, b) => a - b))
})

test("A couple with one telephone stays two people, and the number is left out where the mapping says so.", async () => {
  const content =
    "account,consentState,consentDate,tel\n1,declined,2024-01-01T00:00:00Z,0151 12345678\n2,accepted,2024-02-01T00:00:00Z,0151 12345678\n"
  const map = { userId: { column: "account" }, phoneNumber: { column: "tel", defaultCountry: "DE" } }
  const refused = await importFile("couple.csv", content.replaceAll(/^(\d)/gm, "u$1"), map)
  expect([refused.code, refused.tally]).toMatchObject([2, { recorded: 1, faults: { identifier_conflict: 1 } }])
  const two = await importFile("couple.csv", content.replaceAll(/^(\d)/gm, "u$1"), {
    ...map,
    sharedContacts: "leave-out",
  })
  expect([two.code, two.tally]).toMatchObject([0, { recorded: 2, leftOut: { phoneNumber: 1 } }])
  expect(new Set(bodies(two.store).map(({ concordId }) => concordId)).size).toBe(2)
})
