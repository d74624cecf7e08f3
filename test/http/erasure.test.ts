/** Erasing people: the answer, what stays, what is gone, the log of erasures, and every refusal. */
import { randomUUID } from "node:crypto"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { blocks } from "../docs/preparedPostgres.ts"
import { times } from "../support/long.ts"
import { startPostgres } from "../support/postgres.ts"
import { served } from "../support/served.ts"
import { eventually, start } from "../support/server.ts"
import { identify, makeSigner, personOf, publish, say, type Signer } from "./identityTokens.ts"
import { linesOf } from "./logLines.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  blog,
  nobody,
  openSession,
  ownerKeyId,
  record,
  secretOf,
  shop,
  startWorld,
  startWorldOn,
  types,
  violations,
  visit,
  yes,
} from "./world.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-erasure-log-"))
const log = join(folder, "erasures.ndjson")
const server = served(() => startWorld({ ASSENT_ERASURE_LOG: log, ASSENT_METRICS_PORT: "0" }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let signer: Signer
beforeAll(async () => {
  signer = await makeSigner("key-1")
  await publish(server, [signer.publicKey])
})

const organization = `/privacy-v1/organizations/${acme.id}`
const pathOf = (concordId: string) => `${organization}/people/${concordId}/erasure`

const erase = (concordId: string, more: object = {}, headers: Readonly<Record<string, string>> = asOwner) =>
  server.request("POST", pathOf(concordId), { headers, json: { confirm: concordId, reason: "request", ...more } })

const eraseBy = (person: object, more: object = {}, headers: Readonly<Record<string, string>> = asOwner) =>
  server.request("POST", `${organization}/erasures`, { headers, json: { person, reason: "request", ...more } })

const recorded = async (item: object) => {
  const answer = await record(server, [yes(item)])
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

const newsletterOf = async (query: Readonly<Record<string, string>>) =>
  (await ask(server, "consent-decisions", query)).json.items.find(
    ({ consentType }: { consentType: string }) => consentType === types.newsletter.id,
  )

/** A guest that refused, joined with an account that accepted. */
const joined = async (userId: string) => {
  const guest = await visit(server, {}, shop)
  await say(server, guest, types.newsletter.id, "declined")
  const { concordId } = await recorded({ userId, email: `${userId}@example.com`, externalId: `crm-${userId}` })
  const identified = await identify(server, guest, { type: "userId", value: userId, token: await signer.token(userId) })
  expect(identified.status, identified.text).toBe(200)
  return { guest, session: identified.json as { readonly session: string }, concordId: concordId as string }
}

describe("an erasure", () => {
  test("takes everyone joined with the person, and answers what was destroyed and what is not promised", async () => {
    const { concordId, guest } = await joined("ann")
    const answer = await erase(concordId.toUpperCase(), { confirm: concordId })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json).toEqual({
      concordId,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      members: [concordId, guest.concordId].toSorted(),
      erasedAt: expect.stringMatching(/Z$/),
      submitter: ownerKeyId,
      reason: "request",
      destroyed: {
        aliases: 2,
        formerAliases: 0,
        personalData: expect.any(Number),
        personKeys: 2,
        sessions: 2,
        externalIds: 1,
        identityTokens: 1,
      },
      isScrubbed: true,
      notPromised: [
        expect.stringMatching(/^Copies outside/),
        expect.stringMatching(/^In a backup .* identifiers still name the person/),
        expect.stringMatching(/^Events keep the concordId/),
      ],
      unreadableInBackupsFrom: expect.stringMatching(/Z$/),
    })
    const again = await erase(concordId)
    expect([again.status, again.json]).toEqual([200, answer.json])
    const ofMember = await erase(guest.concordId, { reason: "court" })
    expect(ofMember.json).toEqual({ ...answer.json, concordId: guest.concordId })
    const { destroyed, erasedAt, id, members, reason, submitter } = answer.json
    const erasure = { id, members, erasedAt, submitter, reason, destroyed }
    expect((await server.request("GET", pathOf(concordId), { headers: asOwner })).json).toEqual(erasure)
    const listed = await server.request("GET", `${organization}/erasures`, { headers: asOwner })
    expect(listed.json.items).toContainEqual(erasure)
    const lines = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).entry)
    const ofErasure = lines.filter((entry) => entry.id === id)
    expect(ofErasure[0]).toEqual({
      kind: "begun",
      id,
      organization: acme.id,
      members,
      recordedAt: erasedAt,
      submitter,
      reason,
    })
    expect(ofErasure.slice(1)).toEqual([
      { kind: "kept", id },
      { kind: "done", id },
    ])
  })

  test("leaves the person unknown as known from then on, and by id as it was before", async () => {
    const { concordId, guest, session } = await joined("bob")
    const before = await newsletterOf({ concordId })
    expect(before.status).toBe("given")
    const erased = await erase(concordId)
    expect(erased.status, erased.text).toBe(200)
    for (const id of [concordId, guest.concordId]) {
      expect(await newsletterOf({ concordId: id })).toMatchObject({
        status: "unknown",
        permitted: false,
        because: { rule: "erased", lost: [] },
      })
    }
    const { at, knownAt } = before
    expect(await newsletterOf({ concordId, at, knownAt })).toEqual(before)
    expect(await newsletterOf({ userId: "bob" })).toMatchObject({ status: "unknown", because: { rule: "no-event" } })
    expect(await newsletterOf({ userId: "bob", at, knownAt })).toMatchObject({ status: "unknown" })
    expect((await asVisitor(server, session, "GET", "consent-state")).status).toBe(401)
    const person = await personOf(server, concordId)
    expect(person.json.identifiers).toEqual([])
    const events = await server.request(
      "GET",
      `${organization}/projects/${shop.id}/consent-events?concordId=${concordId}`,
      {
        headers: asOwner,
      },
    )
    expect(events.json.items).toHaveLength(2)
    expect(events.text).not.toContain("crm-bob")
    expect(events.json.items.every((each: { erased?: true }) => each.erased === true)).toBe(true)
  })

  test("lets the same identifiers and browser come again as another person, and an erased id name no one", async () => {
    const contextId = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
    const guest = (await openSession(server, { contextId })).json
    const { concordId } = await recorded({ userId: "cleo" })
    expect((await erase(concordId)).status).toBe(200)
    expect((await erase(guest.concordId)).status).toBe(200)
    const back = (await openSession(server, { contextId })).json
    expect(back.concordId).not.toBe(guest.concordId)
    const again = await recorded({ userId: "cleo" })
    expect(again.concordId).not.toBe(concordId)
    const alone = await recorded({ concordId })
    expect([concordId, again.concordId]).not.toContain(alone.concordId)
    const refusal = await recorded({ concordId, consentState: "declined" })
    expect(refusal.concordId).not.toBe(concordId)
    expect(await newsletterOf({ concordId: refusal.concordId })).toMatchObject({ status: "refused" })
    // The id of an erased person is in no conflict with an identifier of another one.
    const both = await recorded({ concordId, userId: "cleo" })
    expect(both.concordId).toBe(again.concordId)
    expect(await newsletterOf({ concordId })).toMatchObject({ because: { rule: "erased" } })
  })

  test("keeps joins from being undone, and identifiers from being released, like those of a person that is not there", async () => {
    const { concordId } = await joined("dora")
    const { facts } = (await personOf(server, concordId)).json
    const join = facts.find(({ kind }: { kind: string }) => kind === "joined")
    expect((await erase(concordId)).status).toBe(200)
    const undone = await server.request("DELETE", `${organization}/people/${concordId}/joins/${join.id}`, {
      headers: asOwner,
    })
    expect(undone.status).toBe(404)
    const released = await server.request("POST", `${organization}/people/${concordId}/identifiers/release`, {
      headers: asOwner,
      json: { userId: "dora", reason: "gone" },
    })
    expect(released.status).toBe(404)
  })

  test("that is sent again with its key is answered the same", async () => {
    const { concordId } = await recorded({ userId: "eve" })
    const headers = { ...asOwner, "idempotency-key": "erase eve".replace(" ", "-") }
    const first = await erase(concordId, {}, headers)
    const second = await erase(concordId, {}, headers)
    expect([second.status, second.text]).toEqual([200, first.text])
    expect(second.headers["idempotent-replayed"]).toBe("true")
    const other = await erase(concordId, { reason: "court" }, headers)
    expect([other.status, violations(other)]).toEqual([422, [expect.stringMatching(/idempotency_key_reused$/)]])
  })

  test("makes a request that opened a session of the person, sent again, one of a new visitor", async () => {
    const headers = { "idempotency-key": randomUUID() }
    const first = (await openSession(server, {}, shop, headers)).json
    expect((await openSession(server, {}, shop, headers)).json).toEqual(first)
    expect((await erase(first.concordId)).status).toBe(200)
    const again = await openSession(server, {}, shop, headers)
    expect([again.status, again.headers["idempotent-replayed"]]).toEqual([201, undefined])
    for (const member of ["concordId", "contextId", "session"]) expect(again.json[member]).not.toBe(first[member])
    expect((await asVisitor(server, again.json, "GET", "consent-state")).status).toBe(200)
    expect((await asVisitor(server, first, "GET", "consent-state")).status).toBe(401)
    // Nothing is kept with the key, so that each try is a new visitor, whose contextId works like any other.
    const third = (await openSession(server, {}, shop, headers)).json
    expect(third.contextId).not.toBe(again.json.contextId)
    const next = (await openSession(server, { contextId: third.contextId })).json
    expect(next.concordId).toBe(third.concordId)
  })

  test("needs the id of the person as confirmation, a reason, a person, and the permission in every project", async () => {
    const { concordId } = await recorded({ userId: "finn" })
    expect(violations(await erase(concordId, { confirm: nobody }))).toEqual(["/confirm not_confirmed"])
    expect(violations(await erase(concordId, { confirm: null }))).toEqual(["/confirm not_confirmed"])
    const both = ["/confirm not_confirmed", "/reason missing"]
    for (const json of [{}, { confirm: nobody }, { confirm: 5 }]) {
      const answer = await server.request("POST", pathOf(concordId), { headers: asOwner, json })
      expect([json, answer.status, violations(answer)]).toEqual([json, 422, both])
      expect(answer.text).not.toContain("null")
    }
    const unreasoned = await server.request("POST", pathOf(concordId), {
      headers: asOwner,
      json: { confirm: concordId },
    })
    expect(violations(unreasoned)).toEqual(["/reason missing"])
    expect((await erase(concordId, { reason: "a whim" })).status).toBe(422)
    expect((await erase(nobody)).status).toBe(404)
    expect((await erase("ann")).status).toBe(404)
    expect((await erase(concordId, {}, { "x-api-key": secretOf(acme, "limited") })).status).toBe(403)
    expect((await server.request("GET", pathOf(concordId), { headers: asOwner })).status).toBe(404)
    expect(await newsletterOf({ concordId })).toMatchObject({ status: "given" })
  })
})

describe("by an identifier", () => {
  test("the first request counts, and the second one confirms; afterwards the identifier names no one", async () => {
    const { concordId, guest } = await joined("gina")
    const email = "gina@example.com"
    const first = await eraseBy({ email: " GINA@example.com" })
    expect([first.status, violations(first)]).toEqual([409, ["/confirm confirm_needed"]])
    expect(first.json.toConfirm).toEqual({ concordId, members: 2, identifiers: 2, events: 2 })
    expect(first.text).not.toContain("example.com")
    expect(violations(await eraseBy({ email }, { confirm: guest.concordId }))).toEqual(["/confirm not_confirmed"])
    const headers = { ...asOwner, "idempotency-key": "gina" }
    const second = await eraseBy({ email }, { confirm: concordId }, headers)
    expect([second.status, second.json.concordId, second.json.members.length]).toEqual([200, concordId, 2])
    expect((await eraseBy({ email }, { confirm: concordId }, headers)).text).toBe(second.text)
    expect((await eraseBy({ email })).status).toBe(404)
    expect((await erase(concordId)).json.id).toBe(second.json.id)
  })

  test("a contact point that was left out for another account is shared: the account is to be named", async () => {
    const email = "family@example.com"
    const { concordId } = await recorded({ userId: "hans", email })
    const items = [yes({ userId: "ilse", email })]
    const left = await server.request("POST", `${organization}/projects/${shop.id}/consent-events`, {
      headers: asOwner,
      json: { items, sharedContacts: "leave-out" },
    })
    expect(left.status, left.text).toBe(201)
    const answer = await eraseBy({ email }, { confirm: concordId })
    expect([answer.status, violations(answer)]).toEqual([422, ["/person contact_shared"]])
    expect((await eraseBy({ userId: "hans" }, { confirm: concordId })).status).toBe(200)
  })

  test("exactly one is needed, and with a projectUserId its project", async () => {
    expect(violations(await eraseBy({}))).toEqual(["/person identifier_missing"])
    expect(violations(await eraseBy({ userId: "a", email: "a@example.com" }))).toEqual(["/person identifier_missing"])
    expect(violations(await eraseBy({ projectUserId: "jo" }))).toEqual(["/person/project unknown_project"])
    expect(violations(await eraseBy({ email: "not an address" }))).toEqual(["/person/email identifier_not_valid"])
    const { concordId } = await recorded({ projectUserId: "jo" })
    expect((await eraseBy({ projectUserId: "jo", project: blog.id })).status).toBe(404)
    const answer = await eraseBy({ projectUserId: "jo", project: shop.id })
    expect(answer.json.toConfirm).toMatchObject({ concordId, members: 1 })
  })
})

test("erasures are listed in pages, in the order recorded, with the same erasure once for all of its people", async () => {
  const pages: Array<{ readonly id: string; readonly erasedAt: string }> = []
  let cursor = ""
  do {
    const more = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`
    const page = await server.request("GET", `${organization}/erasures?limit=2${more}`, { headers: asOwner })
    expect([page.status, page.json.count <= 2]).toEqual([200, true])
    pages.push(...page.json.items)
    cursor = page.json.nextCursor ?? ""
  } while (cursor !== "")
  expect(new Set(pages.map(({ id }) => id)).size).toBe(pages.length)
  expect(pages.length).toBeGreaterThan(3)
  expect(pages.map(({ erasedAt }) => erasedAt).toSorted()).toEqual(pages.map(({ erasedAt }) => erasedAt))
  const unknown = await server.request("GET", `${organization}/erasures?cursor=x`, { headers: asOwner })
  expect([unknown.status, violations(unknown)]).toEqual([400, ["?cursor unknown_cursor"]])
})

describe("the log of erasures", () => {
  const path = (name: string) => join(folder, name)
  /** Each starts servers of its own. */
  const inLong = test.skipIf(times(0, 1) === 0)
  const asking = (on: Awaited<ReturnType<typeof startWorld>>, query: string) =>
    on.request("GET", `${organization}/projects/${shop.id}/consent-decisions?${query}`, { headers: asOwner })

  inLong("that cannot be written keeps everything as it is: 503", async () => {
    const missing = path("away")
    mkdirSync(missing)
    const other = await startWorld({ ASSENT_ERASURE_LOG: join(missing, "erasures.ndjson") })
    try {
      const { concordId } = (await record(other, [yes({ userId: "kim" })])).json.items[0]
      rmSync(missing, { recursive: true })
      const json = { confirm: concordId, reason: "request" }
      const answer = await other.request("POST", pathOf(concordId), { headers: asOwner, json })
      expect([answer.status, violations(answer)]).toEqual([503, [" erasure_log_unavailable"]])
      expect((await asking(other, "userId=kim")).json.items[0].status).toBe("given")
      mkdirSync(missing)
      expect((await other.request("POST", pathOf(concordId), { headers: asOwner, json })).status).toBe(200)
    } finally {
      await other.stop()
    }
  })

  test("that vanished or was replaced while the server runs keeps everything as it is, until it is back: 503", async () => {
    const aside = path("aside.ndjson")
    const { concordId } = await recorded({ userId: "pia" })
    expect((await erase((await recorded({ userId: "pit" })).concordId)).status).toBe(200)
    const right = readFileSync(log, "utf8")
    const older = right.slice(0, right.lastIndexOf("\n", right.length - 2) + 1)
    renameSync(log, aside)
    try {
      for (const there of [undefined, "", older]) {
        if (there !== undefined) writeFileSync(log, there)
        const answer = await erase(concordId)
        expect([answer.status, violations(answer)]).toEqual([503, [" erasure_log_unavailable"]])
        expect((await newsletterOf({ userId: "pia" })).status).toBe("given")
        expect(existsSync(log) ? readFileSync(log, "utf8") : undefined).toBe(there)
      }
    } finally {
      renameSync(aside, log)
    }
    expect((await erase(concordId)).status).toBe(200)
    expect(readFileSync(log, "utf8").slice(0, right.length)).toBe(right)
  })

  test("erases again what a restored backup brings back, before the server listens", async () => {
    const own = path("restored.ndjson")
    const first = await startWorld({ ASSENT_ERASURE_LOG: own })
    const kept = path("kept.db")
    const { concordId } = (await record(first, [yes({ userId: "lena" }), yes({ userId: "max" })])).json.items[0]
    await first.end("SIGKILL")
    for (const ending of ["", "-wal", ".keys"]) copyFileSync(first.file + ending, kept + ending)
    const again = await start({ file: first.file, env: { ASSENT_ERASURE_LOG: own } })
    const json = { confirm: concordId, reason: "request" }
    const erased = await again.request("POST", pathOf(concordId), { headers: asOwner, json })
    expect(erased.status, erased.text).toBe(200)
    await again.stop()
    const restored = await start({ file: kept, env: { ASSENT_ERASURE_LOG: own } })
    try {
      expect((await asking(restored, "userId=lena")).json.items[0].status).toBe("unknown")
      expect((await asking(restored, "userId=max")).json.items[0].status).toBe("given")
      const found = await restored.request("GET", pathOf(concordId), { headers: asOwner })
      const { id, erasedAt, members } = erased.json
      expect(found.json).toMatchObject({ id, erasedAt, members })
      const isSaid = () => linesOf(restored).some(({ message }) => /people were erased again/.test(String(message)))
      await eventually(isSaid, "the replay is logged")
    } finally {
      await restored.stop()
    }
  })

  inLong("erases again at the same instant what could never be scrubbed, because the role may not vacuum", async () => {
    const postgres = await startPostgres()
    const own = path("unscrubbed.ndjson")
    const database = await postgres.database()
    const env = { ASSENT_ERASURE_LOG: own }
    const decisionsOf = async (on: Awaited<ReturnType<typeof startWorld>>, concordId: string, more = "") =>
      (await asking(on, `concordId=${concordId}${more}`)).json.items[0]
    try {
      await (await startWorldOn(database, env)).stop()
      const name = new URL(database).pathname.slice(1)
      await postgres.administer("CREATE ROLE assent_service LOGIN PASSWORD 'not-a-secret'")
      await postgres.administer(blocks("Roles", "sql")[1]!, name)
      const ofService = (url: string) => postgres.url("assent_service", new URL(url).pathname.slice(1))
      const first = await start({ env: { ...env, ASSENT_STORE: ofService(database) } })
      const { concordId } = (await record(first, [yes({ userId: "rosa" })])).json.items[0]
      await first.stop()
      const backup = ofService(await postgres.copy(database))
      const second = await start({ env: { ...env, ASSENT_STORE: ofService(database) } })
      const json = { confirm: concordId, reason: "request" }
      const erased = await second.request("POST", pathOf(concordId), { headers: asOwner, json })
      expect([erased.status, erased.json.isScrubbed]).toEqual([200, false])
      const asked = await decisionsOf(second, concordId)
      const { at, because, knownAt } = asked
      expect(because.rule).toBe("erased")
      await second.stop()
      expect(readFileSync(own, "utf8")).not.toContain('"done"')
      const restored = await start({ env: { ...env, ASSENT_STORE: backup } })
      const found = await restored.request("GET", pathOf(concordId), { headers: asOwner })
      const { id, erasedAt } = erased.json
      expect(found.json).toMatchObject({ id, erasedAt })
      expect(await decisionsOf(restored, concordId, `&at=${at}&knownAt=${knownAt}`)).toEqual(asked)
      await restored.stop()
    } finally {
      await postgres.stop()
    }
  })

  inLong("that was changed keeps the server from starting", async () => {
    const own = path("changed.ndjson")
    const first = await startWorld({ ASSENT_ERASURE_LOG: own })
    const { concordId } = (await record(first, [yes({ userId: "nora" })])).json.items[0]
    const json = { confirm: concordId, reason: "request" }
    expect((await first.request("POST", pathOf(concordId), { headers: asOwner, json })).status).toBe(200)
    await first.end("SIGKILL")
    writeFileSync(own, readFileSync(own, "utf8").replace('"reason":"request"', '"reason":"other"'))
    await expect(start({ file: first.file, env: { ASSENT_ERASURE_LOG: own } })).rejects.toThrow(/line 1 was changed/)
    chmodSync(own, 0o600)
    await first.stop()
  })

  inLong("that is not set is said at the start, and in the answer", async () => {
    const first = await startWorld()
    try {
      const isSaid = () => linesOf(first).some(({ message }) => /no log of erasures is named/.test(String(message)))
      await eventually(isSaid, "the missing log is logged")
      const { concordId } = (await record(first, [yes({ userId: "olga" })])).json.items[0]
      const json = { confirm: concordId, reason: "request" }
      const answer = await first.request("POST", pathOf(concordId), { headers: asOwner, json })
      expect(answer.json.notPromised).toContainEqual(expect.stringMatching(/ASSENT_ERASURE_LOG/))
    } finally {
      await first.stop()
    }
  })
})
