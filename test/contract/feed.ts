/** Clauses of the contract: how a store keeps the change feed. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type {
  FeedStep,
  FeedWritten,
  LaneFilter,
  LaneItem,
  LanePlace,
  NewChange,
  StoredEvent,
} from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  clause,
  event,
  fact,
  hash,
  headsOf,
  ids,
  manyEvents,
  noChange,
  organization,
  people,
  project,
  request,
  type Store,
  t0,
  typeA,
  typeB,
  uuid,
} from "./samples.ts"

const laneOf = (person: string): number => Lane.of(project, person) - Lane.range(project)[0]
/** A person of a lane. */
const personOf = (lane: number, n = 0): string => uuid(0x1000 + 16 * n + lane)

/** A change about a person. */
const change = (person: string, over: Partial<NewChange> = {}): NewChange => ({
  lane: laneOf(person),
  at: t0,
  type: "decision.changed",
  concordId: person,
  consentType: typeA,
  body: '{"text":"“ü” 🙂 \\u0000"}',
  ...over,
})

/** A step about people, prepared against what the store holds now. */
const stepOf = Effect.fnUntraced(function* (
  store: Store,
  about: ReadonlyArray<string>,
  changes: ReadonlyArray<NewChange>,
  over: Partial<FeedStep> = {},
) {
  const ends = yield* store.feed.ends(project)
  const seen = yield* Effect.forEach(about, (concordId) =>
    Effect.map(store.people.person(organization, concordId), ({ revision }) => ({ concordId, revision })),
  )
  const lanes = new Set([...about.map(laneOf), ...changes.map(({ lane }) => lane)])
  const step: FeedStep = {
    organization,
    project,
    seen,
    lanes: [...lanes].map((lane) => ({ lane, position: ends[lane]!.position })),
    recordedAt: t0,
    changes,
    places: [],
    ...over,
  }
  return step
})

const write = Effect.fnUntraced(function* (
  store: Store,
  about: ReadonlyArray<string>,
  changes: ReadonlyArray<NewChange>,
  over: Partial<FeedStep> = {},
) {
  return yield* store.feed.write(yield* stepOf(store, about, changes, over))
})

const written = Effect.fnUntraced(function* (...parameters: Parameters<typeof write>) {
  const outcome: FeedWritten = yield* write(...parameters)
  ok(outcome._tag === "Written")
  return outcome
})

const start = (lane: number): LanePlace => ({ lane, position: 0, number: 0 })

/** Every item of a lane between two places, in pages. */
const readLane = Effect.fnUntraced(function* (
  store: Store,
  from: LanePlace,
  to: LanePlace,
  filter: LaneFilter = {},
  limit = 1000,
) {
  const items: Array<LaneItem> = []
  const places: Array<LanePlace> = [from]
  for (let place = from; place.position < to.position || place.number < to.number;) {
    const [read, ...others] = yield* store.feed.read(project, [{ from: place, to }], filter, limit)
    strictEqual(others.length, 0)
    ok(read !== undefined && read.items.length <= limit)
    ok(read.next.position > place.position || read.next.number > place.number, "reading goes on")
    items.push(...read.items)
    place = read.next
    places.push(place)
  }
  return { items, places }
})

const nameOf = (item: LaneItem): string => (item._tag === "Event" ? `e${item.position}` : `c${item.number}`)
const names = (items: ReadonlyArray<LaneItem>): ReadonlyArray<string> => items.map(nameOf)

/** The filter, as it reads. */
const passes = ({ consentTypes, events, people: of, types }: LaneFilter, item: LaneItem): boolean => {
  const about = item._tag === "Event" ? item.event : item
  if (item._tag === "Event" && events === false) return false
  if (item._tag === "Change" && types !== undefined && !types.includes(item.type)) return false
  if (of !== undefined && !of.some((person) => person === about.concordId)) return false
  return consentTypes === undefined || consentTypes.some((type) => type === about.consentType)
}

/** Events and changes in one lane, so that several changes are before the same event; with where the lane ends. */
const mixedLane = Effect.fnUntraced(function* (store: Store, lane: number) {
  const inLane = [personOf(lane), personOf(lane, 1), personOf(lane, 2)]
  for (let n = 0; n < 24; n += 1) {
    const person = inLane[n % 3]!
    const isStale = (yield* store.events.append(
      request([event(person, { dateCreated: t0 + 100 * n, consentType: n % 4 === 0 ? typeB : typeA })], {
        recordedAt: t0 + 100 * n,
      }),
    ))._tag
    strictEqual(isStale, "Appended")
    if (n % 5 > 1) continue
    const changes = [
      change(person, { at: t0 + n }),
      change(inLane[(n + 1) % 3]!, { type: "decision.due", consentType: typeB }),
      { lane, at: t0, type: "type.published", consentType: typeA, body: "{}" },
      { lane, at: t0, type: "reevaluation.begun", body: "{}" },
    ]
    yield* written(store, [person], changes.slice(0, 1 + (n % 4)), { recordedAt: t0 + 100 * n })
  }
  return (yield* store.feed.ends(project))[lane]!
})

export const feedClauses: ReadonlyArray<Clause> = [
  clause(
    "a feed without anything has empty lanes, no places and no identity changes",
    Effect.fnUntraced(function* (store: Store) {
      const ends = yield* store.feed.ends({ number: 9, lanes: 3 })
      const empty = { position: 0, number: 0, incarnation: 1, lastRecordedAt: Instant.min }
      deepStrictEqual(
        ends,
        [0, 1, 2].map((lane) => ({ lane, ...empty })),
      )
      const parts = ends.map((to) => ({ from: start(to.lane), to }))
      const read = yield* store.feed.read({ number: 9, lanes: 3 }, parts, {}, 10)
      deepStrictEqual(
        read.map(({ items, next }) => [items, next.lane, next.position, next.number]),
        [0, 1, 2].map((lane) => [[], lane, 0, 0]),
      )
      deepStrictEqual(yield* store.feed.places(project), [])
      deepStrictEqual(yield* store.feed.identityChanges(organization, 0, 0, 10), [])
      deepStrictEqual(yield* store.feed.people(project, 0, undefined, undefined, 10), [])
    }),
  ),
  clause(
    "a change is read back as it was written, its body byte for byte, after the events before it",
    Effect.fnUntraced(function* (store: Store) {
      const person = personOf(3)
      const first = event(person)
      const second = event(person, { dateCreated: t0 + 9, expirationDate: t0 + 20 })
      yield* store.events.append(request([first]))
      const plain = { lane: 3, at: t0 - 5, type: "type.published", body: "{}" }
      const { ends, recordedAt } = yield* written(store, [person], [change(person), plain], { recordedAt: t0 + 5 })
      deepStrictEqual([recordedAt, ends], [t0 + 5, [{ lane: 3, position: 1, number: 2 }]])
      strictEqual((yield* store.events.append(request([second], { recordedAt: t0 + 9 })))._tag, "Appended")
      const end = (yield* store.feed.ends(project))[3]!
      deepStrictEqual(end, { lane: 3, position: 2, number: 2, incarnation: 1, lastRecordedAt: t0 + 9 })
      const { items, places } = yield* readLane(store, start(3), end)
      const { lane: _lane, ...stored } = change(person)
      const kept = { _tag: "Change", beforePosition: 1, recordedAt: t0 + 5 } as const
      // A store may return the rest of the event with it.
      const deciding = (item: LaneItem) => {
        if (item._tag === "Change") return item
        const { body: _body, submitter: _submitter, ...event }: Partial<StoredEvent> = item.event
        return { ...item, event }
      }
      deepStrictEqual(items.map(deciding), [
        deciding({ _tag: "Event", position: 0, event: first }),
        { ...kept, number: 0, ...stored },
        { ...kept, number: 1, at: t0 - 5, type: "type.published", body: "{}" },
        deciding({ _tag: "Event", position: 1, event: second }),
      ])
      deepStrictEqual(places.at(-1), { lane: 3, position: 2, number: 2 })
    }),
  ),
  clause(
    "after a change, no lane of its step records anything at or before it; other lanes and a step without changes do",
    Effect.fnUntraced(function* (store: Store) {
      const [person, other, apart] = [personOf(1), personOf(2), personOf(4)]
      yield* store.events.append(request([event(person, { dateCreated: t0 + 3 }), event(other)]))
      yield* written(store, [person, other], [], { recordedAt: t0 + 7 })
      strictEqual((yield* store.events.append(request([event(other)])))._tag, "Appended")
      const { recordedAt } = yield* written(store, [person, other, personOf(5)], [change(person)])
      strictEqual(recordedAt, t0 + 3)
      const early = { dateCreated: recordedAt }
      for (const late of [person, other, personOf(5)]) {
        deepStrictEqual(yield* store.events.append(request([event(late, early)], { recordedAt })), {
          _tag: "Stale",
          lastRecordedAt: recordedAt + 1,
        })
      }
      strictEqual((yield* store.events.append(request([event(apart, early)], { recordedAt })))._tag, "Appended")
      const next = { dateCreated: recordedAt + 1 }
      for (const late of [person, other, personOf(5)]) {
        const appended = yield* store.events.append(request([event(late, next)], { recordedAt: recordedAt + 1 }))
        strictEqual(appended._tag, "Appended")
      }
      // A step that comes late is recorded after what the lanes hold.
      strictEqual((yield* written(store, [person], [change(person)])).recordedAt, recordedAt + 1)
      strictEqual((yield* written(store, [person], [change(person)])).recordedAt, recordedAt + 2)
    }),
  ),
  clause(
    "pages of any size, from any place and by any filter, have each item of a lane once and in order",
    Effect.fnUntraced(function* (store: Store) {
      const end = yield* mixedLane(store, 6)
      const all = yield* readLane(store, start(6), end, {}, 1)
      strictEqual(all.items.length, end.position + end.number)
      const key = (item: LaneItem) => (item._tag === "Event" ? item.position + 0.5 : item.beforePosition)
      const inOrder = all.items.map(key)
      deepStrictEqual(
        inOrder,
        inOrder.toSorted((a, b) => a - b),
      )
      deepStrictEqual(
        all.items.flatMap((item) => (item._tag === "Change" ? [item.number] : [])),
        Array.from({ length: end.number }, (_, number) => number),
      )
      const filters: ReadonlyArray<LaneFilter> = [
        {},
        { events: false },
        { types: ["decision.changed", "type.published"] },
        { types: [] },
        { events: false, types: ["decision.due"], people: [personOf(6, 1)] },
        { people: [personOf(6, 1), personOf(7)] },
        { people: [personOf(7)] },
        { consentTypes: [typeB] },
        { consentTypes: [typeA, uuid(0xfff)], people: [personOf(6), personOf(6, 2)] },
        { people: [] },
      ]
      for (const filter of filters) {
        for (const limit of [1, 2, 3, 7, 1000]) {
          for (const [index, from] of all.places.entries()) {
            if (index % limit > 1) continue
            const { items, places } = yield* readLane(store, from, end, filter, limit)
            deepStrictEqual(names(items), names(all.items.slice(index).filter((item) => passes(filter, item))))
            // Every place is one between two items, so that another filter goes on from it.
            for (const { number, position } of places) {
              ok(all.places.some((place) => place.number === number && place.position === position))
            }
          }
        }
      }
    }),
  ),
  clause(
    "a part ends at the place it is read up to, though the lane has more, and parts come in their order",
    Effect.fnUntraced(function* (store: Store) {
      yield* mixedLane(store, 6)
      const [one, two] = [personOf(9), personOf(8)]
      yield* store.events.append(request([event(one), event(two)]))
      const end = (yield* store.feed.ends(project))[6]!
      const all = yield* readLane(store, start(6), end, {}, 1)
      const to = all.places[11]!
      deepStrictEqual(names((yield* readLane(store, start(6), to)).items), names(all.items.slice(0, 11)))
      const last = { position: 1, number: 0 }
      const parts = [
        { from: start(9), to: { lane: 9, ...last } },
        { from: all.places[10]!, to },
        { from: start(8), to: { lane: 8, ...last } },
      ]
      const read = yield* store.feed.read(project, parts, {}, 5)
      deepStrictEqual(
        read.map(({ items }) => names(items)),
        [["e0"], names(all.items.slice(10, 11)), ["e0"]],
      )
      deepStrictEqual(
        read.map(({ next }) => [next.lane, next.position, next.number]),
        parts.map(({ to: end }) => [end.lane, end.position, end.number]),
      )
    }),
  ),
  clause(
    "a reader that follows while others record gets each event and each change once",
    Effect.fnUntraced(function* (store: Store) {
      const lane = 2
      const read: Array<string> = []
      let place: LanePlace = start(lane)
      const follow = Effect.gen(function* () {
        const to = (yield* store.feed.ends(project))[lane]!
        const { items } = yield* readLane(store, place, to, {}, 3)
        read.push(...names(items))
        place = to
      })
      const record = (n: number) =>
        n % 2 === 0
          ? store.events.append(
              request([event(personOf(lane), { dateCreated: t0 + 100 * n })], { recordedAt: t0 + 100 * n }),
            )
          : write(store, [], [change(personOf(lane, 1)), change(personOf(lane, 1))], { recordedAt: t0 })
      for (let n = 0; n < 40; n += 2) {
        yield* Effect.all([record(n), Effect.andThen(follow, follow), record(n + 1)], { concurrency: "unbounded" })
      }
      yield* follow
      const all = names((yield* readLane(store, start(lane), place)).items)
      strictEqual(all.length, 60)
      deepStrictEqual(read, all)
    }),
  ),
  clause(
    "a step is stale if an event of one of its people, a revision, the catalog or a place differs; then nothing is kept",
    Effect.fnUntraced(function* (store: Store) {
      const [person, joined, other] = [personOf(1), personOf(2), personOf(1, 1)]
      yield* store.events.append(request([event(person), event(joined), event(other)]))
      const place = { lane: 1, name: "age P1Y", before: undefined, after: "{}" }
      const step = yield* stepOf(store, [person, joined], [change(person)], { places: [place], catalog: 0 })
      const isStale = Effect.fnUntraced(function* (over: Partial<FeedStep>) {
        const before = [yield* store.feed.ends(project), yield* store.feed.places(project)]
        deepStrictEqual(yield* store.feed.write({ ...step, ...over }), { _tag: "Stale" })
        deepStrictEqual([yield* store.feed.ends(project), yield* store.feed.places(project)], before)
      })
      yield* isStale({ catalog: 1 })
      yield* isStale({ seen: [...step.seen, { concordId: other, revision: 1 }] })
      yield* isStale({ places: [{ ...place, before: "{}" }] })
      yield* isStale({ lanes: [...step.lanes, { lane: 3, position: 1 }] })
      // An event of another person of the lane changes nothing.
      yield* store.events.append(request([event(other)]))
      strictEqual((yield* store.feed.write(step))._tag, "Written")
      // The same step again: its place has moved.
      yield* isStale({})
      const again = { places: [{ ...place, before: "{}" }] }
      yield* store.events.append(request([event(joined, { dateCreated: t0 + 1 })], { recordedAt: t0 + 1 }))
      yield* isStale(again)
      yield* isStale({ ...again, changes: [] })
      strictEqual((yield* write(store, [person, joined], [change(person)], again))._tag, "Written")
      const joining = yield* stepOf(store, [person, joined], [change(person)])
      const facts = [fact(1, { member: joined, survivor: person })]
      strictEqual(yield* store.people.change({ ...noChange, facts }), "kept")
      deepStrictEqual(yield* store.feed.write(joining), { _tag: "Stale" })
    }),
  ),
  clause(
    "a change is recorded before it is no longer true, or its step is stale",
    Effect.fnUntraced(function* (store: Store) {
      const person = personOf(1)
      yield* store.events.append(request([event(person, { dateCreated: t0 + 5 })], { recordedAt: t0 + 5 }))
      const until = (instant: number) => [change(person), change(person, { until: instant })]
      strictEqual((yield* write(store, [person], until(t0 + 5), { recordedAt: t0 + 4 }))._tag, "Stale")
      strictEqual((yield* write(store, [person], until(t0 + 6), { recordedAt: t0 + 6 }))._tag, "Stale")
      strictEqual((yield* write(store, [person], until(t0 + 6), { recordedAt: t0 + 4 }))._tag, "Written")
      strictEqual((yield* write(store, [person], until(t0 + 6), { recordedAt: t0 + 4 }))._tag, "Stale")
    }),
  ),
  clause(
    "places of the scheduler move with changes or without, are removed, and are read in the order of lane and name",
    Effect.fnUntraced(function* (store: Store) {
      const move = (lane: number, name: string, before: string | undefined, after: string | undefined) =>
        Effect.map(
          write(store, [], [], { lanes: [{ lane, position: 0 }], places: [{ lane, name, before, after }] }),
          ({ _tag }) => _tag,
        )
      const second = '{"lapse":1,"text":"ü"}'
      strictEqual(yield* move(3, "b", undefined, "1"), "Written")
      strictEqual(yield* move(3, "B", undefined, "2"), "Written")
      strictEqual(yield* move(0, "z", undefined, "3"), "Written")
      strictEqual(yield* move(3, "b", undefined, "4"), "Stale")
      strictEqual(yield* move(3, "b", "1", second), "Written")
      strictEqual(yield* move(0, "z", "4", undefined), "Stale")
      deepStrictEqual(yield* store.feed.places(project), [
        { lane: 0, name: "z", state: "3" },
        { lane: 3, name: "B", state: "2" },
        { lane: 3, name: "b", state: second },
      ])
      strictEqual(yield* move(0, "z", "3", undefined), "Written")
      strictEqual(yield* move(3, "missing", undefined, undefined), "Written")
      deepStrictEqual(
        (yield* store.feed.places(project)).map(({ name }) => name),
        ["B", "b"],
      )
      deepStrictEqual(yield* store.feed.places({ number: 9, lanes: 16 }), [])
      deepStrictEqual((yield* store.feed.ends(project))[3]!.lastRecordedAt, Instant.min)
    }),
  ),
  clause(
    "heads whose date is in a range are found in the order of the date and the position, in pages of any size",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(200)
      yield* store.events.append(request(events))
      const heads = new Set<string>()
      for (const person of people) for (const { id } of yield* headsOf(store, project, person)) heads.add(id)
      for (const by of ["consentDate", "expirationDate"] as const) {
        const [from, to] = by === "consentDate" ? [t0 - 2, t0] : [t0 + 20, t0 + 180]
        for (const limit of [1, 3, 1000]) {
          for (const lane of [0, 4, 9]) {
            const inLane = events.filter(({ concordId }) => laneOf(concordId) === lane)
            const expected = inLane
              .map((each, position) => ({ each, position, date: each[by] }))
              .filter(({ date, each }) => date !== undefined && date >= from && date < to && heads.has(each.id))
              .toSorted((a, b) => a.date! - b.date! || a.position - b.position)
            const found: Array<readonly [string, number]> = []
            let pages = 0
            for (let after: { date: number; position: number } | undefined; ;) {
              const query = { lane, by, from, to, limit, ...(after !== undefined && { after }) }
              const page = yield* store.feed.due(project, query)
              found.push(...page.heads.map(({ event: { id }, position }) => [id, position] as const))
              ok((pages += 1) < 100 && page.heads.length <= limit)
              if (page.next === undefined) break
              after = page.next
            }
            deepStrictEqual(
              found,
              expected.map(({ each, position }) => [each.id, position]),
            )
          }
        }
      }
    }),
  ),
  clause(
    "the people of a lane are read with their own heads, in the order of their ids and in pages of any size",
    Effect.fnUntraced(function* (store: Store) {
      const events = manyEvents(120)
      yield* store.events.append(request(events))
      for (const types of [undefined, [typeB], [typeB, typeA], []]) {
        for (const limit of [1, 2, 1000]) {
          const found: Array<readonly [string, ReadonlyArray<string>]> = []
          for (let after: string | undefined; ;) {
            const page = yield* store.feed.people(project, 4, types, after, limit)
            ok(page.length <= limit)
            found.push(...page.map(({ concordId, heads }) => [concordId, ids(heads).toSorted()] as const))
            after = page.at(-1)?.concordId
            if (after === undefined) break
          }
          const expected = yield* Effect.forEach(people.filter((person) => laneOf(person) === 4).toSorted(), (person) =>
            Effect.map(
              headsOf(store, project, person),
              (heads) =>
                [
                  person,
                  ids(heads.filter(({ consentType }) => types?.includes(consentType) !== false)).toSorted(),
                ] as const,
            ),
          )
          deepStrictEqual(
            found,
            expected.filter(([, heads]) => heads.length > 0),
          )
        }
      }
    }),
  ),
  clause(
    "an append keeps where people are with its events, and notes it at its number, once for all of its facts",
    Effect.fnUntraced(function* (store: Store) {
      const [ann, bob] = [uuid(0x15), uuid(0x26)]
      const at = (n: number, person: string) =>
        fact(n, { kind: "region", member: person, survivor: person, region: { project: uuid(2), id: uuid(0xd0 + n) } })
      const shared = fact(4, { kind: "shared", member: ann, survivor: ann, alias: hash(4) })
      const first = [shared, at(2, ann), at(1, bob)]
      strictEqual((yield* store.events.append(request([event(ann)], { facts: first })))._tag, "Appended")
      const seen = [{ concordId: ann, revision: (yield* store.people.person(organization, ann)).revision }]
      strictEqual((yield* store.events.append(request([event(ann)], { facts: [at(3, ann)], seen })))._tag, "Appended")
      strictEqual((yield* store.events.append(request([event(ann)], { facts: [at(5, ann)], seen })))._tag, "Stale")
      const [known] = yield* store.people.facts(organization, [{ concordId: ann, from: 0 }], 9)
      deepStrictEqual(known, [shared, at(2, ann), at(3, ann)])
      const noted = (n: number, person: string, position: number) => ({
        ...{ lane: Lane.of(organization, person), position, kind: "region", recordedAt: t0 },
        ...{ id: fact(n).id, member: person, survivor: person },
      })
      strictEqual(Lane.of(organization, ann), Lane.of(organization, bob) - 1)
      for (const [lane, expected] of [
        [Lane.of(organization, ann), [noted(2, ann, 0), noted(3, ann, 1)]],
        [Lane.of(organization, bob), [noted(1, bob, 0)]],
      ] as const) {
        const found = yield* store.feed.identityChanges(organization, lane, 0, 100)
        deepStrictEqual(found, expected)
      }
    }),
  ),
  clause(
    "joins, undoing, identifying and erasures are noted in the lane of their survivor; other identity changes are not",
    Effect.fnUntraced(function* (store: Store) {
      const [member, survivor, other] = [uuid(0x15), uuid(0x26), uuid(0x36)]
      const changed = (facts: ReadonlyArray<ReturnType<typeof fact>>) =>
        Effect.map(store.people.change({ ...noChange, facts }), (kept) => strictEqual(kept, "kept"))
      const alias = { alias: hash(1) }
      const join = fact(2, { member, survivor })
      const both = [fact(5, { member: other, survivor, dateCreated: t0 + 3 }), fact(4, { member, survivor })]
      const identified = fact(6, { kind: "identified", member, survivor: member, ...alias })
      const undone = fact(8, { kind: "undone", member, survivor, dateCreated: t0 + 9 })
      yield* changed([fact(1, { kind: "renamed", member: survivor, survivor, ...alias })])
      yield* changed([join])
      yield* changed([fact(3, { kind: "released", member: survivor, survivor, ...alias })])
      yield* changed(both)
      yield* changed([identified, fact(7, { kind: "shared", member: survivor, survivor, ...alias })])
      yield* changed([undone])
      const position = 5
      strictEqual((yield* store.people.laneEnds([Lane.of(organization, survivor)])).get(6), 6)
      const seen = yield* Effect.forEach([survivor, other], (concordId) =>
        Effect.map(store.people.person(organization, concordId), ({ revision }) => ({ concordId, revision })),
      )
      const erasure = { id: uuid(0xe1), organization, projects: [project], catalog: 0, submitter: uuid(0xc0), seen }
      const erased = yield* store.personal.erase({
        ...erasure,
        recordedAt: t0 + 11,
        members: [other, survivor],
        reason: "request",
      })
      ok(typeof erased === "object")
      const noted = ({ id, kind, member: of, survivor: to, ...at }: typeof join, place: number) => ({
        lane: Lane.of(organization, to),
        position: place,
        kind,
        recordedAt: at.dateCreated,
        id,
        member: of,
        survivor: to,
      })
      const ofErasure = { kind: "erased", recordedAt: t0 + 11, id: uuid(0xe1), member: survivor, survivor } as const
      const expected = [
        noted(join, 1),
        noted(both[1]!, 3),
        noted(both[0]!, 3),
        noted(undone, position),
        { lane: 6, position: position + 1, ...ofErasure },
      ]
      deepStrictEqual(yield* store.feed.identityChanges(organization, 6, 0, 100), expected)
      deepStrictEqual(yield* store.feed.identityChanges(organization, 6, 4, 100), expected.slice(3))
      deepStrictEqual(yield* store.feed.identityChanges(organization, 6, 0, 1), expected.slice(0, 1))
      // Those of one position are never parted.
      deepStrictEqual(yield* store.feed.identityChanges(organization, 6, 0, 2), expected.slice(0, 3))
      deepStrictEqual(yield* store.feed.identityChanges(organization, 6, position + 2, 100), [])
      const ofMember = yield* store.feed.identityChanges(organization, Lane.of(organization, member), 0, 100)
      deepStrictEqual(
        ofMember.map(({ id, kind }) => [id, kind]),
        [[identified.id, "identified"]],
      )
      deepStrictEqual(yield* store.feed.identityChanges({ number: 9, lanes: 16 }, 6, 0, 100), [])
    }),
  ),
  clause(
    "a lease is one holder's until it ends or is given up",
    Effect.fnUntraced(function* (store: Store) {
      const lease = (holder: string, now: number, until: number, name = "scheduler", lane = 3) =>
        store.feed.lease({ owner: project, lane }, name, holder, t0 + now, t0 + until)
      const held = undefined
      strictEqual(yield* lease("a", 0, 10), held)
      strictEqual(yield* lease("b", 1, 11), t0 + 10)
      strictEqual(yield* lease("a", 2, 12), held)
      strictEqual(yield* lease("b", 11, 21), t0 + 12)
      strictEqual(yield* lease("b", 11, 21, "webhooks"), held)
      strictEqual(yield* lease("b", 11, 21, "scheduler", 4), held)
      strictEqual(yield* lease("b", 12, 22), held)
      strictEqual(yield* lease("a", 13, 23), t0 + 22)
      strictEqual(yield* lease("a", -t0, -t0), t0 + 22)
      strictEqual(yield* lease("b", -t0, -t0), held)
      strictEqual(yield* lease("a", -5, 24), held)
    }),
  ),
]
