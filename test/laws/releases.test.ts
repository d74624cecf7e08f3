/**
 * Law 15 on a ledger: releasing an identifier and claiming it for another person changes no answer of the person that
 * it named, and no answer as known before, and gives the other one nothing that was said before.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { Identifiers } from "../../core/model/People.ts"
import { times } from "../support/long.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2024, 0, 31)

const values = { userId: ["u", "v"], email: ["e@example.com", "f@example.com"] } as const
type Kind = keyof typeof values

const item = fc.record({
  userId: fc.option(fc.constantFrom(...values.userId), { nil: undefined }),
  email: fc.option(fc.constantFrom(...values.email), { nil: undefined }),
  state: fc.constantFrom("accepted" as const, "declined" as const, "viewed" as const),
  /** An earlier date makes conflicts with a release. */
  isEarlier: fc.boolean(),
})
type Item = Parameters<typeof record>[1]

const named = fc.constantFrom<readonly [Kind, string]>(
  ...Object.entries(values).flatMap(([kind, all]) => all.map((value) => [kind as Kind, value] as const)),
)

/** Items before the release and after it; the clock may stand still between two of them. */
const script = fc.record({
  before: fc.array(item, { minLength: 1, maxLength: 5 }),
  released: named,
  wait: fc.constantFrom(0, 1, 1000),
  claim: fc.record({ state: item.map(({ state }) => state) }),
  after: fc.array(item, { maxLength: 2 }),
})

const record = Effect.fnUntraced(function* (
  scope: ProjectScope,
  {
    email,
    isEarlier,
    state,
    userId,
  }: {
    readonly email: string | undefined
    readonly userId: string | undefined
    readonly isEarlier: boolean
    readonly state: "accepted" | "declined" | "viewed"
  },
) {
  const ledger = yield* Ledger.Ledger
  const person = { ...(userId !== undefined && { userId }), ...(email !== undefined && { email }) }
  if (Object.keys(person).length === 0) return
  const consentType = scope.types.all[0]!.id
  const about = { person, consentType, consentState: state, consentAction: "import" as const }
  yield* ledger.record({
    ...scope,
    submitter: "test",
    items: [{ ...about, ...(isEarlier && { consentDate: start - 1 }) }],
  })
})

const ask = Effect.fnUntraced(function* (
  scope: ProjectScope,
  identifiers: Identifiers,
  instants: { readonly at?: number; readonly knownAt?: number } = {},
) {
  const ledger = yield* Ledger.Ledger
  const found = yield* ledger.find(scope, identifiers)
  if (found._tag === "Refused") return yield* Effect.die(found)
  const { concordId, items } = yield* ledger.decisions({ ...scope, ...found, ...instants })
  const { decision } = items[0]!
  return { concordId, decision }
})

const everyone: ReadonlyArray<Identifiers> = Object.entries(values).flatMap(([kind, all]) =>
  all.map((value) => ({ [kind]: value })),
)

// Kills: Releasing leaves the identifier where it was, keeps no release, or forgets the horizon of the identifier.
test("A release, and the next claim of the identifier, change no answer of the person it named, and none as known before.", () =>
  fc.assert(
    fc.asyncProperty(script, ({ after, before, claim, released: [kind, value], wait }) =>
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        yield* TestClock.setTime(start)
        const { project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        for (const each of before) yield* record(scope, each)
        const identifier = { [kind]: value }
        const kept: Array<readonly [Identifiers, Effect.Success<ReturnType<typeof ask>>]> = []
        for (const each of everyone) kept.push([each, yield* ask(scope, each)])
        const old = yield* ask(scope, identifier)
        yield* TestClock.adjust(wait)
        const releasing = { identifier: { kind, value }, reason: "closed", submitter: "test", answer: () => "" }
        const outcome = yield* ledger.releaseIdentifier(scope.organization, releasing)
        expect(outcome._tag).toBe(old.concordId === undefined ? "NotNamed" : "Released")
        if (old.concordId === undefined) return

        const freed = yield* ask(scope, identifier)
        expect([freed.concordId, freed.decision.status]).toEqual([undefined, "unknown"])
        const person = yield* ask(scope, { concordId: old.concordId })
        expect(person.decision.event).toEqual(old.decision.event)

        // Another person claims it: a yes that names an account of its own.
        const other = kind === "email" ? { userId: "somebody else", email: value } : { userId: value, email: undefined }
        const next: Item = { ...other, state: claim.state, isEarlier: false }
        yield* record(scope, next)
        const claimed = yield* ask(scope, identifier)
        expect(claimed.concordId).not.toBe(old.concordId)
        if (claimed.decision.event !== undefined && outcome._tag === "Released") {
          expect(claimed.decision.event.dateCreated).toBeGreaterThanOrEqual(outcome.fact.dateCreated)
        }
        expect((yield* ask(scope, { concordId: old.concordId })).decision.event).toEqual(old.decision.event)

        for (const each of after) yield* record(scope, each)
        for (const [each, { concordId, decision }] of kept) {
          const { at, knownAt } = decision
          expect(yield* ask(scope, each, { at, knownAt })).toEqual({ concordId, decision })
        }
      }).pipe(
        Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))),
        Effect.provide(TestClock.layer()),
        Effect.runPromise,
      ),
    ),
    { numRuns: times(60, 5000) },
  ))
