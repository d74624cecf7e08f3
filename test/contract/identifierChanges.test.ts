/** Releases and renames of several servers on one store, which do not wait for each other. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Context, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2024, 0, 31)

type Service = Ledger.Ledger["Service"]

/** Two ledgers over one store, with a person that has a `userId`. */
const twoServers = (
  check: (servers: readonly [Service, Service], scope: ProjectScope) => Effect.Effect<void, unknown, LedgerStore>,
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const { people, ...parts } = yield* LedgerStore
    // Each change waits for a turn, so that both servers have prepared theirs before one is kept.
    const change: typeof people.change = (asked) => Effect.andThen(Effect.yieldNow, people.change(asked))
    const store = { ...parts, people: { ...people, change } }
    const made = Layer.build(Layer.fresh(Ledger.layer)).pipe(
      Effect.map((context) => Context.get(context, Ledger.Ledger)),
      Effect.provideService(LedgerStore, store),
      Effect.provide(TestKeys.layer),
    )
    const servers = [yield* made, yield* made] as const
    const { project } = Option.getOrThrow(yield* servers[0].found)
    const scope = Option.getOrThrow(yield* servers[0].projectScope(project.id))
    yield* say(servers[0], scope, "a")
    yield* check(servers, scope)
  }).pipe(Effect.scoped, Effect.provide([MemoryStore.layer, NodeCrypto.layer, TestClock.layer()]), Effect.runPromise)

const say = (ledger: Service, scope: ProjectScope, userId: string) =>
  ledger.record({
    ...scope,
    submitter: "test",
    items: [
      {
        person: { userId },
        consentType: scope.types.all[0]!.id,
        consentState: "accepted",
        consentAction: "user_click",
      },
    ],
  })

const rename = (ledger: Service, { organization }: ProjectScope, newUserId: string, userId = "a") =>
  ledger.renameAccounts(organization, {
    items: [{ userId, newUserId }],
    submitter: "test",
    answer: () => "",
  })

const release = (ledger: Service, { organization }: ProjectScope) =>
  ledger.releaseIdentifier(organization, {
    identifier: { kind: "userId", value: "a" },
    reason: "closed",
    submitter: "test",
    answer: () => "",
  })

const tags = (outcomes: ReadonlyArray<{ readonly _tag: string }>) => outcomes.map(({ _tag }) => _tag).toSorted()

/** The kinds of the facts about the person that `a` named when it was recorded. */
const factsOf = Effect.fnUntraced(function* (ledger: Service, { organization }: ProjectScope, concordId: string) {
  const person = yield* ledger.person(organization, concordId, { caller: "test" })
  return person._tag === "Found" ? person.facts.map(({ kind }) => kind) : []
})

/** The person that `a` names, or named as known at an instant. */
const personNamed = Effect.fnUntraced(function* (ledger: Service, scope: ProjectScope, knownAt?: number) {
  const found = yield* ledger.find(scope, { userId: "a" })
  if (found._tag === "Refused") return yield* Effect.die(found)
  return (yield* ledger.decisions({ ...scope, ...found, ...(knownAt !== undefined && { knownAt }) })).concordId
})

// Kills: Renaming is prepared against no revision, so that the account gets both names.
test("An account that two servers rename at the same moment gets one of the names.", () =>
  twoServers((servers, scope) =>
    Effect.gen(function* () {
      const concordId = (yield* personNamed(servers[0], scope))!
      const renames = [rename(servers[0], scope, "b"), rename(servers[1], scope, "c")]
      expect(tags(yield* Effect.all(renames, { concurrency: 2 }))).toEqual(["Refused", "Renamed"])
      expect(yield* factsOf(servers[0], scope, concordId)).toEqual(["renamed"])
    }),
  ))

test("An identifier that two servers release at the same moment is released once.", () =>
  twoServers((servers, scope) =>
    Effect.gen(function* () {
      const concordId = (yield* personNamed(servers[0], scope))!
      const releases = servers.map((ledger) => release(ledger, scope))
      expect(tags(yield* Effect.all(releases, { concurrency: 2 }))).toEqual(["NotNamed", "Released"])
      expect(yield* factsOf(servers[0], scope, concordId)).toEqual(["released"])
    }),
  ))

// Kills: Releasing is dated by the clock alone.
test("A release by a server whose clock is behind is later than the claim, so that the identifier named its person then.", () =>
  twoServers((servers, scope) =>
    Effect.gen(function* () {
      const concordId = yield* personNamed(servers[0], scope)
      yield* TestClock.setTime(start - 60_000)
      expect((yield* release(servers[1], scope))._tag).toBe("Released")
      expect(yield* personNamed(servers[1], scope)).toBe(undefined)
      expect(yield* personNamed(servers[1], scope, start)).toBe(concordId)
    }),
  ))

// Kills: A claim is dated by the clock alone, so that the answer is about another person when it is asked again.
test.each([["release"], ["rename"]])(
  "An identifier that is claimed after a %s that is later than the clock names its next person from then on.",
  (how) =>
    twoServers(([asked, server], scope) =>
      Effect.gen(function* () {
        // The other server is asked, because a server records nothing about an identifier before its last answer.
        const before = yield* personNamed(asked, scope)
        yield* TestClock.setTime(start - 60_000)
        yield* how === "release" ? release(server, scope) : rename(server, scope, "b")
        expect((yield* say(server, scope, "a"))._tag).toBe("Recorded")
        const found = yield* server.find(scope, { userId: "a" })
        if (found._tag === "Refused") return yield* Effect.die(found)
        const { concordId, knownAt } = yield* server.decisions({ ...scope, ...found })
        expect(concordId).not.toBe(before)
        expect(yield* personNamed(server, scope, knownAt)).toBe(concordId)
        expect(yield* personNamed(server, scope, start)).toBe(before)
      }),
    ),
)

// Kills: A claim of another server is dated by the clock alone, because a rename is no release.
test.each([["an item"], ["a rename"]])(
  "An identifier that %s of another server claims after a rename that is later than the clock names its next person from then on.",
  (how) =>
    twoServers(([server, other], scope) =>
      Effect.gen(function* () {
        const before = yield* personNamed(other, scope)
        yield* TestClock.setTime(start - 60_000)
        yield* say(other, scope, "c")
        const renamed = yield* rename(other, scope, "b")
        const renamedAt = renamed._tag === "Renamed" ? renamed.accounts[0]!.renamedAt : yield* Effect.die(renamed)
        yield* how === "an item" ? say(server, scope, "a") : rename(server, scope, "a", "c")
        // No answer of the ledgers until now may date the claim.
        const { people } = yield* LedgerStore
        const found = yield* other.find(scope, { userId: "a" })
        if (found._tag === "Refused") return yield* Effect.die(found)
        const [named] = yield* people.byAlias(scope.organization, [found.alias!])
        expect(named?.concordId).not.toBe(before)
        expect(named?.dateCreated).toBeGreaterThanOrEqual(renamedAt)
        expect(yield* personNamed(other, scope, start)).toBe(before)
      }),
    ),
)

// Kills: KnownPeople forgets an account that a person had when an item before claims it.
test("An account that a person gave up counts, also if an item before claims it for another person.", () =>
  twoServers(([server], scope) =>
    Effect.gen(function* () {
      const item = {
        consentType: scope.types.all[0]!.id,
        consentState: "accepted",
        consentAction: "user_click",
      } as const
      const record = (...people: ReadonlyArray<Identifiers>) =>
        server.record({ ...scope, submitter: "test", items: people.map((person) => ({ ...item, person })) })
      const email = "a@example.com"
      yield* record({ userId: "a", email })
      yield* release(server, scope)
      const outcome = yield* record({ userId: "a" }, { projectUserId: "b", email })
      const violations = outcome._tag === "Refused" ? outcome.violations : []
      expect(violations.map(({ code, item }) => [item, code])).toEqual([[1, "identifier_conflict"]])
    }),
  ))
