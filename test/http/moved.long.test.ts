/**
 * After `assent move` the service answers from the new store byte for byte as from the old one: questions, sessions,
 * joins, cursors and repeated requests continue.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { move, verify as verifyWith } from "../support/checking.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { type Answer, type Sent, type Server, start } from "../support/server.ts"
import { identify, makeSigner, personOf, publish, say, type Signer, stateOf } from "./identityTokens.ts"
import {
  acme,
  asOwner,
  asVisitor,
  blog,
  privacy,
  record,
  secretOf,
  site,
  startWorld,
  types,
  visit,
  type Visitor,
  yes,
} from "./world.ts"

const env = { ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" }
const folder = mkdtempSync(join(tmpdir(), "assent-moved-"))
let postgres: Postgres
let world: Server
/** Questions whose answers stay the same as long as nothing is recorded. */
const questions: Array<readonly [method: string, path: string, sent?: Sent]> = []
let before: ReadonlyArray<string>
let guest: Visitor
let member: { readonly person: string; readonly join: string }
let alone: ReadonlyArray<string>
/** An address that was released, and the instants of its claim and its release. */
interface Released {
  readonly email: string
  readonly claimed: string
  readonly released: string
}
let stranger: Released

/** The key file of the ledger, which stays where it is. */
const keys = (): string => `${world.file}.keys`
const verify = (store: string) => verifyWith(store, undefined, keys())

const written = ({ headers, status, text }: Answer): string =>
  [status, headers["etag"], headers["idempotent-replayed"], text].join(" ")

const askAll = async (server: Server): Promise<ReadonlyArray<string>> => {
  const answers: Array<string> = []
  for (const [method, path, sent] of questions)
    answers.push(`${path}\n${written(await server.request(method, path, sent))}`)
  return answers
}

const joinsOf = (person: string): string => `/privacy-v1/organizations/${acme.id}/people/${person}/joins`

const ask = (path: string, headers: Readonly<Record<string, string>> = asOwner) =>
  questions.push(["GET", path, { headers }])

const people = Array.from({ length: 12 }, (_, n) => `moved-${n}@example.com`)
const dates = ["2023-12-31T23:59:59.999Z", "2024-02-29T00:00:00.000Z", "2024-06-08T00:00:00.000Z"]

/**
 * Makes rows of every kind: events, versions, documents, joins and their undoing, profiles, idempotency records, an
 * erasure.
 */
const live = async (): Promise<void> => {
  const signer = await makeSigner("key-1")
  await publish(world, [signer.publicKey])
  const some = [types.newsletter, types.analytics, types.policy, types.aged]
  const states = ["accepted", "declined", "implied", "viewed"]
  for (let n = 0; n < 10; n++) {
    const items = people.map((email, index) =>
      yes({
        email,
        consentType: some[(n + index) % 4]!.id,
        consentState: states[(n * 3 + index) % 4],
        consentDate: dates[(n + index) % 3],
        ...(n % 3 === 0 && { externalId: `their own ${n} ${index}` }),
      }),
    )
    const request = { json: { items }, headers: { ...asOwner, "idempotency-key": `moved-${n}` } }
    const path = `${privacy()}/consent-events`
    expect((await world.request("POST", path, request)).status).toBe(201)
    questions.push(["POST", path, request])
  }
  const document = { name: "Newsletter", document: "# Text\n\n„Übung“ 🙂", requireReaccept: true }
  const changed = `${privacy()}/consent-types/${types.newsletter.id}`
  const published = await world.request("PATCH", changed, { headers: asOwner, json: document })
  expect(published.status, published.text).toBe(200)

  guest = await visit(world)
  await say(world, guest, types.policy.id, "declined")
  alone = await stateOf(world, guest)
  const email = people[0]!
  const identified = await identify(world, guest, { type: "email", value: email, token: await signer.token(email) })
  expect(identified.status, identified.text).toBe(200)
  const found = await world.request("GET", `${privacy()}/consent-state?email=${email}`, { headers: asOwner })
  const person: string = found.json.items[0].concordId
  const profile = { headers: { "idempotency-key": "told" }, json: { firstName: "Ann" } }
  expect((await asVisitor(world, identified.json, "POST", "profile", profile)).status).toBe(200)
  questions.push([
    "POST",
    `${site()}/profile`,
    { ...profile, headers: { ...profile.headers, "x-session": identified.json.session } },
  ])
  member = { person, join: (await personOf(world, person)).json.facts.at(-1).id }
  guest = { ...guest, session: identified.json.session }
  stranger = await releaseOnce(signer)
  await eraseOne()
}

/** Erases a person; the erasure, its events and what is answered about it are asked for. */
const eraseOne = async (): Promise<void> => {
  const recorded = await record(world, [yes({ email: "erased@example.com", externalId: "of an erased person" })])
  const { concordId, id } = recorded.json.items[0]
  const path = `/privacy-v1/organizations/${acme.id}/people/${concordId}/erasure`
  const erased = await world.request("POST", path, {
    headers: asOwner,
    json: { confirm: concordId, reason: "request" },
  })
  expect(erased.status, erased.text).toBe(200)
  ask(path)
  ask(`/privacy-v1/organizations/${acme.id}/erasures`)
  ask(`${privacy()}/consent-events/${id}`)
  const instants = `at=2031-01-01T00:00:00.000Z&knownAt=${erased.json.erasedAt}`
  ask(`${privacy()}/consent-decisions?concordId=${concordId}&${instants}`)
}

/** Identifies a visitor by an e-mail address that named no one, then undoes it, so that the address is released. */
const releaseOnce = async (signer: Signer): Promise<Released> => {
  const visitor = await visit(world)
  await say(world, visitor, types.policy.id, "accepted")
  const email = "released@example.com"
  const token = await signer.token(email)
  const identified = await identify(world, visitor, { type: "email", value: email, token })
  expect(identified.status, identified.text).toBe(200)
  const factsOf = async () => (await personOf(world, visitor.concordId)).json.facts
  const [{ dateCreated: claimed, id }] = await factsOf()
  const undone = await world.request("DELETE", `${joinsOf(visitor.concordId)}/${id}`, { headers: asOwner })
  expect(undone.status, undone.text).toBe(200)
  return { email, claimed, released: (await factsOf()).at(-1).dateCreated }
}

const prepareQuestions = async (): Promise<void> => {
  const { facts } = (await personOf(world, member.person)).json
  const moments = facts.map(({ dateCreated }: { dateCreated: string }) => Date.parse(dateCreated))
  const now = Math.max(Date.now(), ...moments)
  for (const email of people) {
    const person = `email=${encodeURIComponent(email)}`
    for (const at of [...dates, new Date(now).toISOString(), "2031-01-01T00:00:00.000Z"]) {
      for (const knownAt of [now, ...moments, moments[0]! - 1]) {
        const instants = `at=${at}&knownAt=${new Date(knownAt).toISOString()}`
        ask(`${privacy()}/consent-decisions?${person}&${instants}`)
      }
      ask(`${privacy()}/consent-state?${person}&at=${at}`)
    }
  }
  for (const knownAt of [stranger.claimed, stranger.released]) {
    // As known when it was claimed, the address names the visitor; from its release on it names no one.
    ask(`${privacy()}/consent-decisions?email=${stranger.email}&at=2031-01-01T00:00:00.000Z&knownAt=${knownAt}`)
  }
  ask(`${privacy()}/consent-types?limit=100`)
  ask(`${privacy()}/consent-types/${types.newsletter.id}/versions/2`)
  ask(`/privacy-v1/organizations`)
  ask(`/privacy-v1/organizations/${acme.id}/projects`)
  ask(`/privacy-v1/organizations/${acme.id}/people/${member.person}`)
  ask(`${site()}/consent-state`, { "x-session": guest.session })
  ask(`${site()}/consent-events?limit=2`, { "x-session": guest.session })
  for (const role of ["viewer", "admin", "limited"] as const) {
    ask(`${privacy(blog)}/consent-types`, { "x-api-key": secretOf(acme, role) })
  }
  for (const sort of ["consentDate", "dateCreated"]) {
    let path = `${privacy()}/consent-events?sort=${sort}&order=desc&limit=17`
    for (let page = 0; page < 5; page++) {
      ask(path)
      const { nextCursor } = (await world.request("GET", path, { headers: asOwner })).json
      // The cursors of the old store are sent to the new one.
      path = `${privacy()}/consent-events?sort=${sort}&order=desc&limit=17&cursor=${encodeURIComponent(nextCursor)}`
    }
  }
}

beforeAll(async () => {
  postgres = await startPostgres()
  world = await startWorld(env)
  await live()
  await prepareQuestions()
  // Asked once before the move, so that the idempotency records of these requests are moved.
  await askAll(world)
  before = await askAll(world)
  await world.end("SIGTERM")
}, 120_000)
afterAll(async () => {
  await world.stop()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})

const withServer = async <A>(store: string, use: (server: Server) => Promise<A>): Promise<A> => {
  const server = await start({ env: { ...env, ASSENT_STORE: store, ASSENT_KEYS: keys() } })
  try {
    return await use(server)
  } finally {
    await server.end("SIGTERM")
    await server.stop()
  }
}

/** A join is undone, an event recorded, a session opened and used. */
const goOn = async (server: Server): Promise<void> => {
  const undone = await server.request("DELETE", `${joinsOf(member.person)}/${member.join}`, { headers: asOwner })
  expect(undone.status, undone.text).toBe(200)
  const path = `${privacy()}/consent-state?concordId=${guest.concordId}`
  const { items } = (await server.request("GET", path, { headers: asOwner })).json
  expect(items.map(({ label, consentState }: Record<string, string>) => `${label} ${consentState}`)).toEqual(alone)
  expect((await record(server, [yes({ email: people[1] }), yes({ userId: "new" })])).status).toBe(201)
  const visitor = await visit(server)
  expect((await asVisitor(server, visitor, "GET", "consent-state")).status).toBe(200)
}

describe("a ledger that was moved from SQLite to PostgreSQL, to another database, to a file, and to another file", () => {
  const stores: Array<string> = []
  beforeAll(async () => {
    stores.push(`sqlite:${world.file}`)
    stores.push(await postgres.database(), await postgres.database())
    stores.push(`sqlite:${join(folder, "back", "ledger.db")}`, `sqlite:${join(folder, "again.db")}`)
    for (let n = 1; n < stores.length; n++) await move(stores[n - 1]!, stores[n]!)
  }, 120_000)

  test("is whole, and the same row for row, wherever it is", async () => {
    const first = await verify(stores[0]!)
    expect(first.findings).toEqual([])
    // Rows of every table are moved in `LedgerRowsContract.ts`; here no webhook and no compliance request is made.
    const made = first.tables.filter(
      ({ table }) =>
        !/^(compliance_|request_|outbox|file_|webhook_|parked|dead_|delivery|metric|consumer|day_visitors|held_erasure|entry_private)/.test(
          table,
        ),
    )
    expect(made.filter(({ rows }) => rows === 0)).toEqual([])
    for (const store of stores.slice(1)) expect(await verify(store)).toEqual(first)
  }, 60_000)

  test("answers every question as before, and goes on: cursors, sessions, joins, requests that come again", async () => {
    expect(before.filter((answer) => !/\n20[01] /.test(answer))).toEqual([])
    const ofReleased = before.filter((answer) => answer.includes(`email=${stranger.email}`))
    expect(ofReleased.map((answer) => answer.includes('"status":"given"'))).toEqual([true, false])
    // The last two hold the same rows as the first two.
    for (const store of [stores[2]!, stores[3]!]) {
      await withServer(store, async (server) => {
        for (const [index, answer] of (await askAll(server)).entries()) expect(answer, store).toBe(before[index])
        await goOn(server)
      })
      expect((await verify(store)).findings).toEqual([])
    }
  }, 120_000)
})
