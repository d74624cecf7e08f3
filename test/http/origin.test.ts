/** CORS: exactly the project's domains, on the site API only. */
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { asOwner, blog, nobody, privacy, shop, site, startWorld, visit, yes } from "./world.ts"

const server = served(startWorld)

const page = "https://shop.example"
const strangers = [
  "https://evil.example",
  "https://www.shop.example",
  "https://shop.example.evil.example",
  "https://evilshop.example",
  "https://blog.example",
  "null",
  "https://shop.example, https://evil.example",
  "file://",
]

const preflight = (path: string, origin: string, method = "POST") =>
  server.request("OPTIONS", path, {
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "content-type,x-session",
    },
  })

/** Whether a cache that several origins share may give this answer to another origin. */
const isMixedUp = ({ headers }: Answer): boolean =>
  !words(headers.vary).includes("origin") && headers["cache-control"] !== "no-store"

const words = (list: string | undefined): ReadonlyArray<string> => (list ?? "").toLowerCase().split(/ *, */)

describe("preflight", () => {
  test("from a page of the project allows the methods and headers of the site API, to this very origin", async () => {
    for (const path of ["session", "consent-events", "consent-state", "consent-decisions"]) {
      const { status, headers, text } = await preflight(`${site()}/${path}`, page)
      expect([200, 204]).toContain(status)
      expect(text).toBe("")
      expect(headers["access-control-allow-origin"]).toBe(page)
      expect(words(headers["access-control-allow-methods"])).toEqual(expect.arrayContaining(["get", "post"]))
      expect(words(headers["access-control-allow-headers"])).toEqual(
        expect.arrayContaining(["content-type", "idempotency-key", "x-session"]),
      )
      expect(words(headers.vary)).toContain("origin")
    }
  })

  test("from a page on another port or over http is from the same domain", async () => {
    for (const origin of ["http://localhost:5173", "https://shop.example:8443", "http://shop.example"]) {
      expect((await preflight(`${site()}/consent-events`, origin)).headers["access-control-allow-origin"]).toBe(origin)
    }
  })

  test.each(strangers)("from %s is refused", async (origin) => {
    const answer = await preflight(`${site()}/consent-events`, origin)
    expect(answer.status).toBe(403)
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin")
    expect(answer.headers).not.toHaveProperty("access-control-allow-methods")
    expect(isMixedUp(answer)).toBe(false)
  })

  test("for another project's path is refused", async () => {
    expect((await preflight(`${site(blog)}/consent-events`, page)).headers).not.toHaveProperty(
      "access-control-allow-origin",
    )
    const missing = await preflight(`${site({ ...shop, id: nobody })}/session`, page)
    expect(missing.status).toBeGreaterThanOrEqual(400)
    expect(missing.headers).not.toHaveProperty("access-control-allow-origin")
  })

  test("outside the site API is not answered as one", async () => {
    for (const path of [`${privacy()}/consent-events`, "/livez", "/openapi.json"]) {
      const answer = await preflight(path, page)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([])
    }
  })
})

describe("an answer of the site API", () => {
  /** One request to every path of the site API, some of which fail. */
  const all = async (origin: string) => {
    const { session } = await visit(server)
    const headers = { origin, "x-session": session }
    return Promise.all([
      server.request("GET", `${site()}/consent-state`, { headers }),
      server.request("GET", `${site()}/consent-events`, { headers }),
      server.request("GET", `${site()}/consent-decisions`, { headers }),
      server.request("GET", `${site()}/health-check`, { headers }),
      server.request("POST", `${site()}/consent-events`, { headers, json: { items: [yes()] } }),
      server.request("POST", `${site()}/session`, { headers, json: {} }),
      server.request("GET", `${site()}/consent-state`, { headers: { origin } }),
      server.request("GET", `${site()}/consent-events?limit=0`, { headers }),
      server.request("POST", `${site()}/consent-events`, { headers, json: { items: [] } }),
      server.request("POST", `${site()}/consent-events`, { headers, body: "{" }),
      server.request("GET", `${site()}/nothing`, { headers }),
      server.request("DELETE", `${site()}/consent-state`, { headers }),
    ])
  }

  test("can be read by a page of the project, errors too, so that the page can tell what is wrong", async () => {
    const answers = await all(page)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 201, 201, 401, 400, 422, 415, 404, 405])
    const unreadable = answers.filter(({ headers }) => headers["access-control-allow-origin"] !== page)
    expect(unreadable.map(({ status, json }) => `${status} ${json.detail}`)).toEqual([])
    expect(answers.filter(isMixedUp)).toEqual([])
    // A page can read `ETag` and `Retry-After` only if these headers are exposed.
    expect(words(answers[0]!.headers["access-control-expose-headers"])).toEqual(
      expect.arrayContaining([
        "etag",
        "idempotent-replayed",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
      ]),
    )
  })

  test.each(strangers)("cannot be read by %s", async (origin) => {
    for (const answer of await all(origin)) {
      expect(answer.headers).not.toHaveProperty("access-control-allow-origin")
      expect(isMixedUp(answer)).toBe(false)
    }
  })

  test("never allows credentials of the browser, nor every origin", async () => {
    for (const { headers } of [...(await all(page)), await preflight(`${site()}/session`, page)]) {
      expect(headers).not.toHaveProperty("access-control-allow-credentials")
      expect(headers["access-control-allow-origin"]).not.toBe("*")
    }
  })

  test("without an Origin has no such header, but varies by it all the same", async () => {
    const answer = await server.request("GET", `${site()}/health-check`)
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin")
    expect(words(answer.headers.vary)).toContain("origin")
  })
})

test("no answer outside the site API can be read by a page", async () => {
  const headers = { ...asOwner, origin: page }
  for (const path of [`${privacy()}/consent-state?userId=u`, "/livez", "/openapi.json", "/docs", "/nothing"]) {
    const answer = await server.request("GET", path, { headers })
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([])
  }
})
