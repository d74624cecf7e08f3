/**
 * Lists of the catalog have a limit in bytes: a page ends before 1 MiB of items and says where the list goes on, and
 * its documents are read in one statement.
 */
import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Collector, sentTo, startCollector } from "../support/collector.ts"
import { times } from "../support/long.ts"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { asOwner, asVisitor, longTypes, privacy, startWorld, visit, type Visitor } from "./world.ts"

const mebibyte = 1024 * 1024
const count = times(120, 400)
const length = 65_000

let collector: Collector
let visitor: Visitor
const server = served(async () => {
  collector = await startCollector()
  return startWorld({ ...sentTo(collector), OTEL_TRACES_SAMPLER_ARG: "1" }, longTypes(count, length))
})
beforeAll(async () => {
  visitor = await visit(server)
})
afterAll(() => collector.stop())

const listed = (query: Readonly<Record<string, string>>, headers = {}): Promise<Answer> =>
  server.request("GET", `${privacy()}/consent-types?${new URLSearchParams(query)}`, {
    headers: { ...asOwner, ...headers },
  })
const listedOnSite = (query: Readonly<Record<string, string>>): Promise<Answer> =>
  asVisitor(server, visitor, "GET", `consent-types?${new URLSearchParams(query)}`)

/** The ids of all pages; each page has at most 1 MiB of items, and at least one. */
const follow = async (list: typeof listed, first: Readonly<Record<string, string>>): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  for (let query: Readonly<Record<string, string>> | undefined = first; query !== undefined;) {
    const { json, text }: Answer = await list(query)
    expect(Buffer.byteLength(text)).toBeLessThan(mebibyte + 1000)
    expect(json.count).toBe(json.items.length)
    expect(json.count).toBeGreaterThan(0)
    expect(json.offset).toBe(ids.length)
    for (const { document, id, label } of json.items) {
      ids.push(id)
      if (label.startsWith("long_")) expect(document).toHaveLength(length)
    }
    query = json.nextCursor === undefined ? undefined : { limit: "1000", cursor: json.nextCursor }
  }
  return ids
}

describe.each([
  ["servers", listed],
  ["visitors", listedOnSite],
] as const)("the consent types, for %s", (_, list) => {
  // Kills: Listing.entries ends no page before its limit, or gives no cursor to a page that was asked for by offset.
  test.each([{ limit: "1000" }, { limit: "1000", offset: "0" }])("end before 1 MiB and go on: %o", async (query) => {
    const ids = await follow(list, query)
    const { total } = (await list({ limit: "1" })).json
    expect(total).toBeGreaterThanOrEqual(count)
    expect([ids.length, new Set(ids).size]).toEqual([total, total])
  })
})

// Kills: ConsentTypeJson.answerListed reads the documents one by one.
test("the documents of a page are read in one statement", async () => {
  const traceId = randomBytes(16).toString("hex")
  const answer = await listed({ limit: "1000" }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
  expect(answer.json.count).toBeGreaterThan(10)
  const ofTrace = await collector.until((all) =>
    all.some((span) => span.traceId === traceId && span.name.startsWith("GET")),
  )
  const reads = ofTrace.filter((span) => span.traceId === traceId && span.name === "LedgerStore.documents")
  expect(reads).toHaveLength(1)
})
