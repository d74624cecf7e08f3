/**
 * Erasures that keep identifiers, through the use cases, over memory, SQLite and PostgreSQL.
 *
 * A random history is played twice: once with such erasures, and once without them. Every question by an identifier is
 * answered alike in both. In the first one, what an erasure destroys is gone for everyone that was joined then, and
 * what was recorded since is there.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { WorkChange } from "../../core/compliance-requests/ComplianceWork.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, {
  memory: times(5, 400),
  sqlite: times(1, 40),
  postgres: times(1, 15),
})

const start = Date.UTC(2024, 0, 31)
const key = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
const worker = { keyId: "k", mayErase: true } as const

const who = fc.constantFrom<Identifiers>({ userId: "account" }, { email: "a@example.com" }, { userId: "other" })

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      of: who,
      type: fc.constantFrom("newsletter", "analytics"),
      consentState: fc.constantFrom("accepted" as const, "declined" as const),
      isIdentified: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("visit" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("identify" as const), by: fc.nat(3), of: who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("hold" as const), of: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("erase" as const), of: who }) },
)

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

/** An event with an external id, which is shown until an erasure destroys it. */
interface Sent {
  readonly id: string
  readonly concordId: string
  readonly externalId: string | undefined
  isDestroyed: boolean
}

const answered: WorkChange = { status: "resolved", resolution: "done", resolutionStatus: "partially_completed" }
const held: WorkChange = { ...answered, erasure: { scope: "held", ground: "legal_claim" } }

/** What is answered about everyone now, without random ids. */
const answersOf = Effect.fnUntraced(function* ({ surface }: Plays.Play) {
  const answers = []
  for (const of of [{ userId: "account" }, { email: "a@example.com" }, { userId: "other" }]) {
    const { concordId, decisions } = yield* surface.ask("p", of, {})
    const shown = Object.entries(decisions).map(([type, { permitted, status }]) => [type, permitted, status])
    answers.push([concordId !== undefined, shown])
  }
  return answers
})

/** Erases the person of an identifier, with a request; returns everyone that was erased. */
const answer = Effect.fnUntraced(function* (play: Plays.Play, of: Identifiers, change: WorkChange) {
  const { ledger, scope } = play
  const { concordId } = yield* Surface.expected(yield* ledger.find(scope, of), "Found")
  if (concordId === undefined) return undefined
  const opening = { request: "delete", user: {}, isPreverified: true, subject: { concordId } } as const
  const { requests } = yield* Surface.expected(yield* Plays.open(play, opening, key), "Opened")
  const { id } = requests[0]!
  const { request } = yield* Surface.expected(yield* ledger.compliance.change(scope, id, change, worker), "Changed")
  const { personal } = yield* LedgerStore
  const erasures = yield* personal.erasures(scope.organization, undefined, 1000)
  const erasure = erasures.find((each) => each.id === request.state.erasure?.erasure)!
  return { erasure, outcome: request.state.erasure! }
})

/** What names people. */
const namesOf = Effect.fnUntraced(function* ({ scope: { organization } }: Plays.Play, members: ReadonlyArray<string>) {
  const { people } = yield* LedgerStore
  return [yield* people.aliasesOf(organization, members), yield* people.contextsOf(organization, members)]
})

/** Expects that nothing is left of people but what names them, and that the fact says so. */
const expectHeld = Effect.fnUntraced(function* (play: Plays.Play, done: Effect.Success<ReturnType<typeof answer>>) {
  const { erasure, outcome } = done!
  const { organization } = play.scope
  const { personal, sessions } = yield* LedgerStore
  for (const member of erasure.members) {
    expect(yield* personal.partsOf(organization, member, undefined, 10)).toEqual([])
    expect(yield* personal.keys(organization, [member])).toEqual([undefined])
    expect(yield* sessions.ofPerson(member, undefined, 10)).toEqual([])
    expect((yield* personal.heldErasures(organization, member)).at(-1)).toEqual(erasure)
  }
  const tables = new Set(outcome.remaining.map((column) => column.split(".")[0]!))
  expect([...tables].filter((table) => !["alias", "former_alias"].includes(table))).toEqual([])
  const [aliases, contexts] = (yield* namesOf(play, erasure.members)).map((names) => names.flat())
  const isNamed = contexts!.length + aliases!.filter(({ releasedAt }) => releasedAt === undefined).length > 0
  expect(tables.has("alias")).toBe(isNamed)
  expect(outcome).toMatchObject({ scope: "held", ground: "legal_claim", counts: erasure.destroyed })
})

/** Expects that each event shows its external id, unless it was destroyed. */
const expectShown = Effect.fnUntraced(function* ({ ledger, scope }: Plays.Play, sent: ReadonlyArray<Sent>) {
  for (const [concordId, own] of Map.groupBy(sent, (each) => each.concordId)) {
    const page = yield* Surface.expected(yield* ledger.list(scope, "test", { concordId, limit: 100 }), "Listed")
    const shown = new Map(page.items.map(({ body, id }) => [id, JSON.parse(body) as { readonly externalId?: string }]))
    for (const { externalId, id, isDestroyed } of own) {
      expect([id, shown.get(id)?.externalId]).toEqual([id, isDestroyed ? undefined : externalId])
    }
  }
})

/** Plays a history; returns what is answered after each step. `isHolding`: with the erasures that keep identifiers. */
const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, isHolding: boolean) {
  const play = yield* Plays.make
  const { surface } = play
  const sent: Array<Sent> = []
  const answers = []
  const destroyed = (members: ReadonlyArray<string>): void => {
    for (const each of sent) if (members.includes(each.concordId)) each.isDestroyed = true
  }
  for (const [n, step] of steps.entries()) {
    yield* surface.wait(1000)
    switch (step.do) {
      case "say": {
        const { consentState, isIdentified, of, type } = step
        const externalId = isIdentified ? `event ${n}` : undefined
        const item = { project: "p", person: of, type, consentState, ...(isIdentified && { externalId: `event ${n}` }) }
        const recorded = yield* surface.record([item], "leave-out")
        const items = "items" in recorded ? recorded.items : []
        for (const { concordId, id } of items) sent.push({ id, concordId, externalId, isDestroyed: false })
        break
      }
      case "visit":
      case "identify":
        yield* Plays.take(play, step.do === "visit" ? step : { ...step, by: step.by })
        break
      case "hold": {
        const done = isHolding ? yield* answer(play, step.of, held) : undefined
        if (done === undefined) break
        destroyed(done.erasure.members)
        yield* expectHeld(play, done)
        break
      }
      case "erase": {
        const done = yield* answer(play, step.of, answered)
        if (done !== undefined) destroyed(done.erasure.members)
        if (done !== undefined)
          expect(yield* namesOf(play, done.erasure.members)).toEqual([
            done.erasure.members.map(() => []),
            done.erasure.members.map(() => []),
          ])
      }
    }
    answers.push(yield* answersOf(play))
  }
  yield* expectShown(play, sent)
  return answers
})

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const run = (program: ReturnType<typeof play>) =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provideMerge([store(), NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  test("law 9, held: questions are answered as without it, what it destroys is gone, and what came since is there", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 6, maxLength: 14 }), async (steps) => {
        expect(await run(play(steps, true))).toEqual(await run(play(steps, false)))
      }),
      { numRuns },
    ))
})
