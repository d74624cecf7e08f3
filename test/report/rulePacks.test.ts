import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { Result } from "effect"
import { describe, expect, test } from "vitest"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as RulePacks from "../../rule-packs/RulePacks.ts"

const folder = new URL("../../rule-packs/", import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), "utf8")
const files = readdirSync(folder).filter((name) => name.includes("@"))
const decode = Exchange.decoder(Exchange.RuleSet)

/** The age at which an event lapses under a pack, for a type of this subcategory. */
const ages = (reference: string, subcategory = "anything") => {
  const found = RulePacks.find(reference)
  if (found.kind === "unknown") throw new Error(`no ${reference}`)
  const ruleSet = Result.getOrThrow(decode(found.pack.rules))
  const { maxAge } = Rules.inForce({}, { id: "type", subcategory }, ruleSet)
  return Object.fromEntries(
    Object.entries(maxAge ?? {}).map(([state, age]) => [state, age === null ? null : Period.format(age)]),
  )
}

describe.each(RulePacks.all.map((pack) => [RulePacks.reference(pack), pack] as const))("%s", (reference, pack) => {
  test("is a rule set of the exchange format", () => {
    expect(Result.isSuccess(decode(pack.rules))).toBe(true)
    expect(pack.rules).not.toHaveLength(0)
  })

  test("sets durations and nothing else", () => {
    for (const entry of pack.rules) expect(Object.keys(entry.rules)).toEqual(["maxAge"])
  })

  test("names its source, the day from which it applies, and that it is not legal advice", () => {
    expect(new URL(pack.source).protocol).toBe("https:")
    expect(pack.appliesFrom).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(Instant.parse(`${pack.appliesFrom}T00:00Z`)).toBeDefined()
    expect(pack.warning).toContain("not legal advice")
    expect(pack.title.length * pack.summary.length * pack.notes.length).toBeGreaterThan(0)
  })

  test("is found by its reference, and kept in a file of its name", () => {
    expect(RulePacks.find(reference)).toEqual({ kind: "found", pack })
    expect(JSON.parse(read(`${reference.slice("pack:".length)}.json`))).toEqual(pack)
  })
})

describe("rule packs", () => {
  test("never change: every file has the digest of the day it was published, and none is missing", () => {
    const digests = files.map((name) => `${createHash("sha256").update(read(name)).digest("hex")}  ${name}\n`)
    expect(digests.join("")).toBe(read("SHA256SUMS"))
  })

  test("are all exported, in order", () => {
    expect(RulePacks.all.map((pack) => `${RulePacks.reference(pack).slice(5)}.json`)).toEqual(files.toSorted())
  })

  test("that do not exist are answered with those that do", () => {
    const known = RulePacks.all.map(RulePacks.reference)
    for (const text of ["pack:cnil", "pack:cnil@2020", "cnil@2020-09", "pack:", ""]) {
      expect(RulePacks.find(text)).toEqual({ kind: "unknown", known })
    }
    expect(RulePacks.isReference("pack:nothing")).toBe(true)
    expect(RulePacks.isReference("rules.json")).toBe(false)
  })

  test("say what their sources say", () => {
    expect(ages("pack:cnil@2020-09")).toEqual({ accepted: "P6M", declined: "P6M" })
    expect(ages("pack:tcf@2.0")).toEqual({ accepted: "P1Y1M" })
    expect(ages("pack:ccpa@2023-01")).toEqual({ declined: "P1Y" })
    expect(ages("pack:casl@2014-07")).toEqual({ accepted: null, declined: null, implied: "P2Y" })
    expect(ages("pack:casl@2014-07", "inquiry")).toEqual({ accepted: null, declined: null, implied: "P6M" })
  })
})
