/** `POST /site-v1/…/identify`: which tokens prove the identity of a visitor, and which do not. */
import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto"
import { beforeAll, describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import {
  claimsOf,
  identify,
  makeSigner,
  nowSeconds,
  personOf,
  publish,
  say,
  stateOf,
  type Claims,
  type Signer,
} from "./identityTokens.ts"
import {
  acme,
  ask,
  foreign,
  openSession,
  other,
  record,
  site,
  startWorld,
  types,
  violations,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)
let signer: Signer
beforeAll(async () => {
  signer = await makeSigner()
  expect((await publish(server, [signer.publicKey])).status).toBe(200)
})

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** Records a yes of a person as a server does. */
const known = async (person: object): Promise<string> => {
  const { items } = (await record(server, [yes(person)])).json
  return items[0].concordId
}

/**
 * Expects that a token proves nothing: 401 that repeats nothing of it, and the visitor is the same person as before.
 */
const expectUnproven = (answer: Answer, token: string | undefined): void => {
  expect([answer.status, answer.text]).toEqual([401, expect.stringContaining("not identified")])
  expect(violations(answer)).toEqual(["/token invalid"])
  expect(answer.headers["www-authenticate"]).toContain("invalid_token")
  if (token !== undefined && token.length > 20) expect(answer.text).not.toContain(token.slice(0, 20))
}

test("a valid token is answered 200 with a new session, which sees the answers of the guest and of the person", async () => {
  const concordId = await known({ userId: "merged" })
  const guest = await visit(server)
  await say(server, guest, types.policy.id, "declined")
  const answer = await identify(server, guest, { type: "userId", value: "merged", token: await signer.token("merged") })
  expect([answer.status, answer.json]).toEqual([200, { synced: true, session: expect.any(String) }])
  expect(answer.headers["cache-control"]).toBe("no-store")
  expect(Buffer.from(answer.json.session, "base64url").byteLength).toBeGreaterThanOrEqual(32)
  expect(answer.json.session).not.toBe(guest.session)
  expect(await stateOf(server, answer.json)).toEqual(["newsletter accepted", "policy declined"])
  expect((await ask(server, "consent-decisions", { userId: "merged" })).json.items[0]).toMatchObject({ concordId })
})

describe("the person is named by", () => {
  test.each([
    ["an e-mail", { email: "ann@example.com" }, { type: "email", value: "ann@example.com" }, "ann@example.com"],
    [
      "an e-mail in other case",
      { email: "bo@example.com" },
      { type: "email", value: "BO@Example.com" },
      "bo@example.com",
    ],
    [
      "an e-mail in other case of the sub",
      { email: "cy@example.com" },
      { type: "email", value: "cy@example.com" },
      "Cy@example.COM",
    ],
    ["a user id", { userId: "dan" }, { type: "userId", value: "dan", format: "plain" }, "dan"],
    [
      "the hash of an e-mail",
      { email: "eva@example.com" },
      { type: "email", value: sha256("eva@example.com"), format: "hashed" },
      sha256("eva@example.com"),
    ],
    [
      "the hash of a user id, in upper case",
      { userId: "fay" },
      { type: "userId", value: sha256("fay").toUpperCase(), format: "hashed" },
      sha256("fay"),
    ],
  ])("%s", async (_, person, body, sub) => {
    const concordId = await known(person)
    const guest = await visit(server)
    const answer = await identify(server, guest, { ...body, token: await signer.token(sub) })
    expect([answer.status, answer.json.synced]).toEqual([200, true])
    expect((await personOf(server, guest.concordId)).json.concordId).toBe(concordId)
  })

  test("the contextId of another guest, which both are from then on; it names no one once the guest is identified", async () => {
    const [phone, laptop] = [await visit(server), await visit(server)]
    await say(server, phone, types.newsletter.id, "accepted")
    await say(server, laptop, types.policy.id, "viewed")
    const { contextId } = phone
    const body = { type: "contextId", value: contextId, token: await signer.token(contextId) }
    const joined = await identify(server, laptop, body)
    expect([joined.status, joined.json.synced]).toEqual([200, true])
    expect(await stateOf(server, joined.json)).toEqual(["newsletter accepted", "policy viewed"])
    expect(await stateOf(server, phone)).toEqual(["newsletter accepted", "policy viewed"])
    // First a guest, remembered by the phone. Once it is identified, the phone's contextId must not name it any more.
    await known({ userId: "gus", consentType: types.aged.id })
    const login = { type: "userId", value: "gus", token: await signer.token("gus") }
    expect((await identify(server, joined.json, login)).status).toBe(200)
    // A chain of joins: asked from either end, all three are one person.
    for (const person of [{ userId: "gus" }, { concordId: laptop.concordId }]) {
      const { items } = (await ask(server, "consent-state", person)).json
      const labels = items.map(({ label }: { label: string }) => label)
      expect(labels.toSorted()).toEqual(["aged", "newsletter", "policy"])
    }
    const later = await visit(server, { contextId })
    expect(later.concordId).not.toBe(phone.concordId)
    expect(await stateOf(server, later)).toEqual([])
  })

  test("an identifier that named no one yet: it names a person of its own, that the guest is joined with", async () => {
    const guest = await visit(server)
    await say(server, guest, types.newsletter.id, "accepted")
    const body = { type: "email", value: "hal@example.com", token: await signer.token("hal@example.com") }
    const answer = await identify(server, guest, body)
    expect([answer.status, answer.json.synced]).toEqual([200, true])
    expect(await stateOf(server, answer.json)).toEqual(["newsletter accepted"])
    const concordId = await known({ email: "hal@example.com", consentType: types.policy.id })
    expect(concordId).not.toBe(guest.concordId)
    const { json } = await personOf(server, guest.concordId)
    expect(json.concordId).toBe(concordId)
    // Asked by the identifier, by its person or by the guest, the two are one person.
    for (const person of [{ email: "hal@example.com" }, { concordId }, { concordId: guest.concordId }]) {
      const { items } = (await ask(server, "consent-state", person)).json
      const labels = items.map(({ label }: { label: string }) => label)
      expect(labels.toSorted()).toEqual(["newsletter", "policy"])
    }
  })
})

describe("401, and no one is joined:", () => {
  const value = "victim@example.com"
  let victim: string
  beforeAll(async () => {
    victim = await known({ email: value })
  })

  const signed =
    (claims: Claims, header = {}) =>
    () =>
      signer.token(value, claims, header)
  const with256 = (alg: string, signature: (input: string) => Buffer) => async () => {
    const input = `${base64({ alg, typ: "JWT" })}.${base64(claimsOf(value))}`
    return `${input}.${signature(input).toString("base64url")}`
  }
  const hmac = (secret: () => string | Buffer) => async () => {
    return with256("HS256", (input) => createHmac("sha256", secret()).update(input).digest())()
  }
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const ownJwk = elliptic.publicKey.export({ format: "jwk" })
  const bySomebody = (header: object) => async () => {
    const input = `${base64({ alg: "ES256", ...header })}.${base64(claimsOf(value))}`
    const key = { key: elliptic.privateKey, dsaEncoding: "ieee-p1363" as const }
    return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`
  }
  const tampered = async () => {
    const [header, , signature] = (await signer.token("somebody else")).split(".")
    return [header, base64(claimsOf(value)), signature].join(".")
  }

  test.each<[string, () => Promise<string | null | undefined>]>([
    ["no token", async () => undefined],
    ["null in its place", async () => null],
    ["a text that is no token", async () => "not a token"],
    ["three empty parts", async () => ".."],
    ["a token without a signature", async () => `${base64({ alg: "ES256" })}.${base64(claimsOf(value))}.`],
    ["another payload under a good signature", tampered],
    ["the signature of another key", bySomebody({})],
    ["another key, brought along in the header", bySomebody({ jwk: ownJwk })],
    ["another key, to be fetched", bySomebody({ jku: "https://evil.example/keys", kid: "evil" })],
    ["HS256 with the public key's x as the secret", hmac(() => signer.publicKey.x)],
    ["HS256 with the JSON of the public key", hmac(() => JSON.stringify(signer.publicKey))],
    ["HS256 with the bytes of x", hmac(() => Buffer.from(signer.publicKey.x, "base64url"))],
    ["HS256 with no secret", hmac(() => "")],
    ["alg none", with256("none", () => Buffer.alloc(0))],
    ["alg NONE", with256("NONE", () => Buffer.alloc(64))],
    ["a signature of zeros", with256("ES256", () => Buffer.alloc(64))],
    ["RS256", with256("RS256", (input) => sign("sha256", Buffer.from(input), rsa.privateKey))],
    ["an unknown kid", signed({}, { kid: "unknown" })],
    ["the iss of another organization", signed({ iss: other.id })],
    ["no iss", signed({ iss: undefined })],
    ["a list of iss", signed({ iss: [acme.id] })],
    ["the iss in upper case", signed({ iss: acme.id.toUpperCase() })],
    ["an expired token", signed({ iat: nowSeconds() - 600, exp: nowSeconds() - 60 })],
    ["a token of the future", signed({ iat: nowSeconds() + 120, exp: nowSeconds() + 400 })],
    ["a token that is not valid yet", signed({ nbf: nowSeconds() + 120 })],
    ["a life of more than an hour", signed({ exp: nowSeconds() + 3700 })],
    ["a token of long ago that never ends", signed({ iat: 1, exp: 4_102_444_800 })],
    ["no iat", signed({ iat: undefined })],
    ["no exp", signed({ exp: undefined })],
    ["an exp that is a text", signed({ exp: String(nowSeconds() + 300) })],
    ["no sub", signed({ sub: undefined })],
    ["the sub of somebody else", signed({ sub: "attacker@example.com" })],
    ["a list of subs", signed({ sub: [value] })],
    ["the hash as sub of a plain value", signed({ sub: sha256(value) })],
    ["an empty sub", signed({ sub: "" })],
  ])("%s", async (_, tokenOf) => {
    const guest = await visit(server)
    await say(server, guest, types.policy.id, "accepted")
    const token = await tokenOf()
    const answer = await identify(server, guest, { type: "email", value, token })
    expectUnproven(answer, token ?? undefined)
    expect(answer.text).not.toContain("example.com")
    expect(await stateOf(server, guest)).toEqual(["policy accepted"])
    for (const concordId of [guest.concordId, victim]) {
      expect((await personOf(server, concordId)).json).toMatchObject({ members: [concordId], facts: [] })
    }
  })

  test("not even that for a type that is unknown or missing, and a value that is not of its format: 422", async () => {
    const guest = await visit(server)
    for (const body of [{ type: "email", value, format: "hashed" }, { type: "phoneNumber", value }, { value }]) {
      const { status } = await identify(server, guest, { ...body, token: await signer.token(value) })
      expect(status).toBe(422)
    }
    expect((await personOf(server, victim)).json.facts).toEqual([])
  })

  test("where the organization has no key, and with a token of another organization's key", async () => {
    const open = (await openSession(server, {}, foreign)).json
    const atOther = async (token: string) =>
      server.request("POST", `${site(foreign)}/identify`, {
        headers: { "x-session": open.session },
        json: { type: "userId", value: "u", token },
      })
    expectUnproven(await atOther(await signer.token("u", { iss: other.id })), undefined)
    const foreigner = await makeSigner()
    await publish(server, [foreigner.publicKey], other)
    expectUnproven(await atOther(await signer.token("u", { iss: other.id })), undefined)
    expectUnproven(await atOther(await foreigner.token("u")), undefined)
    const guest = await visit(server)
    for (const iss of [other.id, acme.id]) {
      const token = await foreigner.token("u", { iss })
      expectUnproven(await identify(server, guest, { type: "userId", value: "u", token }), token)
    }
    expect((await atOther(await foreigner.token("u", { iss: other.id }))).status).toBe(200)
  })
})

describe("a token is used once:", () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

  /** The other valid signature of the same text: (r, n − s). */
  const twin = (token: string): string => {
    const [header, payload, signature] = token.split(".")
    const bytes = Buffer.from(signature!, "base64url")
    const s = order - BigInt(`0x${bytes.subarray(32).toString("hex")}`)
    const altered = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")])
    return [header, payload, altered.toString("base64url")].join(".")
  }

  /** The same bytes of the signature: four bits of the last letter are not used. */
  const otherLetter = (token: string): string => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token.slice(0, -1) + letters[letters.indexOf(token.at(-1)!) ^ 1]!
  }

  test.each<[string, (token: string) => string]>([
    ["as it was", (token) => token],
    ["with its signature's twin", twin],
    ["with other unused bits", otherLetter],
    ["with padding", (token) => `${token}==`],
    [
      "with padding of its payload",
      (token) =>
        token
          .split(".")
          .toSpliced(1, 1, `${token.split(".")[1]}=`)
          .join("."),
    ],
    ["with spaces around it", (token) => ` ${token}\n`],
    ["in ordinary base64", (token) => token.replaceAll("-", "+").replaceAll("_", "/")],
  ])("%s it is 401, by whomever it is sent", async (name, alter) => {
    const value = `once ${name}`
    const token = await signer.token(value)
    const [first, second] = [await visit(server), await visit(server)]
    const used = await identify(server, first, { type: "userId", value, token })
    expect(used.status).toBe(200)
    for (const visitor of [second, used.json]) {
      expectUnproven(await identify(server, visitor, { type: "userId", value, token: alter(token) }), undefined)
    }
    expect(await stateOf(server, second)).toEqual([])
  })

  test("sent by ten at once, one of them is identified", async () => {
    const token = await signer.token("ten")
    const guests = await Promise.all(Array.from({ length: 10 }, () => visit(server)))
    const answers = await Promise.all(
      guests.map((guest) => identify(server, guest, { type: "userId", value: "ten", token })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 401)])
  })
})

test("while one key replaces another both hold, with a kid and without; a key removed proves nothing at once", async () => {
  for (const [oldKid, newKid] of [[], ["old", "new"], [undefined, "new"], ["old", undefined]]) {
    const [old, renewed] = [await makeSigner(oldKid), await makeSigner(newKid)]
    const statusOf = async ({ token }: Signer) => {
      const value = randomUUID()
      return (await identify(server, await visit(server), { type: "userId", value, token: await token(value) })).status
    }
    await publish(server, [old.publicKey])
    expect([await statusOf(old), await statusOf(renewed)]).toEqual([200, 401])
    await publish(server, [old.publicKey, renewed.publicKey])
    expect([await statusOf(old), await statusOf(renewed)]).toEqual([200, 200])
    await publish(server, [renewed.publicKey])
    expect([await statusOf(old), await statusOf(renewed)]).toEqual([401, 200])
  }
  await publish(server, [signer.publicKey])
})
