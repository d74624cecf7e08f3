/**
 * Metrics over HTTP, of a real server that counts by itself: what is recorded, opened and listed is shown by day, by
 * consent type, and by how requests ended.
 */
import { beforeAll, describe, expect, test, vi } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { acme, asOwner, asVisitor, privacy, record, secretOf, shop, startWorld, types, visit, yes } from "./world.ts"

const server = served(startWorld)

const organization = `/privacy-v1/organizations/${acme.id}`
const dayMillis = 86_400_000
const today = Math.floor(Date.now() / dayMillis) * dayMillis
const range = `startDate=${today - 2 * dayMillis}&endDate=${today + 2 * dayMillis}`

const get = (path: string, headers = asOwner): Promise<Answer> => server.request("GET", path, { headers })

/** What was recorded may be of the day before, or of the day after. */
const ofShop = ({ json }: Answer) =>
  json.items.filter((item: { readonly project: string }) => item.project === shop.id) as ReadonlyArray<{
    readonly consentEvents: { readonly created: number }
    readonly complianceRequests: {
      readonly created: number
      readonly stateCount: Readonly<Record<string, number>>
      readonly stateChanged: Readonly<Record<string, number>>
    }
    readonly finalized: boolean
  }>

/** Waits until the server has counted: until what is expected holds. */
const counted = <A>(check: () => Promise<A>): Promise<A> => vi.waitFor(check, { timeout: 30_000, interval: 50 })

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((before, each) => before + each, 0)

beforeAll(async () => {
  const items = ["a", "b", "c"].map((user) => yes({ userId: user }))
  expect((await record(server, [...items, { ...yes({ userId: "d" }), consentState: "declined" }])).status).toBe(201)
  await visit(server)
  const requests = `${privacy()}/compliance-requests`
  const body = { items: [{ request: "view", userEmail: "jo@example.org", preverified: true }] }
  const opened = await server.request("POST", requests, { headers: asOwner, json: body })
  expect([opened.status, opened.text]).toEqual([201, expect.anything()])
  const { id } = opened.json.items[0]
  const resolved = { status: "resolved", resolutionStatus: "partially_completed", resolution: "nothing" }
  const answer = await server.request("PATCH", `${requests}/${id}`, { headers: asOwner, json: resolved })
  expect([answer.status, answer.text]).toEqual([200, expect.anything()])
})

describe("metrics", { timeout: 60_000 }, () => {
  test("by day count events, requests and their statuses, and are not finalized before the day is over", async () => {
    const days = await counted(async () => {
      const found = ofShop(await get(`${organization}/metrics?${range}`))
      expect(sum(found.map(({ consentEvents }) => consentEvents.created))).toBe(4)
      expect(found.at(-1)!.complianceRequests.stateCount["resolved"]).toBe(1)
      return found
    })
    expect(sum(days.map(({ complianceRequests }) => complianceRequests.created))).toBe(1)
    expect(days.at(-1)).toMatchObject({ finalized: false, sessions: expect.anything() })
    expect(days.at(-1)!.complianceRequests.stateCount).toEqual({
      pending_verification: 0,
      submitted: 0,
      acknowledged: 0,
      resolved: 1,
    })
    for (const status of ["submitted", "acknowledged", "resolved"]) {
      expect(sum(days.map(({ complianceRequests }) => complianceRequests.stateChanged[status]!))).toBe(1)
    }
  })

  test("of consent events are told by type, with the share of those that agreed", async () => {
    const months = await counted(async () => {
      const { json } = await get(`${privacy()}/metrics/consent?${range}&interval=month`)
      expect(sum(json.items.map(({ declined }: { readonly declined: number }) => declined))).toBe(1)
      return json.items
    })
    expect(months).toHaveLength(1)
    expect(months[0]).toMatchObject({ accepted: 3, declined: 1, implied: 0, viewed: 0, optInRate: 0.75 })
    expect(Object.values(types).map(({ id }) => id)).toContain(months[0].consentType)
    expect(months[0]).not.toHaveProperty("suppressed")
  })

  test("by region and host name tell nothing of a month before it is finalized", async () => {
    for (const groupBy of ["geography", "domain"]) {
      const { json, status } = await get(`${privacy()}/metrics/consent?${range}&groupBy=${groupBy}`)
      expect(status).toBe(200)
      expect(Date.parse(json.toldUntil)).toBeLessThanOrEqual(Date.now())
      expect(json.items).toEqual([])
    }
  })

  test("of requests of a year are told as they are to be published, and as a table", async () => {
    const year = new Date().getUTCFullYear()
    const path = `${organization}/metrics/compliance?year=${year}`
    const view = await counted(async () => {
      const { json } = await get(path)
      const found = json.items.find(({ request }: { readonly request: string }) => request === "view")
      expect(found.partiallyCompleted).toBe(1)
      return found
    })
    expect(view).toMatchObject({ received: 1, open: 0, denied: 0, onTime: 1, late: 0, medianDays: 0, meanDays: 0 })
    const table = await get(`${path}&format=csv`)
    expect(table.headers["content-type"]).toBe("text/csv; charset=utf-8")
    const [head, ...rows] = table.text.trimEnd().split("\r\n")
    expect(head!.split(",").slice(0, 3)).toEqual(["request", "received", "completed"])
    expect(rows.map((row) => row.split(",").slice(0, 2))).toEqual([
      ["view", "1"],
      ["change", "0"],
      ["delete", "0"],
      ["do_not_sell", "0"],
    ])
    const other = await get(`${path}&regulation=${encodeURIComponent("clock:ccpa@2023-03")}`)
    expect(other.json.items.map(({ received }: { readonly received: number }) => received)).toEqual([0, 0, 0, 0])
  })

  test("count events that were answered, and visitors, once they are written", async () => {
    const visitor = await visit(server)
    expect((await asVisitor(server, visitor, "GET", "consent-events")).status).toBe(200)
    expect((await get(`${privacy()}/consent-events`)).json.total).toBe(4)
  })

  test("of a test project are answered only where it is named", async () => {
    const json = {
      name: "Trial",
      primaryDomain: "trial.example",
      privacyPolicyUrl: "https://trial.example/p",
      status: "test",
    }
    const made = await server.request("POST", `${organization}/projects`, { headers: asOwner, json })
    expect([made.status, made.text]).toEqual([201, expect.anything()])
    const { id } = made.json
    const projectsOf = async (more: string) =>
      new Set(
        (await get(`${organization}/metrics?${range}${more}`)).json.items.map(
          ({ project }: { readonly project: string }) => project,
        ),
      )
    const unnamed = await projectsOf("")
    expect([unnamed.has(shop.id), unnamed.has(id)]).toEqual([true, false])
    expect(await projectsOf(`&project=${id}`)).toEqual(new Set([id]))
    expect(await projectsOf(`&project=${id}&project=${shop.id}`)).toEqual(new Set([id, shop.id]))
  })

  test("refuse a range that is too long, and a date that is none; a key sees the projects that it may read", async () => {
    for (const path of [`${organization}/metrics`, `${privacy()}/metrics/consent`]) {
      const long = await get(`${path}?startDate=0&endDate=${today}`)
      expect([long.status, long.json.errors]).toEqual([
        422,
        [{ parameter: "endDate", code: "range_too_long", detail: expect.any(String) }],
      ])
      expect((await get(`${path}?startDate=yesterday&endDate=${today}`)).status).toBe(400)
      expect((await get(`${path}?endDate=${today}`)).status).toBe(400)
    }
    const empty = await get(`${organization}/metrics?startDate=${today}&endDate=${today - dayMillis}`)
    expect(empty.json).toEqual({ count: 0, items: [] })
    const viewer = await get(`${organization}/metrics?${range}`, { "x-api-key": secretOf(acme, "viewer") })
    expect(viewer.status).toBe(200)
    expect(new Set(viewer.json.items.map(({ project }: { readonly project: string }) => project)).has(shop.id)).toBe(
      true,
    )
    const one = await get(`${organization}/metrics?${range}&project=${shop.id}`)
    expect(ofShop(one)).toHaveLength(one.json.count)
    const none = await server.request("GET", `${organization}/metrics?${range}`)
    expect(none.status).toBe(401)
  })
})
