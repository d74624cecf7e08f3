/**
 * A browser without an identity token neither reads another person nor is joined with one, whatever it sends. What
 * visitors send about themselves is neither in the log nor, except for the profile, in the files.
 */
import { createHash, randomUUID } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { identify, makeSigner, personOf, publish, say, stateOf, type Signer } from "./identityTokens.ts"
import { dataOf } from "./markedPerson.ts"
import {
  ask,
  asOwner,
  asVisitor,
  openSession,
  privacy,
  record,
  shop,
  site,
  startWorld,
  types,
  violations,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const server = served(startWorld)
let signer: Signer

/** Every secret or personal value of the victim: it must not be found anywhere. */
const victim = {
  email: "Victim.Marked@example.com",
  phoneNumber: "+49 151 23456789",
  userId: "victim-user-marked",
  projectUserId: "victim-project-marked",
}
const newContextId = "11d0c0de-feed-4bad-8bad-c0ffee000001"
let loggedIn: { readonly guest: Visitor; readonly session: string; readonly token: string; readonly concordId: string }
let eventIds: ReadonlyArray<string>
/** Every id that would show that an answer is about the victim. */
let marks: ReadonlyArray<string>

const loginKey = { "idempotency-key": "login-of-the-victim" }
const openKey = { "idempotency-key": randomUUID() }

beforeAll(async () => {
  signer = await makeSigner()
  await publish(server, [signer.publicKey])
  const { items } = (await record(server, [yes(victim), yes({ userId: victim.userId, consentType: types.aged.id })]))
    .json
  const guest: Visitor = (await openSession(server, { contextId: newContextId }, shop, openKey)).json
  const own = (await say(server, guest, types.policy.id, "declined")).json.items
  const token = await signer.token(victim.email)
  const { session } = (await identify(server, guest, { type: "email", value: victim.email, token }, loginKey)).json
  loggedIn = { guest, session, token, concordId: items[0].concordId }
  eventIds = [...items, ...own].map(({ id }: { id: string }) => id)
  marks = [loggedIn.concordId, guest.concordId, session, ...eventIds]
})

/** Expects that the attacker is joined with no one, and that the victim is unchanged. */
const expectNothing = async (attacker: Visitor, answers: ReadonlyArray<Answer>): Promise<void> => {
  for (const { status, text } of answers) {
    expect(status).toBeLessThan(500)
    for (const mark of marks) expect(text).not.toContain(mark)
  }
  expect(await stateOf(server, attacker)).toEqual([])
  expect((await personOf(server, attacker.concordId)).json).toMatchObject({ members: [attacker.concordId], facts: [] })
  const { facts, members } = (await personOf(server, loggedIn.concordId)).json
  expect([members, facts.length]).toEqual([[loggedIn.concordId, loggedIn.guest.concordId].toSorted(), 1])
  expect(await stateOf(server, loggedIn)).toEqual(["aged accepted", "newsletter accepted", "policy declined"])
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

describe("without a proof, a browser learns nothing of another person, and is not joined with it:", () => {
  test("by a contextId: neither the victim's old one, nor one of its ids", async () => {
    for (const contextId of [newContextId, newContextId.toUpperCase(), loggedIn.concordId, loggedIn.guest.id]) {
      const opened = await openSession(server, { contextId })
      expect(marks).not.toContain(opened.json.concordId)
      await expectNothing(opened.json, [])
    }
  })

  test("by identifying without a token, with the victim's used one, or one for itself", async () => {
    const attacker = await visit(server)
    const own = await signer.token("attacker@example.com")
    const answers: Array<Answer> = []
    for (const [type, value] of [
      ["email", victim.email],
      ["userId", victim.userId],
      ["contextId", newContextId],
      ["userId", loggedIn.concordId],
    ]) {
      for (const token of [undefined, null, "", loggedIn.token, own, loggedIn.session]) {
        answers.push(await identify(server, attacker, { type, value, token }))
        answers.push(await identify(server, attacker, { type, value: sha256(value!), format: "hashed", token }))
      }
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 422]))
    await expectNothing(attacker, answers)
  })

  test("by telling a profile with the victim's identifiers", async () => {
    const attacker = await visit(server)
    const profile = { ...victim, concordId: loggedIn.concordId, firstName: "Mallory" }
    const updated = await asVisitor(server, attacker, "POST", "profile", { json: profile })
    expect(updated.status).toBe(200)
    await expectNothing(attacker, [updated])
    // The identifiers do not name the attacker either.
    for (const kind of ["email", "userId"] as const) {
      const { items } = (await ask(server, "consent-decisions", { [kind]: victim[kind] })).json
      expect(items[0].concordId).toBe(loggedIn.concordId)
    }
  })

  test("by identifiers in bodies, queries and headers", async () => {
    const attacker = await visit(server)
    const ids = { concordId: loggedIn.concordId, ...victim, submitter: loggedIn.concordId, session: loggedIn.session }
    const query = (id: string, value: string) => new URLSearchParams({ [id]: value }).toString()
    const headers = {
      "x-concord-id": loggedIn.concordId,
      "x-user-id": victim.userId,
      cookie: `session=${loggedIn.guest.session}`,
    }
    const answers: Array<Answer> = []
    for (const path of ["consent-state", "consent-decisions", "consent-events"]) {
      for (const [id, value] of Object.entries(ids)) {
        answers.push(await asVisitor(server, attacker, "GET", `${path}?${query(id, value)}`))
      }
      answers.push(await asVisitor(server, attacker, "GET", path, { headers }))
      answers.push(await asVisitor(server, attacker, "GET", path, { json: ids }))
      answers.push(
        await server.request("GET", `${site()}/${path}`, { headers: { "x-api-key": loggedIn.guest.session } }),
      )
    }
    await expectNothing(attacker, answers)
  })

  test("by the ids of its events, and the cursors of its lists", async () => {
    const attacker = await visit(server)
    const { nextCursor } = (await asVisitor(server, loggedIn, "GET", "consent-events?limit=1")).json
    expect(nextCursor).toEqual(expect.any(String))
    const answers = [
      await asVisitor(server, attacker, "GET", `consent-events?limit=1&cursor=${encodeURIComponent(nextCursor)}`),
      ...(await Promise.all(eventIds.map((id) => asVisitor(server, attacker, "GET", `consent-events/${id}`)))),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, ...eventIds.map(() => 404)])
    const { headers: _, ...none } = await asVisitor(server, attacker, "GET", `consent-events/${randomUUID()}`)
    const found = answers.at(-1)!
    // An event of another person is answered like one that does not exist.
    const anonymous = (text: string) => text.replace(/urn:uuid:[0-9a-f-]+/g, "")
    expect([found.status, anonymous(found.text)]).toEqual([none.status, anonymous(none.text)])
    await expectNothing(attacker, answers)
  })

  test("by the Idempotency-Key of the victim's login, sent with the attacker's session", async () => {
    const attacker = await visit(server)
    const body = { type: "email", value: victim.email, token: loggedIn.token }
    const answer = await identify(server, attacker, body, loginKey)
    expect(answer.status).toBe(401)
    const events = await asVisitor(server, attacker, "POST", "consent-events", { headers: loginKey, json: body })
    expect(events.status).toBe(422)
    await expectNothing(attacker, [answer, events])
  })

  test("by the Idempotency-Key that the victim's session was opened with", async () => {
    for (const [of, body] of [
      [shop, { contextId: newContextId }],
      [shop, {}],
    ] as const) {
      const { status, text } = await openSession(server, body, of, openKey)
      for (const mark of [loggedIn.session, loggedIn.concordId, ...eventIds]) expect(text).not.toContain(mark)
      // The same request sent again gets the same token as before, whose session has ended.
      if (status === 201) expect((await asVisitor(server, JSON.parse(text), "GET", "consent-state")).status).toBe(401)
      else expect(status).toBe(422)
    }
    for (const key of ["1", "session", "a".repeat(36), "00000000-0000-0000-0000-00000000000"]) {
      const answer = await openSession(server, {}, shop, { "idempotency-key": key })
      expect([key, answer.status]).toEqual([key, 400])
    }
  })

  test("by recording events about it", async () => {
    const attacker = await visit(server)
    const item = yes({
      ...victim,
      concordId: loggedIn.concordId,
      consentState: "declined",
      submitter: loggedIn.concordId,
    })
    const answer = await asVisitor(server, attacker, "POST", "consent-events", { json: { items: [item] } })
    expect(answer.json.items[0]).toMatchObject({ concordId: attacker.concordId, submitter: attacker.concordId })
    expect(await stateOf(server, loggedIn)).toContain("newsletter accepted")
  })
})

describe("a profile", () => {
  const updateProfile = (visitor: Pick<Visitor, "session">, json: object, headers = {}) =>
    asVisitor(server, visitor, "POST", "profile", { json, headers })
  /** The profiles that are kept of a person, decrypted. */
  const stored = async (concordId: string): Promise<ReadonlyArray<unknown>> => {
    const { personalData } = (await dataOf(server, concordId)).json
    return personalData.flatMap(({ data, kind }: { data: unknown; kind: string }) => (kind === "profile" ? [data] : []))
  }

  test("is kept without identifiers, in place of the one before, and answered as it was kept", async () => {
    const visitor = await visit(server)
    const { concordId } = visitor
    const first = {
      firstName: "Ann",
      lastName: "Äß",
      address: { city: "Köln", country: "DE", street: null, moon: "x" },
      age: 7,
    }
    const kept = { firstName: "Ann", lastName: "Äß", address: { city: "Köln", country: "DE" } }
    const answer = await updateProfile(visitor, { ...first, ...victim })
    expect([answer.status, answer.json]).toEqual([
      200,
      { concordId, ...kept, unproven: ["userId", "projectUserId", "email", "phoneNumber"] },
    ])
    expect(await stored(concordId)).toEqual([kept])
    expect((await updateProfile(visitor, { middleName: "B" })).json).toEqual({
      concordId,
      middleName: "B",
      unproven: [],
    })
    expect(await stored(concordId)).toEqual([{ middleName: "B" }])
    expect((await updateProfile(visitor, {})).json).toEqual({ concordId, unproven: [] })
    expect(await stored(concordId)).toEqual([{}])
  })

  test("is answered alike whether an identifier is known or not, valid or not", async () => {
    const visitor = await visit(server)
    for (const [kind, unknown, bad] of [
      ["email", "nobody-knows@example.com", "no address"],
      ["phoneNumber", "+49 151 23450000", "12"],
      ["userId", "nobody-knows", ""],
      ["projectUserId", "nobody-knows", ""],
      ["concordId", randomUUID(), "no uuid"],
    ] as const) {
      const isKnown = await updateProfile(visitor, { [kind]: { ...victim, concordId: loggedIn.concordId }[kind] })
      const isUnknown = await updateProfile(visitor, { [kind]: unknown })
      expect([isKnown.status, isKnown.text]).toEqual([isUnknown.status, isUnknown.text])
      expect(isUnknown.json.unproven).toEqual([kind])
      const isBad = await updateProfile(visitor, { [kind]: bad })
      expect([isBad.status, violations(isBad)]).toEqual([422, [`/${kind} identifier_not_valid`]])
    }
  })

  test("names as unproven only what does not name the visitor already", async () => {
    const { concordId, session } = loggedIn
    expect((await updateProfile({ session }, { ...victim, concordId })).json).toEqual({ concordId, unproven: [] })
    expect((await updateProfile({ session }, { email: "another@example.com" })).json.unproven).toEqual(["email"])
  })

  test("is kept once for an Idempotency-Key, and answered again as it was", async () => {
    const visitor = await visit(server)
    const key = { "idempotency-key": "profile" }
    const first = await updateProfile(visitor, { firstName: "One" }, key)
    await updateProfile(visitor, { firstName: "Two" })
    const again = await updateProfile(visitor, { firstName: "One" }, key)
    expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([200, first.text, "true"])
    expect(await stored(visitor.concordId)).toEqual([{ firstName: "Two" }])
    expect((await updateProfile(visitor, { firstName: "Three" }, key)).status).toBe(422)
  })
})

describe("what is personal or secret", () => {
  /** Every value of this file that must not be found, and its hashes without a key, because those can be guessed. */
  const secrets = (): ReadonlyArray<string> => {
    const plain = [
      victim.email,
      victim.email.toLowerCase(),
      "+4915123456789",
      victim.phoneNumber,
      victim.userId,
      victim.projectUserId,
    ]
    const { guest, session, token } = loggedIn
    const signed = token.slice(0, token.lastIndexOf("."))
    return [
      ...[...plain, newContextId].flatMap((text) => [text, sha256(text)]),
      ...[guest.session, session, token, signed, ...token.split(".").slice(1)],
      ...[sha256(token), sha256(signed), "Mallory-marked", openKey["idempotency-key"], loginKey["idempotency-key"]],
    ]
  }

  test("is nowhere in the database file or its write-ahead log", async () => {
    const attacker = await visit(server)
    const items = [yes({ email: victim.email, consentState: "declined" })]
    await asVisitor(server, attacker, "POST", "profile", { json: victim, headers: { "idempotency-key": "told" } })
    await record(server, items, { headers: { ...asOwner, "idempotency-key": "recorded" } })
    // Digests of the requests without a key: from them the person could be guessed.
    const asked = [
      [`${site()}/profile`, victim],
      [`${privacy()}/consent-events`, { items }],
    ].map(([path, body]) => sha256(`POST ${path as string}\n${JSON.stringify(body)}`))
    const folder = dirname(server.file)
    const files = readdirSync(folder).filter((name) => name.startsWith(basename(server.file)))
    expect(files).toContain(`${basename(server.file)}-wal`)
    const isThere = (bytes: string | Buffer) => files.some((name) => readFileSync(join(folder, name)).includes(bytes))
    // A kept value is found, so the search works.
    expect(isThere(eventIds[0]!)).toBe(true)
    for (const secret of [...secrets(), ...asked]) {
      const forms = [Buffer.from(secret), Buffer.from(secret, "utf16le")]
      if (/^[0-9a-f]{64}$/.test(secret)) forms.push(Buffer.from(secret, "hex"))
      if (secret === newContextId) forms.push(Buffer.from(secret.replaceAll("-", ""), "hex"))
      for (const form of forms) expect([secret, isThere(form)]).toEqual([secret, false])
    }
  })

  test("is nowhere in what the server writes to its log, whatever goes wrong", async () => {
    const attacker = await visit(server)
    const everything = JSON.stringify({
      ...victim,
      firstName: "Mallory-marked",
      type: "email",
      value: victim.email,
      token: loggedIn.token,
    })
    const headers = { "content-type": "application/json", "x-session": attacker.session, ...loginKey }
    for (const path of ["profile", "identify", "consent-events", "session"]) {
      for (const body of [everything, everything.slice(0, -5), `[${everything}]`, `"${"x".repeat(2 ** 20)}"`]) {
        await server.request("POST", `${site()}/${path}`, { headers, body })
      }
    }
    await server.request("GET", `${site()}/${victim.userId}/${newContextId}?email=${victim.email}`, { headers })
    await ask(server, "consent-state", { email: victim.email, phoneNumber: victim.phoneNumber })
    for (const secret of [...secrets(), attacker.session]) expect(server.output()).not.toContain(secret)
  })
})
