/** A page far into a list reads the events of the page, and of the events before it only what they are ordered by. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as EventList from "../../adapters/sqlite/EventList.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { PageRequest } from "../../core/ports/LedgerStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { event, everything, project, request, t0, uuid } from "./samples.ts"

const count = 3000
const folder = mkdtempSync(join(tmpdir(), "assent-contract-"))
const path = join(folder, "ledger.db")

/** A connection that counts the rows that `all` returns. */
class Counted extends DatabaseSync {
  rows = 0
  override prepare(sql: string): StatementSync {
    const statement = super.prepare(sql)
    const all = statement.all.bind(statement)
    const counted = (...values: Array<SQLInputValue>) => {
      const found = all(...values)
      this.rows += found.length
      return found
    }
    return Object.assign(statement, { all: counted })
  }
}

const events = Array.from({ length: count }, (_, n) =>
  event(uuid(0x100 + (n % 37)), { consentDate: t0 - (n % 11), dateCreated: t0 }),
)

beforeAll(async () => {
  const fill = Effect.flatMap(LedgerStore, (store) => store.events.append(request(events)))
  await Effect.runPromise(Effect.provide(fill, SqliteStore.layer(path)))
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (page: Partial<PageRequest>) => {
  const db = new Counted(path, { readOnly: true })
  try {
    const found = EventList.make(db)(project, everything, {
      sort: "consentDate",
      order: "desc",
      limit: 10,
      from: 0,
      ...page,
    })
    return { ids: found.events.map(({ id }) => id), total: found.total, rows: db.rows }
  } finally {
    db.close()
  }
}

/** The rows of a page: at most `limit` of each lane, a count of each, and the ends of the lanes. */
const mostRows = (limit: number): number => project.lanes * (limit + 2)

test.each([10, count - 10, count, 2 ** 53 - 1])("offset %i", (from) => {
  const { rows, total } = read({ from })
  expect(total).toBe(count)
  expect(rows).toBeLessThanOrEqual(mostRows(10))
})

test("a page at an offset is the part of the whole list, in every order", () => {
  const orders = fc.record({
    sort: fc.constantFrom("consentDate" as const, "dateCreated" as const),
    order: fc.constantFrom("asc" as const, "desc" as const),
  })
  fc.assert(
    fc.property(orders, fc.nat(count + 5), fc.integer({ min: 1, max: 300 }), (order, from, limit) => {
      const whole = read({ ...order, limit: count }).ids
      expect(read({ ...order, from, limit }).ids).toEqual(whole.slice(from, from + limit))
    }),
    { numRuns: 30 },
  )
})
