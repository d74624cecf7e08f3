/** Methods and paths: HEAD, wrong methods, slashes, encodings, and queries on paths that take none. */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { asOwner, privacy, record, shop, site, startWorld, visit, yes, type Visitor } from "./world.ts"

const server = served(startWorld)
let visitor: Visitor
let headers: Readonly<Record<string, string>>
beforeAll(async () => {
  visitor = await visit(server)
  headers = { ...asOwner, "x-session": visitor.session }
  await record(server, [yes({ userId: "paths" })])
})

const readable = [
  `${privacy()}/consent-state?userId=paths`,
  `${privacy()}/consent-decisions?userId=paths`,
  `${site()}/consent-state`,
  `${site()}/consent-events`,
  `${site()}/consent-decisions`,
  `${site()}/health-check`,
  "/livez",
  "/readyz",
  "/openapi.json",
  "/docs",
]

test("health checks are answered 200 with status ok, without a credential", async () => {
  for (const path of [`${site()}/health-check`, "/livez", "/readyz"]) {
    const answer = await server.request("GET", path)
    expect([path, answer.status, answer.text]).toEqual([path, 200, `{"status":"ok"}`])
    expect(answer.headers["content-type"]).toMatch(/^application\/json\b/)
  }
})

test.each(readable)("HEAD %s is answered as GET is, without the body", async (path) => {
  const get = await server.request("GET", path, { headers })
  const head = await server.request("HEAD", path, { headers })
  expect([head.status, head.text]).toEqual([200, ""])
  expect(head.headers["content-type"]).toBe(get.headers["content-type"])
  expect(head.headers.etag).toBe(get.headers.etag)
  // Decisions hold the instant of the question, so the bytes differ, but not their number.
  expect(head.headers["content-length"]).toBe(get.headers["content-length"])
})

test("HEAD of an error has its status and no body", async () => {
  for (const [path, status] of [
    ["/nothing", 404],
    [`${site()}/consent-state`, 401],
    [`${site()}/session`, 405],
  ] as const) {
    const answer = await server.request("HEAD", path)
    expect([path, answer.status, answer.text]).toEqual([path, status, ""])
  }
})

describe("a method that a path does not take is answered 405 with Allow:", () => {
  const cases = readable.flatMap((path) =>
    ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"].map((method) => [method, path] as const),
  )
  test.each([...cases, ["PROPFIND", "/livez"], ["M-SEARCH", "/docs"]] as const)("%s %s", async (method, path) => {
    const answer = await server.request(method, path.split("?", 1)[0]!, { headers })
    expectProblem(answer, 405)
    const allow = answer.headers.allow!.split(", ")
    expect(allow).toContain("GET")
    expect(allow).toContain("HEAD")
    expect(allow).not.toContain(method)
  })

  test("a path that is only posted to", async () => {
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const answer = await server.request(method, `${site()}/session`, { headers })
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, "POST"])
    }
  })

  test("a path that is read and posted to names all three", async () => {
    const answer = await server.request("DELETE", `${site()}/consent-events`, { headers })
    expectProblem(answer, 405)
    expect(answer.headers.allow!.split(", ").toSorted()).toEqual(["GET", "HEAD", "POST"])
  })
})

test.each([
  "/livez",
  "/readyz",
  "/openapi.json",
  "/docs",
  `${site()}/health-check`,
  `${site()}/consent-state`,
  `${site()}/session`,
])("a query is answered 400 where none is taken: %s", async (path) => {
  const sent = path.endsWith("/session") ? { headers: { origin: "https://shop.example" }, json: {} } : { headers }
  const answer = await server.request(path.endsWith("/session") ? "POST" : "GET", `${path}?debug=1&x`, sent)
  expectProblem(answer, 400)
  expect(answer.json.errors.map(({ parameter }: { parameter: string }) => parameter)).toEqual(["debug", "x"])
})

test("a query is answered 400 where events are recorded: none is taken there", async () => {
  const answer = await record(server, [], { json: { items: [yes({ userId: "q" })] } })
  expect(answer.status).toBe(201)
  const asked = await server.request("POST", `${privacy()}/consent-events?dryRun=true`, {
    headers: asOwner,
    json: { items: [yes({ userId: "q" })] },
  })
  expectProblem(asked, 400)
})

describe("a path written in another way is either not there or the same in everything:", () => {
  const [start, last] = [site().split("/")[1]!, "consent-state"]
  const variants = [
    ["a slash at the end", "/livez/", `${site()}/${last}/`],
    ["two slashes at the start", "//livez", `/${site()}/${last}`],
    ["upper case", "/LIVEZ", `/${start.toUpperCase()}/${shop.id}/${last}`],
    ["an encoded letter", "/%6Civez", `/%73ite-v1/${shop.id}/${last}`],
    ["an encoded letter of the project", "/livez", `/site-v1/${shop.id.replace("0", "%30")}/${last}`],
    ["an encoded hyphen", "/livez", `${site()}/consent%2Dstate`],
  ] as const

  test.each(variants)("%s", async (_, open, closed) => {
    // GET works on this path, so the rules about methods, queries and origins hold, too.
    if ((await server.request("GET", open)).status === 404) expectProblem(await server.request("GET", open), 404)
    else {
      expectProblem(await server.request("GET", `${open}?x=1`), 400)
      expectProblem(await server.request("DELETE", open), 405)
    }
    const origin = { ...headers, origin: "https://shop.example" }
    const answer = await server.request("GET", closed, { headers: origin })
    if (answer.status === 404) return expectProblem(answer, 404)
    expect(answer.status).toBe(200)
    expect(answer.headers["access-control-allow-origin"]).toBe("https://shop.example")
    expectProblem(await server.request("GET", `${closed}?x=1`, { headers }), 400)
    return expectProblem(await server.request("DELETE", closed, { headers }), 405)
  })

  test.each([
    ["a percent sign alone", "%"],
    ["half an encoding", "%2"],
    ["no hexadecimal", "%ZZ"],
    ["bytes that are not UTF-8", "%FF%FE"],
    ["an overlong encoding", "%C0%AF"],
    ["a NUL", "%00"],
    ["a slash", "%2F"],
    ["dots", ".."],
    ["encoded dots", "%2e%2e"],
    ["8,000 characters", "a".repeat(8_000)],
    ["an emoji", "%F0%9F%98%80"],
    ["__proto__", "__proto__"],
  ])("the project id is %s: 400 or 404", async (_, id) => {
    for (const path of [
      `/site-v1/${id}/consent-state`,
      `/privacy-v1/organizations/${id}/projects/${id}/consent-state?userId=u`,
    ]) {
      const answer = await server.request("GET", path, { headers })
      expectProblem(answer, answer.status === 400 ? 400 : 404)
    }
    const opened = await server.request("POST", `/site-v1/${id}/session`, {
      headers: { origin: "https://shop.example" },
      json: {},
    })
    expectProblem(opened, opened.status === 400 ? 400 : 404)
  })

  test("an absolute URL in the request line is the path it names, or is refused", async () => {
    const talk = await server.connect()
    talk.write("GET http://elsewhere.example/livez HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n")
    await talk.closed
    expect(talk.received()).toMatch(/^HTTP\/1\.1 (200|400|404) /)
  })

  test("an asterisk for a path is refused", async () => {
    const talk = await server.connect()
    talk.write("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    await talk.closed
    expect(talk.received()).toMatch(/^HTTP\/1\.1 (2\d\d|4\d\d) /)
  })
})
