/**
 * Identifying, recording with several identifiers and undoing, in any order, on a ledger that records and reads: every
 * answer is that of the people that a second statement of the law counts as one (`test/support/identityModel.ts`), and
 * stays what it is.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import type { Session, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as IdentityModel from "../support/identityModel.ts"
import { times } from "../support/long.ts"
import { wholePerson } from "../support/wholePerson.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2024, 0, 31)
const hour = 3_600_000

const visitors = [0, 1, 2]
const visitor = fc.constantFrom(...visitors)
const identifier = fc.constantFrom(...IdentityModel.identifiers)
const state = fc.constantFrom("accepted" as const, "declined" as const, "viewed" as const)

type Step =
  | { readonly kind: "say"; readonly who: number; readonly state: "accepted" | "declined" | "viewed" }
  | {
      readonly kind: "record"
      readonly by: ReadonlyArray<IdentityModel.Identifier>
      readonly state: "accepted" | "declined" | "viewed"
    }
  | { readonly kind: "identify"; readonly who: number; readonly as: IdentityModel.Identifier }
  | { readonly kind: "undo"; readonly fact: number }

/** At most one identifier of each kind. */
const given = fc
  .tuple(fc.constantFrom("user:u", "user:v", undefined), fc.constantFrom("email:e", "email:f", undefined))
  .map((some) => some.filter((each): each is IdentityModel.Identifier => each !== undefined))
  .filter((some) => some.length > 0)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("say" as const), who: visitor, state }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("record" as const), by: given, state }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("identify" as const), who: visitor, as: identifier }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("undo" as const), fact: fc.nat(5) }) },
)

/** Steps of the clock, mostly zero, because facts and events of one millisecond are the interesting cases. */
const script = fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 1, hour), step), { minLength: 3, maxLength: 14 })

const personOf = (by: ReadonlyArray<IdentityModel.Identifier>): Identifiers => {
  const person: { userId?: string; email?: string } = {}
  for (const each of by) {
    const [kind, value] = each.split(":") as ["user" | "email", string]
    if (kind === "user") person.userId = value
    else person.email = `${value}@example.com`
  }
  return person
}

/** A ledger in which a script is played, and the model of it. */
interface World {
  readonly scope: ProjectScope
  readonly sessions: Array<Session | undefined>
  /** The guest that each visitor was. */
  readonly guests: ReadonlyArray<string>
  readonly events: Array<StoredEvent>
  readonly model: IdentityModel.IdentityModel
  proofs: number
}

const record = Effect.fnUntraced(function* (
  { events, scope }: World,
  person: Identifiers,
  consentState: "accepted" | "declined" | "viewed",
) {
  const ledger = yield* Ledger.Ledger
  const item = { person, consentType: scope.types.all[0]!.id, consentState, consentAction: "import" as const }
  const outcome = yield* ledger.record({ ...scope, submitter: "test", items: [item] })
  if (outcome._tag !== "Recorded") return outcome
  events.push(...outcome.events)
  for (const { id } of outcome.alsoRecordedFor.get(0) ?? []) events.push((yield* ledger.event(scope.project, id))!)
  return outcome
})

const identify = Effect.fnUntraced(function* (world: World, who: number, as: IdentityModel.Identifier) {
  const { guests, model, scope, sessions } = world
  const ledger = yield* Ledger.Ledger
  const session = sessions[who]
  if (session === undefined) return
  const person = personOf([as])
  const proven =
    person.userId === undefined
      ? ({ kind: "email", value: person.email! } as const)
      : ({ kind: "userId", value: person.userId } as const)
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { ...proven, isHashed: false }))
  const evidence = { kind: alias.kind, issuedAt: start, expiresAt: start + hour }
  const proof = `proof ${world.proofs++}`
  expect((yield* ledger.identify({ ...scope, session, alias, evidence, signed: proof }))._tag).toBe("Identified")
  sessions[who] = undefined
  const guest = guests[who]!
  const { facts, survivor } = yield* wholePerson(scope.organization, guest)
  const own = facts.filter(({ submitter }) => submitter === session.id)
  const named = model.names.get(as)
  // An identifier of no one is given a person that was not there before.
  if (named === undefined) {
    expect(own.map(({ kind }) => kind)).toEqual(["identified", "joined"])
    expect([...guests, ...model.names.values()]).not.toContain(survivor)
    IdentityModel.claim(model, as, survivor)
    model.facts.push({ id: own[0]!.id, person: survivor, identifier: as, proof, isUndone: false })
  }
  const to = named ?? survivor
  expect(IdentityModel.oneWith(model, to).has(own.at(-1)!.survivor)).toBe(true)
  model.facts.push({ id: own.at(-1)!.id, person: guest, join: [guest, to], proof, isUndone: false })
})

const undo = Effect.fnUntraced(function* ({ model, scope }: World, index: number) {
  const ledger = yield* Ledger.Ledger
  const fact = model.facts[index]
  if (fact === undefined) return
  const outcome = yield* ledger.undoJoin(scope.organization, {
    concordId: fact.person,
    factId: fact.id,
    submitter: "test",
    answer: () => "",
  })
  expect(outcome._tag).toBe(IdentityModel.undo(model, fact) ? "UndoneBefore" : "Undone")
})

const play = Effect.fnUntraced(function* (world: World, step: Step) {
  const { guests, model } = world
  if (step.kind === "say") {
    expect((yield* record(world, { concordId: guests[step.who]! }, step.state))._tag).toBe("Recorded")
  } else if (step.kind === "identify") yield* identify(world, step.who, step.as)
  else if (step.kind === "undo") yield* undo(world, step.fact)
  else {
    const { isConflict, named } = IdentityModel.resolve(model, step.by)
    const outcome = yield* record(world, personOf(step.by), step.state)
    const isRefusal = step.state === "declined"
    expect(outcome._tag).toBe(isConflict && !isRefusal ? "Refused" : "Recorded")
    if (outcome._tag !== "Recorded") return
    const first = outcome.events[0]!.concordId
    const people = [first, ...(outcome.alsoRecordedFor.get(0) ?? []).map(({ concordId }) => concordId)]
    // A refusal is recorded for everybody its identifiers name. An account of no one has a person of its own then.
    const isFree = (each: IdentityModel.Identifier) => !model.names.has(each)
    const hasNew = named.size === 0 || (isConflict && step.by.some((each) => each.startsWith("user:") && isFree(each)))
    const isOld = (each: string) => !hasNew || each !== first
    expect(people.filter(isOld)).toEqual(isRefusal ? [...named] : [...named].slice(0, 1))
    if (hasNew) expect([...guests, ...model.names.values()]).not.toContain(first)
    for (const each of step.by) if (isFree(each)) IdentityModel.claim(model, each, first)
  }
})

/** Everyone that can be asked about: by an identifier or by the id of a guest. */
const asked = (guests: ReadonlyArray<string>): ReadonlyArray<IdentityModel.Identifier | { readonly guest: string }> => [
  ...IdentityModel.identifiers,
  ...guests.map((guest) => ({ guest })),
]

type Asked = ReturnType<typeof asked>[number]

const ask = Effect.fnUntraced(function* (
  { scope }: World,
  who: Asked,
  instants: { at?: number; knownAt?: number } = {},
) {
  const ledger = yield* Ledger.Ledger
  const identifiers = typeof who === "string" ? personOf([who]) : { concordId: who.guest }
  const found = yield* ledger.find(scope, identifiers)
  if (found._tag === "Refused") return yield* Effect.die(found)
  const { concordId, alias } = found
  const question = { ...scope, concordId, ...(alias !== undefined && { alias }), ...instants }
  const answer = yield* ledger.decisions(question)
  const [first] = answer.items
  return Exchange.decisionToLine(answer.concordId, first!.type, first!.decision)
})

/** The answer of the pure core, from the events of everyone that the model counts as one. */
const decided = ({ events, model, scope }: World, who: Asked, at: number, knownAt: number) => {
  const [type] = scope.types.all
  const person = typeof who === "string" ? model.names.get(who) : who.guest
  const group = person === undefined ? new Set<string>() : IdentityModel.oneWith(model, person)
  const own = events.filter(({ concordId, consentType }) => group.has(concordId) && consentType === type!.id)
  expect(own.every(({ dateCreated }) => dateCreated <= knownAt)).toBe(true)
  return Exchange.decisionToLine(undefined, type!, Decision.decide(own, Terms.make(type!, type!.rules, knownAt), at))
}

const run = (program: Effect.Effect<void, unknown, Ledger.Ledger>): Promise<void> =>
  Effect.runPromise(
    program.pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
    ),
  )

// Kills: PersonFacts.undoneWith leaves the join of the identification, Identifying.plan gives an identifier to the
// guest itself, Grouping.separate leaves a group as it was.
test("Whatever is identified, recorded and undone: everyone answers for what was said under its own identifiers and by those it is joined with, and each answer stays what it is.", () =>
  fc.assert(
    fc.asyncProperty(script, (script) =>
      run(
        Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          yield* TestClock.setTime(start)
          const { project } = Option.getOrThrow(yield* ledger.found)
          const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
          const sessions: Array<Session> = []
          for (const _ of visitors) {
            const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
            if (opened._tag === "Opened") sessions.push(opened.session)
          }
          const guests = sessions.map(({ concordId }) => concordId)
          const world: World = {
            scope,
            sessions: [...sessions],
            guests,
            events: [],
            model: IdentityModel.make(),
            proofs: 0,
          }
          const answers: Array<{ readonly who: Asked; readonly answer: Effect.Success<ReturnType<typeof ask>> }> = []
          let now = start
          for (const [wait, step] of script) {
            now += wait
            yield* TestClock.setTime(now)
            yield* play(world, step)
            for (const who of asked(guests)) {
              const answer = yield* ask(world, who)
              answers.push({ who, answer })
              const { concordId: _, ...rest } = answer
              const { concordId: __, ...expected } = decided(
                world,
                who,
                Date.parse(answer.at),
                Date.parse(answer.knownAt),
              )
              expect(rest).toEqual(expected)
            }
          }
          for (const { answer, who } of answers) {
            const instants = { at: Date.parse(answer.at), knownAt: Date.parse(answer.knownAt) }
            expect(yield* ask(world, who, instants)).toEqual(answer)
          }
        }),
      ),
    ),
    { numRuns: times(40, 2000) },
  ))
