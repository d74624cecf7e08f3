/** Limits of a request: 1 MiB, 1 to 1000 items. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { ask, asOwner, asVisitor, privacy, record, site, startWorld, visit, violations, yes } from "./world.ts"

const server = served(startWorld)

const mebibyte = 1024 * 1024
const path = `${privacy()}/consent-events`
const headers = { ...asOwner, "content-type": "application/json" }

/** A batch of one valid item, padded to a number of bytes with a member that is not read. */
const sized = (bytes: number, userId: string): string => {
  const start = `{"items":[${JSON.stringify(yes({ userId }))}],"padding":"`
  return `${start}${"p".repeat(bytes - start.length - 2)}"}`
}

describe("a body", () => {
  test.each([
    ["with a Content-Length", {}],
    ["in chunks", { chunkBytes: 65_536 }],
  ])("of exactly 1 MiB %s is taken; a byte more is answered 413 and records nothing", async (name, chunks) => {
    const fits = await server.request("POST", path, { headers, body: sized(mebibyte, `fits ${name}`), ...chunks })
    expect(fits.status).toBe(201)
    const userId = `too large ${name}`
    const refused = await server.request("POST", path, { headers, body: sized(mebibyte + 1, userId), ...chunks })
    expectProblem(refused, 413)
    expect((await ask(server, "consent-state", { userId })).json.count).toBe(0)
  })

  test.each([
    ["with a Content-Length", {}],
    ["in chunks", { chunkBytes: 262_144 }],
  ])("of 20 MiB %s is answered 413, and the server goes on", async (_, chunks) => {
    const body = Buffer.alloc(20 * mebibyte, 0x20)
    expectProblem(await server.request("POST", path, { headers, body, ...chunks }), 413)
    expect((await server.request("GET", "/livez")).status).toBe(200)
  })

  test("counts in bytes, not in characters", async () => {
    const body = sized(mebibyte - 1_000, "bytes").replace(/p{2000}/, "\u20ac".repeat(2000))
    expectProblem(await server.request("POST", path, { headers, body }), 413)
  })

  test("larger than 1 MiB is 413 on every path that takes one", async () => {
    const { session } = await visit(server)
    const body = sized(mebibyte + 1, "u")
    for (const [to, more] of [
      [`${site()}/consent-events`, { "x-session": session }],
      [`${site()}/session`, { origin: "https://shop.example" }],
    ] as const) {
      const sent = { headers: { ...more, "content-type": "application/json" }, body }
      expectProblem(await server.request("POST", to, sent), 413)
      expectProblem(await server.request("POST", to, { ...sent, chunkBytes: 65_536 }), 413)
    }
  })

  test("of a request without a credential is not waited for", async () => {
    const talk = await server.connect()
    talk.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{`)
    expect(await talk.until(/^HTTP\/1\.1 401 /)).toMatch(/^HTTP\/1\.1 401 /)
    talk.socket.destroy()
  })

  test("of a length that is announced as too large is answered before it is sent", async () => {
    const talk = await server.connect()
    const fields = `Host: a\r\nContent-Type: application/json\r\nx-api-key: ${asOwner["x-api-key"]}`
    talk.write(`POST ${path} HTTP/1.1\r\n${fields}\r\nContent-Length: 99999999999\r\n\r\n{`)
    expect(await talk.until(/^HTTP\/1\.1 413 /)).toMatch(/^HTTP\/1\.1 413 /)
    talk.socket.destroy()
  })
})

describe("a batch", () => {
  const many = (count: number, userId: string) => Array.from({ length: count }, () => yes({ userId }))

  test("of 1000 items is recorded, all of them, in order", async () => {
    const items = Array.from({ length: 1000 }, (_, n) => yes({ userId: `thousand ${n}` }))
    const answer = await record(server, items)
    expect(answer.status).toBe(201)
    expect(answer.json.count).toBe(1000)
    const last = (await ask(server, "consent-state", { userId: "thousand 999" })).json.items
    expect(last).toEqual([answer.json.items[999]])
  })

  test("of 1001 items is answered 422 and records nothing", async () => {
    const answer = await record(server, many(1001, "1001"))
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(["/items invalid"])
    expect((await ask(server, "consent-state", { userId: "1001" })).json.count).toBe(0)
  })

  test("of no item is answered 422", async () => {
    const answer = await record(server, [])
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(["/items invalid"])
  })

  test("of a visitor is limited just so", async () => {
    const visitor = await visit(server)
    for (const [count, status] of [
      [0, 422],
      [1001, 422],
      [1000, 201],
    ] as const) {
      const json = { items: Array.from({ length: count }, () => yes()) }
      expect((await asVisitor(server, visitor, "POST", "consent-events", { json })).status).toBe(status)
    }
    expect((await asVisitor(server, visitor, "GET", "consent-events?limit=1000")).json).toMatchObject({
      count: 1000,
      total: 1000,
    })
  })

  test("with 1000 violations names all of them", async () => {
    const answer = await record(server, many(1000, ""))
    expectProblem(answer, 422)
    expect(answer.json.errors).toHaveLength(1000)
    expect(answer.json.errors[999].pointer).toBe("/items/999/userId")
  })
})
