/**
 * Trackers over HTTP: written by servers, given to pages, and reported by them.
 */
import { DatabaseSync } from "node:sqlite"
import { describe, expect, test } from "vitest"
import { maxUnclassified } from "../../core/model/Tracker.ts"
import { served } from "../support/served.ts"
import { scrape } from "./logLines.ts"
import { valueIn } from "./metricValues.ts"
import { expectProblem } from "./problem.ts"
import { asOwner, blog, nobody, privacy, shop, site, startWorld, types, violations } from "./world.ts"

const server = served(() => startWorld({ ASSENT_ADDRESS_HEADER: "x-client", ASSENT_METRICS_PORT: "0" }))

const ask = (method: string, path: string, json?: unknown, project = shop) =>
  server.request(method, `${privacy(project)}/${path}`, { headers: asOwner, ...(json !== undefined && { json }) })

let address = 0
/** A page of another network each time, because a network reports six times a minute. */
const page = (more: Readonly<Record<string, string>> = {}) => ({
  origin: "https://shop.example",
  "x-client": `10.${++address >> 8}.${address & 255}.1`,
  ...more,
})
const report = (items: unknown, headers = page()) =>
  server.request("POST", `${site()}/trackers`, { headers, json: { items } })
const ofPage = async (headers = {}) => server.request("GET", `${site()}/trackers`, { headers })
const listed = async (query = "") => (await ask("GET", `trackers?limit=1000&${query}`)).json.items

const cookie = { name: "_count", type: "cookie", category: "analytics" }

describe("a tracker", () => {
  test("is written alone or with others, changed by what is given, and deleted", async () => {
    const one = await ask("POST", "trackers", { ...cookie, company: "Stats", domain: "Shop.Example." })
    expect([one.status, one.json]).toEqual([
      201,
      [
        expect.objectContaining({
          pattern: "_count",
          domain: "shop.example",
          category: "analytics",
          origin: "manual",
          matchType: "project",
          organization: shop.organization,
          project: shop.id,
          dateCreated: expect.any(Number),
        }),
      ],
    ])
    const several = await ask("POST", "trackers", {
      items: [
        { name: "Stats", type: "script", domain: "stats.example" },
        { name: "Ads", type: "iframe", pattern: "ads.example/*", consentTypes: [types.newsletter.id.toUpperCase()] },
      ],
    })
    expect(several.json).toMatchObject([
      { category: "unclassified", pattern: "stats.example" },
      { consentTypes: [types.newsletter.id] },
    ])
    const path = `trackers/${several.json[1].id}`
    const changed = await ask("PATCH", path, { category: "marketing", consentTypes: null, name: null })
    expect(changed.json).toMatchObject({ name: "Ads", category: "marketing", dateCreated: several.json[1].dateCreated })
    expect(changed.json).not.toHaveProperty("consentTypes")
    expect(changed.json.dateUpdated).toBeGreaterThan(changed.json.dateCreated)
    expect((await listed("category=marketing")).map(({ name }: { name: string }) => name)).toEqual(["Ads"])
    expect((await ask("DELETE", path)).status).toBe(200)
    for (const method of ["PATCH", "DELETE"]) expect((await ask(method, path, {})).status).toBe(404)
    expect(await listed("category=marketing")).toEqual([])
  })

  test("is refused with all that is wrong with it, and so are those beside it", async () => {
    const before = (await listed()).length
    const answer = await ask("POST", "trackers", {
      items: [
        cookie,
        { name: "a", type: "script", pattern: "https://a.example/", consentTypes: [nobody] },
        { name: "*", type: "cookie", domain: "no host" },
        { name: "b", type: "image", pattern: "b.example/?id=*" },
      ],
    })
    expect([answer.status, violations(answer)]).toEqual([
      422,
      [
        "/items/1/consentTypes/0 unknown_consent_type",
        "/items/1/pattern pattern_has_scheme",
        "/items/2/domain domain_not_valid",
        "/items/2/pattern pattern_too_wide",
        "/items/3/pattern pattern_not_valid",
      ],
    ])
    expect(violations(await ask("POST", "trackers", { name: "", type: "pixel" }))).toHaveLength(2)
    expect(violations(await ask("POST", "trackers", { items: [] }))).toHaveLength(1)
    expect((await listed()).length).toBe(before)
  })

  test("is written once, if the request is sent again with its key", async () => {
    const headers = { ...asOwner, "idempotency-key": "trackers-once" }
    const send = () =>
      server.request("POST", `${privacy()}/trackers`, { headers, json: { items: [{ ...cookie, name: "once" }] } })
    const [first, again] = [await send(), await send()]
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
    expect(again.headers["idempotent-replayed"]).toBe("true")
    expect((await listed()).filter(({ name }: { name: string }) => name === "once")).toHaveLength(1)
  })

  test("of another project is not there", async () => {
    const [{ id }] = (await ask("POST", "trackers", cookie, blog)).json
    expect((await ask("PATCH", `trackers/${id}`, { name: "c" })).status).toBe(404)
    expect((await listed()).some((each: { id: string }) => each.id === id)).toBe(false)
  })
})

describe("a page", () => {
  test("gets what has a category, with what it needs of it, and 304 while that is the same", async () => {
    await ask("POST", "trackers", { name: "given", type: "local_storage", category: "functional", company: "C" })
    const answer = await ofPage()
    expect(answer.headers["cache-control"]).toBe("private, max-age=300, stale-while-revalidate=86400")
    expect(answer.json.items.every(({ category }: { category: string }) => category !== "unclassified")).toBe(true)
    const own = answer.json.items.find(({ pattern }: { pattern: string }) => pattern === "given")
    expect(own).toEqual({ id: own.id, type: "local_storage", pattern: "given", category: "functional" })
    const again = { "if-none-match": answer.headers["etag"]! }
    expect((await ofPage(again)).status).toBe(304)
    await ask("PATCH", `trackers/${own.id}`, { category: "unclassified" })
    expect((await ofPage(again)).status).toBe(200)
  })

  test("reports what it met, shortened and each once, and nothing of the visitor is kept", async () => {
    const met = { type: "script", domain: "CDN.met.example", path: "/u/zq9.jane@mail.example/tag-4711.js?user=zq9" }
    const entry = { type: "session_storage", domain: "shop.example", name: "cart_zq9f8e7d6c5b4a", heldBy: "zq9held" }
    const first = await report([met, entry, { ...met, first: "script" }])
    expect([first.status, first.json]).toEqual([202, { accepted: 3 }])
    const again = await report([met])
    expect([again.status, again.json]).toEqual([202, { accepted: 1 }])
    const found = (await listed("origin=autoscan")).filter(({ domain }: { domain: string }) => /met|shop/.test(domain))
    expect(found).toMatchObject([
      {
        type: "script",
        domain: "cdn.met.example",
        detectedName: "/u/*/tag-*.js",
        pattern: "cdn.met.example/u/*/tag-*.js",
        category: "unclassified",
        matchType: "new",
      },
      { type: "session_storage", pattern: "cart_*" },
    ])
    const database = new DatabaseSync(server.file, { readOnly: true })
    const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    for (const { name } of names) {
      const rows = database.prepare(`SELECT * FROM "${name}"`).all()
      for (const row of rows) expect(Buffer.from(Object.values(row).map(String).join("\n")).includes("zq9")).toBe(false)
    }
    database.close()
    const history = (await ask("GET", "tracker-scan-history")).json
    expect(history).toMatchObject({ scheduledScanEnabled: false, count: 1 })
    expect(history.items[0].found).toBeGreaterThanOrEqual(2)
  })

  test("changes no tracker: neither one that was written nor one that was found", async () => {
    const [made] = (
      await ask("POST", "trackers", { name: "k", type: "script", pattern: "known.example/*", category: "malicious" })
    ).json
    const met = { type: "image", domain: "later.example", path: "/p" }
    await report([met])
    const later = (await listed("origin=autoscan")).find(({ domain }: { domain: string }) => domain === "later.example")
    const sorted = (await ask("PATCH", `trackers/${later.id}`, { category: "marketing", name: "Later" })).json
    const before = await listed()
    await report([met, { type: "script", domain: "known.example", path: "/x.js" }])
    expect(await listed()).toEqual(before)
    expect(before).toEqual(expect.arrayContaining([made, sorted]))
  })

  test("is one of the project's, says nothing too large, and reports six times a minute", async () => {
    const item = { type: "script", domain: "a.example" }
    for (const origin of ["https://elsewhere.example", "null"])
      expectProblem(await report([item], page({ origin })), 403)
    const { origin: _, ...withoutOrigin } = page()
    expectProblem(
      await server.request("POST", `${site()}/trackers`, { headers: withoutOrigin, json: { items: [item] } }),
      403,
    )
    expectProblem(await report([]), 422)
    expectProblem(await report(Array.from({ length: 51 }, () => item)), 422)
    expectProblem(await report([{ type: "cookie", domain: "a.example" }]), 422)
    expectProblem(await report([{ type: "script", domain: "a b" }]), 422)
    expectProblem(await report([{ ...item, filling: "x".repeat(16 * 1024) }]), 413)
    const same = page()
    const answers = []
    for (let n = 0; n < 7; n++) answers.push(await report([item], same))
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 202, 429])
    expect(Number(answers[6]!.headers["retry-after"])).toBeGreaterThanOrEqual(1)
  })

  test("is answered for what its browser blocked, in both forms and as a text", async () => {
    const send = (body: unknown, type: string) =>
      server.request("POST", `${site()}/trackers`, {
        headers: page({ "content-type": type }),
        body: JSON.stringify(body),
      })
    const violation = (blockedURL: string, effectiveDirective: string) => ({
      type: "csp-violation",
      age: 1,
      url: "https://shop.example/",
      body: { blockedURL, effectiveDirective, documentURL: "https://shop.example/basket?zq9", disposition: "enforce" },
    })
    const reports = [
      violation("https://csp.example/a.js?b=1", "script-src-elem"),
      violation("inline", "script-src-elem"),
      violation("https://csp.example/frame", "frame-src"),
      violation("wss://csp.example/", "connect-src"),
      { type: "deprecation", body: { id: "x" } },
    ]
    const sent = await send(reports, "application/reports+json; charset=utf-8")
    expect([sent.status, sent.json]).toEqual([202, { accepted: 2 }])
    const legacy = {
      "csp-report": { "blocked-uri": "https://csp.example/i.gif", "violated-directive": "img-src 'self'" },
    }
    expect((await send(legacy, "application/csp-report")).json).toEqual({ accepted: 1 })
    expect((await send({ items: [{ type: "link", domain: "csp.example" }] }, "text/plain")).json).toEqual({
      accepted: 1,
    })
    expect((await send({}, "application/xml")).status).toBe(415)
    expect((await send({}, "application/csp-report")).status).toBe(422)
    const found = (await listed("origin=autoscan")).filter(({ domain }: { domain: string }) => domain === "csp.example")
    expect(found.map(({ pattern, type }: { pattern: string; type: string }) => [type, pattern])).toEqual([
      ["script", "csp.example/a.js"],
      ["iframe", "csp.example/frame"],
      ["image", "csp.example/i.gif"],
      ["link", "csp.example/"],
    ])
  })
})

describe("a project", () => {
  test("keeps a number of trackers without a category; what pages report besides is counted and dropped", async () => {
    const name = (n: number) => [...n.toString(4).padStart(7, "0")].map((digit) => "abcd"[Number(digit)]).join("-")
    const count = (await listed()).filter(({ category }: { category: string }) => category === "unclassified").length
    const left = maxUnclassified - count
    for (let n = 0; n < left; n += 100) {
      const items = Array.from({ length: Math.min(100, left - n) }, (_, index) => ({
        name: name(n + index),
        type: "cookie",
      }))
      expect((await ask("POST", "trackers", { items })).status).toBe(201)
    }
    expect(violations(await ask("POST", "trackers", { name: "more", type: "cookie" }))).toEqual(["/category too_many"])
    expect((await ask("POST", "trackers", { ...cookie, name: "classified" })).status).toBe(201)
    const more = { type: "cookie", domain: "shop.example", name: "one_more" }
    expect((await report([more])).json).toEqual({ accepted: 1 })
    expect(valueIn(await scrape(server), "assent_tracker_reports_dropped_total")).toBe(1)
    const { json } = await ask("GET", "trackers?category=unclassified&limit=1")
    expect(json.total).toBe(maxUnclassified)
    const [first] = json.items
    await ask("DELETE", `trackers/${first.id}`)
    await report([more])
    expect((await listed("origin=autoscan")).some((each: { name: string }) => each.name === "one_more")).toBe(true)
  })
})
