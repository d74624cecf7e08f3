/**
 * Two accounts are two people, whatever mailbox or telephone they share; a refusal is recorded for everyone that its
 * identifiers name, and is answered the same when it is sent again.
 */
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  privacy,
  record,
  secretOf,
  startWorld,
  types,
  violations,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)

type Person = Readonly<Record<string, string>>

const no = (item: object) => yes({ consentState: "declined", ...item })
const [analytics, early, late] = [types.analytics.id, "2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z"]

const recorded = async (item: object, sent: object = {}): Promise<Answer["json"]> => {
  const answer = await record(server, [item], sent)
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

const newsletterOf = async (person: Person) => {
  const { items } = (await ask(server, "consent-decisions", person)).json
  return items.find(({ consentType }: { consentType: string }) => consentType === types.newsletter.id)
}

const statusOf = async (person: Person): Promise<string> => (await newsletterOf(person)).status

const release = (concordId: string, json: object) =>
  server.request("POST", `/privacy-v1/organizations/${acme.id}/people/${concordId}/identifiers/release`, {
    headers: asOwner,
    json: { reason: "another owner", ...json },
  })

const leaveOut = (items: ReadonlyArray<object>, headers: object = {}) =>
  server.request("POST", `${privacy()}/consent-events`, {
    headers: { ...asOwner, ...headers },
    json: { items, sharedContacts: "leave-out" },
  })

const factsOf = async (concordId: string) =>
  (await server.request("GET", `/privacy-v1/organizations/${acme.id}/people/${concordId}`, { headers: asOwner })).json
    .facts

describe("two accounts with one mailbox", () => {
  test("stay two: the yes of one is not the yes of the other", async () => {
    const email = "family@example.com"
    const ann = await recorded(no({ userId: "acct-ann", email, consentDate: early }))
    const bob = await recorded(no({ userId: "acct-bob", email, consentType: analytics }))
    expect(bob.concordId).not.toBe(ann.concordId)
    expect(bob.alsoRecordedFor).toEqual([{ id: expect.any(String), concordId: ann.concordId }])
    await recorded(yes({ userId: "acct-bob", consentDate: late }))
    expect([await statusOf({ userId: "acct-ann" }), await statusOf({ userId: "acct-bob" })]).toEqual([
      "refused",
      "given",
    ])
    expect(await statusOf({ email })).toBe("refused")
  })

  test("a yes that would make them one is refused, and says which identifiers conflict", async () => {
    const email = "couple@example.com"
    const one = await recorded(no({ userId: "couple-1", email }))
    const answer = await record(server, [yes({ userId: "couple-2", email })])
    expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/userId identifier_conflict"]])
    expect(answer.json.errors[0].detail).toContain("email")
    // Nothing was claimed.
    expect((await recorded(yes({ userId: "couple-2" }))).concordId).not.toBe(one.concordId)
  })

  test("in one request, the accounts stay two, too", async () => {
    const email = "batch@example.com"
    const answer = await record(server, [no({ userId: "batch-1", email }), yes({ userId: "batch-2", email })])
    expect(violations(answer)).toEqual(["/items/0 not_recorded", "/items/1/userId identifier_conflict"])
  })

  test("another address of an account that gave its consent with the old one is a person's own address", async () => {
    await recorded(yes({ userId: "cust-1", email: "old.addr@example.com", consentDate: "2026-03-01T00:00:00Z" }))
    await recorded(no({ userId: "cust-1", email: "someone.else@example.com", consentType: analytics }))
    const { namedSince, since, status } = await newsletterOf({ email: "someone.else@example.com" })
    // The answer is the account's, and says that it is older than the address.
    expect([status, Date.parse(namedSince) > Date.parse(since)]).toEqual(["given", true])
  })

  test("accounts of different kinds conflict, too, unless the item says so by concordId", async () => {
    const [email, phoneNumber] = ["kinds@example.com", "+4930901801"]
    const { concordId } = await recorded(yes({ userId: "kinds", email }))
    const answer = await record(server, [yes({ projectUserId: "kinds-p", email })])
    expect(violations(answer)).toEqual(["/items/0/projectUserId identifier_conflict"])
    expect(await recorded(yes({ projectUserId: "kinds-p", concordId, phoneNumber }))).toMatchObject({ concordId })
    expect(await recorded(yes({ projectUserId: "kinds-p", userId: "kinds", phoneNumber }))).toMatchObject({ concordId })
  })

  test("an account that takes over the address of a released one is another person", async () => {
    const email = "taken@example.com"
    const { concordId } = await recorded(yes({ userId: "taken-1", email }))
    expect((await release(concordId, { userId: "taken-1" })).status).toBe(200)
    expect((await record(server, [yes({ userId: "taken-2", email })])).status).toBe(422)
    // The released account itself may come back.
    expect(await recorded(yes({ userId: "taken-1", email }))).toMatchObject({ concordId })
  })

  // Kills: the revisions of the people that get an account are not part of the append.
  test("that are recorded at the same moment are two, however the requests are interleaved", async () => {
    for (const round of Array.from({ length: 8 }, (_, index) => index)) {
      const email = `race-${round}@example.com`
      const { concordId } = await recorded(no({ email }))
      const accounts = [0, 1, 2, 3].map((index) => `race-${round}-${index}`)
      const answers = await Promise.all(accounts.map((userId) => record(server, [yes({ userId, email })])))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422, 422])
      const winner = answers.find(({ status }) => status === 201)!.json.items[0]
      expect(winner.concordId).toBe(concordId)
      const people = await Promise.all(accounts.map(async (userId) => statusOf({ userId })))
      expect(people.toSorted()).toEqual(["given", "unknown", "unknown", "unknown"])
    }
  })
})

describe("a refusal whose identifiers name several people", () => {
  test("of a recycled number counts for the number and for its new owner, who can be given it", async () => {
    const phoneNumber = "+12025550143"
    const old = await recorded(yes({ userId: "old-owner", phoneNumber, consentDate: "2026-01-05T00:00:00Z" }))
    const own = await recorded(yes({ userId: "new-owner", consentType: analytics }))
    const item = await recorded(no({ userId: "new-owner", phoneNumber }))
    expect(item).toMatchObject({ concordId: own.concordId, alsoRecordedFor: [{ concordId: old.concordId }] })
    expect([await statusOf({ phoneNumber }), await statusOf({ userId: "new-owner" })]).toEqual(["withdrawn", "refused"])
    expect((await release(old.concordId, { phoneNumber })).status).toBe(200)
    expect(await recorded(yes({ userId: "new-owner", phoneNumber }))).not.toHaveProperty("alsoRecordedFor")
    expect([await statusOf({ phoneNumber }), await statusOf({ userId: "old-owner" })]).toEqual(["given", "withdrawn"])
  })

  test("has one event for each, and lists have all of them, without alsoRecordedFor", async () => {
    const [a, b] = [await recorded(yes({ userId: "each-1" })), await recorded(yes({ email: "each@example.com" }))]
    const item = await recorded(no({ userId: "each-1", email: "each@example.com" }))
    const [further] = item.alsoRecordedFor
    expect([item.concordId, further.concordId]).toEqual([a.concordId, b.concordId])
    const event = await server.request("GET", `${privacy()}/consent-events/${further.id}`, { headers: asOwner })
    expect(event.json).toMatchObject({ concordId: b.concordId, consentState: "declined" })
    const first = await server.request("GET", `${privacy()}/consent-events/${item.id}`, { headers: asOwner })
    expect(first.json).not.toHaveProperty("alsoRecordedFor")
    const { json } = await server.request("GET", `${privacy()}/consent-events?concordId=${b.concordId}`, {
      headers: asOwner,
    })
    expect(json.items.map(({ id }: { id: string }) => id)).toContain(further.id)
  })

  test("before a release counts for the person that was named then, and claims nothing", async () => {
    const email = "before@example.com"
    const { concordId } = await recorded(yes({ userId: "before", email, consentDate: early }))
    expect((await release(concordId, { email })).status).toBe(200)
    const answer = await record(server, [yes({ email, consentDate: late })])
    expect(violations(answer)).toEqual(["/items/0/email identifier_conflict"])
    expect(await recorded(no({ email, consentDate: late }))).toMatchObject({ concordId })
    expect([await statusOf({ userId: "before" }), await statusOf({ email })]).toEqual(["withdrawn", "unknown"])
    // Now it is another person's, and what was said before its release stays with the first one.
    const next = await recorded(yes({ email }))
    expect(next.concordId).not.toBe(concordId)
    const both = await recorded(no({ email, consentDate: late }))
    expect([both.concordId, both.alsoRecordedFor]).toEqual([next.concordId, [{ id: expect.any(String), concordId }]])
  })

  // Kills: a refusal that is sent again is answered without the events of its further people.
  test.each(["Idempotency-Key", "externalId"])("sent again with the same %s is answered the same", async (by) => {
    const [userId, email] = [`again-${by}`, `again-${by}@example.com`]
    await recorded(yes({ userId }))
    const { concordId } = await recorded(yes({ email }))
    const item = no({ userId, email, consentDate: late, ...(by === "externalId" && { externalId: "again-1" }) })
    const sent = { headers: { ...asOwner, ...(by === "externalId" ? {} : { "idempotency-key": `"${userId}"` }) } }
    const first = await recorded(item, sent)
    expect(first.alsoRecordedFor).toHaveLength(1)
    expect(await recorded(item, sent)).toEqual(first)
    // Whatever was released or claimed meanwhile.
    expect((await release(concordId, { email })).status).toBe(200)
    expect(await recorded(item, sent)).toEqual(first)
    await recorded(yes({ email }))
    expect(await recorded(item, sent)).toEqual(first)
    const { json } = await server.request("GET", `${privacy()}/consent-events?concordId=${first.concordId}`, {
      headers: asOwner,
    })
    expect(json.total).toBe(2)
  })

  test("keeps the external id of the further events apart from those of callers", async () => {
    const key = { "x-api-key": secretOf(acme, "owner") }
    await recorded(yes({ userId: "apart" }))
    await recorded(yes({ email: "apart@example.com" }))
    const item = no({ userId: "apart", email: "apart@example.com", externalId: "apart-1" })
    const { alsoRecordedFor } = await recorded(item)
    const path = `${privacy()}/consent-events/${alsoRecordedFor[0].id}`
    const { externalId } = (await server.request("GET", path, { headers: key })).json
    expect(externalId).toMatch(/^[0-9a-f]{64}$/)
    // Another item with this text is another event, and the refusal is still found.
    await recorded(yes({ userId: "apart-other", externalId }))
    expect((await recorded(item)).alsoRecordedFor).toEqual(alsoRecordedFor)
  })
})

describe('sharedContacts "leave-out"', () => {
  test("records the account without the mailbox of another person, names it, and notes it once as a fact", async () => {
    const email = "shared@example.com"
    const one = await recorded(yes({ userId: "shared-1", email, consentDate: early }))
    const items = ["shared-2", "shared-3"].map((userId) => yes({ userId, email, consentDate: early }))
    const answer = await leaveOut(items)
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json.items.map(({ leftOut }: { leftOut: unknown }) => leftOut)).toEqual([["email"], ["email"]])
    expect((await leaveOut([yes({ userId: "shared-4", email })])).json.items[0].leftOut).toEqual(["email"])
    const ids = answer.json.items.map(({ concordId }: { concordId: string }) => concordId)
    expect(new Set([one.concordId, ...ids]).size).toBe(3)
    expect((await newsletterOf({ email })).concordId).toBe(one.concordId)
    const shared = { kind: "shared", member: one.concordId, survivor: one.concordId, identifier: { kind: "email" } }
    expect(await factsOf(one.concordId)).toMatchObject([shared])
    expect(await factsOf(ids[0])).toEqual([])
    // Lists do not have it.
    const event = await server.request("GET", `${privacy()}/consent-events/${answer.json.items[0].id}`, {
      headers: asOwner,
    })
    expect(event.json).not.toHaveProperty("leftOut")
  })

  test("leaves nothing out where there is no conflict, and refuses what it cannot resolve", async () => {
    const email = "loose@example.com"
    const { concordId } = await recorded(yes({ email }))
    const answer = await leaveOut([yes({ userId: "loose-1", email })])
    expect(answer.json.items[0]).toMatchObject({ concordId })
    expect(answer.json.items[0]).not.toHaveProperty("leftOut")
    const phoneNumber = "+4930901802"
    await recorded(yes({ phoneNumber }))
    expect(violations(await leaveOut([yes({ email, phoneNumber })]))).toEqual([
      "/items/0/phoneNumber identifier_conflict",
    ])
    const other = await recorded(yes({ userId: "loose-2" }))
    expect(violations(await leaveOut([yes({ userId: "loose-1", concordId: other.concordId })]))).toEqual([
      "/items/0/userId identifier_conflict",
    ])
  })

  test.each(["Idempotency-Key", "externalId"])("sent again with the same %s is answered the same", async (by) => {
    const email = `left-${by}@example.com`
    const { concordId } = await recorded(yes({ userId: `left-1-${by}`, email, consentDate: early }))
    const userId = `left-2-${by}`
    const items = [yes({ userId, email, ...(by === "externalId" && { externalId: "left-1" }) })]
    const headers = by === "externalId" ? {} : { "idempotency-key": `"${userId}"` }
    const first = (await leaveOut(items, headers)).json
    expect(first.items[0].leftOut).toEqual(["email"])
    expect((await leaveOut(items, headers)).json).toEqual(first)
    expect((await release(concordId, { email })).status).toBe(200)
    expect((await leaveOut(items, headers)).json).toEqual(first)
    // Even where the account has it now.
    expect((await recorded(yes({ userId, email }))).concordId).toBe(first.items[0].concordId)
    expect((await leaveOut(items, headers)).json).toEqual(first)
  })

  test("another value is refused, and the declines of the request are named", async () => {
    const items = [no({ userId: "wrong value" }), yes({ userId: "another one" })]
    const answer = await server.request("POST", `${privacy()}/consent-events`, {
      headers: asOwner,
      json: { items, sharedContacts: "merge" },
    })
    expect([answer.status, violations(answer)]).toEqual([422, ["/items/0 not_recorded", "/sharedContacts invalid"]])
  })

  test.each(["leave_out", 1, { leave: "out" }])(
    "another value, %j, is passed over where all are declines",
    async (value) => {
      const userId = `declined with ${JSON.stringify(value)}`
      const answer = await server.request("POST", `${privacy()}/consent-events`, {
        headers: asOwner,
        json: { items: [no({ userId }), no({ userId: `${userId}, too` })], sharedContacts: value },
      })
      expect([answer.status, answer.json.items.length]).toEqual([201, 2])
      expect(answer.text).not.toContain("sharedContacts")
    },
  )

  test("is not a member of the Site API", async () => {
    const visitor = await visit(server)
    const json = { items: [yes()], sharedContacts: "merge" }
    expect((await asVisitor(server, visitor, "POST", "consent-events", { json })).status).toBe(201)
  })
})

test("an import leaves two accounts with one telephone two, and records the refusals of both", async () => {
  const rows = ["home-1,+4930901820,declined,2024-01-01T00:00:00Z", "home-2,+4930901820,accepted,2024-02-01T00:00:00Z"]
  const send = (lines: ReadonlyArray<string>, map: object) =>
    server.request("POST", `${privacy()}/consent-events/import?${new URLSearchParams({ map: JSON.stringify(map) })}`, {
      headers: { ...asOwner, "content-type": "text/csv" },
      body: ["userId,phoneNumber,consentState,consentDate", ...lines].join("\n"),
    })
  const consentType = { value: types.newsletter.id }
  const answer = await send(rows, { consentType })
  expect(answer.json).toMatchObject({ recorded: 1, rejected: 1, faults: { identifier_conflict: 1 } })
  expect([await statusOf({ userId: "home-1" }), await statusOf({ phoneNumber: "+4930901820" })]).toEqual([
    "refused",
    "refused",
  ])
  expect((await send(rows.toReversed(), { consentType, sharedContacts: "leave-out" })).json).toMatchObject({
    rejected: 0,
  })
  expect([await statusOf({ userId: "home-1" }), await statusOf({ userId: "home-2" })]).toEqual(["refused", "given"])
})
