/**
 * No quota refuses a decline that changes an answer. One that changes nothing is answered with the event that decides,
 * and nothing is recorded. So what is recorded above a quota is bounded by the answers that there are to change.
 */
import { DatabaseSync } from "node:sqlite"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { times } from "../support/long.ts"
import { served } from "../support/served.ts"
import { type Answer, eventually, type Sent } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  asOwner,
  asVisitor,
  privacy,
  secretOf,
  startWorld,
  types,
  visit,
  type Visitor,
  violations,
  yes,
} from "./world.ts"

/** One request in a minute: a session's second request of a test is above its quota. */
const server = served(() =>
  startWorld({ ASSENT_RATE_LIMIT_KEY: "60000", ASSENT_RATE_LIMIT_SESSION: "1", ASSENT_RATE_LIMIT_VISITOR: "off" }),
)

const rows = (): Readonly<Record<string, number>> => {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const one = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"])
  const counts = { event: one("event"), idempotency: one("idempotency") }
  database.close()
  return counts
}

const no = (item: object = {}) => yes({ consentState: "declined", ...item })
const say = (visitor: Visitor, items: ReadonlyArray<object>, sent: Sent = {}) =>
  asVisitor(server, visitor, "POST", "consent-events", { json: { items }, ...sent })

/** A visitor that has used up its quota. */
const aboveQuota = async (): Promise<Visitor> => {
  const visitor = await visit(server)
  await asVisitor(server, visitor, "GET", "consent-state")
  expect((await asVisitor(server, visitor, "GET", "consent-state")).status).toBe(429)
  return visitor
}

/** The statuses of a person by consent type, asked with an API key. */
const statuses = async (concordId: string): Promise<Readonly<Record<string, string>>> => {
  const path = `${privacy()}/consent-decisions?concordId=${concordId}`
  const { items } = (await server.request("GET", path, { headers: asOwner })).json
  return Object.fromEntries(
    items.map((item: { consentType: string; status: string }) => [item.consentType, item.status]),
  )
}

const ids = ({ json }: Answer): ReadonlyArray<string> => json.items.map(({ id }: { id: string }) => id)

describe("a visitor above its quota", () => {
  test("declines each type once, and then is answered with the event that decides", async () => {
    const visitor = await aboveQuota()
    const items = [no(), no({ consentType: types.clicks.id }), no()]
    const before = rows()
    const first = await say(visitor, items)
    expect([first.status, first.json.count]).toEqual([201, 3])
    expect(ids(first)[2]).toBe(ids(first)[0])
    expect(rows()).toEqual({ ...before, event: before["event"]! + 2 })
    const again = await say(visitor, items)
    expect([again.status, again.text]).toEqual([201, first.text])
    expect(rows()).toEqual({ ...before, event: before["event"]! + 2 })
    expect(await statuses(visitor.concordId)).toMatchObject({
      [types.newsletter.id]: "refused",
      [types.clicks.id]: "refused",
    })
  })

  test("declines after each yes, once", async () => {
    const visitor = await visit(server)
    expect((await say(visitor, [yes()])).status).toBe(201)
    const [first, second] = [await say(visitor, [no()]), await say(visitor, [no()])]
    expect(ids(second)).toEqual(ids(first))
    const another = await visit(server, { contextId: visitor.contextId })
    expect((await say(another, [yes()])).status).toBe(201)
    const third = await say(another, [no()])
    expect(ids(third)).not.toEqual(ids(first))
    expect(await statuses(visitor.concordId)).toMatchObject({ [types.newsletter.id]: "withdrawn" })
  })

  test("is 429 with any other item, and is answered which declines were not recorded and what to do", async () => {
    const visitor = await aboveQuota()
    const before = rows()
    const answer = await say(visitor, [no(), yes(), no({ consentType: types.clicks.id })])
    expectProblem(answer, 429)
    expect(violations(answer)).toEqual(["/items/0 not_recorded", "/items/2 not_recorded"])
    expect(answer.json.errors[0].detail).toContain("send it again by itself")
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/)
    expect(rows()).toEqual(before)
    const onlyYes = await say(visitor, [yes()])
    expectProblem(onlyYes, 429)
    expect(onlyYes.json).not.toHaveProperty("errors")
  })

  test("keeps no idempotency record where nothing is recorded, and one where something is", async () => {
    const visitor = await aboveQuota()
    const headers = { "idempotency-key": crypto.randomUUID() }
    const before = rows()
    const first = await say(visitor, [no()], { headers })
    expect(rows()).toEqual({ event: before["event"]! + 1, idempotency: before["idempotency"]! + 1 })
    const replayed = await say(visitor, [no()], { headers })
    expect([replayed.text, replayed.headers["idempotent-replayed"]]).toEqual([first.text, "true"])
    for (let n = 0; n < 5; n++) {
      const sent = { headers: { "idempotency-key": crypto.randomUUID() } }
      expect((await say(visitor, [no()], sent)).text).toBe(first.text)
    }
    expect(rows()).toEqual({ event: before["event"]! + 1, idempotency: before["idempotency"]! + 1 })
  })

  test("may decline a thousand items in a request, and is 413 for a body that declines need not be", async () => {
    const visitor = await aboveQuota()
    const declined = { consentType: types.newsletter.id, consentState: "declined", consentAction: "user_click" }
    const thousand = await say(
      visitor,
      Array.from({ length: 1000 }, () => declined),
    )
    expect([thousand.status, thousand.json.count, new Set(ids(thousand)).size]).toEqual([201, 1000, 1])
    for (const sent of [{}, { chunkBytes: 10_000 }]) {
      const body = JSON.stringify({ items: [declined], padding: "x".repeat(200_000) })
      const headers = { "content-type": "application/json" }
      const answer = await asVisitor(server, visitor, "POST", "consent-events", { body, headers, ...sent })
      expectProblem(answer, 413)
      expect(answer.json.detail).toContain("send fewer declines at a time")
    }
  })

  test("owes its quota what it declined above it", async () => {
    const visitor = await aboveQuota()
    const path = "consent-state"
    for (const declines of [1, 2]) {
      expect((await say(visitor, [no()])).status).toBe(201)
      const refused = await asVisitor(server, visitor, "GET", path)
      // One request is wanted, and each decline was one: at one a minute.
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(60 * declines)
      expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(60 * (declines + 1))
    }
  })

  test("declines again once its refusal may be asked again", async () => {
    const json = {
      category: "custom",
      subcategory: ["club"],
      label: "brief",
      name: "Brief refusals",
      rules: { maxAge: { declined: "PT0.4S" } },
    }
    const made = await server.request("POST", `${privacy()}/consent-types`, { headers: asOwner, json })
    const item = no({ consentType: made.json.id })
    const visitor = await aboveQuota()
    const first = await say(visitor, [item])
    const lapsesAt = Date.parse(first.json.items[0].consentDate) + 400
    await eventually(() => Date.now() > lapsesAt, "the refusal may be asked again")
    const second = await say(visitor, [item])
    expect([second.status, ids(second)]).toEqual([201, expect.not.arrayContaining([...ids(first)])])
  })

  test("is answered what is wrong with a decline, and 429 where the body is no batch", async () => {
    const visitor = await aboveQuota()
    expect(violations(await say(visitor, [no({ consentType: acme.id })]))).toEqual([
      "/items/0/consentType unknown_consent_type",
    ])
    expectProblem(await asVisitor(server, visitor, "POST", "consent-events", { json: { items: "no" } }), 429)
  })

  test("records every decline of many at once that changes an answer, and each once", async () => {
    const visitor = await aboveQuota()
    const before = rows()
    const listed = Object.values(types).map(({ id }) => id)
    const answers = await Promise.all(
      [...listed, ...listed.slice(0, 4)].map((consentType) => say(visitor, [no({ consentType })])),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(rows()["event"]! - before["event"]!).toBe(listed.length)
  })
})

test("declines of one caller above its quota are worked on one request at a time: 16 wait, and more are 503", async () => {
  const visitor = await aboveQuota()
  const other = await aboveQuota()
  const before = rows()
  const blocker = new DatabaseSync(server.file, { timeout: 10_000 })
  blocker.exec("BEGIN IMMEDIATE")
  const sent = Array.from({ length: 30 }, () => say(visitor, [no()]))
  const answered: Array<Answer> = []
  for (const each of sent) void each.then((answer) => answered.push(answer))
  await eventually(() => answered.length === 13, "those that are one too many are answered")
  for (const answer of answered) expectProblem(answer, 503)
  const elsewhere = say(other, [no()])
  // The one that is worked on has looked up that nothing is refused yet, and waits for the disk.
  for (let n = 0; n < 20; n++) await asVisitor(server, visitor, "GET", "consent-state")
  blocker.exec("ROLLBACK")
  blocker.close()
  const answers = await Promise.all(sent)
  const texts = answers.flatMap(({ status, text }) => (status === 201 ? [text] : []))
  expect([texts.length, new Set(texts).size, (await elsewhere).status]).toEqual([17, 1, 201])
  expect(rows()["event"]! - before["event"]!).toBe(2)
})

test("of random requests of visitors with tiny quotas no refusal that changes an answer is missing, and no other is recorded", async () => {
  const tiny = await startWorld({
    ASSENT_RATE_LIMIT_SESSION: "requests=3 items=4 bytes=600 writes=2",
    ASSENT_RATE_LIMIT_VISITOR: "writes=3",
    ASSENT_RATE_LIMIT_ADDRESS: "off",
  })
  const listed = [types.newsletter.id, types.clicks.id]
  const item = fc.record({
    consentType: fc.constantFrom(...listed),
    consentState: fc.constantFrom("declined", "declined", "accepted"),
  })
  const requests = fc.array(fc.array(item, { minLength: 1, maxLength: 3 }), { minLength: 3, maxLength: 10 })
  const statesOf = async ({ concordId }: Visitor): Promise<Readonly<Record<string, string>>> => {
    const path = `${privacy()}/consent-state?concordId=${concordId}`
    const { items } = (await tiny.request("GET", path, { headers: asOwner })).json
    return Object.fromEntries(
      items.map((each: { consentType: string; consentState: string }) => [each.consentType, each.consentState]),
    )
  }
  const isYes = ({ consentState }: { readonly consentState: string }) => consentState === "accepted"
  try {
    await fc.assert(
      fc.asyncProperty(requests, async (batches) => {
        const visitor = await visit(tiny)
        /** The answer of each type, and the number of its refusals that changed an answer. */
        const expected = new Map<string, string>()
        let [recorded, changing, yeses] = [0, 0, 0]
        for (const batch of batches) {
          const json = { items: batch.map((each) => ({ ...each, consentAction: "user_click" })) }
          const answer = await asVisitor(tiny, visitor, "POST", "consent-events", { json })
          if (batch.some(isYes) && answer.status === 429) continue
          expect(answer.status, answer.text).toBe(201)
          for (const { consentState, consentType } of batch) {
            if (consentState === "declined" && expected.get(consentType) !== "declined") changing++
            if (consentState === "accepted") yeses++
            expected.set(consentType, consentState)
          }
          recorded += batch.length
          const now = await statesOf(visitor)
          // In one batch, at one instant, the refusal wins.
          for (const [type, said] of expected) if (said === "declined") expect(now[type]).toBe("declined")
        }
        const path = `${privacy()}/consent-events?concordId=${visitor.concordId}&limit=1000`
        const { items } = (await tiny.request("GET", path, { headers: asOwner })).json
        const declines = items.filter(({ consentState }: { consentState: string }) => consentState === "declined")
        expect(declines.length).toBeGreaterThanOrEqual(Math.min(changing, 1))
        expect(items.length).toBeLessThanOrEqual(recorded)
        // Those within the quota, a first one of each type, and one after each yes.
        expect(declines.length).toBeLessThanOrEqual(3 * 3 + listed.length + yeses)
      }),
      { numRuns: times(8, 300) },
    )
  } finally {
    await tiny.stop()
  }
})

describe("an API key above its quota", () => {
  test("records each decline that changes an answer, for every identifier, and answers the others", async () => {
    const small = await startWorld({ ASSENT_RATE_LIMIT_KEY: "1" })
    const headers = { "x-api-key": secretOf(acme, "limited") }
    const send = (items: ReadonlyArray<object>) =>
      small.request("POST", `${privacy()}/consent-events`, { headers, json: { items } })
    try {
      expect((await send([yes({ userId: "u", email: "u@x.test" })])).status).toBe(201)
      expectProblem(await send([yes({ userId: "u" })]), 429)
      const first = await send([no({ userId: "u" }), no({ email: "new@x.test" })])
      expect(first.status, first.text).toBe(201)
      const again = await send([no({ userId: "u" }), no({ email: "new@x.test" })])
      expect([again.status, ids(again)]).toEqual([201, ids(first)])
      // A decline by an identifier that named no one until now changes the answer of that identifier.
      const claiming = await send([no({ userId: "u", phoneNumber: "+4915112345678" })])
      expect(ids(claiming)).not.toEqual([ids(first)[0]])
      const path = `${privacy()}/consent-state?${new URLSearchParams({ phoneNumber: "+4915112345678" })}`
      const asked = await small.request("GET", path, { headers: asOwner })
      expect(asked.json.items.map(({ consentState }: { consentState: string }) => consentState)).toEqual(["declined"])
    } finally {
      await small.stop()
    }
  })
})
