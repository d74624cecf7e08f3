/** A refusal is recorded whatever is wrong with its dates, its version or some of its identifiers. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { ask, asOwner, asVisitor, privacy, record, startWorld, types, violations, visit, yes } from "./world.ts"

const server = served(startWorld)

const no = (more: object) => yes({ consentState: "declined", ...more })

/** Records a refusal, and returns the event of the answer. */
const recorded = async (item: object) => {
  const answer = await record(server, [item])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

const isNow = (date: string): boolean => Math.abs(Date.parse(date) - Date.now()) < 60_000

describe("a refusal whose dates would be refused", () => {
  test.each([
    ["far ahead", "2100-01-01T00:00:00.000Z"],
    ["at the end of time", "9999-12-31T23:59:60Z"],
  ])("is recorded as of now, and keeps the date that it claims: %s", async (name, consentDate) => {
    const event = await recorded(no({ userId: name, consentDate }))
    expect(isNow(event.consentDate)).toBe(true)
    expect(Date.parse(event.claimedConsentDate)).toBeGreaterThan(Date.now())
    expect(event).not.toHaveProperty("leftOut")
    const state = await ask(server, "consent-state", { userId: name })
    expect(state.json.items[0].id).toBe(event.id)
    const one = await server.request("GET", `${privacy()}/consent-events/${event.id}`, { headers: asOwner })
    expect(one.json).toEqual(event)
  })

  test("is recorded without an expirationDate that is not after it, and keeps that claim", async () => {
    const dates = { consentDate: "2024-02-29T12:00:00.000Z", expirationDate: "2024-02-29T12:00:00.000Z" }
    const event = await recorded(no({ userId: "expired", ...dates }))
    expect(event).toMatchObject({ consentDate: dates.consentDate, claimedExpirationDate: dates.expirationDate })
    expect(event).not.toHaveProperty("expirationDate")
    expect(event).not.toHaveProperty("claimedConsentDate")
  })

  test("names what is no date-time, and is recorded as of now", async () => {
    const event = await recorded(no({ userId: "no dates", consentDate: "yesterday", expirationDate: 5 }))
    expect(event.leftOut.toSorted()).toEqual(["consentDate", "expirationDate"])
    expect(isNow(event.consentDate)).toBe(true)
    expect(event).not.toHaveProperty("claimedConsentDate")
  })
})

describe("a refusal with members that cannot be read", () => {
  test("is recorded without them and names them; a list does not", async () => {
    // The type is named twice: by its id, and by names that cannot be read or are of another type.
    for (const more of [{ label: 7 }, { subcategory: 5 }, { category: "bogus" }]) {
      const named = await recorded(no({ userId: "type", consentType: types.newsletter.id, ...more }))
      expect([named.consentType, named.leftOut]).toEqual([types.newsletter.id, Object.keys(more)])
    }
    const other = await recorded(no({ userId: "type", consentType: types.newsletter.id, label: "another" }))
    expect(other.consentType).toBe(types.newsletter.id)
    const item = no({ userId: "readable", email: "no address", phoneNumber: 7, version: "two", externalId: "" })
    const event = await recorded(item)
    expect(event.leftOut.toSorted()).toEqual(["email", "externalId", "phoneNumber", "version"])
    expect(event.version).toBe(1)
    const listed = await server.request("GET", `${privacy()}/consent-events/${event.id}`, { headers: asOwner })
    const { leftOut: _, ...rest } = event
    expect(listed.json).toEqual(rest)
  })

  test("is answered the same when it is sent again with its idempotency key", async () => {
    const headers = { ...asOwner, "idempotency-key": "left-out" }
    const items = [no({ userId: "again", email: "no address" }), no({ userId: "again too" })]
    const first = await record(server, items, { headers })
    const again = await record(server, items, { headers })
    expect([again.status, again.text]).toEqual([201, first.text])
    expect(again.json.items.map((each: object) => Object.hasOwn(each, "leftOut"))).toEqual([true, false])
  })

  test("is refused only if no identifier can be read, or its type does not exist", async () => {
    const unreadable = await record(server, [no({ userId: 5, email: "no address" })])
    expect([unreadable.status, violations(unreadable)]).toEqual([
      422,
      ["/items/0/email identifier_not_valid", "/items/0/userId identifier_not_valid"],
    ])
    const untyped = await record(server, [
      no({ userId: "u", consentType: types.policy.id.replace("4", "5"), version: 0 }),
    ])
    expect([untyped.status, violations(untyped)]).toEqual([422, ["/items/0/consentType unknown_consent_type"]])
  })

  test("of a visitor is recorded, too", async () => {
    const item = { consentType: types.newsletter.id, consentState: "declined", consentAction: "import" }
    const visitor = await visit(server)
    const answer = await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [item] } })
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json.items[0]).not.toHaveProperty("leftOut")
  })
})

test("a batch that is refused names each refusal that is not recorded because of other items", async () => {
  const items = [no({ userId: "named" }), yes({ userId: "" }), no({}), no({ userId: "named too", version: "x" })]
  const answer = await record(server, items)
  expect(answer.status).toBe(422)
  expect(violations(answer)).toEqual([
    "/items/0 not_recorded",
    "/items/1/userId identifier_not_valid",
    "/items/2/concordId identifier_missing",
    "/items/3 not_recorded",
  ])
  const misshapen = await record(server, [no({ userId: "named" }), yes({ userId: 5 })])
  expect(violations(misshapen)).toEqual(["/items/0 not_recorded", "/items/1/userId invalid"])
})
