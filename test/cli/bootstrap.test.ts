/**
 * `assent bootstrap` with a name, domains and consent types of the operator: everything is checked before anything is
 * made, and the outcome differs from that of the demonstration.
 */
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { workplace } from "./run.ts"

const { folder, run, write } = workplace()

const newsletter = {
  id: "018D5D1E-0000-7000-8000-000000000001",
  category: "communication",
  subcategory: "email",
  label: "newsletter",
  name: "Our newsletter",
  versions: [
    { version: 1, publishedAt: "2024-01-01T00:00:00.000Z" },
    { version: 2, publishedAt: "2025-01-01T00:00:00.000Z", requireReaccept: true, grace: "P30D" },
  ],
}
const visits = { id: "visits", category: "privacy_setting", subcategory: ["analytics"], label: "visits" }
const typesFile = (...items: ReadonlyArray<object>) => JSON.stringify({ items })

describe("A ledger of the operator's own", () => {
  const own = ["--name", "Example Ltd", "--domain", "Example.com", "--domain", "*.example.com", "--project", "Shop"]

  test("has its name, its domains, its types with their versions, and no demonstration", async () => {
    write("types.json", typesFile(newsletter, { ...visits, consentDuration: "P13M" }))
    const made = await run(["bootstrap", "--store", "sqlite:own.db", ...own, "--types", "types.json", "--json"])
    expect(made.code).toBe(0)
    const { consentTypes, isDemonstration, ...ids } = JSON.parse(made.stdout)
    expect(isDemonstration).toBe(false)
    expect(ids.apiKey).toMatch(/^assent_/)
    const triple = { category: "communication", subcategory: "email", label: "newsletter" }
    expect(consentTypes).toMatchObject([{ id: newsletter.id.toLowerCase(), ...triple }, { label: "visits" }])
    expect(consentTypes[1].id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)

    await run(["export", "--store", "sqlite:own.db", "--types", "exported.json"])
    write(
      "answer.ndjson",
      `{"userId":"ann","consentType":"${consentTypes[0].id}","consentState":"accepted","consentDate":"2024-06-01T00:00:00Z"}`,
    )
    const imported = await run(["import", "answer.ndjson", "--store", "sqlite:own.db"])
    expect(imported.stdout).toMatch(/^recorded +1$/m)
    const events = await run(["export", "--store", "sqlite:own.db"])
    expect(JSON.parse(events.stdout)).toMatchObject({ version: 1, label: "newsletter" })
    expect((await run(["verify", "--store", "sqlite:own.db"])).code).toBe(0)
  })

  test("may begin with the types that another ledger exported", async () => {
    const again = await run(["bootstrap", "--store", "sqlite:again.db", ...own, "--types", "exported.json", "--json"])
    expect(JSON.parse(again.stdout).consentTypes).toMatchObject([{ label: "newsletter" }, { label: "visits" }])
    await run(["export", "--store", "sqlite:again.db", "--types", "again.json"])
    const typesOf = async (file: string) =>
      (await run(["decisions", "--types", file, "--events", "-"], { stdin: "" })).code
    expect([await typesOf("exported.json"), await typesOf("again.json")]).toEqual([0, 0])
  })

  test("prints what it made, which differs from the demonstration in the first line", async () => {
    const { stdout } = await run(["bootstrap", "--store", "sqlite:text.db", ...own])
    expect(stdout).toMatch(
      /^organization {2}[0-9a-f-]{36} {2}Example Ltd\nproject {7}[0-9a-f-]{36} {2}Shop: example\.com, \*\.example\.com\n/,
    )
    const demonstration = await run(["bootstrap", "--store", "sqlite:demo.db"])
    expect(demonstration.stdout).toMatch(
      /^a demonstration was set up, for localhost; .* --name … --domain …\norganization/,
    )
    const again = await run(["bootstrap", "--store", "sqlite:demo.db", ...own])
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("assent key --role owner")])
  })
})

describe("Nothing is made", () => {
  const named = ["--name", "Example"]
  const withDomain = [...named, "--domain", "example.com"]
  const types = (...items: ReadonlyArray<object>) => {
    write("bad.json", typesFile(...items))
    return [...withDomain, "--types", "bad.json"]
  }

  test.each([
    ["for a name without a domain", () => named, /^error: --domain: expected at least one host/],
    ["for a domain without a name", () => ["--domain", "example.com"], /^error: --domain: needs --name/],
    ["for types without a name", () => ["--types", "types.json"], /^error: --types: needs --name/],
    ["for a domain that is none", () => [...withDomain, "--domain", "https://a.b"], /--domain 2: has a scheme/],
    ["for an address of no page", () => [...withDomain, "--privacy-policy", "ftp:a"], /http or https URL/],
    ["for types that are not there", () => [...withDomain, "--types", "none.json"], /^none\.json: no such file/],
    [
      "for a category of another engine",
      () => types({ ...visits, category: "marketing" }),
      /\/items\/0\/category: expected/,
    ],
    ["for a type twice", () => types(visits, { ...visits, id: "b" }), /^bad\.json: \/items\/1: is there twice/m],
    [
      "for a member that is misspelt, because consent would never expire",
      () => types({ ...visits, consentDuraton: "P13M" }),
      /^bad\.json: \/items\/0\/consentDuraton: is not known here: do you mean consentDuration\?$/m,
    ],
    [
      "for a member of a version that is misspelt",
      () => types({ ...visits, versions: [{ ...newsletter.versions[0], require_reaccept: true }] }),
      /^bad\.json: \/items\/0\/versions\/0\/require_reaccept: .* do you mean requireReaccept\?$/m,
    ],
    [
      "for a version that is not the first",
      () => types({ ...visits, versions: newsletter.versions.slice(1) }),
      /versions 1, 2, 3/,
    ],
  ])("%s", async (_name, args, said) => {
    const { code, stderr, stdout } = await run(["bootstrap", "--store", "sqlite:nothing.db", ...args()])
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(said)])
    expect(readdirSync(folder).filter((name) => name.startsWith("nothing"))).toEqual([])
  })
})
