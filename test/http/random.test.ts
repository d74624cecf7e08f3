/**
 * Thousands of random requests, valid and not, over real sockets to a real server: every answer is as /openapi.json
 * says, none is a 500, the server answers what the ledger in memory answers, and nothing that was acknowledged is lost.
 *
 * `ASSENT_TEST_SEED` repeats a run: a failure prints its seed.
 */
import * as fc from "fast-check"
import { beforeAll, expect, test } from "vitest"
import { times } from "../support/long.ts"
import type { Answer } from "../support/server.ts"
import * as Commands from "./random/commands.ts"
import { served } from "../support/served.ts"
import { describedBy, type Described } from "./random/described.ts"
import * as Hostile from "./random/hostile.ts"
import { play, type Send } from "./random/play.ts"
import * as Raw from "./random/raw.ts"
import { acme, asOwner, privacy, record, shop, startWorld, visit, yes } from "./world.ts"

const given = process.env["ASSENT_TEST_SEED"]
const seed = given === undefined ? {} : { seed: Number(given) }

/** Prints the failed request only, without the hundred that were sent with it, because some are very long. */
const reporter = <A>(details: fc.RunDetails<A>): void => {
  if (!details.failed) return
  const cause = "errorInstance" in details ? details.errorInstance : undefined
  throw new Error(`fails with ASSENT_TEST_SEED=${details.seed}`, { cause })
}

const server = served(() => startWorld({ ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" }))
let described: Described
let requests = 0
/** The bodies of all events that were acknowledged, by the path of their list and their id. */
const acknowledged = new Map<string, Map<string, string>>()
/** The people of the events that refusals have for further people, by the ids of these events. */
const furtherPeople = new Map<string, string>()

const acknowledge = (list: string, answer: Answer): void => {
  const events = acknowledged.get(list) ?? new Map<string, string>()
  acknowledged.set(list, events)
  // The members that an item was recorded without are in the answer to it only.
  for (const { alsoRecordedFor = [], leftOut: _, ...item } of answer.json.items) {
    events.set(item.id, JSON.stringify(item))
    for (const { concordId, id } of alsoRecordedFor) furtherPeople.set(id, concordId)
  }
}

beforeAll(async () => {
  described = await describedBy(server)
})

/** Sends, counts, and checks that the answer is as described. */
const send: Send = async (method, path, sent) => {
  requests++
  const answer = await server.request(method, path, sent)
  const fault = described.fault(method, path, answer)
  if (fault !== undefined) throw new Error(`${method} ${path.slice(0, 200)} is answered ${answer.status}: ${fault}`)
  // Every acknowledgement names the project, so that visitors' events are found among all events.
  if (method === "POST" && answer.status === 201 && path.endsWith("/consent-events")) {
    acknowledge(`${privacy({ ...shop, id: answer.json.items[0].project })}/consent-events`, answer)
  }
  return answer
}

test(
  "A sequence of requests is answered as the ledger in memory answers it, and every answer as it is described",
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(Commands.sequence, async (sequence) => void (await play(sequence, send))),
      { numRuns: times(8, 60), ...seed },
    )
  },
)

test(
  "No request is answered with a 500, however hostile, and every answer is as described",
  { timeout: 300_000 },
  async () => {
    const visitor = await visit(server)
    const [event] = (await record(server, [yes({ concordId: visitor.concordId })])).json.items
    const name = { name: "Viewer", role: "viewer" }
    const made = await send("POST", `/privacy-v1/organizations/${acme.id}/api-keys`, { headers: asOwner, json: name })
    const place = {
      session: visitor.session,
      concordId: visitor.concordId,
      eventId: event.id,
      viewerKeyId: made.json.id,
    }
    acknowledge(`${privacy()}/consent-events`, { json: { items: [event] } } as Answer)
    const state = `/site-v1/${shop.id}/consent-state`
    const known = await send("GET", state, { headers: { "x-session": visitor.session, "if-none-match": "*" } })
    expect(known.status).toBe(304)
    const storm = fc.array(Hostile.storm(described.operations, place), { minLength: 60, maxLength: 100, size: "max" })
    await fc.assert(
      fc.asyncProperty(storm, async (all) => {
        const one = ({ method, path, ...sent }: Hostile.Hostile) =>
          send(method, path, sent).catch((cause: unknown) => {
            const { body = "", headers } = sent
            const request = `${method} ${path} ${JSON.stringify(headers).slice(0, 400)} ${body.toString().slice(0, 400)}`
            throw new Error(request, { cause })
          })
        await Promise.all(all.map(one))
      }),
      { numRuns: times(26, 180), ...seed, endOnFailure: true, reporter },
    )
  },
)

test.each(Raw.conversations)("What is no request is answered with 4xx or not at all: %s", async (_, sent) => {
  requests++
  const answer = await Raw.converse(server, sent)
  if (answer === "") return
  expect(answer).toMatch(/^HTTP\/1\.1 [24]\d\d /)
  const { body, headers, status } = Raw.parse(answer)
  if (status >= 400) {
    expect(headers["content-type"]).toBe("application/problem+json")
    expect(JSON.parse(body).statusCode).toBe(status)
  }
})

test("After thousands of requests the server answers, and has every event that it acknowledged, as it was", async () => {
  for (const path of ["/livez", "/readyz"]) expect((await server.request("GET", path)).status).toBe(200)
  let found = 0
  for (const [list, events] of acknowledged) {
    const stored = new Map<string, string>()
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const path: string = `${list}?limit=1000${cursor && `&cursor=${cursor}`}`
      const page: Answer = await send("GET", path, { headers: asOwner })
      for (const item of page.json.items) {
        if (furtherPeople.get(item.id) === item.concordId) furtherPeople.delete(item.id)
        else stored.set(item.id, JSON.stringify(item))
      }
      cursor = page.json.nextCursor
    }
    expect(stored).toEqual(events)
    found += stored.size
  }
  expect(furtherPeople).toEqual(new Map())
  expect(found).toBeGreaterThan(0)
  if (given === undefined) expect(requests).toBeGreaterThanOrEqual(times(1_700, 12_000))
})
