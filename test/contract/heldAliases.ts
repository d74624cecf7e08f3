/**
 * Clauses of the contract: which aliases a person has and had, and that an append is kept only if the people that it
 * was prepared against are as they were.
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim, Fact } from "../../core/model/People.ts"
import type { Appended, Release } from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  clause,
  claim,
  event,
  eventsOf,
  fact,
  hash,
  named,
  noChange,
  organization,
  people,
  project,
  request,
  type Store,
  t0,
  uuid,
} from "./samples.ts"

const other: Lane.Owner = { number: 7, lanes: 16 }

/** A claim of an account identifier that is unique in a project. */
const account = (n: number, concordId: string, over: Partial<Claim> = {}): Claim => ({
  ...claim(n, concordId),
  kind: "projectUserId",
  project: uuid(2),
  ...over,
})

const claimed = (store: Store, ...claims: ReadonlyArray<Claim>) => store.people.change({ ...noChange, claims })

const released = (store: Store, ...releases: ReadonlyArray<Release>) => store.people.change({ ...noChange, releases })

const revisionOf = (store: Store, concordId: string) =>
  Effect.map(store.people.person(organization, concordId), ({ revision }) => revision)

/** What an append names as the state of people that it was prepared against. */
const seenNow = (store: Store, ...concordIds: ReadonlyArray<string>) =>
  Effect.forEach(concordIds, (concordId) =>
    Effect.map(revisionOf(store, concordId), (revision) => ({ concordId, revision })),
  )

const tags = (outcomes: ReadonlyArray<Appended>) => outcomes.map(({ _tag }) => _tag).toSorted()

const shared = (n: number, concordId: string): Fact =>
  fact(n, { kind: "shared", member: concordId, survivor: concordId, alias: hash(n), identifier: { kind: "email" } })

export const heldAliasClauses: ReadonlyArray<Clause> = [
  clause(
    "an alias keeps its kind, and is asked together with its last release, a rename included",
    Effect.fnUntraced(function* (store: Store) {
      const wanted = [0xa, 0xb, 0xc, 0xd, 0xa].map(hash)
      const stateOf = () => store.people.aliasStates(organization, wanted)
      const nothing = { named: undefined, releasedAt: undefined }
      deepStrictEqual(yield* stateOf(), [nothing, nothing, nothing, nothing, nothing])
      deepStrictEqual(yield* store.people.aliasStates(organization, []), [])
      yield* claimed(store, claim(0xa, uuid(5)), account(0xb, uuid(5)), claim(0xc, uuid(6)))
      const a = { concordId: uuid(5), kind: "email", dateCreated: t0 + 0xa }
      const b = { concordId: uuid(5), kind: "projectUserId", dateCreated: t0 + 0xb }
      const c = { concordId: uuid(6), kind: "email", dateCreated: t0 + 0xc }
      const held = (known: object) => ({ named: known, releasedAt: undefined })
      deepStrictEqual(yield* stateOf(), [held(a), held(b), held(c), nothing, held(a)])
      yield* released(
        store,
        { hash: hash(0xa), dateCreated: t0 + 40 },
        { hash: hash(0xb), dateCreated: t0 + 40, isRenamed: true },
      )
      yield* released(store, { hash: hash(0xc) })
      const since = (at: number) => ({ named: undefined, releasedAt: t0 + at })
      deepStrictEqual(yield* stateOf(), [since(40), since(40), nothing, nothing, since(40)])
      yield* claimed(store, { ...claim(0xa, uuid(7)), dateCreated: t0 + 50 })
      const again = { concordId: uuid(7), kind: "email", dateCreated: t0 + 50 }
      const [first] = yield* stateOf()
      deepStrictEqual(first, { named: again, releasedAt: t0 + 40 })
      yield* released(store, { hash: hash(0xa), dateCreated: t0 + 60, isRenamed: true })
      deepStrictEqual((yield* stateOf())[0], since(60))
      deepStrictEqual(yield* store.people.aliasStates(other, [hash(0xa)]), [nothing])
    }),
  ),
  clause(
    "everything that an alias named is read in the order of its releases",
    Effect.fnUntraced(function* (store: Store) {
      yield* claimed(store, account(0xa, uuid(5)))
      yield* released(store, { hash: hash(0xa), dateCreated: t0 + 20 })
      yield* claimed(store, { ...claim(0xa, uuid(6)), dateCreated: t0 + 20 })
      yield* released(store, { hash: hash(0xa), dateCreated: t0 + 30, isRenamed: true })
      yield* claimed(store, { ...claim(0xa, uuid(7)), dateCreated: t0 + 40 })
      const first = { concordId: uuid(5), kind: "projectUserId", project: uuid(2), hash: hash(0xa) }
      const rows = [
        { ...first, dateCreated: t0 + 0xa, releasedAt: t0 + 20 },
        {
          concordId: uuid(6),
          kind: "email",
          hash: hash(0xa),
          dateCreated: t0 + 20,
          releasedAt: t0 + 30,
          isRenamed: true,
        },
      ]
      deepStrictEqual(yield* store.people.formerly(organization, [hash(0xb), hash(0xa)]), [[], rows])
      deepStrictEqual(yield* store.people.formerly(other, [hash(0xa)]), [[]])
      deepStrictEqual(yield* store.people.formerly(organization, []), [])
    }),
  ),
  clause(
    "the aliases that people have and had are read in the order of their claims, without those of browsers",
    Effect.fnUntraced(function* (store: Store) {
      const context = { ...claim(0xf, uuid(5)), kind: "contextId", project: uuid(2), dateCreated: t0 - 9 } as const
      const at = (n: number, dateCreated: number) => ({ ...account(n, uuid(5)), dateCreated })
      yield* claimed(store, at(0xb, t0 + 3), at(0xa, t0 + 3), at(0xc, t0 + 2), context, claim(0xe, uuid(6)))
      yield* released(
        store,
        { hash: hash(0xa), dateCreated: t0 + 40 },
        { hash: hash(0xe), dateCreated: t0 + 40, isRenamed: true },
      )
      yield* claimed(store, { ...claim(0xa, uuid(6)), dateCreated: t0 + 40 })
      // Released and claimed again at the instant of its claim.
      for (const n of [0, 1]) {
        yield* claimed(store, { ...claim(0xf00 + n, uuid(8)), hash: hash(0x9), dateCreated: t0 })
        if (n === 0) yield* released(store, { hash: hash(0x9), dateCreated: t0 })
      }
      // The same ids in another organization are other people.
      yield* store.people.change({ ...noChange, organization: other, claims: [claim(0xd, uuid(5))] })
      const held = (n: number, dateCreated: number) => ({
        concordId: uuid(5),
        kind: "projectUserId",
        project: uuid(2),
        hash: hash(n),
        dateCreated,
      })
      const email = { concordId: uuid(6), kind: "email" }
      const five = [held(0xc, t0 + 2), { ...held(0xa, t0 + 3), releasedAt: t0 + 40 }, held(0xb, t0 + 3)]
      const six = [
        { ...email, hash: hash(0xe), dateCreated: t0 + 0xe, releasedAt: t0 + 40, isRenamed: true },
        { ...email, hash: hash(0xa), dateCreated: t0 + 40 },
      ]
      const eight = { ...email, concordId: uuid(8), hash: hash(0x9), dateCreated: t0 }
      deepStrictEqual(yield* store.people.aliasesOf(organization, [uuid(8)]), [[{ ...eight, releasedAt: t0 }, eight]])
      const ofAll = yield* store.people.aliasesOf(organization, [uuid(7), uuid(6), uuid(5), uuid(6)])
      deepStrictEqual(ofAll, [[], six, five, six])
      deepStrictEqual(yield* store.people.aliasesOf(organization, []), [])
    }),
  ),
  clause(
    "the contexts of browsers that name a person are read apart from its identifiers",
    Effect.fnUntraced(function* (store: Store) {
      const context = (n: number, concordId: string, dateCreated = t0) =>
        account(n, concordId, { kind: "contextId", dateCreated })
      yield* claimed(store, context(0xb, uuid(5)), context(0xa, uuid(5)), context(0xc, uuid(5), t0 - 1))
      yield* claimed(store, claim(0xd, uuid(5)), context(0xe, uuid(6)), context(0xf, uuid(6)))
      yield* released(store, { hash: hash(0xe) })
      yield* store.people.change({ ...noChange, organization: other, claims: [context(0x9, uuid(5))] })
      const held = (n: number, concordId: string, dateCreated = t0) => ({
        concordId,
        kind: "contextId",
        project: uuid(2),
        hash: hash(n),
        dateCreated,
      })
      const five = [held(0xc, uuid(5), t0 - 1), held(0xa, uuid(5)), held(0xb, uuid(5))]
      const ofAll = yield* store.people.contextsOf(organization, [uuid(7), uuid(6), uuid(5)])
      deepStrictEqual(ofAll, [[], [held(0xf, uuid(6))], five])
      deepStrictEqual(yield* store.people.contextsOf(organization, []), [])
    }),
  ),
  clause(
    "an append is stale if a person that it was prepared against has changed, and then nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* claimed(store, claim(0xa, uuid(5)))
      const seen = yield* seenNow(store, uuid(5), uuid(6))
      deepStrictEqual(seen[1], { concordId: uuid(6), revision: 0 })
      yield* claimed(store, claim(0xb, uuid(5)))
      const claims = [account(0xc, uuid(5)), claim(0xd, uuid(6))]
      const facts = [shared(0x1, uuid(6))]
      const append = (now: typeof seen) => store.events.append(request([event(uuid(5))], { claims, facts, seen: now }))
      strictEqual((yield* append(seen))._tag, "Stale")
      deepStrictEqual(yield* eventsOf(store, project, uuid(5)), [])
      deepStrictEqual(yield* named(store, organization, [hash(0xc), hash(0xd)]), [undefined, undefined])
      strictEqual(yield* revisionOf(store, uuid(6)), 0)
      deepStrictEqual(yield* store.people.facts(organization, [{ concordId: uuid(6), from: 0 }], 9), [[]])
      const now = yield* seenNow(store, uuid(5), uuid(6))
      strictEqual((yield* append(now))._tag, "Appended")
      deepStrictEqual(yield* named(store, organization, [hash(0xc), hash(0xd)]), [uuid(5), uuid(6)])
      // Also a person that nothing is claimed for is changed by it: here the survivor that an account was added to.
      const again = yield* seenNow(store, uuid(5), uuid(7))
      const more = { claims: [account(0xe, uuid(5))], seen: again }
      strictEqual((yield* store.events.append(request([event(uuid(5))], more)))._tag, "Appended")
      strictEqual((yield* store.people.person(organization, uuid(7))).isIdentified, false)
      for (const each of again) strictEqual((yield* revisionOf(store, each.concordId)) > each.revision, true)
    }),
  ),
  clause(
    "of appends that give one person different accounts at once, exactly one is kept",
    Effect.fnUntraced(function* (store: Store) {
      for (const [round, person] of people.slice(0, 4).entries()) {
        const survivor = people[10 + round]!
        const seen = yield* seenNow(store, person, survivor)
        const requests = Array.from({ length: 6 }, (_, index) => {
          const n = 0x100 * (round + 1) + index
          // Half of them name another member of the same group: they have only the survivor in common.
          const member = index % 2 === 0 ? person : people[20 + index]!
          const own = index % 2 === 0 ? seen : [{ concordId: member, revision: 0 }, seen[1]!]
          return request([event(people[30 + index]!)], { claims: [account(n, member)], seen: own })
        })
        const outcomes = yield* Effect.forEach(requests, store.events.append, { concurrency: "unbounded" })
        deepStrictEqual(tags(outcomes), ["Appended", ...Array.from({ length: 5 }, () => "Stale")])
        const hashes = requests.map(({ claims }) => claims[0]!.hash)
        strictEqual((yield* named(store, organization, hashes)).filter((each) => each !== undefined).length, 1)
      }
    }),
  ),
  clause(
    "of an append that gives a person an account, and a change of that person at the same time, the second is stale",
    Effect.fnUntraced(function* (store: Store) {
      for (const [round, person] of people.slice(0, 8).entries()) {
        const n = 0x100 * (round + 1)
        yield* claimed(store, claim(n, person))
        const seen = yield* seenNow(store, person)
        const release = store.people.change({
          ...noChange,
          seen,
          releases: [{ hash: hash(n), dateCreated: t0 + n }],
          facts: [fact(n, { kind: "released", member: person, survivor: person, alias: hash(n) })],
        })
        const append = store.events.append(request([event(people[20]!)], { claims: [account(n + 1, person)], seen }))
        const both = [release, Effect.map(append, ({ _tag }) => (_tag === "Appended" ? "kept" : _tag.toLowerCase()))]
        const ordered = round % 2 === 0 ? both : both.toReversed()
        const concurrency = round < 4 ? "unbounded" : 1
        deepStrictEqual((yield* Effect.all(ordered, { concurrency })).toSorted(), ["kept", "stale"])
        const [first, second] = yield* named(store, organization, [hash(n), hash(n + 1)])
        strictEqual(first === undefined, second === undefined)
      }
    }),
  ),
  clause(
    "a claim without revisions that names a person makes an append stale that was prepared against it",
    Effect.fnUntraced(function* (store: Store) {
      for (const [round, person] of people.slice(0, 4).entries()) {
        const n = 0x100 * (round + 1)
        const seen = yield* seenNow(store, person)
        const first = request([event(people[20]!)], { claims: [claim(n, person)] })
        const second = request([event(people[21]!)], { claims: [account(n + 1, person)], seen })
        const outcomes = yield* Effect.forEach([first, second], store.events.append, { concurrency: "unbounded" })
        deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          ["Appended", "Stale"],
        )
      }
    }),
  ),
  clause(
    "an append keeps facts with its events, and counts them in the lanes of their people",
    Effect.fnUntraced(function* (store: Store) {
      const facts = [shared(0x1, uuid(5)), shared(0x2, uuid(6)), shared(0x3, uuid(5))]
      strictEqual((yield* store.events.append(request([event(uuid(9))], { facts })))._tag, "Appended")
      strictEqual(
        (yield* store.events.append(request([event(uuid(9))], { facts: [shared(0x4, uuid(5))] })))._tag,
        "Appended",
      )
      const [five, six] = yield* store.people.facts(
        organization,
        [uuid(5), uuid(6)].map((concordId) => ({ concordId, from: 0 })),
        9,
      )
      deepStrictEqual(five, [facts[0], facts[2], shared(0x4, uuid(5))])
      deepStrictEqual(six, [facts[1]])
      const lanes = [uuid(5), uuid(6), uuid(7)].map((person) => Lane.of(organization, person))
      deepStrictEqual([...(yield* store.people.laneEnds(lanes)).values()], [2, 1, 0])
      const person = yield* store.people.person(organization, uuid(5))
      deepStrictEqual([person.position, person.isIdentified, person.revision > 0], [2, false, true])
    }),
  ),
  clause(
    "of appends that keep facts about one person at the same time every fact is kept",
    Effect.fnUntraced(function* (store: Store) {
      const facts = Array.from({ length: 20 }, (_, index) => shared(index, uuid(5)))
      const append = (each: Fact, index: number) =>
        store.events.append(request([event(people[index]!)], { facts: [each] }))
      const outcomes = yield* Effect.all(facts.map(append), { concurrency: "unbounded" })
      deepStrictEqual(new Set(tags(outcomes)), new Set(["Appended"]))
      const [found] = yield* store.people.facts(organization, [{ concordId: uuid(5), from: 0 }], 99)
      deepStrictEqual(new Set(found!.map(({ id }) => id)), new Set(facts.map(({ id }) => id)))
      strictEqual(found!.length, facts.length)
    }),
  ),
]
