/** The timeline of a person with everything that explains it, over a ledger in memory by a clock that the test sets. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import type { PersonTimeline } from "../../core/people/PersonTimeline.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2024, 0, 31)
const hour = 3_600_000

/** The instants of the steps, in hours after the start. */
const steps = { guest: 0, account: 1, version: 2, joined: 3, undone: 5, released: 7, erased: 9 }

interface Told {
  /** Asked before the erasure: by the released address, now and as known before, and by the person's own id. */
  readonly seen: { readonly [asked in "released" | "before" | "person"]: PersonTimeline }
  readonly guest: string
  readonly account: string
  readonly ask: (hours: number, by?: Identifiers) => Promise<PersonTimeline>
  readonly decisions: (timeline: PersonTimeline) => Promise<ReadonlyArray<unknown>>
  readonly type: string
}
let told: Told

const expected = <Outcome extends { readonly _tag: string }, Tag extends Outcome["_tag"]>(
  outcome: Outcome,
  tag: Tag,
) => {
  expect(outcome._tag).toBe(tag)
  return outcome as Extract<Outcome, { _tag: Tag }>
}

const play = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const at = (hours: number) => TestClock.setTime(start + hours * hour)
  yield* at(steps.guest)
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const type = scope.types.all[0]!
  const say = Effect.fnUntraced(function* (person: Identifiers, consentState: ConsentState, consentDate?: number) {
    const item = { person, consentType: type.id, consentState, consentAction: "user_click" as const }
    const items = [{ ...item, ...(consentDate !== undefined && { consentDate }) }]
    return expected(yield* ledger.record({ ...scope, submitter: "server", items }), "Recorded").events[0]!
  })
  const session = expected(
    yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" }),
    "Opened",
  ).session
  yield* say({ concordId: session.concordId }, "declined")
  yield* at(steps.account)
  const yes = yield* say({ userId: "ann", email: "ann@example.org" }, "accepted", start - hour)
  yield* at(steps.version)
  expected(
    yield* ledger.setup.updateType(
      scope,
      type.id,
      { description: "Other words.", requireReaccept: true },
      { answer: () => "" },
    ),
    "Changed",
  )
  yield* at(steps.joined)
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: "ann", isHashed: false }))
  const now = start + steps.joined * hour
  const evidence = { kind: alias.kind, issuedAt: now, expiresAt: now + hour }
  expected(yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id }), "Identified")
  yield* at(steps.undone)
  const page = expected(yield* ledger.person(scope.organization, yes.concordId, { caller: "test" }), "Found")
  const fact = page.facts.find(({ kind }) => kind === "joined")!
  const asAnswer = { submitter: "server", answer: () => "" }
  expected(
    yield* ledger.undoJoin(scope.organization, { concordId: yes.concordId, factId: fact.id, ...asAnswer }),
    "Undone",
  )
  yield* at(steps.released)
  const identifier = { kind: "email", value: "ann@example.org" } as const
  expected(
    yield* ledger.releaseIdentifier(scope.organization, { identifier, reason: "a secret reason", ...asAnswer }),
    "Released",
  )
  const found = expected(yield* ledger.find(scope, { email: "ann@example.org" }), "Found")
  const asked = { organization: scope.organization, project: scope.project, alias: found.alias! }
  const knownAt = start + steps.version * hour
  const seen = {
    released: yield* ledger.personTimeline({ ...asked, concordId: undefined }),
    before: yield* ledger.personTimeline({ ...asked, concordId: undefined, knownAt }),
    person: yield* ledger.personTimeline({ ...scope, concordId: yes.concordId }),
  }
  yield* at(steps.erased)
  yield* ledger.erase(scope.organization, { concordId: yes.concordId, submitter: "server", reason: "request" })
  yield* at(steps.erased + 1)
  return { scope, seen, session, type, yes }
})

beforeAll(async () => {
  const layer = Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))
  const context = await Effect.runPromise(
    Effect.scoped(Effect.map(Layer.build(Layer.merge(layer, TestClock.layer())), (built) => built)),
  )
  const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger>): Promise<A> =>
    Effect.runPromise(Effect.provide(program, context))
  const { scope, seen, session, type, yes } = await run(play)
  const asked = { organization: scope.organization, project: scope.project }
  told = {
    seen,
    guest: session.concordId,
    account: yes.concordId,
    type: type.id,
    ask: (hours, by = { concordId: yes.concordId }) =>
      run(
        Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          const { _tag: _, ...reference } = expected(yield* ledger.find(scope, by), "Found")
          return yield* ledger.personTimeline({ ...asked, ...reference, knownAt: start + hours * hour })
        }),
      ),
    decisions: ({ at, concordId, knownAt }) =>
      run(
        Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          const answered = yield* ledger.decisions({ ...asked, concordId, at, knownAt })
          return answered.items.map((each) => Exchange.decisionToLine(concordId, each.type, each.decision))
        }),
      ),
  }
})

const ofType = ({ types }: PersonTimeline) => types.find(({ type }) => type.id === told.type)!

test("has the events of everyone that was joined as known then, and no others", async () => {
  const states = async (hours: number) =>
    ofType(await told.ask(hours)).events.map(({ concordId, consentState }) => [concordId, consentState])
  const yes = [told.account, "accepted"]
  expect(await states(steps.account - 0.5)).toEqual([])
  expect(await states(steps.version)).toEqual([yes])
  expect(await states(steps.joined + 1)).toEqual([yes, [told.guest, "declined"]])
  expect(await states(steps.undone + 1)).toEqual([yes])
})

test("says with whom the person was joined, and which facts were recorded until then", async () => {
  const identity = async (hours: number) => {
    const { facts, members } = await told.ask(hours)
    return [members.length, facts.map(({ kind }) => kind)]
  }
  expect(await identity(steps.version)).toEqual([1, []])
  expect(await identity(steps.joined + 1)).toEqual([2, ["joined"]])
  expect(await identity(steps.undone + 1)).toEqual([1, ["joined", "undone"]])
  expect(await identity(steps.released + 1)).toEqual([1, ["joined", "undone", "released"]])
})

test("has the versions of the text that were known then, and the submitter of each event", async () => {
  const versions = async (hours: number) =>
    ofType(await told.ask(hours)).versions.map(({ description, version }) => [version, description])
  expect(await versions(steps.account)).toHaveLength(1)
  expect((await versions(steps.version))[1]).toEqual([2, "Other words."])
  expect(ofType(await told.ask(steps.version)).events[0]?.submitter).toBe("server")
})

test("decides as the ledger does, at the same instants", async () => {
  for (const hours of Object.values(steps)) {
    const timeline = await told.ask(hours)
    const lines = timeline.types.map(({ decision, type }) =>
      Exchange.decisionToLine(timeline.concordId, type, decision),
    )
    expect(lines).toEqual(await told.decisions(timeline))
    for (const { changes, decision } of timeline.types) {
      const last = changes.findLast(({ at }) => at <= timeline.at)
      expect(last?.status ?? "unknown").toBe(decision.status)
    }
  }
})

test("names the person that an identifier named then; a released one names no one", async () => {
  const { before, person, released } = told.seen
  expect([released.concordId, before.concordId, person.concordId]).toEqual([undefined, told.account, told.account])
  expect([released, before].map((each) => each.types.flatMap(({ events }) => events).length)).toEqual([0, 1])
  const named = async (hours: number) => (await told.ask(hours, { email: "ann@example.org" })).concordId
  // An erased identifier names no one at any instant, because nothing is left to look it up by.
  expect(await named(steps.version)).toBeUndefined()
  expect((await told.ask(steps.erased, { concordId: told.guest })).members).toEqual([told.guest])
})

test("says of an erased person that it was erased, and how many events are left without showing them", async () => {
  const after = await told.ask(steps.erased + 1)
  expect(after.erased).toMatchObject({ eventsLeft: 1, reason: "request" })
  expect(after.types.flatMap(({ events }) => events)).toEqual([])
  expect(ofType(after).decision.because.rule).toBe("erased")
  const before = await told.ask(steps.released)
  expect(ofType(before).events).toHaveLength(1)
  expect(before.erased?.recordedAt).toBeGreaterThan(before.knownAt)
})

test("has neither the reason nor the hash of a release, and the same digests for the same question", async () => {
  const timeline = await told.ask(steps.released + 1)
  expect(told.seen.person.facts.at(-1)).toMatchObject({ kind: "released", identifier: { kind: "email" } })
  for (const each of [timeline, told.seen.person]) {
    expect(JSON.stringify(each)).not.toContain("secret")
    expect(each.facts.some((fact) => "alias" in fact)).toBe(false)
  }
  expect((await told.ask(steps.released + 1)).inputs).toEqual(timeline.inputs)
  expect((await told.ask(steps.version)).inputs).not.toEqual(timeline.inputs)
})
