/**
 * The person that an identifier named at an instant: answers by it stay the same, identifying is a fact, and undoing
 * ends its effect.
 */
import { expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { identify, personOf, publishedSigner, say, stateOf } from "./identityTokens.ts"
import { acme, ask, asOwner, asVisitor, record, startWorld, types, visit, yes } from "./world.ts"

const server = served(startWorld)
const signer = publishedSigner(server)

const undo = (concordId: string, factId: string) =>
  server.request("DELETE", `/privacy-v1/organizations/${acme.id}/people/${concordId}/joins/${factId}`, {
    headers: asOwner,
  })

/** Asks by an identifier, and again with the instants of the answer. */
const askTwice = async (query: Readonly<Record<string, string>>, between: () => Promise<unknown>) => {
  const first = await ask(server, "consent-decisions", query)
  const { at, knownAt } = first.json.items[0]
  await between()
  return [first.text, (await ask(server, "consent-decisions", { ...query, at, knownAt })).text]
}

test("an answer about an unknown person stays so, though the identifier names a guest by a token afterwards", async () => {
  const guest = await visit(server)
  await say(server, guest, types.newsletter.id, "accepted")
  const [first, again] = await askTwice({ userId: "later" }, async () => {
    const token = await signer.token("later")
    expect((await identify(server, guest, { type: "userId", value: "later", token })).status).toBe(200)
  })
  expect(again).toBe(first)
  expect((await ask(server, "consent-state", { userId: "later" })).json.count).toBe(1)
})

test("an answer about an unknown person stays so, though an event gives the identifier to a known person", async () => {
  await record(server, [yes({ userId: "known" })])
  const [first, again] = await askTwice({ email: "known@example.com" }, () =>
    record(server, [yes({ userId: "known", email: "known@example.com" })]),
  )
  expect(again).toBe(first)
  expect((await ask(server, "consent-state", { email: "known@example.com" })).json.count).toBe(1)
})

test("answers asked for while identifiers are given away stay what they were", async () => {
  const changed = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const email = `race-${n}@example.com`
      await record(server, [yes({ userId: `race-${n}` })])
      const [first] = await Promise.all([
        ask(server, "consent-decisions", { email }),
        record(server, [yes({ userId: `race-${n}`, email })]),
      ])
      const { at, knownAt } = first.json.items[0]
      return (await ask(server, "consent-decisions", { email, at, knownAt })).text === first.text ? 0 : 1
    }),
  )
  expect(changed.reduce<number>((sum, one) => sum + one, 0)).toBe(0)
})

const labelsOf = async (query: Readonly<Record<string, string>>): Promise<ReadonlyArray<string>> =>
  (await ask(server, "consent-state", query)).json.items.map(
    ({ consentState, label }: Record<string, string>) => `${label} ${consentState}`,
  )

const kindsOf = ({ json }: Answer): ReadonlyArray<string> => json.facts.map(({ kind }: { kind: string }) => kind)

test("an identifier of no one is given a person of its own, with which the guest is joined: two facts, undone together", async () => {
  const email = "proven@example.com"
  const guest = await visit(server)
  await say(server, guest, types.newsletter.id, "accepted")
  const token = await signer.token(email)
  const { session } = (await identify(server, guest, { type: "email", value: email, token })).json
  const found = await personOf(server, guest.concordId)
  const { concordId, facts, members } = found.json
  expect(kindsOf(found)).toEqual(["identified", "joined"])
  expect(members).toEqual([concordId, guest.concordId].toSorted())
  expect(concordId).not.toBe(guest.concordId)
  const known = { evidence: { kind: "email" }, submitter: guest.id, survivor: concordId }
  expect(facts).toMatchObject(
    [known, known].map((each, index) => ({ ...each, member: [concordId, guest.concordId][index] })),
  )
  expect(JSON.stringify(facts)).not.toContain("alias")
  expect(await labelsOf({ email })).toEqual(["newsletter accepted"])

  const undone = await undo(guest.concordId, facts[0].id)
  expect([undone.json.concordId, undone.json.members]).toEqual([guest.concordId, [guest.concordId]])
  expect(kindsOf(undone)).toEqual(["identified", "joined", "undone", "undone"])
  expect(await labelsOf({ email })).toEqual([])
  expect(await labelsOf({ concordId: guest.concordId })).toEqual(["newsletter accepted"])
  expect((await asVisitor(server, { session }, "GET", "consent-state")).status).toBe(401)
  for (const { id } of facts) expect((await undo(guest.concordId, id)).status).toBe(409)
})

test("what is undone gives a stranger's yes to no identifier that was recorded meanwhile, whatever is recorded next", async () => {
  const anna = { email: "anna@example.com", userId: "anna" }
  const stranger = await visit(server)
  await say(server, stranger, types.newsletter.id, "accepted")
  const token = await signer.token(anna.email)
  await identify(server, stranger, { type: "email", value: anna.email, token })
  await record(server, [{ ...yes(anna), consentType: types.policy.id, consentState: "declined" }])
  expect(await labelsOf({ userId: anna.userId })).toEqual(["newsletter accepted", "policy declined"])
  const { facts } = (await personOf(server, stranger.concordId)).json
  expect((await undo(stranger.concordId, facts[0].id)).status).toBe(200)

  expect(await labelsOf({ userId: anna.userId })).toEqual(["policy declined"])
  expect(await labelsOf({ email: anna.email })).toEqual([])
  await record(server, [{ ...yes(anna), consentType: types.policy.id, consentState: "declined" }])
  for (const query of [{ userId: anna.userId }, { email: anna.email }]) {
    expect(await labelsOf(query)).toEqual(["policy declined"])
  }
  expect(await labelsOf({ concordId: stranger.concordId })).toEqual(["newsletter accepted"])
})

test("undoing the join alone separates the guest, and leaves the identifier and what it was said by", async () => {
  const email = "separate@example.com"
  const guest = await visit(server)
  await say(server, guest, types.newsletter.id, "accepted")
  await identify(server, guest, { type: "email", value: email, token: await signer.token(email) })
  await record(server, [{ ...yes({ email }), consentType: types.policy.id }])
  const { facts } = (await personOf(server, guest.concordId)).json
  expect((await undo(guest.concordId, facts[1].id)).status).toBe(200)
  expect(await labelsOf({ email })).toEqual(["policy accepted"])
  expect(await labelsOf({ concordId: guest.concordId })).toEqual(["newsletter accepted"])
  expect((await undo(facts[0].survivor, facts[0].id)).status).toBe(200)
  expect(await labelsOf({ email })).toEqual([])
})

test("an identifier that was released is found by questions as known before, and by no later one", async () => {
  const email = "released@example.com"
  const guest = await visit(server)
  await say(server, guest, types.newsletter.id, "accepted")
  await identify(server, guest, { type: "email", value: email, token: await signer.token(email) })
  const { facts } = (await personOf(server, guest.concordId)).json
  const [first, again] = await askTwice({ email }, async () => {
    expect((await undo(guest.concordId, facts[0].id)).status).toBe(200)
    expect(await labelsOf({ email })).toEqual([])
    await record(server, [{ ...yes({ email }), consentState: "declined" }])
  })
  expect(JSON.parse(first!).items.map(({ status }: { status: string }) => status)).toContain("given")
  expect(again).toBe(first)
  expect(await labelsOf({ email })).toEqual(["newsletter declined"])
})

test("a browser that was wrongly joined is the other person no longer when the join is undone", async () => {
  const email = "wrongly@example.com"
  const person = (await record(server, [yes({ email })])).json.items[0].concordId
  const guest = await visit(server)
  await say(server, guest, types.policy.id, "declined")
  const token = await signer.token(email)
  const { session } = (await identify(server, guest, { type: "email", value: email, token })).json
  expect(await stateOf(server, { session })).toHaveLength(2)
  const { facts } = (await personOf(server, person)).json
  expect((await undo(person, facts[0].id)).status).toBe(200)
  const answered = await asVisitor(server, { session }, "POST", "consent-events", {
    json: { items: [{ consentType: types.newsletter.id, consentState: "declined", consentAction: "user_click" }] },
  })
  expect(answered.status).toBe(401)
  expect((await ask(server, "consent-state", { email })).json.items[0].consentState).toBe("accepted")
})

test("thirty browsers that are identified as one person at once all are", async () => {
  const guests = await Promise.all(Array.from({ length: 30 }, () => visit(server)))
  const answers = await Promise.all(
    guests.map(async (guest) => {
      const token = await signer.token("popular@example.com", { jti: guest.id })
      return identify(server, guest, { type: "email", value: "popular@example.com", token })
    }),
  )
  expect(answers.map(({ status }) => status)).toEqual(guests.map(() => 200))
})

test("a refusal of a deleted type is taken by its id and by its triple, and is in answers", async () => {
  const made = await server.request(
    "POST",
    `/privacy-v1/organizations/${acme.id}/projects/${types.newsletter.project}/consent-types`,
    {
      headers: asOwner,
      json: { category: "custom", subcategory: "brief", label: "brief" },
    },
  )
  const { id } = made.json
  await server.request(
    "DELETE",
    `/privacy-v1/organizations/${acme.id}/projects/${types.newsletter.project}/consent-types/${id}`,
    {
      headers: asOwner,
    },
  )
  const triple = { category: "custom", subcategory: ["brief"], label: "brief" }
  const no = { consentState: "declined", consentAction: "user_click" }
  const items = [
    { userId: "refuses", consentType: id, ...no },
    { userId: "refuses-too", ...triple, ...no },
  ]
  expect((await record(server, items)).status).toBe(201)
  for (const userId of ["refuses", "refuses-too"]) {
    const state = await ask(server, "consent-state", { userId })
    expect(state.json.items.map(({ consentType }: { consentType: string }) => consentType)).toEqual([id])
    const decisions = await ask(server, "consent-decisions", { userId })
    expect(decisions.json.items.at(-1)).toMatchObject({ consentType: id, status: "refused", permitted: false })
  }
})
