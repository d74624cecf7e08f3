/** Cursors of lists: pages that neither skip nor repeat while events are recorded, and texts that are not cursors. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { asLimited, dates, idsOf, isOrdered, type Query, servedSeeded } from "./eventRequests.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, asVisitor, blog, foreign, openSession, other, privacy, record, secretOf } from "./world.ts"
import { site, violations, type Visitor, yes } from "./world.ts"

const { server, visitors, seeded, list, page, walk } = servedSeeded()

describe("pages by cursor", () => {
  test("neither skip nor repeat while 8 writers append: they are exactly what was there when the first page was read", async () => {
    let ticks = 0
    let isWriting = true
    const written: Array<{
      readonly begun: number
      readonly acknowledged: number
      readonly ids: ReadonlyArray<string>
    }> = []
    const writer = async (name: number) => {
      for (let n = 0; isWriting; n++) {
        const begun = ticks++
        const items = Array.from({ length: 4 }, (_, index) =>
          yes({
            userId: `writer ${name} ${index}`,
            consentState: "viewed",
            ...(n % 3 > 0 && { consentDate: dates[(n + index) % 4] }),
          }),
        )
        const answer = await record(server, items)
        expect(answer.status, answer.text).toBe(201)
        written.push({ begun, acknowledged: ticks++, ids: idsOf(answer.json.items) })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    const writers = Array.from({ length: 8 }, (_, name) => writer(name))
    const walks = (["consentDate", "dateCreated"] as const).flatMap((sort) =>
      ["asc", "desc"].flatMap((order) => [11, 40, 1000].map((limit) => ({ sort, order, limit }))),
    )
    const walked = await Promise.all(
      walks.map(async ({ sort, order, limit }, index) => {
        await new Promise((resolve) => setTimeout(resolve, 40 * index))
        const asked = ticks++
        let answered = Infinity
        const query: Query = [
          ["sort", sort],
          ["order", order],
          ["limit", String(limit)],
        ]
        const items = await walk(query, () => (answered = ticks++))
        expect(isOrdered(items, sort, order)).toBe(true)
        return { asked, answered, ids: idsOf(items) }
      }),
    )
    isWriting = false
    await Promise.all(writers)
    for (const { answered, asked, ids } of walked) {
      const all = new Set(ids)
      expect(all.size).toBe(ids.length)
      const before = written.filter(({ acknowledged }) => acknowledged < asked).flatMap(({ ids }) => ids)
      const after = written.filter(({ begun }) => begun > answered).flatMap(({ ids }) => ids)
      expect([...idsOf(seeded), ...before].filter((id) => !all.has(id))).toEqual([])
      expect(after.filter((id) => all.has(id))).toEqual([])
      // A batch is listed as a whole, or not at all.
      expect(written.filter(({ ids }) => ids.some((id) => all.has(id)) && !ids.every((id) => all.has(id)))).toEqual([])
    }
    expect(written.length).toBeGreaterThan(50)
  })

  test("of a visitor's own events do not either, while others write", async () => {
    const visitor = visitors[0]!
    const say = () =>
      asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes({ consentState: "viewed" })] } })
    for (let n = 0; n < 6; n++) await say()
    const asked = await page([["limit", "1000"]], { "x-session": visitor.session }, `${site()}/consent-events`)
    const items = await walk(
      [["limit", "3"]],
      () => void say(),
      { "x-session": visitor.session },
      `${site()}/consent-events`,
    )
    expect(idsOf(items)).toEqual(idsOf(asked.items))
    expect(new Set(items.map(({ concordId }) => concordId))).toEqual(new Set([visitor.concordId]))
  })
})

describe("a cursor", () => {
  const query: Query = [
    ["label", "newsletter"],
    ["limit", "5"],
  ]
  const cursorOf = async (): Promise<string> => (await page(query)).nextCursor!
  const refuses = async (answer: Promise<Answer>, why: string) => {
    const refused = await answer
    expect(refused.status, why).toBe(400)
    expectProblem(refused, 400)
    expect(violations(refused), why).toEqual(["?cursor unknown_cursor"])
  }

  test("altered at any character, shortened or lengthened, is 400 unknown_cursor", async () => {
    const cursor = await cursorOf()
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    const at = (index: number, digit: string) => cursor.slice(0, index) + digit + cursor.slice(index + 1)
    const next = (index: number) => digits[(digits.indexOf(cursor[index]!) + 1) % 64]!
    const altered = [
      ...Array.from(cursor, (_, index) => at(index, next(index))),
      // Only bits of the last digit that belong to no byte differ.
      ...Array.from(digits, (digit) => at(cursor.length - 1, digit)).filter((text) => text !== cursor),
      ...["=", "==", "A", "AAAA", "\n", " ", "%"].flatMap((more) => [cursor + more, more + cursor]),
      ...[1, 2, 3, 4, 43, 44].map((count) => cursor.slice(0, -count)),
      `${cursor.slice(0, 10)}\n${cursor.slice(10)}`,
      cursor + cursor,
      cursor.toLowerCase(),
    ]
    for (const text of altered) await refuses(list([...query, ["cursor", text]]), JSON.stringify(text))
    expect((await list([...query, ["cursor", cursor]])).status).toBe(200)
  })

  test("that is any text is 400 unknown_cursor", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "0", "null", "{}", "undefined"),
    )
    await fc.assert(
      fc.asyncProperty(text, (cursor) => refuses(list([...query, ["cursor", cursor]]), JSON.stringify(cursor))),
      { numRuns: 100 },
    )
  })

  test("of another filter, sort, order, key, project or list is 400 unknown_cursor; of another limit it goes on", async () => {
    const cursor = await cursorOf()
    const and = (...more: Query): Query => [...query, ...more, ["cursor", cursor]]
    for (const more of [
      ["consentState", "accepted"],
      ["startDate", "2020-01-01T00:00:00Z"],
      ["sort", "dateCreated"],
      ["order", "asc"],
    ] as const) {
      await refuses(list(and(more)), more.join())
    }
    await refuses(
      list([
        ["limit", "5"],
        ["cursor", cursor],
      ]),
      "no filter",
    )
    await refuses(
      list([
        ["label", "policy"],
        ["cursor", cursor],
      ]),
      "another label",
    )
    await refuses(list(and(), asLimited), "another key")
    await refuses(list(and(), asOwner, `${privacy(blog)}/consent-events`), "another project")
    const stranger = { "x-api-key": secretOf(other, "owner") }
    await refuses(list(and(), stranger, `${privacy(foreign)}/consent-events`), "another organization")
    const typesPath = `${privacy()}/consent-types`
    await refuses(list(and(), asOwner, typesPath), "types")
    const ofTypes = (await page([["limit", "2"]], asOwner, typesPath)).nextCursor!
    await refuses(
      list([
        ["limit", "2"],
        ["cursor", ofTypes],
      ]),
      "a cursor of types",
    )
    await refuses(
      list(
        [
          ["limit", "2"],
          ["cursor", ofTypes],
        ],
        asOwner,
        `${privacy(blog)}/consent-types`,
      ),
      "types elsewhere",
    )
    const lists = [`/privacy-v1/organizations/${acme.id}/projects`, `/privacy-v1/organizations/${acme.id}/api-keys`]
    for (const path of lists) {
      const own = (await page([["limit", "1"]], asOwner, path)).nextCursor!
      await refuses(
        list([
          ["limit", "1"],
          ["cursor", own],
        ]),
        path,
      )
      await refuses(
        list(
          [
            ["limit", "5"],
            ["cursor", cursor],
          ],
          asOwner,
          path,
        ),
        path,
      )
    }
    const whole = await page([
      ["label", "newsletter"],
      ["limit", "1000"],
    ])
    const rest = await page([
      ["label", "newsletter"],
      ["limit", "1000"],
      ["cursor", cursor],
    ])
    // There may be more events than fit on a page.
    expect(idsOf(rest.items).slice(0, 995)).toEqual(idsOf(whole.items).slice(5))
  })

  test("of another session is 400 unknown_cursor, also of one about the same person", async () => {
    const [one, another] = visitors
    const again: Visitor = (await openSession(server, { contextId: one!.contextId })).json
    expect(again.concordId).toBe(one!.concordId)
    const own = (visitor: Visitor, more: Query) =>
      list([["limit", "1"], ...more], { "x-session": visitor.session }, `${site()}/consent-events`)
    const cursor: string = (await own(one!, [])).json.nextCursor
    expect((await own(one!, [["cursor", cursor]])).status).toBe(200)
    for (const visitor of [another!, again]) await refuses(own(visitor, [["cursor", cursor]]), "another session")
    await refuses(
      list([
        ["limit", "1"],
        ["cursor", cursor],
      ]),
      "a key",
    )
    await refuses(
      list([
        ["limit", "1"],
        ["concordId", one!.concordId],
        ["cursor", cursor],
      ]),
      "a key, about the visitor",
    )
  })

  test("together with offset is 400", async () => {
    const cursor = await cursorOf()
    for (const offset of ["0", "5"]) expectProblem(await list([...query, ["cursor", cursor], ["offset", offset]]), 400)
  })
})
