/**
 * `assent/open`: the changes of a project as an async iterator.
 */
import { describe, expect, test } from "vitest"
import { type Change, type OpenLedger, Refusal } from "../../apps/embed/index.ts"
import { newsletter, openAt, places, yes } from "./opened.ts"

const jo = { email: "jo@example.com" }

const eventsOf = async (ledger: OpenLedger, after: string): Promise<ReadonlyArray<Change>> => {
  const items: Array<Change> = []
  for await (const batch of ledger.changes({ after, isFollowing: false })) items.push(...batch.items)
  return items.filter(({ type }) => type === "consent.recorded")
}

describe.each(["memory", "SQLite"])("the changes of a ledger in %s", (kind) => {
  const open = async () => openAt(await places[kind]!())

  // Mutants: closing waits for a reader; a signal is not heard while it waits.
  test("come as they are recorded, go on at a mark, and end with a signal or with the ledger", async () => {
    const ledger = await open()
    const [first] = await ledger.record({ ...jo, ...yes })
    const controller = new AbortController()
    const seen: Array<Change> = []
    const marks: Array<string> = []
    const reading = (async () => {
      const asked = { types: ["consent.*"], include: "decision", signal: controller.signal } as const
      for await (const { items, mark } of ledger.changes(asked)) {
        seen.push(...items)
        marks.push(mark)
        if (seen.length === 1) await ledger.record({ ...jo, ...yes, consentState: "declined" })
        if (seen.length === 2) controller.abort()
      }
    })()
    await reading
    expect(seen.map(({ decision, type }) => [type, decision?.status])).toEqual([
      ["consent.recorded", "given"],
      ["consent.recorded", "withdrawn"],
    ])
    expect(seen[0]).toMatchObject({ event: first!.id, concordId: first!.concordId, consentState: "accepted" })
    expect((await eventsOf(ledger, marks[0]!)).map(({ id }) => id)).toEqual([seen[1]!.id])
    expect(await eventsOf(ledger, marks.at(-1)!)).toEqual([])
    const waiting = ledger.changes({ after: "now" })[Symbol.asyncIterator]()
    expect((await waiting.next()).value).toMatchObject({ items: [], isCurrent: true })
    const end = waiting.next()
    await ledger.close()
    expect((await end).done).toBe(true)
  })

  test("are refused for options that are not valid, each with its name", async () => {
    await using ledger = await open()
    const refusal = async (options: object) => {
      try {
        for await (const _ of ledger.changes({ isFollowing: false, ...options })) break
      } catch (error) {
        if (error instanceof Refusal) return error.violations.map(({ pointer }) => pointer)
        throw error
      }
      return []
    }
    expect(await refusal({})).toEqual([])
    expect(await refusal({ after: "nonsense" })).toEqual(["/after"])
    expect(await refusal({ types: ["nonsense"], limit: 0, people: ["x"], further: 1 })).toEqual([
      "/further",
      "/types",
      "/people",
      "/limit",
    ])
    expect(await refusal({ limit: 101, include: "decision", consentTypes: newsletter })).toEqual([
      "/consentTypes",
      "/limit",
    ])
  })
})
