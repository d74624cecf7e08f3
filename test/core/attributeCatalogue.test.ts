import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"
import * as AttributeFamily from "../../core/data-systems/AttributeFamily.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"

const folder = new URL("../../rule-packs/attributes/", import.meta.url)

/** RFC 9562, section 5.5. */
const uuidV5 = (namespace: string, name: string): string => {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name)
    .digest()
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash
    .subarray(0, 16)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

test("The id of an entry is the UUIDv5 of its family and key, so that it is alike in every installation", () => {
  expect(uuidV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com")).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2")
  for (const { family, id, key } of AttributeCatalogue.all) {
    expect(id).toBe(uuidV5(AttributeCatalogue.namespace, `${family}/${key}`))
  }
})

test("An entry is found by its id and by its key of fideslang, and names are unique in a family", () => {
  for (const entry of AttributeCatalogue.all) {
    expect(AttributeCatalogue.find(entry.id)).toBe(entry)
    if (entry.fidesKey !== undefined) expect(AttributeCatalogue.findFidesKey(entry.family, entry.fidesKey)).toBe(entry)
    expect([...AttributeFamily.names, "contactType"]).toContain(entry.family)
    expect(["none", "standard", "sensitive", undefined]).toContain(entry.pIIType)
    expect(entry.pIIType !== undefined).toBe(entry.family === "dataCategory")
    expect(entry.dpv ?? "dpv:Term").toMatch(/^(dpv|pd):[A-Z][A-Za-z]+$/)
  }
  const names = AttributeCatalogue.all.map(({ family, name }) => `${family}/${name.toLowerCase()}`)
  expect(new Set(names).size).toBe(names.length)
})

test("The relationships, origins and destinations are those that are known from elsewhere", () => {
  const namesOf = (family: AttributeFamily.AttributeFamily) => AttributeCatalogue.of(family).map(({ name }) => name)
  expect(namesOf("relationship")).toEqual(["Controller", "Joint Controller", "Processor", "Sub-Processor"])
  expect([namesOf("origin").length, namesOf("destination").length]).toEqual([5, 8])
})

test("The catalogue never changes: every file has the digest of the day it was published, and none is missing", () => {
  const files = readdirSync(folder).filter((name) => name.includes("@"))
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(new URL(name, folder)))
      .digest("hex")
  const sums = files.map((name) => `${digest(name)}  ${name}\n`).join("")
  expect(sums).toBe(readFileSync(new URL("SHA256SUMS", folder), "utf8"))
  expect(files).toContain(`attributes@${AttributeCatalogue.version}.json`)
})

test("The origin of its keys and terms, and their licences, are named", () => {
  const notice = readFileSync(new URL("../../NOTICE", folder), "utf8")
  for (const words of ["fideslang", "Attribution 4.0", "Data Privacy Vocabulary"]) expect(notice).toContain(words)
})
