/**
 * `externalId`: the caller's own id of an event. Sent again, it answers the event recorded first, and nothing is
 * recorded.
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

  test("does so with other content, and with content that breaks every rule", async () => {
    const first = await adding(1, [item("other content")])
    const others = [
      { consentState: "declined" },
      { userId: "somebody else" },
      { userId: "", email: "nobody" },
      { consentType: types.archived.id },
      { consentType: "0197a000-0000-7000-8000-00000000ffff", label: "nothing" },
      { version: 99, consentDate: "2100-01-01T00:00:00Z", expirationDate: "2000-01-01T00:00:00Z" },
    ]
    for (const other of others) {
      const again = await adding(0, [item("other content", other)])
      expect([again.status, again.text]).toEqual([201, first.text])
    }
    // The repeated item makes no person.
    const state = await ask(server, "consent-state", { userId: "somebody else" })
    expect(state.json).toEqual({ count: 0, items: [] })
  })

  test("does so for another key of the organization", async () => {
    const first = await adding(1, [item("another key")])
    const again = await record(server, [item("another key")], { headers: { "x-api-key": secretOf(acme, "limited") } })
    expect(again.text).toBe(first.text)
  })

  test("inside one batch is recorded once, and answered in each place, among new ones and ones recorded before", async () => {
    const [before] = accepted(await adding(1, [item("before")]))
    const unnamed = yes({ userId: "external" })
    const batch = [
      item("twice"),
      unnamed,
      item("before", { consentState: "declined" }),
      item("twice", { version: 9 }),
      unnamed,
    ]
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

  test("together with an item that breaks a rule is no violation, and nothing of the batch is recorded", async () => {
    await adding(1, [item("no violation")])
    const again = item("no violation", { userId: "", consentType: types.archived.id })
    const broken = await adding(0, [again, item("new"), item("broken", { consentType: types.archived.id })])
    expect([broken.status, violations(broken)]).toEqual([422, ["/items/2/consentType consent_type_not_active"]])
    const misshapen = await adding(0, [again, item("new"), item("broken", { consentState: "maybe" })])
    expect([misshapen.status, violations(misshapen)]).toEqual([422, ["/items/2/consentState invalid"]])
    await adding(1, [again, item("new")])
  })

  test("from many connections at once is recorded once, and every answer is the same", async () => {
    const before = (await recorded()).length
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => record(server, [item("at once", { userId: `at once ${n}` })])),
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
          Array.from({ length: 8 }, (_, n) => item(named((first * 5 + n * 3) % 20), { userId: `overlap ${n}` })),
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
      const answer = await record(again, [item("restart too"), item("restart")])
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
      "\u0000",
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
    for (const externalId of ["", "l".repeat(129), 7, ["x"], "\uD800", "\uDC00", "x\uD800"]) {
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
