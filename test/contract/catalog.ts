/** Clauses of the contract: how a store keeps the catalog: entries, revisions, documents and uses of keys. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import {
  type Clause,
  t0,
  uuid,
  hash,
  typeA,
  typeB,
  entries,
  sampleType,
  type Store,
  clause,
  people,
} from "./samples.ts"

export const catalogClauses: ReadonlyArray<Clause> = [
  clause(
    "the catalog is read back as it was changed, and is the same object as long as nothing changes",
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
      const second = { ...sampleType, id: typeB, label: "m" }
      yield* store.catalog.change({
        revision: 0,
        entries: { ...entries, consentTypes: [sampleType, second] },
        documents: [],
      })
      const before = yield* store.catalog.current
      const changed = { ...sampleType, status: "archived" as const }
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
    "a type has the history of its changes that answers depend on, also where the catalog is read later",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.catalog.change({ revision: 0, entries, documents: [] })
      yield* store.catalog.current
      const { consentDuration, rules } = sampleType
      const changes = [
        { rules: {} },
        { rules: {}, status: "archived" as const },
        { isRemoved: true as const, rules: {} },
      ]
      for (const [index, change] of changes.entries()) {
        const consentTypes = [{ ...sampleType, ...change, dateUpdated: t0 + 10 * (index + 1) }]
        yield* store.catalog.change({ revision: index + 1, entries: { consentTypes }, documents: [] })
        if (index === 0) yield* store.catalog.current
      }
      const types = (yield* store.catalog.current).consentTypes.get(uuid(2))!
      deepStrictEqual(types.byId.get(typeA)?.history, [
        { knownUntil: t0 + 10, consentDuration, rules },
        { knownUntil: t0 + 30, consentDuration, rules: {} },
      ])
      strictEqual(types.learnt, t0 + 30)
      strictEqual(types.all.length, 0)
    }),
  ),
  clause(
    "a change that was prepared against an earlier revision is stale, and nothing of it is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.catalog.change({ revision: 0, entries, documents: [] })
      const documents = [{ consentType: typeA, number: 1, document: "late" }]
      strictEqual(yield* store.catalog.change({ revision: 0, entries: { projects: [] }, documents }), "stale")
      strictEqual((yield* store.catalog.current).revision, 1)
      deepStrictEqual(yield* store.catalog.documents([{ consentType: typeA, number: 1 }], 10), [undefined])
    }),
  ),
  clause(
    "of changes prepared against the same revision at once, exactly one is kept",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.catalog.change({ revision: 0, entries, documents: [] })
      const outcomes = yield* Effect.forEach(
        people,
        () => store.catalog.change({ revision: 1, entries: { consentTypes: [sampleType] }, documents: [] }),
        { concurrency: "unbounded" },
      )
      strictEqual(outcomes.filter((outcome) => outcome === "kept").length, 1)
      strictEqual((yield* store.catalog.current).revision, 2)
    }),
  ),
  clause(
    "a document is kept under its number, to the last character, and is read up to the length that is asked for",
    Effect.fnUntraced(function* (store: Store) {
      const document = "“ü” 🙂".repeat(50_000)
      yield* store.catalog.change({ revision: 0, entries, documents: [{ consentType: typeA, number: 2, document }] })
      const asked = [1, 2, 3].map((number) => ({ consentType: typeA, number }))
      const length = [...document].length
      deepStrictEqual(yield* store.catalog.documents(asked, length), [undefined, document, undefined])
      deepStrictEqual(yield* store.catalog.documents(asked, length - 1), [undefined, undefined, undefined])
      deepStrictEqual(yield* store.catalog.documents([], length), [])
    }),
  ),
  clause(
    "what is personal of an entry is replaced and removed with a change, and is found in its organization only",
    Effect.fnUntraced(function* (store: Store) {
      const organization = { number: 0, lanes: 16 }
      const other = { number: 1, lanes: 16 }
      const sealed = (byte: number) => ({
        nonce: new Uint8Array(12).fill(byte),
        encrypted: new Uint8Array(40).fill(byte),
      })
      const change = (revision: number, privates: ReadonlyArray<readonly [entry: string, byte?: number]>) =>
        store.catalog.change({
          revision,
          entries: { projects: [] },
          documents: [],
          privates: privates.map(([entry, byte]) => ({
            organization,
            entry,
            sealed: byte === undefined ? "removed" : sealed(byte),
          })),
        })
      const first = [uuid(0x61), 1] as const
      const second = [uuid(0x62), 2] as const
      strictEqual(yield* change(0, [first, second]), "kept")
      strictEqual(yield* change(0, [[uuid(0x61), 9]]), "stale")
      const asked = [uuid(0x62), uuid(0x63), uuid(0x61)]
      const bytes = Effect.fnUntraced(function* (owner: typeof organization) {
        const found = yield* store.catalog.privatesOf(owner, asked)
        return found.map((each) => each && [each.nonce.length, each.encrypted.length, each.nonce[0], each.encrypted[0]])
      })
      deepStrictEqual(yield* bytes(organization), [[12, 40, 2, 2], undefined, [12, 40, 1, 1]])
      deepStrictEqual(yield* bytes(other), [undefined, undefined, undefined])
      strictEqual(yield* change(1, [[uuid(0x61), 3], [uuid(0x62)], [uuid(0x63)]]), "kept")
      deepStrictEqual(yield* bytes(organization), [undefined, undefined, [12, 40, 3, 3]])
      deepStrictEqual(yield* store.catalog.privatesOf(organization, []), [])
    }),
  ),
  clause(
    "the last use of a key is read back, and never goes back",
    Effect.fnUntraced(function* (store: Store) {
      strictEqual((yield* store.catalog.keyUses).size, 0)
      yield* store.catalog.useKey(uuid(3), t0 + 5)
      yield* store.catalog.useKey(uuid(3), t0)
      deepStrictEqual([...(yield* store.catalog.keyUses)], [[uuid(3), t0 + 5]])
    }),
  ),
]
