/** Clauses of the contract: how a store erases people. */
import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Destroyed, Erasure, ErasureChange } from "../../core/ports/LedgerStore.ts"
import { partsOf } from "./personalData.ts"
import {
  type Clause,
  claim,
  clause,
  event,
  eventsOf,
  fact,
  hash,
  headsOf,
  ids,
  named,
  noChange,
  organization,
  part,
  people,
  personal,
  profile,
  project,
  request,
  session,
  type Store,
  t0,
  typeB,
  uuid,
} from "./samples.ts"

/** Another project of the organization. */
export const second: Lane.Owner = { number: 2, lanes: 3 }
const elsewhere: Lane.Owner = { number: 7, lanes: 16 }

/** An erasure of people as they are now. */
export const erasureOf = Effect.fnUntraced(function* (store: Store, members: ReadonlyArray<string>, n = 1) {
  const seen = yield* Effect.forEach(members, (concordId) =>
    Effect.map(store.people.person(organization, concordId), ({ revision }) => ({ concordId, revision })),
  )
  const change: ErasureChange = {
    id: uuid(0xe00 + n),
    recordedAt: t0 + n,
    organization,
    projects: [project, second],
    catalog: (yield* store.catalog.current).revision,
    members,
    seen,
    submitter: uuid(0xc0),
    reason: "request",
  }
  return change
})

const erase = (store: Store, members: ReadonlyArray<string>, n?: number) =>
  Effect.flatMap(erasureOf(store, members, n), store.personal.erase)

/** Everything that a ledger can hold about a person; `n` makes its hashes its own. */
export const record = Effect.fnUntraced(function* (store: Store, person: string, n: number) {
  const [email, phone, context, external, other] = [0xa, 0xb, 0xc, 0xd, 0xe].map((kind) => 16 * n + kind) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const kept = personal(person, part(person, "event", hash(external)), part(person, "session", hash(context)))
  const events = [event(person, { externalId: hash(external) }), event(person, { consentType: typeB })]
  const claims = [claim(email, person), claim(phone, person)]
  strictEqual((yield* store.events.append(request(events, { claims, personal: kept })))._tag, "Appended")
  const elsewhere = [event(person, { externalId: hash(other) })]
  strictEqual((yield* store.events.append(request(elsewhere, { project: second })))._tag, "Appended")
  const change = {
    ...noChange,
    claims: [{ ...claim(context, person), kind: "contextId" as const, project: uuid(2) }],
    releases: [{ hash: hash(phone), dateCreated: t0 + 1 }],
    facts: [fact(n, { kind: "released", member: person, survivor: person })],
    identityToken: { hash: hash(external), expiresAt: t0 + 9, concordId: person },
    session: session(context, person),
  }
  strictEqual(yield* store.people.change(change), "kept")
  strictEqual(yield* store.people.keepProfile(organization, person, personal(person, profile(person))), "kept")
  return { email, phone, context, external, other }
})

/** What {@link record} has written about one person, in the counts of an erasure. */
export const recorded: Destroyed = {
  aliases: 2,
  formerAliases: 1,
  personalData: 3,
  personKeys: 1,
  sessions: 1,
  externalIds: 2,
  identityTokens: 1,
}

/** Everything about a person that an erasure may change; `n` is that of {@link record}. */
export const observe = Effect.fnUntraced(function* (store: Store, person: string, n: number) {
  const [email, phone, context, external, other] = [0xa, 0xb, 0xc, 0xd, 0xe].map((kind) => hash(16 * n + kind))
  const hashes = [email!, phone!, context!]
  const identified = yield* store.people.person(organization, person)
  return {
    named: yield* named(store, organization, hashes),
    before: yield* store.people.byAlias(organization, hashes, t0),
    formerly: yield* store.people.formerly(organization, hashes),
    states: yield* store.people.aliasStates(organization, hashes),
    aliases: yield* store.people.aliasesOf(organization, [person]),
    session: yield* store.sessions.byToken(context!),
    byExternalId: [
      ...(yield* store.events.byExternalId(project, [external!])),
      ...(yield* store.events.byExternalId(second, [other!])),
    ],
    keys: yield* store.personal.keys(organization, [person]),
    parts: yield* partsOf(store, person),
    revision: identified.revision,
    erasedAt: identified.erasedAt,
    erasure: yield* store.personal.erasure(organization, person),
  }
})

/** What stays of a person. */
export const evidence = Effect.fnUntraced(function* (store: Store, person: string) {
  return {
    events: yield* eventsOf(store, project, person),
    elsewhere: yield* eventsOf(store, second, person),
    heads: yield* headsOf(store, project, person),
    joined: yield* store.events.joinedHeads(project, person),
    facts: yield* store.people.facts(organization, [{ concordId: person, from: 0 }], 100),
    survivor: (yield* store.people.person(organization, person)).survivor,
  }
})

const nothing = {
  named: [undefined, undefined, undefined],
  before: [undefined, undefined, undefined],
  formerly: [[], [], []],
  states: Array.from({ length: 3 }, () => ({ named: undefined, releasedAt: undefined })),
  aliases: [[]],
  session: undefined,
  byExternalId: [undefined, undefined],
  keys: [undefined],
  parts: [],
}

export const erasureClauses: ReadonlyArray<Clause> = [
  clause(
    "an erasure deletes what is a person's alone and counts it; events, heads, facts and joins stay, and everyone else is as before",
    Effect.fnUntraced(function* (store: Store) {
      const [one, other, bystander] = [uuid(5), uuid(6), uuid(0x15)]
      yield* record(store, one, 1)
      yield* record(store, other, 2)
      yield* record(store, bystander, 3)
      const joining = {
        projects: [project, second],
        catalog: 0,
        learnt: t0 + 1,
        dissolved: [],
        groups: [{ survivor: other, members: [one, other] }],
      }
      const joined = { ...noChange, facts: [fact(9, { member: one, survivor: other })], joining }
      strictEqual(yield* store.people.change(joined), "kept")
      const before = yield* observe(store, one, 1)
      const stays = [yield* evidence(store, one), yield* evidence(store, other)]
      const others = [yield* observe(store, bystander, 3), yield* evidence(store, bystander)]
      const ends = yield* store.people.laneEnds(Lane.all(organization))

      const change = yield* erasureOf(store, [other, one])
      const destroyed = Object.fromEntries(Object.entries(recorded).map(([name, count]) => [name, 2 * count]))
      const erasure = {
        id: uuid(0xe01),
        recordedAt: t0 + 1,
        members: [one, other],
        submitter: uuid(0xc0),
        reason: "request",
        destroyed,
      }
      deepStrictEqual(yield* store.personal.erase(change), erasure)

      const { erasedAt, erasure: found, revision, ...left } = yield* observe(store, one, 1)
      deepStrictEqual(left, nothing)
      deepStrictEqual([erasedAt, found], [t0 + 1, erasure])
      strictEqual(revision > before.revision, true)
      deepStrictEqual(yield* store.personal.erasure(organization, other), erasure)
      deepStrictEqual([yield* evidence(store, one), yield* evidence(store, other)], stays)
      deepStrictEqual([yield* observe(store, bystander, 3), yield* evidence(store, bystander)], others)
      strictEqual(yield* store.personal.erasure(organization, bystander), undefined)
      strictEqual(yield* store.personal.erasure(elsewhere, one), undefined)

      const lanes = new Set([one, other].map((person) => Lane.of(organization, person)))
      const counted = [...ends].map(([lane, end]) => [lane, end + (lanes.has(Number(lane)) ? 1 : 0)] as const)
      deepStrictEqual(yield* store.people.laneEnds(Lane.all(organization)), new Map(counted))
      const { position } = yield* store.people.person(organization, one)
      strictEqual(position, new Map(counted).get(Lane.of(organization, one)))
    }),
  ),
  clause(
    "an erasure counts once in a lane of two of its people, and gives a person without facts a position",
    Effect.fnUntraced(function* (store: Store) {
      const members = [uuid(5), uuid(0x15)]
      strictEqual((yield* store.people.person(organization, uuid(5))).position, 0)
      notStrictEqual(yield* erase(store, members), "stale")
      const lane = Lane.of(organization, uuid(5))
      deepStrictEqual(yield* store.people.laneEnds([lane]), new Map([[lane, 1]]))
      const { erasedAt, position, revision } = yield* store.people.person(organization, uuid(0x15))
      deepStrictEqual([erasedAt, position, revision], [t0 + 1, 1, 1])
    }),
  ),
  clause(
    "an erasure that was prepared against another revision or catalog, or of a person that is erased, is stale and changes nothing",
    Effect.fnUntraced(function* (store: Store) {
      yield* record(store, uuid(5), 1)
      const change = yield* erasureOf(store, [uuid(5), uuid(6)])
      const before = yield* observe(store, uuid(5), 1)
      const [one, other] = change.seen
      const stale: ReadonlyArray<ErasureChange> = [
        { ...change, catalog: change.catalog + 1 },
        { ...change, seen: [one!, { ...other!, revision: 9 }] },
        { ...change, seen: [{ ...one!, revision: one!.revision - 1 }, other!] },
      ]
      for (const each of stale) strictEqual(yield* store.personal.erase(each), "stale")
      deepStrictEqual(yield* observe(store, uuid(5), 1), before)
      deepStrictEqual(yield* store.personal.erasures(organization, undefined, 10), [])

      const first = yield* erase(store, [uuid(6)])
      notStrictEqual(first, "stale")
      strictEqual(yield* erase(store, [uuid(6)], 2), "stale")
      strictEqual(yield* erase(store, [uuid(5), uuid(6)], 3), "stale")
      deepStrictEqual(yield* observe(store, uuid(5), 1), before)
      deepStrictEqual(yield* store.personal.erasures(organization, undefined, 10), [first])
    }),
  ),
  clause(
    "an erasure is kept with its idempotency record, and one that has a record is not carried out",
    Effect.fnUntraced(function* (store: Store) {
      const idempotencyRecord = { hash: hash(0x77), digest: hash(0x78), answer: "{}", recordedAt: t0 }
      notStrictEqual(
        yield* store.personal.erase({ ...(yield* erasureOf(store, [uuid(5)])), idempotencyRecord }),
        "stale",
      )
      deepStrictEqual(yield* store.idempotencyRecord(organization, hash(0x77)), idempotencyRecord)
      const again = { ...(yield* erasureOf(store, [uuid(6)], 2)), idempotencyRecord }
      strictEqual(yield* store.personal.erase(again), "repeated")
      strictEqual(yield* store.personal.erasure(organization, uuid(6)), undefined)
    }),
  ),
  clause(
    "an append about a person that was erased is stale: in an event, a claim or a fact, and in a lane that was empty",
    Effect.fnUntraced(function* (store: Store) {
      // Two people of one lane in every project.
      const [erased, neighbour] = [uuid(0x30), uuid(0x30 + 16 * 3)]
      yield* record(store, neighbour, 2)
      yield* record(store, erased, 1)
      notStrictEqual(yield* erase(store, [erased]), "stale")
      const seenNow = Effect.map(store.people.person(organization, erased), ({ revision }) => [
        { concordId: erased, revision },
      ])
      const third: Lane.Owner = { number: 3, lanes: 16 }
      const shared = (member: string, survivor: string) => [fact(0x40, { kind: "shared", member, survivor })]
      for (const to of [project, second, third]) {
        const appends = [
          request([event(erased)], { project: to }),
          request([event(uuid(0x105)), event(erased)], { project: to }),
          request([event(uuid(0x105))], { project: to, claims: [claim(0x99, erased)] }),
          request([event(uuid(0x105))], { project: to, facts: shared(erased, uuid(0x105)) }),
          request([event(uuid(0x105))], { project: to, facts: shared(uuid(0x105), erased), seen: yield* seenNow }),
          request([event(erased)], { project: to, personal: personal(erased, profile(erased)) }),
        ]
        for (const append of appends) strictEqual((yield* store.events.append(append))._tag, "Stale")
      }
      deepStrictEqual(yield* named(store, organization, [hash(0x99)]), [undefined])
      deepStrictEqual(yield* store.personal.keys(organization, [erased]), [undefined])
      for (const to of [project, second, third]) {
        const events = [event(neighbour), event(uuid(0x105))]
        strictEqual((yield* store.events.append(request(events, { project: to })))._tag, "Appended")
        strictEqual((yield* store.events.append(request([event(erased)], { project: to })))._tag, "Stale")
      }
    }),
  ),
  clause(
    "an identity change about a person that was erased is stale, and so is its profile",
    Effect.fnUntraced(function* (store: Store) {
      notStrictEqual(yield* erase(store, [uuid(5)]), "stale")
      const { revision } = yield* store.people.person(organization, uuid(5))
      const changes = [
        { seen: [{ concordId: uuid(5), revision }] },
        { claims: [claim(0xa, uuid(5))] },
        { facts: [fact(1, { member: uuid(5), survivor: uuid(6) })] },
        { facts: [fact(1, { member: uuid(6), survivor: uuid(5) })] },
        { session: session(0x50, uuid(5)) },
      ]
      for (const change of changes) strictEqual(yield* store.people.change({ ...noChange, ...change }), "stale")
      const kept = personal(uuid(5), profile(uuid(5)))
      strictEqual(yield* store.people.keepProfile(organization, uuid(5), kept), "stale")
      deepStrictEqual(yield* store.personal.keys(organization, [uuid(5)]), [undefined])
      strictEqual(yield* store.sessions.byToken(hash(0x50)), undefined)
      strictEqual((yield* store.people.person(organization, uuid(5))).revision, revision)
      strictEqual(yield* store.people.change({ ...noChange, facts: [fact(2, { member: uuid(7) })] }), "kept")
    }),
  ),
  clause(
    "identifiers of a person that was erased name another one afterwards, and its used token may be used again",
    Effect.fnUntraced(function* (store: Store) {
      const { email, external } = yield* record(store, uuid(5), 1)
      notStrictEqual(yield* erase(store, [uuid(5)]), "stale")
      const events = [event(uuid(6), { externalId: hash(external) })]
      const claims = [{ ...claim(email, uuid(6)), dateCreated: t0 + 5 }]
      strictEqual((yield* store.events.append(request(events, { claims })))._tag, "Appended")
      const identityToken = { hash: hash(external), expiresAt: t0 + 9, concordId: uuid(6) }
      strictEqual(yield* store.people.change({ ...noChange, identityToken }), "kept")
      const [state] = yield* store.people.aliasStates(organization, [hash(email)])
      deepStrictEqual(state, {
        named: { concordId: uuid(6), kind: "email", dateCreated: t0 + 5 },
        releasedAt: undefined,
      })
      deepStrictEqual(yield* store.people.byAlias(organization, [hash(email)], t0 + 4), [undefined])
      const [found] = yield* store.events.byExternalId(project, [hash(external)])
      strictEqual(found?.id, events[0]!.id)
    }),
  ),
  clause(
    "erasures are listed in pages, each once, in the order of their instants and ids",
    Effect.fnUntraced(function* (store: Store) {
      const made = yield* Effect.forEach([3, 1, 2, 5, 4], (n) =>
        Effect.gen(function* () {
          const members = people.slice(3 * n, 3 * n + 3)
          // Two of them are recorded at the same instant.
          return yield* store.personal.erase({ ...(yield* erasureOf(store, members, n)), recordedAt: t0 + (n >> 1) })
        }),
      )
      const expected = made
        .map((erasure) => (typeof erasure === "string" ? undefined : erasure)!)
        .toSorted((a, b) => a.recordedAt - b.recordedAt || (a.id < b.id ? -1 : 1))
      for (const limit of [1, 2, 10]) {
        const read: Array<Erasure> = []
        for (;;) {
          const page: ReadonlyArray<Erasure> = yield* store.personal.erasures(organization, read.at(-1), limit)
          read.push(...page)
          if (page.length < limit) break
        }
        deepStrictEqual(ids(read), ids(expected))
        deepStrictEqual(read, expected)
      }
      deepStrictEqual(yield* store.personal.erasures(elsewhere, undefined, 10), [])
    }),
  ),
  clause(
    "whatever is recorded about people while they are erased is kept before the erasure and deleted with it, or is stale",
    Effect.fnUntraced(function* (store: Store) {
      const members = people.slice(0, 4)
      const numbers = Array.from({ length: 24 }, (_, n) => n)
      const append = (n: number) => {
        const person = members[n % 4]!
        const kept = personal(person, part(person, "event", hash(0x300 + n)))
        const own = event(person, { externalId: hash(0x300 + n) })
        return store.events.append(request([own], { claims: [claim(0x400 + n, person)], personal: kept }))
      }
      const eraseNow = Effect.flatMap(erasureOf(store, members), store.personal.erase)
      const erased = Effect.repeat(eraseNow, { until: (outcome) => outcome !== "stale", times: 500 })
      yield* Effect.all([Effect.forEach(numbers, append, { concurrency: "unbounded" }), erased], {
        concurrency: "unbounded",
      })
      const hashes = numbers.map((n) => hash(0x400 + n))
      deepStrictEqual(
        yield* named(store, organization, hashes),
        hashes.map(() => undefined),
      )
      deepStrictEqual(
        yield* store.personal.keys(organization, members),
        members.map(() => undefined),
      )
      for (const member of members) deepStrictEqual(yield* partsOf(store, member), [])
      const external = numbers.map((n) => hash(0x300 + n))
      const found = yield* store.events.byExternalId(project, external)
      deepStrictEqual(
        found,
        external.map(() => undefined),
      )
      for (const member of members) {
        strictEqual((yield* store.events.append(request([event(member)])))._tag, "Stale")
        deepStrictEqual((yield* store.people.person(organization, member)).erasedAt, t0 + 1)
      }
      strictEqual(yield* store.personal.erase(yield* erasureOf(store, members, 2)), "stale")
    }),
  ),
  clause(
    "of two erasures of a person at once, one is carried out",
    Effect.fnUntraced(function* (store: Store) {
      yield* record(store, uuid(5), 1)
      const changes = yield* Effect.forEach([1, 2, 3], (n) => erasureOf(store, [uuid(5), uuid(6)], n))
      const outcomes = yield* Effect.forEach(changes, store.personal.erase, { concurrency: "unbounded" })
      const carriedOut = outcomes.filter((outcome) => outcome !== "stale")
      deepStrictEqual(yield* store.personal.erasures(organization, undefined, 10), carriedOut)
      strictEqual(carriedOut.length, 1)
    }),
  ),
  clause(
    "a store can be scrubbed at any time",
    Effect.fnUntraced(function* (store: Store) {
      yield* record(store, uuid(5), 1)
      notStrictEqual(yield* erase(store, [uuid(5)]), "stale")
      strictEqual(typeof (yield* store.personal.scrub), "boolean")
      strictEqual((yield* store.events.append(request([event(uuid(6))])))._tag, "Appended")
    }),
  ),
]
