/**
 * Law 12: what was counted step by step, in steps of any size, while others record, erase and change requests, and
 * while servers that count are killed at any write, is what everything counts that is in the log at the end.
 *
 * The specification counts again here: events one by one, and requests by what they are at the end. Mutants that the
 * law kills are in test/mutants/metrics.ts.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as ComplianceState from "../../core/compliance/ComplianceState.ts"
import * as Counting from "../../core/counting/Counting.ts"
import * as Recount from "../../core/counting/Recount.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as MetricCount from "../../core/metrics/MetricCount.ts"
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"
import { event, uuid } from "../contract/samples.ts"
import * as Mortal from "../support/compliance/mortal.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(MemoryStore.layer, {
  memory: times(25, 600),
  sqlite: times(3, 40),
  postgres: times(2, 20),
})

const start = Date.UTC(2024, 11, 30)
const hour = 3_600_000

const anyEvent = fc.record({
  person: fc.nat(3),
  consentType: fc.constantFrom(uuid(0xa0), uuid(0xb0)),
  consentState: fc.constantFrom("accepted" as const, "declined" as const, "viewed" as const),
  geography: fc.constantFrom(undefined, "DE-BE", "US-CA"),
  domain: fc.constantFrom(undefined, "shop.example"),
})

const anyCounting = fc.record({
  do: fc.constant("count" as const),
  size: fc.record({ events: fc.integer({ min: 1, max: 3 }), facts: fc.integer({ min: 1, max: 3 }) }),
  passes: fc.integer({ min: 1, max: 3 }),
  fatal: fc.option(fc.record({ write: fc.nat(2), when: fc.constantFrom("before" as const, "after" as const) }), {
    nil: undefined,
  }),
  /** Whether two servers count at the same time. */
  isTwice: fc.boolean(),
})

const anyStep = fc.oneof(
  { weight: 3, arbitrary: Plays.anyStep },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("record" as const),
      events: fc.array(anyEvent, { minLength: 1, maxLength: 5 }),
      hours: fc.constantFrom(0, 0, 5, 30),
    }),
  },
  { weight: 3, arbitrary: anyCounting },
)

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

const record = Effect.fnUntraced(function* (
  { events, hours }: Extract<Step, { readonly do: "record" }>,
  { scope }: Plays.Play,
  context: LedgerContext.LedgerContext,
) {
  yield* TestClock.adjust(hours * hour)
  const ends = yield* context.store.feed.ends(scope.project)
  const now = Math.max(yield* Clock.currentTimeMillis, ...ends.map(({ lastRecordedAt }) => lastRecordedAt))
  const { organization, project } = scope
  const stored = events.map(({ domain, geography, person, ...rest }): StoredEvent =>
    event(uuid(0x100 + person), {
      ...rest,
      id: nextId(),
      dateCreated: now,
      ...(domain !== undefined && { domain }),
      ...(geography !== undefined && { geography }),
    }),
  )
  const outcome = yield* context.store.events.append({
    project,
    organization,
    recordedAt: now,
    events: stored,
    claims: [],
  })
  expect(outcome._tag).toBe("Appended")
})

let lastId = 0x5000_0000
const nextId = () => uuid(++lastId)

/** One or two servers count, until that is done or they are killed. */
const count = Effect.fnUntraced(function* (
  { fatal, isTwice, passes, size }: Extract<Step, { readonly do: "count" }>,
  context: LedgerContext.LedgerContext,
) {
  const fatalOf = (write: number) => (write === fatal?.write ? fatal.when : undefined)
  const server = Effect.suspend(() => {
    const mortal = Mortal.over(context.store.metrics, (name) => name === "write", fatalOf)
    const own = { ...context, store: { ...context.store, metrics: mortal.store } }
    return mortal.run(Effect.replicateEffect(Counting.pass(size, own), passes))
  })
  yield* Effect.all(isTwice ? [server, server] : [server], { concurrency: "unbounded", discard: true })
})

type Counts = Map<string, number>

const add = (counts: Counts, family: string, day: number, key: string, by: number): void => {
  const name = `${family} ${day} ${key}`
  counts.set(name, (counts.get(name) ?? 0) + by)
  if (counts.get(name) === 0) counts.delete(name)
}

const dayOf = (instant: number) => Math.floor(instant / 86_400_000)

/** What the log says, by the specification. */
const specified = Effect.fnUntraced(function* (play: Plays.Play, context: LedgerContext.LedgerContext) {
  const counts: Counts = new Map()
  const { project } = play.scope
  for (let lane = 0; lane < project.lanes; lane++) {
    for (const each of yield* context.store.events.lane(project, lane, 0, 10_000)) {
      const { consentState, consentType, dateCreated, domain = "", geography = "" } = each
      const day = dayOf(dateCreated)
      add(counts, "events", day, "", 1)
      add(counts, "type", day, `${consentType} ${consentState}`, 1)
      add(counts, "geography", day, `${geography} ${consentState}`, 1)
      add(counts, "domain", day, `${domain} ${consentState}`, 1)
    }
  }
  for (const request of yield* Plays.requests(play)) {
    const facts = yield* Plays.factsOf(play, request.id)
    let status: string | undefined
    for (const fact of facts) {
      const next = ComplianceState.statusOf(ComplianceState.fold(facts.slice(0, fact.ordinal + 1))!)
      const day = dayOf(fact.at)
      if (fact.ordinal === 0) add(counts, "requests", day, "", 1)
      if (status === next) continue
      add(counts, "entered", day, next, 1)
      add(counts, "standing", day, next, 1)
      if (status !== undefined) add(counts, "standing", day, status, -1)
      status = next
    }
    const { clock, isLapsed, receivedOn, request: kind, resolution, resolvedOn } = ComplianceState.fold(facts)!
    const ground = resolution?.denialGround
    const ending = resolution === undefined ? (isLapsed ? "unverified" : "open") : resolution.status
    const days = resolvedOn === undefined ? "-" : (Date.parse(resolvedOn) - Date.parse(receivedOn)) / 86_400_000
    const dueOn = (yield* context.store.compliance.request(project, request.id))?.dueOn
    const timing = resolvedOn === undefined || dueOn === undefined ? "-" : resolvedOn > dueOn ? "late" : "in_time"
    const key = [kind, clock, ground === undefined ? ending : `${ending}:${ground}`, days, timing].join(" ")
    add(counts, "answers", dayOf(Date.parse(`${receivedOn.slice(0, 4)}-01-01`)), key, 1)
  }
  return counts
})

const kept = Effect.fnUntraced(function* ({ scope }: Plays.Play, context: LedgerContext.LedgerContext) {
  const counts: Counts = new Map()
  const days = { from: -10_000_000, to: 10_000_000 }
  for (const family of MetricCount.families) {
    const rows = yield* context.store.metrics.counts(scope.project, family, days, undefined, 100_000)
    for (const { count, day, key } of rows) add(counts, family, day, key, count)
  }
  return counts
})

const sorted = (counts: Counts) => [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))

const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const started = yield* Plays.make
  const context = yield* LedgerContext.make
  for (const step of steps) {
    if (step.do === "record") yield* record(step, started, context)
    else if (step.do === "count") yield* count(step, context)
    else yield* Plays.take(started, step)
  }
  yield* Counting.all(context)
  expect(sorted(yield* kept(started, context))).toEqual(sorted(yield* specified(started, context)))
  expect(yield* context.store.metrics.behind(10)).toEqual([])
  const { differences, events, facts } = yield* Recount.run(started.scope.project, context)
  expect(differences).toEqual([])
  const ends = yield* context.store.events.laneEnds(started.scope.project)
  expect(events).toBe(ends.reduce((sum, end) => sum + end, 0))
  // A count that drifts is found.
  const wrong = { family: "events", day: 1, key: "", count: 1 } as const
  yield* context.store.metrics.write({ project: started.scope.project, consumers: [], counts: [wrong], visitors: [] })
  expect((yield* Recount.run(started.scope.project, context)).differences).toEqual([
    { family: "events", day: 1, key: "", kept: 1, counted: 0 },
  ])
  const all = yield* Effect.forEach(yield* Plays.requests(started), ({ id }) => Plays.factsOf(started, id))
  expect(facts).toBe(all.flat().length)
})

describe.each(stores)("over %s", (_name, store, runs) => {
  test("law 12: counted step by step, with servers that are killed, is counted afresh", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 16 }), async (steps) => {
        await play(steps).pipe(
          Effect.provide(
            Ledger.layer.pipe(
              Layer.provideMerge(
                Layer.succeed(MailSettings.Current, {
                  from: { address: "privacy@example.com" },
                  publicUrl: "https://privacy.example.com",
                }),
              ),
              Layer.provideMerge(TestKeys.layer),
              Layer.provideMerge(store()),
              Layer.provideMerge(NodeCrypto.layer),
            ),
          ),
          (all) => Effect.andThen(TestClock.setTime(start), all),
          Effect.provide(TestClock.layer()),
          Effect.runPromise,
        )
      }),
      { numRuns: runs, endOnFailure: false },
    )
  })
})
