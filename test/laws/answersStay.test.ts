/**
 * Law 16 on a ledger over the store in memory: random events, changes of consent types, joins and undoing, with
 * questions in between. Every answer is asked for again at the end, with the instants that it carries.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { TypeChange } from "../../core/catalog/ConsentTypes.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { Identifiers } from "../../core/model/People.ts"
import type { Session } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import { wholePerson } from "../support/wholePerson.ts"
import * as TestKeys from "../support/keys.ts"

const hour = 3_600_000
const start = Date.UTC(2024, 0, 31)

/** Few identifiers, so that people meet; each step of the clock is small, so that events of one millisecond occur. */
const identifiers: ReadonlyArray<Identifiers> = [
  { userId: "ann" },
  { email: "ann@example.com" },
  { email: "ann@example.com", userId: "ann" },
  { userId: "bob" },
  { email: "family@example.com" },
]
const identifier = fc.constantFrom(...identifiers)
const wait = fc.constantFrom(0, 0, 1, hour, -1)
const ago = fc.constantFrom(undefined, 0, hour, 30 * hour)
const typeIndex = fc.constantFrom(0, 1, 2)

const day = { years: 0, months: 0, days: 1, millis: 0 }

const changes: ReadonlyArray<TypeChange> = [
  { rules: { maxAge: { accepted: day } } },
  { rules: { precedence: "most-recent", permits: "viewed" } },
  { rules: {} },
  { consentDuration: day },
  { consentDuration: null },
  { requireReaccept: true },
  { description: "other words" },
  { description: "more words", requireReaccept: true },
]

type Step =
  | {
      readonly kind: "say"
      readonly person: Identifiers
      readonly type: number
      readonly state: ConsentState.ConsentState
      readonly ago: number | undefined
    }
  | { readonly kind: "visit"; readonly guest: number; readonly type: number; readonly state: ConsentState.ConsentState }
  | { readonly kind: "identify"; readonly guest: number; readonly by: "email" | "userId"; readonly value: string }
  | { readonly kind: "undo"; readonly guest: number }
  | {
      readonly kind: "change"
      readonly type: number
      readonly change: TypeChange
      readonly inHours: number | undefined
    }
  | { readonly kind: "create" }
  | { readonly kind: "cancel"; readonly type: number }
  | { readonly kind: "remove"; readonly type: number }
  | {
      readonly kind: "ask"
      readonly person: Identifiers | number
      readonly at: number | undefined
      readonly knownAt: number | undefined
    }

const state = fc.constantFrom(...ConsentState.all)
const guest = fc.constantFrom(0, 1)
const shift = fc.constantFrom(undefined, undefined, 0, -1, -hour, hour)

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ kind: fc.constant("say" as const), person: identifier, type: typeIndex, state, ago }),
  fc.record({ kind: fc.constant("visit" as const), guest, type: typeIndex, state }),
  fc.record({
    kind: fc.constant("identify" as const),
    guest,
    by: fc.constantFrom("email" as const, "userId" as const),
    value: fc.constantFrom("ann", "family"),
  }),
  fc.record({ kind: fc.constant("undo" as const), guest }),
  fc.record({
    kind: fc.constant("change" as const),
    type: typeIndex,
    change: fc.constantFrom(...changes),
    inHours: fc.constantFrom(undefined, undefined, 1),
  }),
  fc.record({ kind: fc.constant("create" as const) }),
  fc.record({ kind: fc.constant("cancel" as const), type: typeIndex }),
  fc.record({ kind: fc.constant("remove" as const), type: typeIndex }),
  fc.record({ kind: fc.constant("ask" as const), person: fc.oneof(identifier, guest), at: shift, knownAt: shift }),
  fc.record({ kind: fc.constant("ask" as const), person: fc.oneof(identifier, guest), at: shift, knownAt: shift }),
)
const script = fc.array(fc.tuple(wait, step), { minLength: 4, maxLength: 16 })

/** A ledger with two visitors that are guests at first. */
interface World {
  readonly projectId: string
  readonly guests: Array<{ session: Session; readonly first: string; fact: string | undefined }>
}

const scopeOf = Effect.fnUntraced(function* ({ projectId }: World) {
  const ledger = yield* Ledger.Ledger
  return Option.getOrThrow(yield* ledger.projectScope(projectId))
})

const open = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const outcome = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
  expect(outcome._tag).toBe("Opened")
  return (outcome as Extract<typeof outcome, { _tag: "Opened" }>).session
})

/** The answer about a person, as JSON. */
const ask = Effect.fnUntraced(function* (
  world: World,
  person: Identifiers | number,
  instants: { readonly at?: Instant; readonly knownAt?: Instant },
) {
  const ledger = yield* Ledger.Ledger
  const scope = yield* scopeOf(world)
  const named =
    typeof person === "number"
      ? { concordId: world.guests[person]!.first }
      : yield* ledger.find(scope, Object.fromEntries(Object.entries(person).slice(0, 1)))
  if ("faults" in named) throw new Error("the identifier is valid")
  const { concordId, items } = yield* ledger.decisions({ ...scope, ...named, ...instants })
  return items.map(({ decision, type }) => Exchange.decisionToLine(concordId, type, decision))
})

/** An answer, and how to ask for it again. */
interface Answered {
  readonly person: Identifiers | number
  readonly lines: Effect.Success<ReturnType<typeof ask>>
}

const carryOut = Effect.fnUntraced(function* (world: World, step: Step, answered: Array<Answered>) {
  const ledger = yield* Ledger.Ledger
  const scope = yield* scopeOf(world)
  const now = yield* Clock.currentTimeMillis
  const type = scope.types.all["type" in step ? step.type : 0]
  switch (step.kind) {
    case "say":
    case "visit": {
      if (type === undefined) return
      const isSaid = step.kind === "say"
      const visitor = isSaid ? undefined : world.guests[step.guest]!.session
      const item = {
        person: isSaid ? step.person : { concordId: visitor!.concordId },
        consentType: type.id,
        consentState: step.state,
        consentAction: "import" as const,
        ...(isSaid && step.ago !== undefined && { consentDate: now - step.ago }),
      }
      yield* ledger.record({ ...scope, submitter: "test", items: [item] })
      return
    }
    case "identify": {
      const visitor = world.guests[step.guest]!
      const value = step.by === "email" ? `${step.value}@example.com` : step.value
      const alias = yield* ledger.aliasOf(scope, { kind: step.by, value, isHashed: false })
      const evidence = { kind: step.by, issuedAt: now, expiresAt: now + hour }
      const signed = `${step.guest} ${answered.length} ${visitor.session.id}`
      const request = { ...scope, session: visitor.session, alias: Option.getOrThrow(alias), evidence, signed }
      const identified = yield* ledger.identify(request)
      if (identified._tag !== "Identified") return
      const session = yield* ledger.liveSession(scope.project, identified.token)
      if (Option.isSome(session)) visitor.session = session.value
      const { facts } = yield* wholePerson(scope.organization, visitor.first)
      visitor.fact = facts.findLast(({ kind }) => kind !== "undone")?.id
      return
    }
    case "undo": {
      const { fact, first } = world.guests[step.guest]!
      if (fact !== undefined)
        yield* ledger.undoJoin(scope.organization, {
          concordId: first,
          factId: fact,
          submitter: "test",
          answer: () => "",
        })
      return
    }
    case "change": {
      const publishedAt = step.inHours === undefined ? {} : { publishedAt: now + step.inHours * hour }
      const change = { ...step.change, ...publishedAt }
      if (type !== undefined) yield* ledger.setup.updateType(scope, type.id, change, { answer: () => "" })
      return
    }
    case "create": {
      const fields = { category: "custom", subcategory: "test", label: `type_${scope.types.byId.size}`, name: "A type" }
      yield* ledger.setup.createType(scope, fields, { answer: () => "" })
      return
    }
    case "cancel": {
      const last = type?.versions.at(-1)
      if (last !== undefined) yield* ledger.setup.cancelVersion(scope, type!.id, last.id, { answer: () => "" })
      return
    }
    case "remove": {
      if (type !== undefined) yield* ledger.setup.removeType(scope, type.id, { answer: () => "" })
      return
    }
    case "ask": {
      const instants = {
        ...(step.at !== undefined && { at: now + step.at }),
        ...(step.knownAt !== undefined && { knownAt: now + step.knownAt }),
      }
      answered.push({ person: step.person, lines: yield* ask(world, step.person, instants) })
    }
  }
})

// Kills: Reading uses the types of now for a past `knownAt`; Reading takes a `knownAt` that is ahead of the clock as it
// is; Terms.of uses the rules of now; a released identifier is not found as known before; a join counts before it was
// recorded; a version that was planned later invalidates earlier answers.
test("Asked again with its own `at` and `knownAt` an answer is the same, whatever was recorded, set up, released, joined or undone since.", () =>
  fc.assert(
    fc.asyncProperty(script, (steps) =>
      Effect.runPromise(
        Effect.gen(function* () {
          yield* TestClock.setTime(start)
          const ledger = yield* Ledger.Ledger
          const { project } = Option.getOrThrow(yield* ledger.found)
          const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
          const guests = [yield* open(scope), yield* open(scope)].map((session) => ({
            session,
            first: session.concordId,
            fact: undefined,
          }))
          const world: World = { projectId: project.id, guests }
          const answered: Array<Answered> = []
          yield* TestClock.adjust(1)
          for (const [wait, step] of steps) {
            yield* TestClock.setTime((yield* Clock.currentTimeMillis) + wait)
            yield* carryOut(world, step, answered)
          }
          for (const { lines, person } of answered) {
            const [first] = lines
            if (first === undefined) continue
            const instants = { at: Date.parse(first.at), knownAt: Date.parse(first.knownAt) }
            expect(yield* ask(world, person, instants)).toEqual(lines)
          }
        }).pipe(
          Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))),
          Effect.provide(TestClock.layer()),
        ),
      ),
    ),
    { numRuns: times(90, 3000) },
  ))
