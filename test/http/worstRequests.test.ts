/**
 * The work of the worst requests, over a ledger that is made to be expensive: a request costs no more than it is worth,
 * and no turn of the event loop more than a little of it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Ids from "../../bench/worst/ids.ts"
import { type CountedServer, startHostile, type Work } from "../support/counted.ts"
import { times } from "../support/long.ts"

const sizes: Ids.Sizes = {
  types: times(600, 4000),
  longDocuments: 40,
  longestDocuments: 1,
  versions: times(100, 1000),
  projects: 50,
  keys: 50,
  manyEvents: times(6000, 100_000),
  oneEvents: times(2000, 20_000),
  guests: times(200, 3000),
  guestEvents: 12,
  people: 1000,
}

let server: CountedServer
beforeAll(async () => {
  server = await startHostile(sizes)
})
afterAll(() => server?.stop())

const project = `/privacy-v1/organizations/${Ids.organizationId}/projects/${Ids.projectId}`
const asViewer = { "x-api-key": Ids.secrets.viewer }

const ask = async (path: string, json?: unknown): Promise<Work & { readonly text: string }> => {
  const init =
    json === undefined
      ? { headers: asViewer }
      : { method: "POST", headers: { ...asViewer, "content-type": "application/json" }, body: JSON.stringify(json) }
  const answer = await server.work(`${project}${path}`, init)
  expect(answer.status, answer.text.slice(0, 300)).toBe(200)
  return answer
}

/** The most rows that one turn may read: a page of events, and what else a question reads. */
const rowsPerTurn = 3000
/** The most types that are decided in one turn. */
const decidedPerTurn = 512
/** The most bytes of an answer: a page, its last item, and what is around it. */
const answerMaxBytes = 1.25 * 1024 * 1024

const past = "at=2024-01-01T00:00:30.000Z"

describe("a question about the past reads the events page by page", () => {
  test.each(["many", "one", "joined", "wide"] as const)("of the person %s", async (person) => {
    for (const path of ["consent-decisions", "consent-state"]) {
      const { mostInOneTurn, total } = await ask(`/${path}?${past}&concordId=${Ids.people[person]}`)
      expect(mostInOneTurn.rows).toBeLessThanOrEqual(rowsPerTurn)
      expect(mostInOneTurn.decided).toBeLessThanOrEqual(decidedPerTurn)
      expect(total.bytes).toBeLessThanOrEqual(answerMaxBytes)
    }
  })
})

describe("a question about one type", () => {
  const about = (concordId: string, more = {}) => ({
    ...more,
    items: [{ person: { concordId }, consentType: Ids.typeId(3) }],
  })

  test("of a project of many types decides this type", async () => {
    const { total } = await ask("/consent-decisions", about(Ids.people.wide))
    expect(total.decided).toBeGreaterThan(0)
    expect(total.decided).toBeLessThanOrEqual(2)
    expect(total.rows).toBeLessThanOrEqual(10)
  })

  test("asked 1000 times about one person, is answered once", async () => {
    const { items } = about(Ids.people.wide)
    const { total } = await ask("/consent-decisions", { items: Array.from({ length: 1000 }, () => items[0]) })
    expect(total.decided).toBeLessThanOrEqual(2)
    expect(total.rows).toBeLessThanOrEqual(10)
  })

  test("asked about 1000 people, reads only the heads of this type, a few people in one turn", async () => {
    const items = Array.from({ length: 1000 }, (_, n) => ({
      person: { concordId: Ids.personId(n) },
      consentType: Ids.typeId(n % 5),
    }))
    const { mostInOneTurn, total } = await ask("/consent-decisions", { items })
    expect(total.decided).toBeGreaterThanOrEqual(1000)
    expect(total.decided).toBeLessThanOrEqual(2000)
    expect(total.rows).toBeGreaterThanOrEqual(1000)
    expect(total.rows).toBeLessThanOrEqual(10_000)
    expect(mostInOneTurn.decided).toBeLessThanOrEqual(64)
    expect(mostInOneTurn.rows).toBeLessThanOrEqual(256)
  })

  test("at a past instant about all types of 1000 questions, reads in pages", async () => {
    const items = Array.from({ length: 1000 }, (_, n) => ({
      person: { concordId: Ids.people.many },
      consentType: Ids.typeId(n % sizes.types),
    }))
    const { mostInOneTurn } = await ask("/consent-decisions", { at: "2024-01-01T00:00:30.000Z", items })
    expect(mostInOneTurn.rows).toBeLessThanOrEqual(rowsPerTurn)
    expect(mostInOneTurn.decided).toBeLessThanOrEqual(decidedPerTurn)
  })
})

describe("what is in force is answered in parts", () => {
  test.each(["wide", "many", "joined"] as const)("of the person %s", async (person) => {
    for (const path of ["consent-decisions", "consent-state"]) {
      const { mostInOneTurn, total } = await ask(`/${path}?concordId=${Ids.people[person]}`)
      expect(mostInOneTurn.rows).toBeLessThanOrEqual(rowsPerTurn)
      expect(mostInOneTurn.decided).toBeLessThanOrEqual(decidedPerTurn)
      expect(total.bytes).toBeLessThanOrEqual(answerMaxBytes)
    }
  })
})

describe("a list has a limit in bytes", () => {
  test.each(["consent-events"])("%s", async (path) => {
    const { total } = await ask(`/${path}?limit=1000`)
    expect(total.bytes).toBeLessThanOrEqual(answerMaxBytes)
  })
})
