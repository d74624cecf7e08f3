/**
 * The person that an identifier named at an instant: answers by it stay the same, identifying is a fact, and undoing
 * ends its effect.
 */
import { beforeAll, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { identify, makeSigner, personOf, publish, say, stateOf, type Signer } from "./identityTokens.ts"
import { acme, ask, asOwner, asVisitor, record, startWorld, types, visit, yes } from "./world.ts"

const server = served(startWorld)
let signer: Signer
beforeAll(async () => {
  signer = await makeSigner("key-1")
  await publish(server, [signer.publicKey])
})

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

test("an identifier that was proven for a guest is a fact with its evidence, and undone it names no one", async () => {
  const guest = await visit(server)
  await say(server, guest, types.newsletter.id, "accepted")
  const token = await signer.token("proven@example.com")
  const { session } = (await identify(server, guest, { type: "email", value: "proven@example.com", token })).json
  const { facts } = (await personOf(server, guest.concordId)).json
  expect(facts).toHaveLength(1)
  expect(facts[0]).toMatchObject({ kind: "identified", evidence: { kind: "email" }, submitter: guest.id })
  expect(JSON.stringify(facts)).not.toContain("alias")
  const undone = await undo(guest.concordId, facts[0].id)
  expect(undone.json.facts.map(({ kind }: { kind: string }) => kind)).toEqual(["identified", "undone"])
  expect((await ask(server, "consent-state", { email: "proven@example.com" })).json.count).toBe(0)
  expect((await ask(server, "consent-state", { concordId: guest.concordId })).json.count).toBe(1)
  expect((await asVisitor(server, { session }, "GET", "consent-state")).status).toBe(401)
  expect((await undo(guest.concordId, facts[0].id)).status).toBe(409)
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
