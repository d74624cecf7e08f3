/** `POST` and `GET /site-v1/…/consent-events`: a browser records and lists events of its own visitor only. */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import {
  acme,
  ask,
  asVisitor,
  openSession,
  record,
  shop,
  startWorld,
  types,
  violations,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const server = served(startWorld)

interface Answered {
  readonly id: string
  readonly consentDate: string
}

const post = (visitor: Visitor, items: ReadonlyArray<unknown>) =>
  asVisitor(server, visitor, "POST", "consent-events", { json: { items } })
const list = (visitor: Visitor, query = "") => asVisitor(server, visitor, "GET", `consent-events${query}`)
const idsOf = async (visitor: Visitor, query = ""): Promise<ReadonlyArray<string>> =>
  (await list(visitor, query)).json.items.map(({ id }: Answered) => id)

describe("a visitor's event", () => {
  test("is answered with its session, and is submitted by the visitor", async () => {
    const opened = await openSession(server, {}, shop, { "user-agent": "Browser/1.0" })
    const visitor: Visitor = opened.json
    const answer = await post(visitor, [yes({ consentState: "implied", consentAction: "implied" })])
    expect(answer.status).toBe(201)
    const { id: _, dateCreated, ...event } = answer.json.items[0]
    expect(event).toEqual({
      createdAt: [dateCreated],
      updatedAt: [dateCreated],
      concordId: visitor.concordId,
      consentAction: "implied",
      consentDate: dateCreated,
      consentState: "implied",
      dateUpdated: dateCreated,
      consentType: types.newsletter.id,
      organization: acme.id,
      project: shop.id,
      session: { id: visitor.id, ipAddress: "127.0.0.0", domain: "shop.example", userAgent: "Browser/1.0" },
      submitter: visitor.concordId,
      category: "communication",
      subcategory: ["email"],
      label: "newsletter",
      version: 1,
    })
  })

  test("is always about the visitor: identifiers of the body are ignored, and an old date of a refusal is now", async () => {
    const victim = (await record(server, [yes({ userId: "victim", email: "victim@example.com" })])).json.items[0]
      .concordId
    const visitor = await visit(server)
    const forged = {
      concordId: victim,
      userId: "victim",
      email: "victim@example.com",
      consentState: "declined",
      consentDate: "2001-01-01T00:00:00Z",
      expirationDate: "2001-01-01T00:00:00Z",
      submitter: victim,
    }
    const { items } = (await post(visitor, [yes(forged)])).json
    expect(items[0]).toMatchObject({ concordId: visitor.concordId, submitter: visitor.concordId })
    expect(items[0].consentDate).toBe(items[0].dateCreated)
    expect(items[0]).not.toHaveProperty("expirationDate")
    const { items: kept } = (await ask(server, "consent-state", { concordId: victim })).json
    expect(kept).toMatchObject([{ consentState: "accepted" }])
  })

  test("cannot be an import", async () => {
    const answer = await post(await visit(server), [yes({ consentAction: "import" })])
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual(["/items/0/consentAction invalid"])
  })

  test("needs a type of the project, and keeps the rules that a server's has", async () => {
    const visitor = await visit(server)
    const { consentType: _, ...untyped } = yes()
    const answer = await post(visitor, [
      untyped,
      yes({ consentType: types.archived.id }),
      yes({ label: "other" }),
      yes({ consentType: types.clicks.id, consentState: "implied" }),
    ])
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual([
      "/items/0/consentType consent_type_missing",
      "/items/1/consentType consent_type_not_active",
      "/items/2/label consent_type_mismatch",
      "/items/3/consentState state_not_valid",
    ])
  })

  test("is never refused when it is a no", async () => {
    const answer = await post(
      await visit(server),
      [types.archived, types.obsolete, types.clicks].map(({ id }) =>
        yes({ consentType: id, consentState: "declined" }),
      ),
    )
    expect(answer.status).toBe(201)
  })
})

describe("a visitor's list", () => {
  let visitor: Visitor
  let ids: ReadonlyArray<string>
  const dates = ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03", "2024-01-04"].map(
    (day) => `${day}T00:00:00.000Z`,
  )

  beforeAll(async () => {
    visitor = await visit(server)
    // A server records events of the visitor: with dates, out of order, two at the same instant.
    const { concordId } = visitor
    const made: Array<Answered> = []
    for (const consentDate of [dates[3], dates[0], dates[1], dates[4], dates[2]]) {
      made.push((await record(server, [yes({ concordId, consentDate, consentAction: "import" })])).json.items[0])
    }
    made.push((await post(visitor, [yes({ consentState: "declined" })])).json.items[0])
    ids = made
      .toSorted((a, b) => (a.consentDate + a.id < b.consentDate + b.id ? -1 : 1))
      .map(({ id }) => id)
      .toReversed()
  })

  test("is newest first, whole, with offset, count and total", async () => {
    const answer = await list(visitor)
    expect(answer.status).toBe(200)
    const { items, ...page } = answer.json
    expect(page).toEqual({ offset: 0, count: 6, total: 6 })
    expect(items.map(({ id }: Answered) => id)).toEqual(ids)
    expect(items[0]).toMatchObject({ consentState: "declined", session: { id: visitor.id } })
  })

  test("is turned around by order=asc", async () => {
    expect(await idsOf(visitor, "?order=asc")).toEqual(ids.toReversed())
    expect(await idsOf(visitor, "?order=desc&sort=consentDate")).toEqual(ids)
  })

  test("is sorted by dateCreated on request", async () => {
    const byCreation = await idsOf(visitor, "?sort=dateCreated&order=asc")
    expect(byCreation).toEqual(byCreation.toSorted())
    expect(byCreation).not.toEqual(ids.toReversed())
    expect(await idsOf(visitor, "?sort=dateCreated")).toEqual(byCreation.toReversed())
  })

  test("comes in pages that join to the whole", async () => {
    const pages = await Promise.all([0, 2, 4, 6].map(async (offset) => list(visitor, `?offset=${offset}&limit=2`)))
    expect(pages.map(({ json }) => [json.offset, json.count, json.total])).toEqual([
      [0, 2, 6],
      [2, 2, 6],
      [4, 2, 6],
      [6, 0, 6],
    ])
    expect(pages.flatMap(({ json }) => json.items.map(({ id }: Answered) => id))).toEqual(ids)
    expect(await idsOf(visitor, "?limit=1000")).toEqual(ids)
    expect(await idsOf(visitor, "?limit=1")).toEqual(ids.slice(0, 1))
    expect(await idsOf(visitor, `?offset=${Number.MAX_SAFE_INTEGER}`)).toEqual([])
  })

  test("is limited to the dates from startDate, inclusive, to endDate, exclusive; total counts these", async () => {
    const answer = await list(visitor, `?startDate=${dates[1]}&endDate=${dates[3]}&limit=1`)
    expect(answer.json).toMatchObject({ offset: 0, count: 1, total: 2 })
    const between = `?startDate=${dates[1]}&endDate=${dates[3]}`
    expect((await list(visitor, between)).json.items.map(({ consentDate }: Answered) => consentDate)).toEqual([
      dates[2],
      dates[1],
    ])
    expect((await list(visitor, `?endDate=${dates[0]}`)).json.total).toBe(0)
    expect((await list(visitor, `?startDate=${dates[4]}`)).json.total).toBe(2)
    expect((await list(visitor, `?startDate=${dates[3]}&endDate=${dates[1]}`)).json.total).toBe(0)
    expect((await list(visitor, "?endDate=2024-01-01T00:00:00.001-00:00")).json.total).toBe(1)
  })

  test.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=-1", "limit"],
    ["limit=1.5", "limit"],
    ["limit=ten", "limit"],
    ["limit=", "limit"],
    ["limit=NaN", "limit"],
    ["limit=0x10", "limit"],
    ["limit=1e2", "limit"],
    ["limit=%2010", "limit"],
    ["offset=-1", "offset"],
    ["offset=", "offset"],
    ["offset=Infinity", "offset"],
    ["offset=9007199254740993", "offset"],
    ["sort=label", "sort"],
    ["sort=__proto__", "sort"],
    ["order=up", "order"],
    ["startDate=yesterday", "startDate"],
    ["endDate=2024-13-01T00:00:00Z", "endDate"],
    ["limit=5&limit=6", "limit"],
  ])("answers 400 to %s and names the parameter", async (query, parameter) => {
    const answer = await list(visitor, `?${query}`)
    expect(answer.status).toBe(400)
    expect(violations(answer)).toEqual([`?${parameter} invalid`])
  })

  test("answers 400 to a parameter it does not know", async () => {
    expect(violations(await list(visitor, "?page=2"))).toEqual(["?page unknown"])
  })
})
