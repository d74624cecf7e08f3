/** `consent-state` and `consent-decisions`: the answer at any instant, as far as the events were known. */
import canonicalize from "canonicalize"
import { describe, expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Decision from "../../core/engine/Decision.ts"
import { decisionToLine } from "../../core/formats/Exchange.ts"
import * as Terms from "../../core/engine/Terms.ts"
import { served } from "../support/served.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  nobody,
  privacy,
  record,
  site,
  startWorld,
  types,
  violations,
  visit,
  yes,
} from "./world.ts"

const server = served(startWorld)

interface Answered {
  readonly id: string
  readonly consentType: string
  readonly dateCreated: string
}

const recorded = async (items: ReadonlyArray<object>): Promise<ReadonlyArray<Answered>> => {
  const answer = await record(server, items)
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 3))
const shift = (instant: string, millis: number) => new Date(Date.parse(instant) + millis).toISOString()
const stateOf = async (query: Readonly<Record<string, string>>): Promise<ReadonlyArray<string>> =>
  (await ask(server, "consent-state", query)).json.items.map(({ id }: Answered) => id)
const decisionOf = async (query: Readonly<Record<string, string>>, type = types.newsletter.id) =>
  (await ask(server, "consent-decisions", query)).json.items.find(({ consentType }: Answered) => consentType === type)

describe("the state", () => {
  test("holds the deciding event of every type in force, in the order of the types, as it was answered", async () => {
    const person = { userId: "in force" }
    const events = await recorded([
      yes({ ...person, consentType: types.test.id, consentState: "viewed" }),
      yes({ ...person, consentType: types.clicks.id, consentState: "declined" }),
      yes({ ...person, consentType: types.policy.id, consentState: "implied" }),
      yes(person),
      yes({ ...person, consentState: "declined", consentDate: "2024-01-01T00:00:00Z" }),
    ])
    const answer = await ask(server, "consent-state", person)
    expect(answer.status).toBe(200)
    expect(answer.headers["content-type"]).toMatch(/^application\/json\b/)
    expect(answer.json).toEqual({ count: 4, items: [events[3], events[2], events[0], events[1]] })
  })

  test("leaves out what has expired or was invalidated; refusals stay, even lapsed ones", async () => {
    const person = { userId: "not in force" }
    const [, , refusal] = await recorded([
      yes({ ...person, consentDate: "2024-01-01T00:00:00Z", expirationDate: "2024-02-01T00:00:00Z" }),
      yes({
        ...person,
        consentType: types.analytics.id,
        consentDate: "2024-05-31T00:00:00Z",
        expirationDate: "2999-01-01T00:00:00Z",
      }),
      yes({
        ...person,
        consentType: types.policy.id,
        consentState: "declined",
        consentDate: "2024-01-01T00:00:00Z",
        expirationDate: "2024-02-01T00:00:00Z",
      }),
    ])
    expect(await stateOf(person)).toEqual([refusal!.id])
    expect(await decisionOf(person)).toMatchObject({ status: "expired", permitted: false, askAgain: true })
    expect(await decisionOf(person, types.analytics.id)).toMatchObject({ status: "invalidated", permitted: false })
    expect(await decisionOf(person, types.policy.id)).toMatchObject({ status: "refused", askAgain: true })
  })

  test("of an older event that comes later is still that of the newer one", async () => {
    const person = { userId: "late import" }
    const [newer] = await recorded([yes({ ...person, consentState: "declined", consentDate: "2025-01-01T00:00:00Z" })])
    await recorded([yes({ ...person, consentAction: "import", consentDate: "2024-01-01T00:00:00Z" })])
    expect(await stateOf(person)).toEqual([newer!.id])
    // The order of arrival cannot matter: a refusal after a yes is a withdrawal.
    expect(await decisionOf(person)).toMatchObject({ status: "withdrawn", event: newer!.id })
  })

  test("at the same instant is the refusal, whichever came first", async () => {
    for (const [userId, states] of [
      ["tie 1", ["accepted", "declined"]],
      ["tie 2", ["declined", "accepted"]],
    ] as const) {
      const consentDate = "2024-01-01T00:00:00Z"
      for (const consentState of states) await recorded([yes({ userId, consentState, consentDate })])
      expect(await decisionOf({ userId })).toMatchObject({ status: "withdrawn", permitted: false })
    }
  })

  test("of an unknown person is empty: 200, nothing in force", async () => {
    for (const query of [{ concordId: nobody }, { userId: "nobody" }, { email: "nobody@example.com" }]) {
      const answer = await ask(server, "consent-state", query)
      expect(answer.status).toBe(200)
      expect(answer.json).toEqual({ count: 0, items: [] })
    }
  })
})

describe("decisions", () => {
  test("are one for each type of the project, unknown ones too, in the order of the types", async () => {
    await recorded([yes({ userId: "one" })])
    const ids = Object.values(types).map(({ id }) => id)
    for (const userId of ["one", "asked about but never seen"]) {
      const { count, items } = (await ask(server, "consent-decisions", { userId })).json
      expect(count).toBe(ids.length)
      expect(items.map(({ consentType }: Answered) => consentType)).toEqual(ids)
      expect(items.slice(1).map(({ status }: { status: string }) => status)).toEqual(ids.slice(1).map(() => "unknown"))
    }
  })

  test("name their type as an event does, in every answer, and right after its id", async () => {
    const visitor = await visit(server)
    const person = { concordId: visitor.concordId }
    const item = { consentType: types.analytics.id, consentState: "accepted", consentAction: "user_click" }
    const event = (await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [item] } })).json
      .items[0]
    const json = { items: Object.values(types).map(({ id }) => ({ person, consentType: id })) }
    const asked = await server.request("POST", `${privacy()}/consent-decisions`, { headers: asOwner, json })
    const data = await server.request("GET", `/privacy-v1/organizations/${acme.id}/people/${visitor.concordId}/data`, {
      headers: asOwner,
    })
    const answers = [
      (await ask(server, "consent-decisions", person)).json.items,
      (await asVisitor(server, visitor, "GET", "consent-decisions")).json.items,
      asked.json.items,
      data.json.projects[0].decisions,
    ]
    for (const items of answers) {
      for (const { id, category, subcategory, label } of Object.values(types)) {
        const decision = items.find(({ consentType }: Answered) => consentType === id)
        expect(decision).toMatchObject({ category, subcategory: [subcategory], label })
        expect(Object.keys(decision).slice(0, 6).join()).toBe("concordId,consentType,category,subcategory,label,at")
      }
      const { category, subcategory, label } = event
      expect(items.find((each: { readonly event: string }) => each.event === event.id)).toMatchObject({
        category,
        subcategory,
        label,
      })
    }
  })

  test("about an unknown person have no concordId, and a question makes no person", async () => {
    for (let n = 0; n < 2; n++) {
      const { items } = (await ask(server, "consent-decisions", { userId: "only asked" })).json
      for (const item of items) expect(item).not.toHaveProperty("concordId")
    }
  })

  test("without at and knownAt see an event that was answered a moment before", async () => {
    for (let n = 0; n < 20; n++) {
      const [event] = await recorded([yes({ userId: `fresh ${n}` })])
      expect(await decisionOf({ userId: `fresh ${n}` })).toMatchObject({ event: event!.id, status: "given" })
    }
  })

  test("are those of the engine on the same events, byte for byte in canonical JSON", async () => {
    // A small fixed generator: the same events each time, with many ties.
    let seed = 20_260_101
    const pick = <A>(from: ReadonlyArray<A>): A => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return from[Math.floor((seed / 2_147_483_648) * from.length)]!
    }
    const dates = ["2024-01-01", "2024-01-31", "2024-06-01", "2024-06-08", "2025-03-01"].map(
      (day) => `${day}T00:00:00.000Z`,
    )
    const expirations = [
      undefined,
      undefined,
      "2025-03-01T00:00:00.001Z",
      "2026-01-01T00:00:00.000Z",
      "2999-01-01T00:00:00.000Z",
    ]
    const listed = [types.newsletter, types.analytics, types.policy, types.aged]
    let compared = 0
    for (let person = 0; person < 12; person++) {
      const userId = `agreement ${person}`
      const events: Array<ConsentEvent> = []
      for (let batch = 0; batch < 3; batch++) {
        const items = Array.from({ length: 4 }, () => {
          const expirationDate = pick(expirations)
          return yes({
            userId,
            consentType: pick(listed).id,
            consentState: pick(["accepted", "declined", "implied", "viewed"]),
            consentDate: pick(dates),
            ...(expirationDate && { expirationDate }),
          })
        })
        for (const body of await recorded(items)) {
          const { consentDate, dateCreated, expirationDate, ...event } = body as unknown as Record<string, string>
          events.push({
            ...(event as unknown as ConsentEvent),
            consentDate: Date.parse(consentDate!),
            dateCreated: Date.parse(dateCreated!),
            ...(expirationDate !== undefined && { expirationDate: Date.parse(expirationDate) }),
          })
        }
        await pause()
      }
      const moments = [...new Set(events.map(({ dateCreated }) => dateCreated))]
      for (const at of [
        undefined,
        "0001-01-01T00:00:00.000Z",
        ...dates,
        "2024-06-07T23:59:59.999Z",
        "2999-01-01T00:00:00.000Z",
      ]) {
        for (const knownAt of [undefined, moments[0]! - 1, moments[0]!, moments[1]!]) {
          const known = knownAt === undefined ? {} : { knownAt: new Date(knownAt).toISOString() }
          const { items } = (await ask(server, "consent-decisions", { userId, ...known, ...(at && { at }) })).json
          const expected = Object.values(types).map((type, index) => {
            const terms = Terms.make(type, type.rules, Date.parse(items[index].knownAt))
            const ofType = events.filter(({ consentType }) => consentType === type.id)
            const decision = Decision.decide(ofType, terms, Date.parse(items[index].at))
            // Before its first event the identifier named no one.
            const isKnown = knownAt === undefined || knownAt >= moments[0]!
            const line = decisionToLine(isKnown ? events[0]!.concordId : undefined, type, decision)
            return isKnown ? { ...line, namedSince: new Date(moments[0]!).toISOString() } : line
          })
          expect(canonicalize(items)).toBe(canonicalize(expected))
          if (at !== undefined) expect(items[0].at).toBe(at)
          if (knownAt !== undefined) expect(Date.parse(items[0].knownAt)).toBe(knownAt)
          compared += items.length
        }
      }
    }
    expect(compared).toBe(12 * 9 * 4 * 8)
  })

  test("agree with the state: it holds the deciding events of those in force", async () => {
    const inForce = new Set(["given", "implied", "requested", "refused", "withdrawn"])
    for (let person = 0; person < 12; person++) {
      for (const at of ["2024-06-01T00:00:00.000Z", "2025-03-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"]) {
        const query = { userId: `agreement ${person}`, at }
        const { items } = (await ask(server, "consent-decisions", query)).json
        const deciding = items.filter(({ status }: { status: string }) => inForce.has(status))
        expect(await stateOf(query)).toEqual(deciding.map(({ event }: { event: string }) => event))
      }
    }
  })
})

describe("reading at and knownAt", () => {
  test("separates what was true from what was known", async () => {
    const person = { userId: "bitemporal" }
    const [first] = await recorded([yes({ ...person, consentDate: "2024-01-01T00:00:00Z" })])
    await pause()
    // Recorded later, but happened earlier: a refusal of the day after.
    const [second] = await recorded([yes({ ...person, consentState: "declined", consentDate: "2024-01-02T00:00:00Z" })])
    const learnt = second!.dateCreated
    const [day1, day2] = ["2024-01-01T12:00:00Z", "2024-01-02T12:00:00Z"]
    expect(await stateOf({ ...person, at: day1 })).toEqual([first!.id])
    expect(await stateOf({ ...person, at: day2 })).toEqual([second!.id])
    expect(await stateOf({ ...person, at: day2, knownAt: shift(learnt, -1) })).toEqual([first!.id])
    expect(await stateOf({ ...person, at: day2, knownAt: learnt })).toEqual([second!.id])
    expect(await stateOf({ ...person, knownAt: first!.dateCreated })).toEqual([first!.id])
  })

  test("before anything was known nothing is in force, whatever was true", async () => {
    const person = { userId: "before" }
    const [event] = await recorded([yes({ ...person, consentDate: "2024-01-01T00:00:00Z" })])
    expect(await stateOf({ ...person, knownAt: shift(event!.dateCreated, -1) })).toEqual([])
    expect(await stateOf({ ...person, knownAt: "0001-01-01T00:00:00Z" })).toEqual([])
    // The type itself was not known then.
    expect(await decisionOf({ ...person, knownAt: "0001-01-01T00:00:00Z" })).toBeUndefined()
    expect(await stateOf({ ...person, at: "2023-12-31T23:59:59.999Z" })).toEqual([])
    expect(await stateOf({ ...person, at: "2024-01-01T00:00:00Z" })).toEqual([event!.id])
  })

  test("in the future says what will be true if nothing more happens: the consent lapses at its expirationDate", async () => {
    const person = { userId: "future" }
    const expirationDate = "2999-12-31T23:00:00.000Z"
    const [event] = await recorded([yes({ ...person, expirationDate })])
    expect(await stateOf(person)).toEqual([event!.id])
    expect(await stateOf({ ...person, at: shift(expirationDate, -1) })).toEqual([event!.id])
    expect(await stateOf({ ...person, at: expirationDate })).toEqual([])
    expect(await decisionOf(person)).toMatchObject({ expiresAt: expirationDate, nextChangeAt: expirationDate })
    expect(await decisionOf({ ...person, at: expirationDate })).toMatchObject({
      at: expirationDate,
      status: "expired",
      because: { rule: "lapsed", lapse: { reason: "expired", at: expirationDate } },
    })
  })

  test("takes any offset, and answers in UTC", async () => {
    const answer = await decisionOf({
      userId: "offset",
      at: "2024-01-01T01:00:00+01:00",
      knownAt: "2024-01-01T00:00:00.5Z",
    })
    expect(answer).toMatchObject({ at: "2024-01-01T00:00:00.000Z", knownAt: "2024-01-01T00:00:00.500Z" })
  })

  test("at the first and the last instant there are works, and so does the first that an event may have", async () => {
    const [earliest, last] = ["1990-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]
    await recorded([yes({ userId: "ends", consentDate: earliest, expirationDate: last })])
    const first = { userId: "ends", at: "0001-01-01T00:00:00.000Z" }
    expect(await decisionOf(first)).toMatchObject({ status: "unknown", nextChangeAt: earliest })
    expect(await decisionOf({ userId: "ends", at: earliest })).toMatchObject({ status: "given", nextChangeAt: last })
    expect(await decisionOf({ userId: "ends", at: "9999-12-31T23:59:59.999Z" })).toMatchObject({ status: "expired" })
  })
})

describe("a question that is not valid is answered 400 and names the parameter:", () => {
  test.each([
    ["at=now", "?at invalid"],
    ["at=2024-01-01", "?at invalid"],
    ["at=", "?at invalid"],
    ["knownAt=1700000000000", "?knownAt invalid"],
    ["state=accepted", "?state unknown"],
    ["__proto__=x", "?__proto__ unknown"],
  ])("%s", async (query, expected) => {
    for (const question of ["consent-state", "consent-decisions"]) {
      const path = `${privacy()}/${question}?userId=u&${query}`
      const answer = await server.request("GET", path, { headers: asOwner })
      expect(answer.status).toBe(400)
      expect(violations(answer)).toEqual([expected])
    }
  })

  test.each([
    ["email", "nobody"],
    ["phoneNumber", "12345"],
    ["concordId", "me"],
    ["userId", ""],
  ])("%s=%s", async (kind, value) => {
    const answer = await ask(server, "consent-state", { [kind]: value })
    expect(answer.status).toBe(400)
    expect(violations(answer)).toEqual([`?${kind} identifier_not_valid`])
  })

  test.each(["", "userId=a&email=a@example.com", "userId=a&userId=b", "at=2024-01-01T00:00:00Z"])(
    "none or several identifiers: %j",
    async (query) => {
      for (const question of ["consent-state", "consent-decisions"]) {
        const answer = await server.request("GET", `${privacy()}/${question}?${query}`, { headers: asOwner })
        expect(answer.status).toBe(400)
      }
    },
  )

  test("several faults at once are all named", async () => {
    const answer = await ask(server, "consent-state", { userId: "u", at: "x", knownAt: "y", more: "z" })
    expect(violations(answer)).toEqual(["?at invalid", "?knownAt invalid", "?more unknown"])
  })
})

describe("a visitor's consent state", () => {
  test("is the reference request: every documented field, in its documented type", async () => {
    const visitor = await visit(server)
    const item = yes({ consentType: types.analytics.id })
    const { items } = (await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [item] } })).json
    const headers = { "x-session": visitor.session }
    const answer = await server.request("GET", `${site()}/consent-state`, { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers["content-type"]).toMatch(/^application\/json\b/)
    expect(answer.json).toEqual({ count: 1, items })
    expect(Object.keys(answer.json.items[0]).toSorted()).toEqual(
      (
        "category concordId consentAction consentDate consentState consentType createdAt dateCreated dateUpdated " +
        "expirationDate id label organization project session subcategory submitter updatedAt version"
      ).split(" "),
    )
  })

  test("takes no at and no knownAt: it is now", async () => {
    const visitor = await visit(server)
    const answer = await asVisitor(server, visitor, "GET", "consent-state?at=2024-01-01T00:00:00Z")
    expect(answer.status).toBe(400)
    expect(violations(answer)).toEqual(["?at unknown"])
  })

  test("has an ETag that changes when and only when the state does, and may not be kept longer than it is true", async () => {
    const visitor = await visit(server)
    const get = async (headers = {}) => asVisitor(server, visitor, "GET", "consent-state", { headers })
    const before = await get()
    expect(before.headers.etag).toMatch(/^(W\/)?"[^"]+"$/)
    expect((await get()).headers.etag).toBe(before.headers.etag)
    expect(before.headers["cache-control"]).toMatch(/\bprivate\b/)
    const maxAge = Number(/max-age=(\d+)/.exec(before.headers["cache-control"]!)![1])
    await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes({ consentState: "viewed" })] } })
    const viewed = await get()
    expect(viewed.headers.etag).not.toBe(before.headers.etag)
    // A cached yes could outlast a no that followed it in another tab.
    expect(maxAge).toBe(0)
  })

  test("is 304 without a body where the browser has it already", async () => {
    const visitor = await visit(server)
    const get = async (tags?: string) =>
      asVisitor(
        server,
        visitor,
        "GET",
        "consent-state",
        tags === undefined ? {} : { headers: { "if-none-match": tags } },
      )
    const etag = (await get()).headers.etag!
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await get(tags)
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, "", etag])
      expect(answer.headers["cache-control"]).toMatch(/\bprivate\b/)
      expect(answer.headers.vary).toMatch(/\borigin\b/i)
    }
    for (const tags of [`"other"`, "", `${etag.slice(0, -2)}"`]) expect((await get(tags)).status).toBe(200)
  })

  test("has another ETag for another visitor with events of their own", async () => {
    const [one, two] = [await visit(server), await visit(server)]
    for (const visitor of [one, two]) {
      await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes()] } })
    }
    const tags = [one, two].map(
      async (visitor) => (await asVisitor(server, visitor, "GET", "consent-state")).headers.etag,
    )
    expect(new Set(await Promise.all(tags)).size).toBe(2)
  })

  test("agrees with what the privacy API answers about the same person", async () => {
    const visitor = await visit(server)
    await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes({ consentState: "implied" })] } })
    const { concordId } = visitor
    const asServer = await ask(server, "consent-state", { concordId })
    expect((await asVisitor(server, visitor, "GET", "consent-state")).text).toBe(asServer.text)
    const at = { at: "2999-01-01T00:00:00.000Z", knownAt: new Date().toISOString() }
    const decisions = await asVisitor(server, visitor, "GET", `consent-decisions?${new URLSearchParams(at)}`)
    expect(decisions.status).toBe(200)
    expect(decisions.text).toBe((await ask(server, "consent-decisions", { concordId, ...at })).text)
  })
})
