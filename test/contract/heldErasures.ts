/** Clauses of the contract: how a store erases people and keeps their identifiers. */
import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Erasure, ErasureChange, PersonalWrites } from "../../core/ports/LedgerStore.ts"
import { erasureOf, evidence, observe, record, recorded, second } from "./erasures.ts"
import { partsOf } from "./personalData.ts"
import {
  type Clause,
  claim,
  clause,
  event,
  fact,
  hash,
  noChange,
  organization,
  part,
  personKey,
  project,
  request,
  session,
  type Store,
  t0,
  uuid,
} from "./samples.ts"

/** An erasure of people as they are now that keeps their identifiers. */
const heldOf = (store: Store, members: ReadonlyArray<string>, n?: number) =>
  Effect.map(erasureOf(store, members, n), (change): ErasureChange => ({ ...change, scope: "held" }))

const hold = (store: Store, members: ReadonlyArray<string>, n?: number) =>
  Effect.flatMap(heldOf(store, members, n), store.personal.erase)

/** Parts under a key that was read before: with another `first` byte, under another key. */
const under = (concordId: string, first: number | undefined, n = 0x900): PersonalWrites => ({
  keys: [],
  ...(first !== undefined && { used: [personKey(concordId, first)] }),
  parts: [part(concordId, "event", hash(n))],
})

/** A new key of a person, with a part under it. */
const anew = (concordId: string, first: number, n: number): PersonalWrites => ({
  keys: [personKey(concordId, first)],
  parts: [part(concordId, "event", hash(n))],
})

export const heldErasureClauses: ReadonlyArray<Clause> = [
  clause(
    "an erasure that keeps identifiers deletes the personal data, keys, sessions and external ids of its people alone",
    Effect.fnUntraced(function* (store: Store) {
      const [one, other, bystander] = [uuid(5), uuid(6), uuid(0x15)]
      const { context } = yield* record(store, one, 1)
      yield* record(store, other, 2)
      yield* record(store, bystander, 3)
      const before = yield* observe(store, one, 1)
      const stays = [yield* evidence(store, one), yield* evidence(store, other)]
      const others = [yield* observe(store, bystander, 3), yield* evidence(store, bystander)]
      const ends = yield* store.people.laneEnds(Lane.all(organization))
      const changes = yield* store.feed.identityChanges(organization, Lane.of(organization, one), 0, 100)

      const change = yield* heldOf(store, [other, one])
      const counted = Object.entries({ ...recorded, aliases: 0, formerAliases: 0, identityTokens: 0 })
      const erasure = {
        id: uuid(0xe01),
        recordedAt: t0 + 1,
        members: [one, other],
        submitter: uuid(0xc0),
        reason: "request",
        scope: "held",
        destroyed: Object.fromEntries(counted.map(([name, count]) => [name, 2 * count])),
      }
      deepStrictEqual(yield* store.personal.erase(change), erasure)

      const after = yield* observe(store, one, 1)
      const gone = { session: undefined, byExternalId: [undefined, undefined], keys: [undefined], parts: [] }
      deepStrictEqual(after, { ...before, ...gone, revision: before.revision + 1 })
      strictEqual(after.erasedAt, undefined)
      deepStrictEqual([yield* evidence(store, one), yield* evidence(store, other)], stays)
      deepStrictEqual([yield* observe(store, bystander, 3), yield* evidence(store, bystander)], others)
      for (const each of [one, other]) {
        deepStrictEqual(yield* store.personal.heldErasures(organization, each), [erasure])
      }
      deepStrictEqual(yield* store.personal.heldErasures(organization, bystander), [])
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), ends)
      deepStrictEqual(yield* store.feed.identityChanges(organization, Lane.of(organization, one), 0, 100), changes)
      const identityToken = { hash: hash(0x1d), expiresAt: t0 + 9, concordId: one }
      strictEqual(yield* store.people.change({ ...noChange, identityToken }), "used")
      strictEqual((yield* store.sessions.byToken(hash(context))) === undefined, true)
    }),
  ),
  clause(
    "people whose identifiers were kept are recorded about as before, under a new key, and are erased so again and in whole",
    Effect.fnUntraced(function* (store: Store) {
      const person = uuid(5)
      yield* record(store, person, 1)
      const first = yield* hold(store, [person])
      const write = request([event(person, { externalId: hash(0x801) })], { personal: anew(person, 2, 0x801) })
      strictEqual((yield* store.events.append(write))._tag, "Appended")
      const opened = { ...noChange, claims: [claim(0x99, person)], session: session(0x50, person) }
      strictEqual(yield* store.people.change(opened), "kept")
      deepStrictEqual(yield* store.personal.keys(organization, [person]), [personKey(person, 2)])

      const again = yield* hold(store, [person], 2)
      deepStrictEqual(yield* store.personal.heldErasures(organization, person), [first, again])
      const { destroyed } = again as Exclude<typeof again, string>
      deepStrictEqual(
        [destroyed.personalData, destroyed.personKeys, destroyed.sessions, destroyed.externalIds],
        [1, 1, 1, 1],
      )
      deepStrictEqual(yield* partsOf(store, person), [])

      const whole = yield* store.personal.erase(yield* erasureOf(store, [person], 3))
      notStrictEqual(whole, "stale")
      strictEqual((yield* store.people.person(organization, person)).erasedAt, t0 + 3)
      deepStrictEqual((yield* store.people.aliasesOf(organization, [person]))[0], [])
      strictEqual(yield* hold(store, [person], 4), "stale")
      deepStrictEqual(yield* store.personal.erasures(organization, undefined, 10), [first, again, whole])
    }),
  ),
  clause(
    "an erasure that keeps identifiers is stale with an id that one of its people has, another revision or catalog",
    Effect.fnUntraced(function* (store: Store) {
      yield* record(store, uuid(5), 1)
      const first = yield* hold(store, [uuid(5)])
      yield* record(store, uuid(6), 2)
      const before = yield* observe(store, uuid(6), 2)
      strictEqual(yield* hold(store, [uuid(5), uuid(6)]), "stale")
      const change = yield* heldOf(store, [uuid(6)], 2)
      strictEqual(yield* store.personal.erase({ ...change, catalog: change.catalog + 1 }), "stale")
      strictEqual(yield* store.personal.erase({ ...change, seen: [{ concordId: uuid(6), revision: 99 }] }), "stale")
      deepStrictEqual(yield* observe(store, uuid(6), 2), before)
      deepStrictEqual(yield* store.personal.erasures(organization, undefined, 10), [first])
    }),
  ),
  clause(
    "a write with a part under a key that an erasure has destroyed is stale, also in a lane that was empty",
    Effect.fnUntraced(function* (store: Store) {
      // Two people of one lane in every project.
      const [held, neighbour] = [uuid(0x30), uuid(0x30 + 16 * 3)]
      yield* record(store, neighbour, 2)
      yield* record(store, held, 1)
      notStrictEqual(yield* hold(store, [held]), "stale")
      const third: Lane.Owner = { number: 3, lanes: 16 }
      const tries = Effect.fnUntraced(function* (written: PersonalWrites) {
        const appended = yield* Effect.forEach([project, second, third], (to) =>
          store.events.append(request([event(held)], { project: to, personal: written })),
        )
        const { revision } = yield* store.people.person(organization, held)
        const seen = [{ concordId: held, revision }]
        const changed = yield* store.people.change({ ...noChange, seen, personal: written })
        const kept = yield* store.people.keepProfile(organization, held, written)
        return [...appended.map(({ _tag }) => _tag), changed, kept]
      })
      const stale = ["Stale", "Stale", "Stale", "stale", "stale"]
      const kept = ["Appended", "Appended", "Appended", "kept", "kept"]
      for (const first of [1, undefined]) deepStrictEqual(yield* tries(under(held, first)), stale)
      deepStrictEqual(yield* partsOf(store, held), [])
      // A write without personal data, and one about another person of the lane, are as before.
      for (const to of [project, second, third]) {
        const plain = yield* store.events.append(request([event(held), event(neighbour)], { project: to }))
        strictEqual(plain._tag, "Appended")
        const own = yield* store.events.append(
          request([event(neighbour)], { project: to, personal: under(neighbour, undefined, 0x910 + to.number) }),
        )
        strictEqual(own._tag, "Appended")
      }
      strictEqual(yield* store.people.keepProfile(organization, held, anew(held, 2, 0x902)), "kept")
      for (const first of [1, undefined]) deepStrictEqual(yield* tries(under(held, first)), stale)
      deepStrictEqual(yield* tries(under(held, 2)), kept)
    }),
  ),
  clause(
    "a part of a person with facts or a claim alone is stale under a key that an erasure has destroyed",
    Effect.fnUntraced(function* (store: Store) {
      const held = uuid(0x30)
      yield* record(store, held, 1)
      notStrictEqual(yield* hold(store, [held]), "stale")
      const seen = [{ concordId: held, revision: (yield* store.people.person(organization, held)).revision }]
      const facts = [fact(0x41, { kind: "shared", member: uuid(0x105), survivor: held })]
      for (const [first, outcome] of [
        [1, "Stale"],
        [2, "Appended"],
      ] as const) {
        if (first === 2) yield* store.people.keepProfile(organization, held, anew(held, 2, 0x902))
        const more = { claims: [claim(0x99, uuid(0x105))], facts, seen, personal: under(held, first) }
        strictEqual((yield* store.events.append(request([event(uuid(0x105))], more)))._tag, outcome)
      }
    }),
  ),
  clause(
    "an erasure that keeps identifiers is kept with its idempotency record, and one that has a record is not carried out",
    Effect.fnUntraced(function* (store: Store) {
      const idempotencyRecord = { hash: hash(0x77), digest: hash(0x78), answer: "{}", recordedAt: t0 }
      const first = yield* store.personal.erase({ ...(yield* heldOf(store, [uuid(5)])), idempotencyRecord })
      notStrictEqual(first, "stale")
      const again = { ...(yield* heldOf(store, [uuid(5)], 2)), idempotencyRecord }
      strictEqual(yield* store.personal.erase(again), "repeated")
      deepStrictEqual(yield* store.personal.heldErasures(organization, uuid(5)), [first])
    }),
  ),
  clause(
    "erasures of both scopes are listed in pages, each once, in the order of their instants and ids",
    Effect.fnUntraced(function* (store: Store) {
      const made: Array<Erasure | string> = []
      for (const n of [4, 2, 6, 1, 5, 3]) {
        const members = [uuid(5), uuid(6), uuid(0x15)].map((_, index) => uuid(0x200 + 16 * n + index))
        const change = { ...(yield* erasureOf(store, members, n)), recordedAt: t0 + (n >> 1) }
        made.push(yield* store.personal.erase(n % 2 === 0 ? { ...change, scope: "held" } : change))
      }
      const inOrder = [3, 1, 5, 0, 4, 2].map((index) => made[index])
      const pages = []
      for (let page = yield* store.personal.erasures(organization, undefined, 2); page.length > 0;) {
        pages.push(...page)
        page = yield* store.personal.erasures(organization, page.at(-1), 2)
      }
      deepStrictEqual(pages, inOrder)
    }),
  ),
]
