/**
 * Identifying a visitor: the sessions that end, which people are joined and which never are, retries, and many at once.
 */
import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { identify, personOf, publishedSigner, say, stateOf } from "./identityTokens.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  record,
  startWorld,
  types,
  violations,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const server = served(startWorld)
const signer = publishedSigner(server)

/** Identifies a visitor on its page. Returns the session to continue with. */
const login = async (visitor: Pick<Visitor, "session">, userId: string, headers = {}): Promise<Answer> =>
  identify(server, visitor, { type: "userId", value: userId, token: await signer.token(userId) }, headers)

/** A person that a server has recorded, with a yes to the newsletter. */
const known = async (person: object): Promise<string> => (await record(server, [yes(person)])).json.items[0].concordId

/** The status of asking with a session. */
const statusOf = async (visitor: Pick<Visitor, "session">): Promise<number> =>
  (await asVisitor(server, visitor, "GET", "consent-state")).status

/** The joins of a person, as they are answered to the organization. */
const joinsOf = async (concordId: string) =>
  (
    (await personOf(server, concordId)).json.facts as ReadonlyArray<{ id: string; kind: string; member: string }>
  ).filter(({ kind }) => kind === "joined")

describe("after identifying", () => {
  test("the old session is 401, the guest's other tabs too, and the contextId names no one any more", async () => {
    for (const userId of ["new here", "known here"]) {
      if (userId === "known here") await known({ userId })
      const tab = await visit(server)
      const { contextId, concordId } = tab
      const others = [await visit(server, { contextId }), await visit(server, { contextId: contextId.toUpperCase() })]
      expect(others.map((each) => each.concordId)).toEqual([concordId, concordId])
      const answer = await login(tab, userId)
      expect(answer.status).toBe(200)
      for (const ended of [tab, ...others]) {
        expect(await statusOf(ended)).toBe(401)
        expect((await say(server, ended, types.policy.id, "accepted")).status).toBe(401)
        expect((await login(ended, userId)).status).toBe(401)
      }
      expect(await statusOf(answer.json)).toBe(200)
      const later = await visit(server, { contextId })
      expect(later.concordId).not.toBe(concordId)
      expect(await stateOf(server, later)).toEqual([])
    }
  })

  test("what is said next is the person's, on every device", async () => {
    await known({ userId: "devices" })
    const [phone, laptop] = [
      (await login(await visit(server), "devices")).json,
      (await login(await visit(server), "devices")).json,
    ]
    await say(server, phone, types.newsletter.id, "declined")
    expect(await stateOf(server, laptop)).toEqual(["newsletter declined"])
    expect((await ask(server, "consent-state", { userId: "devices" })).json.items).toMatchObject([
      { consentState: "declined" },
    ])
  })

  test("identifying again as oneself ends that session alone, and joins no one again", async () => {
    const guest = await visit(server)
    const first = (await login(guest, "again")).json
    const joined = await joinsOf(guest.concordId)
    expect(joined).toHaveLength(1)
    const second = await login(first, "again")
    expect([second.status, second.json.synced]).toEqual([200, true])
    expect([await statusOf(first), await statusOf(second.json)]).toEqual([401, 200])
    expect(await joinsOf(guest.concordId)).toEqual(joined)
  })
})

describe("a spelling that only this service evens out proves no one:", () => {
  const spellings = [
    ["the Kelvin sign", "\u212Aate@x.test", "kate@x.test", "email"],
    ["a capital I with a dot", "\u0130@x.test", "i\u0307@x.test", "email"],
    ["a capital letter that is not ASCII", "\u00C9va@x.test", "\u00E9va@x.test", "email"],
    ["a byte order mark", "\uFEFFkate@x.test", "kate@x.test", "email"],
    ["a no-break space", "kate@x.test\u00A0", "kate@x.test", "email"],
    ["an ideographic space", "\u3000kate@x.test", "kate@x.test", "email"],
    ["a space", " kate@x.test", "kate@x.test", "email"],
    ["a decomposed letter", "e\u0301va@x.test", "\u00E9va@x.test", "email"],
    ["the Kelvin sign in a userId", "\u212A1", "K1", "userId"],
    ["a space before a userId", " k1", "k1", "userId"],
    ["a domain in Unicode", "kate@b\u00FCcher.test", "kate@xn--bcher-kva.test", "email"],
    ["angle brackets", "<kate@x.test>", "kate@x.test", "email"],
    ["mailto:", "mailto:kate@x.test", "kate@x.test", "email"],
  ] as const

  // Mutants: the lower case of all of Unicode is compared; only the value is checked, or only the sub.
  test.each(spellings)("%s", async (_, spelled, plain, type) => {
    for (const [value, sub, pointer] of [
      [spelled, plain, "/value"],
      [spelled, spelled, "/value"],
      [plain, spelled, "/token"],
    ] as const) {
      const visitor = await visit(server)
      const answer = await identify(server, visitor, { type, value, token: await signer.token(sub) })
      expect(answer.status).toBe(422)
      expect(answer.json.errors).toMatchObject([{ pointer, code: "not_normalized" }])
      expect(answer.text).not.toContain("x.test")
      expect(await statusOf(visitor)).toBe(200)
    }
  })

  test("the detail names all that the normalized form lacks", async () => {
    const value = "pia@b\u00FCcher.example"
    const answer = await identify(server, await visit(server), {
      type: "email",
      value,
      token: await signer.token(value),
    })
    expect(answer.json.errors[0].detail).toMatch(/domain in ASCII.*dot at the end/)
  })

  test.each(
    ["", " ", "\t", "\n", "\r\n", "\u00A0", "null"].flatMap((text) =>
      ["userId", "email", "contextId"].map((type) => [text, type] as const),
    ),
  )("the hash of %j as %s names no one, and the detail says why", async (text, type) => {
    const value = createHash("sha256").update(text).digest("hex")
    const visitor = await visit(server)
    const answer = await identify(server, visitor, { type, format: "hashed", value, token: await signer.token(value) })
    expect(violations(answer)).toEqual(["/value identifier_not_valid"])
    expect(answer.json.errors[0].detail).toContain("placeholder")
    expect(await statusOf(visitor)).toBe(200)
  })

  test.each([
    ["a placeholder", "userId", "plain", "undefined"],
    ["the hash of a placeholder", "userId", "hashed", createHash("sha256").update("NaN").digest("hex")],
    ["a contextId of version 1", "contextId", "plain", "c232ab00-9414-11ec-b3c8-9f6bdeced846"],
    ["the nil UUID", "contextId", "plain", "00000000-0000-0000-0000-000000000000"],
    [
      "the hash of the nil UUID",
      "contextId",
      "hashed",
      createHash("sha256").update("00000000-0000-0000-0000-000000000000").digest("hex"),
    ],
    ["an invisible character", "email", "plain", "kate@x.test\u200B"],
  ])("%s names no one", async (_, type, format, value) => {
    const visitor = await visit(server)
    const answer = await identify(server, visitor, { type, format, value, token: await signer.token(value) })
    expect(answer.status).toBe(422)
    expect(answer.json.errors).toMatchObject([{ pointer: "/value", code: "identifier_not_valid" }])
    expect(await statusOf(visitor)).toBe(200)
  })

  test("the case of ASCII letters is not one, and hashes are of the normalized form", async () => {
    const joined = [
      await identify(server, await visit(server), {
        type: "email",
        value: "Kate@X.Test",
        token: await signer.token("kATE@x.tEST"),
      }),
      await identify(server, await visit(server), {
        type: "email",
        format: "hashed",
        value: createHash("sha256").update("kate@x.test").digest("hex"),
        token: await signer.token(createHash("sha256").update("kate@x.test").digest("hex").toUpperCase()),
      }),
    ]
    expect(joined.map(({ status }) => status)).toEqual([200, 200])
    const states = joined.map(({ json }) => asVisitor(server, json, "GET", "consent-events"))
    expect((await Promise.all(states)).map(({ status }) => status)).toEqual([200, 200])
  })
})

describe("two people who share a browser are never one:", () => {
  test.each([
    ["both are known", true],
    ["nobody has heard of either", false],
  ])("A logs in, then B with A's session, then B with A's contextId; %s", async (name, areKnown) => {
    const [a, b] = [`A, ${name}`, `B, ${name}`]
    if (areKnown) for (const userId of [a, b]) await known({ userId })
    const guest = await visit(server)
    await say(server, guest, types.policy.id, "declined")
    const ofA = (await login(guest, a)).json
    await say(server, ofA, types.aged.id, "accepted")

    const inSession = await login(ofA, b)
    expect([inSession.status, inSession.json.synced]).toEqual([200, false])
    const onPage = await login(await visit(server, { contextId: guest.contextId }), b)
    const onlyB = areKnown ? ["newsletter accepted"] : []
    for (const ofB of [inSession.json, onPage.json]) expect(await stateOf(server, ofB)).toEqual(onlyB)
    await say(server, inSession.json, types.clicks.id, "accepted")

    const stateOfA = (await ask(server, "consent-state", { userId: a })).json.items
    expect(stateOfA.map(({ label }: { label: string }) => label)).not.toContain("clicks")
    expect(stateOfA).toHaveLength(areKnown ? 3 : 2)
    const people = await Promise.all(
      [a, b].map(async (userId) => (await ask(server, "consent-decisions", { userId })).json.items[0].concordId),
    )
    expect(people[0]).not.toBe(people[1])
    const { members } = (await personOf(server, people[0])).json
    expect(members).not.toContain(people[1])
    // A's old token has ended, although B took nothing over.
    expect(await statusOf(ofA)).toBe(401)
  })

  test("a person that a server has named without the page is no one's guest either", async () => {
    const guest = await visit(server)
    await known({ concordId: guest.concordId, userId: "named by a server" })
    const stranger = await login(guest, "stranger")
    expect([stranger.status, stranger.json.synced]).toEqual([200, false])
    expect(await stateOf(server, stranger.json)).toEqual([])
    expect((await visit(server, { contextId: guest.contextId })).concordId).not.toBe(guest.concordId)
  })
})

describe("a visitor without an account", () => {
  /** A visitor that has proven an e-mail address, with a no to the policy. */
  const subscriber = async (email: string) => {
    const token = await signer.token(email)
    const { session } = (await identify(server, await visit(server), { type: "email", value: email, token })).json
    await say(server, { session }, types.policy.id, "declined")
    return { session: session as string, concordId: (await personNamed({ email }))! }
  }
  const personNamed = async (query: Readonly<Record<string, string>>): Promise<string | undefined> =>
    (await ask(server, "consent-decisions", query)).json.items[0].concordId

  test("is joined with the account that it proves: its refusals count for it; undoing gives each its own", async () => {
    const account = await known({ userId: "subscriber's account" })
    const { concordId, session } = await subscriber("subscriber@example.com")
    const answer = await login({ session }, "subscriber's account")
    expect([answer.status, answer.json.synced]).toEqual([200, true])
    expect(await statusOf({ session })).toBe(401)
    expect(await stateOf(server, answer.json)).toEqual(["newsletter accepted", "policy declined"])
    expect(await personNamed({ email: "subscriber@example.com" })).toBe(account)
    const join = (await joinsOf(account)).find(({ member }) => member === concordId)!
    const path = `/privacy-v1/organizations/${acme.id}/people/${account}/joins/${join.id}`
    expect((await server.request("DELETE", path, { headers: asOwner })).status).toBe(200)
    expect(await personNamed({ email: "subscriber@example.com" })).toBe(concordId)
    const { items } = (await ask(server, "consent-state", { userId: "subscriber's account" })).json
    expect(items.map(({ label }: { label: string }) => label)).toEqual(["newsletter"])
  })

  // Kills: TwoAccounts looks at the person of the session alone, or at accounts that are held now alone.
  test("has one if somebody joined with it has or had one, and is then never joined with another account", async () => {
    for (const [name, isReleased] of [
      ["held", false],
      ["given up", true],
    ] as const) {
      const [email, own, others] = [`${name.replace(" ", "-")}@example.com`, `own ${name}`, `another's ${name}`]
      const stranger = await known({ userId: others })
      const guest = await visit(server)
      const token = await signer.token(email)
      const { session } = (await identify(server, guest, { type: "email", value: email, token })).json
      // The guest is a member of the group and has an account; the person of the session has none of its own.
      await known({ concordId: guest.concordId, userId: own })
      if (isReleased) {
        const path = `/privacy-v1/organizations/${acme.id}/people/${guest.concordId}/identifiers/release`
        const json = { userId: own, reason: "closed" }
        expect((await server.request("POST", path, { headers: asOwner, json })).status).toBe(200)
      }
      const again = await identify(server, await visit(server), {
        type: "email",
        value: email,
        token: await signer.token(email),
      })
      const answer = await login(isReleased ? again.json : { session }, others)
      expect([name, answer.status, answer.json.synced]).toEqual([name, 200, false])
      expect((await personOf(server, stranger)).json.members).toEqual([stranger])
      expect(await personNamed({ email })).not.toBe(stranger)
    }
  })
})

describe("a retry with the same Idempotency-Key", () => {
  test("gives the first answer byte for byte, although its session has ended; only with the same body", async () => {
    await known({ userId: "retry" })
    const guest = await visit(server)
    const body = { type: "userId", value: "retry", token: await signer.token("retry") }
    const headers = { "idempotency-key": "login-1" }
    const first = await identify(server, guest, body, headers)
    const again = await identify(server, guest, body, headers)
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text])
    expect([first.headers["idempotent-replayed"], again.headers["idempotent-replayed"]]).toEqual([undefined, "true"])
    expect(await stateOf(server, again.json)).toEqual(["newsletter accepted"])

    const otherBody = await identify(server, guest, { ...body, value: "retry " }, headers)
    expect([otherBody.status, otherBody.json.errors]).toMatchObject([422, [{ code: "idempotency_key_reused" }]])
    expect((await identify(server, guest, body, { "idempotency-key": "login-2" })).status).toBe(401)
    expect((await identify(server, guest, body)).status).toBe(401)
    // The key opens nothing else with the ended session.
    expect((await asVisitor(server, guest, "GET", "consent-state", { headers })).status).toBe(401)
    expect((await asVisitor(server, guest, "POST", "profile", { headers, json: body })).status).toBe(401)
    expect(await joinsOf(guest.concordId)).toHaveLength(1)
  })

  test("of another visitor gives nothing: not with the same body either", async () => {
    const [one, two] = [await visit(server), await visit(server)]
    const body = { type: "userId", value: "keyed", token: await signer.token("keyed") }
    const headers = { "idempotency-key": "the-same-key" }
    const first = await identify(server, one, body, headers)
    const stolen = await identify(server, two, body, headers)
    expect([first.status, stolen.status]).toEqual([200, 401])
    expect(stolen.text).not.toContain(first.json.session)
  })

  test("sent by ten at once is carried out once", async () => {
    const guest = await visit(server)
    const body = { type: "userId", value: "ten retries", token: await signer.token("ten retries") }
    const headers = { "idempotency-key": "ten" }
    const answers = await Promise.all(Array.from({ length: 10 }, () => identify(server, guest, body, headers)))
    expect(answers.map(({ status }) => status).filter((status) => status !== 409)).toContain(200)
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([])
    expect(new Set(answers.filter(({ status }) => status === 200).map(({ text }) => text)).size).toBe(1)
  })
})

describe("at the same moment", () => {
  /** Pages that are opened without pause before, during and after the identification of their visitor. */
  const race = async (guest: Visitor, userId: string) => {
    const open = () => visit(server, { contextId: guest.contextId })
    const opened: Array<Visitor> = []
    let isAnswered = false
    const keepOpening = async () => {
      while (!isAnswered) opened.push(await open())
    }
    const pages = Array.from({ length: 6 }, keepOpening)
    const answer = await login(guest, userId)
    isAnswered = true
    await Promise.all(pages)
    expect(answer.status).toBe(200)
    return { opened, later: await open() }
  }

  test("a page that is opened never binds the contextId to the person again", async () => {
    for (let round = 0; round < 8; round++) {
      const userId = `race ${round}`
      if (round % 2 === 0) await known({ userId })
      const guest = await visit(server)
      await say(server, guest, types.policy.id, "accepted")
      const { later, opened } = await race(guest, userId)
      expect(later.concordId).not.toBe(guest.concordId)
      expect(await stateOf(server, later)).toEqual([])
      // The sessions that were opened for the guest have ended.
      const ofGuest = opened.filter(({ concordId }) => concordId === guest.concordId)
      expect(await Promise.all(ofGuest.map(statusOf))).toEqual(ofGuest.map(() => 401))
    }
  })

  test("nor where a server has named the guest before", async () => {
    for (let round = 0; round < 8; round++) {
      const guest = await visit(server)
      const userId = `named ${round}`
      await known({ concordId: guest.concordId, userId })
      const { later } = await race(guest, round % 2 === 0 ? userId : `somebody else ${round}`)
      expect(later.concordId).not.toBe(guest.concordId)
    }
  })

  test("a person is joined with one account or claimed for another, never both", async () => {
    for (let round = 0; round < 10; round++) {
      const [email, a, b] = [`either-${round}@example.com`, `either a ${round}`, `either b ${round}`]
      const account = await known({ userId: a })
      const token = await signer.token(email)
      const { session } = (await identify(server, await visit(server), { type: "email", value: email, token })).json
      const [joined, claimed] = await Promise.all([
        login({ session }, a),
        record(server, [yes({ email, userId: b, consentType: types.policy.id })]),
      ])
      expect([joined.status, joined.json.synced, claimed.status].join(" ")).toMatch(/^200 (?:true 422|false 201)$/)
      const ofB = (await ask(server, "consent-decisions", { userId: b })).json.items[0].concordId
      if (ofB !== undefined) expect((await personOf(server, account)).json.members).not.toContain(ofB)
    }
  })

  test("a guest who is identified as two people is one of them: one join", async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [`a ${round}`, `b ${round}`]
      const ids = [await known({ userId: a }), await known({ userId: b })]
      const guest = await visit(server)
      const answers = await Promise.all([login(guest, a), login(guest, b), login(guest, a), login(guest, b)])
      expect(answers.filter(({ json, status }) => status === 200 && json.synced).length).toBeGreaterThanOrEqual(1)
      expect(await joinsOf(guest.concordId)).toHaveLength(1)
      const [one, two] = await Promise.all(ids.map(async (id) => (await personOf(server, id)).json.members))
      expect([...one, ...two].toSorted()).toEqual([...ids, guest.concordId].toSorted())
    }
  })
})
