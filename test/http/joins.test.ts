/** Joins as facts: how they are answered to an organization, how they are undone, and identifiers of joined people. */
import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { identify, personOf, publishedSigner, say } from "./identityTokens.ts"
import {
  acme,
  ask,
  asVisitor,
  nobody,
  other,
  record,
  secretOf,
  startWorld,
  types,
  violations,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const server = served(startWorld)
const signer = publishedSigner(server)

/** A person with a yes to the newsletter, and a guest with a no to the policy that is identified as the person. */
interface Pair {
  readonly email: string
  readonly person: string
  readonly guest: Visitor
  readonly session: string
  readonly token: string
  /** The id of the join. */
  readonly join: string
}

const pair = async (email: string): Promise<Pair> => {
  const person = (await record(server, [yes({ email })])).json.items[0].concordId
  const guest = await visit(server)
  await say(server, guest, types.policy.id, "declined")
  const token = await signer.token(email)
  const { session } = (await identify(server, guest, { type: "email", value: email, token })).json
  const { facts } = (await personOf(server, person)).json
  return { email, person, guest, session, token, join: facts.at(-1).id }
}

const undo = (concordId: string, joinId: string, key = secretOf(acme, "owner"), owner = acme): Promise<Answer> =>
  server.request("DELETE", `/privacy-v1/organizations/${owner.id}/people/${concordId}/joins/${joinId}`, {
    headers: { "x-api-key": key },
  })

const labels = (answer: Answer): ReadonlyArray<string> =>
  answer.json.items.map(({ consentState, label }: Record<string, string>) => `${label} ${consentState}`).toSorted()
const both = ["newsletter accepted", "policy declined"]

describe("a join", () => {
  test("is a fact of both people: who, when, on what evidence, and nothing personal", async () => {
    const { email, guest, join, person, token } = await pair("facts@example.com")
    const ofGuest = await personOf(server, guest.concordId)
    const ofPerson = await personOf(server, person.toUpperCase())
    expect([ofPerson.status, ofPerson.text]).toEqual([200, ofGuest.text])
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(ofPerson.json).toEqual({
      concordId: person,
      members: [person, guest.concordId].toSorted(),
      identifiers: [{ kind: "email", since: instant }],
      facts: [
        {
          id: join,
          kind: "joined",
          dateCreated: instant,
          member: guest.concordId,
          survivor: person,
          submitter: guest.id,
          evidence: {
            kind: "email",
            keyId: "key-1",
            tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/),
            issuedAt: instant,
            expiresAt: instant,
          },
        },
      ],
    })
    for (const secret of [email, "example.com", token.split(".")[1], guest.session, guest.contextId]) {
      expect(ofPerson.text).not.toContain(secret)
    }
    // Without a key, a reader of the fact could try addresses against the hash.
    for (const text of [token, token.slice(0, token.lastIndexOf("."))]) {
      expect(ofPerson.text).not.toContain(createHash("sha256").update(text).digest("hex"))
    }
  })

  test("shows the surviving concordId in answers, and leaves the events theirs", async () => {
    const { guest, person } = await pair("survivor@example.com")
    for (const concordId of [guest.concordId, person]) {
      const decisions = await ask(server, "consent-decisions", { concordId })
      expect(new Set(decisions.json.items.map((item: { concordId: string }) => item.concordId))).toEqual(
        new Set([person]),
      )
      const state = await ask(server, "consent-state", { concordId })
      expect(labels(state)).toEqual(both)
      expect(new Set(state.json.items.map((item: { concordId: string }) => item.concordId))).toEqual(
        new Set([person, guest.concordId]),
      )
    }
  })

  test("is there as of instants after it, and not before", async () => {
    const { guest, join, person } = await pair("instants@example.com")
    const joinedAt = Date.parse((await personOf(server, person)).json.facts[0].dateCreated)
    expect((await undo(person, join)).status).toBe(200)
    const undoneAt = Date.parse((await personOf(server, person)).json.facts[1].dateCreated)
    const asOf = async (concordId: string, knownAt: number) =>
      labels(await ask(server, "consent-state", { concordId, knownAt: new Date(knownAt).toISOString() }))
    for (const [knownAt, isOne] of [
      [joinedAt - 1, false],
      [joinedAt, true],
      [undoneAt - 1, true],
      [undoneAt, false],
    ] as const) {
      expect(await asOf(person, knownAt)).toEqual(isOne ? both : ["newsletter accepted"])
      expect(await asOf(guest.concordId, knownAt)).toEqual(isOne ? both : ["policy declined"])
    }
  })
})

describe("undoing a join", () => {
  test("gives back both people's answers by a fact of its own; a second time it is 409", async () => {
    const { guest, join, person, session } = await pair("undo@example.com")
    const answer = await undo(guest.concordId, join)
    expect([answer.status, answer.json.concordId, answer.json.members]).toEqual([
      200,
      guest.concordId,
      [guest.concordId],
    ])
    expect(answer.json.facts).toHaveLength(2)
    const [{ evidence: _, ...joined }, undone] = answer.json.facts
    const { id, dateCreated } = undone
    expect(undone).toEqual({ ...joined, id, dateCreated, kind: "undone", join, submitter: expect.any(String) })
    expect(Date.parse(dateCreated)).toBeGreaterThan(Date.parse(joined.dateCreated))
    expect(labels(await ask(server, "consent-state", { email: "undo@example.com" }))).toEqual(["newsletter accepted"])
    expect(labels(await ask(server, "consent-state", { concordId: guest.concordId }))).toEqual(["policy declined"])
    // The browser may be the one that was wrongly joined: its session has ended, and its guest is joined with no one.
    expect((await asVisitor(server, { session }, "GET", "consent-state")).status).toBe(401)
    expect((await visit(server, { contextId: guest.contextId })).concordId).not.toBe(guest.concordId)
    for (const concordId of [person, guest.concordId]) expect((await undo(concordId, join)).status).toBe(409)
    expect((await personOf(server, person)).json.facts).toHaveLength(2)
  })

  test("by ten at once is done once", async () => {
    const { join, person } = await pair("undo-ten@example.com")
    const answers = await Promise.all(Array.from({ length: 10 }, () => undo(person, join)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
    expect((await personOf(server, person)).json.facts).toHaveLength(2)
  })

  test("needs the role of an owner or an admin; seeing it, that of a reader", async () => {
    const { join, person } = await pair("roles@example.com")
    for (const role of ["none", "viewer", "limited"] as const) {
      expect((await undo(person, join, secretOf(acme, role))).status).toBe(403)
    }
    expect((await undo(person, join, "assent_unknown")).status).toBe(401)
    const seen = await Promise.all(
      (["owner", "admin", "limited", "viewer", "none"] as const).map(
        async (role) => (await personOf(server, person, role)).status,
      ),
    )
    expect(seen).toEqual([200, 200, 200, 200, 403])
    expect((await personOf(server, person)).json.facts).toHaveLength(1)
    expect((await undo(person, join, secretOf(acme, "admin"))).status).toBe(200)
  })

  test("is 404 for a join that does not exist, is another person's, or another organization's", async () => {
    const [one, two] = [await pair("one@example.com"), await pair("two@example.com")]
    for (const [concordId, join] of [
      [one.person, nobody],
      [one.person, two.join],
      [one.person, one.person],
      [one.person, "no-uuid"],
      [nobody, one.join],
      ["no-uuid", one.join],
    ] as const) {
      expect([concordId, join, (await undo(concordId, join)).status]).toEqual([concordId, join, 404])
    }
    const foreign = secretOf(other, "owner")
    expect((await undo(one.person, one.join, foreign)).status).toBe(404)
    expect((await undo(one.person, one.join, foreign, other)).status).toBe(404)
    const path = `/privacy-v1/organizations/${other.id}/people/${one.person}`
    const seen = await server.request("GET", path, { headers: { "x-api-key": foreign } })
    expect(seen.text).not.toContain(one.guest.concordId)
    expect((await personOf(server, one.person)).json.members).toHaveLength(2)
    // The id of an undoing is not the id of a join.
    const { facts } = (await undo(one.person, one.join)).json
    expect((await undo(one.person, facts.at(-1).id)).status).toBe(404)
  })

  test("of one of two joins leaves the other", async () => {
    const { email, guest, join, person } = await pair("two-joins@example.com")
    const second = await visit(server)
    await say(server, second, types.aged.id, "viewed")
    const token = await signer.token(email)
    expect((await identify(server, second, { type: "email", value: email, token })).json.synced).toBe(true)
    expect((await undo(second.concordId, join)).status).toBe(200)
    expect((await personOf(server, second.concordId)).json.members).toEqual([person, second.concordId].toSorted())
    expect((await personOf(server, guest.concordId)).json.members).toEqual([guest.concordId])
    expect(labels(await ask(server, "consent-state", { email }))).toEqual(["aged viewed", "newsletter accepted"])
  })
})

describe("identifiers of an event that name different people", () => {
  test("are a conflict that is named, though not between people who are joined, and again once they are two", async () => {
    const { email, guest, join, person } = await pair("conflict@example.com")
    const item = yes({ concordId: guest.concordId, email })
    const joined = await record(server, [item])
    expect([joined.status, joined.json.items[0].concordId]).toEqual([201, guest.concordId])
    const stranger = (await record(server, [yes({ userId: "conflicting" })])).json.items[0].concordId
    const answer = await record(server, [yes({ concordId: guest.concordId, userId: "conflicting" })])
    expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/userId identifier_conflict"]])
    for (const secret of [stranger, person, email]) expect(answer.text).not.toContain(secret)
    expect((await undo(person, join)).status).toBe(200)
    expect(violations(await record(server, [item]))).toEqual(["/items/0/email identifier_conflict"])
  })
})
