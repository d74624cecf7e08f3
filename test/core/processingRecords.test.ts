/** The record of processing activities: its rows, and each format that it is written in. */
import { parse as parseCsv } from "csv-parse/sync"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"
import { DOMParser } from "linkedom"
import writeExcelFile from "write-excel-file/node"
import { expect, it } from "vitest"
import { parseDocument } from "yaml"
import * as ProcessingRecords from "../../core/data-systems/ProcessingRecords.ts"
import * as RecordQuery from "../../core/data-systems/RecordQuery.ts"
import type { RecordFormatName } from "../../core/data-systems/RecordQuery.ts"
import * as RecordColumns from "../../core/data-systems/RecordColumns.ts"
import type { RecordContent } from "../../core/processing-records/RecordContent.ts"
import * as RecordFormat from "../../core/processing-records/RecordFormat.ts"
import { attributes, contentOf, shop, system } from "../support/records.ts"
import { unzip } from "../support/unzip.ts"

const bytesOf = async (format: RecordFormatName, content: RecordContent): Promise<Buffer> =>
  Buffer.concat([...(await Effect.runPromise(Stream.runCollect(RecordFormat.write(format, content))))])

const textOf = async (...of: Parameters<typeof bytesOf>) => (await bytesOf(...of)).toString("utf8")

const titles = ({ rows }: RecordContent) => rows.map(({ activity, system: { name } }) => [activity?.name ?? "", name])

it("has a row for each activity and data system, or for each data system, sorted by name", () => {
  expect(titles(contentOf())).toEqual([
    ["Customer accounts", "Web shop"],
    ["Newsletter", "Newsletter"],
    ["Orders and delivery", "Old till"],
    ["Orders and delivery", "Web shop"],
  ])
  expect(titles(contentOf(shop, { by: "system" }))).toEqual([
    ["", "Newsletter"],
    ["", "Old till"],
    ["", "Web shop"],
  ])
})

it("has what is done for others in the record of a processor alone, and nothing that is archived or a test", () => {
  expect(titles(contentOf(shop, { as: "processor" }))).toEqual([["Orders and delivery", "Fulfilment for others"]])
  const test = system("Test", { relationship: ["controller"] }, { status: "test" })
  expect(contentOf([test]).rows).toEqual([])
})

it("of a project has the data systems that concern it: those that name it, and those that name none", () => {
  const systems = [
    system("All", {}),
    system("One", {}, { projectIds: ["a"] }),
    system("Other", {}, { projectIds: ["b"] }),
  ]
  expect(titles(contentOf(systems, { project: "a" }))).toEqual([
    ["", "All"],
    ["", "One"],
  ])
})

const familyOf = fc.subarray([...attributes.keys()], { maxLength: 6 })

/** Data systems with few names and any links, so that ties happen. */
const systemsOf = fc.array(
  fc.record({
    name: fc.constantFrom("A", "a", "B", "=1+1", 'C "D", E\r\nF', "\u202eG", "-H", "_x0041_", "]]>&<b>", "Ü\ud800"),
    activities: familyOf,
    purposes: familyOf,
    transfers: fc.array(fc.record({ country: fc.constantFrom("US", "IN"), safeguard: fc.constantFrom("", "@x", "y") })),
    retention: fc.constantFrom("P2Y", "P1M", "P1Y6M", "P90D"),
  }),
  { maxLength: 5 },
)

const built = (given: ReadonlyArray<typeof systemsOf extends fc.Arbitrary<ReadonlyArray<infer Each>> ? Each : never>) =>
  given.map(({ activities, name, purposes, retention, transfers }) =>
    system(
      name,
      {},
      {
        retention,
        transfers,
        attributes: { processingActivity: activities, processingPurpose: purposes },
      },
    ),
  )

it("does not depend on the order in which data systems and attributes are kept", () => {
  fc.assert(
    fc.property(systemsOf, fc.constantFrom(...RecordQuery.groupings), (given, by) => {
      const systems = built(given)
      const rows = ({ rows: all }: RecordContent) => all.map((row) => [row.activity?.id, row.system.id])
      expect(rows(contentOf(systems.toReversed(), { by }))).toEqual(rows(contentOf(systems, { by })))
      const counts = contentOf(systems, { by }).systems.map((each) => ProcessingRecords.rowCount(each, { by }))
      expect(contentOf(systems, { by }).rows).toHaveLength(counts.reduce((sum, count) => sum + count, 0))
    }),
  )
})

it("is the same bytes for the same content, in each format", async () => {
  for (const format of RecordQuery.formatNames) {
    const [once, again] = [await bytesOf(format, contentOf()), await bytesOf(format, contentOf(shop.toReversed()))]
    expect(again.equals(once), format).toBe(true)
  }
})

/** The cells of the record as they are meant, with what separates several things of a cell. */
const cellsOf = ({ organization, query, rows }: RecordContent, separator: string) => {
  const columns = RecordColumns.of(query)
  return [
    columns.map(RecordColumns.title),
    ...rows.map((row) => columns.map(({ cells }) => cells(row, organization).join(separator))),
  ]
}

const startsFormula = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/

it("as CSV is read back by another reader, and no cell starts a formula", async () => {
  await fc.assert(
    fc.asyncProperty(systemsOf, async (given) => {
      const content = contentOf(built(given))
      const read: Array<Array<string>> = parseCsv(await bytesOf("csv", content), { record_delimiter: "\r\n" })
      const expected = cellsOf(content, "; ").map((row) =>
        row.map((text) => Buffer.from(startsFormula.test(text) ? `'${text}` : text).toString()),
      )
      expect(read).toEqual(expected)
      expect(read.flat().filter((text) => startsFormula.test(text))).toEqual([])
    }),
    { numRuns: 50 },
  )
})

it("as CSV starts no formula in a spreadsheet that separates cells by another character", async () => {
  const names = ["a;=1+1", "a; @SUM(1)", "a;\u00a0-1", "a\t=1", "a\n+1"]
  const content = contentOf(names.map((name) => system(name, {})))
  for (const delimiter of [";", "\t"]) {
    const read: Array<Array<string>> = parseCsv(await bytesOf("csv", content), {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
    })
    expect(read.flat().filter((text) => startsFormula.test(text.trim()))).toEqual([])
  }
  const [, ...rows] = parseCsv(await bytesOf("csv", content)) as Array<Array<string>>
  expect(rows.map((row) => row.find((text) => text.startsWith("a")))).toContain("a;'=1+1")
})

/** The texts of a sheet by their places, and its formulas. */
const sheetOf = async (workbook: Buffer) => {
  const files = await unzip(workbook)
  const xml = (name: string) => new DOMParser().parseFromString(files.get(name)!.toString(), "text/xml")
  const shared = files.has("xl/sharedStrings.xml")
    ? [...xml("xl/sharedStrings.xml").querySelectorAll("si")].map((item) => item.textContent)
    : []
  const sheet = xml("xl/worksheets/sheet1.xml")
  const cells = [...sheet.querySelectorAll("c")].map((cell) => {
    const text = cell.querySelector("t")?.textContent ?? shared[Number(cell.querySelector("v")?.textContent)] ?? ""
    return [cell.getAttribute("r"), text] as const
  })
  return {
    texts: cells.filter(([, text]) => text !== ""),
    formulas: sheet.querySelectorAll("f").length,
    types: new Set([...sheet.querySelectorAll("c")].map((cell) => cell.getAttribute("t"))),
  }
}

it("as a workbook has the cells that another writer gives it, all of them texts", async () => {
  const systems = [
    ...shop,
    ...["=1+1", "-H", "a & b <c>", 'say "no"'].map((name) => system(name, { relationship: ["controller"] })),
  ]
  for (const as of RecordQuery.capacities) {
    const content = contentOf(systems, { as })
    const rows = cellsOf(content, "\n").map((row) => row.map((value) => ({ value, type: String })))
    const theirs = await sheetOf(await writeExcelFile(rows).toBuffer())
    const ours = await sheetOf(await bytesOf("xlsx", content))
    expect(ours.texts).toEqual(theirs.texts)
    expect([ours.formulas, [...ours.types]]).toEqual([0, ["inlineStr"]])
  }
})

it("as a workbook has no character that XML lacks, none that is read as another, and no cell that is too long", async () => {
  const long = "x".repeat(40_000)
  const content = contentOf([
    system("a\u0000b\uFFFE", {}),
    system("_x0041_", {}),
    system("long", {}, { additionalNotes: "", owner: long }),
  ])
  const sheet = (await unzip(await bytesOf("xlsx", content))).get("xl/worksheets/sheet1.xml")!.toString()
  expect(sheet).toContain(">a\uFFFDb\uFFFD<")
  expect(sheet).toContain(">_x005F_x0041_<")
  expect(Math.max(...sheet.split(/<[^>]*>/).map(({ length }) => length))).toBe(32_767)
})

it("as a page escapes every text, loads nothing and runs nothing", async () => {
  const page = await textOf(
    "html",
    contentOf([system('<script>x</script>"\u202e', { processingActivity: ["orders"] })]),
  )
  expect(page).toContain("&lt;script&gt;x&lt;/script&gt;&quot;\uFFFD")
  expect(page).not.toMatch(/<script|<img|<link|src=|url\(/)
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
})

it("as a page says what is missing, and as JSON the same by code", async () => {
  const content = contentOf()
  const page = await textOf("html", content)
  expect(page).toMatch(/<span class="number">7<\/span>things are missing/)
  const { items } = JSON.parse(await textOf("json", content))
  const gaps = items.map(({ dataSystem, gaps: all }: { dataSystem: { name: string }; gaps: Array<object> }) => [
    dataSystem.name,
    all.length,
  ])
  expect(gaps).toEqual([
    ["Web shop", 0],
    ["Newsletter", 0],
    ["Old till", 7],
    ["Web shop", 0],
  ])
})

it("as a manifest is YAML 1.2 without tags, and says every text as it is", async () => {
  await fc.assert(
    fc.asyncProperty(systemsOf, async (given) => {
      const content = contentOf(built(given))
      const document = parseDocument(await textOf("fides", content), { schema: "core" })
      expect(document.errors).toEqual([])
      const { system: systems } = document.toJS()
      expect(systems.map(({ name }: { name: string }) => name.toWellFormed())).toEqual(
        content.systems.map(({ system: { name } }) => name.toWellFormed()),
      )
      for (const { privacy_declarations: declarations } of systems)
        for (const { retention_period: kept } of declarations) expect(kept).toMatch(/^P/)
    }),
    { numRuns: 50 },
  )
})

it("as JSON-LD names each data system once, with terms whose prefixes its context has", async () => {
  const text = await textOf("jsonld", contentOf())
  const { "@context": context, "@graph": graph } = JSON.parse(text)
  const part = graph[0]["dpv:hasRecordOfActivity"]["dct:hasPart"].map((each: { "@id": string }) => each["@id"])
  expect(graph.slice(1).map((each: { "@id": string }) => each["@id"])).toEqual(part)
  expect(part).toHaveLength(3)
  const prefixes = [...text.matchAll(/"([a-z-]+):[A-Za-z0-9-]+"/g)].map(([, prefix]) => prefix)
  expect([...new Set(prefixes)].filter((prefix) => !Object.hasOwn(context, prefix!))).toEqual([])
  expect(text).toContain(`{"@id":"eu-gdpr:A6-1-b"}`)
})

it("reads periods as people say them", () => {
  const texts = ["P1Y", "P2Y6M", "P90D", "P1W", "PT5M", "P"].map(RecordColumns.periodText)
  expect(texts).toEqual(["1 year", "2 years, 6 months", "90 days", "1 week", "PT5M", "P"])
})
