/** Lists of organizations, projects and keys: which page, in which order, and cursors that neither skip nor repeat. */
import * as fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, secretOf, startWorld, violations } from "./world.ts"

const server = served(startWorld)
/** An organization that holds nothing but the entries made below. */
let own: { readonly id: string; readonly secret: string; readonly adminSecret: string }

const organizations = "/privacy-v1/organizations"
const pathOf = (list: string): string =>
  list === "organizations" ? organizations : `${organizations}/${own.id}/${list}`

const send = (method: string, path: string, json?: unknown, secret = own.secret): Promise<Answer> => {
  const sent = { headers: { "x-api-key": secret } }
  return server.request(method, path, json === undefined ? sent : { ...sent, json })
}

/** Few names, so that many entries have the same one. Names are ordered by code units. */
const names = ["bb", "BB", "aa", "äö", "bb"]
const entryOf = (name: string) => ({ name, role: "admin" })

beforeAll(async () => {
  const wanted = { name: "Mine", primaryDomain: "mine.example", privacyPolicyUrl: "https://mine.example/p" }
  const { id, apiKey } = (await server.request("POST", organizations, { headers: asOwner, json: wanted })).json
  own = { id, secret: apiKey.secret, adminSecret: "" }
  for (const list of ["projects", "api-keys"]) {
    // Concurrently, so that many are made in the same millisecond.
    const made = await Promise.all([...names, ...names].map((name) => send("POST", pathOf(list), entryOf(name))))
    for (const { status } of made) expect(status).toBe(201)
    if (list === "api-keys") own = { ...own, adminSecret: made[0]!.json.secret }
  }
})

interface Item {
  readonly id: string
  readonly name: string
  readonly dateCreated: string
}

const get = (list: string, query: object, secret?: string): Promise<Answer> => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const parameters = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
  return send("GET", `${pathOf(list)}?${parameters}`, undefined, secret)
}

const lists = ["organizations", "projects", "api-keys"] as const
const idsOf = ({ json }: Answer): ReadonlyArray<string> => json.items.map(({ id }: Item) => id)

interface Order {
  readonly sort?: "name" | "dateCreated" | undefined
  readonly order?: "asc" | "desc" | undefined
}

/** The ids in the requested order: by the key, then by id, both reversed by `desc`. */
const inOrder = (items: ReadonlyArray<Item>, { order = "asc", sort = "dateCreated" }: Order): ReadonlyArray<string> => {
  const ids = items
    .map((item) => [item[sort], item.id] as const)
    .sort(([a, one], [b, two]) => (a === b ? (one < two ? -1 : 1) : a < b ? -1 : 1))
    .map(([, id]) => id)
  return order === "asc" ? ids : ids.toReversed()
}

const orders = fc.record({
  sort: fc.constantFrom("name", "dateCreated", undefined),
  order: fc.constantFrom("asc", "desc", undefined),
})
const limits = fc.integer({ min: 1, max: 12 })

describe.each(lists)("the list of %s", (list) => {
  test("has every entry once, sorted by name or date, ties by id; offset and limit cut a piece of it", async () => {
    const all: ReadonlyArray<Item> = (await get(list, {})).json.items
    expect(all).toHaveLength(list === "organizations" ? 1 : list === "projects" ? 10 : 11)
    await fc.assert(
      fc.asyncProperty(orders, fc.nat(13), limits, async (order, offset, limit) => {
        const page = await get(list, { ...order, offset, limit })
        const expected = inOrder(all, order).slice(offset, offset + limit)
        expect(idsOf(page)).toEqual(expected)
        expect(page.json).toMatchObject({ offset, count: expected.length, total: all.length })
        expect(page.json).not.toHaveProperty("nextCursor")
      }),
      { numRuns: 60 },
    )
  })

  test("is read to its end by cursors: every entry once, in order, each page saying how many came before", async () => {
    const all: ReadonlyArray<Item> = (await get(list, {})).json.items
    await fc.assert(
      fc.asyncProperty(orders, limits, async (order, limit) => {
        const read: Array<string> = []
        let cursor: string | undefined
        do {
          const page = await get(list, { ...order, limit, cursor })
          expect(page.json).toMatchObject({ offset: read.length, total: all.length })
          expect(idsOf(page).length).toBe(Math.min(limit, all.length - read.length))
          read.push(...idsOf(page))
          cursor = page.json.nextCursor
        } while (cursor !== undefined)
        expect(read).toEqual(inOrder(all, order))
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    [{ limit: 0 }, ["?limit invalid"]],
    [{ limit: 1001 }, ["?limit invalid"]],
    [{ limit: "1e2" }, ["?limit invalid"]],
    [
      { limit: -1, offset: -1, sort: "secretHash", order: "down" },
      ["?limit invalid", "?offset invalid", "?order invalid", "?sort invalid"],
    ],
    [{ offset: 1.5 }, ["?offset invalid"]],
    [{ name: "bb" }, ["?name unknown"]],
    [{ cursor: "x", offset: 0 }, ["?cursor invalid"]],
    [{ cursor: "" }, ["?cursor unknown_cursor"]],
    [{ cursor: "x" }, ["?cursor unknown_cursor"]],
    [{ cursor: "\u0000%" }, ["?cursor unknown_cursor"]],
    [{ cursor: "A".repeat(100) }, ["?cursor unknown_cursor"]],
  ])("is 400 for %j, naming the parameters", async (query, expected) => {
    const answer = await get(list, query)
    expectProblem(answer, 400)
    expect(violations(answer)).toEqual(expected)
  })
})

describe("a cursor", () => {
  test("does not skip or repeat what was there, though entries are made meanwhile", async () => {
    for (const order of [
      {},
      { sort: "name" },
      { sort: "name", order: "desc" },
      { order: "desc" },
    ] as ReadonlyArray<Order>) {
      const before: ReadonlyArray<Item> = (await get("projects", {})).json.items
      const read: Array<string> = []
      let page = await get("projects", { ...order, limit: 3 })
      for (
        ;
        page.json.nextCursor !== undefined;
        page = await get("projects", { ...order, limit: 3, cursor: page.json.nextCursor })
      ) {
        read.push(...idsOf(page))
        // Entries that sort before all entries read so far, and after all others.
        if (read.length === 3) for (const name of ["  ", "zz"]) await send("POST", pathOf("projects"), { name })
      }
      read.push(...idsOf(page))
      expect(new Set(read).size).toBe(read.length)
      const there = new Set(before.map(({ id }) => id))
      expect(read.filter((id) => there.has(id))).toEqual(inOrder(before, order))
    }
  })

  test("is good for its list, its order and its key only, and not if a letter of it was changed", async () => {
    const { nextCursor } = (await get("api-keys", { limit: 2 })).json
    expect((await get("api-keys", { limit: 5, cursor: nextCursor })).json).toMatchObject({ offset: 2, count: 5 })
    const ofProjects = (await get("projects", { limit: 2 })).json.nextCursor
    const ofAnotherKey = (await get("projects", { limit: 2 }, own.adminSecret)).json.nextCursor
    const ofAcme = (await server.request("GET", `${organizations}/${acme.id}/api-keys?limit=2`, { headers: asOwner }))
      .json.nextCursor
    const refused = [
      await get("projects", { cursor: nextCursor }),
      await get("organizations", { cursor: nextCursor }),
      await get("api-keys", { cursor: ofProjects }),
      await get("api-keys", { cursor: ofAcme }),
      await get("projects", { cursor: ofAnotherKey }),
      await get("projects", { cursor: ofProjects }, own.adminSecret),
      await get("api-keys", { cursor: nextCursor, sort: "name" }),
      await get("api-keys", { cursor: nextCursor, order: "desc" }),
    ]
    for (let at = 0; at < nextCursor.length - 1; at += 7) {
      const letter = nextCursor[at] === "A" ? "B" : "A"
      refused.push(await get("api-keys", { cursor: nextCursor.slice(0, at) + letter + nextCursor.slice(at + 1) }))
    }
    for (const answer of refused) {
      expectProblem(answer, 400)
      expect(violations(answer)).toEqual(["?cursor unknown_cursor"])
    }
  })

  test("holds nothing that its page did not", async () => {
    const { items, nextCursor } = (await get("api-keys", { limit: 2, sort: "name" })).json
    const decoded = Buffer.from(nextCursor, "base64url").toString("latin1")
    const uuids = decoded.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? []
    for (const id of uuids) expect(items.map((item: Item) => item.id)).toContain(id)
    expect(decoded).not.toMatch(/secret|identifierKey|assent_/)
  })
})

test("the list of organizations holds the key's own one, with any key", async () => {
  for (const role of ["owner", "viewer"] as const) {
    const answer = await send("GET", organizations, undefined, secretOf(acme, role))
    expect(idsOf(answer)).toEqual([acme.id])
  }
  expect(idsOf(await get("organizations", {}))).toEqual([own.id])
})
