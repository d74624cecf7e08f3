/**
 * `GET …/consent-events` and `…/{id}` of both APIs: filters, order, exact totals and offsets; and one event by its id.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { dates, type Event, idsOf, isOrdered, type Query, servedSeeded } from "./eventRequests.ts"
import { expectProblem } from "./problem.ts"
import { asOwner, asVisitor, blog, blogNewsletter, foreign, nobody, other, privacy, record, secretOf } from "./world.ts"
import { shop, yes } from "./world.ts"

const { server, visitors, seeded, list, page, walk } = servedSeeded()

/** Whether an event as it is answered passes a filter. */
const passes = (event: Event, query: Query): boolean => {
  const values = Map.groupBy(query, ([name]) => name)
  return [...values].every(([name, given]) => {
    const all = given.map(([, value]) => value)
    const value = all[0]!
    switch (name) {
      case "startDate":
        return Date.parse(event.consentDate) >= Date.parse(value)
      case "endDate":
        return Date.parse(event.consentDate) < Date.parse(value)
      case "subcategory":
        return event.subcategory[0] === value
      case "sessionId":
        return event.session?.id === value.toLowerCase()
      case "domain":
        return event.session?.domain === value
      case "geography":
        return event.session?.geography === value
      case "submitter":
      case "concordId":
        return event[name] === value.toLowerCase()
      case "category":
      case "label":
      case "consentState":
      case "consentAction":
        return all.includes(event[name])
      default:
        return true
    }
  })
}

describe("a list of events", () => {
  test("is the newest first, 100 at most unless asked for more, and only the project's own", async () => {
    const first = await page([])
    expect(first).toMatchObject({ offset: 0, count: 100, total: 126 })
    expect(idsOf(first.items)).toEqual(idsOf(seeded).slice(0, 100))
    expect(isOrdered(seeded, "consentDate", "desc")).toBe(true)
    const one = await page([], asOwner, `${privacy(blog)}/consent-events`)
    expect(one).toMatchObject({ total: 1, items: [{ consentType: blogNewsletter.id }] })
    expect(one).not.toHaveProperty("nextCursor")
  })

  test.each(["consentDate", "dateCreated"] as const)(
    "is sorted by %s, ascending as the reverse of descending",
    async (sort) => {
      const [asc, desc] = [
        await page([
          ["sort", sort],
          ["order", "asc"],
          ["limit", "1000"],
        ]),
        await page([
          ["sort", sort],
          ["limit", "1000"],
        ]),
      ]
      expect(isOrdered(desc.items, sort, "desc")).toBe(true)
      expect(idsOf(asc.items)).toEqual(idsOf(desc.items).toReversed())
      expect(idsOf(asc.items).toSorted()).toEqual(idsOf(seeded).toSorted())
    },
  )

  test("takes startDate in and leaves endDate out, to the millisecond and with any offset", async () => {
    const between = async (startDate: string, endDate: string) =>
      new Set(
        (
          await page([
            ["startDate", startDate],
            ["endDate", endDate],
            ["limit", "1000"],
          ])
        ).items.map(({ consentDate }) => consentDate),
      )
    expect(await between(dates[1]!, dates[3]!)).toEqual(new Set([dates[1], dates[2]]))
    expect(await between("2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00.001Z")).toEqual(new Set([dates[1]]))
    expect(await between(dates[1]!, dates[1]!)).toEqual(new Set())
    expect(await between(dates[3]!, dates[0]!)).toEqual(new Set())
  })

  const one = (parameter: string, ...values: ReadonlyArray<string>): fc.Arbitrary<Query> =>
    fc.option(fc.constantFrom(...values)).map((value) => (value === null ? [] : [[parameter, value]]))
  const several = (parameter: string, ...values: ReadonlyArray<string>): fc.Arbitrary<Query> =>
    fc.oneof(
      fc.constant([]),
      fc.subarray([...values], { minLength: 1 }).map((all) => all.map((value) => [parameter, value] as const)),
    )

  test("under any filter holds exactly what passes it, with its exact total, by offset and by cursor in the same order", async () => {
    const people = [...new Set(idsOf(seeded.map((event) => ({ ...event, id: event.concordId }))))]
    const sessions = visitors.map(({ id }) => id.toUpperCase())
    const submitters = [...new Set(seeded.map(({ submitter }) => submitter))]
    const filter = fc
      .tuple(
        one("startDate", ...dates),
        one("endDate", ...dates, "2100-01-01T00:00:00Z"),
        one("category", "communication", "privacy_setting", "disclosure", "custom"),
        one("subcategory", "email", "analytics", "nothing"),
        one("label", "newsletter", "policy"),
        several("consentState", "accepted", "declined", "implied", "viewed"),
        several("consentAction", "implied", "user_click", "import"),
        one("submitter", ...submitters, nobody),
        one("domain", "shop.example", "localhost", "SHOP.example"),
        one("sessionId", ...sessions, nobody),
        one("geography", "DE-BE", "FR", "DE"),
        one("concordId", ...people, nobody),
      )
      .chain((all) => fc.subarray(all, { minLength: 0, maxLength: 3 }))
      .map((some) => some.flat())
    const asked = fc.tuple(
      filter,
      one("sort", "consentDate", "dateCreated"),
      one("order", "asc", "desc"),
      fc.constantFrom(3, 20, 1000),
    )
    const found = new Set<boolean>()
    await fc.assert(
      fc.asyncProperty(asked, async ([filter, sort, order, limit]) => {
        const ordered: Query = [...sort, ...order]
        const whole = await page([...ordered, ["limit", "1000"]])
        const expected = idsOf(whole.items.filter((event) => passes(event, filter)))
        found.add(expected.length > 0 && expected.length < whole.total)
        const query: Query = [...filter, ...ordered, ["limit", String(limit)]]
        expect(idsOf(await walk(query))).toEqual(expected)
        for (const offset of [0, 2, limit, expected.length, 5000]) {
          const read = await page([...query, ["offset", String(offset)]])
          expect([read.offset, read.total]).toEqual([offset, expected.length])
          expect(idsOf(read.items)).toEqual(expected.slice(offset, offset + limit))
        }
      }),
      { numRuns: 60 },
    )
    expect(found).toContain(true)
  })

  test.each([
    [["startDate", "yesterday"]],
    [["endDate", "2024-01-01"]],
    [["category", "other"]],
    [["consentState", "given"]],
    [["consentAction", "click"]],
    [["submitter", "me"]],
    [["sessionId", "1"]],
    [["concordId", "person 1"]],
    [["limit", "0"]],
    [["limit", "1001"]],
    [["offset", "-1"]],
    [["offset", "1.5"]],
    [["sort", "label"]],
    [["order", "up"]],
    [["person", "1"]],
  ] satisfies ReadonlyArray<[Query[number]]>)(
    "asked for with %j is 400, and names the parameter",
    async (parameter) => {
      const answer = await list([parameter])
      expectProblem(answer, 400)
      expect(answer.json.errors.map((error: { parameter: string }) => error.parameter)).toEqual([parameter[0]])
    },
  )
})

describe("one event", () => {
  test("is answered by its id as it was recorded, byte for byte, in either case of the id", async () => {
    const recorded = await record(server, [yes({ userId: "one" })])
    const [event] = recorded.json.items
    for (const id of [event.id, event.id.toUpperCase()]) {
      const answer = await server.request("GET", `${privacy()}/consent-events/${id}`, { headers: asOwner })
      expect([answer.status, `{"count":1,"items":[${answer.text}]}`]).toEqual([200, recorded.text])
    }
  })

  test("of another project or organization, or of no id there is, is 404", async () => {
    const [event] = seeded
    for (const id of [nobody, "1", "%20", event!.id.slice(1)]) {
      expectProblem(await server.request("GET", `${privacy()}/consent-events/${id}`, { headers: asOwner }), 404)
    }
    expectProblem(
      await server.request("GET", `${privacy(blog)}/consent-events/${event!.id}`, { headers: asOwner }),
      404,
    )
    const stranger = { "x-api-key": secretOf(other, "owner") }
    for (const project of [shop, foreign]) {
      const answer = await server.request("GET", `${privacy(project)}/consent-events/${event!.id}`, {
        headers: stranger,
      })
      expectProblem(answer, 404)
    }
  })

  test("of the visitor's own is answered on the page, what a server recorded of the visitor too; another person's is 404", async () => {
    const [one, another] = visitors
    const ofVisitor = await asVisitor(server, one!, "POST", "consent-events", { json: { items: [yes()] } })
    const ofServer = await record(server, [yes({ concordId: one!.concordId })])
    for (const answer of [ofVisitor, ofServer]) {
      const [event] = answer.json.items
      const own = await asVisitor(server, one!, "GET", `consent-events/${event.id}`)
      expect([own.status, `{"count":1,"items":[${own.text}]}`]).toEqual([200, answer.text])
      expectProblem(await asVisitor(server, another!, "GET", `consent-events/${event.id}`), 404)
    }
    for (const id of [nobody, "x", seeded.at(-1)!.id])
      expectProblem(await asVisitor(server, one!, "GET", `consent-events/${id}`), 404)
  })
})
