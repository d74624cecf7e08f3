/** Clauses of the contract: how a store lists events in pages, orders and filters. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import {
  type EventFilter,
  type EventPage,
  type EventOrder,
  type PageRequest,
  type StoredEvent,
} from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  t0,
  project,
  uuid,
  typeA,
  typeB,
  event,
  request,
  ids,
  type Store,
  clause,
  people,
  manyEvents,
  everything,
  newestFirst,
} from "./samples.ts"

const orders: ReadonlyArray<EventOrder> = (["consentDate", "dateCreated"] as const).flatMap((sort) =>
  (["asc", "desc"] as const).map((order) => ({ sort, order })),
)

/** The key that orders a list: a date, then the lane, then the position in the lane. */
type Key = readonly [at: number, lane: number, position: number]

const compareKeys = (a: Key, b: Key): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** Records events, and returns the key by which each is listed. */
const recorder = (store: Store) => {
  const positions = new Map<string, number>()
  const next = new Map<number, number>()
  const record = Effect.fnUntraced(function* (events: ReadonlyArray<StoredEvent>, recordedAt: number) {
    yield* store.events.append(request(events, { recordedAt }))
    for (const { concordId, id } of events) {
      const lane = Lane.of(project, concordId)
      positions.set(id, next.get(lane) ?? 0)
      next.set(lane, positions.get(id)! + 1)
    }
  })
  const keyOf = (each: StoredEvent, sort: EventOrder["sort"]): Key => [
    each[sort],
    Lane.of(project, each.concordId),
    positions.get(each.id)!,
  ]
  return { record, keyOf }
}

/** Records many events, one at a time. */
const recordMany = Effect.fnUntraced(function* (store: Store) {
  const { keyOf, record } = recorder(store)
  const events = manyEvents(200).map((each, index) => ({ ...each, dateCreated: t0 + (index >> 5) }))
  for (const each of events) yield* record([each], each.dateCreated)
  return { events, keyOf, record }
})

export const eventListClauses: ReadonlyArray<Clause> = [
  clause(
    "pages by offset join to the whole, in every order, and count what matches",
    Effect.fnUntraced(function* (store: Store) {
      const { events, keyOf } = yield* recordMany(store)
      for (const { order, sort } of orders) {
        const direction = order === "asc" ? 1 : -1
        const inOrder = events.toSorted((a, b) => direction * compareKeys(keyOf(a, sort), keyOf(b, sort)))
        const pages: Array<StoredEvent> = []
        for (let offset = 0; offset < events.length + 60; offset += 60) {
          const page = yield* store.events.list(project, everything, { sort, order, limit: 60, from: offset })
          strictEqual(page.total, events.length)
          pages.push(...page.events)
        }
        deepStrictEqual(pages, inOrder)
      }
    }),
  ),
  clause(
    "pages that go on from one another join to the whole, and see nothing that was recorded after the first",
    Effect.fnUntraced(function* (store: Store) {
      const { events, keyOf, record } = yield* recordMany(store)
      let recordedAt = t0 + 100
      for (const { order, sort } of orders) {
        const before = [...events]
        const direction = order === "asc" ? 1 : -1
        const inOrder = before.toSorted((a, b) => direction * compareKeys(keyOf(a, sort), keyOf(b, sort)))
        const pages: Array<StoredEvent> = []
        let from: PageRequest["from"] | undefined = 0
        while (from !== undefined) {
          const page: EventPage = yield* store.events.list(project, everything, { sort, order, limit: 60, from })
          strictEqual(page.total, before.length)
          pages.push(...page.events)
          // A cursor carries the place as plain JSON.
          from = page.next && JSON.parse(JSON.stringify(page.next))
          recordedAt++
          const late = people.map((person) => event(person, { consentDate: t0 - 1, dateCreated: recordedAt }))
          yield* record(late, recordedAt)
          events.push(...late)
        }
        deepStrictEqual(ids(pages), ids(inOrder))
      }
    }),
  ),
  clause(
    "a list is limited by everything its filter names, and by nothing else",
    Effect.fnUntraced(function* (store: Store) {
      const { events } = yield* recordMany(store)
      const limits: ReadonlyArray<readonly [Partial<EventFilter>, (event: StoredEvent) => boolean]> = [
        [{ startDate: t0 - 1 }, ({ consentDate }) => consentDate >= t0 - 1],
        [{ endDate: t0 }, ({ consentDate }) => consentDate < t0],
        [{ people: people.slice(0, 3) }, ({ concordId }) => people.indexOf(concordId) < 3],
        [{ people: [] }, () => false],
        [{ consentTypes: [typeB] }, ({ consentType }) => consentType === typeB],
        [{ consentTypes: [] }, () => false],
        [{ consentStates: ["accepted", "viewed"] }, (each) => ["accepted", "viewed"].includes(each.consentState)],
        [{ consentActions: ["import"] }, ({ consentAction }) => consentAction === "import"],
        [{ submitter: uuid(0xc0) }, () => true],
        [{ submitter: uuid(0xc1) }, () => false],
        [{ session: uuid(0xd0) }, ({ session }) => session === uuid(0xd0)],
        [{ domain: "a.example" }, ({ domain }) => domain === "a.example"],
        [{ geography: "DE-BE" }, ({ geography }) => geography === "DE-BE"],
        [
          { startDate: t0 - 1, consentTypes: [typeA], consentStates: ["declined"], people: people.slice(0, 20) },
          (each) =>
            each.consentDate >= t0 - 1 &&
            each.consentType === typeA &&
            each.consentState === "declined" &&
            people.indexOf(each.concordId) < 20,
        ],
      ]
      for (const [limit, isMeant] of limits) {
        const filter = { ...everything, ...limit }
        const { total, events: listed } = yield* store.events.list(project, filter, {
          ...newestFirst,
          limit: 1000,
          from: 0,
        })
        const meant = events.filter(isMeant)
        deepStrictEqual([total, ids(listed).toSorted()], [meant.length, ids(meant).toSorted()])
      }
      const elsewhere = { number: 2, lanes: 16 }
      strictEqual((yield* store.events.list(elsewhere, everything, { ...newestFirst, limit: 1, from: 0 })).total, 0)
    }),
  ),
]
