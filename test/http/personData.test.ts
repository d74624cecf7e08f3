/**
 * Access: everything that is held about a person and everyone joined with it is answered, and nothing of anyone else.
 */
import { renameSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as PersonData from "../../adapters/http/routes/PersonData.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import type { Server } from "../support/server.ts"
import { makeSigner, publish, type Signer } from "./identityTokens.ts"
import { addressSetting, dataOf, type MarkedPerson, recordPerson } from "./markedPerson.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  asOwner,
  asVisitor,
  blog,
  nobody,
  other,
  privacy,
  record,
  secretOf,
  shop,
  startWorld,
  startWorldOn,
  visit,
  yes,
} from "./world.ts"

let postgres: Postgres | undefined
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const stores: ReadonlyArray<readonly [name: string, begin: () => Promise<Server>]> = [
  ["SQLite", () => startWorld(addressSetting)],
  ["PostgreSQL", async () => startWorldOn(await postgres!.database(), addressSetting)],
]

test("while the keys are away it is 503, because it would not be complete, and answers again with them", async () => {
  const server = await startWorld(addressSetting)
  try {
    const recorded = await record(server, [yes({ userId: "ann", externalId: "an id of a company" })])
    const { concordId } = recorded.json.items[0]
    const file = `${server.file}.keys`
    renameSync(file, `${file}.away`)
    const refused = await dataOf(server, concordId)
    expectProblem(refused, 503)
    expect(refused.json.detail).toContain("keys of personal data")
    renameSync(`${file}.away`, file)
    const answer = await dataOf(server, concordId)
    expect([answer.status, answer.json.personalData[0].data]).toEqual([200, { externalId: "an id of a company" }])
  } finally {
    await server.stop()
  }
})

test("while the keys are away a profile is 503 with the reason, and a release is answered without its reason", async () => {
  const server = await startWorld(addressSetting)
  try {
    const { concordId } = (await record(server, [yes({ userId: "eve" })])).json.items[0]
    renameSync(`${server.file}.keys`, `${server.file}.keys.away`)
    const profile = await asVisitor(server, await visit(server), "POST", "profile", { json: { displayName: "Eve" } })
    expectProblem(profile, 503)
    expect(profile.json.detail).toContain("keys of personal data")
    const release = `/privacy-v1/organizations/${acme.id}/people/${concordId}/identifiers/release`
    const json = { userId: "eve", reason: "given to another person" }
    const headers = { ...asOwner, "idempotency-key": "release" }
    const released = await server.request("POST", release, { headers, json })
    expect([released.status, released.json.kind, "reason" in released.json]).toEqual([200, "released", false])
    renameSync(`${server.file}.keys.away`, `${server.file}.keys`)
    expect((await server.request("POST", release, { headers, json })).text).toBe(released.text)
  } finally {
    await server.stop()
  }
})

describe.each(isLong ? stores : stores.slice(0, 1))("%s:", (_, begin) => {
  let server: Server
  let signer: Signer
  let person: MarkedPerson
  let bystander: MarkedPerson
  // oxlint-disable-next-line no-explicit-any -- what the answer holds is what the test is about
  let data: any
  beforeAll(async () => {
    server = await begin()
    signer = await makeSigner()
    await publish(server, [signer.publicKey])
    person = await recordPerson(server, signer)
    bystander = await recordPerson(server, signer)
    const answer = await dataOf(server, person.guests[0]!)
    expect(answer.status, answer.text).toBe(200)
    data = answer.json
  })
  afterAll(() => server.stop())

  test("the survivor, and everyone that is joined with it", () => {
    expect(data.concordId).toBe(person.concordId)
    const members = [person.concordId, ...person.guests].toSorted()
    expect(data.people.map(({ concordId }: { concordId: string }) => concordId).toSorted()).toEqual(members)
  })

  test("the kinds of identifiers, current and former, with their instants and never a value", () => {
    const kinds = data.identifiers.map(({ isRenamed, kind, until }: Record<string, unknown>) =>
      [kind, isRenamed === true ? "renamed" : until === undefined ? "now" : "former"].join(" "),
    )
    const expected = ["email now", "phoneNumber former", "projectUserId now", "userId now", "userId renamed"]
    expect(kinds.toSorted()).toEqual(expected)
    const text = JSON.stringify(data)
    for (const name of ["email", "userId", "newUserId", "projectUserId", "phoneNumber", "contextId"]) {
      expect([name, text.includes(person.words[name]!)]).toEqual([name, false])
    }
  })

  test("everything that was sent and is kept, in clear", () => {
    const text = JSON.stringify(data)
    const missing = person.shown.filter((name) => !text.includes(person.words[name]!))
    expect(missing).toEqual([])
    const opened = data.personalData.map(({ data, kind }: { data?: object; kind: string }) => [
      kind,
      data !== undefined,
    ])
    expect(opened.every(([, isOpen]: [string, boolean]) => isOpen)).toBe(true)
    expect(new Set(opened.map(([kind]: [string]) => kind))).toEqual(new Set(["event", "fact", "profile", "session"]))
  })

  test("every event of every project, as it is listed", async () => {
    const listed: Array<{ readonly id: string }> = []
    for (const project of [shop, blog]) {
      const query = new URLSearchParams({ concordId: person.concordId, limit: "100" })
      const answer = await server.request("GET", `${privacy(project)}/consent-events?${query}`, { headers: asOwner })
      listed.push(...answer.json.items)
    }
    const events = data.projects.flatMap(({ events }: { events: typeof listed }) => events)
    const byId = (items: ReadonlyArray<{ readonly id: string }>) => items.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    expect(listed.length).toBe(5)
    expect(byId(events)).toEqual(byId(listed))
  })

  test("the decisions with their explanation", async () => {
    for (const { decisions, project } of data.projects) {
      const path = `/privacy-v1/organizations/${acme.id}/projects/${project}/consent-decisions`
      const asked = await server.request("GET", `${path}?concordId=${person.concordId}`, { headers: asOwner })
      const timeless = (items: ReadonlyArray<Record<string, unknown>>) =>
        items.map(({ at: _at, knownAt: _known, ...rest }) => rest)
      expect(timeless(decisions)).toEqual(timeless(asked.json.items))
    }
    expect(data.projects.map(({ project }: { project: string }) => project).toSorted()).toEqual(
      [shop.id, blog.id].toSorted(),
    )
  })

  test("the sessions that are stored, and the facts with evidence and reason", () => {
    expect(data.sessions.length).toBeGreaterThan(0)
    for (const session of data.sessions) {
      expect(session).toMatchObject({ project: shop.id, domain: "shop.example", ipAddress: person.words["address"] })
      expect(session.userAgent).toContain(person.words["userAgent"])
    }
    const kinds = data.facts.map(({ kind }: { kind: string }) => kind).toSorted()
    expect(kinds).toEqual(["joined", "joined", "released", "renamed"])
    expect(data.facts.find(({ kind }: { kind: string }) => kind === "released").reason).toBe(person.words["reason"])
    expect(data.erasures).toEqual([])
  })

  test("nothing of anyone else", () => {
    const text = JSON.stringify(data)
    const foreign = [bystander.concordId, ...bystander.guests, ...Object.values(bystander.words)]
    expect(foreign.filter((word) => text.includes(word))).toEqual([])
  })

  test("no hash and no secret: neither those that are stored, nor a commitment", () => {
    expect(JSON.stringify(data)).not.toMatch(/"(?:alias|renamedTo|commitment|hash|context|token|nonce|wrapped)"/)
  })

  test("404 for a person about which nothing was ever recorded, and for another organization's", async () => {
    expectProblem(await dataOf(server, nobody), 404)
    expectProblem(await dataOf(server, "nobody"), 404)
    const path = `/privacy-v1/organizations/${other.id}/people/${person.concordId}/data`
    const headers = { "x-api-key": secretOf(other, "owner") }
    expectProblem(await server.request("GET", path, { headers }), 404)
  })

  test("a person that has events alone is known", async () => {
    const concordId = (await record(server, [yes({ userId: "only events" })])).json.items[0].concordId
    const answer = await dataOf(server, concordId)
    expect([answer.status, answer.json.projects[0].events.length]).toEqual([200, 1])
  })

  test("a guest that only its browser names: the context, and the session", async () => {
    const { concordId, id } = await visit(server)
    const answer = await dataOf(server, concordId)
    const project = shop.id
    expect(answer.json).toMatchObject({
      people: [{ concordId, isIdentified: false }],
      identifiers: [{ concordId, kind: "contextId", project }],
      sessions: [{ id, concordId, project }],
    })
  })

  // Mutants: a page begins where the page before ended, or a little later.
  test("a person with more events than a page: each once, whatever their dates", async () => {
    const items = Array.from({ length: 300 }, (_, n) =>
      yes({ userId: "many events", consentDate: new Date(Date.UTC(2024, 0, 1) + (n >> 1)).toISOString() }),
    )
    const recorded = await record(server, items)
    const ids = recorded.json.items.map(({ id }: { id: string }) => id)
    const answer = await dataOf(server, recorded.json.items[0].concordId)
    const events = answer.json.projects[0].events.map(({ id }: { id: string }) => id)
    expect(events.toSorted()).toEqual(ids.toSorted())
  })

  test("HEAD is answered without a body and takes no place for long", async () => {
    for (let n = 0; n < 2 * PersonData.openMax.inAll; n++) {
      const path = `/privacy-v1/organizations/${acme.id}/people/${person.concordId}/data`
      const head = await server.request("HEAD", path, { headers: asOwner })
      expect([head.status, head.text]).toEqual([200, ""])
    }
  })
})
