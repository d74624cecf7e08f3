/**
 * The change feed over HTTP: pages, marks, filters, waiting, and server-sent events as `eventsource-parser` reads them.
 */
import { createParser, type EventSourceMessage } from "eventsource-parser"
import { describe, expect, test } from "vitest"
import * as Client from "../../adapters/http/client/Client.ts"
import { eventually, type Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  ask,
  asOwner,
  blog,
  foreign,
  other,
  privacy,
  record,
  secretOf,
  shop,
  startWorld,
  types,
  yes,
} from "./world.ts"

const server = served(startWorld)
const path = `${privacy()}/changes`

const list = (query: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  server.request("GET", `${path}?${query}`, { headers: { ...asOwner, ...headers } })

const now = async (): Promise<string> => (await list("after=now")).json.mark

const recorded = async (items: ReadonlyArray<object>): Promise<ReadonlyArray<{ id: string; concordId: string }>> =>
  (
    await record(
      server,
      items.map((item) => yes(item)),
    )
  ).json.items

interface Item {
  readonly id: string
  readonly type: string
  readonly event: string
  readonly concordId: string
  readonly recordedAt: string
}

/** Follows to the end; only events. */
const all = async (after: string, more = "limit=100"): Promise<ReadonlyArray<Item>> => {
  const items: Array<Item> = []
  for (let mark = after; ;) {
    const { json } = await list(`after=${mark}&types=consent.recorded&${more}`)
    expect(json.count).toBe(json.items.length)
    items.push(...json.items)
    if (json.isCurrent) return items
    expect(json.mark).not.toBe(mark)
    mark = json.mark
  }
}

const sorted = (ids: ReadonlyArray<string>): ReadonlyArray<string> => ids.toSorted()
const eventsOf = (items: ReadonlyArray<Item>): ReadonlyArray<string> => sorted(items.map(({ event }) => event))
const idsOf = (events: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> =>
  sorted(events.map(({ id }) => id))

describe("pages of changes", () => {
  test.each([1, 2, 7, 1000])("of at most %i have each event once, in the order of recordedAt", async (limit) => {
    const mark = await now()
    const events = [
      ...(await recorded(Array.from({ length: 9 }, (_, n) => ({ userId: `page ${limit} ${n}` })))),
      ...(await recorded([{ userId: `page ${limit} 0`, consentState: "declined" }])),
    ]
    const items = await all(mark, `limit=${limit}`)
    expect(eventsOf(items)).toEqual(idsOf(events))
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
    expect(items.at(-1)!.event).toBe(events.at(-1)!.id)
  })

  test("have the members of an event, and with include=decision what was answered then", async () => {
    const mark = await now()
    const [event] = await recorded([{ userId: "decided" }])
    await recorded([{ userId: "decided", consentState: "declined" }])
    const { json } = await list(`after=${mark}&types=consent.*&include=decision`)
    const [first, second] = json.items
    expect(first).toMatchObject({
      id: expect.stringMatching(/^e\d+-\d+$/),
      type: "consent.recorded",
      concordId: event!.concordId,
      event: event!.id,
      consentType: types.newsletter.id,
      version: 1,
      consentState: "accepted",
      consentAction: "user_click",
      decision: { status: "given", permitted: true, event: event!.id },
    })
    expect(second.decision).toMatchObject({ status: "withdrawn", permitted: false })
    // Byte for byte the answer of consent-decisions at that instant.
    const at = first.recordedAt
    const { json: asked } = await ask(server, "consent-decisions", { concordId: event!.concordId, at, knownAt: at })
    expect(asked.items).toContainEqual(first.decision)
  })

  test("of parts side by side have each event once; one person is in one of them", async () => {
    const mark = await now()
    const events = await recorded(Array.from({ length: 20 }, (_, n) => ({ userId: `part ${n}` })))
    const parts = await Promise.all([0, 1, 2].map((k) => all(mark, `part=${k}/3`)))
    expect(eventsOf(parts.flat())).toEqual(idsOf(events))
    const people = parts.map((items) => new Set(items.map(({ concordId }) => concordId)))
    expect(new Set(people.flatMap((some) => [...some])).size).toBe(people.reduce((sum, { size }) => sum + size, 0))
  })

  test("are of some people, some consent types, some kinds", async () => {
    const mark = await now()
    const events = await recorded([
      { userId: "filter a" },
      { userId: "filter b" },
      { userId: "filter a", consentType: types.policy.id, consentState: "viewed" },
    ])
    const [a, b] = events.map(({ concordId }) => concordId)
    expect(eventsOf(await all(mark, `concordId=${a!.toUpperCase()}`))).toEqual(idsOf([events[0]!, events[2]!]))
    expect(eventsOf(await all(mark, `concordId=${a}&concordId=${b}`))).toEqual(idsOf(events))
    expect(eventsOf(await all(mark, `concordId=${a}&consentType=${types.policy.id}`))).toEqual([events[2]!.id])
    const { json } = await list(`after=${mark}&types=person.*&types=type.*`)
    expect(json).toMatchObject({ count: 0, items: [], isCurrent: true })
    // The mark has passed what was filtered out.
    expect((await list(`after=${json.mark}&types=consent.recorded`)).json.items).toEqual([])
  })

  test("after=now are a mark and nothing else, also for a request that would wait", async () => {
    await recorded([{ userId: "now" }])
    expect((await list("after=now&wait=60")).json).toEqual({
      count: 0,
      items: [],
      mark: expect.stringMatching(/^[\w-]{60,160}$/),
      isCurrent: true,
    })
  })

  test("say what they have seen, and are not cached", async () => {
    const { headers } = await list("after=now")
    expect(headers["assent-positions"]).toMatch(/configuration=\d+|^\d+=\d+/)
    expect(headers["cache-control"]).toBe("no-store")
  })
})

describe("a request for changes is refused", () => {
  test("400 with a mark that is not known: altered, of another project, or none (F8)", async () => {
    const mark = await now()
    const ofBlog = await server.request("GET", `${privacy(blog)}/changes?after=now`, { headers: asOwner })
    const ofOther = await server.request("GET", `${privacy(foreign)}/changes?after=now`, {
      headers: { "x-api-key": secretOf(other, "owner") },
    })
    const altered = [...mark].map(
      (character, at) => mark.slice(0, at) + (character === "A" ? "B" : "A") + mark.slice(at + 1),
    )
    const some = altered.filter((_, at) => at % 9 === 0).concat(altered.at(-1)!)
    for (const after of [...some, ofBlog.json.mark, ofOther.json.mark, "", "x", `${mark}A`, `${mark}=`]) {
      const answer = await list(`after=${encodeURIComponent(after)}`)
      expectProblem(answer, 400)
      expect(answer.json.errors).toMatchObject([{ parameter: "after", code: "unknown_mark" }])
      if (after !== "") expect(answer.json.detail).not.toContain(after.length > 10 ? after : "\0")
    }
  })

  const invalid = [
    ["limit", "limit=0"],
    ["limit", "limit=1001"],
    ["limit", "limit=101&include=decision"],
    ["wait", "wait=61"],
    ["types", "types=consent"],
    ["part", "part=1"],
    ["part", "part=2/2"],
    ["part", "part=0/17"],
    ["part", "part=0/0"],
    ["include", "include=person"],
    ["concordId", "concordId=x"],
    ["consentType", `consentType=${Array.from({ length: 101 }, () => shop.id).join("&consentType=")}`],
    ["nothing", "nothing=1"],
  ] as const
  test.each(invalid.map(([parameter, query]) => [parameter, query.slice(0, 40), query] as const))(
    "400 that names %s for %s",
    async (parameter, _, query) => {
      const answer = await list(query)
      expectProblem(answer, 400)
      expect(answer.json.errors[0].parameter).toBe(parameter)
    },
  )

  test.each([["text/html"], ["application/json;q=0, text/event-stream;q=0"], ["image/*"]])(
    "406 for Accept: %s",
    async (accept) => expectProblem(await list("after=now", { accept }), 406),
  )
})

describe("a request that waits", () => {
  // Mutants: no notice after an append; the version is read after the ends.
  test("is answered by what is recorded meanwhile, with a mark after it", async () => {
    const mark = await now()
    const waiting = list(`after=${mark}&wait=60`)
    const [event] = await recorded([{ userId: "awaited" }])
    const { json } = await waiting
    expect(json.items).toMatchObject([{ event: event!.id }])
    const next = list(`after=${json.mark}&wait=60`)
    const [second] = await recorded([{ userId: "awaited", consentState: "declined" }])
    expect((await next).json.items).toMatchObject([{ event: second!.id }])
  })

  test("goes on waiting while only other changes come, and is answered by its own", async () => {
    const waiting = list(`after=${await now()}&wait=60&consentType=${types.policy.id}`)
    await recorded([{ userId: "other kind" }])
    const [event] = await recorded([{ userId: "own kind", consentType: types.policy.id, consentState: "viewed" }])
    expect((await waiting).json.items).toMatchObject([{ event: event!.id }])
  })

  test("is answered empty when its time is over", async () => {
    const mark = await now()
    const { json } = await list(`after=${mark}&wait=1`)
    expect(json).toMatchObject({ count: 0, isCurrent: true, mark })
  })
})

/** The events of a stream, until it is closed. */
const follow = async (query: string, headers: Readonly<Record<string, string>> = {}) => {
  const controller = new AbortController()
  const response = await fetch(`${server.url}${path}?${query}`, {
    headers: { ...asOwner, accept: "text/event-stream", ...headers },
    signal: controller.signal,
  })
  const events: Array<EventSourceMessage> = []
  const retries: Array<number> = []
  const parser = createParser({ onEvent: (event) => events.push(event), onRetry: (retry) => retries.push(retry) })
  const read = async () => {
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(chunk)
    } catch {
      // Closed by the test.
    }
  }
  return { response, events, retries, done: read(), close: () => controller.abort() }
}

describe("a stream of server-sent events", () => {
  test("has what was recorded and what is recorded, with the type and marks, and goes on at Last-Event-ID", async () => {
    const mark = await now()
    const before = await recorded([{ userId: "sse 1" }, { userId: "sse 2" }])
    const stream = await follow(`after=${mark}&types=consent.recorded`)
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream")
    await eventually(() => stream.events.length === 2, "two events")
    const after = await recorded([{ userId: "sse 3" }])
    await eventually(() => stream.events.length === 3, "a third event")
    stream.close()
    expect(stream.retries).toEqual([1000])
    expect(stream.events.map(({ event }) => event)).toEqual(Array.from({ length: 3 }, () => "consent.recorded"))
    expect(eventsOf(stream.events.map(({ data }) => JSON.parse(data)))).toEqual(idsOf([...before, ...after]))
    // A mark stands on the last change of each flush.
    expect(stream.events.map(({ id }) => id !== undefined)).toEqual([false, true, true])
    const again = await follow("after=start&types=consent.recorded", { "last-event-id": stream.events[1]!.id! })
    await eventually(() => again.events.length === 1, "the event after the mark")
    again.close()
    expect(JSON.parse(again.events[0]!.data)).toEqual(JSON.parse(stream.events[2]!.data))
  })

  test("has a mark on every hundredth change", async () => {
    const mark = await now()
    await recorded(Array.from({ length: 250 }, (_, n) => ({ userId: `hundredth ${n}` })))
    const stream = await follow(`after=${mark}&types=consent.recorded&limit=1000`)
    await eventually(() => stream.events.length === 250, "all events")
    stream.close()
    const marked = stream.events.flatMap(({ id }, index) => (id === undefined ? [] : [index]))
    expect(marked).toEqual([99, 199, 249])
    const rest = await all(stream.events[199]!.id!)
    expect(rest.map(({ id }) => id)).toEqual(stream.events.slice(200).map(({ data }) => JSON.parse(data).id))
  })

  test("is JSON where that is as good, and a problem for an unknown mark", async () => {
    expect((await list("after=now", { accept: "application/json, text/event-stream" })).json.isCurrent).toBe(true)
    const { response } = await follow("after=nonsense")
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"])
  })

  // Mutant: the credential is checked at the beginning only.
  test("ends when its key is revoked", async () => {
    const keys = `/privacy-v1/organizations/${acme.id}/api-keys`
    const made = await server.request("POST", keys, { headers: asOwner, json: { name: "a reader", role: "viewer" } })
    const stream = await follow("after=now", { "x-api-key": made.json.secret })
    await server.request("DELETE", `${keys}/${made.json.id}`, { headers: asOwner })
    let isOver = false
    void stream.done.then(() => (isOver = true))
    // Each change has the key checked again, at most once a second.
    for (let n = 0; !isOver; n++) {
      await recorded([{ userId: `revoked ${n}` }])
      await new Promise((resolve) => setTimeout(resolve, 250))
      expect(n).toBeLessThan(100)
    }
  })
})

describe("the client", () => {
  test("follows pages, and ends when it is told", async () => {
    const client = Client.promises({ baseUrl: server.url, apiKey: asOwner["x-api-key"] })
    const params = { organizationId: acme.id, projectId: shop.id }
    const after = await now()
    const controller = new AbortController()
    const seen: Array<string> = []
    const first = await recorded([{ userId: "client 1" }])
    const query = { after, types: ["consent.recorded"] }
    const reading = (async () => {
      for await (const { items } of Client.changes(client, { params, query }, { signal: controller.signal })) {
        seen.push(...items.map(({ event }) => event!))
      }
    })()
    await eventually(() => seen.length === 1, "the first")
    const second = await recorded([{ userId: "client 2" }])
    await eventually(() => seen.length === 2, "the second")
    controller.abort()
    await reading
    expect(seen).toEqual([first[0]!.id, second[0]!.id])
    const lost = Client.changes(client, { params, query: { after: "nonsense" } })
    await expect(lost.next()).rejects.toMatchObject({ problem: { status: 400 } })
  })
})

test("a server that stops ends its streams and answers what waits", async () => {
  const own = await startWorld()
  const { json } = await own.request("GET", `${path}?after=now`, { headers: asOwner })
  const waiting = own.request("GET", `${path}?after=${json.mark}&wait=60`, { headers: asOwner })
  const stream = await fetch(`${own.url}${path}?after=now`, { headers: { ...asOwner, accept: "text/event-stream" } })
  const text = stream.text()
  const ended = own.end("SIGTERM")
  expect((await waiting).json).toMatchObject({ count: 0, mark: json.mark })
  expect(await text).toMatch(/^retry: 1000\n\n/)
  expect((await ended).code).toBe(0)
  await own.stop()
})
