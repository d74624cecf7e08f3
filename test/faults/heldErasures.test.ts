/**
 * Answers to a `delete` that a crash ends after each of their steps, and backups from before erasures that kept
 * identifiers: with the log of erasures, everything is as if each had been made once, and what was recorded since
 * stays.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import * as FileErasureLog from "../../adapters/erasure-log/FileErasureLog.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { WorkChange } from "../../core/compliance-requests/ComplianceWork.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { ErasureLog, ErasureLogUnavailable, type LoggedState } from "../../core/ports/ErasureLog.ts"
import { type Erasure, LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-held-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

type Store = LedgerStore["Service"]
type Log = ErasureLog["Service"]
type UseCases = Ledger.UseCases

const gone = new StoreUnavailable({ reason: "the process has ended" })
const logGone = new ErasureLogUnavailable({ reason: "the process has ended" })

/** A ledger over a store and a log that others use as well. */
const ledgerOver = (store: Store, log: Log) =>
  Effect.provide(
    Ledger.Ledger,
    Ledger.layer.pipe(
      Layer.provide([Layer.succeed(LedgerStore, store), NodeCrypto.layer, TestKeys.layer]),
      Layer.provide(Layer.succeed(ErasureLog, log)),
    ),
  )

const newLog = () =>
  Effect.runPromise(ErasureLog.pipe(Effect.provide(FileErasureLog.layer(join(folder, `${files++}.ndjson`)))))

const on = <A>(file: string, use: (store: Store) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(Effect.flatMap(LedgerStore, use).pipe(Effect.provide(SqliteStore.layer(file))))

const newFile = (): string => join(folder, `${files++}.db`)

const copy = (from: string): string => {
  const to = newFile()
  for (const ending of ["", "-wal"]) if (existsSync(from + ending)) copyFileSync(from + ending, to + ending)
  return to
}

const answered = { status: "resolved", resolution: "done", resolutionStatus: "partially_completed" } as const
const held: WorkChange = { ...answered, erasure: { scope: "held", ground: "legal_claim" } }

const scopeOf = (ledger: UseCases) =>
  Effect.gen(function* () {
    yield* ledger.found
    const [project] = (yield* ledger.catalog).projects.keys()
    return Option.getOrThrow(yield* ledger.projectScope(project!))
  })

/** Records an answer of Ann with an external id, which is personal. */
const say = Effect.fnUntraced(function* (ledger: UseCases, scope: ProjectScope, externalId: string) {
  const type = { consentType: scope.types.all[0]!.id, consentState: "accepted", consentAction: "import" } as const
  const items = [{ ...type, person: { userId: "ann" }, externalId }]
  const outcome = yield* ledger.record({ ...scope, submitter: scope.organization.id, items })
  return outcome._tag === "Recorded" ? outcome.events[0]!.concordId : yield* Effect.die(outcome._tag)
})

/** A request of Ann to be erased. */
const open = Effect.fnUntraced(function* (ledger: UseCases, scope: ProjectScope) {
  const request = { request: "delete", user: {}, isPreverified: true, subject: { userId: "ann" } } as const
  const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
  const outcome = yield* ledger.compliance.open(scope, { opener, items: [request] })
  return outcome._tag === "Opened" ? outcome.requests[0]!.id : yield* Effect.die(outcome._tag)
})

const answer = (ledger: UseCases, scope: ProjectScope, id: string, change: WorkChange) =>
  ledger.compliance.change(scope, id, change, { keyId: "k", mayErase: true })

/** The external ids of Ann that are shown, in the order recorded. */
const shownOf = Effect.fnUntraced(function* (ledger: UseCases, scope: ProjectScope, concordId: string) {
  const page = yield* ledger.list(scope, "test", { concordId, limit: 100, sort: "dateCreated", order: "asc" })
  if (page._tag !== "Listed") return yield* Effect.die(page._tag)
  return page.items.flatMap(({ body }) => (JSON.parse(body) as { readonly externalId?: string }).externalId ?? [])
})

const erasuresOf = (store: Store, { organization }: ProjectScope) =>
  store.personal.erasures(organization, undefined, 10)

/** A store and a log as one process sees them, which may end at some step. */
type Crashing = (store: Store, log: Log) => { readonly store?: Store; readonly log?: Log }

const withErase = (store: Store, erase: Store["personal"]["erase"]): Store => ({
  ...store,
  personal: { ...store.personal, erase },
})

const withWrite = (store: Store, write: Store["compliance"]["write"]): Store => ({
  ...store,
  compliance: { ...store.compliance, write },
})

const crashes: ReadonlyArray<readonly [step: string, crashing: Crashing]> = [
  ["before the line in the log", (_, log) => ({ log: { ...log, begin: () => logGone } })],
  [
    "after the line in the log",
    (_, log) => ({ log: { ...log, begin: (each) => Effect.andThen(log.begin(each), logGone) } }),
  ],
  ["before the erasure", (store) => ({ store: withErase(store, () => gone) })],
  [
    "after the erasure, which was not acknowledged",
    (store, log) => ({
      store: withErase(store, (change) => Effect.andThen(store.personal.erase(change), gone)),
      log: { ...log, keep: () => logGone, finish: () => logGone },
    }),
  ],
  ["after the erasure, before the request is resolved", (store) => ({ store: withWrite(store, () => gone) })],
  [
    "after the request is resolved, which was not acknowledged",
    (store) => ({ store: withWrite(store, (change) => Effect.andThen(store.compliance.write(change), gone)) }),
  ],
]

/** The short run plays the crashes of the first one. */
const answers = [
  ["that keeps identifiers", held],
  ["that erases everything", answered],
] as const

describe.each(answers.slice(0, times(1, 2)))("An answer %s", (_name, change) => {
  test.each(crashes)(
    "that a crash ends %s is given when it is sent again, with one erasure",
    async (_step, crashing) => {
      const log = await newLog()
      await on(newFile(), (store) =>
        Effect.gen(function* () {
          const before = yield* ledgerOver(store, log)
          const scope = yield* scopeOf(before)
          const concordId = yield* say(before, scope, "before")
          const id = yield* open(before, scope)
          const own = { store, log, ...crashing(store, log) }
          yield* Effect.exit(answer(yield* ledgerOver(own.store, own.log), scope, id, change))
          const next = yield* ledgerOver(store, log)
          yield* next.replayErasures
          const outcome = yield* answer(next, scope, id, change)
          const state = outcome._tag === "Changed" ? outcome.request.state : undefined
          const resolved = state ?? Option.getOrThrow(yield* next.compliance.find(scope, id)).state
          const [erasure, ...others] = yield* erasuresOf(store, scope)
          expect([erasure!.scope, others]).toEqual([change === held ? "held" : undefined, []])
          expect(resolved.erasure).toMatchObject({ erasure: erasure!.id, counts: erasure!.destroyed })
          const facts = yield* store.compliance.facts(scope.project, id)
          expect(facts.filter(({ kind }) => kind === "erased")).toHaveLength(1)
          expect((yield* log.all).map(({ isKept, scope }) => [isKept, scope])).toEqual([[true, erasure!.scope]])
          expect(yield* store.personal.partsOf(scope.organization, concordId, undefined, 10)).toEqual([])
          expect(yield* store.personal.keys(scope.organization, [concordId])).toEqual([undefined])
          const isSame = (yield* say(next, scope, "after")) === concordId
          expect(isSame).toBe(change === held)
          if (isSame) expect(yield* shownOf(next, scope, concordId)).toEqual(["after"])
        }),
      )
    },
  )
})

test("another ledger, which holds the key and the session that were destroyed, keeps what it records under a new key", async () => {
  const log = await newLog()
  await on(newFile(), (store) =>
    Effect.gen(function* () {
      const [one, other] = [yield* ledgerOver(store, log), yield* ledgerOver(store, log)]
      const scope = yield* scopeOf(one)
      const { organization, project } = scope
      const concordId = yield* say(one, scope, "before")
      yield* say(other, scope, "before, too")
      const visit = { organization, project, ipAddress: "192.0.2.7", domain: "localhost" }
      const opened = yield* other.openSession(visit)
      if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
      const { session } = opened
      const alias = Option.getOrThrow(yield* other.aliasOf(scope, { kind: "userId", value: "ann", isHashed: false }))
      const evidence = { kind: "userId", issuedAt: 0, expiresAt: Date.now() + 60_000 } as const
      const identified = yield* other.identify({ ...visit, session, alias, evidence, signed: "signed" })
      if (identified._tag !== "Identified") return yield* Effect.die(identified._tag)
      const live = Option.getOrThrow(yield* other.liveSession(project, identified.token))
      expect(live.concordId).toBe(concordId)

      const outcome = yield* answer(one, scope, yield* open(one, scope), held)
      expect(outcome._tag).toBe("Changed")
      const type = {
        consentType: scope.types.all[0]!.id,
        consentState: "declined",
        consentAction: "user_click",
      } as const
      const items = [{ ...type, person: { concordId }, externalId: "in the session" }]
      const recorded = yield* other.record({ ...scope, submitter: concordId, session: live, items })
      expect(recorded._tag).toBe("Recorded")
      expect(yield* say(other, scope, "after")).toBe(concordId)
      const kept = yield* other.keepProfile({ ...scope, session: live, profile: { firstName: "Ann" }, identifiers: {} })
      expect(kept._tag).toBe("ProfileKept")
      for (const ledger of [one, other, yield* ledgerOver(store, log)]) {
        expect(yield* shownOf(ledger, scope, concordId)).toEqual(["in the session", "after"])
      }
      const parts = yield* store.personal.partsOf(organization, concordId, undefined, 10)
      expect(parts.map(({ kind }) => kind)).toEqual(["event", "event", "profile"])
    }),
  )
})

/** Two erasures that keep identifiers, and then one of everything; with a backup before each of them and after. */
const history = async (log: Log) => {
  const file = newFile()
  const step = (externalId: string, change: WorkChange) =>
    on(file, (store) =>
      Effect.gen(function* () {
        const ledger = yield* ledgerOver(store, log)
        const scope = yield* scopeOf(ledger)
        const concordId = yield* say(ledger, scope, externalId)
        const backup = copy(file)
        const outcome = yield* answer(ledger, scope, yield* open(ledger, scope), change)
        expect(outcome._tag).toBe("Changed")
        return { backup, concordId, scope }
      }),
    )
  const first = await step("first", held)
  const second = await step("second", held)
  return { file, step, ...first, backups: [first.backup, second.backup] }
}

/** Replays the log on a copy of a backup; returns the erasures then, what is shown of Ann, and the replayed number. */
const restored = (backup: string, log: Log, { concordId, scope }: { concordId: string; scope: ProjectScope }) =>
  on(copy(backup), (store) =>
    Effect.gen(function* () {
      const ledger = yield* ledgerOver(store, log)
      const { erased } = Option.getOrThrow(yield* ledger.replayErasures)
      const again = Option.getOrThrow(yield* ledger.replayErasures).erased
      const erasures = yield* erasuresOf(store, scope)
      return { erased, again, erasures, shown: yield* shownOf(ledger, scope, concordId) }
    }),
  )

const idsOf = (erasures: ReadonlyArray<Erasure>) => erasures.map(({ id, recordedAt, scope }) => [id, recordedAt, scope])

/** A log with its erasures in another order. */
const inOrder = (log: Log, order: (all: ReadonlyArray<LoggedState>) => ReadonlyArray<LoggedState>): Log => ({
  ...log,
  all: Effect.map(log.all, order),
})

describe("A backup that is restored", () => {
  test("is erased as the log says, at the same instants, and what was recorded since stays", async () => {
    const log = await newLog()
    const { backups, file, ...ann } = await history(log)
    const made = await on(file, (store) => erasuresOf(store, ann.scope))
    expect(made.map(({ scope }) => scope)).toEqual(["held", "held"])
    await on(file, (store) => Effect.flatMap(ledgerOver(store, log), (ledger) => say(ledger, ann.scope, "third")))
    const expected = { again: 0, shown: [] }
    for (const order of [
      (all: ReadonlyArray<LoggedState>) => all,
      (all: ReadonlyArray<LoggedState>) => all.toReversed(),
    ]) {
      const [first, second, whole] = [
        await restored(backups[0]!, inOrder(log, order), ann),
        await restored(backups[1]!, inOrder(log, order), ann),
        await restored(file, inOrder(log, order), ann),
      ]
      expect(first).toMatchObject({ ...expected, erased: 2 })
      expect(second).toMatchObject({ ...expected, erased: 1 })
      expect(whole).toMatchObject({ again: 0, erased: 0, shown: ["third"] })
      for (const { erasures } of [first, second, whole]) expect(idsOf(erasures)).toEqual(idsOf(made))
    }
  })

  test("from before an erasure of everything after it is erased in whole, whatever order the log has", async () => {
    const log = await newLog()
    const { backups, file, step, ...ann } = await history(log)
    const { backup } = await step("third", answered)
    const made = await on(file, (store) => erasuresOf(store, ann.scope))
    expect(made.map(({ scope }) => scope)).toEqual(["held", "held", undefined])
    for (const each of [...backups, backup]) {
      const { again, erasures, shown } = await restored(
        each,
        inOrder(log, (all) => all.toReversed()),
        ann,
      )
      expect([again, shown, idsOf(erasures)]).toEqual([0, [], idsOf(made)])
    }
  })

  test("is not erased by an erasure that only began and was followed by one that was kept", async () => {
    const log = await newLog()
    const { file, ...ann } = await history(log)
    const [first] = await on(file, (store) => erasuresOf(store, ann.scope))
    const { members, reason, recordedAt, submitter } = first!
    const begun = { members, reason, submitter, organization: ann.scope.organization.id, scope: "held" } as const
    const id = "01930000-0000-8000-8000-000000000001"
    await Effect.runPromise(log.begin({ ...begun, id, recordedAt: recordedAt + 1 }))
    await on(file, (store) => Effect.flatMap(ledgerOver(store, log), (ledger) => say(ledger, ann.scope, "third")))
    expect(await restored(file, log, ann)).toMatchObject({ erased: 0, shown: ["third"] })
    const later = "01930000-0000-8000-8000-000000000002"
    await Effect.runPromise(log.begin({ ...begun, id: later, recordedAt: Date.now() + 1 }))
    expect(await restored(file, log, ann)).toMatchObject({ erased: 1, again: 0, shown: [] })
  })
})
