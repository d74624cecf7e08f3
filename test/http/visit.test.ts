/** The visit: what a page needs before any act, and with one. */
import { randomUUID } from "node:crypto"
import { type IncomingHttpHeaders, request } from "node:http"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { asVisitor, longTypes, shop, site, startWorld, types, violations } from "./world.ts"

const server = served(() => startWorld({ ASSENT_GEOGRAPHY_HEADER: "x-region" }))

type Headers = Readonly<Record<string, string>>

const page = { origin: "https://shop.example" }
const words = (list: string | undefined): ReadonlyArray<string> => (list ?? "").toLowerCase().split(/ *, */)

const look = (headers: Headers = {}, query = "") => server.request("GET", `${site()}/visit${query}`, { headers })

const act = (body: object = {}, headers: Headers = page, query = ""): Promise<Answer> =>
  server.request("POST", `${site()}/visit${query}`, {
    headers,
    json: { sentAt: new Date().toISOString(), ...body },
  })

/** An answer as it was sent, in a content coding. */
const fetched = (url: string, coding: string) =>
  new Promise<{ readonly body: Buffer; readonly headers: IncomingHttpHeaders }>((resolve, reject) => {
    const sent = request(url, { headers: { "accept-encoding": coding } }, async (answer) => {
      const chunks: Array<Buffer> = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      resolve({ body: Buffer.concat(chunks), headers: answer.headers })
    })
    sent.on("error", reject).end()
  })

/** A choice about analytics, made now. */
const choice = (consentState: string, more: object = {}) => ({
  consentType: types.analytics.id,
  consentState,
  consentAction: "user_click",
  externalId: randomUUID(),
  consentDate: new Date().toISOString(),
  ...more,
})

describe("a visit before any act", () => {
  test("needs nothing, and tells the region, its rules, the active types and the texts", async () => {
    const { json, status } = await look()
    expect(status).toBe(200)
    expect(json.revision).toEqual(expect.any(Number))
    expect(json.region).toMatchObject({ consentMode: "express", gpc: true })
    expect(json.region).not.toHaveProperty("geography")
    // Nothing is published, so the types' own rules count.
    expect(json.ruleSet).toEqual([])
    const active = Object.values(types).filter((type) => type.status === "active")
    expect(json.types.map(({ id }: { id: string }) => id)).toEqual(active.map(({ id }) => id))
    expect(json.types[1]).toMatchObject({
      subcategory: ["analytics"],
      version: 2,
      name: "Version 2",
      consentDuration: "P1Y",
      versions: [{ version: 1 }, { version: 2, requireReaccept: true, grace: "P7D" }],
    })
    expect(json.texts).toMatchObject({ language: "en", dir: "ltr" })
  })

  test("of 12 types has at most 5 kB, compressed as the request prefers", async () => {
    const more = longTypes(7, 0)
    const described = more.types.map((type, n) => {
      const description = `What this is for, told in two sentences that differ from type to type. This one has number ${n}.`
      return { ...type, versions: type.versions.map((version) => ({ ...version, description, name: `Purpose ${n}` })) }
    })
    const full = await startWorld({}, { types: described, documents: [] })
    try {
      const path = `${site()}/visit`
      const plain = await full.request("GET", path)
      expect(plain.json.types).toHaveLength(12)
      for (const coding of ["br", "gzip"] as const) {
        const { body, headers } = await fetched(`${full.url}${path}`, coding)
        expect(headers).toMatchObject({ "content-encoding": coding, etag: plain.headers.etag })
        const text = (coding === "br" ? brotliDecompressSync(body) : gunzipSync(body)).toString()
        expect({ ...JSON.parse(text), at: "" }).toEqual({ ...plain.json, at: "" })
        expect(body.length).toBeLessThan(5_000)
      }
    } finally {
      await full.stop()
    }
  })

  test("is kept by the browser alone, and sent again only where something has changed", async () => {
    const first = await look()
    const { "cache-control": cacheControl, etag, vary } = first.headers
    expect(cacheControl).toBe("private, max-age=300, stale-while-revalidate=86400")
    expect(words(vary)).toEqual(
      expect.arrayContaining(["accept-encoding", "accept-language", "origin", "sec-gpc", "x-region"]),
    )
    const again = await look({ "if-none-match": etag! })
    expect([again.status, again.text, again.headers.etag]).toEqual([304, "", etag])
    for (const headers of [{ "sec-gpc": "1" }, { "x-region": "DE-BE" }] as const) {
      expect((await look({ "if-none-match": etag!, ...headers })).status).toBe(200)
    }
  })

  test("says what the request says of the visitor: a signal, and where the proxy places it", async () => {
    const { json } = await look({ "sec-gpc": "1", "x-region": "de-be" })
    expect([json.signals, json.region.geography]).toEqual([{ gpc: true }, "DE-BE"])
    const other = (await look({ "sec-gpc": "true", "x-region": "XX" })).json
    expect(other.signals).toEqual({ gpc: false })
    expect(other.region).not.toHaveProperty("geography")
  })

  test("with a language that is none is 400", async () => {
    const answer = await look({}, "?language=no_tag!")
    expect([answer.status, violations(answer)]).toEqual([400, ["?language language_not_valid"]])
  })
})

describe("a visit that acts", () => {
  test("opens a session, records the choice, and answers what decides from now on", async () => {
    const first = await act({ items: [choice("accepted"), choice("declined")] })
    const { json, status } = first
    expect(status).toBe(201)
    expect(json.items.map(({ consentState }: { consentState: string }) => consentState)).toEqual([
      "accepted",
      "declined",
    ])
    expect(json.heads).toHaveLength(2)
    expect(json.types).toHaveLength(5)
    const seen = await asVisitor(server, json, "GET", "consent-events")
    expect(seen.json.items.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      json.items.map(({ id }: { id: string }) => id).toSorted(),
    )
    // In the same session, without what the page has already.
    const second = await act({ session: json.session, revision: json.revision })
    expect(second.status).toBe(200)
    expect(second.json).toMatchObject({ id: json.id, concordId: json.concordId, heads: json.heads, items: [] })
    for (const member of ["types", "texts", "region", "contextId"]) expect(second.json).not.toHaveProperty(member)
    // In another one, by the context.
    const third = await act({ contextId: json.contextId, session: "nobody" })
    expect(third.json).toMatchObject({ contextId: json.contextId, concordId: json.concordId, heads: json.heads })
    expect(third.json.id).not.toBe(json.id)
  })

  test("records a choice once, however often it is sent", async () => {
    const items = [choice("accepted")]
    const first = await act({ items })
    const again = await act({ items, session: first.json.session })
    expect([first.status, again.status]).toEqual([201, 200])
    expect(again.json.items).toEqual(first.json.items)
    expect(again.json.heads).toHaveLength(1)
  })
  // The clock of the page is an hour late, and the choice was made ten minutes before it was sent.
  test("dates a choice by the clock of the ledger", async () => {
    const sentAt = Date.now() - 3_600_000
    const item = choice("accepted", { consentDate: new Date(sentAt - 600_000).toISOString() })
    const { json } = await act({ sentAt: new Date(sentAt).toISOString(), items: [item] })
    const [event] = json.items
    expect(Date.parse(event.dateCreated) - Date.parse(event.consentDate)).toBeGreaterThanOrEqual(600_000)
    expect(Date.parse(event.dateCreated) - Date.parse(event.consentDate)).toBeLessThan(1_200_000)
  })

  test("takes JSON as a text, for which a browser sends no preflight", async () => {
    const body = JSON.stringify({ sentAt: new Date().toISOString(), items: [choice("declined")] })
    const headers = { ...page, "content-type": "text/plain;charset=UTF-8" }
    expect((await server.request("POST", `${site()}/visit`, { headers, body })).status).toBe(201)
  })

  test("answers the decisions where they are wanted: those of the ledger", async () => {
    const { json } = await act({ items: [choice("accepted")] }, page, "?decisions=true")
    const { items } = (await asVisitor(server, json, "GET", "consent-decisions")).json
    const timeless = (decision: object) => ({ ...decision, at: "", knownAt: "" })
    expect(json.decisions.map(timeless)).toEqual(items.map(timeless))
  })

  test("records all choices or none, and names what is wrong with each", async () => {
    const items = [choice("accepted", { consentType: types.obsolete.id }), choice("accepted")]
    const answer = await act({ items })
    expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/consentType consent_type_not_active"]])
  })

  test("refuses no refusal for what the page says of itself", async () => {
    const wrong = { contextId: 5, session: [], revision: "seven", language: "!", sentAt: "today" }
    expect((await act({ ...wrong, items: [choice("declined")] })).status).toBe(201)
    const answer = await act({ ...wrong, items: [choice("accepted")] })
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual([
      "/contextId invalid",
      "/language language_not_valid",
      "/revision invalid",
      "/sentAt invalid",
      "/session invalid",
    ])
  })

  test.each([{}, { origin: "https://evil.example" }, { origin: "null", "sec-fetch-site": "cross-site" }])(
    "is refused to a page that is not the project's: %j",
    async (headers) => {
      const answer = await act({ items: [choice("declined")] }, headers)
      expect(answer.status).toBe(403)
      expect(answer.headers).not.toHaveProperty("set-cookie")
    },
  )
})

describe("the context of a browser", () => {
  const name = `assent-context-${shop.id}`

  test("is in a cookie that no script can read, where the page is same-site", async () => {
    const { headers, json } = await act({ items: [choice("accepted")] }, { ...page, "sec-fetch-site": "same-origin" })
    expect(json).not.toHaveProperty("contextId")
    const [cookie] = headers["set-cookie"] as unknown as ReadonlyArray<string>
    expect(cookie).toMatch(new RegExp(`^${name}=[0-9a-f-]{36}; Path=/; Max-Age=\\d+; HttpOnly; Secure; SameSite=Lax$`))
    const sent = { ...page, cookie: `a=b; ${cookie!.split(";")[0]}` }
    const again = await act({}, { ...sent, "sec-fetch-site": "same-site" })
    expect(again.json.concordId).toBe(json.concordId)
    // A page of another site gets nothing out of it.
    const foreign = await act({}, { ...sent, "sec-fetch-site": "cross-site" })
    expect(foreign.json.concordId).not.toBe(json.concordId)
    expect(foreign.headers).not.toHaveProperty("set-cookie")
  })

  test("is sent with credentials by pages of the project alone", async () => {
    const mine = await look(page)
    expect(mine.headers).toMatchObject({
      "access-control-allow-origin": page.origin,
      "access-control-allow-credentials": "true",
    })
    const theirs = await look({ origin: "https://evil.example" })
    for (const field of ["access-control-allow-origin", "access-control-allow-credentials"]) {
      expect(theirs.headers).not.toHaveProperty(field)
    }
    const state = await server.request("GET", `${site()}/health-check`, { headers: page })
    expect(state.headers).not.toHaveProperty("access-control-allow-credentials")
  })
})
