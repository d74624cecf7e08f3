/** Clauses of the contract: how a store keeps joined people, their merged heads, and aliases that were released. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { GroupChange, IdentityChange, Joining } from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  claim,
  clause,
  event,
  foldedHeads,
  hash,
  headsOf,
  ids,
  noChange,
  organization,
  project,
  request,
  type Store,
  t0,
  typeA,
  typeB,
  uuid,
} from "./samples.ts"

/** A change of groups in the one project. */
const joining = (groups: ReadonlyArray<GroupChange>, over: Partial<Joining> = {}): IdentityChange => ({
  ...noChange,
  joining: { projects: [project], catalog: 0, learnt: t0 + 5, dissolved: [], groups, ...over },
})

const keep = (store: Store, change: IdentityChange) =>
  Effect.map(store.people.change(change), (outcome) => strictEqual(outcome, "kept"))

/** The ids of the merged heads of a survivor. */
const joinedIds = (store: Store, survivor: string) =>
  Effect.map(store.events.joinedHeads(project, survivor), ({ events }) => ids(events).toSorted())

const laneEnds = (ends: ReadonlyArray<number>) => Lane.all(project).map((lane, index) => [lane, ends[index]!] as const)

export const joinedPeopleClauses: ReadonlyArray<Clause> = [
  clause(
    "joined people have one set of heads: those of the members, raised by whatever is recorded for one of them later",
    Effect.fnUntraced(function* (store: Store) {
      const [survivor, guest, other] = [uuid(0x11), uuid(0x22), uuid(0x33)]
      const both = [typeA, typeB].flatMap((consentType) => [
        event(survivor, { consentType }),
        event(guest, { consentType, consentDate: t0 + 1 }),
        event(guest, { consentType, consentState: "declined" }),
      ])
      const others = [event(other), event(other, { consentDate: t0 + 9 })]
      yield* store.events.append(request([...both, others[0]!]))
      yield* keep(store, joining([{ survivor, members: [survivor, guest] }]))
      strictEqual((yield* store.people.person(organization, guest)).survivor, survivor)
      const { learnt, survivor: own } = yield* store.people.person(organization, survivor)
      deepStrictEqual([own, learnt], [survivor, t0 + 5])
      deepStrictEqual(yield* joinedIds(store, survivor), foldedHeads(both))

      const later = [
        event(guest, { consentDate: t0 + 2 }),
        event(survivor, { consentDate: t0 + 1, consentState: "declined" }),
        others[1]!,
      ]
      yield* store.events.append(request(later))
      const all = [...both, ...later.slice(0, 2)]
      deepStrictEqual(yield* joinedIds(store, survivor), foldedHeads(all))
      const ofType = all.filter(({ consentType }) => consentType === typeB)
      const found = yield* store.events.joinedHeads(project, survivor, [typeB])
      deepStrictEqual(ids(found.events).toSorted(), foldedHeads(ofType))
      deepStrictEqual(found.positions, new Map(laneEnds(yield* store.events.laneEnds(project))))
      deepStrictEqual((yield* store.events.joinedHeads({ number: 9, lanes: 16 }, survivor)).events, [])
      // The heads of each member stay its own.
      deepStrictEqual(ids(yield* headsOf(store, project, other)), foldedHeads(others))
    }),
  ),
  clause(
    "a guest is added to a group; a group that is dissolved leaves no merged heads, and its people have their own again",
    Effect.fnUntraced(function* (store: Store) {
      const [survivor, first, second] = [uuid(0x11), uuid(0x22), uuid(0x33)]
      const events = [survivor, first, second].map((person, index) => event(person, { consentDate: t0 + index }))
      yield* store.events.append(request(events))
      yield* keep(store, joining([{ survivor, members: [survivor, first] }]))
      yield* keep(store, joining([{ survivor, members: [second] }], { learnt: t0 + 6 }))
      deepStrictEqual(yield* joinedIds(store, survivor), [events[2]!.id])
      strictEqual((yield* store.people.person(organization, survivor)).learnt, t0 + 6)

      const left = [
        { survivor, members: [survivor, first] },
        { survivor: second, members: [] },
      ]
      yield* keep(store, joining(left, { dissolved: [survivor], learnt: t0 + 7 }))
      deepStrictEqual(yield* joinedIds(store, survivor), [events[1]!.id])
      const alone = yield* store.people.person(organization, second)
      deepStrictEqual([alone.survivor, alone.learnt], [undefined, t0 + 7])
      yield* store.events.append(request([event(second, { consentDate: t0 + 99 })]))
      deepStrictEqual(yield* joinedIds(store, survivor), [events[1]!.id])

      const none = [survivor, first].map((survivor) => ({ survivor, members: [] }))
      yield* keep(store, joining(none, { dissolved: [survivor] }))
      deepStrictEqual(yield* joinedIds(store, survivor), [])
      deepStrictEqual((yield* store.people.person(organization, first)).survivor, undefined)
    }),
  ),
  clause(
    "a change of groups is counted in the lanes of their survivors, and raises the revision of each of their people",
    Effect.fnUntraced(function* (store: Store) {
      const [survivor, member] = [uuid(0x11), uuid(0x22)]
      const before = yield* Effect.forEach([survivor, member], (each) => store.people.person(organization, each))
      yield* keep(store, joining([{ survivor, members: [survivor, member] }]))
      const after = yield* Effect.forEach([survivor, member], (each) => store.people.person(organization, each))
      for (const [index, { revision }] of after.entries()) ok(revision > before[index]!.revision)
      const lanes = [survivor, member].map((person) => Lane.of(organization, person))
      deepStrictEqual([...(yield* store.people.laneEnds(lanes)).values()], [1, 0])
    }),
  ),
  clause(
    "a change of groups that was prepared against another catalog is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      const [survivor, member] = [uuid(0x11), uuid(0x22)]
      yield* store.events.append(request([event(member)]))
      const groups = [{ survivor, members: [survivor, member] }]
      strictEqual(yield* store.people.change(joining(groups, { catalog: 1 })), "stale")
      strictEqual((yield* store.people.person(organization, member)).survivor, undefined)
      deepStrictEqual(yield* joinedIds(store, survivor), [])
      yield* store.catalog.change({ revision: 0, entries: {}, documents: [] })
      strictEqual(yield* store.people.change(joining(groups)), "stale")
      strictEqual(yield* store.people.change(joining(groups, { catalog: 1 })), "kept")
    }),
  ),
  clause(
    "an event of a project that is made after a join raises the merged heads of that project",
    Effect.fnUntraced(function* (store: Store) {
      const [survivor, member] = [uuid(0x11), uuid(0x22)]
      yield* keep(store, joining([{ survivor, members: [survivor, member] }]))
      const later: Lane.Owner = { number: 2, lanes: 3 }
      for (const n of [1, 2]) {
        const recorded = event(member, { consentDate: t0 + n })
        yield* store.events.append(request([recorded], { project: later }))
        deepStrictEqual(ids((yield* store.events.joinedHeads(later, survivor)).events), [recorded.id])
      }
    }),
  ),
  clause(
    "of a join and events of its people that are written at the same time, every event is in the merged heads afterwards",
    Effect.fnUntraced(function* (store: Store) {
      const survivor = uuid(0x11)
      const guests = Array.from({ length: 24 }, (_, index) => uuid(0x100 + index * 3))
      const events = guests.map((guest, index) =>
        event(guest, { consentType: index % 2 === 0 ? typeA : typeB, consentDate: t0 + index }),
      )
      const append = Effect.forEach(events, (each) => store.events.append(request([each])), {
        concurrency: "unbounded",
        discard: true,
      })
      const join = Effect.forEach(
        guests,
        (guest, index) => keep(store, joining([{ survivor, members: index === 0 ? [survivor, guest] : [guest] }])),
        { discard: true },
      )
      yield* Effect.all([append, join], { concurrency: "unbounded", discard: true })
      deepStrictEqual(yield* joinedIds(store, survivor), foldedHeads(events))
    }),
  ),
  clause(
    "an alias that was released names as known before the person that it named, and now the one that claims it later",
    Effect.fnUntraced(function* (store: Store) {
      const release = (dateCreated: number) =>
        store.people.change({ ...noChange, releases: [{ hash: hash(0xa), dateCreated }] })
      const claimed = (person: string, dateCreated: number) => ({ ...claim(0xa, person), dateCreated })
      yield* store.people.change({ ...noChange, claims: [claimed(uuid(5), t0)] })
      yield* release(t0 + 10)
      yield* store.people.change({ ...noChange, claims: [claimed(uuid(6), t0 + 10)] })
      yield* release(t0 + 20)
      yield* store.people.change({ ...noChange, claims: [claimed(uuid(7), t0 + 30)] })
      const asKnown = (knownAt?: number) =>
        Effect.map(store.people.byAlias(organization, [hash(0xb), hash(0xa)], knownAt), ([none, named]) => {
          strictEqual(none, undefined)
          return named && [named.concordId, named.dateCreated - t0]
        })
      const found = yield* Effect.forEach([t0 - 1, t0, t0 + 9, t0 + 10, t0 + 19, t0 + 20, t0 + 29, t0 + 30], asKnown)
      const [five, six, seven] = [
        [uuid(5), 0],
        [uuid(6), 10],
        [uuid(7), 30],
      ]
      deepStrictEqual(found, [undefined, five, five, six, six, undefined, undefined, seven])
      deepStrictEqual(yield* asKnown(), seven)
      const [last, none] = yield* Effect.forEach([0xa, 0xb], (n) => store.people.lastRelease(organization, hash(n)))
      deepStrictEqual([last?.releasedAt, none?.releasedAt], [t0 + 20, undefined])
      deepStrictEqual([last?.position, none?.position], [2, 0])
    }),
  ),
  clause(
    "of a release without a date nothing is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5))] })
      yield* store.people.change({ ...noChange, releases: [{ hash: hash(0xa) }] })
      deepStrictEqual(yield* store.people.byAlias(organization, [hash(0xa)], t0 + 0xa), [undefined])
    }),
  ),
  clause(
    "a refusal is stale where one that is joined with its person has a later yes, in any lane",
    Effect.fnUntraced(function* (store: Store) {
      const [survivor, guest, other, silent] = [uuid(0x11), uuid(0x22), uuid(0x33), uuid(0x44)]
      const yes = event(guest, { consentDate: t0 + 50, dateCreated: t0 + 50 })
      yield* store.events.append(request([event(survivor, { consentType: typeB }), event(other)]))
      yield* store.events.append(request([yes], { recordedAt: t0 + 50 }))
      const refuse = (concordId: string, consentType = typeA, at = t0) => {
        const refusal = event(concordId, { consentState: "declined", consentType, dateCreated: t0 + 50 })
        const refusals = [{ concordId, consentType, at }]
        return store.events.append(request([refusal], { recordedAt: t0 + 50, refusals }))
      }
      yield* keep(store, joining([{ survivor, members: [survivor, guest, silent] }]))
      const stale = { _tag: "Stale", lastRecordedAt: t0 + 50, isOvertaken: true }
      deepStrictEqual(yield* refuse(survivor), stale)
      strictEqual((yield* refuse(survivor, typeA, t0 + 50))._tag, "Appended")
      strictEqual((yield* refuse(survivor, typeB))._tag, "Appended")
      strictEqual((yield* refuse(other))._tag, "Appended")
      deepStrictEqual(yield* refuse(guest), stale)
      // Nothing was recorded in its lane yet.
      deepStrictEqual(yield* refuse(silent), stale)
    }),
  ),
]
