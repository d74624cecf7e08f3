/** The decorator for a dry run: people and aliases of the scratch store are seen on top of those of the ledger. */
import { Effect, Layer } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import { LedgerStore, type StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as DryRunStore from "../../core/transfer/DryRunStore.ts"
import { claim, event, hash, noChange, organization, request, type Store, t0, uuid } from "./samples.ts"

/** Runs `use` with a ledger in which a person has an alias and another one was released, and with a dry run over it. */
const withDryRun = <A>(use: (dryRun: Store, own: Store) => Effect.Effect<A, StoreUnavailable>): Promise<A> =>
  Effect.gen(function* () {
    const contexts = [
      yield* Layer.build(Layer.fresh(MemoryStore.layer)),
      yield* Layer.build(Layer.fresh(MemoryStore.layer)),
    ]
    const [own, scratch] = yield* Effect.forEach(contexts, (context) => Effect.provide(LedgerStore, context))
    yield* own!.people.change({ ...noChange, claims: [claim(0xa, uuid(5)), claim(0xb, uuid(5))] })
    yield* own!.people.change({ ...noChange, releases: [{ hash: hash(0xb), dateCreated: t0 + 20 }] })
    return yield* use(DryRunStore.over(own!, scratch!), own!)
  }).pipe(Effect.scoped, Effect.runPromise)

const seenNow = (store: Store) =>
  Effect.map(store.people.person(organization, uuid(5)), ({ revision }) => [{ concordId: uuid(5), revision }])

test("an append of a dry run is prepared against people of the ledger, and changes them for the appends after it", () =>
  withDryRun((dryRun, own) =>
    Effect.gen(function* () {
      const before = yield* own.people.person(organization, uuid(5))
      const seen = yield* seenNow(dryRun)
      const append = (n: number, now: typeof seen) =>
        Effect.map(
          dryRun.events.append(request([event(uuid(6))], { claims: [claim(n, uuid(5))], seen: now })),
          ({ _tag }) => _tag,
        )
      expect(yield* append(0xc, seen)).toBe("Appended")
      expect(yield* append(0xd, seen)).toBe("Stale")
      expect(yield* append(0xd, yield* seenNow(dryRun))).toBe("Appended")
      // A change of the ledger itself counts as well.
      const later = yield* seenNow(dryRun)
      yield* own.people.change({ ...noChange, claims: [claim(0xe, uuid(5))] })
      expect(yield* append(0xf, later)).toBe("Stale")
      expect((yield* own.people.person(organization, uuid(5))).revision).toBe(before.revision + 1)
    }),
  ))

test("aliases of a dry run are read on top of those of the ledger, whose releases stay", () =>
  withDryRun((dryRun, own) =>
    Effect.gen(function* () {
      const wanted = [0xa, 0xb, 0xc].map(hash)
      const claims = [claim(0xb, uuid(7)), claim(0xc, uuid(5))]
      expect((yield* dryRun.events.append(request([event(uuid(6))], { claims })))._tag).toBe("Appended")
      const states = yield* dryRun.people.aliasStates(organization, wanted)
      expect(states.map(({ named, releasedAt }) => [named?.concordId, releasedAt])).toEqual([
        [uuid(5), undefined],
        [uuid(7), t0 + 20],
        [uuid(5), undefined],
      ])
      const [five, seven] = yield* dryRun.people.aliasesOf(organization, [uuid(5), uuid(7)])
      expect(five!.map((each) => [each.hash, each.releasedAt])).toEqual([
        [hash(0xa), undefined],
        [hash(0xb), t0 + 20],
        [hash(0xc), undefined],
      ])
      expect(seven!.map((each) => each.hash)).toEqual([hash(0xb)])
      expect((yield* dryRun.people.person(organization, uuid(7))).isIdentified).toBe(true)
      expect((yield* own.people.person(organization, uuid(7))).isIdentified).toBe(false)
      expect((yield* own.people.aliasesOf(organization, [uuid(7)]))[0]).toEqual([])
    }),
  ))
