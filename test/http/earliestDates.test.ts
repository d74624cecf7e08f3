/** A `consentDate` before the project's `earliestConsentDate` is how other systems write "unknown". */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Answer } from "../support/server.ts"
import { acme, ask, asOwner, blog, privacy, record, shop, startWorld, types, violations, yes } from "./world.ts"

const server = served(startWorld)

interface Decision {
  readonly consentType: string
}

const no = (more: object) => yes({ consentState: "declined", ...more })

const isNow = (date: string): boolean => Math.abs(Date.parse(date) - Date.now()) < 60_000

const isRefused = (answer: Answer): boolean => {
  if (answer.status === 201) return false
  expect([answer.status, violations(answer)]).toEqual([422, ["/items/0/consentDate consent_date_too_early"]])
  return true
}

/** Whether a yes of a date is refused; each is about another person. */
const refuses = async (consentDate: string, more: object = {}) =>
  isRefused(await record(server, [yes({ userId: crypto.randomUUID(), consentDate, ...more })]))

const change = (json: object, project = shop) => server.request("PATCH", privacy(project), { headers: asOwner, json })

/** Runs `body` while the shop has another earliest date. */
const withEarliest = async (earliestConsentDate: string, body: () => Promise<void>) => {
  const answer = await change({ earliestConsentDate })
  expect([answer.status, answer.json.earliestConsentDate]).toEqual([200, earliestConsentDate])
  await body()
  const reset = await change({ earliestConsentDate: null })
  expect([reset.status, reset.json.earliestConsentDate]).toEqual([200, "1990-01-01T00:00:00.000Z"])
}

/** The defaults of other systems for a date that is not known. */
const unknownDates = [
  ["0 seconds since 1970", "1970-01-01T00:00:00.000Z"],
  ["seconds read as milliseconds", "1970-01-20T10:23:20.000Z"],
  ["the default of .NET", "0001-01-01T00:00:00Z"],
  ["day 0 of spreadsheets", "1899-12-30T00:00:00Z"],
  ["the first day of spreadsheets", "1900-01-01T00:00:00Z"],
] as const

describe("a date that other systems write for one that is not known", () => {
  test.each(unknownDates)("is refused for a yes: %s", async (_, consentDate) => {
    expect(await refuses(consentDate)).toBe(true)
    expect(await refuses(consentDate, { allowEarly: true })).toBe(true)
    for (const consentState of ["implied", "viewed"]) expect(await refuses(consentDate, { consentState })).toBe(true)
  })

  test.each(unknownDates)("does not put a refusal before a yes: %s", async (userId, consentDate) => {
    expect((await record(server, [yes({ userId, consentDate: "2023-01-01T00:00:00Z" })])).status).toBe(201)
    const answer = await record(server, [no({ userId, consentDate })])
    expect(answer.status, answer.text).toBe(201)
    const event = answer.json.items[0]
    expect(isNow(event.consentDate)).toBe(true)
    expect(event.consentDate).toBe(event.dateCreated)
    expect(Date.parse(event.claimedConsentDate)).toBe(Date.parse(consentDate))
    const decisions = await ask(server, "consent-decisions", { userId })
    const decision = decisions.json.items.find(({ consentType }: Decision) => consentType === types.newsletter.id)
    expect(decision).toMatchObject({ status: "withdrawn", permitted: false, event: event.id })
  })

  test("is no reason to keep an expiration that is before the refusal", async () => {
    const dates = { consentDate: "1970-01-01T00:00:00Z", expirationDate: "1975-01-01T00:00:00Z" }
    const answer = await record(server, [no({ userId: "expired early", ...dates })])
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json.items[0]).toMatchObject({
      claimedConsentDate: "1970-01-01T00:00:00.000Z",
      claimedExpirationDate: "1975-01-01T00:00:00.000Z",
    })
    expect(answer.json.items[0]).not.toHaveProperty("expirationDate")
    const later = { consentDate: "1970-01-01T00:00:00Z", expirationDate: "2200-01-01T00:00:00Z" }
    const kept = await record(server, [no({ userId: "expires late", ...later })])
    expect(kept.json.items[0]).toMatchObject({ expirationDate: "2200-01-01T00:00:00.000Z" })
    expect(kept.json.items[0]).not.toHaveProperty("claimedExpirationDate")
  })

  test("is known again by its external id", async () => {
    const item = no({ userId: "sent twice", consentDate: "1970-01-01T00:00:00Z", externalId: "sent-twice" })
    const [first, again] = [await record(server, [item]), await record(server, [item])]
    expect([again.status, again.json.items[0].id]).toEqual([201, first.json.items[0].id])
  })
})

describe("the earliest date of a project", () => {
  test("is 1990-01-01 and is itself taken", async () => {
    const listed = await server.request("GET", `/privacy-v1/organizations/${acme.id}/projects`, { headers: asOwner })
    expect(listed.json.items[0].earliestConsentDate).toBe("1990-01-01T00:00:00.000Z")
    expect(await refuses("1989-12-31T23:59:59.999Z")).toBe(true)
    expect(await refuses("1989-12-31T23:59:59.999Z", { allowEarly: true })).toBe(true)
    expect(await refuses("1990-01-01T00:00:00Z")).toBe(false)
  })

  test("can be set earlier; the first two months of 1970 stay refused unless the item says allowEarly", () =>
    withEarliest("1900-01-01T00:00:00.000Z", async () => {
      for (const [date, isTaken] of [
        ["1899-12-31T23:59:59.999Z", false],
        ["1900-01-01T00:00:00.000Z", true],
        ["1969-12-31T23:59:59.999Z", true],
        ["1970-03-01T00:00:00.000Z", true],
      ] as const) {
        expect([date, await refuses(date)]).toEqual([date, !isTaken])
        expect([date, await refuses(date, { allowEarly: true })]).toEqual([date, !isTaken])
      }
      for (const date of ["1970-01-01T00:00:00.000Z", "1970-02-28T23:59:59.999Z"]) {
        for (const allowEarly of [undefined, null, false]) expect(await refuses(date, { allowEarly })).toBe(true)
        expect(await refuses(date, { allowEarly: true })).toBe(false)
        const answer = await record(server, [no({ userId: crypto.randomUUID(), consentDate: date, allowEarly: true })])
        expect(answer.json.items[0]).toMatchObject({ consentDate: date })
        expect(answer.json.items[0]).not.toHaveProperty("claimedConsentDate")
      }
    }))

  test("can be set later, and holds for one project", () =>
    withEarliest("2018-05-25T00:00:00.000Z", async () => {
      expect(await refuses("2018-05-24T23:59:59.999Z")).toBe(true)
      expect(await refuses("2018-05-25T00:00:00.000Z")).toBe(false)
      const item = yes({ userId: "blog", consentType: undefined, consentDate: "1995-01-01T00:00:00Z" })
      const triple = { category: "communication", subcategory: ["email"], label: "newsletter" }
      const json = { items: [{ ...item, ...triple }] }
      const answer = await server.request("POST", `${privacy(blog)}/consent-events`, { headers: asOwner, json })
      expect(answer.status, answer.text).toBe(201)
    }))

  test.each([
    ["before 1900", "1899-12-31T23:59:59.999Z", "invalid"],
    ["in the future", "2999-01-01T00:00:00Z", "earliest_in_future"],
    ["not a date-time", "1995-01-01", "invalid"],
  ])("that is %s is 422", async (_, earliestConsentDate, code) => {
    const projects = `/privacy-v1/organizations/${acme.id}/projects`
    for (const answer of [
      await change({ earliestConsentDate }),
      await server.request("POST", projects, { headers: asOwner, json: { name: "Early", earliestConsentDate } }),
    ]) {
      expect([answer.status, violations(answer)]).toEqual([422, [`/earliestConsentDate ${code}`]])
    }
  })

  test("is set with a new project", async () => {
    const json = { name: "Early", earliestConsentDate: "1950-06-01T00:00:00+02:00" }
    const made = await server.request("POST", `/privacy-v1/organizations/${acme.id}/projects`, {
      headers: asOwner,
      json,
    })
    expect([made.status, made.json.earliestConsentDate]).toEqual([201, "1950-05-31T22:00:00.000Z"])
  })
})

test("an allowEarly that is not true or false is named, and left out of a refusal", async () => {
  const refused = await record(server, [yes({ userId: "flag", allowEarly: "yes" })])
  expect([refused.status, violations(refused)]).toEqual([422, ["/items/0/allowEarly invalid"]])
  const recorded = await record(server, [no({ userId: "flag", allowEarly: "yes" })])
  expect([recorded.status, recorded.json.items[0].leftOut]).toEqual([201, ["allowEarly"]])
})
