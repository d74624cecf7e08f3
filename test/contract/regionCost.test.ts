/**
 * What regions cost: nothing while a project has published none, nothing about people that were in none, and one read
 * of the facts about a person that was in some. Counted in calls of the store, each of which is a statement or
 * transaction.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Counting from "../support/counting.ts"
import * as TestKeys from "../support/keys.ts"

const visit = Effect.fnUntraced(function* (scope: ProjectScope, region: string | undefined) {
  const ledger = yield* Ledger.Ledger
  const place = region === undefined ? {} : { region }
  const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost", ...place })
  return opened._tag === "Opened" ? opened.session : yield* Effect.die(opened._tag)
})

const program = Effect.fnUntraced(function* (counting: ReturnType<typeof Counting.over>) {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scopeNow = Effect.map(ledger.projectScope(project.id), Option.getOrThrow)
  const scope = yield* scopeNow
  const { count, reset } = counting
  const callsOf = <A, E>(step: Effect.Effect<A, E, Ledger.Ledger>) =>
    Effect.gen(function* () {
      reset()
      yield* step
      return count.calls
    })
  const say = Effect.fnUntraced(function* (session: Effect.Success<ReturnType<typeof visit>>) {
    const consentType = scope.types.all.find(({ category }) => category === "privacy_setting")!.id
    const person = { concordId: session.concordId }
    const item = { person, consentType, consentState: "accepted", consentAction: "user_click" } as const
    const recorded = yield* ledger.record({ ...scope, submitter: session.concordId, session, items: [item] })
    expect(recorded._tag).toBe("Recorded")
  })
  const ask = (concordId: string) => ledger.decisions({ ...scope, concordId })

  const plain = yield* visit(scope, undefined)
  const placed = yield* visit(scope, project.id)
  const said = yield* callsOf(say(plain))
  expect(yield* callsOf(say(placed))).toBe(said)
  const asked = yield* callsOf(ask(plain.concordId))
  expect(yield* callsOf(ask(placed.concordId))).toBe(asked)

  const published = yield* ledger.regions.publish(scope, {}, { answer: () => "" })
  expect(published._tag).toBe("Changed")
  // It is dated later than every answer before it, so until the clock has passed that instant a question reads twice.
  yield* Effect.sleep(5)
  expect(yield* callsOf(ask(placed.concordId))).toBe(asked)
  expect(yield* callsOf(say(yield* visit(scope, undefined)))).toBe(said)

  const later = yield* visit(scope, project.id)
  yield* say(later)
  yield* Effect.sleep(5)
  expect(yield* callsOf(ask(later.concordId))).toBe(asked + 1)
  expect(yield* callsOf(ledger.decisions({ ...scope, concordId: later.concordId, region: "none" }))).toBe(asked)
})

test("nothing without a publication or a fact, and one read with them", () =>
  Effect.gen(function* () {
    const counting = Counting.over(yield* LedgerStore)
    const layer = Ledger.layer.pipe(
      Layer.provide([Layer.succeed(LedgerStore, counting.store), NodeCrypto.layer, TestKeys.layer]),
    )
    yield* program(counting).pipe(Effect.provide(layer))
  }).pipe(Effect.provide(MemoryStore.layer), Effect.scoped, Effect.runPromise))
