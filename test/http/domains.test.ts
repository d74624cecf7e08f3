/** Where pages come from: domains in Unicode, sub-domains, and the web views of apps. */
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { acme, asOwner, asVisitor, openSession, privacy, shop, site, startWorld, violations, yes } from "./world.ts"

const server = served(startWorld)

const projects = `/privacy-v1/organizations/${acme.id}/projects`

const send = (method: string, path: string, json: object): Promise<Answer> =>
  server.request(method, path, { headers: asOwner, json })

/** Sets members of the shop, and returns it. */
const set = async (fields: object) => {
  const answer = await send("PATCH", privacy(), fields)
  expect(answer.status, answer.text).toBe(200)
  return answer.json as { readonly domains: ReadonlyArray<string>; readonly appOrigins: ReadonlyArray<string> }
}

/** Whether a page of an origin may open a session, and read the answers. */
const isAllowed = async (origin: string): Promise<boolean> => {
  const opened = await openSession(server, {}, shop, { origin })
  const preflight = await server.request("OPTIONS", `${site()}/session`, {
    headers: { origin, "access-control-request-method": "POST" },
  })
  const isOpened = opened.status === 201
  expect([opened.status, preflight.status]).toEqual(isOpened ? [201, 204] : [403, 403])
  for (const { headers } of [opened, preflight]) {
    expect(headers["access-control-allow-origin"]).toBe(isOpened ? origin : undefined)
  }
  return isOpened
}

const allowedOf = async (origins: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const allowed: Array<string> = []
  for (const origin of origins) if (await isAllowed(origin)) allowed.push(origin)
  return allowed
}

describe("a domain", () => {
  test("in Unicode is kept and answered as ASCII, once in all its forms, and is the one that browsers send", async () => {
    const domains = [
      "müller-beispiel.example",
      "MÜLLER-beispiel.example",
      "xn--mller-beispiel-gsb.example",
      "faß.example",
    ]
    const { domains: kept } = await set({ domains })
    expect(kept).toEqual(["xn--mller-beispiel-gsb.example", "xn--fa-hia.example"])
    expect(kept).toEqual([new URL(`http://${domains[0]}`).hostname, new URL(`http://${domains[3]}`).hostname])
    const origins = ["https://xn--mller-beispiel-gsb.example", "https://www.xn--mller-beispiel-gsb.example"]
    expect(await allowedOf(origins)).toEqual([origins[0]])
    const made = await send("POST", projects, { name: "Made", domains: ["bücher.example", "example.com."] })
    expect([made.status, made.json.domains]).toEqual([201, ["xn--bcher-kva.example", "example.com"]])
  })

  test("stands for all sub-domains if it begins with *., and not for the domain itself", async () => {
    expect((await set({ domains: ["*.Example.com", "*.bücher.example"] })).domains).toEqual([
      "*.example.com",
      "*.xn--bcher-kva.example",
    ])
    const allowed = [
      "https://www.example.com",
      "http://a.b.example.com:8080",
      "https://x--y.example.com",
      "https://shop.xn--bcher-kva.example",
    ]
    const others = [
      "https://example.com",
      "https://evilexample.com",
      "https://.example.com",
      "https://www.example.com.evil.example",
      "https://example.com.evil.example",
      "capacitor://www.example.com",
      "https://www.example.com.",
      "https://www.example.com/",
      "https://user@www.example.com",
      "https://www.example.com:443",
      "ftp://www.example.com",
    ]
    expect(await allowedOf([...allowed, ...others])).toEqual(allowed)
  })

  test("of every local host is *.localhost", async () => {
    await set({ domains: ["*.localhost"] })
    expect(await allowedOf(["http://shop.localhost:5173", "http://localhost:5173"])).toEqual([
      "http://shop.localhost:5173",
    ])
  })

  test.each([
    ["https://www.example.com", /scheme/],
    ["www.example.com:8080", /port/],
    ["www.example.com/shop", /path/],
    ["www.example.com?x", /path/],
    ["user@www.example.com", /user name/],
    ["www.example.com ", /white space/],
    ["www.exam ple.com", /white space/],
    ["", /empty/],
    ["a..example", /label 2 is empty/],
    [".example", /label 1 is empty/],
    [`${"a".repeat(64)}.example`, /label 1 has more than 63 characters/],
    [`${"ü".repeat(60)}.example`, /label 1 .* more than 63 characters as ASCII/],
    [`${"a.".repeat(127)}example`, /more than 253 characters/],
    ["-a.example", /label 1 begins or ends with a hyphen/],
    ["shop.a-.example", /label 2 begins or ends with a hyphen/],
    ["my_shop.example", /label 1 has a character/],
    ["my%20shop.example", /label 1 has a character/],
    ["xn--a.example", /label 1 is not valid/],
    ["a.\u200f.example", /label 2 /],
    ["[::1]", /IPv6/],
    ["127.1", /IPv4/],
    ["www.*.example", /only at the beginning/],
    ["*", /only at the beginning/],
    ["*example.com", /only at the beginning/],
    ["*.com", /two labels/],
    ["*.0.0.1", /IP address/],
    ["*.", /empty/],
    ["*.*.example.com", /only at the beginning/],
  ])("that is %j is 422, and the error says which part is wrong, and repeats nothing", async (domain, reason) => {
    for (const [method, path, json] of [
      ["POST", projects, { name: "Made", domains: ["good.example", domain] }],
      ["PATCH", privacy(), { domains: ["good.example", domain] }],
      ["PATCH", privacy(), { domains: [5, domain], name: "" }],
    ] as const) {
      const answer = await send(method, path, json)
      expect(answer.status).toBe(422)
      const error = answer.json.errors.find(({ pointer }: { pointer: string }) => pointer === "/domains/1")
      expect(error).toMatchObject({ code: "invalid", detail: expect.stringMatching(reason) })
      if (/[/@ _%]/.test(domain)) expect(answer.text).not.toContain(domain)
    }
  })

  test("of an organization may be in Unicode, too, but stands for itself alone", async () => {
    const path = `/privacy-v1/organizations/${acme.id}`
    expect((await send("PATCH", path, { primaryDomain: "bücher.example" })).json.primaryDomain).toBe(
      "xn--bcher-kva.example",
    )
    const answer = await send("PATCH", path, { primaryDomain: "*.example.com" })
    expect([answer.status, violations(answer)]).toEqual([422, ["/primaryDomain invalid"]])
  })
})

describe("the origin of an app", () => {
  const origins = [
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "chrome-extension://abcdefgh",
    "app://shop.example:81",
  ]

  test("lets exactly its web views open sessions, record and read", async () => {
    const { appOrigins } = await set({ domains: ["shop.example"], appOrigins: [...origins, "Capacitor://LOCALHOST"] })
    expect(appOrigins).toEqual(origins)
    const others = [
      "http://localhost",
      "capacitor://localhost.evil.example",
      "capacitor://localhost:8080",
      "capacitor://localhost/",
      "capacitor-evil://localhost",
      "app://shop.example",
      "null",
      "file://",
    ]
    expect(await allowedOf([...origins, ...others])).toEqual(origins)
    const { json: visitor } = await openSession(server, {}, shop, { origin: origins[0]! })
    const recorded = await asVisitor(server, visitor, "POST", "consent-events", {
      headers: { origin: origins[0]! },
      json: { items: [yes()] },
    })
    expect(recorded.status, recorded.text).toBe(201)
    expect(recorded.headers["access-control-allow-origin"]).toBe(origins[0])
    // The event shows whether it comes from the app or from a page on the same host.
    expect(recorded.json.items[0].session.domain).toBe("capacitor://localhost")
    const listed = await server.request("GET", `${privacy()}/consent-events?domain=capacitor://localhost`, {
      headers: asOwner,
    })
    expect(listed.json.total).toBe(1)
  })

  test("is allowed only where it is named, and can be taken back", async () => {
    const made = await send("POST", projects, { name: "Made" })
    expect(made.json.appOrigins).toEqual([])
    await set({ appOrigins: origins })
    expect((await set({ name: "Shop" })).appOrigins).toEqual(origins)
    expect((await set({ appOrigins: [] })).appOrigins).toEqual([])
    expect(await isAllowed("capacitor://localhost")).toBe(false)
  })

  test.each([
    ["https://shop.example", /domains/],
    ["http://localhost", /domains/],
    ["capacitor://localhost/", /path/],
    ["capacitor://localhost/app", /path/],
    ["capacitor://", /host/],
    ["capacitor:localhost", /scheme/],
    ["localhost", /scheme/],
    ["null", /scheme/],
    ["", /scheme/],
    ["*://localhost", /scheme/],
    ["1app://localhost", /scheme/],
    ["capacitor://*", /host/],
    ["capacitor://local host", /host/],
    ["capacitor://user@localhost", /host/],
    ["capacitor://localhost:", /port/],
    ["capacitor://localhost:99999", /port/],
    ["file://localhost", /no origin/],
    ["data://localhost", /no origin/],
    [`capacitor://${"a".repeat(2048)}`, /characters/],
  ])("that is %j is 422, and the error says which part is wrong", async (origin, reason) => {
    for (const [method, path, json] of [
      ["POST", projects, { name: "Made", appOrigins: [origin] }],
      ["PATCH", privacy(), { appOrigins: [origin] }],
    ] as const) {
      const answer = await send(method, path, json)
      expect(answer.status).toBe(422)
      expect(answer.json.errors).toEqual([
        { pointer: "/appOrigins/0", code: "invalid", detail: expect.stringMatching(reason) },
      ])
    }
  })
})
