/** Clauses of the contract: how a store keeps people: aliases, facts, identity changes and profiles. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import {
  type Clause,
  t0,
  organization,
  project,
  uuid,
  hash,
  event,
  request,
  session,
  claim,
  noChange,
  evidence,
  fact,
  type Store,
  named,
  eventsOf,
  headsOf,
  clause,
  people,
  personal,
  personKey,
  profile,
} from "./samples.ts"

/** All facts about a person. */
const factsOf = (store: Store, owner: Lane.Owner, concordId: string) =>
  Effect.map(store.people.facts(owner, [{ concordId, from: 0 }], 1000), (pages) => pages.flat())

/** A person that was never changed. */
const untouched = {
  revision: 0,
  isIdentified: false,
  survivor: undefined,
  learnt: undefined,
  erasedAt: undefined,
  position: 0,
}

export const peopleClauses: ReadonlyArray<Clause> = [
  clause(
    "an alias names the person it was claimed for, and may be claimed for the same person again",
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
      deepStrictEqual(first, { concordId: uuid(5), kind: "email", dateCreated: t0 + 0xa })
    }),
  ),
  clause(
    "aliases that a change releases may be claimed in it: two people exchange theirs",
    Effect.fnUntraced(function* (store: Store) {
      const claims = [claim(0xa, uuid(5)), claim(0xb, uuid(6))]
      strictEqual(yield* store.people.change({ ...noChange, claims }), "kept")
      const now = t0 + 500
      const exchanged = [claim(0xa, uuid(6)), claim(0xb, uuid(5))].map((each) => ({ ...each, dateCreated: now }))
      const releases = [0xa, 0xb].map((n) => ({ hash: hash(n), dateCreated: now, isRenamed: true as const }))
      strictEqual(yield* store.people.change({ ...noChange, releases, claims: exchanged }), "kept")
      deepStrictEqual(yield* named(store, organization, [hash(0xa), hash(0xb)]), [uuid(6), uuid(5)])
      const before = yield* store.people.byAlias(organization, [hash(0xa), hash(0xb)], now - 1)
      deepStrictEqual(
        before.map((each) => each?.concordId),
        [uuid(5), uuid(6)],
      )
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
    "a person is changed by identifiers and facts, not by a browser's context, and each change raises its revision",
    Effect.fnUntraced(function* (store: Store) {
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
        deepStrictEqual(yield* factsOf(store, organization, concordId), [joined, undone])
        strictEqual(person.isIdentified, false)
        ok(person.revision >= 2)
      }
      const pair = [joined.member, joined.survivor]
      const read = (owner: Lane.Owner, from: number, limit: number) =>
        store.people.facts(
          owner,
          [...pair, uuid(7)].map((concordId) => ({ concordId, from })),
          limit,
        )
      deepStrictEqual(yield* read(organization, 0, 3), [[joined, undone], [joined, undone], []])
      deepStrictEqual(yield* read(organization, 0, 1), [[joined], [joined], []])
      deepStrictEqual(yield* read(organization, 1, 1), [[undone], [undone], []])
      deepStrictEqual(yield* read(organization, 2, 1), [[], [], []])
      deepStrictEqual(yield* read({ number: 7, lanes: 16 }, 0, 3), [[], [], []])
    }),
  ),
  clause(
    "an identity change is counted in the lanes of the people of its facts and of the hashes it releases, and no other is",
    Effect.fnUntraced(function* (store: Store) {
      const ends = (keys: ReadonlyArray<string>) => {
        const isIn = (lane: number) => keys.filter((key) => Lane.of(organization, key) === lane).length
        return new Map(Lane.all(organization).map((lane) => [lane, isIn(lane)]))
      }
      const identityToken = { hash: hash(0x9), expiresAt: t0 + 9, concordId: uuid(5) }
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends([]))
      yield* store.events.append(request([event(uuid(5))], { claims: [claim(0xa, uuid(5))] }))
      yield* store.people.change({ ...noChange, claims: [claim(0xb, uuid(5))], session: session(0x50, uuid(5)) })
      yield* store.people.keepProfile(organization, uuid(5), personal(uuid(5), profile(uuid(5))))
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends([]))

      strictEqual(yield* store.people.change({ ...noChange, facts: [fact(0x1)], identityToken }), "kept")
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends([uuid(5), uuid(6)]))
      // Two people of one lane, and a fact that names one person twice: a person counts once for each change.
      const self = { member: uuid(0x15), survivor: uuid(0x15) }
      const facts = [fact(0x2, { survivor: uuid(0x15) }), fact(0x3, self)]
      strictEqual(
        yield* store.people.change({ ...noChange, facts, releases: [{ hash: hash(0xa) }, { hash: hash(0xf) }] }),
        "kept",
      )
      const counted = [uuid(5), uuid(6), uuid(5), hash(0xa), hash(0xf)]
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends(counted))

      const stale = { ...noChange, seen: [{ concordId: uuid(5), revision: 99 }], facts: [fact(0x4)] }
      strictEqual(yield* store.people.change(stale), "stale")
      strictEqual(yield* store.people.change({ ...noChange, facts: [fact(0x5)], identityToken }), "used")
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends(counted))
      const one = Lane.of(organization, uuid(6))
      deepStrictEqual(yield* store.people.laneEnds([one]), new Map([[one, 1]]))
    }),
  ),
  clause(
    "facts that are read after a person are no earlier than the position of the person, while others are changed",
    Effect.fnUntraced(function* (store: Store) {
      // Two people of one lane, whose facts alternate.
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
          deepStrictEqual((yield* factsOf(store, organization, second)).slice(0, before.length), before)
        }),
        { discard: true },
      )
      yield* Effect.all([write, read], { concurrency: "unbounded" })
      strictEqual((yield* store.people.person(organization, first)).position, facts.length)
      strictEqual((yield* store.people.person(organization, uuid(0x35))).position, 0)
    }),
  ),
  clause(
    "of many changes at the same time each is counted, and a reader that has seen one has seen all before it",
    Effect.fnUntraced(function* (store: Store) {
      // All people are of one lane, and each change is about one of them: at least the counted changes can be read.
      const persons = Array.from({ length: 30 }, (_, index) => uuid(0x105 + 0x10 * index))
      const lane = Lane.of(organization, persons[0]!)
      const change = (person: string, index: number) =>
        store.people.change({ ...noChange, facts: [fact(index, { member: person, survivor: person })] })
      const write = Effect.forEach(persons, change, { concurrency: "unbounded", discard: true })
      const read = Effect.forEach(
        Array.from({ length: 10 }),
        Effect.fnUntraced(function* () {
          const end = (yield* store.people.laneEnds([lane])).get(lane)!
          const seen = yield* Effect.forEach(persons, (person) => store.people.person(organization, person))
          ok(seen.filter(({ revision }) => revision > 0).length >= end)
        }),
        { discard: true },
      )
      yield* Effect.all([write, read], { concurrency: "unbounded" })
      deepStrictEqual(yield* store.people.laneEnds([lane]), new Map([[lane, persons.length]]))
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
        identityToken: { hash: hash(0x9), expiresAt: t0 + 9, concordId: uuid(6) },
        session: session(0x50, uuid(6)),
      }
      const seen = [{ concordId: uuid(5), revision: revision + 1 }]
      strictEqual(yield* store.people.change({ ...change, seen }), "stale")
      deepStrictEqual(yield* named(store, organization, [hash(0xb)]), [undefined])
      deepStrictEqual(yield* factsOf(store, organization, uuid(5)), [])
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
      strictEqual((yield* factsOf(store, organization, uuid(5))).length, 1)
    }),
  ),
  clause(
    "an identity token is used once: a change that has it a second time is not kept",
    Effect.fnUntraced(function* (store: Store) {
      const identityToken = { hash: hash(0x9), expiresAt: t0 + 9, concordId: uuid(5) }
      strictEqual(yield* store.people.change({ ...noChange, identityToken, claims: [claim(0xa, uuid(5))] }), "kept")
      strictEqual(yield* store.people.change({ ...noChange, identityToken, claims: [claim(0xb, uuid(6))] }), "used")
      deepStrictEqual(yield* named(store, organization, [hash(0xa), hash(0xb)]), [uuid(5), undefined])
    }),
  ),
  clause(
    "an alias that is released names no one, and may be claimed for another person",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5)), claim(0xb, uuid(5))] })
      const { revision } = yield* store.people.person(organization, uuid(5))
      yield* store.people.change({ ...noChange, releases: [{ hash: hash(0xa) }, { hash: hash(0xc) }] })
      // A change that was prepared while the alias still named the person is stale now.
      strictEqual((yield* store.people.person(organization, uuid(5))).revision > revision, true)
      deepStrictEqual(yield* named(store, organization, [hash(0xa), hash(0xb)]), [undefined, uuid(5)])
      strictEqual(yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(6))] }), "kept")
      strictEqual(yield* store.people.change({ ...noChange, claims: [claim(0xb, uuid(6))] }), "stale")
    }),
  ),
  clause(
    "an alias that was released since it was read for its claim is not claimed, by an append or by a change",
    Effect.fnUntraced(function* (store: Store) {
      const read = (releasedAt: Instant.Instant) => [{ ...claim(0xa, uuid(6)), dateCreated: t0 + 900, releasedAt }]
      const appended = (releasedAt: Instant.Instant) =>
        Effect.map(store.events.append(request([event(uuid(6))], { claims: read(releasedAt) })), ({ _tag }) => _tag)
      yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5))] })
      yield* store.people.change({ ...noChange, releases: [{ hash: hash(0xa), dateCreated: t0 + 500 }] })
      strictEqual(yield* appended(Instant.min), "Stale")
      strictEqual(yield* appended(t0 + 499), "Stale")
      strictEqual(yield* store.people.change({ ...noChange, claims: read(Instant.min) }), "stale")
      deepStrictEqual(yield* named(store, organization, [hash(0xa)]), [undefined])
      strictEqual(yield* appended(t0 + 500), "Appended")
      deepStrictEqual(yield* named(store, organization, [hash(0xa)]), [uuid(6)])
    }),
  ),
  clause(
    "facts that are kept together are read in their order by each of their people",
    Effect.fnUntraced(function* (store: Store) {
      const persons = [uuid(5), uuid(6), uuid(7)]
      const facts = Array.from({ length: 60 }, (_, n) => {
        return fact(n, { member: persons[n % 3]!, survivor: persons[(n * n) % 3]! })
      })
      strictEqual(yield* store.people.change({ ...noChange, facts }), "kept")
      for (const person of persons) {
        const own = facts.filter(({ member, survivor }) => member === person || survivor === person)
        deepStrictEqual(yield* factsOf(store, organization, person), own)
      }
    }),
  ),
  clause(
    "a profile is kept in place of the one before, and changes nothing else of a person",
    Effect.fnUntraced(function* (store: Store) {
      const places = [profile(uuid(5)), profile(uuid(6))]
      const keep = (text: string) =>
        store.people.keepProfile(organization, uuid(5), personal(uuid(5), profile(uuid(5), text)))
      deepStrictEqual(yield* store.personal.parts(organization, places), [undefined, undefined])
      strictEqual(yield* keep("first"), "kept")
      strictEqual(yield* keep("second"), "kept")
      const kept = { ...personKey(uuid(5)), ...profile(uuid(5), "second") }
      deepStrictEqual(yield* store.personal.parts(organization, places), [kept, undefined])
      deepStrictEqual(yield* store.people.person(organization, uuid(5)), untouched)
    }),
  ),
]
