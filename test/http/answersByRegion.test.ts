/**
 * Answers under regions over HTTP: a visitor's under the region of its session, the company's under that of the
 * person's latest session, or under the one that is asked for.
 */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import {
  ask,
  asOwner,
  asVisitor,
  openSession,
  privacy,
  record,
  shop,
  startWorld,
  types,
  violations,
  yes,
} from "./world.ts"

const server = served(() => startWorld({ ASSENT_GEOGRAPHY_HEADER: "x-geography" }))

const write = (method: string, path: string, json: unknown) =>
  server.request(method, `${privacy()}/${path}`, { headers: asOwner, json })

let california = ""

beforeAll(async () => {
  const made = await write("POST", "regions", { name: "CA", regions: ["US-CA"], template: "california" })
  california = made.json.id
  expect((await write("POST", "site-client/publish", {})).status).toBe(200)
})

const open = async (geography?: string, contextId?: string) =>
  (
    await openSession(
      server,
      contextId === undefined ? {} : { contextId },
      shop,
      geography && { "x-geography": geography },
    )
  ).json

const say = async (session: { readonly session: string }, consentState: string) => {
  const items = [{ consentType: types.analytics.id, consentState, consentAction: "user_click" }]
  const answer = await asVisitor(server, session, "POST", "consent-events", { json: { items } })
  expect(answer.status, answer.text).toBe(201)
}

type Line = Readonly<Record<string, unknown>>

const ofAnalytics = (items: ReadonlyArray<Line>): Line =>
  items.find(({ consentType }) => consentType === types.analytics.id)!

const ofVisitor = async (session: { readonly session: string }) =>
  ofAnalytics((await asVisitor(server, session, "GET", "consent-decisions")).json.items)

const ofCompany = async (query: Readonly<Record<string, string>>) =>
  ofAnalytics((await ask(server, "consent-decisions", query)).json.items)

describe("a person that was in regions", () => {
  test("is answered under the region of the latest session, to the page and to the company, now and as known before", async () => {
    const first = await open("US-CA")
    const { concordId } = first
    expect(await ofCompany({ concordId })).not.toHaveProperty("region")
    await say(first, "implied")
    const there = { status: "implied", permitted: true, region: california }
    expect(await ofVisitor(first)).toMatchObject(there)
    const known = await ofCompany({ concordId })
    expect(known).toMatchObject(there)

    const second = await open("DE", first.contextId)
    expect(second.concordId).toBe(concordId)
    const here = { status: "implied", permitted: false, region: shop.id }
    expect(await ofVisitor(second)).toMatchObject(here)
    expect(await ofVisitor(first)).toMatchObject(there)
    // Nothing was said in the second session, so the first one is the latest with an act.
    expect(await ofCompany({ concordId })).toMatchObject(there)
    await say(second, "implied")
    expect(await ofCompany({ concordId })).toMatchObject(here)
    await say(first, "implied")
    expect(await ofCompany({ concordId })).toMatchObject(here)
    expect(await ofCompany({ concordId, at: String(known["at"]), knownAt: String(known["knownAt"]) })).toEqual(known)

    const person = await server.request("GET", `${privacy().split("/projects/")[0]}/people/${concordId}`, {
      headers: asOwner,
    })
    const regions = (person.json.facts as ReadonlyArray<Line>).filter(({ kind }) => kind === "region")
    expect(regions.map(({ region }) => region)).toEqual([
      { project: shop.id, id: california },
      { project: shop.id, id: shop.id },
    ])
  })

  test("is answered under the region that a question names, or under none", async () => {
    const session = await open("US-CA")
    const { concordId } = session
    await say(session, "implied")
    expect(await ofCompany({ concordId, region: shop.id })).toMatchObject({ permitted: false, region: shop.id })
    const none = await ofCompany({ concordId, region: "none" })
    expect(none).toMatchObject({ status: "implied", permitted: true })
    expect(none).not.toHaveProperty("region")
    const body = { region: shop.id, items: [{ person: { concordId }, consentType: types.analytics.id }] }
    const many = await write("POST", "consent-decisions", body)
    expect(many.json.items).toMatchObject([{ permitted: false, region: shop.id }])
    expect((await ask(server, "consent-state", { concordId, region: "none" })).status).toBe(200)
  })

  test("is not answered under a region that was not published, as known then", async () => {
    const unknown = "00000000-0000-7000-8000-000000000001"
    for (const query of [
      { region: unknown },
      { region: "default" },
      { region: california, knownAt: "2020-01-01T00:00:00Z" },
    ]) {
      const answer = await ask(server, "consent-decisions", { userId: "someone", ...query })
      expect([answer.status, violations(answer)]).toEqual([400, ["?region unknown_region"]])
    }
    const body = { region: unknown, items: [{ person: { userId: "ann" }, consentType: types.analytics.id }] }
    const many = await write("POST", "consent-decisions", body)
    expect([many.status, violations(many)]).toEqual([422, ["/region unknown_region"]])
  })

  test("has no region by what a server of the company records", async () => {
    await record(server, [yes({ userId: "of the company", consentType: types.analytics.id })])
    expect(await ofCompany({ userId: "of the company" })).not.toHaveProperty("region")
  })
})
