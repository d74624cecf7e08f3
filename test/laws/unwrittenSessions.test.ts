/**
 * A session that is not written answers what one with a row answers, at all instants and on all servers.
 *
 * Each script is played twice in one ledger, with the same names in two worlds: in one of them sessions are written when
 * they are opened, in the other with the first thing that is recorded in them. Between the steps people are joined,
 * separated and erased, and the clock is moved, also back.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { LedgerStore, type Session } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"
import { wholePerson } from "../support/wholePerson.ts"

const start = Date.UTC(2024, 0, 31)
const minute = 60_000

type UseCases = Ledger.UseCases

/** Tokens are counted from the one that was opened last. Browser 0 opens its sessions on server 0, browser 1 on 1. */
type Step = { readonly server: number } & (
  | { readonly kind: "open"; readonly browser: number }
  | { readonly kind: "read"; readonly token: number }
  | { readonly kind: "say"; readonly token: number; readonly consentState: ConsentState }
  | { readonly kind: "sayByKey"; readonly token: number; readonly consentState: ConsentState }
  | { readonly kind: "profile"; readonly token: number }
  | { readonly kind: "identify"; readonly token: number; readonly account: string }
  | { readonly kind: "separate"; readonly token: number }
  | { readonly kind: "erase"; readonly token: number; readonly isHeld: boolean }
)

const server = fc.constantFrom(0, 1)
const token = fc.constantFrom(0, 0, 1, 2, 3)
const consentState = fc.constantFrom<ConsentState>("accepted", "declined", "implied", "viewed")
const account = fc.constantFrom("ann", "bob")
const of = <Kind extends Step["kind"]>(kind: Kind) => ({ kind: fc.constant(kind), server })

const open = fc.record({ ...of("open"), browser: fc.constantFrom(0, 0, 1) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: open },
  { weight: 3, arbitrary: fc.record({ ...of("read"), token }) },
  { weight: 3, arbitrary: fc.record({ ...of("say"), token, consentState }) },
  { weight: 1, arbitrary: fc.record({ ...of("sayByKey"), token, consentState }) },
  { weight: 1, arbitrary: fc.record({ ...of("profile"), token }) },
  { weight: 3, arbitrary: fc.record({ ...of("identify"), token, account }) },
  { weight: 1, arbitrary: fc.record({ ...of("separate"), token }) },
  { weight: 2, arbitrary: fc.record({ ...of("erase"), token, isHeld: fc.boolean() }) },
)

/** Many steps of one instant, and those around the end of a session, of its extension and of the cache. */
const waits = [0, 0, 0, 0, 1, 999, 1000, 1001, minute - 1, minute, 29 * minute, 30 * minute - 1, 30 * minute]

type Script = ReadonlyArray<readonly [wait: number, step: Step]>
const script = (...further: ReadonlyArray<number>): fc.Arbitrary<Script> => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...waits, ...further), step), { maxLength: 14 })
  return fc.tuple(open, steps).map(([first, rest]) => [[0, first], ...rest])
}

/** A token, and the session as it was answered when it was opened. */
interface Opened {
  readonly token: string
  readonly session: Session
}

/** One of the two worlds. */
interface World {
  readonly name: string
  readonly isWritten: boolean
  readonly tokens: Array<Opened>
  /** The ids of people in the order in which they were answered. */
  readonly people: Array<string>
}

const worldOf = (name: string, isWritten: boolean): World => ({ name, isWritten, tokens: [], people: [] })

/** The number of a person, the same in both worlds. */
const numberOf = ({ people }: World, concordId: string): number => {
  if (!people.includes(concordId)) people.push(concordId)
  return people.indexOf(concordId)
}

const browserIds: Readonly<Record<string, ReadonlyArray<string>>> = {
  rows: ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"],
  tokens: ["33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"],
}

const itemOf = (scope: ProjectScope, concordId: string, consentState: ConsentState) => ({
  person: { concordId },
  consentType: scope.types.all[0]!.id,
  consentState,
  consentAction: "user_click" as const,
})

/** What is answered about the visitor of a session, with its end. */
const shownOf = Effect.fnUntraced(function* (world: World, scope: ProjectScope, ledger: UseCases, session: Session) {
  const { concordId, domain, expiresAt, ipAddress, userAgent } = session
  const { items } = yield* ledger.decisions({ ...scope, concordId })
  const statuses = items.map(({ decision }) => `${decision.status} ${decision.permitted}`)
  return { person: numberOf(world, concordId), domain, expiresAt, ipAddress, userAgent, statuses }
})

/** Plays a step, and returns everything of its answer that may not differ between the worlds. */
const play = Effect.fnUntraced(function* (
  world: World,
  scope: ProjectScope,
  servers: ReadonlyArray<UseCases>,
  step: Step,
) {
  if (step.kind === "open") {
    const contextId = browserIds[world.name]![step.browser]!
    const ledger = servers[step.browser]!
    const opening = { ...scope, contextId, ipAddress: "192.0.2.7", domain: "localhost", userAgent: `b${step.browser}` }
    const opened = yield* world.isWritten ? ledger.openSession(opening) : ledger.openUnwrittenSession(opening)
    if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
    world.tokens.push(opened)
    return yield* shownOf(world, scope, ledger, opened.session)
  }
  const ledger = servers[step.server]!
  const chosen = world.tokens.at(-1 - step.token)
  if (chosen === undefined) return "no such token"
  const { concordId } = chosen.session
  if (step.kind === "sayByKey") {
    const items = [{ ...itemOf(scope, concordId, step.consentState), consentAction: "import" as const }]
    const outcome = yield* ledger.record({ ...scope, submitter: "key", items })
    if (outcome._tag !== "Recorded") return outcome._tag
    return numberOf(world, outcome.events[0]!.concordId)
  }
  if (step.kind === "separate") {
    const { facts } = yield* wholePerson(scope.organization, concordId).pipe(
      Effect.provideService(Ledger.Ledger, ledger),
    )
    const undone = new Set(facts.flatMap(({ join }) => join ?? []))
    const last = facts.findLast(({ id, kind }) => kind === "joined" && !undone.has(id))
    if (last === undefined) return "no join"
    const undoing = { concordId, factId: last.id, submitter: "test", answer: () => "" }
    return (yield* ledger.undoJoin(scope.organization, undoing))._tag
  }
  if (step.kind === "erase") {
    const { items } = yield* ledger.decisions({ ...scope, concordId })
    // Of a guest without an event nothing is kept in one of the worlds, so that there is nothing to erase.
    if (items.every(({ decision }) => decision.status === "unknown")) return "nothing to erase"
    const held = step.isHeld ? { held: { id: yield* uuid, scope: "held" as const } } : {}
    const erasing = { concordId, submitter: "test", reason: "request" as const, ...held }
    return (yield* ledger.erase(scope.organization, erasing))._tag
  }
  const live = yield* ledger.liveSession(scope.project, chosen.token)
  if (Option.isNone(live)) return "ended"
  const session = yield* ledger.useSession(scope.project, live.value)
  if (step.kind === "read") return yield* shownOf(world, scope, ledger, session)
  if (step.kind === "profile") {
    const profile = { firstName: "Ann" }
    return (yield* ledger.keepProfile({ ...scope, session, profile, identifiers: {} }))._tag
  }
  if (step.kind === "say") {
    const items = [itemOf(scope, session.concordId, step.consentState)]
    const batch = { ...scope, submitter: session.concordId, session, items }
    const outcome = yield* ledger.record(batch)
    if (outcome._tag !== "Recorded") return outcome._tag
    const [event] = outcome.events
    const { ipAddress, userAgent } = JSON.parse(event!.body).session
    return { person: numberOf(world, event!.concordId), ipAddress, userAgent }
  }
  const value = `${step.account} of ${world.name}`
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value, isHashed: false }))
  const now = yield* Clock.currentTimeMillis
  const evidence = { kind: alias.kind, issuedAt: now, expiresAt: now + minute }
  const outcome = yield* ledger.identify({ ...scope, session, alias, evidence, signed: yield* uuid })
  if (outcome._tag !== "Identified") return outcome._tag
  const next = Option.getOrThrow(yield* ledger.liveSession(scope.project, outcome.token))
  world.tokens.push({ token: outcome.token, session: next })
  return { isSynced: outcome.isSynced, ...(yield* shownOf(world, scope, ledger, next)) }
})

const uuid = Effect.sync(() => crypto.randomUUID())

/** Plays a script in both worlds. `mayEnd`: the session that is not written may have ended where the other one has not. */
const program = (script: Script, mayEnd = false) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const store = Layer.succeed(LedgerStore, yield* LedgerStore)
    const ledgerLayer = Ledger.layer.pipe(Layer.provide([store, NodeCrypto.layer, TestKeys.layer]))
    const founding = yield* Effect.provide(Ledger.Ledger, Layer.fresh(ledgerLayer))
    const { project } = Option.getOrThrow(yield* founding.found)
    const other = yield* Effect.provide(Ledger.Ledger, Layer.fresh(ledgerLayer))
    const scope = Option.getOrThrow(yield* other.projectScope(project.id))
    const worlds = [worldOf("rows", true), worldOf("tokens", false)] as const
    let now = start
    const played: Array<unknown> = []
    for (const [wait, step] of script) {
      now += wait
      yield* TestClock.setTime(now)
      const [rows, tokens] = yield* Effect.forEach(worlds, (world) => play(world, scope, [founding, other], step))
      played.push(step, rows)
      if (mayEnd && tokens === "ended" && rows !== tokens) return
      expect(tokens, JSON.stringify(played)).toEqual(rows)
    }
  })

const stores = threeStores(SlowMemory.layer, {
  memory: times(60, 6_000),
  sqlite: times(12, 600),
  postgres: times(4, 200),
})

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const run = (played: ReturnType<typeof program>) =>
    played.pipe(Effect.provide(store()), Effect.provide(TestClock.layer()), Effect.scoped, Effect.runPromise)

  test("A token without a row answers what one with a row answers, whatever happens to its person.", () =>
    fc.assert(
      fc.asyncProperty(script(), (steps) => run(program(steps))),
      { numRuns },
    ))

  // A row says at which instant its session ended, so that it counts again by a clock that is set back before that.
  test("Where a clock is set back, a token without a row answers the same, or has ended.", () =>
    fc.assert(
      fc.asyncProperty(script(-1000, -1000), (steps) => run(program(steps, true))),
      { numRuns },
    ))
})
