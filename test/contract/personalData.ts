/** Clauses of the contract: how a store keeps personal data, and the keys of people. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { KeyedPart, PersonalPart } from "../../core/ports/LedgerStore.ts"
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
  people,
  personal,
  personKey,
  profile,
  request,
  session,
  type Store,
  uuid,
} from "./samples.ts"

/** A part as it is read, with the key of its person. */
const keyed = (of: PersonalPart): KeyedPart => ({ ...personKey(of.concordId), ...of })

/** Every part of a person, read in pages. */
export const partsOf = Effect.fnUntraced(function* (store: Store, concordId: string, limit = 2) {
  const parts: Array<KeyedPart> = []
  for (;;) {
    const page = yield* store.personal.partsOf(organization, concordId, parts.at(-1), limit)
    parts.push(...page)
    if (page.length < limit) return parts
  }
})

/** The writes of an append, an identity change and a profile, each with a key of the person; whether it was kept. */
const writes = (store: Store, concordId: string) => {
  const keep = (first: number, text: string) => ({
    keys: [personKey(concordId, first)],
    parts: [profile(concordId, text)],
  })
  return {
    append: (first: number) =>
      Effect.map(
        store.events.append(request([event(concordId)], { personal: keep(first, "an append") })),
        ({ _tag }) => _tag === "Appended",
      ),
    change: (first: number) =>
      Effect.map(store.people.change({ ...noChange, personal: keep(first, "a change") }), (kept) => kept === "kept"),
    profile: (first: number) =>
      Effect.map(
        store.people.keepProfile(organization, concordId, keep(first, "a profile")),
        (kept) => kept === "kept",
      ),
  }
}

export const personalDataClauses: ReadonlyArray<Clause> = [
  clause(
    "personal data is read in the order of its places, each with the key of its person; nothing where there is none",
    Effect.fnUntraced(function* (store: Store) {
      const one = part(uuid(5), "event", hash(0xa), "one")
      const other = part(uuid(6), "session", hash(0xb), "other")
      const own = part(uuid(5), "fact", hash(0xa), "fact")
      yield* store.events.append(request([event(uuid(5))], { personal: personal(uuid(5), one) }))
      yield* store.people.change({
        ...noChange,
        facts: [fact(1, { member: uuid(5), survivor: uuid(5) })],
        session: session(0x50, uuid(6)),
        personal: { keys: [personKey(uuid(5)), personKey(uuid(6))], parts: [other, own] },
      })
      const missing = [part(uuid(6), "event", hash(0xa)), part(uuid(5), "event", hash(0xb)), profile(uuid(5))]
      deepStrictEqual(yield* store.personal.parts(organization, [own, missing[0]!, other, one, ...missing.slice(1)]), [
        keyed(own),
        undefined,
        keyed(other),
        keyed(one),
        undefined,
        undefined,
      ])
      deepStrictEqual(yield* store.personal.keys(organization, [uuid(6), uuid(7), uuid(5)]), [
        personKey(uuid(6)),
        undefined,
        personKey(uuid(5)),
      ])
      const elsewhere: Lane.Owner = { number: 7, lanes: 16 }
      deepStrictEqual(yield* store.personal.parts(elsewhere, [one]), [undefined])
      deepStrictEqual(yield* store.personal.keys(elsewhere, [uuid(5)]), [undefined])
      deepStrictEqual(yield* store.personal.parts(organization, []), [])
    }),
  ),
  clause(
    "personal data that is there stays as it is, and a profile replaces the one before",
    Effect.fnUntraced(function* (store: Store) {
      const both = (text: string) => personal(uuid(5), part(uuid(5), "event", hash(0xa), text), profile(uuid(5), text))
      yield* store.events.append(request([event(uuid(5))], { personal: both("an append") }))
      yield* store.people.change({ ...noChange, personal: both("a change") })
      yield* store.people.keepProfile(organization, uuid(5), both("a profile"))
      deepStrictEqual(yield* partsOf(store, uuid(5)), [
        keyed(part(uuid(5), "event", hash(0xa), "an append")),
        keyed(profile(uuid(5), "a profile")),
      ])
    }),
  ),
  clause(
    "the personal data of a person is read in pages, in the order of kinds and ids",
    Effect.fnUntraced(function* (store: Store) {
      const kinds = ["event", "fact", "session"] as const
      const parts = [
        ...kinds.flatMap((kind) => [1, 2, 0xff, 0x100].map((n) => part(uuid(5), kind, hash(n)))),
        profile(uuid(5)),
      ]
      const others = people.slice(0, 3).map((person) => profile(person))
      const keys = [uuid(5), ...people.slice(0, 3)].map((person) => personKey(person))
      const mixed = [...others, ...parts.toReversed()]
      yield* store.people.change({ ...noChange, personal: { keys, parts: mixed } })
      const byPlace = (a: PersonalPart, b: PersonalPart) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1)
      const expected = parts.toSorted(byPlace).map(keyed)
      for (const limit of [1, 3, 100]) deepStrictEqual(yield* partsOf(store, uuid(5), limit), expected)
      deepStrictEqual(yield* partsOf(store, uuid(6)), [])
    }),
  ),
  clause(
    "a write with another key of a person than the one that is there is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      for (const name of ["append", "change", "profile"] as const) {
        for (const [index, first] of (["append", "change", "profile"] as const).entries()) {
          const person = uuid(0x200 + 16 * index + name.length)
          strictEqual(yield* writes(store, person)[first](1), true)
          const before = yield* partsOf(store, person)
          strictEqual(yield* writes(store, person)[name](2), false)
          deepStrictEqual(yield* partsOf(store, person), before)
          deepStrictEqual(yield* store.personal.keys(organization, [person]), [personKey(person)])
          strictEqual(yield* writes(store, person)[name](1), true)
        }
      }
    }),
  ),
  clause(
    "of writes that bring different keys of one person at once, those with one of the keys are kept",
    Effect.fnUntraced(function* (store: Store) {
      const outcomes = yield* Effect.forEach(
        Array.from({ length: 24 }, (_, n) => n),
        (n) => {
          const { append, change, profile } = writes(store, uuid(5))
          return Effect.map([append, change, profile][n % 3]!(n % 2), (isKept) => ({ first: n % 2, isKept }))
        },
        { concurrency: "unbounded" },
      )
      const [key] = yield* store.personal.keys(organization, [uuid(5)])
      const kept = outcomes.filter(({ isKept }) => isKept)
      deepStrictEqual(
        kept.map(({ first }) => first),
        kept.map(() => key!.wrapped[0]),
      )
      strictEqual(kept.length, 12)
    }),
  ),
  clause(
    "a change that is stale keeps no personal data",
    Effect.fnUntraced(function* (store: Store) {
      const seen = [{ concordId: uuid(5), revision: 9 }]
      const kept = personal(uuid(5), profile(uuid(5)))
      strictEqual(yield* store.people.change({ ...noChange, seen, personal: kept }), "stale")
      yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(6))] })
      const taken = { claims: [claim(0xa, uuid(5))], personal: kept }
      strictEqual((yield* store.events.append(request([event(uuid(5))], taken)))._tag, "Stale")
      deepStrictEqual(yield* store.personal.keys(organization, [uuid(5)]), [undefined])
    }),
  ),
  clause(
    "the keys of all organizations are read in pages, and are wrapped again only where they are as they were read",
    Effect.fnUntraced(function* (store: Store) {
      const elsewhere: Lane.Owner = { number: 7, lanes: 4 }
      const owners = [elsewhere, organization]
      for (const owner of owners) {
        const own = people.filter((_, index) => index % 2 === owners.indexOf(owner))
        for (const person of own) yield* store.people.keepProfile(owner, person, personal(person))
      }
      const all = Effect.fnUntraced(function* (limit: number) {
        let page = yield* store.personal.allKeys(undefined, limit)
        const keys = [...page]
        while (page.length === limit) keys.push(...(page = yield* store.personal.allKeys(keys.at(-1), limit)))
        return keys
      })
      const expected = people
        .map((person, index) => ({ ...personKey(person), lane: Lane.of(owners[index % 2]!, person) }))
        .toSorted((a, b) => a.lane - b.lane || (a.concordId < b.concordId ? -1 : 1))
      for (const limit of [1, 7, 1000]) deepStrictEqual(yield* all(limit), expected)

      const [first, second] = expected
      const to = { epoch: 2, wrapped: new Uint8Array(40).fill(9) }
      const changed = { ...second!, wrapped: new Uint8Array(40) }
      yield* store.personal.rewrap([
        { from: first!, to },
        { from: changed, to },
        { from: { ...expected[2]!, epoch: 9 }, to },
      ])
      yield* store.personal.rewrap([])
      deepStrictEqual(yield* all(1000), [{ ...first!, ...to }, ...expected.slice(1)])
    }),
  ),
]
