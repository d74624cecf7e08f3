/** Questions by an identifier say since when it names the person; with several, everyone they name must permit. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { ask, asOwner, privacy, record, startWorld, types, violations, yes } from "./world.ts"

const server = served(startWorld)

const recorded = async (item: object) => {
  const answer = await record(server, [yes(item)])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

/** Asks about the newsletter of everyone that identifiers name. */
const askMany = (people: ReadonlyArray<object>, instants: object = {}, consentType = types.newsletter.id) =>
  server.request("POST", `${privacy()}/consent-decisions`, {
    headers: asOwner,
    json: { items: people.map((person) => ({ person, consentType })), ...instants },
  })

const decisionOf = async (person: object, instants: object = {}, consentType = types.newsletter.id) =>
  (await askMany([person], instants, consentType)).json.items[0]

describe("a question with several identifiers", () => {
  test("hears the refusal of whichever person it names, in every order of the identifiers", async () => {
    const account = await recorded({ userId: "account b" })
    const mailbox = await recorded({ email: "e@example.com", consentState: "declined" })
    const refused = { concordId: mailbox.concordId, status: "refused", permitted: false, event: mailbox.id }
    for (const person of [
      { userId: "account b", email: "e@example.com" },
      { email: "e@example.com", userId: "account b" },
      { concordId: account.concordId, email: "e@example.com" },
      { concordId: mailbox.concordId, userId: "account b" },
    ]) {
      expect(await decisionOf(person)).toMatchObject(refused)
    }
    expect(await decisionOf({ userId: "account b" })).toMatchObject({ status: "given", permitted: true })
  })

  test("is permitted only if each person that is named permits; an identifier of no one does not count", async () => {
    await recorded({ userId: "account c" })
    await recorded({ email: "c@example.com", consentType: types.policy.id })
    expect(await decisionOf({ userId: "account c", email: "c@example.com" })).toMatchObject({
      status: "unknown",
      permitted: false,
    })
    await recorded({ email: "c@example.com" })
    expect(await decisionOf({ userId: "account c", email: "c@example.com" })).toMatchObject({ permitted: true })
    expect(await decisionOf({ userId: "account c", email: "never-seen@example.com" })).toMatchObject({
      permitted: true,
    })
    expect(await decisionOf({ userId: "never seen", email: "never-seen@example.com" })).toMatchObject({
      status: "unknown",
      permitted: false,
    })
  })

  test("is one person if all identifiers name it, and is answered the same as by one of them", async () => {
    const { concordId } = await recorded({ userId: "account d", email: "d@example.com" })
    const [one, both] = (await askMany([{ userId: "account d" }, { userId: "account d", email: "d@example.com" }])).json
      .items
    expect({ ...both, at: one.at, knownAt: one.knownAt }).toEqual(one)
    expect(both.concordId).toBe(concordId)
  })

  test("is answered about the past, and the same again with the instants of the answer", async () => {
    const day = (number: number) => `2024-03-0${number}T00:00:00.000Z`
    await recorded({ userId: "account f", consentDate: day(1) })
    await recorded({ phoneNumber: "+12025550123", consentDate: day(1), expirationDate: day(4) })
    await recorded({ phoneNumber: "+12025550123", consentDate: day(3), consentState: "declined" })
    await recorded({ userId: "account f", consentDate: day(5) })
    const person = { userId: "account f", phoneNumber: "+12025550123" }
    expect(await decisionOf(person, { at: day(2) })).toMatchObject({ status: "given", nextChangeAt: day(3) })
    expect(await decisionOf(person, { at: day(3) })).toMatchObject({ status: "withdrawn", permitted: false })
    const now = await decisionOf(person)
    await recorded({ phoneNumber: "+12025550123" })
    expect(await decisionOf(person)).toMatchObject({ permitted: true })
    expect(await decisionOf(person, { at: now.at, knownAt: now.knownAt })).toEqual(now)
  })

  test("needs at least one identifier, and names each that cannot be read; a query takes exactly one", async () => {
    const answer = await askMany([{}, { userId: "u", email: "no address", phoneNumber: "12" }])
    expect([answer.status, violations(answer)]).toEqual([
      422,
      [
        "/items/0/person identifier_missing",
        "/items/1/person/email identifier_not_valid",
        "/items/1/person/phoneNumber identifier_not_valid",
      ],
    ])
    expect((await ask(server, "consent-decisions", { userId: "u", email: "u@example.com" })).status).toBe(400)
  })
})

describe("namedSince", () => {
  test("is when the identifier was recorded for the person, later than an answer that is older than it", async () => {
    const first = await recorded({ userId: "mover", consentDate: "2024-01-01T00:00:00Z" })
    const moved = await recorded({ userId: "mover", email: "new@example.com", consentType: types.policy.id })
    const newsletterOf = async (query: Readonly<Record<string, string>>) =>
      (await ask(server, "consent-decisions", query)).json.items.find(
        ({ consentType }: { consentType: string }) => consentType === types.newsletter.id,
      )
    const byEmail = await newsletterOf({ email: "new@example.com" })
    expect(byEmail).toMatchObject({ since: first.consentDate, namedSince: moved.dateCreated })
    expect((await newsletterOf({ userId: "mover" })).namedSince).toBe(first.dateCreated)
    expect(await newsletterOf({ concordId: first.concordId })).not.toHaveProperty("namedSince")
    expect(await newsletterOf({ email: "unknown@example.com" })).not.toHaveProperty("namedSince")
    // Of several identifiers of the person that decides, the one that names it last.
    expect(await decisionOf({ userId: "mover", email: "new@example.com" })).toMatchObject({
      namedSince: moved.dateCreated,
    })
  })
})
