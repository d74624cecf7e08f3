/**
 * What a browser says about an answer of its visitor: its own id, the date, the version that was shown, and how the
 * choice came about.
 */
import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { identify, publishedSigner } from "./identityTokens.ts"
import { acme, asVisitor, privacy, record, secretOf, startWorld, violations, visit, yes } from "./world.ts"
import type { Visitor } from "./world.ts"

const server = served(startWorld)
const signer = publishedSigner(server)

const minute = 60_000
const day = 24 * 60 * minute
const from = (millis: number): string => new Date(Date.now() + millis).toISOString()

const post = (visitor: Visitor, items: ReadonlyArray<unknown>) =>
  asVisitor(server, visitor, "POST", "consent-events", { json: { items } })
const totalOf = async (visitor: Visitor): Promise<number> =>
  (await asVisitor(server, visitor, "GET", "consent-events")).json.total
const no = (item: object = {}) => yes({ consentState: "declined", ...item })

describe("the externalId of a visitor's item", () => {
  test("answers the event recorded first, byte for byte, though the page's clock is corrected in between", async () => {
    const visitor = await visit(server)
    const externalId = randomUUID()
    const item = (millis: number) => yes({ externalId, consentDate: from(millis) })
    const first = await post(visitor, [item(-minute)])
    expect(first.json.items[0]).toMatchObject({ externalId })
    for (const millis of [-minute + 250, -5 * minute]) {
      const again = await post(visitor, [item(millis)])
      expect([again.status, again.text]).toEqual([201, first.text])
    }
    expect(await totalOf(visitor)).toBe(1)
  })

  test("of another event is refused, and a refusal is recorded without it", async () => {
    const visitor = await visit(server)
    const externalId = randomUUID()
    await post(visitor, [yes({ externalId, consentDate: from(-day) })])
    const other = await post(visitor, [yes({ externalId, consentDate: from(-minute) })])
    expect([other.status, violations(other)]).toEqual([422, ["/items/0/externalId external_id_reused"]])
    const declined = await post(visitor, [no({ externalId, consentDate: from(-minute) })])
    expect(declined.status).toBe(201)
    expect(declined.json.items[0]).not.toHaveProperty("externalId")
  })

  test("is another's for another visitor, and one's own after one was identified", async () => {
    const visitor = await visit(server)
    const externalId = randomUUID()
    const first = await post(visitor, [no({ externalId })])
    const stranger = await post(await visit(server), [no({ externalId })])
    expect(stranger.json.items[0].id).not.toBe(first.json.items[0].id)
    const proof = { type: "userId", value: "sends again", token: await signer.token("sends again") }
    const { session } = (await identify(server, visitor, proof)).json
    const again = await post({ ...visitor, session }, [no({ externalId })])
    expect([again.status, again.text]).toEqual([201, first.text])
  })
})

describe("the consentDate of a visitor's item", () => {
  test("is kept if it is of the last 30 days, and now if it is up to 5 minutes ahead", async () => {
    const visitor = await visit(server)
    const past = from(-30 * day + minute)
    const { items } = (await post(visitor, [yes({ consentDate: past }), yes({ consentDate: from(4 * minute) })])).json
    expect(items[0].consentDate).toBe(past)
    expect(items[1].consentDate).toBe(items[1].dateCreated)
  })

  test("is refused if it is older or further ahead; a refusal is as of now, with the date that it claimed", async () => {
    const visitor = await visit(server)
    const dates = [from(-30 * day - minute), from(6 * minute)]
    const answer = await post(
      visitor,
      dates.map((consentDate) => yes({ consentDate })),
    )
    const codes = ["/items/0/consentDate consent_date_too_early", "/items/1/consentDate consent_date_in_future"]
    expect([answer.status, violations(answer)]).toEqual([422, codes])
    const { items } = (
      await post(
        visitor,
        dates.map((consentDate) => no({ consentDate })),
      )
    ).json
    for (const [index, item] of items.entries()) {
      expect(item).toMatchObject({ claimedConsentDate: dates[index] })
      expect(Math.abs(Date.parse(item.consentDate) - Date.parse(item.dateCreated))).toBeLessThan(minute)
    }
  })

  test("of a server may be as old as ever", async () => {
    const answer = await record(server, [yes({ userId: "old", consentDate: "2001-01-01T00:00:00Z" })])
    expect(answer.json.items[0].consentDate).toBe("2001-01-01T00:00:00.000Z")
  })
})

test("The version that was shown is recorded; one that was not published is refused, and left out of a refusal.", async () => {
  const visitor = await visit(server)
  expect((await post(visitor, [yes({ version: 1 })])).json.items[0].version).toBe(1)
  const unknown = await post(visitor, [yes({ version: 99 })])
  expect([unknown.status, violations(unknown)]).toEqual([422, ["/items/0/version unknown_version"]])
  const refused = await post(visitor, [no({ version: 99 }), no({ version: "one" })])
  expect(refused.json.items).toMatchObject([{ version: 1 }, { version: 1 }])
})

describe("the evidence of an event", () => {
  const evidence = { surface: "banner", layout: "bar", textHash: "0f".repeat(32), gpc: false }
  const as = (role: "owner" | "admin" | "limited" | "viewer") => ({ headers: { "x-api-key": secretOf(acme, role) } })

  test("is answered to the visitor, to owners and to admins, and to no other key", async () => {
    const visitor = await visit(server)
    const item = yes({ evidence: { ...evidence, name: "is passed over" } })
    const [event] = (await post(visitor, [item])).json.items
    expect(event.evidence).toEqual(evidence)
    const ofVisitor = ["consent-events", "consent-state"].map((path) => asVisitor(server, visitor, "GET", path))
    for (const answer of await Promise.all(ofVisitor)) expect(answer.json.items[0]).toEqual(event)
    for (const role of ["owner", "admin", "limited", "viewer"] as const) {
      const { evidence: shown, ...rest } = event
      const expected = role === "owner" || role === "admin" ? { ...rest, evidence: shown } : rest
      const { concordId, id } = event
      const list = await server.request("GET", `${privacy()}/consent-events?concordId=${concordId}`, as(role))
      const one = await server.request("GET", `${privacy()}/consent-events/${id}`, as(role))
      const state = await server.request("GET", `${privacy()}/consent-state?concordId=${concordId}`, as(role))
      expect([list.json.items[0], one.json, state.json.items[0]]).toEqual([expected, expected, expected])
    }
  })

  test("of a server's item is answered as it may be seen by the key that sends it", async () => {
    const item = yes({ userId: "with evidence", externalId: "with evidence", evidence })
    expect((await record(server, [item])).json.items[0].evidence).toEqual(evidence)
    expect((await record(server, [item], as("limited"))).json.items[0]).not.toHaveProperty("evidence")
  })

  test("that cannot be read refuses an item, and is left out of a refusal", async () => {
    const visitor = await visit(server)
    const wrong = { surface: "nowhere", textHash: "0F".repeat(32), region: "EU" }
    const answer = await post(visitor, [yes({ evidence: wrong }), yes({ evidence: "banner" })])
    expect([answer.status, violations(answer)]).toEqual([
      422,
      [
        "/items/0/evidence/region invalid",
        "/items/0/evidence/surface invalid",
        "/items/0/evidence/textHash invalid",
        "/items/1/evidence invalid",
      ],
    ])
    const refused = await record(server, [no({ userId: "no evidence", evidence: wrong })])
    expect(refused.json.items[0]).toMatchObject({ leftOut: ["evidence"] })
    expect(refused.json.items[0]).not.toHaveProperty("evidence")
  })
})
