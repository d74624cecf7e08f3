/**
 * Laws of the links between data systems and attributes, through the use cases, over a store in memory: both directions
 * agree, a link is there once however often and from whichever side it is set, a refused change changes nothing, and
 * nothing is linked to an attribute that is not there.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Attributes from "../../core/catalog/Attributes.ts"
import * as OwnSystems from "../../core/catalog/OwnSystems.ts"
import * as AttributeFamily from "../../core/data-systems/AttributeFamily.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Organization } from "../../core/model/Catalog.ts"
import { Keys } from "../../core/ports/Keys.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"

/** Two families: one with many links of a system, one with at most one. */
const families = ["origin", "relationship"] as const
type Family = (typeof families)[number]

/** Systems and attributes are named by small numbers, modulo how many there are. */
const family = fc.constantFrom<Family>(...families)
const few = fc.array(fc.nat(3), { maxLength: 4 })
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("addSystem" as const), family, of: few }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("addAttribute" as const), family, of: few }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("setOnSystem" as const), family, on: fc.nat(3), of: few }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("setOnAttribute" as const), family, on: fc.nat(3), of: few }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("archive" as const), family, on: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("remove" as const), family, on: fc.nat(3), isDetaching: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("removeSystem" as const), on: fc.nat(3) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const run = <A>(
  program: Effect.Effect<A, unknown, Ledger.Ledger>,
  store: typeof MemoryStore.layer = MemoryStore.layer,
): Promise<A> =>
  Effect.andThen(TestClock.setTime(Date.UTC(2026, 0, 31)), program).pipe(
    Effect.provide(
      Ledger.layer.pipe(
        Layer.provideMerge(Layer.succeed(Keys, TestKeys.make())),
        Layer.provideMerge(store),
        Layer.provide(NodeCrypto.layer),
      ),
    ),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

/** A store in memory that takes some time to change the catalog: other requests are prepared meanwhile. */
const slowCatalog = Layer.effect(
  LedgerStore,
  Effect.map(LedgerStore, (store) => {
    const change: typeof store.catalog.change = (request) =>
      Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 20 }), store.catalog.change(request))
    return { ...store, catalog: { ...store.catalog, change } }
  }),
).pipe(Layer.provide(MemoryStore.layer))

const found = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  yield* ledger.found
  return [...(yield* ledger.catalog).organizations.values()][0]!
})

/** The links of every system, as text: the system, the family, and the attributes in their order. */
const linksOf = Effect.fnUntraced(function* (organization: Organization) {
  const { catalog } = yield* Ledger.Ledger
  return OwnSystems.of(yield* catalog, organization).map(({ attributes, id }) => ({ id, attributes }))
})

/** Compares both directions. */
const checkBoth = Effect.fnUntraced(function* (organization: Organization) {
  const { catalog } = yield* Ledger.Ledger
  const now = yield* catalog
  const index = Attributes.of(now, organization)
  const systems = OwnSystems.withLedger(now, organization)
  for (const { attributes } of systems) {
    for (const [name, ids] of Object.entries(attributes)) {
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.every((id) => index.find(id)?.family === name)).toBe(true)
      if (AttributeFamily.of(name as Family).isSingle === true) expect(ids.length).toBe(1)
    }
  }
  for (const { dataSystems, family: name, id } of index.all) {
    const linked = systems.filter(({ attributes }) => attributes[name as Family]?.includes(id))
    expect(dataSystems).toEqual(linked.map((system) => system.id))
  }
})

/** Carries a step out; the tag of its outcome, and what its answer says of links. */
const play = Effect.fnUntraced(function* (organization: Organization, each: Step, name: string) {
  const { catalog, dataSystems } = yield* Ledger.Ledger
  const now = yield* catalog
  const systems = OwnSystems.of(now, organization)
  const own = (now.dataSystemAttributes.get(organization.id) ?? []).filter(
    (attribute) => !("family" in each) || attribute.family === each.family,
  )
  const system = (n: number) => systems[n % Math.max(1, systems.length)]?.id ?? "none"
  const attribute = (n: number) => own[n % Math.max(1, own.length)]?.id ?? "none"
  const answering = { answer: () => "" }
  const active = { name, status: "active" as const }
  switch (each.do) {
    case "addSystem":
      return yield* dataSystems.create(
        organization,
        { ...active, attributes: { [each.family]: each.of.map(attribute) } },
        answering,
      )
    case "addAttribute":
      return yield* dataSystems.createAttribute(
        organization,
        { ...active, family: each.family, dataSystems: each.of.map(system) },
        answering,
      )
    case "setOnSystem":
      return yield* dataSystems.update(
        organization,
        system(each.on),
        { attributes: { [each.family]: each.of.map(attribute) } },
        answering,
      )
    case "setOnAttribute":
      return yield* dataSystems.updateAttribute(
        organization,
        each.family,
        attribute(each.on),
        { dataSystems: each.of.map(system) },
        answering,
      )
    case "archive":
      return yield* dataSystems.updateAttribute(
        organization,
        undefined,
        attribute(each.on),
        { status: "archived" },
        answering,
      )
    case "remove":
      return yield* dataSystems.removeAttribute(
        organization,
        each.family,
        attribute(each.on),
        each.isDetaching,
        answering,
      )
    case "removeSystem":
      return yield* dataSystems.remove(organization, system(each.on), answering)
  }
})

/** What is set by a step is what is there after it. */
const checkSet = (each: Step, outcome: Effect.Success<ReturnType<typeof play>>): void => {
  if (outcome._tag !== "Changed" || !("of" in each)) return
  const { value } = outcome
  const linked = "attributes" in value ? (value.attributes[each.family] ?? []) : value.dataSystems
  expect(linked.length > 0).toBe(each.of.length > 0)
}

// Kills: a link that is kept twice, one of another family, an attribute that keeps its systems after it was removed,
// and a refused change that is written.
test("Both directions of links agree after any changes, and a change that is made twice is made once", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) =>
      run(
        Effect.gen(function* () {
          const organization = yield* found
          for (const [n, each] of steps.entries()) {
            const before = yield* linksOf(organization)
            const outcome = yield* play(organization, each, `Name ${n}`)
            checkSet(each, outcome)
            const after = yield* linksOf(organization)
            if (outcome._tag !== "Changed") expect(after).toEqual(before)
            yield* checkBoth(organization)
            if (each.do !== "setOnSystem" && each.do !== "setOnAttribute") continue
            yield* play(organization, each, `Name ${n}`)
            expect(yield* linksOf(organization)).toEqual(after)
          }
        }),
      ),
    ),
    { numRuns: times(40, 2000) },
  ))

// Kills: a change that replaces what another request has written since.
test("Of concurrent changes of an entry one is made, and the others are a conflict", () =>
  run(
    Effect.gen(function* () {
      const { dataSystems } = yield* Ledger.Ledger
      const organization = yield* found
      const answering = { answer: () => "" }
      const active = { name: "One", status: "active" as const }
      const system = yield* dataSystems.create(organization, active, answering)
      const origin = yield* dataSystems.createAttribute(organization, { ...active, family: "origin" }, answering)
      if (system._tag !== "Changed" || origin._tag !== "Changed") return expect.unreachable()
      const { id } = system.value
      const outcomes = yield* Effect.all(
        [
          dataSystems.update(organization, id, { owner: "IT" }, answering),
          dataSystems.update(organization, id, { owner: "Sales" }, answering),
          dataSystems.updateAttribute(organization, "origin", origin.value.id, { dataSystems: [id] }, answering),
        ],
        { concurrency: "unbounded" },
      )
      expect(outcomes.map(({ _tag }) => _tag).toSorted()).toEqual(["Changed", "Conflict", "Conflict"])
    }),
    slowCatalog,
  ))
