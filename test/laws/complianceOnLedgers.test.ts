/**
 * The laws of compliance requests, through the use cases, over memory, SQLite and PostgreSQL: what is kept is the fold
 * of the facts, nothing but people resolves a request, nothing happens to a person's data before identity was shown, an
 * opt-out only refuses, and a person that is erased with an answer is gone.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ComplianceFact, FactKind } from "../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../core/compliance/ComplianceState.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import type { RequestUser } from "../../core/ledger/RequestPrivateData.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as SentCodes from "../support/compliance/sentCodes.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, {
  memory: times(12, 800),
  sqlite: times(2, 60),
  postgres: times(1, 20),
})

const start = Date.UTC(2024, 0, 31)
const day = 86_400_000

/** What is done about a person's data, and the answers that say so. */
const afterIdentity: ReadonlySet<FactKind> = new Set([
  "acknowledged",
  "clarification_asked",
  "task_added",
  "task_done",
  "file_attached",
  "packaged",
  "corrected",
  "erased",
])

const isAnswer = (fact: ComplianceFact): boolean =>
  fact.kind === "resolved" && fact.resolutionStatus !== "denied" && fact.resolutionStatus !== "withdrawn"

/** Law 5: acknowledged may be recorded just before a denial. */
const checkIdentity = (facts: ReadonlyArray<ComplianceFact>): void => {
  const [opened] = facts
  if (opened?.kind !== "opened" || opened.identity !== "needed") return
  const verified = facts.findIndex(({ kind }) => kind === "verified")
  const before = verified === -1 ? facts : facts.slice(0, verified)
  expect(before.filter((fact) => afterIdentity.has(fact.kind) || isAnswer(fact))).toEqual([])
}

/** Law 2. */
const checkResolvers = (facts: ReadonlyArray<ComplianceFact>): void => {
  for (const fact of facts) {
    if (fact.kind !== "resolved") continue
    const isPerson = fact.by.startsWith("key:") || (fact.by === "requester" && fact.resolutionStatus === "withdrawn")
    expect(isPerson).toBe(true)
  }
}

/** Laws 1, 2 and 5 of every request. */
const checkAll = Effect.fnUntraced(function* (play: Plays.Play) {
  for (const request of yield* Plays.requests(play)) {
    const facts = yield* Plays.factsOf(play, request.id)
    expect(request.state).toEqual(ComplianceState.fold(facts))
    expect(facts.map(({ ordinal }) => ordinal)).toEqual([...facts.keys()])
    checkIdentity(facts)
    checkResolvers(facts)
  }
})

/** For each identifier and each instant, the types that are permitted. */
const permitted = Effect.fnUntraced(function* (
  { surface }: Plays.Play,
  people: ReadonlyArray<(typeof Plays.identifiers)[number]>,
  instants: ReadonlyArray<number>,
) {
  const all: Array<string> = []
  for (const person of people) {
    for (const at of instants) {
      const { decisions } = yield* surface.ask("p", person, { at })
      for (const [type, decision] of Object.entries(decisions)) {
        if (decision.permitted) all.push(JSON.stringify([person, at, type]))
      }
    }
  }
  return new Set(all)
})

/** The identifiers of an opt-out that can be read. */
const typedIn = ({ email, phoneNumber }: RequestUser): ReadonlyArray<Identifiers> => [
  ...(email !== undefined && email.includes("@") ? [{ email }] : []),
  ...(phoneNumber !== undefined && phoneNumber.startsWith("+") ? [{ phoneNumber }] : []),
]

/** The opt-outs that do not wait for identity, with what was typed. */
const optedOut = Effect.fnUntraced(function* (play: Plays.Play) {
  const all = (yield* Plays.requests(play)).filter(
    ({ state }) => state.request === "do_not_sell" && (!state.isIdentityNeeded || state.verifiedOn !== undefined),
  )
  return new Map(all.map(({ id, privateData }) => [id, typedIn(privateData?.user ?? {})]))
})

/**
 * Law 8: opens an opt-out or shows identity, and compares what is permitted before and after. What was typed refuses
 * once the opt-out does not wait for identity any more, and only then.
 */
const checkOptOut = Effect.fnUntraced(function* (
  play: Plays.Play,
  step: Extract<Plays.Step, { do: "open" | "verify" }>,
) {
  const now = yield* Clock.currentTimeMillis
  const people = [...Plays.identifiers, ...play.visitors.map(({ concordId }) => ({ concordId }))]
  const instants = [start, now, now + 86_400_000, Date.UTC(2030, 0, 1)]
  const before = yield* permitted(play, people, instants)
  const known = yield* optedOut(play)
  yield* Plays.take(play, step)
  const after = yield* permitted(play, people, instants)
  expect([...after].filter((each) => !before.has(each))).toEqual([])
  const since = [...(yield* optedOut(play))].filter(([id]) => !known.has(id))
  for (const typed of since.flatMap(([, identifiers]) => identifiers)) {
    expect((yield* play.surface.ask("p", typed, {})).decisions["newsletter"]).toMatchObject({ permitted: false })
  }
  // A key that names no person changes nothing for anyone before identity is shown.
  const isUnnamed = step.do === "open" && step.by === 0 && step.request.subject === undefined
  if (since.length === 0 && isUnnamed) expect(after).toEqual(before)
})

/** The number of events of each type, state and day, whosever they are. */
const countsOf = Effect.fnUntraced(function* ({ ledger, scope }: Plays.Play) {
  const listed = yield* Surface.expected(yield* ledger.list(scope, "test", { limit: 1000 }), "Listed")
  const keys = listed.items.map(({ consentDate, consentState, consentType, version }) =>
    JSON.stringify([consentType, version, consentState, Math.floor(consentDate / day)]),
  )
  return keys.toSorted()
})

/** The person that each identifier names. */
const namedBy = Effect.fnUntraced(function* ({ surface }: Plays.Play) {
  const named = new Map<(typeof Plays.identifiers)[number], string | undefined>()
  for (const each of Plays.identifiers) named.set(each, (yield* surface.ask("p", each, {})).concordId)
  return named
})

/** Law 9: works on a request; if that erases, no former identifier names anyone, and every event is there still. */
const checkErasing = Effect.fnUntraced(function* (play: Plays.Play, step: Plays.Step) {
  const [named, counts, before] = [yield* namedBy(play), yield* countsOf(play), yield* Plays.requests(play)]
  const isErased = ({ state }: (typeof before)[number]) => state.erasure !== undefined
  const known = new Set(before.filter(isErased).map(({ id }) => id))
  yield* Plays.take(play, step)
  for (const request of (yield* Plays.requests(play)).filter(isErased)) {
    const { resolution } = request.state
    const { erasure: id, remaining } = request.state.erasure!
    if (resolution?.status === "completed") expect(remaining).toEqual([])
    if (known.has(request.id)) continue
    const { organization } = play.scope
    const all = yield* Surface.expected(yield* play.ledger.erasures(organization, { caller: "test" }), "Listed")
    const { members, recordedAt } = all.items.find((each) => each.id === id)!
    const stranger = yield* play.surface.ask("p", { email: "never@example.com" }, {})
    for (const [identifier, concordId] of named) {
      if (concordId === undefined || !members.includes(concordId)) continue
      const asked = yield* play.surface.ask("p", identifier, {})
      expect([asked.concordId, asked.decisions]).toEqual([undefined, stranger.decisions])
    }
    for (const member of members) {
      expect(Object.values((yield* play.surface.ask("p", { concordId: member }, {})).decisions)).toEqual(
        Object.values(stranger.decisions).map((each) => ({ ...each, status: "unknown", permitted: false })),
      )
    }
    expect(yield* countsOf(play)).toEqual(counts)
    expect(yield* play.surface.erase!(members[0]!)).toEqual({ erasedAt: recordedAt, members })
  }
})

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const world = () =>
    Ledger.layer.pipe(
      Layer.provideMerge(Layer.mergeAll(store(), NodeCrypto.layer, TestKeys.layer)),
      Layer.provide(Layer.succeed(MailSettings.Current, { publicUrl: SentCodes.publicUrl })),
    )
  const run = <A>(program: Effect.Effect<A, unknown, Layer.Success<ReturnType<typeof world>>>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(world()),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  // Kills: a row of another state than that of the facts; a status that time changes; a task before identity; an
  // opt-out that claims what was typed for a person that is known; an answer that erases in part, and says it is whole.
  test("compliance requests keep their laws, whatever happens", () =>
    fc.assert(
      fc.asyncProperty(Plays.anySteps, fc.boolean(), (steps, optOutNeedsVerification) =>
        run(
          Effect.gen(function* () {
            const play = yield* Plays.makeWith({ optOutNeedsVerification })
            for (const step of steps) {
              if (step.do === "open" && !(yield* Plays.canOpen(play, step.by))) continue
              const before = (yield* Plays.requests(play)).map(({ id, status }) => [id, status])
              const isOptOut = step.do === "open" && step.request.request === "do_not_sell"
              if (isOptOut || step.do === "verify") yield* checkOptOut(play, step)
              else if (step.do === "work" || step.do === "delete") yield* checkErasing(play, step)
              else yield* Plays.take(play, step)
              if (step.do !== "wait") continue
              // Two servers sweep at once.
              const { sweep } = play.ledger.compliance
              yield* Effect.all([sweep, sweep], { concurrency: 2 })
              expect((yield* Plays.requests(play)).map(({ id, status }) => [id, status])).toEqual(before)
            }
            yield* checkAll(play)
          }),
        ),
      ),
      { numRuns },
    ))
})
