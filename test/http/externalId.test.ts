/**
 * `externalId`: the caller's own id of an event. The same event sent again answers the one recorded first, and nothing
 * is recorded; another event with its id is refused, or recorded without it if it is a refusal.
 */
import { describe, expect, test } from "vitest"
import { start, type Answer, type Server } from "../support/server.ts"
import { served } from "../support/served.ts"
import { ask, asOwner, blog, blogNewsletter, privacy, record, secretOf, acme, startWorld, types } from "./world.ts"
import { violations, yes } from "./world.ts"

const server = served(startWorld)

interface Event {
  readonly id: string
  readonly externalId?: string
  readonly concordId: string
}

/** Everything that is recorded, oldest first. */
const recorded = async (of = server): Promise<ReadonlyArray<Event>> => {
  const query = "sort=dateCreated&order=asc&limit=1000"
  return (await of.request("GET", `${privacy()}/consent-events?${query}`, { headers: asOwner })).json.items
}

const accepted = (answer: Answer): ReadonlyArray<Event> => {
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items
}

/** Records items and expects this number of new events. */
const adding = async (count: number, items: ReadonlyArray<object>): Promise<Answer> => {
  const before = (await recorded()).length
  const answer = await record(server, items)
  expect((await recorded()).length, answer.text).toBe(before + count)
  return answer
}

const item = (externalId: string, more: object = {}) => yes({ userId: "external", externalId, ...more })

describe("the same externalId again", () => {
  test("answers the event recorded first, byte for byte, and records nothing", async () => {
    const first = await adding(1, [item("again")])
    expect(accepted(first)[0]).toMatchObject({ externalId: "again" })
    const again = await adding(0, [item("again")])
    expect([again.status, again.text]).toEqual([201, first.text])
    const one = await server.request("GET", `${privacy()}/consent-events/${accepted(first)[0]!.id}`, {
      headers: asOwner,
    })
    expect(first.text).toBe(`{"count":1,"items":[${one.text}]}`)
  })

  test("does so whatever else it says, and however it names the person and the type", async () => {
    const named = { email: "external@example.com", consentDate: "2024-02-29T12:00:00Z" }
    const first = await adding(1, [item("same event", named)])
    const [{ concordId }] = accepted(first) as [Event]
    const others = [
      { ...named, consentDate: undefined },
      { ...named, consentDate: "2024-02-29T13:00:00+01:00", version: 99, expirationDate: "2000-01-01T00:00:00Z" },
      { email: " EXTERNAL@example.com ", userId: undefined, consentAction: "implied" },
      { userId: undefined, concordId },
      { consentType: undefined, category: "communication", subcategory: "email", label: "newsletter" },
    ]
    for (const other of others) {
      const again = await adding(0, [item("same event", other)])
      expect([again.status, again.text]).toEqual([201, first.text])
    }
  })

  test("is refused if it is another event, with everything else that is wrong, and makes no person", async () => {
    await adding(1, [item("other event", { consentDate: "2024-02-29T12:00:00Z" })])
    const others: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
      [{ consentState: "viewed" }, []],
      [{ consentType: types.policy.id }, []],
      [{ consentDate: "2024-02-29T12:00:00.001Z" }, []],
      [{ userId: "somebody else" }, []],
      [{ email: "new@example.com" }, []],
      [{ consentType: types.archived.id }, ["/items/0/consentType consent_type_not_active"]],
      [{ userId: "" }, ["/items/0/userId identifier_not_valid"]],
    ]
    for (const [other, more] of others) {
      const again = await adding(0, [item("other event", other)])
      const codes = [...more, "/items/0/externalId external_id_reused"].toSorted()
      expect([again.status, violations(again)], JSON.stringify(other)).toEqual([422, codes])
    }
    const state = await ask(server, "consent-state", { userId: "somebody else" })
    expect(state.json).toEqual({ count: 0, items: [] })
  })

  test("is recorded without it if it is another event and a refusal, of whatever person and type", async () => {
    const first = await adding(1, [item("refused")])
    for (const other of [{}, { userId: "refuses another" }, { consentType: types.archived.id }]) {
      const [event] = accepted(await adding(1, [item("refused", { consentState: "declined", ...other })]))
      expect(event).toMatchObject({ consentState: "declined" })
      expect(event).not.toHaveProperty("externalId")
    }
    const state = await ask(server, "consent-state", { userId: "refuses another" })
    expect(state.json.items[0]).toMatchObject({ consentState: "declined" })
    expect((await adding(0, [item("refused")])).text).toBe(first.text)
  })

  test("of a refusal answers the first, also if its date was ahead of the clock", async () => {
    const no = item("no", { consentState: "declined", consentDate: "2100-01-01T00:00:00Z" })
    const first = await adding(1, [no])
    expect((await adding(0, [no])).text).toBe(first.text)
    await adding(1, [{ ...no, consentDate: "2100-01-01T00:00:00.001Z" }])
  })

  test("answers the first also after its type was archived", async () => {
    const more = { userId: "archived later", consentType: types.clicks.id, consentState: "accepted" }
    const first = await adding(1, [item("archived", more)])
    const path = `${privacy()}/consent-types/${types.clicks.id}`
    const archive = (status: string) => server.request("PATCH", path, { headers: asOwner, json: { status } })
    expect((await archive("archived")).status).toBe(200)
    expect((await adding(0, [item("archived", more)])).text).toBe(first.text)
    expect((await archive("active")).status).toBe(200)
  })

  test("is another event for another key of the organization", async () => {
    const first = await adding(1, [item("another key")])
    const asLimited = { headers: { "x-api-key": secretOf(acme, "limited") } }
    const other = await record(server, [item("another key")], asLimited)
    expect(accepted(other)[0]!.externalId).toBe("another key")
    expect(accepted(other)[0]!.id).not.toBe(accepted(first)[0]!.id)
    expect((await record(server, [item("another key")], asLimited)).text).toBe(other.text)
    expect((await adding(0, [item("another key")])).text).toBe(first.text)
  })

  test("inside one batch is recorded once, and answered in each place, among new ones and ones recorded before", async () => {
    const [before] = accepted(await adding(1, [item("before")]))
    const unnamed = yes({ userId: "external" })
    const batch = [item("twice"), unnamed, item("before"), item("twice", { version: 9 }), unnamed]
    const events = accepted(await adding(3, [...batch, item("twice")]))
    expect(events.map(({ externalId }) => externalId)).toEqual([
      "twice",
      undefined,
      "before",
      "twice",
      undefined,
      "twice",
    ])
    expect(events[2]).toEqual(before)
    expect([events[3], events[5]]).toEqual([events[0], events[0]])
    expect(events[1]!.id).not.toBe(events[4]!.id)
    const all = await recorded()
    expect(all.filter(({ id }) => events.some((event) => event.id === id))).toHaveLength(4)
  })

  test("inside one batch as a yes and a refusal: the refusal is recorded without it, whichever comes first", async () => {
    const no = { consentState: "declined" }
    const [yesFirst, noSecond] = accepted(await adding(2, [item("yes, no"), item("yes, no", no)]))
    expect([yesFirst!.externalId, noSecond!.externalId]).toEqual(["yes, no", undefined])
    const noFirst = await adding(0, [item("no, yes", no), item("no, yes")])
    expect([noFirst.status, violations(noFirst)]).toEqual([
      422,
      ["/items/0 not_recorded", "/items/1/externalId external_id_reused"],
    ])
  })

  test("together with an item that breaks a rule is no violation, and nothing of the batch is recorded", async () => {
    const again = item("no violation")
    await adding(1, [again])
    const broken = await adding(0, [again, item("new"), item("broken", { consentType: types.archived.id })])
    expect([broken.status, violations(broken)]).toEqual([422, ["/items/2/consentType consent_type_not_active"]])
    const misshapen = await adding(0, [again, item("new"), item("broken", { consentState: "maybe" })])
    expect([misshapen.status, violations(misshapen)]).toEqual([422, ["/items/2/consentState invalid"]])
    await adding(1, [again, item("new")])
  })

  test("claims no identifier for the items after it if it is refused", async () => {
    await adding(1, [item("claims nothing")])
    const refused = item("claims nothing", { email: "unclaimed@example.com", consentState: "viewed" })
    const next = item("another person", { userId: "another", email: "unclaimed@example.com" })
    await adding(1, [item("makes the other person", { userId: "another" })])
    const answer = await adding(0, [refused, next])
    expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/externalId external_id_reused"]])
  })

  test("from many connections at once is recorded once, and every answer is the same", async () => {
    const before = (await recorded()).length
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => record(server, [item("at once", { userId: "at once" })])),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(accepted(answers[0]!)).toHaveLength(1)
    expect((await recorded()).length).toBe(before + 1)
  })

  test("in batches that overlap, from many connections at once, is recorded once each", async () => {
    const before = await recorded()
    const named = (n: number) => `overlap ${n}`
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, first) =>
        record(
          server,
          Array.from({ length: 8 }, (_, n) => (first * 5 + n * 3) % 20).map((n) =>
            item(named(n), { userId: `overlap ${n}` }),
          ),
        ),
      ),
    )
    const events = answers.flatMap(accepted)
    const texts = Map.groupBy(events, ({ externalId }) => externalId)
    for (const [, same] of texts) expect(new Set(same.map((event) => JSON.stringify(event))).size).toBe(1)
    const after = await recorded()
    expect(after.length - before.length).toBe(texts.size)
    expect(
      after
        .slice(before.length)
        .map(({ externalId }) => externalId)
        .toSorted(),
    ).toEqual([...texts.keys()].toSorted())
  })

  test("answers so after a restart of the server, also after kill -9", async () => {
    const world = await startWorld()
    let again: Server | undefined
    try {
      const first = await record(world, [item("restart"), item("restart too", { userId: "another" })])
      await world.end("SIGKILL")
      again = await start({ file: world.file })
      const answer = await record(again, [item("restart too", { userId: "another" }), item("restart")])
      const [one, two] = accepted(first)
      expect(accepted(answer)).toEqual([two, one])
      expect(await recorded(again)).toHaveLength(2)
    } finally {
      await again?.stop()
      await world.stop()
    }
  })
})

test("another project does not share it", async () => {
  await adding(1, [item("of the shop")])
  const path = `${privacy(blog)}/consent-events`
  const json = { items: [item("of the shop", { consentType: blogNewsletter.id })] }
  const elsewhere = await server.request("POST", path, { headers: asOwner, json })
  expect(accepted(elsewhere)[0]).toMatchObject({ project: blog.id, consentType: blogNewsletter.id })
  const again = await server.request("POST", path, { headers: asOwner, json })
  expect(again.text).toBe(elsewhere.text)
  await adding(0, [item("of the shop")])
})

describe("an externalId", () => {
  test("has 1 to 128 characters of any kind, and is compared as it is", async () => {
    const ids = [
      "x",
      "X",
      " x",
      "x ",
      "é",
      "e\u0301",
      "漢字🍪",
      "__proto__",
      "0",
      "null",
      "l".repeat(127),
      "l".repeat(128),
    ]
    const events = accepted(
      await adding(
        ids.length,
        ids.map((id) => item(id)),
      ),
    )
    expect(events.map(({ externalId }) => externalId)).toEqual(ids)
    expect(
      accepted(
        await adding(
          0,
          ids.map((id) => item(id)),
        ),
      ),
    ).toEqual(events)
  })

  test("that is empty, longer, no text, or has no form in UTF-8 is refused; null counts as left out", async () => {
    // Two lone surrogates would become the same id, and the second event would be lost.
    for (const externalId of ["", "l".repeat(129), 7, ["x"], "\u0000", "\uD800", "\uDC00", "x\uD800"]) {
      const answer = await adding(0, [yes({ userId: "external", externalId })])
      expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/externalId invalid"]])
    }
    const twice = accepted(
      await adding(2, [yes({ userId: "external", externalId: null }), yes({ userId: "external", externalId: null })]),
    )
    for (const event of twice) expect(event).not.toHaveProperty("externalId")
  })

  test("of an event that was refused is still free", async () => {
    expect((await adding(0, [item("free", { version: 9 })])).status).toBe(422)
    expect(accepted(await adding(1, [item("free")]))[0]).toMatchObject({ version: 1 })
  })
})
