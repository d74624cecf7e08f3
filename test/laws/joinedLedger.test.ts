/**
 * Joining and undoing on a ledger that records and reads, over the store in memory: random events of three people, two
 * of which are guests that are identified as the third, by a clock that the test sets.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Catalog from "../../core/model/Catalog.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import type { Session, StoredEvent, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Terms from "../../core/engine/Terms.ts"
import { times } from "../support/long.ts"
import { wholePerson } from "../support/wholePerson.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2024, 0, 31)
const hour = 3_600_000

/** Few steps of the clock, mostly zero, because events of one millisecond are the interesting cases. */
const wait = fc.constantFrom(0, 0, 1, hour)

/** Steps of a clock that is sometimes set back. */
const waitOrBack = fc.constantFrom(0, 0, 1, hour, -1, -hour)

/** Ann, a person known to a server, and two guests. */
const ann = 0
const everybody = [ann, 1, 2]
const guest = fc.constantFrom(1, 2)

/** An event that a person records: how long ago it happened, and for how long it counts, in hours. */
interface Saying {
  readonly kind: "say"
  readonly who: number
  readonly type: number
  readonly consentState: ConsentState
  readonly ago: number
  readonly lasts: number | undefined
}

type Step = Saying | { readonly kind: "join" | "undo"; readonly who: number }
type Script = ReadonlyArray<readonly [wait: number, step: Step]>

const say: fc.Arbitrary<Saying> = fc.record({
  kind: fc.constant("say"),
  who: fc.constantFrom(...everybody),
  type: fc.constantFrom(0, 1),
  consentState: fc.constantFrom("accepted", "declined", "implied", "viewed"),
  ago: fc.constantFrom(0, 0, 1, 2),
  lasts: fc.constantFrom(undefined, 1, 2, 3),
})
const change = (kind: "join" | "undo") => fc.record({ kind: fc.constant(kind), who: guest })

const scriptsBy = (wait: fc.Arbitrary<number>): fc.Arbitrary<Script> =>
  fc.array(fc.tuple(wait, fc.oneof<fc.Arbitrary<Step>[]>(say, say, say, change("join"), change("undo"))), {
    maxLength: 10,
  })

/** Joins both guests, unless the script has, and undoes both joins, so that no one is joined in the end. */
const withUndoing = fc.tuple(scriptsBy(wait), scriptsBy(wait)).map(([before, after]): Script => {
  const both = (kind: "join" | "undo") => [1, 2].map((who) => [1, { kind, who }] as const)
  return [...before, ...both("join"), ...after, ...both("undo")]
})

/** What was recorded in a ledger so far. */
interface Told {
  readonly site: ProjectScope
  /** By the name of the person. */
  readonly concordIds: ReadonlyArray<string>
  readonly events: Array<StoredEvent>
  /** For each guest: the fact that joins it with Ann, from when and until when. */
  readonly joins: Map<number, { readonly id: string; readonly from: Instant; readonly to: Instant }>
}

const expected = <Outcome extends { readonly _tag: string }, Tag extends Outcome["_tag"]>(
  outcome: Outcome,
  tag: Tag,
) => {
  expect(outcome._tag).toBe(tag)
  return outcome as Extract<Outcome, { _tag: Tag }>
}

const visit = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  return expected(yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" }), "Opened").session
})

const record = Effect.fnUntraced(function* (
  told: Told["events"],
  scope: ProjectScope,
  person: Identifiers,
  saying: Saying,
  now: Instant,
) {
  const ledger = yield* Ledger.Ledger
  const { ago, consentState, lasts, type } = saying
  const consentDate = now - ago * hour
  const item = {
    person,
    consentType: scope.types.all[type]!.id,
    consentState,
    consentAction: "import" as const,
    consentDate,
    ...(lasts !== undefined && { expirationDate: consentDate + lasts * hour }),
  }
  told.push(...expected(yield* ledger.record({ ...scope, submitter: "test", items: [item] }), "Recorded").events)
})

const join = Effect.fnUntraced(function* (
  { concordIds, joins, site: scope }: Told,
  who: number,
  session: Session,
  now: Instant,
) {
  const ledger = yield* Ledger.Ledger
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: "ann", isHashed: false }))
  const evidence = { kind: alias.kind, issuedAt: now, expiresAt: now + hour }
  expected(yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id }), "Identified")
  const { facts } = yield* wholePerson(scope.organization, concordIds[who]!)
  const { dateCreated, id } = facts.find(({ member }) => member === concordIds[who])!
  joins.set(who, { id, from: dateCreated, to: Infinity })
})

const undo = Effect.fnUntraced(function* ({ concordIds, joins, site: scope }: Told, who: number) {
  const ledger = yield* Ledger.Ledger
  const { from, id } = joins.get(who)!
  expected(
    yield* ledger.undoJoin(scope.organization, {
      concordId: concordIds[ann]!,
      factId: id,
      submitter: "test",
      answer: () => "",
    }),
    "Undone",
  )
  const { facts } = yield* wholePerson(scope.organization, concordIds[who]!)
  const to = facts.find((fact) => fact.join === id)!.dateCreated
  // After the join the two are one person, at the latest as of the instant of the join.
  expect(to).toBeGreaterThan(from)
  joins.set(who, { id, from, to })
})

/** Records a script in a ledger; joins may be left out. `observe` is run after each step. */
const play = Effect.fnUntraced(function* (
  script: Script,
  isJoining: boolean,
  observe: (told: Told) => Effect.Effect<void, StoreUnavailable, Ledger.Ledger> = () => Effect.void,
) {
  const ledger = yield* Ledger.Ledger
  yield* TestClock.setTime(start)
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const events: Array<StoredEvent> = []
  const first: Saying = { kind: "say", who: ann, type: 1, consentState: "viewed", ago: 3, lasts: 1 }
  yield* record(events, scope, { userId: "ann" }, first, start)
  const guests = [yield* visit(scope), yield* visit(scope)]
  const concordIds = [events[0]!.concordId, ...guests.map(({ concordId }) => concordId)]
  const told: Told = { site: scope, concordIds, events, joins: new Map() }
  let now = start
  for (const [wait, step] of script) {
    now += wait
    yield* TestClock.setTime(now)
    const joined = told.joins.get(step.who)
    if (step.kind === "say") yield* record(events, scope, { concordId: concordIds[step.who]! }, step, now)
    else if (isJoining && step.kind === "join" && joined === undefined) {
      yield* join(told, step.who, guests[step.who - 1]!, now)
    } else if (isJoining && step.kind === "undo" && joined?.to === Infinity) yield* undo(told, step.who)
    yield* observe(told)
  }
  yield* TestClock.setTime(now + hour)
  return told
})

/** The answers about a person, with their instants. */
const ask = Effect.fnUntraced(function* (told: Told, who: number, instants: { at?: Instant; knownAt?: Instant } = {}) {
  const ledger = yield* Ledger.Ledger
  const { concordId, items } = yield* ledger.decisions({ ...told.site, concordId: told.concordIds[who], ...instants })
  return items.map(({ decision, type }) => Exchange.decisionToLine(concordId, type, decision))
})

/** Answers with names in place of ids, so that those of two ledgers can be compared. */
const named = ({ concordIds, events, site: scope }: Told, answers: unknown): unknown => {
  const ids = [concordIds, events.map(({ id }) => id), scope.types.all.map(({ id }) => id)]
  const names = new Map(ids.flatMap((some, kind) => some.map((id, index) => [id, `${kind} ${index}`])))
  const text = JSON.stringify(answers)
  return JSON.parse(text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => names.get(id) ?? id))
}

/** The people that are joined with a person as known at an instant. */
const oneWith = ({ joins }: Told, who: number, knownAt: Instant): ReadonlyArray<number> => {
  const isAnn = (each: number) =>
    each === ann || ((joins.get(each)?.from ?? Infinity) <= knownAt && knownAt < joins.get(each)!.to)
  return isAnn(who) ? everybody.filter(isAnn) : [who]
}

/** The answer of the pure core about a person, from the events of all people that are joined with it. */
const decided = (told: Told, who: number, at: Instant, knownAt: Instant) => {
  const members = oneWith(told, who, knownAt).map((each) => told.concordIds[each]!)
  return Catalog.typesKnownAt(told.site.types, knownAt).all.map((type) => {
    const events = told.events.filter((event) => event.consentType === type.id && members.includes(event.concordId))
    const decision = Decision.decide(events, Terms.make(type, type.rules, knownAt), at)
    return Exchange.decisionToLine(members[0], type, decision)
  })
}

/** The instants at which anything was recorded, and those just before. */
const learnt = ({ events, joins }: Told): ReadonlyArray<Instant> => {
  const ofJoins = [...joins.values()].flatMap(({ from, to }) => (to === Infinity ? [from] : [from, to]))
  const all = [...ofJoins, ...events.map(({ dateCreated }) => dateCreated)]
  return [...new Set(all.flatMap((at) => [at - 1, at]))]
}

const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger>): Promise<A> =>
  Effect.runPromise(
    program.pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
    ),
  )

/** The answers about all people now, and as of instants. */
const askAll = Effect.fnUntraced(function* (told: Told, instants: ReadonlyArray<Instant>) {
  const answers: Array<unknown> = []
  for (const who of everybody) {
    answers.push(yield* ask(told, who))
    for (const at of instants) answers.push(yield* ask(told, who, { at, knownAt: at }))
  }
  return named(told, answers)
})

// Kills: People.inForce keeps an undone join in force.
test("Join then undo gives back both people's answers: those of a ledger in which they were never joined.", () =>
  fc.assert(
    fc.asyncProperty(withUndoing, async (script) => {
      const [instants, joined] = await run(
        Effect.gen(function* () {
          const told = yield* play(script, true)
          const instants = learnt(told).filter((at) => everybody.every((who) => oneWith(told, who, at).length === 1))
          return [instants, yield* askAll(told, instants)] as const
        }),
      )
      const never = await run(Effect.flatMap(play(script, false), (told) => askAll(told, instants)))
      expect(joined).toEqual(never)
    }),
    { numRuns: times(60, 1000) },
  ))

// Kills: Reading.gather reads the events of one member only; PersonFacts.undo takes the clock's instant, even before
// the join's.
test("The state of joined people is the merge of their states, as of every instant: two before a join, one after it, two after the undoing.", () =>
  fc.assert(
    fc.asyncProperty(scriptsBy(waitOrBack), (script) =>
      run(
        Effect.gen(function* () {
          const told = yield* play(script, true)
          for (const who of everybody) {
            for (const at of learnt(told)) {
              const answer = yield* ask(told, who, { at, knownAt: at })
              // An instant that is ahead of the clock is read as the last one at which something was learnt.
              const knownAt = answer.length === 0 ? at : Date.parse(answer[0]!.knownAt)
              expect(knownAt === at || (knownAt < at && at > (yield* Clock.currentTimeMillis))).toBe(true)
              expect(answer).toEqual(decided(told, who, at, knownAt))
            }
          }
        }),
      ),
    ),
    { numRuns: times(60, 1000) },
  ))

// Kills: Reading.peopleOf does not see joins that are later than the clock.
test("A join or an undoing that was acknowledged is seen by the next question, and changes no answer given before.", () =>
  fc.assert(
    fc.asyncProperty(scriptsBy(waitOrBack), (script) =>
      run(
        Effect.gen(function* () {
          const given: Array<{ readonly who: number; readonly answer: Effect.Success<ReturnType<typeof ask>> }> = []
          const told = yield* play(script, true, (told) =>
            Effect.gen(function* () {
              for (const who of everybody) {
                const answer = yield* ask(told, who)
                const standing = oneWith(told, who, Number.MAX_SAFE_INTEGER)
                expect(answer[0]!.concordId).toBe(told.concordIds[standing[0]!])
                given.push({ who, answer })
              }
            }),
          )
          for (const { answer, who } of given) {
            const [at, knownAt] = [Date.parse(answer[0]!.at), Date.parse(answer[0]!.knownAt)]
            expect(yield* ask(told, who, { at, knownAt })).toEqual(answer)
          }
        }),
      ),
    ),
    { numRuns: times(60, 1000) },
  ))
