/**
 * External ids of visitors (law 17), over memory, SQLite and PostgreSQL: two guests record items with few external ids,
 * and are identified as the same person. What was recorded by anyone that is joined with the visitor is not recorded
 * again, and a refusal is never lost.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { Session } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const start = Date.UTC(2024, 0, 31)
const minute = 60_000

interface Saying {
  readonly who: number
  readonly externalId: string
  readonly type: number
  readonly consentState: ConsentState
  /** By how much the date differs from the one that the item was first sent with. */
  readonly shift: number
}

type Step = Saying | { readonly who: number; readonly isJoin: true }

const guest = fc.constantFrom(0, 1)
const say: fc.Arbitrary<Step> = fc.record({
  who: guest,
  externalId: fc.constantFrom("a", "a", "b"),
  type: fc.constantFrom(0, 0, 1),
  consentState: fc.constantFrom("accepted", "accepted", "declined"),
  shift: fc.constantFrom(0, 0, 20, 5 * minute, 5 * minute + 1),
})
const join = fc.record({ who: guest, isJoin: fc.constant(true as const) })
const script = fc.array(fc.oneof(say, say, say, join), { minLength: 2, maxLength: 9 })

/** What was recorded with an external id. */
interface Known extends Saying {
  readonly submitter: string
  readonly consentDate: Instant
  readonly id: string
}

const expected = <Outcome extends { readonly _tag: string }, Tag extends Outcome["_tag"]>(
  outcome: Outcome,
  tag: Tag,
) => {
  expect(outcome._tag).toBe(tag)
  return outcome as Extract<Outcome, { _tag: Tag }>
}

const identify = Effect.fnUntraced(function* (scope: ProjectScope, session: Session) {
  const ledger = yield* Ledger.Ledger
  const now = yield* Clock.currentTimeMillis
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: "ann", isHashed: false }))
  const evidence = { kind: alias.kind, issuedAt: now, expiresAt: now + 60 * minute }
  const { token } = expected(
    yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id }),
    "Identified",
  )
  return Option.getOrThrow(yield* ledger.liveSession(scope.project, token))
})

const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const sessions: Array<Session> = []
  for (let guest = 0; guest < 2; guest++) {
    const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
    sessions.push(expected(opened, "Opened").session)
  }
  /** Everyone that each guest is, by its number. */
  const people = sessions.map(({ concordId }) => new Set([concordId]))
  const joined = new Set<number>()
  const known: Array<Known> = []
  let recorded = 0
  for (const step of steps) {
    if ("isJoin" in step) {
      if (joined.has(step.who)) continue
      joined.add(step.who)
      sessions[step.who] = yield* identify(scope, sessions[step.who]!)
      const all = new Set([...joined].flatMap((who) => [...people[who]!, sessions[step.who]!.concordId]))
      for (const who of joined) people[who] = all
      continue
    }
    const { consentState, externalId, shift, type, who } = step
    const session = sessions[who]!
    const consentType = scope.types.all[type]!.id
    const consentDate = start - 60 * minute + shift
    const candidates = known.filter((each) => each.externalId === externalId && people[who]!.has(each.submitter))
    const same = candidates.filter(
      (each) =>
        each.type === type &&
        each.consentState === consentState &&
        Math.abs(each.consentDate - consentDate) <= 5 * minute,
    )
    const person = { concordId: session.concordId }
    const action = { consentAction: "user_click" as const, isVisitors: true as const }
    const item = { person, consentType, consentState, ...action, consentDate, externalId }
    const batch = { ...scope, submitter: session.concordId, session, items: [item] }
    const outcome = yield* ledger.record(batch)
    if (same.length > 0) {
      const [event] = expected(outcome, "Recorded").events
      expect(same.map(({ id }) => id)).toContain(event!.id)
    } else if (candidates.length > 0 && consentState !== "declined") {
      const [violation] = expected(outcome, "Refused").violations
      expect(violation).toMatchObject({ code: "external_id_reused", field: "externalId" })
    } else {
      const [event] = expected(outcome, "Recorded").events
      expect(event).toMatchObject({ consentType, consentState, consentDate, concordId: session.concordId })
      expect(JSON.parse(event!.body).externalId).toBe(candidates.length === 0 ? externalId : undefined)
      recorded++
      if (candidates.length === 0) known.push({ ...step, submitter: session.concordId, consentDate, id: event!.id })
    }
  }
  const listed = expected(yield* ledger.list(scope, "test", { limit: 100 }), "Listed")
  expect(listed.total).toBe(recorded)
})

const stores = threeStores(SlowMemory.layer, {
  memory: times(40, 2000),
  sqlite: times(6, 200),
  postgres: times(3, 60),
})

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provide([store(), NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  // Kills: an external id that is looked up for the session's own person alone; a date that is compared exactly.
  test("an item that a visitor sends again is not recorded again, also after it was identified", () =>
    fc.assert(
      fc.asyncProperty(script, (steps) => run(play(steps))),
      { numRuns },
    ))
})
