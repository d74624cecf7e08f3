/**
 * The versions of consent types: what publishes one, that published versions stay, and when earlier answers lapse.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { change, changed, created, decision, listed, remove, say, shown, statusAt } from "./typeRequests.ts"
import { asOwner, privacy, record, startWorld, violations, yes } from "./world.ts"

const server = served(startWorld)

const day = 86_400_000
const ahead = (millis: number): string => new Date(Date.now() + millis).toISOString()
const plus = (instant: string, millis: number): string => new Date(Date.parse(instant) + millis).toISOString()

/** All recorded events of a type, as they are answered. */
const eventsOf = async ({ label }: { readonly label: string }): Promise<string> =>
  (await server.request("GET", `${privacy()}/consent-events?label=${label}&limit=1000`, { headers: asOwner })).text

describe("a change of a text", () => {
  test.each([
    ["name", "Another name"],
    ["description", "More"],
    ["document", "§ 2"],
    ["url", "https://shop.example/2"],
  ])("of %s publishes the next version; the same text again publishes none", async (member, value) => {
    const first = { name: "Our club", description: "Some", document: "§ 1", url: "https://shop.example/1" }
    const type = await created(server, first)
    const next = await changed(server, type.id, { [member]: value })
    expect(next).toMatchObject({ ...first, [member]: value, version: 2 })
    expect(next.versions.map(({ version }) => version)).toEqual([1, 2])
    expect((await shown(server, type.id, 1)).json).toMatchObject(first)
    expect((await shown(server, type.id, 2)).json).toMatchObject({ ...first, [member]: value })
    const again = await changed(server, type.id, { ...first, [member]: value })
    expect(again).toEqual({ ...next, dateUpdated: again.dateUpdated })
    expect(violations(await change(server, type.id, { [member]: value, publishedAt: ahead(day) }))).toEqual([
      "/publishedAt nothing_to_publish",
    ])
  })

  test("to null takes a document or a url away, and earlier versions still show it", async () => {
    const { id } = await created(server, { document: "§ 1", url: "https://shop.example/1" })
    const next = await changed(server, id, { document: null, url: null })
    expect(next).toMatchObject({ version: 2 })
    for (const answer of [next, await listed(server, id), (await shown(server, id, 2)).json]) {
      expect(answer).not.toHaveProperty("document")
      expect(answer).not.toHaveProperty("url")
    }
    expect((await shown(server, id, 1)).json).toMatchObject({ document: "§ 1", url: "https://shop.example/1" })
    expect(await changed(server, id, { document: null, url: null })).toMatchObject({ version: 2 })
    expect(await changed(server, id, { name: "Another name" })).not.toHaveProperty("document")
  })

  test("is not published where only conditions change", async () => {
    const { id } = await created(server, { consentDuration: "P1Y" })
    const conditions = { status: "test", required: true, validStates: ["accepted"], rules: { permits: "accepted" } }
    expect(await changed(server, id, { ...conditions, consentDuration: "P2Y" })).toMatchObject({
      ...conditions,
      consentDuration: "P2Y",
      version: 1,
    })
    expect(await changed(server, id, { consentDuration: null })).not.toHaveProperty("consentDuration")
    expect(await changed(server, id, {})).toMatchObject({ ...conditions, version: 1 })
  })

  test("keeps exactly what was shown, to the last of 5,000,000 characters, whatever they are", async () => {
    // Characters of one UTF-16 code unit and three bytes in UTF-8; surrogate pairs; and characters that often break
    // texts.
    const endings = ["漢", "漢字🍪", "\u0001\u2028\uFEFF\r\n\u0085e\u0301é", "\uFFFD\uFFFF"]
    const ofLength = (length: number) => endings.map((ending) => "漢".repeat(length - ending.length) + ending)
    const documents = [ofLength(5_000_000)[1]!, ...ofLength(50_000)]
    const type = await created(server, { document: documents[0] })
    for (const document of documents.slice(1)) await changed(server, type.id, { document })
    // Some clients escape every character beyond ASCII: six bytes each.
    const long = "漢".repeat(2_500_000)
    const escaped = JSON.stringify({ document: long }).replaceAll(
      /[^\0-\x7F]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
    )
    const headers = { ...asOwner, "content-type": "application/json" }
    const path = `${privacy()}/consent-types/${type.id}`
    expect((await server.request("PATCH", path, { headers, body: escaped })).status).toBe(200)
    for (const [index, document] of [...documents, long].entries()) {
      const answer = await shown(server, type.id, index + 1)
      expect(answer.json.document === document, `version ${index + 1}`).toBe(true)
    }
    await remove(server, type.id)
  })

  test("that has no form in UTF-8 is refused: it could not be shown again as it was", async () => {
    const { id } = await created(server)
    for (const member of ["name", "description", "document"]) {
      const answer = await change(server, id, { [member]: "Our \uD800 club" })
      expect([answer.status, violations(answer)]).toEqual([422, [`/${member} invalid`]])
    }
  })
})

describe("a version that is planned", () => {
  test("is not in force until publishedAt: the type, new events and decisions now do not see it, decisions as of then do", async () => {
    const { id } = await created(server, { name: "Version 1" })
    const before = await say(server, id, [{ userId: "planned" }])
    const publishedAt = ahead(10 * day)
    const planned = await changed(server, id, { name: "Version 2", publishedAt, requireReaccept: true })
    expect(planned).toMatchObject({ name: "Version 1", version: 1, requireReaccept: false })
    expect(planned).not.toHaveProperty("requireReacceptVersion")
    expect(planned.versions[1]).toMatchObject({ version: 2, publishedAt, requireReaccept: true })
    expect((await shown(server, id, 2)).json).toMatchObject({ name: "Version 2", publishedAt })
    const after = await say(server, id, [{ userId: "planned later" }])
    expect([...before, ...after].map(({ version }) => version)).toEqual([1, 1])
    const answer = await record(server, [yes({ consentType: id, userId: "too early", version: 2 })])
    expect(violations(answer)).toEqual(["/items/0/version unknown_version"])
    for (const userId of ["planned", "planned later"]) {
      expect(await statusAt(server, id, userId)).toBe("given permitted")
      expect(await statusAt(server, id, userId, plus(publishedAt, -1))).toBe("given permitted")
      expect(await statusAt(server, id, userId, publishedAt)).toBe("invalidated askAgain")
      expect(await decision(server, id, { userId })).toMatchObject({ nextChangeAt: publishedAt })
    }
  })

  test("is published neither early nor never by a correction, which starts from the texts in force", async () => {
    const { id } = await created(server, { name: "Version 1", document: "§ 1" })
    const publishedAt = ahead(10 * day)
    await changed(server, id, { name: "Planned", document: "§ planned", publishedAt })
    const corrected = await changed(server, id, { description: "Corrected" })
    const texts = { name: "Version 1", document: "§ 1", description: "Corrected" }
    expect(corrected).toMatchObject({ ...texts, version: 2 })
    expect((await shown(server, id, 2)).json).toMatchObject(texts)
    expect((await shown(server, id, 3)).json).toMatchObject({ name: "Planned", document: "§ planned", publishedAt })
    // A version that is planned for after a plan starts from that plan.
    const later = await changed(server, id, { description: "Later", publishedAt: plus(publishedAt, day) })
    expect(later).toMatchObject({ ...texts, version: 2 })
    expect((await shown(server, id, 4)).json).toMatchObject({
      name: "Planned",
      description: "Later",
      document: "§ planned",
    })
  })

  test("also ends answers to a correction made meanwhile", async () => {
    const { id } = await created(server, { name: "Version 1" })
    const publishedAt = ahead(10 * day)
    await say(server, id, [{ userId: "before the correction" }])
    await changed(server, id, { name: "Planned", publishedAt, requireReaccept: true, grace: "P3D" })
    await changed(server, id, { description: "Corrected" })
    await changed(server, id, { description: "Corrected again" })
    await say(server, id, [{ userId: "after the correction" }])
    for (const userId of ["before the correction", "after the correction"]) {
      expect(await statusAt(server, id, userId, plus(publishedAt, 3 * day - 1))).toBe("given permitted")
      expect(await statusAt(server, id, userId, plus(publishedAt, 3 * day))).toBe("invalidated askAgain")
    }
  })

  test("comes into force at its publishedAt", async () => {
    const { id } = await created(server, { name: "Version 1" })
    const { versions } = await changed(server, id, {
      name: "Version 2",
      publishedAt: ahead(400),
      requireReaccept: true,
    })
    await say(server, id, [{ userId: "at the time" }])
    while (Date.now() <= Date.parse(versions[1]!.publishedAt)) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await listed(server, id)).toMatchObject({ name: "Version 2", version: 2, requireReacceptVersion: 2 })
    expect(await statusAt(server, id, "at the time")).toBe("invalidated askAgain")
    expect((await say(server, id, [{ userId: "at the time" }]))[0]).toMatchObject({ version: 2 })
    expect(await statusAt(server, id, "at the time")).toBe("given permitted")
  })

  test("cannot be back-dated: 422, and nothing changes", async () => {
    const type = await created(server)
    for (const publishedAt of ["0001-01-01T00:00:00Z", "2020-01-01T00:00:00.000Z", ahead(-1000)]) {
      const answer = await change(server, type.id, { name: "Another name", publishedAt, status: "archived" })
      expectProblem(answer, 422)
      expect(violations(answer)).toEqual(["/publishedAt published_in_past"])
    }
    expect(await listed(server, type.id)).toEqual(type)
  })
})

describe("requireReaccept", () => {
  test("lets what was answered before lapse exactly at publishedAt + grace, but for a refusal", async () => {
    const { id } = await created(server)
    const states = ["accepted", "implied", "viewed", "declined"]
    await say(
      server,
      id,
      states.map((state) => ({ userId: `was ${state}`, consentState: state })),
    )
    const { versions } = await changed(server, id, { name: "Another name", requireReaccept: true, grace: "P7D" })
    const lapse = plus(versions[1]!.publishedAt, 7 * day)
    const live = ["given permitted", "implied permitted", "requested askAgain", "refused"]
    for (const [index, state] of states.entries()) {
      expect(await statusAt(server, id, `was ${state}`)).toBe(live[index])
      expect(await statusAt(server, id, `was ${state}`, plus(lapse, -1))).toBe(live[index])
      expect(await statusAt(server, id, `was ${state}`, lapse)).toBe(
        state === "declined" ? "refused" : "invalidated askAgain",
      )
    }
    await say(server, id, [{ userId: "new" }])
    expect(await statusAt(server, id, "new", lapse)).toBe("given permitted")
  })

  test("alone asks everyone again, and names the latest version that did so", async () => {
    const { id } = await created(server)
    expect(await changed(server, id, { name: "Version 2" })).not.toHaveProperty("requireReacceptVersion")
    await say(server, id, [{ userId: "asked again" }])
    expect(await changed(server, id, { requireReaccept: true })).toMatchObject({
      version: 3,
      requireReacceptVersion: 3,
    })
    expect(await statusAt(server, id, "asked again")).toBe("invalidated askAgain")
    const last = await changed(server, id, { name: "Version 4" })
    expect(last).toMatchObject({ version: 4, requireReaccept: false, requireReacceptVersion: 3 })
  })
})

test("Of any corrections and plans each that asks everybody again ends, at its publishedAt + grace, what was answered before", async () => {
  const graces = [undefined, "P1D"] as const
  const correction = fc.record({ requireReaccept: fc.boolean(), grace: fc.constantFrom(...graces) })
  const plan = fc.record({
    requireReaccept: fc.boolean(),
    grace: fc.constantFrom(...graces),
    day: fc.constantFrom(1, 2, 3),
  })
  const step = fc.oneof(correction, plan, fc.constant("answer" as const))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
      const { id } = await created(server)
      const start = Date.now()
      const people: Array<{ readonly userId: string; readonly after: number }> = []
      const ends: Array<{ readonly at: number; readonly step: number; readonly isPlanned: boolean }> = []
      for (const [index, step] of steps.entries()) {
        if (step === "answer") {
          people.push({ userId: `${id} ${index}`, after: index })
          await say(server, id, [{ userId: `${id} ${index}` }])
          continue
        }
        const { grace, requireReaccept } = step
        const isPlanned = "day" in step
        // No two are planned for the same instant, because the later plan would replace the earlier one.
        const publishedAt = isPlanned ? { publishedAt: new Date(start + step.day * day + index).toISOString() } : {}
        const more = { ...publishedAt, ...(grace !== undefined && { grace }) }
        const { dateUpdated, versions } = await changed(server, id, { name: `Step ${index}`, requireReaccept, ...more })
        const at = isPlanned
          ? publishedAt.publishedAt!
          : versions.find(({ publishedAt }) => publishedAt === dateUpdated)!.publishedAt
        const length = grace === undefined ? 0 : day
        if (requireReaccept) ends.push({ at: Date.parse(at) + length, step: index, isPlanned })
      }
      for (const { after, userId } of people) {
        const relevant = ends.filter(({ isPlanned, step }) => isPlanned || step > after)
        const end = Math.min(...relevant.map(({ at }) => at))
        const { nextChangeAt, status } = (await decision(server, id, { userId }))!
        if (end <= Date.now()) expect(status).toBe("invalidated")
        else
          expect([status, nextChangeAt]).toEqual(["given", end === Infinity ? undefined : new Date(end).toISOString()])
      }
    }),
    { numRuns: 60 },
  )
})

test("the rules and the duration of a type are taken into its decisions at once", async () => {
  const { id } = await created(server)
  const [event] = await say(server, id, [{ userId: "rules", consentState: "viewed" }])
  expect(await statusAt(server, id, "rules")).toBe("requested askAgain")
  await changed(server, id, { rules: { permits: "viewed", maxAge: { viewed: "P30D" } } })
  expect(await statusAt(server, id, "rules")).toBe("requested permitted askAgain")
  expect(await decision(server, id, { userId: "rules" })).toMatchObject({
    expiresAt: plus(event.consentDate, 30 * day),
  })
  expect(await statusAt(server, id, "rules", plus(event.consentDate, 30 * day))).toBe("expired askAgain")
  await changed(server, id, { consentDuration: "P7D" })
  expect(await decision(server, id, { userId: "rules" })).toMatchObject({ expiresAt: plus(event.consentDate, 7 * day) })
})

test("no change of texts, rules or status and no deletion changes an event by a byte", async () => {
  const fields = { label: "unchanged", consentDuration: "P1Y", document: "§ 1" }
  const { id } = await created(server, fields)
  await say(
    server,
    id,
    ["accepted", "declined", "viewed"].map((consentState) => ({ userId: "byte for byte", consentState })),
  )
  const before = await eventsOf(fields)
  expect(JSON.parse(before).count).toBe(3)
  const changes = [
    { name: "Another name", document: "§ 2", url: "https://shop.example/2", requireReaccept: true },
    { rules: { permits: "viewed", recordedExpiration: "ignore" }, consentDuration: "P1D", validStates: ["accepted"] },
    { status: "obsolete" },
    { document: null, publishedAt: ahead(day) },
  ]
  for (const fields of changes) await changed(server, id, fields)
  expect((await remove(server, id)).json.status).toBe("archived")
  expect(await eventsOf(fields)).toBe(before)
  const { items } = JSON.parse(before)
  for (const event of items) {
    const one = await server.request("GET", `${privacy()}/consent-events/${event.id}`, { headers: asOwner })
    expect(one.text).toBe(JSON.stringify(event))
  }
})
