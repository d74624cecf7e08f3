/** Clauses of the contract: how a store keeps idempotency records, with each kind of write. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import { keptForEver, idempotencyKeptMillis } from "../../core/ports/LedgerStore.ts"
import {
  type Clause,
  t0,
  organization,
  project,
  uuid,
  hash,
  event,
  request,
  claim,
  noChange,
  entries,
  type Store,
  named,
  clause,
  people,
  everything,
  personal,
  profile,
  newestFirst,
} from "./samples.ts"

export const idempotencyClauses: ReadonlyArray<Clause> = [
  clause(
    "an idempotency record is kept with what it is for, and what has one is not kept again",
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
      const kept = personal(uuid(5), profile(uuid(5)))
      strictEqual(yield* store.people.keepProfile(organization, uuid(5), kept, idempotencyRecord), "repeated")
      deepStrictEqual(yield* store.personal.keys(organization, [uuid(5)]), [undefined])
      strictEqual(
        yield* store.people.change({ ...noChange, claims: [claim(0xa, uuid(5))], idempotencyRecord }),
        "repeated",
      )
      deepStrictEqual(yield* named(store, organization, [hash(0xa)]), [undefined])
    }),
  ),
  clause(
    "an idempotency record that is kept for ever stays, and no other is forgotten for it",
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
    "a request that is stale leaves no idempotency record: it may be sent again",
    Effect.fnUntraced(function* (store: Store) {
      const idempotencyRecord = { hash: hash(0x77), digest: hash(0x78), answer: "", recordedAt: t0 }
      yield* store.events.append(request([event(uuid(5), { dateCreated: t0 + 9 })], { recordedAt: t0 + 9 }))
      strictEqual((yield* store.events.append(request([event(uuid(5))], { idempotencyRecord })))._tag, "Stale")
      strictEqual(yield* store.idempotencyRecord(organization, idempotencyRecord.hash), undefined)
    }),
  ),
]
