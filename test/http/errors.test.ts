/** Error answers: one shape on every path, and none of the sent values in them or in the log. */
import { beforeAll, describe, expect, test } from "vitest"
import type { Answer, Sent } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  asOwner,
  nobody,
  openSession,
  privacy,
  record,
  secretOf,
  shop,
  site,
  startWorld,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const server = served(startWorld)
let visitor: Visitor
beforeAll(async () => {
  visitor = await visit(server)
})

const text = { ...asOwner, "content-type": "application/json" }

/** The three endpoints that take a body, each with its credential. */
const posts = () => [
  { path: `${privacy()}/consent-events`, headers: asOwner },
  { path: `${site()}/consent-events`, headers: { "x-session": visitor.session } },
  { path: `${site()}/session`, headers: { origin: "https://shop.example" } },
]

/** The answer to a raw request, read as one answer. */
const speak = async (bytes: string): Promise<Answer> => {
  const talk = await server.connect()
  talk.write(bytes)
  // Every answer expected here ends with its JSON body; another one ends with the connection.
  await Promise.race([talk.until(/\r\n\r\n[^]*\}$/), new Promise((resolve) => setTimeout(resolve, 3_000))])
  talk.socket.destroy()
  const [head = "", ...rest] = talk.received().split("\r\n\r\n")
  const [start = "", ...lines] = head.split("\r\n")
  const body = rest.join("\r\n\r\n")
  return {
    status: Number(start.split(" ")[1]),
    headers: Object.fromEntries(
      lines.map((line) => [line.split(":")[0]!.toLowerCase(), line.slice(line.indexOf(":") + 2)]),
    ),
    text: body,
    get json() {
      return JSON.parse(body)
    },
  }
}

describe("the error body is the same on every path:", () => {
  test.each([
    "/",
    "/nothing",
    "/privacy-v1",
    "/site-v1",
    "/site-v1/",
    "/privacy-v1/organisations",
    "/favicon.ico",
    "/__proto__",
  ])("404 to GET %s", async (path) => {
    expectProblem(await server.request("GET", path), 404)
  })

  test("404 below a project, with and without credential", async () => {
    for (const path of [
      `${privacy()}/nothing`,
      `${site()}/nothing`,
      `${site({ ...shop, id: nobody })}/consent-state`,
    ]) {
      const headers = { ...asOwner, "x-session": visitor.session }
      expectProblem(await server.request("GET", path, { headers }), 404)
    }
    expectProblem(await server.request("POST", `${site()}/nothing`, { json: {} }), 404)
  })

  test.each([
    ["empty", ""],
    ["cut off", `{"items":[`],
    ["followed by more", `{"items":[]} true`],
    ["JavaScript", "{items:[]}"],
    ["with a comma too many", `{"items":[],}`],
    ["NaN", "NaN"],
    ["a form", "items=1"],
    ["XML", "<items/>"],
    ["a NUL", "\u0000"],
  ])("400 to a body that is %s", async (_, body) => {
    for (const { path, headers } of posts()) {
      const sent = { headers: { ...headers, "content-type": "application/json" }, body }
      expectProblem(await server.request("POST", path, sent), 400)
    }
  })

  test.each([
    undefined,
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/xml",
    "json",
    ";",
    "text/plain; application/json",
  ])("415 to the media type %j", async (type) => {
    for (const { path, headers } of posts()) {
      const more: Record<string, string> = type === undefined ? {} : { "content-type": type }
      const body = JSON.stringify({ items: [yes({ userId: "u" })] })
      expectProblem(await server.request("POST", path, { headers: { ...headers, ...more }, body }), 415)
    }
  })

  test("400 or 415 to a compressed body", async () => {
    const headers = { ...text, "content-encoding": "gzip" }
    const body = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0])
    const answer = await server.request("POST", `${privacy()}/consent-events`, { headers, body })
    expectProblem(answer, answer.status === 415 ? 415 : 400)
  })

  test("each answer has an instance of its own", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.request("GET", "/nothing")))
    expect(new Set(answers.map(({ json }) => json.instance)).size).toBe(20)
  })

  test.each([
    ["a request line that is none", "nonsense\r\n\r\n"],
    ["no Host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["a header without a name", "GET /livez HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"],
    ["two lengths", "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    [
      "a length and chunks",
      "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a length below zero", "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"],
    ["a chunk of no number", "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["a space in the path", "GET /livez x HTTP/1.1\r\nHost: a\r\n\r\n"],
  ])("400 to what is not HTTP: %s", async (_, bytes) => {
    const answer = await speak(bytes)
    // A wrong chunk follows a valid head, for whose path and method the request was already answered.
    if (answer.status === 405) return expectProblem(answer, 405)
    return expectProblem(answer, 400)
  })

  test.each([
    ["header", () => `GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`],
    ["URL", () => `GET /livez?${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])("a %s of 20,000 bytes is answered with it too", async (_, bytes) => {
    const answer = await speak(bytes())
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.headers["content-type"]).toBe("application/problem+json")
    expect(answer.json).toMatchObject({ statusCode: answer.status, status: answer.status })
  })

  test("an expectation that cannot be met is answered with it too", async () => {
    const answer = await speak("GET /livez HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nConnection: close\r\n\r\n")
    if (answer.status === 200) return
    expect(answer.headers["content-type"]).toBe("application/problem+json")
  })

  test("an offer to upgrade is passed over", async () => {
    const answer = await speak(
      "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    expect(answer.status).toBe(200)
  })
})

describe("nothing that was sent is repeated:", () => {
  const mark = "Zq7mArKeD9"

  /** Requests that fail in every way, each with the mark in every part of it. */
  const failing = (): ReadonlyArray<readonly [string, string, Sent]> => {
    const path = `${privacy()}/consent-events`
    const items = [
      yes({ userId: `${mark}\ud800`, email: mark, phoneNumber: mark, concordId: mark }),
      yes({ userId: mark, consentType: mark, label: mark.repeat(20), subcategory: [mark, mark] }),
      yes({
        userId: mark,
        consentState: mark,
        consentAction: mark,
        consentDate: mark,
        expirationDate: mark,
        version: mark,
      }),
      {
        userId: mark,
        category: "custom",
        subcategory: mark,
        label: mark,
        consentState: "accepted",
        consentAction: "import",
      },
      yes({ userId: mark, label: mark }),
      mark,
      [mark],
      yes({ userId: { [mark]: mark }, email: [mark] }),
    ]
    return [
      ["POST", path, { headers: asOwner, json: { items } }],
      ["POST", path, { headers: asOwner, json: { items: mark } }],
      ["POST", path, { headers: asOwner, json: mark }],
      ["POST", path, { headers: text, body: `{"items": ${mark}` }],
      ["POST", path, { headers: { ...asOwner, "content-type": `text/${mark}` }, body: mark }],
      ["POST", path, { headers: { "x-api-key": mark }, json: { items: [yes({ userId: mark })] } }],
      ["POST", path, { headers: { "x-api-key": secretOf(acme, "none"), "user-agent": mark }, json: { items } }],
      ["GET", `${privacy()}/consent-state?email=${mark}`, { headers: asOwner }],
      ["GET", `${privacy()}/consent-state?phoneNumber=${mark}`, { headers: asOwner }],
      ["GET", `${privacy()}/consent-state?concordId=${mark}`, { headers: asOwner }],
      ["GET", `${privacy()}/consent-decisions?userId=a&at=${mark}&knownAt=${mark}`, { headers: asOwner }],
      ["GET", `${privacy()}/consent-state?userId=${mark}&email=${mark}`, { headers: asOwner }],
      ["GET", `${privacy({ ...shop, id: mark }, mark)}/consent-state?userId=${mark}`, { headers: asOwner }],
      [
        "GET",
        `${site()}/consent-events?limit=${mark}&offset=${mark}&sort=${mark}&order=${mark}&startDate=${mark}`,
        { headers: { "x-session": visitor.session } },
      ],
      [
        "GET",
        `${site()}/consent-state`,
        { headers: { "x-session": mark, cookie: mark, referer: `https://${mark}.example` } },
      ],
      ["POST", `${site()}/session`, { headers: { origin: `https://${mark}.example` }, json: { contextId: mark } }],
      ["GET", `/${mark}/${mark}?${mark}=${mark}`, {}],
      ["DELETE", `/livez?x=${mark}`, {}],
      [
        "OPTIONS",
        `${site()}/consent-events`,
        {
          headers: {
            origin: `https://${mark}.example`,
            "access-control-request-method": mark,
            "access-control-request-headers": mark,
          },
        },
      ],
    ]
  }

  test("not in the answers, neither body nor headers", async () => {
    for (const [method, path, sent] of failing()) {
      const answer = await server.request(method, path, sent)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.text).not.toContain(mark)
      expect(JSON.stringify(answer.headers)).not.toContain(mark)
    }
    // Passed over: the page gets another one.
    const opened = await openSession(server, { contextId: mark })
    expect([opened.status, opened.text.includes(mark)]).toEqual([201, false])
  })

  test("not in the log, nor are personal data of what succeeds, nor secrets", async () => {
    await record(server, [yes({ userId: mark, email: `${mark}@example.com`, phoneNumber: "+4915199912345" })])
    await server.request("GET", `${privacy()}/consent-state?email=${mark}@example.com`, { headers: asOwner })
    for (const [method, path, sent] of failing()) await server.request(method, path, sent)
    await openSession(server, { contextId: mark })
    for (const secret of [
      mark,
      mark.toLowerCase(),
      "15199912345",
      visitor.session,
      visitor.contextId,
      asOwner["x-api-key"],
    ]) {
      expect(server.output()).not.toContain(secret)
    }
    expect(server.output()).not.toMatch(/unforeseen/)
  })
})
