/**
 * What every store of the ledger must keep: the contract of the port `LedgerStore`, as data.
 *
 * Run each clause against a store of its own, in any test runner: `Effect.runPromise(Effect.provide(clause.check,
 * layer))`. A clause that does not hold dies with an `AssertionError`. Published as `assent/testing`.
 */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { Entries } from "../../core/model/Catalog.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Heads from "../../core/engine/Heads.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim, Evidence, Fact } from "../../core/model/People.ts"
import {
  type Append,
  type EventFilter,
  keptForEver,
  LedgerStore,
  type EventPage,
  type EventOrder,
  type PageRequest,
  type IdentityChange,
  idempotencyKeptMillis,
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

const claim = (n: number, concordId: string): Claim => ({
  kind: "email",
  hash: hash(n),
  concordId,
  dateCreated: t0 + n,
})

const noChange: IdentityChange = { organization, seen: [], claims: [], releases: [], facts: [] }

const evidence: Evidence = { kind: "email", tokenHash: hash(0x9), issuedAt: t0, expiresAt: t0 + 9, keyId: "1" }

const fact = (n: number, over: Partial<Fact> = {}): Fact => ({
  id: uuid(0x900 + n),
  kind: "joined",
  dateCreated: t0,
  member: uuid(5),
  survivor: uuid(6),
  submitter: uuid(0xc0),
  ...over,
})

const made = { dateCreated: t0, dateUpdated: t0 }

const entries: Entries = {
  organizations: [
    {
      ...organization,
      ...made,
      id: uuid(1),
      name: "O",
      primaryDomain: "o.example",
      privacyPolicyUrl: "https://o.example/privacy",
      identifierKey: "AAAA",
      publicKeys: [{ kty: "EC", crv: "P-256", x: "x", y: "y", kid: "1" }],
    },
  ],
  projects: [
    { ...project, ...made, id: uuid(2), organization: uuid(1), name: "P", domains: ["localhost"], status: "active" },
  ],
  apiKeys: [
    {
      ...made,
      id: uuid(3),
      organization: uuid(1),
      name: "K",
      role: "owner",
      permissions: [{ projectId: uuid(2), role: "viewer" }],
      secretHash: hash(1),
    },
  ],
  consentTypes: [
    {
      id: typeA,
      organization: uuid(1),
      project: uuid(2),
      category: "custom",
      subcategory: "s",
      label: "l",
      ...made,
      status: "active",
      required: false,
      validStates: ConsentState.all,
      consentDuration: { months: 13, days: 0, millis: 0 },
      rules: { maxAge: { declined: { months: 6, days: 0, millis: 0 }, viewed: null } },
      versions: [
        { version: 1, name: "A type", description: "", publishedAt: t0, dateCreated: t0, requireReaccept: false },
      ],
    },
  ],
}

const type = entries.consentTypes[0]!

/** The heads as the specification folds them, to compare with what the store keeps. */
const foldedHeads = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<string> =>
  [...Map.groupBy(events, ({ consentType }) => consentType).values()]
    .flatMap((ofType) => Object.values(Heads.fold(ofType)))
    .flatMap((head) => (head === undefined ? [] : [head.id]))
    .toSorted()

const ids = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<string> => events.map(({ id }) => id)

type Store = LedgerStore["Service"]

/** Whom each hash names. */
const named = (store: Store, owner: Lane.Owner, hashes: ReadonlyArray<string>) =>
  Effect.map(store.people.byAlias(owner, hashes), (people) => people.map((person) => person?.concordId))

const eventsOf = (store: Store, owner: Lane.Owner, person: string) =>
  Effect.map(store.events.ofPeople(owner, [person]), ({ events }) => events)

const headsOf = (store: Store, owner: Lane.Owner, person: string) =>
  Effect.map(store.events.heads(owner, [person]), ({ events }) => events)

/** How many of the events are in each of the lanes of people. */
const counted = (events: ReadonlyArray<StoredEvent>, whose: ReadonlyArray<string>): ReadonlyMap<number, number> => {
  const lanes = whose.map((person) => Lane.of(project, person))
  const isIn = (lane: number) => events.filter(({ concordId }) => Lane.of(project, concordId) === lane).length
  return new Map(lanes.map((lane) => [lane, isIn(lane)]))
}

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
      ...(index % 5 === 0 && { session: uuid(0xd0), domain: "a.example", consentAction: "import" as const }),
      ...(index % 7 === 0 && { session: uuid(0xd1), domain: "b.example", geography: "DE-BE" }),
    }),
  )

const everything: EventFilter = { startDate: 0, endDate: t0 * 2 }

const orders: ReadonlyArray<EventOrder> = (["consentDate", "dateCreated"] as const).flatMap((sort) =>
  (["asc", "desc"] as const).map((order) => ({ sort, order })),
)

const newestFirst: EventOrder = { sort: "consentDate", order: "desc" }

type Key = readonly [at: number, lane: number, position: number]

const compareKeys = (a: Key, b: Key): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** Records events, and tells the key that each is listed by. */
const recorder = (store: LedgerStore["Service"]) => {
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
const recordMany = Effect.fnUntraced(function* (store: LedgerStore["Service"]) {
  const { keyOf, record } = recorder(store)
  const events = manyEvents(200).map((each, index) => ({ ...each, dateCreated: t0 + (index >> 5) }))
  for (const each of events) yield* record([each], each.dateCreated)
  return { events, keyOf, record }
})

/** Every clause of the contract. */
export const clauses: ReadonlyArray<Clause> = [
  clause(
    "what is set up is found again, and is the same object as long as nothing changes",
    Effect.fnUntraced(function* (store: Store) {
      strictEqual((yield* store.catalog.current).revision, 0)
      strictEqual(yield* store.catalog.change({ revision: 0, entries, documents: [] }), "kept")
      const catalog = yield* store.catalog.current
      strictEqual(catalog.revision, 1)
      deepStrictEqual(catalog.organizations.get(uuid(1)), entries.organizations[0])
      deepStrictEqual(catalog.projects.get(uuid(2)), entries.projects[0])
      deepStrictEqual(catalog.apiKeys.get(hash(1)), entries.apiKeys[0])
      deepStrictEqual(catalog.consentTypes.get(uuid(2))?.byId.get(typeA), entries.consentTypes[0])
      strictEqual(yield* store.catalog.current, catalog)
    }),
  ),
  clause(
    "a change replaces the entries it names and leaves the others as they are, in their order",
    Effect.fnUntraced(function* (store: Store) {
      const second = { ...type, id: typeB, label: "m" }
      yield* store.catalog.change({ revision: 0, entries: { ...entries, consentTypes: [type, second] }, documents: [] })
      const before = yield* store.catalog.current
      const changed = { ...type, status: "archived" as const }
      strictEqual(
        yield* store.catalog.change({ revision: 1, entries: { consentTypes: [changed] }, documents: [] }),
        "kept",
      )
      const catalog = yield* store.catalog.current
      deepStrictEqual(catalog.consentTypes.get(uuid(2))?.all, [changed, second])
      strictEqual(catalog.projects.get(uuid(2)), before.projects.get(uuid(2)))
      strictEqual(before.consentTypes.get(uuid(2))?.byId.get(typeA)?.status, "active")
    }),
  ),
  clause(
    "a change that was prepared against an earlier revision is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.catalog.change({ revision: 0, entries, documents: [] })
      const documents = [{ consentType: typeA, version: 1, document: "late" }]
      strictEqual(yield* store.catalog.change({ revision: 0, entries: { projects: [] }, documents }), "stale")
      strictEqual((yield* store.catalog.current).revision, 1)
      deepStrictEqual(yield* store.catalog.documents([{ consentType: typeA, version: 1 }]), [undefined])
    }),
  ),
  clause(
    "of changes prepared against the same revision at once, exactly one is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.catalog.change({ revision: 0, entries, documents: [] })
      const outcomes = yield* Effect.forEach(
        people,
        () => store.catalog.change({ revision: 1, entries: { consentTypes: [type] }, documents: [] }),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter((outcome) => outcome === "kept").length, 1)
      strictEqual((yield* store.catalog.current).revision, 2)
    }),
  ),
  clause(
    "a document is kept for its version, to the last character, and for no other",
    Effect.fnUntraced(function* (store: Store) {
      const document = "“ü” 🙂".repeat(50_000)
      yield* store.catalog.change({ revision: 0, entries, documents: [{ consentType: typeA, version: 2, document }] })
      const asked = [1, 2, 3].map((version) => ({ consentType: typeA, version }))
      deepStrictEqual(yield* store.catalog.documents(asked), [undefined, document, undefined])
    }),
  ),
  clause(
    "when a key was used last is told, and never goes back",
    Effect.fnUntraced(function* (store: Store) {
      strictEqual((yield* store.catalog.keyUses).size, 0)
      yield* store.catalog.useKey(uuid(3), t0 + 5)
      yield* store.catalog.useKey(uuid(3), t0)
      deepStrictEqual([...(yield* store.catalog.keyUses)], [[uuid(3), t0 + 5]])
    }),
  ),
  clause(
    "an event is read back as it was recorded, its body byte for byte",
    Effect.fnUntraced(function* (store: Store) {
      const plain = event(uuid(5))
      const full = event(uuid(5), { consentType: typeB, expirationDate: t0 + 1, session: uuid(6), version: 3 })
      strictEqual((yield* store.events.append(request([plain, full])))._tag, "Appended")
      deepStrictEqual(yield* eventsOf(store, project, uuid(5)), [plain, full])
      deepStrictEqual(
        (yield* headsOf(store, project, uuid(5))).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        [plain, full],
      )
    }),
  ),
  clause(
    "nothing is known of a person nobody recorded, nor in another project",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5))]))
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* headsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* eventsOf(store, { number: 2, lanes: 16 }, uuid(5)), [])
      deepStrictEqual(yield* headsOf(store, { number: 2, lanes: 16 }, uuid(5)), [])
    }),
  ),
  clause(
    "how far lanes go is told by what is written to them and by what is read of their people, joined or not",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(60)
      let told = 0
      for (const [index, each] of events.entries()) {
        const before = events.slice(0, index + 1)
        const appended = yield* store.events.append(request([each]))
        ok(appended._tag === "Appended")
        // An attempt before may have kept it.
        if (appended.positions === undefined) continue
        told++
        deepStrictEqual(appended.positions, counted(before, [each.concordId]))
      }
      ok(told > events.length / 2)
      for (const some of [[uuid(0xfff)], people.slice(0, 1), people.slice(3, 9), people]) {
        const own = events.filter(({ concordId }) => some.includes(concordId))
        const { positions, ...seen } = yield* store.events.ofPeople(project, some)
        deepStrictEqual(positions, counted(events, some))
        deepStrictEqual(ids(seen.events).toSorted(), ids(own).toSorted())
        const heads = yield* store.events.heads(project, some)
        deepStrictEqual(heads.positions, counted(events, some))
        deepStrictEqual(
          ids(heads.events).toSorted(),
          some.flatMap((person) => foldedHeads(own.filter(({ concordId }) => concordId === person))).toSorted(),
        )
      }
      const { bounds } = yield* store.events.list(project, everything, { ...newestFirst, limit: 1, from: 0 })
      deepStrictEqual(bounds, yield* store.events.laneEnds(project))
    }),
  ),
  clause(
    "events of people are of the moment that the positions tell, while others write",
    Effect.fnUntraced(function* (store: Store) {
      // Two people of one lane, to whom events come in turns.
      const [first] = people
      const second = people.slice(1).find((person) => Lane.of(project, person) === Lane.of(project, first!))!
      const lane = Lane.of(project, first!)
      const events = Array.from({ length: 60 }, (_, index) => event(index % 2 === 0 ? first! : second))
      const write = Effect.forEach(events, (each) => store.events.append(request([each])), { discard: true })
      const read = Effect.forEach(
        Array.from({ length: 60 }),
        Effect.fnUntraced(function* () {
          const seen = yield* store.events.ofPeople(project, [second, first!])
          deepStrictEqual(ids(seen.events).toSorted(), ids(events.slice(0, seen.positions.get(lane))).toSorted())
        }),
        { discard: true },
      )
      yield* Effect.all([write, read], { concurrency: "unbounded" })
    }),
  ),
  clause(
    "a person's events come in the order recorded, whatever their dates",
    Effect.fnUntraced(function* (store: Store) {
      const first = event(uuid(5), { consentDate: t0 })
      const late = event(uuid(5), { consentDate: t0 - 1000, dateCreated: t0 + 1 })
      yield* store.events.append(request([first]))
      yield* store.events.append(request([late], { recordedAt: t0 + 1 }))
      deepStrictEqual(ids(yield* eventsOf(store, project, uuid(5))), [first.id, late.id])
    }),
  ),
  clause(
    "the heads are the fold of the events, through ties and late arrivals, one by one or in batches",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(400)
      for (let start = 0; start < events.length;) {
        const size = 1 + (start % 17)
        yield* store.events.append(request(events.slice(start, start + size)))
        start += size
      }
      for (const person of people) {
        const own = events.filter(({ concordId }) => concordId === person)
        deepStrictEqual(ids(yield* eventsOf(store, project, person)), ids(own))
        deepStrictEqual(ids(yield* headsOf(store, project, person)).toSorted(), foldedHeads(own))
      }
    }),
  ),
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
          // Plain JSON: that is how a cursor carries it.
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
  clause(
    "an event is found by its id and by its external id, in its own project alone",
    Effect.fnUntraced(function* (store: Store) {
      const events = people.map((person, index) => event(person, { externalId: hash(0xf00 + index) }))
      yield* store.events.append(request(events))
      const elsewhere = { number: 2, lanes: 16 }
      for (const each of events) {
        deepStrictEqual(yield* store.events.byId(project, [uuid(0xdead), each.id]), [undefined, each])
        deepStrictEqual(yield* store.events.byId(elsewhere, [each.id]), [undefined])
      }
      const hashes = [hash(0xeee), ...events.map(({ externalId }) => externalId!)]
      deepStrictEqual(yield* store.events.byExternalId(project, hashes), [undefined, ...events])
      deepStrictEqual(yield* store.events.byExternalId(elsewhere, hashes.slice(0, 2)), [undefined, undefined])
    }),
  ),
  clause(
    "the log of a lane is read from any position on, in the order recorded, up to its end",
    Effect.fnUntraced(function* (store: Store) {
      deepStrictEqual(
        yield* store.events.laneEnds(project),
        Array.from({ length: project.lanes }, () => 0),
      )
      const events = Array.from({ length: 20 }, (_, index) => event(people[index % people.length]!))
      for (const each of events) yield* store.events.append(request([each]))
      const ends = yield* store.events.laneEnds(project)
      for (const [lane, end] of ends.entries()) {
        const meant = events.filter(({ concordId }) => Lane.of(project, concordId) === Lane.all(project)[lane])
        strictEqual(end, meant.length)
        deepStrictEqual(yield* store.events.lane(project, lane, 0, 1000), meant)
        deepStrictEqual(yield* store.events.lane(project, lane, 1, 2), meant.slice(1, 3))
        deepStrictEqual(yield* store.events.lane(project, lane, end, 1000), [])
      }
      deepStrictEqual(
        yield* store.events.laneEnds({ number: 2, lanes: 16 }),
        ends.map(() => 0),
      )
    }),
  ),
  clause(
    "events of an earlier ledger keep their dateCreated, which never goes back inside a lane",
    Effect.fnUntraced(function* (store: Store) {
      const [person] = people
      const earlier = [event(person!, { dateCreated: t0 - 9 }), event(person!, { dateCreated: t0 - 5 })]
      strictEqual((yield* store.events.append(request(earlier, { recordedAt: t0 - 5 })))._tag, "Appended")
      const between = event(person!, { dateCreated: t0 - 6 })
      const later = event(person!, { dateCreated: t0 })
      const refused = yield* store.events.append(request([between, later]))
      strictEqual(refused._tag, "Stale")
      strictEqual((yield* store.events.append(request([later])))._tag, "Appended")
      deepStrictEqual(yield* eventsOf(store, project, person!), [...earlier, later])
    }),
  ),
  clause(
    "of requests with the same external id at once exactly one is kept, whatever lanes they go to",
    Effect.fnUntraced(function* (store: Store) {
      const outcomes = yield* Effect.forEach(
        people,
        (person) => store.events.append(request([event(person, { externalId: hash(0xf) }), event(person)])),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter(({ _tag }) => _tag === "Appended").length, 1)
      strictEqual((yield* store.events.list(project, everything, { ...newestFirst, limit: 1, from: 0 })).total, 2)
    }),
  ),
  clause(
    "a consent type is used as soon as it has an event, in its own project",
    Effect.fnUntraced(function* (store: Store) {
      strictEqual(yield* store.events.isTypeUsed(project, typeA), false)
      yield* store.events.append(request([event(uuid(5))]))
      strictEqual(yield* store.events.isTypeUsed(project, typeA), true)
      strictEqual(yield* store.events.isTypeUsed(project, typeB), false)
      strictEqual(yield* store.events.isTypeUsed({ number: 2, lanes: 16 }, typeA), false)
    }),
  ),
  clause(
    "a idempotencyRecord is kept with what it is for, and what has one is not kept again",
    Effect.fnUntraced(function* (store: Store) {
      const idempotencyRecord = { hash: hash(0x77), digest: hash(0x78), answer: "“answer” 🙂", recordedAt: t0 }
      const first = yield* Effect.forEach(
        people,
        (person) => store.events.append(request([event(person)], { idempotencyRecord })),
        {
          concurrency: "unbounded",
        },
      )
      strictEqual(first.filter(({ _tag }) => _tag === "Appended").length, 1)
      strictEqual(first.filter(({ _tag }) => _tag === "Repeated").length, people.length - 1)
      strictEqual((yield* store.events.list(project, everything, { ...newestFirst, limit: 1, from: 0 })).total, 1)
      deepStrictEqual(yield* store.idempotencyRecord(organization, idempotencyRecord.hash), idempotencyRecord)
      strictEqual(yield* store.idempotencyRecord(project, idempotencyRecord.hash), undefined)
      strictEqual(yield* store.idempotencyRecord(organization, hash(0x79)), undefined)

      const change = { revision: 0, entries, documents: [], owner: organization, idempotencyRecord }
      strictEqual(yield* store.catalog.change(change), "repeated")
      strictEqual(yield* store.catalog.change({ ...change, owner: project }), "kept")
      strictEqual(yield* store.catalog.change({ ...change, owner: project, revision: 1 }), "repeated")
      strictEqual((yield* store.catalog.current).revision, 1)
      strictEqual(yield* store.people.keepProfile(organization, uuid(5), "{}", idempotencyRecord), "repeated")
      strictEqual(yield* store.people.profile(organization, uuid(5)), undefined)
      strictEqual(
        yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5))], idempotencyRecord }),
        "repeated",
      )
      deepStrictEqual(yield* named(store, organization, [hash(0xa)]), [undefined])
    }),
  ),
  clause(
    "a idempotencyRecord that is kept for ever stays, and no other is forgotten for it",
    Effect.fnUntraced(function* (store: Store) {
      const idempotencyRecord = { hash: hash(0x77), digest: hash(0x78), answer: "", recordedAt: t0 }
      const lasting = { ...idempotencyRecord, hash: hash(0x77 + 16), recordedAt: keptForEver }
      yield* store.events.append(request([event(uuid(5))], { idempotencyRecord }))
      yield* store.events.append(request([event(uuid(5))], { idempotencyRecord: lasting }))
      deepStrictEqual(yield* store.idempotencyRecord(organization, idempotencyRecord.hash), idempotencyRecord)
      const later = { ...idempotencyRecord, hash: hash(0x77 + 32), recordedAt: t0 + idempotencyKeptMillis + 1 }
      yield* store.events.append(request([event(uuid(5))], { idempotencyRecord: later }))
      deepStrictEqual(yield* store.idempotencyRecord(organization, lasting.hash), lasting)
    }),
  ),
  clause(
    "a request that is stale leaves no idempotencyRecord: it may be sent again",
    Effect.fnUntraced(function* (store: Store) {
      const idempotencyRecord = { hash: hash(0x77), digest: hash(0x78), answer: "", recordedAt: t0 }
      yield* store.events.append(request([event(uuid(5), { dateCreated: t0 + 9 })], { recordedAt: t0 + 9 }))
      strictEqual((yield* store.events.append(request([event(uuid(5))], { idempotencyRecord })))._tag, "Stale")
      strictEqual(yield* store.idempotencyRecord(organization, idempotencyRecord.hash), undefined)
    }),
  ),
  clause(
    "requests that arrive at once are each recorded once, and none is lost",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(300)
      yield* Effect.forEach(events, (each) => store.events.append(request([each])), { concurrency: "unbounded" })
      for (const person of people) {
        const own = events.filter(({ concordId }) => concordId === person)
        deepStrictEqual(ids(yield* eventsOf(store, project, person)).toSorted(), ids(own).toSorted())
        deepStrictEqual(ids(yield* headsOf(store, project, person)).toSorted(), foldedHeads(own))
      }
    }),
  ),
  clause(
    "a request that comes after an event is kept where that one is there, and is stale where it is not, with nothing of it kept",
    Effect.fnUntraced(function* (store: Store) {
      const [first, second, never] = [event(uuid(5)), event(uuid(6)), event(uuid(5))]
      yield* store.events.append(request([first]))
      const elsewhere = { concordId: uuid(6), id: first.id }
      for (const after of [never, elsewhere]) {
        const early = request([second], { after, claims: [claim(1, uuid(6))] })
        deepStrictEqual(yield* store.events.append(early), { _tag: "Stale", lastRecordedAt: t0 })
      }
      strictEqual((yield* store.events.append(request([event(uuid(7))], { after: second })))._tag, "Stale")
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* named(store, organization, [hash(1)]), [undefined])
      strictEqual((yield* store.events.append(request([second], { after: first })))._tag, "Appended")
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [second])
    }),
  ),
  clause(
    "of requests that each come after the one before, at once, those before the first that cannot be kept are kept, and none behind it",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5))], { claims: [claim(1, uuid(5))] }))
      for (const claims of [[], [claim(1, uuid(6))]]) {
        const chain = Array.from({ length: 6 }, () => manyEvents(400))
        const requests = chain.map((events, index) =>
          request(events, {
            ...(index > 0 && { after: chain[index - 1]!.at(-1)! }),
            ...(index === 3 && { claims }),
          }),
        )
        const outcomes = yield* Effect.forEach(requests, store.events.append, { concurrency: "unbounded" })
        const kept = claims.length === 0 ? 6 : 3
        const expected = chain.map((_, index) => (index < kept ? "Appended" : "Stale"))
        deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          expected,
        )
        const there = yield* store.events.byId(project, ids(chain.flat()))
        deepStrictEqual(there, [
          ...chain.slice(0, kept).flat(),
          ...chain.slice(kept).flatMap((none) => none.map(() => undefined)),
        ])
      }
    }),
  ),
  clause(
    "an alias names whom it was claimed for, and may be claimed for the same person again",
    Effect.fnUntraced(function* (store: Store) {
      const claims = [claim(0xa, uuid(5))]
      deepStrictEqual(yield* named(store, organization, [hash(0xa), hash(0xb)]), [undefined, undefined])
      yield* store.events.append(request([event(uuid(5))], { claims }))
      strictEqual((yield* store.events.append(request([event(uuid(5))], { claims })))._tag, "Appended")
      deepStrictEqual(yield* named(store, organization, [hash(0xb), hash(0xa)]), [undefined, uuid(5)])
      deepStrictEqual(yield* named(store, { number: 7, lanes: 16 }, [hash(0xa)]), [undefined])
      const later = [{ ...claim(0xa, uuid(5)), dateCreated: t0 + 999 }]
      yield* store.events.append(request([event(uuid(5))], { claims: later }))
      const [first] = yield* store.people.byAlias(organization, [hash(0xa)])
      deepStrictEqual(first, { concordId: uuid(5), dateCreated: t0 + 0xa })
    }),
  ),
  clause(
    "aliases that are claimed together are read together, while others write: all of them are known, or none",
    Effect.fnUntraced(function* (store: Store) {
      const rounds = Array.from({ length: 40 }, (_, round) =>
        Array.from({ length: 200 }, (_, index) => claim(0x1000 * (round + 1) + index, uuid(5))),
      )
      let asked = 0
      const write = Effect.forEach(rounds, (claims, round) =>
        Effect.andThen(
          Effect.sync(() => (asked = round)),
          store.events.append(request([event(uuid(5))], { claims })),
        ),
      )
      const read = Effect.gen(function* () {
        for (;;) {
          const hashes = rounds[asked]!.map(({ hash }) => hash)
          strictEqual(new Set(yield* named(store, organization, hashes)).size, 1)
          yield* Effect.yieldNow
        }
      })
      yield* Effect.raceFirst(Effect.asVoid(write), read)
    }),
  ),
  clause(
    "a request that claims another's alias is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5))], { claims: [claim(0xa, uuid(5))] }))
      const claims = [claim(0xc, uuid(6)), claim(0xa, uuid(6))]
      strictEqual((yield* store.events.append(request([event(uuid(6))], { claims })))._tag, "Stale")
      deepStrictEqual(yield* eventsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* headsOf(store, project, uuid(6)), [])
      deepStrictEqual(yield* named(store, organization, [hash(0xc), hash(0xa)]), [undefined, uuid(5)])
    }),
  ),
  clause(
    "of requests that claim one alias for different people at once, exactly one is kept",
    Effect.fnUntraced(function* (store: Store) {
      const outcomes = yield* Effect.forEach(
        people,
        (person) => store.events.append(request([event(person)], { claims: [claim(0xa, person)] })),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter(({ _tag }) => _tag === "Appended").length, 1)
      const [winner] = yield* named(store, organization, [hash(0xa)])
      for (const person of people) {
        strictEqual((yield* eventsOf(store, project, person)).length, person === winner ? 1 : 0)
      }
    }),
  ),
  clause(
    "dateCreated never goes back inside a lane: a request for an earlier instant is stale and told the last one",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.events.append(request([event(uuid(5), { dateCreated: t0 + 9 })], { recordedAt: t0 + 9 }))
      const earlier = request([event(uuid(5)), ...people.map((person) => event(person))])
      deepStrictEqual(yield* store.events.append(earlier), { _tag: "Stale", lastRecordedAt: t0 + 9 })
      strictEqual((yield* eventsOf(store, project, uuid(5))).length, 1)
      for (const person of people) deepStrictEqual(yield* eventsOf(store, project, person), [])
      const later = event(uuid(5), { dateCreated: t0 + 9 })
      strictEqual((yield* store.events.append(request([later], { recordedAt: t0 + 9 })))._tag, "Appended")
    }),
  ),
  clause(
    "a person is changed by identifiers and facts, not by a browser's context, and each change raises its revision",
    Effect.fnUntraced(function* (store: Store) {
      const untouched = { revision: 0, isIdentified: false, facts: [], position: 0 }
      deepStrictEqual(yield* store.people.person(organization, uuid(5)), untouched)
      yield* store.people.change({ ...noChange, claims: [{ ...claim(0xe, uuid(5)), kind: "contextId" }] })
      deepStrictEqual(yield* store.people.person(organization, uuid(5)), untouched)
      yield* store.events.append(request([event(uuid(5))], { claims: [claim(0xa, uuid(5))] }))
      const identified = yield* store.people.person(organization, uuid(5))
      deepStrictEqual([identified.isIdentified, identified.revision > 0], [true, true])
      deepStrictEqual(yield* store.people.person({ number: 7, lanes: 16 }, uuid(5)), untouched)
    }),
  ),
  clause(
    "a fact is read back by both people it names, in the order recorded, and raises the revision of both",
    Effect.fnUntraced(function* (store: Store) {
      const joined = fact(0x1, { evidence })
      const undone = fact(0x2, { kind: "undone", join: joined.id })
      strictEqual(yield* store.people.change({ ...noChange, facts: [joined] }), "kept")
      strictEqual(yield* store.people.change({ ...noChange, facts: [undone] }), "kept")
      for (const concordId of [joined.member, joined.survivor]) {
        const person = yield* store.people.person(organization, concordId)
        deepStrictEqual(person.facts, [joined, undone])
        strictEqual(person.isIdentified, false)
        ok(person.revision >= 2)
      }
      deepStrictEqual((yield* store.people.person(organization, uuid(7))).facts, [])
    }),
  ),
  clause(
    "a change of who is who is counted in the lanes of the people of its facts and of the hashes it releases, and no other is",
    Effect.fnUntraced(function* (store: Store) {
      const ends = (keys: ReadonlyArray<string>) => {
        const isIn = (lane: number) => keys.filter((key) => Lane.of(organization, key) === lane).length
        return new Map(Lane.all(organization).map((lane) => [lane, isIn(lane)]))
      }
      const proof = { hash: hash(0x9), expiresAt: t0 + 9 }
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends([]))
      yield* store.events.append(request([event(uuid(5))], { claims: [claim(0xa, uuid(5))] }))
      yield* store.people.change({ ...noChange, claims: [claim(0xb, uuid(5))], session: session(0x50, uuid(5)) })
      yield* store.people.keepProfile(organization, uuid(5), "{}")
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends([]))

      strictEqual(yield* store.people.change({ ...noChange, facts: [fact(0x1)], identityToken: proof }), "kept")
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends([uuid(5), uuid(6)]))
      // Two of one lane, and one fact twice of one person: one change.
      const self = { member: uuid(0x15), survivor: uuid(0x15) }
      const facts = [fact(0x2, { survivor: uuid(0x15) }), fact(0x3, self)]
      strictEqual(yield* store.people.change({ ...noChange, facts, releases: [hash(0xa), hash(0xf)] }), "kept")
      const counted = [uuid(5), uuid(6), uuid(5), hash(0xa), hash(0xf)]
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends(counted))

      const stale = { ...noChange, seen: [{ concordId: uuid(5), revision: 99 }], facts: [fact(0x4)] }
      strictEqual(yield* store.people.change(stale), "stale")
      strictEqual(yield* store.people.change({ ...noChange, facts: [fact(0x5)], identityToken: proof }), "used")
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends(counted))
      const one = Lane.of(organization, uuid(6))
      deepStrictEqual(yield* store.people.laneEnds([one]), new Map([[one, 1]]))
    }),
  ),
  clause(
    "facts of a person are of the moment that its position tells, while others are changed",
    Effect.fnUntraced(function* (store: Store) {
      // Two people of one lane, about whom facts come in turns.
      const [first, second] = [uuid(0x15), uuid(0x25)]
      const facts = Array.from({ length: 60 }, (_, index) => {
        const person = index % 2 === 0 ? first : second
        return fact(index, { kind: "identified", member: person, survivor: person })
      })
      const write = Effect.forEach(facts, (each) => store.people.change({ ...noChange, facts: [each] }), {
        discard: true,
      })
      const read = Effect.forEach(
        Array.from({ length: 60 }),
        Effect.fnUntraced(function* () {
          const person = yield* store.people.person(organization, second)
          const before = facts.slice(0, person.position).filter(({ member }) => member === second)
          deepStrictEqual(person.facts, before)
        }),
        { discard: true },
      )
      yield* Effect.all([write, read], { concurrency: "unbounded" })
      strictEqual((yield* store.people.person(organization, first)).position, facts.length)
      strictEqual((yield* store.people.person(organization, uuid(0x35))).position, 0)
    }),
  ),
  clause(
    "of many changes at the same time each is counted, and who has seen one has seen all before it",
    Effect.fnUntraced(function* (store: Store) {
      // Everybody of one lane: each is joined by itself, and as many as are counted are there.
      const those = Array.from({ length: 30 }, (_, index) => uuid(0x105 + 0x10 * index))
      const lane = Lane.of(organization, those[0]!)
      const change = (person: string, index: number) =>
        store.people.change({ ...noChange, facts: [fact(index, { member: person, survivor: person })] })
      const write = Effect.forEach(those, change, { concurrency: "unbounded", discard: true })
      const read = Effect.forEach(
        Array.from({ length: 10 }),
        Effect.fnUntraced(function* () {
          const end = (yield* store.people.laneEnds([lane])).get(lane)!
          const seen = yield* Effect.forEach(those, (person) => store.people.person(organization, person))
          ok(seen.filter(({ facts }) => facts.length > 0).length >= end)
        }),
        { discard: true },
      )
      yield* Effect.all([write, read], { concurrency: "unbounded" })
      deepStrictEqual(yield* store.people.laneEnds([lane]), new Map([[lane, those.length]]))
    }),
  ),
  clause(
    "a change of a person that was seen at another revision is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5))] })
      const { revision } = yield* store.people.person(organization, uuid(5))
      const change = {
        ...noChange,
        claims: [claim(0xb, uuid(6))],
        facts: [fact(0x1)],
        proof: { hash: hash(0x9), expiresAt: t0 + 9 },
        session: session(0x50, uuid(6)),
      }
      const seen = [{ concordId: uuid(5), revision: revision + 1 }]
      strictEqual(yield* store.people.change({ ...change, seen }), "stale")
      deepStrictEqual(yield* named(store, organization, [hash(0xb)]), [undefined])
      deepStrictEqual((yield* store.people.person(organization, uuid(5))).facts, [])
      strictEqual(yield* store.sessions.byToken(hash(0x50)), undefined)
      strictEqual(yield* store.people.change({ ...change, seen: [{ concordId: uuid(5), revision }] }), "kept")
    }),
  ),
  clause(
    "of changes of one person prepared at once, exactly one is kept",
    Effect.fnUntraced(function* (store: Store) {
      const seen = [{ concordId: uuid(5), revision: 0 }]
      const outcomes = yield* Effect.forEach(
        people,
        (_, index) => store.people.change({ ...noChange, seen, facts: [fact(index)] }),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter((outcome) => outcome === "kept").length, 1)
      strictEqual((yield* store.people.person(organization, uuid(5))).facts.length, 1)
    }),
  ),
  clause(
    "a proof is used once: what comes with it a second time is not kept",
    Effect.fnUntraced(function* (store: Store) {
      const proof = { hash: hash(0x9), expiresAt: t0 + 9 }
      strictEqual(
        yield* store.people.change({ ...noChange, identityToken: proof, claims: [claim(0xa, uuid(5))] }),
        "kept",
      )
      strictEqual(
        yield* store.people.change({ ...noChange, identityToken: proof, claims: [claim(0xb, uuid(6))] }),
        "used",
      )
      deepStrictEqual(yield* named(store, organization, [hash(0xa), hash(0xb)]), [uuid(5), undefined])
    }),
  ),
  clause(
    "an alias that is released names nobody, and may be claimed for somebody else",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5)), claim(0xb, uuid(5))] })
      const { revision } = yield* store.people.person(organization, uuid(5))
      yield* store.people.change({ ...noChange, releases: [hash(0xa), hash(0xc)] })
      // What was prepared for the person while the alias still named it is stale now.
      strictEqual((yield* store.people.person(organization, uuid(5))).revision > revision, true)
      deepStrictEqual(yield* named(store, organization, [hash(0xa), hash(0xb)]), [undefined, uuid(5)])
      strictEqual(yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(6))] }), "kept")
      strictEqual(yield* store.people.change({ ...noChange, claims: [claim(0xb, uuid(6))] }), "stale")
    }),
  ),
  clause(
    "a profile is kept in place of the one before, and changes nothing else of a person",
    Effect.fnUntraced(function* (store: Store) {
      strictEqual(yield* store.people.profile(organization, uuid(5)), undefined)
      strictEqual(yield* store.people.keepProfile(organization, uuid(5), '{"firstName":"A"}'), "kept")
      strictEqual(yield* store.people.keepProfile(organization, uuid(5), '{"firstName":"“ü”"}'), "kept")
      strictEqual(yield* store.people.profile(organization, uuid(5)), '{"firstName":"“ü”"}')
      strictEqual(yield* store.people.profile(organization, uuid(6)), undefined)
      const untouched = { revision: 0, isIdentified: false, facts: [], position: 0 }
      deepStrictEqual(yield* store.people.person(organization, uuid(5)), untouched)
    }),
  ),
  clause(
    "a session is found by the hash of its token, and only by it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = { ...session(0x50, uuid(5)), geography: "DE-BE", context: hash(0xe) }
      strictEqual(yield* store.people.change({ ...noChange, claims: [claim(0xe, uuid(5))], session: opened }), "kept")
      deepStrictEqual(yield* store.sessions.byToken(hash(0x50)), opened)
      strictEqual(yield* store.sessions.byToken(hash(0x51)), undefined)
      deepStrictEqual(yield* named(store, organization, [hash(0xe)]), [uuid(5)])
    }),
  ),
  clause(
    "a session lasts as long as it is extended to, and one that is not there is not made by extending it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = session(0x50, uuid(5))
      yield* store.people.change({ ...noChange, session: opened })
      yield* store.sessions.extend(hash(0x50), opened.expiresAt, t0 + 5000)
      yield* store.sessions.extend(hash(0x51), opened.expiresAt, t0 + 5000)
      deepStrictEqual(yield* store.sessions.byToken(hash(0x50)), { ...opened, expiresAt: t0 + 5000 })
      strictEqual(yield* store.sessions.byToken(hash(0x51)), undefined)
    }),
  ),
  clause(
    "a session that was ended stays ended, though a request under way extends it",
    Effect.fnUntraced(function* (store: Store) {
      const opened = [session(0x50, uuid(5)), session(0x51, uuid(5)), session(0x52, uuid(6)), session(0x53, uuid(7))]
      for (const each of opened) yield* store.people.change({ ...noChange, session: each })
      const ends = { at: t0 + 10, tokenHash: hash(0x52), sessionsOf: uuid(5) }
      yield* store.people.change({ ...noChange, ends })
      for (const { expiresAt, tokenHash } of opened) yield* store.sessions.extend(tokenHash, expiresAt, t0 + 5000)
      const expiries: Array<number | undefined> = []
      for (const { tokenHash } of opened) expiries.push((yield* store.sessions.byToken(tokenHash))?.expiresAt)
      deepStrictEqual(expiries, [t0 + 10, t0 + 10, t0 + 10, t0 + 5000])
    }),
  ),
  clause(
    "a session whose context names another person is not opened",
    Effect.fnUntraced(function* (store: Store) {
      const open = (number: number, concordId: string) =>
        store.people.change({ ...noChange, claims: [claim(0xe, concordId)], session: session(number, concordId) })
      strictEqual(yield* open(0x50, uuid(5)), "kept")
      strictEqual(yield* open(0x60, uuid(6)), "stale")
      strictEqual(yield* store.sessions.byToken(hash(0x60)), undefined)
      strictEqual(yield* open(0x70, uuid(5)), "kept")
      notStrictEqual(yield* store.sessions.byToken(hash(0x70)), undefined)
    }),
  ),
]
