/** Renaming accounts: the person stays, the old id names no one, and ids may be exchanged in one request. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { personOf } from "./identityTokens.ts"
import { acme, ask, asOwner, record, startWorld, types, violations, yes } from "./world.ts"

const server = served(startWorld)

const rename = (items: unknown, headers: object = {}) =>
  server.request("POST", `/privacy-v1/organizations/${acme.id}/people/identifiers/rename`, {
    headers: { ...asOwner, ...headers },
    json: { items },
  })

const recorded = async (item: object) => {
  const answer = await record(server, [yes(item)])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

const personNamed = async (userId: string, instants: object = {}): Promise<string | undefined> =>
  (await ask(server, "consent-decisions", { userId, ...instants })).json.items[0].concordId

describe("a renamed account", () => {
  test("is the same person by its new id, by a fact; its old id names no one, but did before", async () => {
    const { concordId } = await recorded({ userId: "old-1", email: "old-1@example.com" })
    const before = (await ask(server, "consent-decisions", { userId: "old-1" })).json.items[0]
    const answer = await rename([{ userId: "old-1", newUserId: "new-1" }])
    expect([answer.status, answer.json]).toEqual([
      200,
      { count: 1, items: [{ concordId, dateCreated: expect.stringMatching(/Z$/) }] },
    ])
    expect([await personNamed("old-1"), await personNamed("new-1")]).toEqual([undefined, concordId])
    const then = { at: before.at, knownAt: before.knownAt }
    expect((await ask(server, "consent-decisions", { userId: "old-1", ...then })).json.items[0]).toEqual(before)
    const { facts, identifiers } = (await personOf(server, concordId)).json
    expect(facts).toMatchObject([
      { kind: "renamed", member: concordId, survivor: concordId, identifier: { kind: "userId" } },
    ])
    expect(JSON.stringify(facts)).not.toMatch(/old-1|new-1|[0-9a-f]{64}/)
    expect(identifiers.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual(["email", "userId"])
    // The address is not shared with another account: the renamed one does not count.
    const item = { userId: "new-1", email: "old-1@example.com", consentType: types.policy.id }
    expect((await recorded(item)).concordId).toBe(concordId)
  })

  test("may take an id that another one gives up in the same request", async () => {
    const ids: Record<string, string> = {}
    for (const userId of ["1", "2", "3"]) ids[userId] = (await recorded({ userId })).concordId
    const items = [
      { userId: "1", newUserId: "2" },
      { userId: "2", newUserId: "3" },
      { userId: "3", newUserId: "1" },
    ]
    const answer = await rename(items)
    expect([answer.status, answer.json.items.map(({ concordId }: { concordId: string }) => concordId)]).toEqual([
      200,
      [ids["1"], ids["2"], ids["3"]],
    ])
    expect([await personNamed("2"), await personNamed("3"), await personNamed("1")]).toEqual([
      ids["1"],
      ids["2"],
      ids["3"],
    ])
  })

  test("is renamed once: the same again records nothing, with and without an Idempotency-Key", async () => {
    const { concordId } = await recorded({ userId: "again" })
    const items = [{ userId: "again", newUserId: "again-2" }]
    const headers = { "idempotency-key": "rename-again" }
    const first = await rename(items, headers)
    const kept = await rename(items, headers)
    expect([kept.text, kept.headers["idempotent-replayed"]]).toEqual([first.text, "true"])
    const again = await rename(items)
    expect([again.status, again.text]).toEqual([200, first.text])
    expect((await personOf(server, concordId)).json.facts).toHaveLength(1)
  })

  test("is renamed by a chain once, and ids that are exchanged twice are exchanged back", async () => {
    const ids: Record<string, string> = {}
    for (const userId of ["c1", "c2", "s1", "s2"]) ids[userId] = (await recorded({ userId })).concordId
    const chain = [
      { userId: "c1", newUserId: "c2" },
      { userId: "c2", newUserId: "c3" },
    ]
    const first = await rename(chain)
    expect((await rename(chain)).text).toBe(first.text)
    expect(violations(await rename([chain[1]!]))).toEqual(["/items/0/newUserId identifier_conflict"])
    const swap = [
      { userId: "s1", newUserId: "s2" },
      { userId: "s2", newUserId: "s1" },
    ]
    const people = async () => [await personNamed("s1"), await personNamed("s2")]
    expect((await rename(swap)).status).toBe(200)
    expect(await people()).toEqual([ids["s2"], ids["s1"]])
    const again = await rename(swap)
    expect(again.json.items.map(({ concordId }: { concordId: string }) => concordId)).toEqual([ids["s2"], ids["s1"]])
    expect(await people()).toEqual([ids["s1"], ids["s2"]])
  })

  test("is not the same rename again once its old id names a person", async () => {
    await recorded({ userId: "gone" })
    const item = { userId: "gone", newUserId: "gone-2" }
    expect((await rename([item])).status).toBe(200)
    const { concordId } = await recorded({ userId: "gone" })
    expect(violations(await rename([item]))).toEqual(["/items/0/newUserId identifier_conflict"])
    expect(await personNamed("gone")).toBe(concordId)
    // The next person gave the id up, too, so nothing says which of them is meant.
    const released = await server.request(
      "POST",
      `/privacy-v1/organizations/${acme.id}/people/${concordId}/identifiers/release`,
      { headers: asOwner, json: { userId: "gone", reason: "closed" } },
    )
    expect(released.status, released.text).toBe(200)
    expect(violations(await rename([item]))).toEqual(["/items/0/userId identifier_unknown"])
  })

  test("is not one whose old id was released, and whose new id was given to it otherwise", async () => {
    const { concordId } = await recorded({ userId: "freed" })
    const released = await server.request(
      "POST",
      `/privacy-v1/organizations/${acme.id}/people/${concordId}/identifiers/release`,
      { headers: asOwner, json: { userId: "freed", reason: "closed" } },
    )
    expect(released.status, released.text).toBe(200)
    expect((await recorded({ concordId, userId: "freed-2" })).concordId).toBe(concordId)
    const answer = await rename([{ userId: "freed", newUserId: "freed-2" }])
    expect(violations(answer)).toEqual(["/items/0/userId identifier_unknown"])
  })

  test("by ten at once, to different ids, gets one of them", async () => {
    const { concordId } = await recorded({ userId: "race" })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => rename([{ userId: "race", newUserId: `race-${n}` }])),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 422)])
    const { facts, identifiers } = (await personOf(server, concordId)).json
    expect([facts.length, identifiers.length]).toEqual([1, 1])
  })
})

describe("an item that is dated before a rename", () => {
  const early = new Date(Date.now() - 3_600_000).toISOString()
  const refusal = (userId: string, more: object = {}) => yes({ userId, consentState: "declined", ...more })
  const statusOf = async (userId: string): Promise<string> =>
    (await ask(server, "consent-decisions", { userId })).json.items[0].status
  const exchange = (one: string, other: string) =>
    rename([
      { userId: one, newUserId: other },
      { userId: other, newUserId: one },
    ])

  test("is no consent of the person that has the id now", async () => {
    for (const userId of ["x", "y"]) {
      expect((await record(server, [refusal(userId, { consentDate: early })])).status).toBe(201)
    }
    const between = new Date(Date.now() - 1_800_000).toISOString()
    expect((await exchange("x", "y")).status).toBe(200)
    const answer = await record(server, [yes({ userId: "x", consentDate: between })])
    expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/userId identifier_conflict"]])
    expect(answer.json.errors[0].detail).toContain("released or renamed after consentDate")
    expect([await statusOf("x"), await statusOf("y")]).toEqual(["refused", "refused"])
    expect((await record(server, [yes({ userId: "x" })])).status).toBe(201)
    expect([await statusOf("x"), await statusOf("y")]).toEqual(["given", "refused"])
  })

  test("is a refusal of the person that the id named then, and of the one that it names now", async () => {
    const older = new Date(Date.now() - 7_200_000).toISOString()
    const ids: Record<string, string> = {}
    for (const userId of ["v", "w"]) ids[userId] = (await recorded({ userId, consentDate: older })).concordId
    await exchange("v", "w")
    const item = refusal("v", { consentDate: early, externalId: "late refusal" })
    const answer = await record(server, [item])
    expect([answer.status, answer.json.items[0].concordId]).toEqual([201, ids["w"]])
    expect(answer.json.items[0].alsoRecordedFor).toEqual([{ id: expect.any(String), concordId: ids["v"] }])
    expect([await statusOf("v"), await statusOf("w")]).toEqual(["withdrawn", "withdrawn"])
    await exchange("v", "w")
    const again = await record(server, [item])
    expect(again.json.items).toEqual(answer.json.items)
  })

  test("makes no new person of the id that was given up", async () => {
    const older = new Date(Date.now() - 7_200_000).toISOString()
    const { concordId } = await recorded({ userId: "m", consentDate: older })
    await rename([{ userId: "m", newUserId: "n" }])
    const answer = await record(server, [refusal("m", { consentDate: early })])
    expect([answer.status, answer.json.items[0].concordId]).toEqual([201, concordId])
    expect([await statusOf("n"), await personNamed("m")]).toEqual(["withdrawn", undefined])
  })
})

describe("nothing is renamed", () => {
  test("if one item may not be; every violation is named, and no value", async () => {
    const kept = (await recorded({ userId: "kept" })).concordId
    await recorded({ userId: "taken" })
    const answer = await rename([
      { userId: "kept", newUserId: "kept-2" },
      { userId: "kept", newUserId: "kept-3" },
      { userId: "never seen", newUserId: "x-1" },
      { userId: "", newUserId: "x-2" },
      { userId: "same", newUserId: "same" },
    ])
    expect([answer.status, violations(answer)]).toEqual([
      422,
      [
        "/items/1/userId identifier_repeated",
        "/items/2/userId identifier_unknown",
        "/items/3/userId identifier_not_valid",
        "/items/4/newUserId identifier_repeated",
        "/items/4/userId identifier_unknown",
      ],
    ])
    const conflict = await rename([{ userId: "kept", newUserId: "taken" }])
    expect([conflict.status, violations(conflict)]).toEqual([422, ["/items/0/newUserId identifier_conflict"]])
    expect(answer.text + conflict.text).not.toMatch(/kept|taken|never seen/)
    expect(await personNamed("kept")).toBe(kept)
  })

  test.each([
    ["no items", [], "/items"],
    ["more than 1000", Array.from({ length: 1001 }, (_, n) => ({ userId: `a${n}`, newUserId: `b${n}` })), "/items"],
    ["no newUserId", [{ userId: "a" }], "/items/0/newUserId"],
  ] as const)("%s is 422", async (_, items, pointer) => {
    const answer = await rename(items)
    expect([answer.status, answer.json.errors[0].pointer]).toEqual([422, pointer])
  })
})
