/**
 * Rate limits: each API key and each session has its own quota, every answer says how much of it is left, and 429 says
 * when to try again.
 */
import { spawnSync } from "node:child_process"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, test } from "vitest"
import { childEnv } from "../support/childEnv.ts"
import * as Programs from "../support/programs.ts"
import { eventually, type Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  blog,
  foreign,
  nobody,
  other,
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

const quota = 5

/** Refilled too slowly for a test to see: one in 12 seconds. */
const server = served(() =>
  startWorld({ ASSENT_RATE_LIMIT_KEY: String(quota), ASSENT_RATE_LIMIT_SESSION: String(quota) }),
)

const keyOf = (role: "admin" | "limited" | "viewer" | "none", owner = acme) => ({ "x-api-key": secretOf(owner, role) })
const askWith = (headers: Readonly<Record<string, string>>, path = "consent-state?userId=limits") =>
  server.request("GET", `${privacy()}/${path}`, { headers })

/** The limit in an answer: the requests left, and the seconds of its parameter `t`. */
const limitOf = (answer: Answer, policy: "key" | "session") => {
  expect(String(answer.headers["ratelimit-policy"]).split(", ")[0]).toBe(`"${policy}";q=${quota};w=60`)
  const [, remaining, seconds] = new RegExp(`^"${policy}";r=(\\d+);t=(\\d+)(,|$)`).exec(
    String(answer.headers["ratelimit"]),
  )!
  return { remaining: Number(remaining), seconds: Number(seconds) }
}
const expectNoLimit = ({ headers }: Answer) => {
  expect(Object.keys(headers).filter((name) => /ratelimit|retry-after/.test(name))).toEqual([])
}

/** Expects a refusal that names the limit and when to try again. */
const expectExceeded = (answer: Answer, policy: "key" | "session", holder: string) => {
  expectProblem(answer, 429)
  const { remaining, seconds } = limitOf(answer, policy)
  expect(remaining).toBe(0)
  expect(answer.headers["retry-after"]).toBe(String(seconds))
  expect(seconds).toBeGreaterThanOrEqual(1)
  expect(seconds).toBeLessThanOrEqual(60 / quota)
  expect(answer.json.detail).toContain(`${holder} has used up its ${quota} requests a minute`)
  expect(answer.json.detail).toContain(`in ${seconds} second`)
}

/** Uses up a quota. Returns the limits in the answers. */
const useUp = async (send: () => Promise<Answer>, policy: "key" | "session") => {
  const remaining = []
  for (let n = 0; n < quota; n++) remaining.push(limitOf(await send(), policy).remaining)
  return remaining
}

describe("an API key", () => {
  test("is answered at each request with how many are left, and the one too many is 429 with when to try again", async () => {
    const send = () => askWith(keyOf("viewer"))
    expect(await useUp(send, "key")).toEqual([4, 3, 2, 1, 0])
    expectExceeded(await send(), "key", "this API key")
    expectExceeded(await send(), "key", "this API key")
  })

  test("has its own quota: another key of the organization is not held up by it", async () => {
    const send = () => askWith(keyOf("none"))
    await useUp(send, "key")
    expectExceeded(await send(), "key", "this API key")
    expect(limitOf(await askWith(keyOf("none", other)), "key").remaining).toBe(quota - 1)
  })

  test("is counted and answered with errors, too, and a batch counts as one request", async () => {
    const headers = keyOf("admin")
    const wrongQuery = await askWith(headers, "consent-state?userId=a&what=b")
    const elsewhere = await server.request("GET", `${privacy(foreign)}/consent-state?userId=a`, { headers })
    const notJson = await record(server, [], { headers: { ...headers, "content-type": "text/plain" }, body: "a" })
    const batch = await record(
      server,
      Array.from({ length: 100 }, (_, n) => yes({ userId: `batch ${n}` })),
      { headers },
    )
    expect([wrongQuery, elsewhere, notJson, batch].map(({ status }) => status)).toEqual([400, 404, 415, 201])
    const answers = [wrongQuery, elsewhere, notJson, batch]
    expect(answers.map((answer) => limitOf(answer, "key").remaining)).toEqual([4, 3, 2, 1])
  })

  test("that is over its limit records nothing", async () => {
    const headers = keyOf("limited")
    const item = yes({ userId: "over the limit" })
    await useUp(() => record(server, [yes({ userId: "within" })], { headers }), "key")
    expectExceeded(await record(server, [item], { headers }), "key", "this API key")
    expect((await ask(server, "consent-state", { userId: "over the limit" })).json).toEqual({ count: 0, items: [] })
    expect((await ask(server, "consent-state", { userId: "within" })).json.count).toBe(1)
  })

  test("that is unknown is 401 however often it asks, and gets no limit", async () => {
    for (let n = 0; n < quota + 2; n++) {
      const answer = await askWith({ "x-api-key": `assent_${"x".repeat(43)}` })
      expectProblem(answer, 401)
      expectNoLimit(answer)
    }
  })
})

describe("a session", () => {
  const send = (visitor: Visitor) => () => asVisitor(server, visitor, "GET", "consent-state")

  test("is answered at each request with how many are left, and the one too many is 429 with when to try again", async () => {
    const visitor = await visit(server)
    expect(await useUp(send(visitor), "session")).toEqual([4, 3, 2, 1, 0])
    expectExceeded(await send(visitor)(), "session", "this session")
  })

  test("has its own quota, even with another one of the same visitor", async () => {
    const one = await visit(server)
    await useUp(send(one), "session")
    const two = await visit(server, { contextId: one.contextId })
    expect(limitOf(await send(two)(), "session").remaining).toBe(quota - 1)
    expectExceeded(await send(one)(), "session", "this session")
  })

  test("over its limit records nothing, and does not last longer", async () => {
    const visitor = await visit(server)
    const database = new DatabaseSync(server.file, { timeout: 10_000 })
    const one = (sql: string, ...values: ReadonlyArray<string | number>) => database.prepare(sql).get(...values)
    const expiry = () => one("SELECT expires_at FROM session WHERE json_extract(body, '$.id') = ?", visitor.id)
    const events = () => one("SELECT count(*) AS n FROM event")
    try {
      // A use makes a session last longer from a minute after the last time it did: here, in a second and a half.
      const due = Date.now() + 1500
      const expiresAt = due + 29 * 60_000
      one("UPDATE session SET expires_at = ? WHERE json_extract(body, '$.id') = ?", expiresAt, visitor.id)
      await useUp(send(visitor), "session")
      const before = [expiry(), events()]
      await eventually(() => Date.now() > due + 100, "a use would make it last longer")
      const sent = { json: { items: [yes()] } }
      expectExceeded(await asVisitor(server, visitor, "POST", "consent-events", sent), "session", "this session")
      expect([expiry(), events()]).toEqual(before)
    } finally {
      database.close()
    }
  })

  test("over its limit is 401 in another project, and gets no limit there", async () => {
    const visitor = await visit(server)
    await useUp(send(visitor), "session")
    for (const [of, status] of [
      [blog, 401],
      [{ ...shop, id: nobody }, 404],
    ] as const) {
      const headers = { "x-session": visitor.session }
      const answer = await server.request("GET", `${site(of)}/consent-state`, { headers })
      expectProblem(answer, status)
      expectNoLimit(answer)
    }
  })

  test("can read its limit from a page of the project's domain, also when it is over", async () => {
    const visitor = await visit(server)
    const headers = { origin: "https://shop.example" }
    for (let n = 0; n <= quota; n++) {
      const answer = await asVisitor(server, visitor, "GET", "consent-state", { headers })
      expect(answer.status).toBe(n < quota ? 200 : 429)
      expect(answer.headers["access-control-allow-origin"]).toBe("https://shop.example")
      const exposed = String(answer.headers["access-control-expose-headers"]).split(", ")
      expect(exposed).toEqual(expect.arrayContaining(["ratelimit", "ratelimit-policy", "retry-after"]))
    }
  })

  test("gets what is left with a 304, which counts", async () => {
    const visitor = await visit(server)
    const { headers } = await send(visitor)()
    const again = await asVisitor(server, visitor, "GET", "consent-state", {
      headers: { "if-none-match": headers.etag! },
    })
    expect(again.status).toBe(304)
    expect(limitOf(again, "session").remaining).toBe(quota - 2)
  })
})

describe("requests without a credential", () => {
  test("are not limited unless they write: health, the description", async () => {
    for (let n = 0; n < quota + 2; n++) {
      for (const path of [`${site()}/health-check`, "/livez", "/readyz", "/docs"]) {
        const answer = await server.request("GET", path)
        expect(answer.status).toBe(200)
        expectNoLimit(answer)
      }
    }
  })
})

describe("the two limits", () => {
  test("are set apart, and what is used up comes back bit by bit", async () => {
    // One in half a second for a key, no limit for a session.
    const quick = await startWorld({ ASSENT_RATE_LIMIT_KEY: "120", ASSENT_RATE_LIMIT_SESSION: "off" })
    try {
      const send = () => quick.request("GET", `${privacy()}/consent-state?userId=u`, { headers: asOwner })
      const visitor = await visit(quick)
      const asked = await asVisitor(quick, visitor, "GET", "consent-state")
      expect(asked.status).toBe(200)
      expectNoLimit(asked)
      let refused = await send()
      for (let n = 0; n < 1000 && refused.status === 200; n++) refused = await send()
      expectProblem(refused, 429)
      expect(refused.headers).toMatchObject({ "retry-after": "1", ratelimit: '"key";r=0;t=1' })
      const until = performance.now() + 1000
      await eventually(() => performance.now() >= until, "the second is over")
      expect((await send()).status).toBe(200)
      for (let n = 0; n < 200; n++) expect((await asVisitor(quick, visitor, "GET", "consent-state")).status).toBe(200)
    } finally {
      await quick.stop()
    }
  })

  test("do not share a quota: one that is used up leaves the other whole", async () => {
    const apart = await startWorld({ ASSENT_RATE_LIMIT_KEY: "1", ASSENT_RATE_LIMIT_SESSION: "2" })
    try {
      const asKey = () => ask(apart, "consent-state", { userId: "u" })
      const visitor = await visit(apart)
      expect([await asKey(), await asKey()].map(({ status }) => status)).toEqual([200, 429])
      const fields = []
      for (let n = 0; n < 3; n++) {
        const { headers, status } = await asVisitor(apart, visitor, "GET", "consent-state")
        fields.push([status, headers["ratelimit-policy"], String(headers["ratelimit"]).replace(/;t=\d+$/, "")])
      }
      expect(fields).toEqual([
        [200, '"session";q=2;w=60', '"session";r=1'],
        [200, '"session";q=2;w=60', '"session";r=0'],
        [429, '"session";q=2;w=60', '"session";r=0'],
      ])
    } finally {
      await apart.stop()
    }
  })

  test("are 60000 a minute for a key and 600 for a session, unless set", async () => {
    const plain = await startWorld()
    try {
      const visitor = await visit(plain)
      const answers = [
        await ask(plain, "consent-state", { userId: "u" }),
        await asVisitor(plain, visitor, "GET", "consent-state"),
      ]
      expect(answers.map(({ headers }) => [headers["ratelimit-policy"], headers["ratelimit"]])).toEqual([
        ['"key";q=60000;w=60', '"key";r=59999;t=1'],
        ['"session";q=600;w=60', '"session";r=599;t=1'],
      ])
    } finally {
      await plain.stop()
    }
  })
})

describe("a setting", () => {
  const startWith = (env: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, [Programs.server], {
      env: { ...childEnv, PORT: "0", ASSENT_STORE: "memory:", ...env },
      encoding: "utf8",
      timeout: 50_000,
    })

  test.each([
    ["ASSENT_RATE_LIMIT_KEY", "-1"],
    ["ASSENT_RATE_LIMIT_KEY", "many"],
    ["ASSENT_RATE_LIMIT_SESSION", "1.5"],
    ["ASSENT_RATE_LIMIT_SESSION", "1000000000"],
  ])("%s=%s is refused at the start, by its name and with what is expected", (name, value) => {
    const { status, stderr } = startWith({ [name]: value })
    expect(status).toBe(78)
    expect(stderr).toContain(`${name}: expected requests a minute, from 1 to 999999999, or amounts such as`)
  })

  test("of 0 sets no limit, like off", async () => {
    const free = await startWorld({ ASSENT_RATE_LIMIT_KEY: "0", ASSENT_RATE_LIMIT_SESSION: "0" })
    try {
      expectNoLimit(await ask(free, "consent-state", { userId: "u" }))
      expectNoLimit(await asVisitor(free, await visit(free), "GET", "consent-state"))
    } finally {
      await free.stop()
    }
  })
})
