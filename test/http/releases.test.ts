/** Releasing an identifier: its answer, the answers that stay, and those about the next person that has it. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { identify, personOf, publishedSigner } from "./identityTokens.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  blog,
  foreign,
  nobody,
  other,
  record,
  secretOf,
  shop,
  startWorld,
  types,
  violations,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)
const signer = publishedSigner(server)

const release = (concordId: string, json: object, headers: object = asOwner, owner = acme) =>
  server.request("POST", `/privacy-v1/organizations/${owner.id}/people/${concordId}/identifiers/release`, {
    headers: headers as Record<string, string>,
    json,
  })

const recorded = async (item: object) => {
  const answer = await record(server, [yes(item)])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

const newsletterOf = async (query: Readonly<Record<string, string>>) =>
  (await ask(server, "consent-decisions", query)).json.items.find(
    ({ consentType }: { consentType: string }) => consentType === types.newsletter.id,
  )

describe("a released identifier", () => {
  test("names no one from now on, by a fact; the person keeps its answers, and the past is answered as before", async () => {
    const [email, userId] = ["gone@example.com", "moved away"]
    const first = await recorded({ userId, email })
    const before = await newsletterOf({ email })
    const answer = await release(first.concordId.toUpperCase(), { email: " GONE@example.com", reason: "hard bounce" })
    expect([answer.status, answer.text.includes("gone@")]).toEqual([200, false])
    const key = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(answer.json).toEqual({
      id: key,
      kind: "released",
      member: first.concordId,
      survivor: first.concordId,
      submitter: key,
      dateCreated: expect.stringMatching(/Z$/),
      identifier: { kind: "email" },
      reason: "hard bounce",
    })
    expect(await newsletterOf({ email })).toMatchObject({ status: "unknown", permitted: false })
    expect(await newsletterOf({ email })).not.toHaveProperty("concordId")
    expect(await newsletterOf({ userId })).toMatchObject({ status: "given", concordId: first.concordId })
    expect(await newsletterOf({ email, at: before.at, knownAt: before.knownAt })).toEqual(before)
    const person = (await personOf(server, first.concordId)).json
    expect(person.facts).toEqual([answer.json])
    expect(person.identifiers).toEqual([{ kind: "userId", since: first.dateCreated }])
  })

  test("may be claimed for somebody else, who gets nothing that was said before; and undoing takes nothing away", async () => {
    const email = "handed-on@example.com"
    // The identifier was proven by a visitor, which is a fact that can be undone.
    const visitor = await visit(server)
    expect(
      (await identify(server, visitor, { type: "email", value: email, token: await signer.token(email) })).status,
    ).toBe(200)
    const old = (await newsletterOf({ email })).concordId
    await recorded({ email })
    const known = await newsletterOf({ concordId: old })
    expect((await release(old, { email, reason: "reassigned" })).status).toBe(200)
    const next = await recorded({ email, consentType: types.policy.id })
    expect(next.concordId).not.toBe(old)
    expect(await newsletterOf({ email })).toMatchObject({ status: "unknown", namedSince: next.dateCreated })
    expect(await newsletterOf({ concordId: old })).toMatchObject({ status: "given", event: known.event })
    const { facts } = (await personOf(server, old)).json
    const identified = facts.find(({ kind }: { kind: string }) => kind === "identified")
    const undo = `/privacy-v1/organizations/${acme.id}/people/${old}/joins/${identified.id}`
    expect((await server.request("DELETE", undo, { headers: asOwner })).status).toBe(200)
    expect((await newsletterOf({ email })).concordId).toBe(next.concordId)
  })

  test("ends the sessions of the person it named, because one may have been opened by a proof of it", async () => {
    const email = "session@example.com"
    const { session } = (
      await identify(server, await visit(server), { type: "email", value: email, token: await signer.token(email) })
    ).json
    const { concordId } = await newsletterOf({ email })
    expect((await release(concordId, { email, reason: "reassigned" })).status).toBe(200)
    expect((await asVisitor(server, { session }, "GET", "consent-state")).status).toBe(401)
  })

  test("may name a person that is joined with the one in the path", async () => {
    const guest = await visit(server)
    const userId = "joined and released"
    await identify(server, guest, { type: "userId", value: userId, token: await signer.token(userId) })
    const answer = await release(guest.concordId, { userId, reason: "closed" })
    expect([answer.status, answer.json.member === guest.concordId]).toEqual([200, false])
  })

  test("of a project names the person in the other projects still", async () => {
    const projectUserId = "in both"
    const { concordId } = await recorded({ projectUserId })
    for (const project of [blog.id, foreign.id, nobody, undefined]) {
      const answer = await release(concordId, { projectUserId, project, reason: "closed" })
      const isOther = project === blog.id
      expect([answer.status, isOther || violations(answer)]).toEqual(
        isOther ? [404, true] : [422, ["/project unknown_project"]],
      )
    }
    expect((await release(concordId, { projectUserId, project: shop.id.toUpperCase(), reason: "closed" })).status).toBe(
      200,
    )
    expect(await newsletterOf({ projectUserId })).toMatchObject({ status: "unknown" })
  })
})

describe("releasing", () => {
  test("is 404 for an identifier of another person, of no one, released before, and of another organization", async () => {
    const [one, two] = [await recorded({ userId: "one" }), await recorded({ userId: "two" })]
    const foreignOwner = { "x-api-key": secretOf(other, "owner") }
    for (const [concordId, userId] of [
      [one.concordId, "two"],
      [one.concordId, "never seen"],
      [nobody, "one"],
      ["no-uuid", "one"],
    ] as const) {
      expect((await release(concordId, { userId, reason: "test" })).status).toBe(404)
    }
    expect((await release(one.concordId, { userId: "one", reason: "test" }, foreignOwner)).status).toBe(404)
    expect((await release(one.concordId, { userId: "one", reason: "test" }, foreignOwner, other)).status).toBe(404)
    expect((await release(two.concordId, { userId: "two", reason: "test" })).status).toBe(200)
    expect((await release(two.concordId, { userId: "two", reason: "test" })).status).toBe(404)
    expect(await newsletterOf({ userId: "one" })).toMatchObject({ status: "given" })
  })

  test("needs exactly one identifier that can be read, and a reason", async () => {
    const { concordId } = await recorded({ userId: "bad input" })
    for (const [body, expected] of [
      [{ userId: "bad input" }, ["/reason missing"]],
      [{ userId: "bad input", reason: "" }, ["/reason invalid"]],
      [{ userId: "bad input", reason: " " }, ["/reason invalid"]],
      [{ userId: "bad input", reason: "\u00A0\u2003\t\r\n\uFEFF" }, ["/reason invalid"]],
      [{ userId: "bad input", reason: "x".repeat(257) }, ["/reason invalid"]],
      [{ reason: "none" }, [" identifier_missing"]],
      [{ userId: "bad input", email: "b@example.com", reason: "two" }, [" identifier_missing"]],
      [{ email: "no address", reason: "unreadable" }, ["/email identifier_not_valid"]],
      [{ concordId, reason: "no alias" }, [" identifier_missing"]],
    ] as const) {
      const answer = await release(concordId, body)
      expect([body, answer.status, violations(answer)]).toEqual([body, 422, expected])
    }
    expect(await newsletterOf({ userId: "bad input" })).toMatchObject({ status: "given" })
  })

  test("with an Idempotency-Key is answered the same again, and releases the identifier of no one else", async () => {
    const userId = "once"
    const { concordId } = await recorded({ userId })
    const headers = { ...asOwner, "idempotency-key": "release-once" }
    const body = { userId, reason: "closed" }
    const first = await release(concordId, body, headers)
    const next = await recorded({ userId })
    const again = await release(concordId, body, headers)
    expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([200, first.text, "true"])
    expect((await newsletterOf({ userId })).concordId).toBe(next.concordId)
    expect((await release(concordId, { ...body, reason: "other" }, headers)).status).toBe(422)
  })

  test("by ten at once is done once", async () => {
    const { concordId } = await recorded({ userId: "ten" })
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => release(concordId, { userId: "ten", reason: "test" })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 404)])
    expect((await personOf(server, concordId)).json.facts).toHaveLength(1)
  })
})
