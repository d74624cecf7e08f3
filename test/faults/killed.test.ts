/**
 * A server that is killed at any moment under writers that give every request a key: what was acknowledged is answered
 * again byte for byte, what was not is carried out once when it is sent again.
 */
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Asker, newAsker, type Post, posts } from "../http/posts.ts"
import { acme, asOwner, privacy, startWorld } from "../http/world.ts"
import { type Answer, type Server, start } from "../support/server.ts"

const cycles = 30
const kinds = ["createConsentEvents", "createConsentEvents", "createSession", "createApiKey", "keepProfile"]

/** A request that was sent once or more. */
interface Sent {
  readonly kind: string
  readonly post: Post
  readonly key: string
  /** The first answer that arrived. */
  answer?: Answer
  isReplayed?: boolean
}

let server: Server
let first: Server
let asker: Asker
const sent: Array<Sent> = []
const wrong: Array<string> = []

const send = ({ key, post: { headers, json, path } }: Sent): Promise<Answer> =>
  server.request("POST", path, { headers: { ...headers, "idempotency-key": key }, json })

const isReplay = ({ headers }: Answer): boolean => headers["idempotent-replayed"] === "true"

/** Sends a request that was not acknowledged. */
const acknowledge = async (request: Sent): Promise<void> => {
  const answer = await send(request)
  if (answer.status !== 200 && answer.status !== 201) return void wrong.push(`${request.kind}: ${answer.text}`)
  request.answer = answer
  request.isReplayed = isReplay(answer)
}

/** Sends a request that was acknowledged. */
const check = async (request: Sent): Promise<void> => {
  const { headers, status, text } = await send(request)
  const { answer, kind } = request
  const isSame = headers["idempotent-replayed"] === "true" && status === answer!.status && text === answer!.text
  if (!isSame) wrong.push(`${kind}: ${text} instead of ${answer!.text}`)
}

/** Writes without pause, until the server is gone. */
const write = async (kind: string): Promise<void> => {
  for (;;) {
    const request: Sent = { kind, post: await posts[kind]!(asker), key: crypto.randomUUID() }
    sent.push(request)
    await acknowledge(request)
  }
}

const each = (requests: ReadonlyArray<Sent>, act: (request: Sent) => Promise<void>): Promise<unknown> => {
  const left = requests.values()
  const work = async () => {
    for (const request of left) await act(request)
  }
  // Fewer at once than changes of what is set up are prepared anew.
  return Promise.all(Array.from({ length: 5 }, work))
}

beforeAll(async () => {
  const env = { ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" }
  first = await startWorld(env)
  server = first
  asker = await newAsker(server)
  for (let cycle = 0; cycle < cycles; cycle++) {
    const writers = kinds.map((kind) => write(kind).catch(() => {}))
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 150))
    await server.end("SIGKILL")
    await Promise.all(writers)
    if (server !== first) await server.stop()
    server = await start({ file: first.file, env })
    await each(
      sent.filter(({ answer }) => answer === undefined),
      acknowledge,
    )
  }
}, 280_000)

afterAll(async () => {
  await server.stop()
  await first.stop()
})

const count = (table: string): number => {
  const database = new DatabaseSync(first.file, { readOnly: true })
  try {
    return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"])
  } finally {
    database.close()
  }
}

const of = (kind: string): ReadonlyArray<Sent> => sent.filter((request) => request.kind === kind)

describe("a server that is killed 30 times under writers with keys", () => {
  test("has answered every request in the end, once with the same key or twice", () => {
    expect(wrong).toEqual([])
    expect(sent.filter(({ answer }) => answer === undefined)).toEqual([])
    for (const kind of new Set(kinds)) expect(of(kind).length).toBeGreaterThanOrEqual(cycles)
    // Some were carried out although their answer never arrived: the key is what told.
    expect(sent.some(({ isReplayed }) => isReplayed)).toBe(true)
  })

  test("answers every request again byte for byte", async () => {
    await each(sent, check)
    expect(wrong).toEqual([])
  })

  test("has carried out every request once", async () => {
    const events = of("createConsentEvents")
    expect(count("event")).toBe(2 * events.length)
    const people = events.map(({ answer }) => answer!.json.items[0].concordId)
    expect(new Set(people).size).toBe(events.length)
    const path = `${privacy()}/consent-events?concordId=`
    for (const [index, { answer }] of events.slice(-50).entries()) {
      const { items } = (await server.request("GET", path + people.at(index - 50), { headers: asOwner })).json
      expect(items.map(({ id }: { id: string }) => id).toSorted()).toEqual(
        answer!.json.items.map(({ id }: { id: string }) => id).toSorted(),
      )
    }
    // The writers' own session is one more.
    expect(count("session")).toBe(of("createSession").length + 1)
    const keys = `/privacy-v1/organizations/${acme.id}/api-keys?limit=1`
    const { total } = (await server.request("GET", keys, { headers: asOwner })).json
    expect(total).toBe(of("createApiKey").length + 5)
    expect(count("receipt")).toBe(sent.length)
  })

  test("has positions without a gap", () => {
    const gaps = `(
      SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane GROUP BY h.lane
      HAVING count(e.position) <> h.next_position OR min(e.position) <> 0 OR max(e.position) <> h.next_position - 1)`
    expect(count(gaps)).toBe(0)
  })
})
