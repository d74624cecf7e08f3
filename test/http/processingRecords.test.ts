/** The record of processing activities over HTTP, and the import of data systems from fideslang. */
import { parse as parseCsv } from "csv-parse/sync"
import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import * as RecordQuery from "../../core/data-systems/RecordQuery.ts"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { unzip } from "../support/unzip.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, foreign, nobody, secretOf, shop, startWorld, violations } from "./world.ts"

const server = served(startWorld)
const organization = `/privacy-v1/organizations/${acme.id}`
const asViewer = { "x-api-key": secretOf(acme, "viewer") }

const sample = readFileSync(new URL("../fixtures/fideslang/sample_systems.yml", import.meta.url), "utf8")

const send = (body: string | Uint8Array, query = "", headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  server.request("POST", `${organization}/data-systems/import${query}`, {
    headers: { ...asOwner, "content-type": "application/yaml", ...headers },
    body,
  })

const register = (query = "", headers: Readonly<Record<string, string>> = asOwner): Promise<Answer> =>
  server.request("GET", `${organization}/register${query}`, { headers })

/** The record as bytes, which are no text in each format. */
const bytesOf = async (query: string): Promise<Buffer> => {
  const answer = await fetch(`${server.url}${organization}/register${query}`, { headers: asOwner })
  return Buffer.from(await answer.arrayBuffer())
}

const outcomes = ({ json }: Answer): ReadonlyArray<string> =>
  json.systems.map(({ fidesKey, outcome }: { fidesKey: string; outcome: string }) => `${fidesKey} ${outcome}`)

describe("a manifest of fideslang", () => {
  test("is told first and changes nothing, then is imported, and imported again changes nothing", async () => {
    const dry = await send(sample, "?dryRun=true")
    expect(dry.status, dry.text).toBe(200)
    expect(dry.json).toMatchObject({ dryRun: true, created: 6, changed: 0, unchanged: 0 })
    const before = await server.request("GET", `${organization}/data-systems`, { headers: asOwner })
    expect(before.json.items).toHaveLength(1)
    const imported = await send(sample)
    expect(imported.json).toMatchObject({ dryRun: false, created: 6 })
    const made = ({ json }: Answer) => json.attributes.map(({ family, name }: Record<string, string>) => [family, name])
    expect(made(imported)).toEqual(made(dry))
    const again = await send(sample)
    expect(again.json).toMatchObject({ created: 0, changed: 0, unchanged: 6, attributes: [] })
    expect(again.json.systems.map(({ id }: { id: string }) => id)).toEqual(
      imported.json.systems.map(({ id }: { id: string }) => id),
    )
  })

  test("says by name what was not taken over, and how often", async () => {
    const { unmapped } = (await send(sample, "?dryRun=true")).json
    expect(unmapped).toEqual([
      { member: "system.privacy_declarations.dataset_references", because: "has no place here", count: 4 },
    ])
  })

  test("becomes data systems with the attributes of the catalogue, and others that are created", async () => {
    const listed = await server.request("GET", `${organization}/data-systems?limit=100`, { headers: asOwner })
    const shown = listed.json.items.find(({ fidesKey }: { fidesKey?: string }) => fidesKey === "cookie_house")
    expect(shown).toMatchObject({
      name: "Cookie House",
      status: "active",
      additionalNotes: "Cookie House eCommerce Application",
      dataSystemTypeId: "Application",
      owner: "Engineering",
    })
    const { items } = (await register("?by=system")).json
    const record = items.find(
      ({ dataSystem }: { dataSystem: { fidesKey?: string } }) => dataSystem.fidesKey === "cookie_house",
    )
    const keys = (list: ReadonlyArray<{ fidesKey: string }>) => list.map(({ fidesKey }) => fidesKey)
    expect([keys(record.purposes), keys(record.dataCategories).toSorted(), keys(record.dataSubjects)]).toEqual([
      ["functional.service.improve"],
      ["user.contact", "user.device.cookie_id"],
      ["customer"],
    ])
  })

  test("changes what it says, and leaves what it does not say", async () => {
    const listed = await server.request("GET", `${organization}/data-systems?limit=100`, { headers: asOwner })
    const { id } = listed.json.items.find(({ fidesKey }: { fidesKey?: string }) => fidesKey === "cookie_house")
    const json = { retention: "P1Y", vendor: { name: "Bakers", agreementUrl: "https://bakers.example/dpa" } }
    await server.request("PATCH", `${organization}/data-systems/${id}`, { headers: asOwner, json })
    const manifest = { system: [{ fides_key: "cookie_house", name: "Cookie Home", privacy_policy: null }] }
    const changed = await send(JSON.stringify(manifest), "", { "content-type": "application/json" })
    expect(changed.json.systems).toEqual([
      { fidesKey: "cookie_house", id, name: "Cookie Home", outcome: "changed", members: ["name"] },
    ])
    const { items } = (await register("?by=system")).json
    const record = items.find(({ dataSystem }: { dataSystem: { id: string } }) => dataSystem.id === id)
    expect(record).toMatchObject({ dataSystem: { name: "Cookie Home" }, ...json })
    expect(record.purposes).toHaveLength(1)
  })

  test("keeps the address of a data protection officer apart, and finds the contact again by it", async () => {
    const manifest = (dpo: string) =>
      JSON.stringify({
        system: [
          { fides_key: "crm", responsibility: ["Controller"], dpo },
          { fides_key: "erp", dpo },
        ],
      })
    const first = await send(manifest("dpo@acme.example"))
    expect(first.json.attributes).toMatchObject([{ family: "contact", name: "Data protection officer" }])
    expect(first.text).not.toContain("dpo@acme.example")
    const again = await send(manifest("DPO@acme.example"))
    expect(outcomes(again)).toEqual(["crm unchanged", "erp unchanged"])
    const contacts = (headers: Readonly<Record<string, string>>) => register("?by=system&format=csv", headers)
    expect((await contacts(asOwner)).text).toContain("dpo@acme.example")
    const seen = (await contacts(asViewer)).text
    expect(seen).toContain("Data protection officer")
    expect(seen).not.toContain("dpo@acme.example")
  })

  test("that was exported is imported again without a change", async () => {
    for (const as of RecordQuery.capacities) {
      const exported = await register(`?format=fides&as=${as}`)
      const imported = await send(exported.text)
      expect(imported.json, imported.text).toMatchObject({ created: 0, changed: 0, attributes: [] })
    }
  })

  test("is repeated with the same Idempotency-Key, and is another request with another body", async () => {
    const key = { "idempotency-key": "import-once" }
    const manifest = "system: [{ fides_key: once }]"
    const [first, second] = [await send(manifest, "", key), await send(manifest, "", key)]
    expect(outcomes(first)).toEqual(["once created"])
    expect(second.json).toEqual(first.json)
    expect((await send("system: []", "", key)).status).toBe(422)
  })

  const nested = (levels: number) => `system: ${"[".repeat(levels)}${"]".repeat(levels)}`
  /** Each anchor repeats the one before nine times. */
  const laughs = [
    "a0: &a0 [x, x, x, x, x, x, x, x, x]",
    ...Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join(", ")}]`,
    ),
  ].join("\n")

  /** Each of 50 data systems repeats 10,000 values, which are 10 kB. */
  const repeating = [
    `all: &all [${Array.from({ length: 10 }, () => `{ data_categories: [${Array(1000).fill("a").join(",")}] }`).join(", ")}]`,
    "system:",
    ...Array.from({ length: 50 }, (_, n) => `  - { fides_key: s${n}, privacy_declarations: *all }`),
  ].join("\n")

  test.each([
    ["text that is no YAML", "system: [", /is not YAML/],
    ["a tag", "system: !!set {}", /has a tag/],
    ["a tag of a language", "system: !!js/function 'x'", /has a tag/],
    ["a bomb of aliases", laughs, /repeat too much|aliases/],
    [
      "more than 100 aliases",
      `a: &a 1\nb: [${Array.from({ length: 101 }, () => "*a").join(", ")}]`,
      /more than 100 aliases/,
    ],
    ["much that few aliases repeat", repeating, /more than 250000 values/],
    [
      "more values than are imported at a time",
      JSON.stringify({ x: Array(250_000).fill(1) }),
      /more than 250000 values/,
    ],
    ["two documents", "system: []\n---\nsystem: []", /more than one document/],
    ["a key twice", "system: []\nsystem: []", /a key twice/],
    ["bytes that are not UTF-8", Buffer.from([0x73, 0xff]), /not UTF-8/],
    ["lists in lists without end", nested(20_000), /nested too deeply|not YAML/],
  ])("with %s is 400, and nothing is changed", async (_, body, reason) => {
    const answer = await send(body)
    expectProblem(answer, 400)
    expect(answer.json.errors[0]).toMatchObject({ code: "unreadable", detail: expect.stringMatching(reason) })
  })

  test("with faults is 422 with all of them by their places, and repeats nothing that was sent", async () => {
    const manifest = {
      system: [
        { fides_key: "secret key" },
        { fides_key: "twice", name: 7 },
        { fides_key: "many", responsibility: "Controller" },
      ],
    }
    const answer = await send(JSON.stringify(manifest))
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual([
      "/system/0/fides_key invalid",
      "/system/1/name invalid",
      "/system/2/responsibility invalid",
    ])
    expect(answer.text).not.toContain("secret key")
    const repeated = await send("system: [{ fides_key: a }, { fides_key: b }, { fides_key: a }]")
    expect(violations(repeated)).toEqual(["/system/2/fides_key repeated_key"])
    const links = Array.from({ length: 201 }, (_, n) => `k${n}`)
    const full = await send(
      JSON.stringify({
        system: [{ fides_key: "full", privacy_declarations: [{ data_use: "x", data_subjects: links }] }],
      }),
    )
    expect(violations(full)).toEqual(["/system/0 too_many"])
  })

  test("is 413 above 5 MiB, 415 as another media type, and 403 for a key that only reads", async () => {
    expectProblem(await send("x".repeat(5 * 1024 * 1024 + 1)), 413)
    expectProblem(await send("system: []", "", { "content-type": "text/csv" }), 415)
    expectProblem(await send("system: []", "", asViewer), 403)
  })
})

describe("the record of processing", () => {
  beforeAll(async () => {
    const json = { representative: "Rep GmbH, Berlin", privacyContact: "privacy@acme.example" }
    await server.request("PATCH", organization, { headers: asOwner, json })
  })

  test("is answered in each format, twice with the same bytes", async () => {
    for (const format of RecordQuery.formatNames) {
      const once = await register(`?format=${format}`)
      expect([once.status, once.headers["content-type"]]).toEqual([200, RecordQuery.formats[format].mediaType])
      expect((await bytesOf(`?format=${format}`)).equals(await bytesOf(`?format=${format}`)), format).toBe(true)
      const { ending } = RecordQuery.formats[format]
      if (format === "json") expect(once.headers).not.toHaveProperty("content-disposition")
      else expect(once.headers["content-disposition"]).toContain(`record-of-processing-controller.${ending}`)
    }
  })

  test("has the organization, its representative, and the consent ledger itself without a gap", async () => {
    const { json } = await register("?by=system")
    expect(json).toMatchObject({
      article: "30(1)",
      organization: { name: "Acme", representative: "Rep GmbH, Berlin", privacyContact: "privacy@acme.example" },
    })
    const ledger = json.items.find(
      ({ dataSystem }: { dataSystem: { name: string } }) => dataSystem.name === "Consent ledger",
    )
    expect(ledger.gaps).toEqual([])
  })

  test("as a workbook is a ZIP that another reader opens, and as CSV has a row for each activity", async () => {
    const workbook = await unzip(await bytesOf("?format=xlsx"))
    expect(workbook.get("xl/worksheets/sheet1.xml")!.toString()).toContain("Consent ledger")
    const rows: Array<Array<string>> = parseCsv(await bytesOf("?format=csv"))
    const { total } = (await register()).json
    expect(rows).toHaveLength(total + 1)
  })

  test("is limited to a project, or to what is done for others", async () => {
    expect((await register("?as=processor")).json).toMatchObject({ article: "30(2)", items: [] })
    const { json } = await register(`?project=${shop.id.toUpperCase()}`)
    expect(json.project).toBe(shop.id)
    for (const id of [foreign.id, nobody]) {
      const answer = await register(`?project=${id}`)
      expectProblem(answer, 422)
      expect(answer.json.errors).toMatchObject([{ parameter: "project", code: "unknown_project" }])
    }
    expectProblem(await register("?format=pdf"), 400)
  })

  test("is not made if it would be too large for one answer", async () => {
    const names = Array.from({ length: 200 }, (_, n) => `activity ${n} ${"x".repeat(200)}`).join(";")
    const keys = Array.from({ length: 200 }, (_, n) => `a.very.long.key.of.a.category.number.${n}`)
    const systems = Array.from({ length: 3 }, (_, n) => ({
      fides_key: `large_${n}`,
      responsibility: ["Processor"],
      privacy_declarations: [{ data_use: "essential", name: names, data_categories: keys }],
    }))
    const imported = await send(JSON.stringify({ system: systems }), "", { "content-type": "application/json" })
    expect(imported.json, imported.text).toMatchObject({ created: 3 })
    const answer = await register("?as=processor")
    expectProblem(answer, 422)
    expect(answer.json.errors).toMatchObject([{ parameter: "by", code: "record_too_large" }])
    expect((await register("?as=processor&by=system&format=csv")).status).toBe(200)
  })
})
