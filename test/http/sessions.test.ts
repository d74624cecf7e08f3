/**
 * Sessions: opened by a page of the project, separate, resumed by contextId, valid for 30 minutes after their last use.
 */
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { startEmpty } from "../support/server.ts"
import { served } from "../support/served.ts"
import {
  asVisitor,
  blog,
  nobody,
  openSession,
  shop,
  site,
  startWorld,
  violations,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const server = served(() => startWorld({ ASSENT_GEOGRAPHY_HEADER: "X-Region" }))
let database: DatabaseSync
beforeAll(() => {
  database = new DatabaseSync(server.file, { timeout: 10_000 })
})
afterAll(() => database.close())

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const minute = 60_000

const say = (visitor: Visitor, consentState: string) =>
  asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes({ consentState })] } })
const statesOf = async (visitor: Visitor): Promise<ReadonlyArray<string>> =>
  (await asVisitor(server, visitor, "GET", "consent-events?order=asc")).json.items.map(
    ({ consentState }: { consentState: string }) => consentState,
  )

/** Moves the end of a session, as if time had passed. */
const expire = (visitor: Visitor, expiresAt: number): void => {
  database.prepare("UPDATE session SET expires_at = ? WHERE json_extract(body, '$.id') = ?").run(expiresAt, visitor.id)
}
const expiryOf = (visitor: Visitor): number =>
  database.prepare("SELECT expires_at FROM session WHERE json_extract(body, '$.id') = ?").get(visitor.id)![
    "expires_at"
  ] as number

test("a session of an earlier version, which has no commitment, is none", async () => {
  const visitor = await visit(server)
  const body = `json_remove(json_set(body, '$.ipAddress', '192.0.2.0'), '$.commitment')`
  database.prepare(`UPDATE session SET body = ${body} WHERE json_extract(body, '$.id') = ?`).run(visitor.id)
  expect((await say(visitor, "accepted")).status).toBe(401)
})

describe("opening", () => {
  test("is answered 201 with a token of at least 256 random bits, and the person it is about", async () => {
    const from = Date.now()
    const answer = await openSession(server)
    expect(answer.status).toBe(201)
    const { session, id, contextId, concordId, expiresAt, ...more } = answer.json
    expect(more).toEqual({})
    expect(Buffer.from(session, "base64url").byteLength).toBeGreaterThanOrEqual(32)
    for (const each of [id, contextId, concordId]) expect(each).toMatch(uuid)
    expect(new Set([id, contextId, concordId]).size).toBe(3)
    const lasts = Date.parse(expiresAt) - from
    expect(lasts).toBeGreaterThanOrEqual(30 * minute - 1)
    expect(lasts).toBeLessThan(31 * minute)
    // A token in a shared cache would be given to other visitors.
    expect(answer.headers["cache-control"]).toBe("no-store")
  })

  test("twice gives two tokens, two people, two contexts", async () => {
    const [one, two] = [await visit(server), await visit(server)]
    for (const field of ["session", "id", "contextId", "concordId"] as const) expect(one[field]).not.toBe(two[field])
  })

  test("needs an Origin that is one of the project's domains, on any port, over http or https", async () => {
    for (const origin of ["https://shop.example", "http://shop.example:8080", "http://localhost:3000"]) {
      expect((await openSession(server, {}, shop, { origin })).status).toBe(201)
    }
    for (const origin of [
      "https://www.shop.example",
      "https://shop.example.evil.example",
      "https://evilshop.example",
      "https://shop.example@evil.example",
      "https://blog.example",
      "null",
      "*",
      "",
      "shop.example",
      "ftp://shop.example",
      "file://",
    ]) {
      const answer = await openSession(server, {}, shop, { origin })
      expect([origin, answer.status]).toEqual([origin, 403])
    }
    const headers = { "content-type": "application/json" }
    expect((await server.request("POST", `${site()}/session`, { headers, body: "{}" })).status).toBe(403)
  })

  test("in a project that does not exist is 404", async () => {
    expect((await openSession(server, {}, { ...shop, id: nobody })).status).toBe(404)
  })

  test.each([[5], [["a"]], [{}], [true]])("with the contextId %j is 422", async (contextId) => {
    const answer = await openSession(server, { contextId })
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual(["/contextId invalid"])
  })

  test.each([[null], [[]], ["text"], [7]])("with the body %j is 422", async (json) => {
    const answer = await server.request("POST", `${site()}/session`, {
      headers: { origin: "https://shop.example" },
      json,
    })
    expect(answer.status).toBe(422)
  })

  test("keeps the shortened address, the page's domain, the region and at most 512 characters of the user agent", async () => {
    const headers = { "user-agent": "u".repeat(600), "x-region": "US-CA" }
    const visitor: Visitor = (await openSession(server, {}, shop, headers)).json
    const { items } = (await say(visitor, "viewed")).json
    expect(items[0].session).toEqual({
      id: visitor.id,
      ipAddress: "127.0.0.0",
      domain: "shop.example",
      geography: "US-CA",
      userAgent: "u".repeat(512),
    })
  })

  test("leaves out a region that is not of ISO 3166-2", async () => {
    const visitor: Visitor = (await openSession(server, {}, shop, { "x-region": "Berlin, Germany" })).json
    expect((await say(visitor, "viewed")).json.items[0].session).not.toHaveProperty("geography")
  })

  test("takes no region from a header that is not configured", async () => {
    const plain = await startEmpty()
    try {
      const { project, consentTypes } = plain.banner()
      const headers = { origin: "http://localhost", "x-region": "US-CA", "cf-region-code": "CA" }
      const { session } = (await plain.request("POST", `/site-v1/${project}/session`, { headers, json: {} })).json
      const item = { consentType: consentTypes[0], consentState: "viewed", consentAction: "implied" }
      const answer = await plain.request("POST", `/site-v1/${project}/consent-events`, {
        headers: { "x-session": session },
        json: { items: [item] },
      })
      expect(answer.json.items[0].session).not.toHaveProperty("geography")
    } finally {
      await plain.stop()
    }
  })
})

describe("isolation", () => {
  test("two sessions never see each other's events", async () => {
    const [one, two] = [await visit(server), await visit(server)]
    await Promise.all([say(one, "accepted"), say(two, "declined"), say(one, "viewed"), say(two, "implied")])
    expect((await statesOf(one)).toSorted()).toEqual(["accepted", "viewed"])
    expect((await statesOf(two)).toSorted()).toEqual(["declined", "implied"])
    const [first, second] = await Promise.all(
      [one, two].map(async (visitor) => (await asVisitor(server, visitor, "GET", "consent-state")).json),
    )
    expect(first.items).toMatchObject([{ consentState: "accepted", concordId: one.concordId }])
    expect(second.items).toMatchObject([{ consentState: "declined", concordId: two.concordId }])
  })

  test("a session is good in its own project only", async () => {
    const visitor = await visit(server)
    for (const path of ["consent-state", "consent-events", "consent-decisions"]) {
      const headers = { "x-session": visitor.session }
      expect((await server.request("GET", `${site(blog)}/${path}`, { headers })).status).toBe(401)
      expect((await server.request("GET", `${site({ ...shop, id: nobody })}/${path}`, { headers })).status).toBe(404)
    }
  })

  test.each([
    ["none", undefined],
    ["an empty one", ""],
    ["a wrong one", "A".repeat(43)],
    ["the session's id instead", "id"],
    ["the contextId instead", "contextId"],
    ["the concordId instead", "concordId"],
    ["one with a letter more", "more"],
    ["one in another case", "case"],
  ])("of the token %s is answered 401", async (_, wrong) => {
    const visitor = await visit(server)
    const forged: Record<string, string> = {
      id: visitor.id,
      contextId: visitor.contextId,
      concordId: visitor.concordId,
      more: `${visitor.session}A`,
      case: visitor.session.replaceAll(/[a-zA-Z]/g, (letter) =>
        letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
      ),
    }
    const headers = wrong === undefined ? {} : { "x-session": forged[wrong] ?? wrong }
    for (const [method, path] of [
      ["GET", "consent-state"],
      ["GET", "consent-events"],
      ["GET", "consent-decisions"],
      ["POST", "consent-events"],
    ] as const) {
      const answer = await server.request(method, `${site()}/${path}`, {
        headers,
        ...(method === "POST" && { json: { items: [yes()] } }),
      })
      expect(answer.status).toBe(401)
    }
  })

  test("a session is not an API key, and a token in the query is not a credential", async () => {
    const { session } = await visit(server)
    expect((await server.request("GET", `${site()}/consent-state`, { headers: { "x-api-key": session } })).status).toBe(
      401,
    )
    const inQuery = await server.request("GET", `${site()}/consent-state?x-session=${session}`)
    expect([400, 401]).toContain(inQuery.status)
  })
})

describe("the contextId", () => {
  test("of one session makes the next one the same person again, with its earlier events", async () => {
    const first = await visit(server)
    await say(first, "accepted")
    const second = await visit(server, { contextId: first.contextId })
    expect(second).toMatchObject({ contextId: first.contextId, concordId: first.concordId })
    expect(second.session).not.toBe(first.session)
    expect(second.id).not.toBe(first.id)
    await say(second, "declined")
    expect(await statesOf(second)).toEqual(["accepted", "declined"])
    expect(await statesOf(first)).toEqual(["accepted", "declined"])
  })

  test("in upper case is the same", async () => {
    const first = await visit(server)
    const second = await visit(server, { contextId: first.contextId.toUpperCase() })
    expect(second.concordId).toBe(first.concordId)
  })

  test("that a browser made up itself is kept", async () => {
    const contextId = crypto.randomUUID()
    const [one, two] = [await visit(server, { contextId }), await visit(server, { contextId })]
    expect(one.contextId).toBe(contextId)
    expect(two.concordId).toBe(one.concordId)
  })

  // Mutant: any UUID is taken, or any text.
  test.each([
    ["the nil UUID", "00000000-0000-0000-0000-000000000000"],
    ["the max UUID", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    ["a UUID of version 1, which can be guessed", "c232ab00-9414-11ec-b3c8-9f6bdeced846"],
    ["a UUID of version 4 with another variant", "9b1deb4d-3b7d-4bad-cbdd-2b0d7b3dcb6d"],
    ["a word", "undefined"],
    ["an empty text", ""],
  ])("%s is passed over: the visitor is a new guest", async (_, contextId) => {
    const [one, two] = [await visit(server, { contextId }), await visit(server, { contextId })]
    expect(two.concordId).not.toBe(one.concordId)
    expect(two.contextId).not.toBe(one.contextId)
    for (const each of [one, two]) {
      const again = await visit(server, { contextId: each.contextId })
      expect(again).toMatchObject({ contextId: each.contextId, concordId: each.concordId })
    }
  })

  test("of version 7 is taken", async () => {
    const contextId = "0192f5c4-8a6d-7b3e-9c1d-2f4a6b8c0d1e"
    const [one, two] = [await visit(server, { contextId }), await visit(server, { contextId })]
    expect(two).toMatchObject({ contextId, concordId: one.concordId })
  })

  test("null is not one", async () => {
    expect((await openSession(server, { contextId: null })).status).toBe(201)
  })

  test("of one project is a stranger's in another", async () => {
    const first = await visit(server)
    const second = await visit(server, { contextId: first.contextId }, blog)
    expect(second.concordId).not.toBe(first.concordId)
  })

  test("sent by 20 tabs at once makes one person", async () => {
    const contextId = crypto.randomUUID()
    const answers = await Promise.all(Array.from({ length: 20 }, () => openSession(server, { contextId })))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ json }) => json.concordId)).size).toBe(1)
    expect(new Set(answers.map(({ json }) => json.session)).size).toBe(20)
  })
})

describe("the end", () => {
  test("an expired session is answered 401, for good", async () => {
    const visitor = await visit(server)
    expire(visitor, Date.now() - 1)
    for (let n = 0; n < 2; n++) {
      expect((await asVisitor(server, visitor, "GET", "consent-state")).status).toBe(401)
      expect((await say(visitor, "accepted")).status).toBe(401)
    }
    expect(expiryOf(visitor)).toBeLessThan(Date.now())
  })

  test("each use of a session makes it last 30 minutes from then", async () => {
    for (const use of ["consent-state", "consent-events", "consent-decisions"]) {
      const visitor = await visit(server)
      expire(visitor, Date.now() + 10 * minute)
      expect((await asVisitor(server, visitor, "GET", use)).status).toBe(200)
      // The new end may be written up to a minute late, which saves a write for every read.
      expect(expiryOf(visitor)).toBeGreaterThan(Date.now() + 29 * minute)
    }
  })

  test("a use with a wrong project or token does not", async () => {
    const visitor = await visit(server)
    const end = Date.now() + 10 * minute
    expire(visitor, end)
    await server.request("GET", `${site(blog)}/consent-state`, { headers: { "x-session": visitor.session } })
    expect(expiryOf(visitor)).toBe(end)
  })
})
