/**
 * The worst bodies: a refusal costs no more than the request could have, and is no longer than a client can use. Items
 * that were read, values and bytes are counted, because a time depends on the machine.
 */
import { Result } from "effect"
import { describe, expect, test } from "vitest"
import * as CatalogWire from "../../adapters/http/api/CatalogWire.ts"
import * as ConsentTypeWire from "../../adapters/http/api/ConsentTypeWire.ts"
import * as Wire from "../../adapters/http/api/Wire.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"
import { served } from "../support/served.ts"
import { acme, asOwner, privacy, startWorld, types, asVisitor, visit } from "./world.ts"

const server = served(startWorld)

/** A list that counts how many of its items are read. */
const counting = (length: number, item: unknown) => {
  let reads = 0
  const list = new Proxy(
    Array.from({ length }, () => item),
    {
      get: (target, name, receiver) => {
        if (typeof name === "string" && /^\d+$/.test(name)) reads++
        return Reflect.get(target, name, receiver)
      },
    },
  )
  return { list, reads: () => reads }
}

/** Lists that a body may have, each with an item that is not valid there. */
const lists = [
  ["questions", Exchange.decoder(Wire.DecisionQuestions), (items: unknown) => ({ items }), {}],
  ["items", Exchange.decoder(Wire.batch(ItemLine.ItemLine)), (items: unknown) => ({ items }), {}],
  ["domains", Exchange.decoder(CatalogWire.NewProject), (domains: unknown) => ({ name: "Shop", domains }), 0],
  ["permissions", Exchange.decoder(CatalogWire.ApiKeyChange), (permissions: unknown) => ({ permissions }), 0],
  ["public keys", Exchange.decoder(CatalogWire.OrganizationChange), (keys: unknown) => ({ jwks: { keys } }), {}],
  ["states", Exchange.decoder(ConsentTypeWire.ConsentTypeChange), (validStates: unknown) => ({ validStates }), 0],
  [
    "subcategories",
    Exchange.decoder(ConsentTypeWire.ConsentTypeChange),
    (subcategory: unknown) => ({ subcategory }),
    0,
  ],
] as const

describe("of a list that is too long, only the beginning is read", () => {
  test.each(lists)("%s", (_, decode, body, item) => {
    const { list, reads } = counting(100_000, item)
    const decoded: Result.Result<unknown, unknown> = decode(body(list))
    expect(Result.isFailure(decoded)).toBe(true)
    expect(reads()).toBeLessThanOrEqual(2 * Exchange.listMaxLength + 2)
  })
})

test("an item has no list, so of a list in an item nearly nothing is read", () => {
  const { list, reads } = counting(100_000, 0)
  const decoded = Exchange.decoder(ItemLine.ItemLine, 1)({ subcategory: list })
  expect(Result.isFailure(decoded)).toBe(true)
  expect(reads()).toBeLessThanOrEqual(4)
})

test("of rules that are not known, at most 1001 are named", () => {
  const rules = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`m${n}`, 0]))
  const decoded = Exchange.decoder(Exchange.Rules)(rules)
  expect(Result.isFailure(decoded) && decoded.failure.length).toBe(1001)
})

test("a violation after the part that is read in full is found all the same", () => {
  const versions = Array.from({ length: 3000 }, (_, at) => ({
    version: at < 2500 ? at + 1 : 0,
    publishedAt: "2024-01-01T00:00:00Z",
  }))
  const decoded = Exchange.decoder(Exchange.Types)({ items: [{ id: "a", versions }] })
  expect(Result.isFailure(decoded) && decoded.failure[0]?.pointer).toBe("/items/0/versions/2500/version")
})

/** A list of one item, repeated until the text has about `bytes` bytes. */
const list = (item: string, bytes: number): string =>
  `[${Array.from({ length: Math.floor(bytes / (item.length + 1)) }, () => item).join()}]`

const fits = 190_000
const organization = `/privacy-v1/organizations/${acme.id}`

/** Requests whose bodies are as large as allowed and broken everywhere. */
const hostile: ReadonlyArray<readonly [name: string, method: string, path: string, body: () => string]> = [
  ["questions", "POST", `${privacy()}/consent-decisions`, () => `{"items":${list("0", fits)}}`],
  ["items", "POST", `${privacy()}/consent-events`, () => `{"items":${list("{}", 2700)}}`],
  [
    "lists in items",
    "POST",
    `${privacy()}/consent-events`,
    () => `{"items":${list(`{"subcategory":${list("0", 300)}}`, fits)}}`,
  ],
  ["public keys", "PATCH", organization, () => `{"jwks":{"keys":${list("{}", fits)}}}`],
  ["domains", "POST", `${organization}/projects`, () => `{"name":"Made","domains":${list("0", fits)}}`],
  ["permissions", "POST", `${organization}/api-keys`, () => `{"permissions":${list("0", fits)}}`],
  [
    "rules",
    "PATCH",
    `${privacy()}/consent-types/${types.newsletter.id}`,
    () => JSON.stringify({ rules: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`m${n}`, 0])) }),
  ],
]

/** The most bytes of a refusal. */
const refusalMaxBytes = 256 * 1024

describe("a refusal names at most 1000 violations, and how many more there are", () => {
  test.each(hostile)("%s", async (_, method, path, body) => {
    const headers = { ...asOwner, "content-type": "application/json" }
    const answer = await server.request(method, path, { headers, body: body() })
    expect(answer.status).toBe(422)
    expect(answer.json.errors.length).toBeLessThanOrEqual(1001)
    expect(answer.json.errors.at(-1)).toMatchObject({ code: "more", detail: expect.stringMatching(/^[1-9]\d* more/) })
    expect(answer.text.length).toBeLessThanOrEqual(refusalMaxBytes)
  })

  test("to a visitor", async () => {
    const visitor = await visit(server)
    const body = `{"items":${list(`{"subcategory":${list("0", 300)}}`, fits)}}`
    const headers = { "content-type": "application/json" }
    const answer = await asVisitor(server, visitor, "POST", "consent-events", { headers, body })
    expect(answer.status).toBe(422)
    expect(answer.text.length).toBeLessThanOrEqual(refusalMaxBytes)
  })

  test("all of them where there are not more", async () => {
    const headers = { ...asOwner, "content-type": "application/json" }
    const body = `{"items":${list("0", 2 * 300)}}`
    const answer = await server.request("POST", `${privacy()}/consent-events`, { headers, body })
    expect(answer.json.errors.map(({ code }: { code: string }) => code)).not.toContain("more")
  })
})

describe("a body may have a long text, but not many values", () => {
  const path = `${privacy()}/consent-types/${types.newsletter.id}`
  const headers = { ...asOwner, "content-type": "application/json" }
  const send = (body: string) => server.request("PATCH", path, { headers, body })

  test.each([
    ["lists", () => list("[]", 4_000_000)],
    ["objects", () => list("{}", 4_000_000)],
    ["numbers", () => list("0", 4_000_000)],
    ["members", () => `{${list('"a":0', 4_000_000).slice(1, -1)}}`],
    ["nesting", () => "[".repeat(2_000_000) + "]".repeat(2_000_000)],
    ["texts", () => list('"\\""', 4_000_000)],
  ])("%s", async (_, body) => {
    const answer = await send(body())
    expect([answer.status, answer.json.detail]).toEqual([413, expect.stringContaining("values")])
  })

  test("a text after a name that ends with a backslash is recorded", async () => {
    const document = "[{,".repeat(500_000)
    const answer = await send(JSON.stringify({ name: "Ends with \\", document }))
    expect([answer.status, answer.json.document]).toEqual([200, document])
  })

  test.each([
    ["a text with brackets and commas", "[{,".repeat(500_000)],
    ["a text with quotes", '"'.repeat(1_000_000)],
    ["a text with backslashes", "\\".repeat(1_000_000)],
    ["a text that ends with a backslash", `${"a".repeat(2_000_000)}\\`],
  ])("%s is recorded", async (_, document) => {
    const answer = await send(JSON.stringify({ document, required: false }))
    expect(answer.status).toBe(200)
    expect(answer.json.document).toBe(document)
  })
})
