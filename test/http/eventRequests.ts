/** Requests for lists of events, and a server with events of every kind to list. */
import { beforeAll, expect } from "vitest"
import type { Answer, Server } from "../support/server.ts"
import { served } from "../support/served.ts"
import { acme, asOwner, asVisitor, blog, blogNewsletter, openSession, privacy, record, secretOf } from "./world.ts"
import { shop, startWorld, types, type Visitor, yes } from "./world.ts"

/** The members of an answered event by which events are listed. */
export interface Event {
  readonly id: string
  readonly concordId: string
  readonly consentDate: string
  readonly dateCreated: string
  readonly category: string
  readonly subcategory: ReadonlyArray<string>
  readonly label: string
  readonly consentState: string
  readonly consentAction: string
  readonly submitter: string
  readonly session?: { readonly id: string; readonly domain: string; readonly geography?: string }
}

/** The parameters of a list; some may come several times. */
export type Query = ReadonlyArray<readonly [parameter: string, value: string]>

/** The header of a key with the role `limited`. */
export const asLimited = { "x-api-key": secretOf(acme, "limited") }
/** The `consentDate`s of the seeded events: few, so that many are equal. */
export const dates = [
  "2023-12-31T23:59:59.999Z",
  "2024-01-01T00:00:00.000Z",
  "2024-01-01T00:00:00.001Z",
  "2024-06-01T00:00:00.000Z",
]

export const idsOf = (events: ReadonlyArray<Event>): ReadonlyArray<string> => events.map(({ id }) => id)

/** Whether events are ordered by a date. */
export const isOrdered = (events: ReadonlyArray<Event>, sort: "consentDate" | "dateCreated", order: string): boolean =>
  events.every((event, index) => {
    const next = events[index + 1]
    return next === undefined || (order === "asc" ? event[sort] <= next[sort] : event[sort] >= next[sort])
  })

const listsOf = (server: Server) => {
  const list = (
    query: Query,
    headers: Readonly<Record<string, string>> = asOwner,
    path = `${privacy()}/consent-events`,
  ): Promise<Answer> =>
    server.request(
      "GET",
      `${path}?${new URLSearchParams(query.map(([name, value]) => [name, value] satisfies [string, string]))}`,
      { headers },
    )

  const page = async (query: Query, headers: Readonly<Record<string, string>> = asOwner, path?: string) => {
    const answer = await list(query, headers, path)
    expect(answer.status, answer.text).toBe(200)
    return answer.json as {
      offset: number
      count: number
      total: number
      items: ReadonlyArray<Event>
      nextCursor?: string
    }
  }

  /** Follows the cursors from the first page to the last. Calls `afterFirst` after the first one. */
  const walk = async (
    query: Query,
    afterFirst = () => {},
    headers: Readonly<Record<string, string>> = asOwner,
    path?: string,
  ) => {
    const items: Array<Event> = []
    const totals = new Set<number>()
    let cursor: string | undefined
    do {
      const { nextCursor, ...read } = await page(
        [...query, ...(cursor ? [["cursor", cursor] as const] : [])],
        headers,
        path,
      )
      expect([read.offset, read.count]).toEqual([items.length, read.items.length])
      if (items.length === 0) afterFirst()
      items.push(...read.items)
      totals.add(read.total)
      cursor = nextCursor
    } while (cursor !== undefined)
    expect([...totals]).toEqual([items.length])
    return items
  }

  return { list, page, walk }
}

/** Records events in the shop, of two keys and of visitors, and one in another project. Returns the visitors. */
const seed = async (server: Server): Promise<ReadonlyArray<Visitor>> => {
  const states = ["accepted", "declined", "implied", "viewed"]
  const some = [types.newsletter, types.analytics, types.policy]
  const items = Array.from({ length: 120 }, (_, n) =>
    yes({
      userId: `person ${n % 7}`,
      consentType: some[n % 3]!.id,
      consentState: states[n % 4],
      consentAction: ["implied", "user_click", "import"][(n % 5) % 3],
      consentDate: dates[Math.floor(n / 3) % 4],
    }),
  )
  await record(server, items.slice(0, 90))
  await record(server, items.slice(90), { headers: asLimited })
  const opened: Array<Visitor> = []
  for (const [origin, geography] of [
    ["shop.example", "DE-BE"],
    ["localhost", "FR"],
    ["shop.example", "FR"],
  ]) {
    const headers = { origin: `https://${origin}`, "x-geography": geography! }
    const visitor: Visitor = (await openSession(server, {}, shop, headers)).json
    opened.push(visitor)
    for (const consentState of ["viewed", "accepted"]) {
      await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes({ consentState })] } })
    }
  }
  const elsewhere = { json: { items: [yes({ userId: "person 1", consentType: blogNewsletter.id })] }, headers: asOwner }
  await server.request("POST", `${privacy(blog)}/consent-events`, elsewhere)
  return opened
}

/**
 * A server with events, for the tests of a file. `seeded` holds every event of the shop, newest first; it and
 * `visitors` are filled before the tests run.
 */
export const servedSeeded = () => {
  const server = served(() => startWorld({ ASSENT_GEOGRAPHY_HEADER: "x-geography", ASSENT_RATE_LIMIT_SESSION: "off" }))
  const { list, page, walk } = listsOf(server)
  const visitors: Array<Visitor> = []
  const seeded: Array<Event> = []
  beforeAll(async () => {
    visitors.push(...(await seed(server)))
    seeded.push(...(await page([["limit", "1000"]])).items)
    expect(seeded).toHaveLength(126)
  })
  return {
    server,
    visitors: visitors as ReadonlyArray<Visitor>,
    seeded: seeded as ReadonlyArray<Event>,
    list,
    page,
    walk,
  }
}
