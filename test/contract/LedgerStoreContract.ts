/**
 * What every store of the ledger must keep: the contract of the port `LedgerStore`, as data.
 *
 * Run each clause against a store of its own, in any test runner: `Effect.runPromise(Effect.provide(clause.check,
 * layer))`. A clause that does not hold dies with an `AssertionError`. Published as `assent/testing`.
 */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { Entries } from "../../core/Catalog.ts"
import * as ConsentState from "../../core/ConsentState.ts"
import * as Heads from "../../core/Heads.ts"
import * as Lane from "../../core/Lane.ts"
import {
  type Append,
  LedgerStore,
  type Session,
  type StoredEvent,
  type StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"

/** One sentence that must hold, and its proof. */
export interface Clause {
  readonly name: string
  readonly check: Effect.Effect<void, StoreUnavailable, LedgerStore>
}

const t0 = Date.UTC(2024, 0, 31)
const organization: Lane.Owner = { number: 0, lanes: 16 }
const project: Lane.Owner = { number: 1, lanes: 16 }
const uuid = (n: number): string => `018d5d1e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
const hash = (n: number): string => n.toString(16).padStart(64, "0")
const typeA = uuid(0xa0)
const typeB = uuid(0xb0)

let lastId = 0x1000
const event = (concordId: string, over: Partial<StoredEvent> = {}): StoredEvent => {
  const id = over.id ?? uuid(++lastId)
  return {
    id,
    concordId,
    consentType: typeA,
    version: 1,
    consentState: "accepted",
    consentAction: "user_click",
    consentDate: t0,
    dateCreated: t0,
    submitter: uuid(0xc0),
    body: JSON.stringify({ id, text: "“ü” 🙂 \\u0000" }),
    ...over,
  }
}

const request = (events: ReadonlyArray<StoredEvent>, over: Partial<Append> = {}): Append => ({
  project,
  organization,
  recordedAt: t0,
  events,
  claims: [],
  ...over,
})

const session = (n: number, concordId: string): Session => ({
  tokenHash: hash(n),
  id: uuid(n),
  project: uuid(1),
  concordId,
  expiresAt: t0 + 1000,
  ipAddress: "192.0.2.0",
  domain: "localhost",
  userAgent: "a browser",
})

const entries: Entries = {
  organizations: [{ ...organization, id: uuid(1), name: "O", identifierKey: "AAAA" }],
  projects: [{ ...project, id: uuid(2), organization: uuid(1), name: "P", domains: ["localhost"] }],
  apiKeys: [{ id: uuid(3), organization: uuid(1), name: "K", role: "owner", secretHash: hash(1) }],
  consentTypes: [
    {
      id: typeA,
      organization: uuid(1),
      project: uuid(2),
      category: "custom",
      subcategory: "s",
      label: "l",
      name: "A type",
      description: "",
      status: "active",
      validStates: ConsentState.all,
      consentDuration: { months: 13, days: 0, millis: 0 },
      rules: { maxAge: { declined: { months: 6, days: 0, millis: 0 }, viewed: null } },
      versions: [{ version: 1, publishedAt: t0, dateCreated: t0, requireReaccept: false }],
    },
  ],
}

/** The heads as the specification folds them, to compare with what the store keeps. */
const foldedHeads = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<string> =>
  [...Map.groupBy(events, ({ consentType }) => consentType).values()]
    .flatMap((ofType) => Object.values(Heads.fold(ofType)))
    .flatMap((head) => (head === undefined ? [] : [head.id]))
    .toSorted()

const ids = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<string> => events.map(({ id }) => id)

type Store = LedgerStore["Service"]

const clause = (name: string, check: (store: Store) => Effect.Effect<void, StoreUnavailable>): Clause => ({
  name,
  check: Effect.flatMap(LedgerStore, check),
})

/** People in different lanes, and many of them in the same. */
const people = Array.from({ length: 40 }, (_, index) => uuid(0x100 + index * 7))

/** Many events with few instants, so that ties happen; the same for everybody who runs the contract. */
const manyEvents = (count: number): ReadonlyArray<StoredEvent> =>
  Array.from({ length: count }, (_, index) =>
    event(people[(index * 13) % people.length]!, {
      consentType: index % 3 === 0 ? typeB : typeA,
      consentState: ConsentState.all[(index * 5 + (index >> 3)) % 4]!,
      consentDate: t0 - ((index * 7) % 3),
      ...(index % 4 === 0 && { expirationDate: t0 + index }),
      ...(index % 5 === 0 && { session: uuid(0xd0), consentAction: "import" as const }),
    }),
  )

/** Every clause of the contract. */
export const clauses: ReadonlyArray<Clause> = [
  clause(
    "what is set up is found again, and is the same object as long as nothing changes",
    Effect.fnUntraced(function* (store: Store) {
      strictEqual((yield* store.catalog).projects.size, 0)
      strictEqual(yield* store.found(entries), true)
      const catalog = yield* store.catalog
      deepStrictEqual(catalog.organizations.get(uuid(1)), entries.organizations[0])
      deepStrictEqual(catalog.projects.get(uuid(2)), entries.projects[0])
      deepStrictEqual(catalog.apiKeys.get(hash(1)), entries.apiKeys[0])
      deepStrictEqual(catalog.consentTypes.get(uuid(2))?.byId.get(typeA), entries.consentTypes[0])
      strictEqual(yield* store.catalog, catalog)
    }),
  ),
  clause(
    "setting up happens once: the second founding changes nothing and says so",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.found(entries)
      strictEqual(yield* store.found({ ...entries, projects: [] }), false)
      strictEqual((yield* store.catalog).projects.size, 1)
    }),
  ),
  clause(
    "an event is read back as it was recorded, its body byte for byte",
    Effect.fnUntraced(function* (store: Store) {
      const plain = event(uuid(5))
      const full = event(uuid(5), { consentType: typeB, expirationDate: t0 + 1, session: uuid(6), version: 3 })
      deepStrictEqual(yield* store.append(request([plain, full])), { _tag: "Appended" })
      deepStrictEqual(yield* store.events(project, uuid(5)), [plain, full])
      deepStrictEqual(
        (yield* store.heads(project, uuid(5))).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        [plain, full],
      )
    }),
  ),
  clause(
    "nothing is known of a person nobody recorded, nor in another project",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.append(request([event(uuid(5))]))
      deepStrictEqual(yield* store.events(project, uuid(6)), [])
      deepStrictEqual(yield* store.heads(project, uuid(6)), [])
      deepStrictEqual(yield* store.events({ number: 2, lanes: 16 }, uuid(5)), [])
      deepStrictEqual(yield* store.heads({ number: 2, lanes: 16 }, uuid(5)), [])
    }),
  ),
  clause(
    "a person's events come in the order recorded, whatever their dates",
    Effect.fnUntraced(function* (store: Store) {
      const first = event(uuid(5), { consentDate: t0 })
      const late = event(uuid(5), { consentDate: t0 - 1000, dateCreated: t0 + 1 })
      yield* store.append(request([first]))
      yield* store.append(request([late], { recordedAt: t0 + 1 }))
      deepStrictEqual(ids(yield* store.events(project, uuid(5))), [first.id, late.id])
    }),
  ),
  clause(
    "the heads are the fold of the events, through ties and late arrivals, one by one or in batches",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(400)
      for (let start = 0; start < events.length;) {
        const size = 1 + (start % 17)
        yield* store.append(request(events.slice(start, start + size)))
        start += size
      }
      for (const person of people) {
        const own = events.filter(({ concordId }) => concordId === person)
        deepStrictEqual(ids(yield* store.events(project, person)), ids(own))
        deepStrictEqual(ids(yield* store.heads(project, person)).toSorted(), foldedHeads(own))
      }
    }),
  ),
  clause(
    "requests that arrive at once are each recorded once, and none is lost",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(300)
      yield* Effect.forEach(events, (each) => store.append(request([each])), { concurrency: "unbounded" })
      for (const person of people) {
        const own = events.filter(({ concordId }) => concordId === person)
        deepStrictEqual(ids(yield* store.events(project, person)).toSorted(), ids(own).toSorted())
        deepStrictEqual(ids(yield* store.heads(project, person)).toSorted(), foldedHeads(own))
      }
    }),
  ),
  clause(
    "an alias names whom it was claimed for, and may be claimed for the same person again",
    Effect.fnUntraced(function* (store: Store) {
      const claims = [{ hash: hash(0xa), concordId: uuid(5) }]
      deepStrictEqual(yield* store.peopleByAlias(organization, [hash(0xa), hash(0xb)]), [undefined, undefined])
      yield* store.append(request([event(uuid(5))], { claims }))
      strictEqual((yield* store.append(request([event(uuid(5))], { claims })))._tag, "Appended")
      deepStrictEqual(yield* store.peopleByAlias(organization, [hash(0xb), hash(0xa)]), [undefined, uuid(5)])
      deepStrictEqual(yield* store.peopleByAlias({ number: 7, lanes: 16 }, [hash(0xa)]), [undefined])
    }),
  ),
  clause(
    "a request that claims another's alias is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.append(request([event(uuid(5))], { claims: [{ hash: hash(0xa), concordId: uuid(5) }] }))
      const claims = [
        { hash: hash(0xc), concordId: uuid(6) },
        { hash: hash(0xa), concordId: uuid(6) },
      ]
      strictEqual((yield* store.append(request([event(uuid(6))], { claims })))._tag, "Stale")
      deepStrictEqual(yield* store.events(project, uuid(6)), [])
      deepStrictEqual(yield* store.heads(project, uuid(6)), [])
      deepStrictEqual(yield* store.peopleByAlias(organization, [hash(0xc), hash(0xa)]), [undefined, uuid(5)])
    }),
  ),
  clause(
    "of requests that claim one alias for different people at once, exactly one is kept",
    Effect.fnUntraced(function* (store: Store) {
      const outcomes = yield* Effect.forEach(
        people,
        (person) => store.append(request([event(person)], { claims: [{ hash: hash(0xa), concordId: person }] })),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter(({ _tag }) => _tag === "Appended").length, 1)
      const [named] = yield* store.peopleByAlias(organization, [hash(0xa)])
      for (const person of people) {
        strictEqual((yield* store.events(project, person)).length, person === named ? 1 : 0)
      }
    }),
  ),
  clause(
    "dateCreated never goes back inside a lane: a request for an earlier instant is stale and told the last one",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.append(request([event(uuid(5), { dateCreated: t0 + 9 })], { recordedAt: t0 + 9 }))
      const earlier = request([event(uuid(5)), ...people.map((person) => event(person))])
      deepStrictEqual(yield* store.append(earlier), { _tag: "Stale", lastRecordedAt: t0 + 9 })
      strictEqual((yield* store.events(project, uuid(5))).length, 1)
      for (const person of people) deepStrictEqual(yield* store.events(project, person), [])
      const later = event(uuid(5), { dateCreated: t0 + 9 })
      strictEqual((yield* store.append(request([later], { recordedAt: t0 + 9 })))._tag, "Appended")
    }),
  ),
  clause(
    "a session is found by the hash of its token, and only by it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = session(0x50, uuid(5))
      strictEqual(yield* store.openSession(organization, opened, { hash: hash(0xe), concordId: uuid(5) }), true)
      deepStrictEqual(yield* store.session(hash(0x50)), opened)
      strictEqual(yield* store.session(hash(0x51)), undefined)
      deepStrictEqual(yield* store.peopleByAlias(organization, [hash(0xe)]), [uuid(5)])
    }),
  ),
  clause(
    "a session lasts as long as it is extended to, and one that is not there is not made by extending it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = { ...session(0x50, uuid(5)), geography: "DE-BE" }
      yield* store.openSession(organization, opened, { hash: hash(0xe), concordId: uuid(5) })
      yield* store.extendSession(hash(0x50), t0 + 5000)
      yield* store.extendSession(hash(0x51), t0 + 5000)
      deepStrictEqual(yield* store.session(hash(0x50)), { ...opened, expiresAt: t0 + 5000 })
      strictEqual(yield* store.session(hash(0x51)), undefined)
    }),
  ),
  clause(
    "a session whose context names another person is not opened",
    Effect.fnUntraced(function* (store: Store) {
      const claim = { hash: hash(0xe), concordId: uuid(5) }
      yield* store.openSession(organization, session(0x50, uuid(5)), claim)
      const other = { hash: hash(0xe), concordId: uuid(6) }
      strictEqual(yield* store.openSession(organization, session(0x60, uuid(6)), other), false)
      strictEqual(yield* store.session(hash(0x60)), undefined)
      const again = yield* store.openSession(organization, session(0x70, uuid(5)), claim)
      ok(again)
      notStrictEqual(yield* store.session(hash(0x70)), undefined)
    }),
  ),
]
