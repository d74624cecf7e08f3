/**
 * `…/consent-types`: which types each caller gets, archived and deleted types and the answers they accept, and lists of
 * types.
 */
import { beforeAll, describe, expect, test } from "vitest"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { change, changed, create, created, decision, listed, listTypes, newType, remove } from "./typeRequests.ts"
import { shown, type TypeAnswer, typesIn } from "./typeRequests.ts"
import { ask, asOwner, asVisitor, blog, blogNewsletter, foreignNewsletter, nobody, privacy } from "./world.ts"
import { record, site, startWorld, types, violations, visit, yes } from "./world.ts"

const server = served(startWorld)

const idsOf = (answer: Answer): ReadonlyArray<string> => answer.json.items.map(({ id }: TypeAnswer) => id)

test("another project's type is 404, and so is one that there is not", async () => {
  const others = [blogNewsletter.id, foreignNewsletter.id, nobody, "newsletter", "__proto__"]
  for (const id of others) {
    expectProblem(await change(server, id, { required: true }), 404)
    expectProblem(await remove(server, id), 404)
    expectProblem(await shown(server, id, 1), 404)
  }
  for (const version of [0, 2, "01", "1.0", "-1", "latest"]) {
    expectProblem(await shown(server, types.newsletter.id, version), 404)
  }
  const blogs = await server.request("GET", typesIn(blog), { headers: asOwner })
  expect(blogs.json.items.find(({ id }: TypeAnswer) => id === blogNewsletter.id)).toMatchObject({ required: false })
})

test("a viewer reads types and sets none up", async () => {
  for (const role of ["viewer", "limited"]) {
    const headers = { "x-api-key": `assent_Acme_${role}_${"s".repeat(30)}` }
    expect((await server.request("GET", typesIn(), { headers })).status).toBe(200)
    expectProblem(await server.request("POST", typesIn(), { headers, json: newType() }), 403)
    const one = `${typesIn()}/${types.newsletter.id}`
    expectProblem(await server.request("PATCH", one, { headers, json: { name: "Another" } }), 403)
    expectProblem(await server.request("DELETE", one, { headers }), 403)
  }
})

test("a page is shown the active types only, whatever it asks for", async () => {
  const visitor = await visit(server)
  const planned = await created(server, { status: "test" })
  const all = (await listTypes(server, { status: "active", limit: "1000" })).json
  const answer = await asVisitor(server, visitor, "GET", "consent-types?limit=1000")
  expect([answer.status, answer.json]).toEqual([200, all])
  for (const { id } of [types.archived, types.obsolete, types.test, planned]) expect(idsOf(answer)).not.toContain(id)
  expectProblem(await asVisitor(server, visitor, "GET", "consent-types?status=archived"), 400)
  const others = await server.request("GET", `${site(blog)}/consent-types`, {
    headers: { "x-session": visitor.session },
  })
  expectProblem(others, 401)
})

describe("what has become of a type", () => {
  test.each(["archived", "obsolete"])(
    "%s: it takes declined and nothing else, and is no different when active again",
    async (status) => {
      const { id } = await created(server)
      const say = (consentState: string) =>
        record(server, [yes({ userId: `of ${status}`, consentType: id, consentState })])
      await changed(server, id, { status })
      for (const state of ["accepted", "implied", "viewed"]) {
        expect(violations(await say(state))).toEqual(["/items/0/consentType consent_type_not_active"])
      }
      expect((await say("declined")).status).toBe(201)
      expect(await decision(server, id, { userId: `of ${status}` })).toMatchObject({ status: "refused" })
      await changed(server, id, { status: "active" })
      expect((await say("accepted")).status).toBe(201)
    },
  )

  test("deleted without an event: it is listed nowhere, its names are free, and a late refusal of its id is recorded", async () => {
    const fields = newType()
    const { id } = (await create(server, fields)).json
    const answer = await remove(server, id)
    expect([answer.status, answer.json.id]).toEqual([200, id])
    expect(await listed(server, id)).toBeUndefined()
    const visitor = await visit(server)
    expect(idsOf(await asVisitor(server, visitor, "GET", "consent-types?limit=1000"))).not.toContain(id)
    expectProblem(await remove(server, id), 404)
    expectProblem(await change(server, id, { status: "active" }), 404)
    const late = { userId: "late", consentType: id }
    expect((await record(server, [yes(late)])).status).toBe(422)
    const declined = await record(server, [yes({ ...late, consentState: "declined" })])
    expect(declined.status, declined.text).toBe(201)
    const events = await server.request("GET", `${privacy()}/consent-events?label=${fields.label}`, {
      headers: asOwner,
    })
    expect(events.json.items).toEqual(declined.json.items)
    // The deleted type is answered only about the person that refused it, and its names can be given to another type.
    expect(await decision(server, id, { userId: "late" })).toMatchObject({ status: "refused" })
    expect(await decision(server, id, { userId: "somebody else" })).toBeUndefined()
    const json = { items: [{ person: { userId: "late" }, consentType: id }] }
    const asked = await server.request("POST", `${privacy()}/consent-decisions`, { headers: asOwner, json })
    expect(violations(asked)).toEqual(["/items/0/consentType unknown_consent_type"])
    const next = await create(server, fields)
    expect(next.status).toBe(200)
    expect(next.json.id).not.toBe(id)
  })

  test("deleted with events: it is archived, listed, keeps its names, and its answers stay", async () => {
    const fields = newType()
    const { id } = (await create(server, fields)).json
    const recorded = await record(server, [yes({ userId: "member", consentType: id })])
    const answer = await remove(server, id)
    expect(answer.json).toMatchObject({ id, status: "archived", version: 1 })
    expect(await listed(server, id)).toEqual(answer.json)
    expectProblem(await create(server, fields), 409)
    const state = await ask(server, "consent-state", { userId: "member" })
    expect(state.json.items).toEqual(recorded.json.items)
    expect((await remove(server, id)).json.status).toBe("archived")
  })

  test("deleted while it is answered for the first time: what was answered is never of a type that is gone", async () => {
    for (let n = 0; n < 15; n++) {
      const { id } = await created(server)
      const say = () => record(server, [yes({ userId: `at once ${n}`, consentType: id })])
      const [removed, ...said] = await Promise.all([remove(server, id), say(), say(), say()])
      expect(removed.status).toBe(200)
      const recorded = said.filter(({ status }) => status === 201)
      expect(said.filter(({ status }) => status !== 422)).toEqual(recorded)
      expect((await listed(server, id))?.status).toBe(recorded.length > 0 ? "archived" : undefined)
    }
  })
})

describe("a list of types", () => {
  const label = (n: number) => `listed_${n}`
  const all: Array<TypeAnswer> = []
  beforeAll(async () => {
    for (const n of [1, 2, 3, 4, 5]) {
      const category = n === 1 ? "disclosure" : "communication"
      const more = { category, subcategory: n < 3 ? "email" : "phone", name: `Name ${n % 3}`, label: label(n) }
      all.push(await created(server, { ...more, ...(n === 4 && { url: "https://shop.example/4" }) }))
    }
    all[4] = await changed(server, all[4]!.id, { status: "obsolete", name: "Changed" })
  })

  /** The numbers of these five types in a list, in its order. */
  const numbers = (answer: Answer) =>
    idsOf(answer).flatMap((id) => {
      const index = all.findIndex((type) => type.id === id)
      return index < 0 ? [] : [index + 1]
    })

  test.each([
    [{ category: "disclosure" }, [1]],
    [{ subcategory: "email" }, [1, 2]],
    [{ label: "listed_3" }, [3]],
    [{ name: "Name 1" }, [1, 4]],
    [{ name: "name 1" }, []],
    [{ url: "https://shop.example/4" }, [4]],
    [{ version: "2" }, [5]],
    [{ status: "obsolete" }, [5]],
    [{ category: "communication", subcategory: "phone", status: "active" }, [3, 4]],
    [{ category: "disclosure", subcategory: "phone" }, []],
  ])("filtered by %j holds just those", async (query, expected) => {
    const answer = await listTypes(server, { ...query, limit: "1000" } as Record<string, string>)
    expect(numbers(answer)).toEqual(expected)
    expect(answer.json.total).toBe(answer.json.count)
    expect(answer.json.items).toEqual(
      (await listTypes(server, { limit: "1000" })).json.items.filter(({ id }: TypeAnswer) =>
        idsOf(answer).includes(id),
      ),
    )
  })

  test.each([
    [{}, [1, 2, 3, 4, 5]],
    [{ order: "desc" }, [5, 4, 3, 2, 1]],
    [{ sort: "name" }, [5, 3, 1, 4, 2]],
    [{ sort: "name", order: "desc" }, [2, 4, 1, 3, 5]],
  ])("sorted by %j is in that order, page by page by offset and by cursor", async (query, expected) => {
    const whole = await listTypes(server, { ...query, limit: "1000" } as Record<string, string>)
    expect(numbers(whole)).toEqual(expected)
    const { total } = whole.json
    const byOffset: Array<string> = []
    for (let offset = 0; offset < total; offset += 7) {
      const page = await listTypes(server, { ...query, limit: "7", offset: String(offset) } as Record<string, string>)
      expect(page.json).toMatchObject({ offset, total })
      byOffset.push(...idsOf(page))
    }
    const byCursor: Array<string> = []
    let cursor: string | undefined
    do {
      const next = { ...query, limit: "7", ...(cursor !== undefined && { cursor }) } as Record<string, string>
      const page = await listTypes(server, next)
      expect(page.json).toMatchObject({ offset: byCursor.length, total })
      byCursor.push(...idsOf(page))
      cursor = page.json.nextCursor
    } while (cursor !== undefined)
    expect([byOffset, byCursor]).toEqual([idsOf(whole), idsOf(whole)])
  })

  test.each([
    { limit: "0" },
    { limit: "1001" },
    { offset: "-1" },
    { order: "up" },
    { sort: "label" },
    { version: "0" },
    { status: "gone" },
    { category: "other" },
    { unknown: "1" },
  ])("asked for with %j is 400, and names the parameter", async (query) => {
    const answer = await listTypes(server, query as Record<string, string>)
    expectProblem(answer, 400)
    expect(answer.json.errors.map(({ parameter }: { parameter: string }) => parameter)).toEqual(Object.keys(query))
  })
})
