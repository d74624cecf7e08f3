/**
 * A connection that is cut after any byte of a request or of its answer. Sent again with the same key, the request gets
 * the first answer, and is carried out once.
 */
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Asker, newAsker, type Post, posts, registerProofs } from "../http/posts.ts"
import { acme, asOwner, ask, privacy, site, startWorld } from "../http/world.ts"
import { converse, type Cut } from "../support/cutProxy.ts"
import { times } from "../support/long.ts"
import type { Answer, Server } from "../support/server.ts"

let server: Server
let asker: Asker
beforeAll(async () => {
  server = await startWorld({ ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" })
  await registerProofs(server)
  asker = await newAsker(server)
})
afterAll(() => server.stop())

/** The bytes of a request after whose answer the server closes the connection. */
const bytesOf = ({ headers, json, path }: Post, key: string): Buffer => {
  const body = JSON.stringify(json)
  const all = { host: "a", connection: "close", ...headers, "content-type": "application/json", "idempotency-key": key }
  const lines = Object.entries({ ...all, "content-length": Buffer.byteLength(body) })
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  )
}

/**
 * Sends the same request again, without the proxy, until it is not refused because it, or too many others, are under
 * way.
 */
const again = async ({ headers, json, path }: Post, key: string): Promise<Answer> => {
  for (;;) {
    const answer = await server.request("POST", path, { headers: { ...headers, "idempotency-key": key }, json })
    if (answer.status !== 409 && answer.status !== 503) return answer
    expect(answer.headers).toHaveProperty("retry-after")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A request that was cut and sent again. */
interface Tried {
  readonly cut: Cut
  readonly post: Post
  readonly answer: Answer
  readonly isReplayed: boolean
}

const isCarriedOut = (text: string): boolean => /^HTTP\/1\.1 20[01] /.test(text)
const bodyOf = (text: string): string => Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1").toString()

const tryOnce = async (post: Post, cut: Cut): Promise<Tried> => {
  const key = crypto.randomUUID()
  const request = bytesOf(post, key)
  const { answered, received } = await converse(server.port, request, cut)
  const answer = await again(post, key)
  const isReplayed = answer.headers["idempotent-replayed"] === "true"
  const where = JSON.stringify(cut)
  expect(answer.status, `${where} ${answer.text}`).toBeOneOf([200, 201])
  // The client has received the beginning of the answer; the server sent all of it, and sends it again.
  expect(answered.startsWith(received), where).toBe(true)
  if (isCarriedOut(answered)) expect([where, isReplayed, answer.text]).toEqual([where, true, bodyOf(answered)])
  // Of many concurrent catalog changes, some are answered that they should try again.
  if (cut.side === "answer")
    expect([where, answered.slice(9, 12)]).toEqual([where, expect.toBeOneOf(["200", "201", "503"])])
  if (cut.side === "request" && cut.bytes < request.byteLength) expect([where, isReplayed]).toEqual([where, false])
  if (cut.bytes % 7 === 0) {
    const third = await again(post, key)
    expect([where, third.headers["idempotent-replayed"], third.text]).toEqual([where, "true", answer.text])
  }
  return { cut, post, answer, isReplayed }
}

/** Cuts after every `step`th byte of a request and of its answer, in both ways, a few cuts at a time. */
const tryAll = async (prepare: () => Promise<Post>, step: number): Promise<ReadonlyArray<Tried>> => {
  const sample = await prepare()
  const key = crypto.randomUUID()
  const request = bytesOf(sample, key)
  const uncut = await converse(server.port, request, { side: "answer", bytes: Number.MAX_SAFE_INTEGER, how: "half" })
  expect(isCarriedOut(uncut.received), uncut.received).toBe(true)
  const lengths = { request: request.byteLength, answer: Buffer.byteLength(uncut.answered, "latin1") }
  const cuts = (["request", "answer"] as const).flatMap((side) =>
    Array.from({ length: Math.ceil(lengths[side] / step) + 1 }, (_, index) =>
      Math.min(index * step, lengths[side]),
    ).flatMap((bytes) => (["half", "reset"] as const).map((how): Cut => ({ side, bytes, how }))),
  )
  const tried: Array<Tried> = []
  const left = cuts.values()
  const work = async () => {
    for (const cut of left) tried.push(await tryOnce(await prepare(), cut))
  }
  await Promise.all(Array.from({ length: 12 }, work))
  expect(tried).toHaveLength(cuts.length)
  return tried
}

const query = (sql: string): ReadonlyArray<Readonly<Record<string, unknown>>> => {
  const database = new DatabaseSync(server.file, { readOnly: true })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

const count = (table: string): number => Number(query(`SELECT count(*) AS n FROM ${table}`)[0]!["n"])

describe("POST consent-events cut after any byte", () => {
  let tried: ReadonlyArray<Tried>
  beforeAll(async () => {
    tried = await tryAll(() => posts["createConsentEvents"]!(asker), times(7, 1))
  }, 280_000)

  test("is answered as the first time, if it was carried out, and else for the first time", () => {
    // Both happen, because some cuts come too late to prevent anything.
    expect(new Set(tried.map(({ isReplayed }) => isReplayed))).toEqual(new Set([true, false]))
  })

  test("holds every event once: two of each person, those that were answered", async () => {
    const events: Array<{ id: string; concordId: string }> = []
    let cursor = ""
    do {
      const path = `${privacy()}/consent-events?limit=1000${cursor && `&cursor=${cursor}`}`
      const page = (await server.request("GET", path, { headers: asOwner })).json
      events.push(...page.items)
      cursor = page.nextCursor === undefined ? "" : encodeURIComponent(page.nextCursor)
    } while (cursor !== "")
    const idsOf = Map.groupBy(events, ({ concordId }) => concordId)
    for (const { answer, cut } of tried) {
      const { items } = answer.json
      const ids = (of: ReadonlyArray<{ id: string }>) => of.map(({ id }) => id).toSorted()
      expect([cut, ids(idsOf.get(items[0].concordId)!)]).toEqual([cut, ids(items)])
    }
    // Two more are those of the request that was not cut.
    expect(events).toHaveLength(2 * tried.length + 2)
    const { items } = (await ask(server, "consent-state", { concordId: tried[0]!.answer.json.items[0].concordId })).json
    expect(items).toMatchObject([{ consentState: "declined" }])
  })

  test("leaves positions without a gap, and heads that equal the fold of the events", () => {
    expect(
      query(`
        SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane GROUP BY h.lane
        HAVING count(e.position) <> h.next_position OR min(e.position) <> 0 OR max(e.position) <> h.next_position - 1`),
    ).toEqual([])
    expect(count("head")).toBe(count("event"))
    expect(count("idempotency")).toBe(tried.length + 1)
  })
})

test("POST identify cut after any byte opens one session, and ends the one it came with", async () => {
  const before = { sessions: count("session"), proofs: count("used_identity_token") }
  const tried = await tryAll(async () => posts["identify"]!(await newAsker(server)), times(29, 7))
  expect(new Set(tried.map(({ isReplayed }) => isReplayed))).toEqual(new Set([true, false]))
  for (const { answer, cut, post } of tried) {
    const path = `${site()}/consent-state`
    const [ended, opened] = await Promise.all(
      [post.headers, { "x-session": answer.json.session }].map((headers) => server.request("GET", path, { headers })),
    )
    expect([cut, ended!.status, opened!.status]).toEqual([cut, 401, 200])
  }
  const all = tried.length + 1
  expect([count("session") - before.sessions, count("used_identity_token") - before.proofs]).toEqual([2 * all, all])
})

test("POST identify with a client that goes away while it is carried out ends the session it came with, at once", async () => {
  const post = await posts["identify"]!(await newAsker(server))
  const key = crypto.randomUUID()
  const blocker = new DatabaseSync(server.file, { timeout: 10_000 })
  const talk = await server.connect()
  blocker.exec("BEGIN IMMEDIATE")
  try {
    talk.write(bytesOf(post, key))
    // Waits until the request is under way: then it waits for the disk.
    for (let status = 0; status !== 409;) {
      const { headers, json, path } = post
      const other = { ...headers, "idempotency-key": key }
      status = (await server.request("POST", path, { headers: other, json: { ...json, type: "none" } })).status
    }
    talk.socket.resetAndDestroy()
    await talk.closed
    // The server notices the reset before it reads the next request.
    expect((await server.request("GET", "/livez")).status).toBe(200)
  } finally {
    blocker.exec("ROLLBACK")
    blocker.close()
  }
  expect((await again(post, key)).headers["idempotent-replayed"]).toBe("true")
  expect((await server.request("GET", `${site()}/consent-state`, { headers: post.headers })).status).toBe(401)
})

test("POST api-keys cut after any byte makes one key, and returns its secret again", async () => {
  const path = `/privacy-v1/organizations/${acme.id}/api-keys?limit=1000`
  const list = async () => (await server.request("GET", path, { headers: asOwner })).json
  const before = (await list()).total
  const tried = await tryAll(() => posts["createApiKey"]!(asker), times(29, 7))
  expect(new Set(tried.map(({ isReplayed }) => isReplayed))).toEqual(new Set([true, false]))
  const { items, total } = await list()
  expect(total - before).toBe(tried.length + 1)
  const ids = new Set(items.map(({ id }: { id: string }) => id))
  for (const { answer, cut } of tried) {
    const { id, secret } = answer.json
    const asked = await server.request("GET", `${privacy()}/consent-state?userId=x`, {
      headers: { "x-api-key": secret },
    })
    expect([cut, ids.has(id), asked.status]).toEqual([cut, true, 200])
  }
})
