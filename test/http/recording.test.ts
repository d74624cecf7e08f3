/** `POST /privacy-v1/…/consent-events`: the recorded events and the answers. */
import { expect, test } from "vitest"
import { served } from "../support/served.ts"
import { acme, ask, asOwner, ownerKeyId, privacy, record, shop, startWorld, types, yes } from "./world.ts"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

const server = served(startWorld)

/** Records an item, and returns the one event of the answer. */
const recorded = async (item: object) => {
  const answer = await record(server, [item])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

const inMillis = (millis: number): string => new Date(Date.now() + millis).toISOString()

test("the reference request is answered 201 with every documented field, in its documented type", async () => {
  // The documented example, with ids that exist, a type that exists and an expiration after the consent.
  const answer = await record(server, [
    {
      projectUserId: "project-user-1",
      userId: "user-1",
      email: "jsmith@example.com",
      phoneNumber: "+4915112345678",
      concordId: "3c90c3cc-0d44-4b50-8888-8dd25736052a",
      consentType: types.policy.id,
      category: "disclosure",
      subcategory: ["privacy_policy"],
      label: "policy",
      consentState: "implied",
      consentAction: "implied",
      consentDate: "2023-11-07T05:31:56Z",
      expirationDate: "2033-11-07T05:31:56Z",
    },
  ])
  expect(answer.status).toBe(201)
  expect(answer.headers["content-type"]).toMatch(/^application\/json\b/)
  const { count, items } = answer.json
  const { id, dateCreated, ...event } = items[0]
  expect({ count, length: items.length }).toEqual({ count: 1, length: 1 })
  expect(id).toMatch(uuidV7)
  expect(dateCreated).toMatch(instant)
  // toEqual on the whole rest: no member is missing, and there are only documented ones. There is no session, as none
  // was used.
  expect(event).toEqual({
    createdAt: [dateCreated],
    updatedAt: [dateCreated],
    concordId: "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    consentAction: "implied",
    consentDate: "2023-11-07T05:31:56.000Z",
    consentState: "implied",
    dateUpdated: dateCreated,
    consentType: types.policy.id,
    expirationDate: "2033-11-07T05:31:56.000Z",
    organization: acme.id,
    project: shop.id,
    submitter: ownerKeyId,
    category: "disclosure",
    subcategory: ["privacy_policy"],
    label: "policy",
    version: 2,
  })
})

test("an event without expirationDate, of a type without consentDuration, is answered without expirationDate", async () => {
  expect(await recorded(yes({ userId: "no-expiration" }))).not.toHaveProperty("expirationDate")
})

test("an event without expirationDate expires after its type's consentDuration", async () => {
  const item = { userId: "duration", consentType: types.analytics.id, consentDate: "2024-02-29T12:00:00Z" }
  expect(await recorded(yes(item))).toMatchObject({ expirationDate: "2025-02-28T12:00:00.000Z" })
})

test("the type is named by its id, by its triple, or by both", async () => {
  const triple = { category: "communication", subcategory: ["email"], label: "newsletter" }
  const { consentType: _, ...untyped } = yes({ userId: "type" })
  for (const named of [{ consentType: types.newsletter.id }, triple, { ...triple, consentType: types.newsletter.id }]) {
    expect(await recorded({ ...untyped, ...named })).toMatchObject({ ...triple, consentType: types.newsletter.id })
  }
})

test("the type's id may be written in upper case, and with it a part of the triple that agrees", async () => {
  const upper = yes({ userId: "upper", consentType: types.newsletter.id.toUpperCase(), label: "newsletter" })
  expect(await recorded(upper)).toMatchObject({ consentType: types.newsletter.id })
})

test("subcategory may be a bare string; the answer is the array", async () => {
  const item = { userId: "bare", category: "communication", subcategory: "email", label: "newsletter" }
  const { consentType: _, ...untyped } = yes(item)
  expect(await recorded(untyped)).toMatchObject({ subcategory: ["email"] })
})

test("members that are null count as left out", async () => {
  const item = { userId: "nulls", email: null, phoneNumber: null, concordId: null, projectUserId: null }
  const rest = {
    category: null,
    subcategory: null,
    label: null,
    consentDate: null,
    expirationDate: null,
    version: null,
  }
  expect(await recorded(yes({ ...item, ...rest }))).toMatchObject({ version: 1, label: "newsletter" })
})

test("unknown members of the body and of an item are ignored", async () => {
  const item = yes({ userId: "unknown members", id: "mine", dateCreated: "2001-01-01T00:00:00Z", extra: { deep: [1] } })
  const answer = await record(server, [], { json: { items: [item], count: 7, more: null } })
  expect(answer.status).toBe(201)
  expect(answer.json.items[0].id).toMatch(uuidV7)
  expect(answer.json.items[0].dateCreated).not.toMatch(/^2001/)
  expect(answer.json.items[0]).not.toHaveProperty("extra")
})

test.each([
  ["with an offset", "2024-03-01T01:30:00+02:00", "2024-02-29T23:30:00.000Z"],
  ["with a negative offset", "2024-02-29T23:30:00-00:30", "2024-03-01T00:00:00.000Z"],
  ["without a fraction", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"],
  ["finer than a millisecond", "2024-02-29T12:00:00.123456789Z", "2024-02-29T12:00:00.123Z"],
  ["the earliest that is believed", "1990-01-01T00:00:00Z", "1990-01-01T00:00:00.000Z"],
])("a date %s is answered in UTC with milliseconds", async (_, consentDate, expected) => {
  expect(await recorded(yes({ userId: "dates", consentDate }))).toMatchObject({ consentDate: expected })
})

test("consentDate left out is the instant of recording", async () => {
  const before = Date.now()
  const event = await recorded(yes({ userId: "now" }))
  expect(event.consentDate).toBe(event.dateCreated)
  expect(Date.parse(event.dateCreated)).toBeGreaterThanOrEqual(before)
  expect(Date.parse(event.dateCreated)).toBeLessThanOrEqual(Date.now())
})

test("a consentDate less than 5 minutes ahead is clock skew: it is recorded as dateCreated", async () => {
  const event = await recorded(yes({ userId: "skew", consentDate: inMillis(4 * 60_000 + 45_000) }))
  expect(event.consentDate).toBe(event.dateCreated)
  expect(Date.parse(event.dateCreated)).toBeLessThanOrEqual(Date.now())
})

test("a version left out is the one published last at consentDate; before the first one, 1", async () => {
  for (const [consentDate, version] of [
    ["2019-05-05T00:00:00Z", 1],
    ["2022-12-31T23:59:59.999Z", 1],
    ["2023-01-01T00:00:00.000Z", 2],
    ["2023-12-31T23:59:59.999Z", 2],
    [undefined, 3],
  ]) {
    const item = yes({ userId: "versions", consentType: types.policy.id, ...(consentDate && { consentDate }) })
    expect(await recorded(item)).toMatchObject({ version })
  }
})

test("a version that was published is taken as given, an earlier one too", async () => {
  expect(await recorded(yes({ userId: "v", consentType: types.policy.id, version: 1 }))).toMatchObject({ version: 1 })
})

test("a no is never refused: of an unknown version, of an archived or obsolete type, of a type that does not list it", async () => {
  const no = { userId: "no", consentState: "declined" }
  expect(await recorded(yes({ ...no, version: 77 }))).toMatchObject({ version: 77, consentState: "declined" })
  for (const { id } of [types.archived, types.obsolete, types.clicks, types.test]) {
    expect(await recorded(yes({ ...no, consentType: id }))).toMatchObject({ consentType: id, consentState: "declined" })
  }
})

test("a no is never refused, however late it comes: three decades", async () => {
  const no = { userId: "late", consentState: "declined", consentDate: "1990-04-03T15:00:00Z" }
  expect(await recorded(yes(no))).toMatchObject({ consentDate: "1990-04-03T15:00:00.000Z" })
  const { items } = (await ask(server, "consent-decisions", { userId: "late" })).json
  expect(items[0]).toMatchObject({ status: "refused", since: "1990-04-03T15:00:00.000Z" })
})

test("a batch is answered in the order given, each item with an id of its own", async () => {
  const states = ["accepted", "declined", "viewed", "implied"]
  const items = Array.from({ length: 200 }, (_, n) => yes({ userId: `batch ${n % 7}`, consentState: states[n % 4] }))
  const answer = await record(server, items)
  expect(answer.status).toBe(201)
  expect(answer.json.count).toBe(200)
  const events: ReadonlyArray<{ id: string; concordId: string; consentState: string }> = answer.json.items
  expect(events.map(({ consentState }) => consentState)).toEqual(items.map(({ consentState }) => consentState))
  expect(new Set(events.map(({ id }) => id)).size).toBe(200)
  expect(events.map(({ concordId }) => concordId)).toEqual(events.map((_, n) => events[n % 7]!.concordId))
  expect(new Set(events.map(({ concordId }) => concordId)).size).toBe(7)
})

test("all events of a batch have the same dateCreated, and it never goes back from one answer to the next", async () => {
  let last = ""
  for (let n = 0; n < 20; n++) {
    const { items } = (await record(server, [yes({ userId: "monotone" }), yes({ userId: `monotone ${n}` })])).json
    expect(items[0].dateCreated).toBe(items[1].dateCreated)
    expect(items[0].dateCreated >= last).toBe(true)
    last = items[0].dateCreated
  }
})

test("what was answered 201 is read back byte for byte", async () => {
  const event = await recorded(yes({ userId: "read back", expirationDate: "2999-01-01T00:00:00Z" }))
  const state = await ask(server, "consent-state", { userId: "read back" })
  expect(state.text).toBe(JSON.stringify({ count: 1, items: [event] }))
})

test("the same event sent twice is recorded twice: only an id distinguishes duplicates from repetitions", async () => {
  const item = yes({ userId: "twice", consentDate: "2024-01-01T00:00:00Z" })
  const [first, second] = [await recorded(item), await recorded(item)]
  expect(first.id).not.toBe(second.id)
  expect(first.concordId).toBe(second.concordId)
  expect(first.concordId).toMatch(uuid)
})

test.each([
  "application/json; charset=utf-8",
  "APPLICATION/JSON",
  "application/json;charset=UTF-8",
  "application/json ",
])("a body of media type %j is taken", async (type) => {
  const body = JSON.stringify({ items: [yes({ userId: "media type" })] })
  const headers = { ...asOwner, "content-type": type }
  const answer = await server.request("POST", `${privacy()}/consent-events`, { headers, body })
  expect(answer.status).toBe(201)
})

test("a body in chunks is taken", async () => {
  const answer = await record(server, [yes({ userId: "chunks" })], { chunkBytes: 7 })
  expect(answer.status).toBe(201)
})
