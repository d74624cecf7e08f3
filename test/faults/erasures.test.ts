/**
 * Erasures that a crash ends after each of their steps, and erasures of the same people by two ledgers at once: with
 * the log of erasures, everything is as if they had been erased once. Over memory, SQLite and PostgreSQL.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as FileErasureLog from "../../adapters/erasure-log/FileErasureLog.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { ErasureLog, ErasureLogUnavailable } from "../../core/ports/ErasureLog.ts"
import { LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import { type Postgres, startPostgres, synced } from "../support/postgres.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-erasures-"))
let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres(synced)
}, 60_000)
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})
let files = 0

const stores = [
  ["memory", async () => MemoryStore.layer],
  ["sqlite", async () => SqliteStore.layer(join(folder, `${files++}.db`))],
  ["postgres", async () => PostgresStore.layer(await postgres.database())],
] as const

type Store = LedgerStore["Service"]
type Log = ErasureLog["Service"]

/** The short run plays the crashes over the first two stores. */
const crashStores = stores.slice(0, times(2, 3))

/** A store and a log as one process sees them, which may end at some step. */
type Crashing = (store: Store, log: Log) => { readonly store: Store; readonly log: Log }

const gone = new StoreUnavailable({ reason: "the process has ended" })
const logGone = new ErasureLogUnavailable({ reason: "the process has ended" })

const withErase = (store: Store, erase: Store["personal"]["erase"]): Store => ({
  ...store,
  personal: { ...store.personal, erase },
})

/** Crashes, and whether the log or the store has the erasure by then. */
const crashes: ReadonlyArray<readonly [step: string, isBegun: boolean, crashing: Crashing]> = [
  ["before the line in the log", false, (store, log) => ({ store, log: { ...log, begin: () => logGone } })],
  [
    "after the line in the log, which was not acknowledged",
    true,
    (store, log) => ({ store, log: { ...log, begin: (each) => Effect.andThen(log.begin(each), logGone) } }),
  ],
  ["before the transaction", true, (store, log) => ({ store: withErase(store, () => gone), log })],
  [
    "after the transaction, which was not acknowledged",
    true,
    (store, log) => ({
      store: withErase(store, (change) => Effect.andThen(store.personal.erase(change), gone)),
      log: { ...log, keep: () => logGone, finish: () => logGone },
    }),
  ],
  [
    "before the line that it is kept",
    true,
    (store, log) => ({ store, log: { ...log, keep: () => logGone, finish: () => logGone } }),
  ],
  [
    "before the files are scrubbed, after the line that it is kept",
    true,
    (store, log) => ({
      store: { ...store, personal: { ...store.personal, scrub: gone } },
      log: { ...log, finish: () => logGone },
    }),
  ],
  ["before the last line in the log", true, (store, log) => ({ store, log: { ...log, finish: () => logGone } })],
]

/** A ledger over a store and a log that others use as well. */
const ledgerOver = (store: Store, log: Log) =>
  Effect.provide(
    Ledger.Ledger,
    Ledger.layer.pipe(
      Layer.provide([Layer.succeed(LedgerStore, store), NodeCrypto.layer, TestKeys.layer]),
      Layer.provide(Layer.succeed(ErasureLog, log)),
    ),
  )

type UseCases = Ledger.UseCases

/** A guest that is joined with an account, and another person. */
const populate = Effect.fnUntraced(function* (ledger: UseCases) {
  const { organization, project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const [type] = scope.types.all
  const say = (person: object) =>
    Effect.gen(function* () {
      const item = { person, consentType: type!.id, consentState: "accepted", consentAction: "import" } as const
      const outcome = yield* ledger.record({ ...scope, submitter: organization.id, items: [item] })
      return outcome._tag === "Recorded" ? outcome.events[0]!.concordId : yield* Effect.die(outcome._tag)
    })
  const visit = { organization, project, ipAddress: "192.0.2.7", domain: "localhost" }
  const opened = yield* ledger.openSession(visit)
  if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
  const { session } = opened
  yield* say({ concordId: session.concordId })
  const account = yield* say({ userId: "ann" })
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: "ann", isHashed: false }))
  const evidence = { kind: "userId", issuedAt: 0, expiresAt: Date.now() + 60_000 } as const
  yield* ledger.identify({ organization, project, session, alias, evidence, signed: "signed" })
  const other = yield* say({ userId: "bob" })
  return { scope, account, guest: session.concordId, other }
})

const erasing = ({ organization }: ProjectScope, concordId: string) =>
  ({ concordId, submitter: organization.id, reason: "request" }) as const

/** Expects that two people are erased, together and once, and no one else. */
const expectErased = Effect.fnUntraced(function* (
  ledger: UseCases,
  store: Store,
  { account, guest, other, scope }: { account: string; guest: string; other: string; scope: ProjectScope },
) {
  const { organization } = scope
  const listed = yield* store.personal.erasures(organization, undefined, 10)
  expect(listed.map(({ members }) => members)).toEqual([[account, guest].toSorted()])
  for (const concordId of [account, guest]) {
    const { items } = yield* ledger.decisions({ ...scope, concordId })
    expect(items.every(({ decision }) => decision.because.rule === "erased")).toBe(true)
    expect(yield* store.personal.partsOf(organization, concordId, undefined, 10)).toEqual([])
    expect(yield* store.personal.keys(organization, [concordId])).toEqual([undefined])
    expect(yield* store.sessions.ofPerson(concordId, undefined, 10)).toEqual([])
    expect(yield* store.people.contextsOf(organization, [concordId])).toEqual([[]])
    expect(yield* store.people.aliasesOf(organization, [concordId])).toEqual([[]])
  }
  const { items } = yield* ledger.decisions({ ...scope, concordId: other })
  expect(items.some(({ decision }) => decision.permitted)).toBe(true)
  const again = yield* ledger.erase(organization, erasing(scope, account))
  expect(again._tag === "Erased" && again.erasure.id).toBe(listed[0]!.id)
})

type StoreOf = (typeof stores)[number][1]

/** Runs a program over a new store and a new log. */
const runOver = async <A>(storeOf: StoreOf, use: (store: Store, log: Log) => Effect.Effect<A, unknown>) => {
  const layer = Layer.merge(await storeOf(), FileErasureLog.layer(join(folder, `${files++}.ndjson`)))
  const program = Effect.gen(function* () {
    return yield* use(yield* LedgerStore, yield* ErasureLog)
  })
  return await Effect.runPromise(program.pipe(Effect.provide(layer)))
}

describe.each(crashStores)("Crashes over %s", (_name, storeOf) => {
  test.each(crashes)("a crash %s is finished by the log at the next start", (_step, isBegun, crashing) =>
    runOver(storeOf, (store, log) =>
      Effect.gen(function* () {
        const people = yield* populate(yield* ledgerOver(store, log))
        const own = crashing(store, log)
        const first = yield* ledgerOver(own.store, own.log)
        yield* Effect.exit(first.erase(people.scope.organization, erasing(people.scope, people.account)))
        const next = yield* ledgerOver(store, log)
        yield* next.replayErasures
        if (!isBegun) {
          expect(yield* store.personal.erasures(people.scope.organization, undefined, 10)).toEqual([])
          yield* next.erase(people.scope.organization, erasing(people.scope, people.account))
        }
        // Asked before the people are erased again, which would finish it as well.
        expect((yield* log.all).map(({ isDone, isKept }) => isDone && isKept)).toEqual([true])
        yield* expectErased(next, store, people)
        yield* next.replayErasures
        yield* expectErased(next, store, people)
      }),
    ),
  )
})

describe.each(stores)("Over %s", (_name, storeOf) => {
  test("two ledgers that erase the same people at once erase them once, and both answer it", () =>
    runOver(storeOf, (store, log) =>
      Effect.gen(function* () {
        const people = yield* populate(yield* ledgerOver(store, log))
        const ledgers = [yield* ledgerOver(store, log), yield* ledgerOver(store, log)]
        const { organization } = people.scope
        const asked = [people.account, people.guest, people.account, people.guest]
        const outcomes = yield* Effect.forEach(
          asked,
          (concordId, index) => ledgers[index % 2]!.erase(organization, erasing(people.scope, concordId)),
          { concurrency: "unbounded" },
        )
        const ids = outcomes.map((outcome) => (outcome._tag === "Erased" ? outcome.erasure.id : outcome._tag))
        expect(new Set(ids).size).toBe(1)
        yield* expectErased(ledgers[0]!, store, people)
        const logged = yield* log.all
        expect(logged.every(({ isDone }) => isDone)).toBe(true)
        expect(new Set(logged.flatMap(({ members }) => members))).toEqual(new Set([people.account, people.guest]))
        yield* ledgers[1]!.replayErasures
        yield* expectErased(ledgers[1]!, store, people)
      }),
    ))

  test("what one ledger records while another one erases its person is recorded, and from then on for a new person", () =>
    runOver(storeOf, (store, log) =>
      Effect.gen(function* () {
        const people = yield* populate(yield* ledgerOver(store, log))
        const [one, other] = [yield* ledgerOver(store, log), yield* ledgerOver(store, log)]
        const { organization, types } = people.scope
        const item = { consentType: types.all[0]!.id, consentState: "declined", consentAction: "import" } as const
        const say = (person: object) =>
          one.record({ ...people.scope, submitter: organization.id, items: [{ ...item, person }] })
        const persons = [{ userId: "ann" }, { concordId: people.account }, { concordId: people.guest, userId: "ann" }]
        const [erased, ...said] = yield* Effect.all(
          [other.erase(organization, erasing(people.scope, people.account)), ...persons.map(say), ...persons.map(say)],
          { concurrency: "unbounded" },
        )
        expect(erased!._tag).toBe("Erased")
        expect(said.map(({ _tag }) => _tag)).toEqual(said.map(() => "Recorded"))
        for (const person of persons) {
          const outcome = yield* say(person)
          const events = outcome._tag === "Recorded" ? outcome.events : []
          expect(events.map(({ concordId }) => concordId)).not.toContain(people.account)
          expect(events.map(({ concordId }) => concordId)).not.toContain(people.guest)
          expect(events).toHaveLength(1)
        }
        yield* expectErased(one, store, people)
      }),
    ))
})

test("a log that lacks erasures of the store, because there was none before, gets them at the start", async () => {
  const own = Effect.gen(function* () {
    const store = yield* LedgerStore
    const ledger = yield* Effect.provide(
      Ledger.Ledger,
      Ledger.layer.pipe(Layer.provide([Layer.succeed(LedgerStore, store), NodeCrypto.layer, TestKeys.layer])),
    )
    const people = yield* populate(ledger)
    const outcome = yield* ledger.erase(people.scope.organization, erasing(people.scope, people.account))
    expect(outcome).toMatchObject({ _tag: "Erased", isLogged: false })
    return { store, people }
  })
  const { people, store } = await Effect.runPromise(own.pipe(Effect.provide(MemoryStore.layer)))
  const logged = Effect.gen(function* () {
    const log = yield* ErasureLog
    const ledger = yield* ledgerOver(store, log)
    expect(Option.getOrThrow(yield* ledger.replayErasures)).toEqual({ erased: 0, logged: 1, isScrubbed: true })
    return yield* log.all
  })
  const path = join(folder, `${files++}.ndjson`)
  const all = await Effect.runPromise(logged.pipe(Effect.provide(FileErasureLog.layer(path))))
  expect(all).toMatchObject([{ members: [people.account, people.guest].toSorted(), isDone: true }])
})

describe("A backup from before an erasure, after which the files could not be scrubbed", () => {
  const id = "01930000-0000-7000-8000-000000000001"
  const lines = { begun: false, keep: undefined as Log["keep"] | undefined }
  type Lines = typeof lines
  const on = <A>(file: string, use: (store: Store) => Effect.Effect<A, unknown>) =>
    Effect.runPromise(Effect.flatMap(LedgerStore, use).pipe(Effect.provide(SqliteStore.layer(file))))
  const copy = (from: string, to: string): void => {
    for (const ending of ["", "-wal"]) if (existsSync(from + ending)) copyFileSync(from + ending, to + ending)
  }
  /** What a person's decisions are, as known at an instant or now. */
  const decided = (ledger: UseCases, { scope, account }: { scope: ProjectScope; account: string }, knownAt?: number) =>
    ledger.decisions({ ...scope, concordId: account, ...(knownAt !== undefined && { at: knownAt, knownAt }) })

  /** Erases, restores and replays; returns both erasures, and the answers as known at the first one's instant. */
  const restored = async ({ begun, keep }: Lines) => {
    const [own, backup] = [join(folder, `${files++}.db`), join(folder, `${files++}.db`)]
    const layer = FileErasureLog.layer(join(folder, `${files++}.ndjson`))
    const log = await Effect.runPromise(ErasureLog.pipe(Effect.provide(layer)))
    const people = await on(own, (store) => Effect.flatMap(ledgerOver(store, log), populate))
    const { account, guest, scope } = people
    copy(own, backup)
    const before = await on(own, (store) =>
      Effect.gen(function* () {
        const members = [account, guest].toSorted()
        const other = { id, organization: scope.organization.id, members, submitter: scope.organization.id } as const
        if (begun) yield* log.begin({ ...other, recordedAt: Date.now(), reason: "court" })
        const unscrubbed = { ...store, personal: { ...store.personal, scrub: Effect.succeed(false) } }
        const ledger = yield* ledgerOver(unscrubbed, keep === undefined ? log : { ...log, keep })
        const outcome = yield* ledger.erase(scope.organization, erasing(scope, account))
        if (outcome._tag !== "Erased") return yield* Effect.die(outcome._tag)
        yield* Effect.sleep("5 millis")
        return { outcome, answer: yield* decided(ledger, people, outcome.erasure.recordedAt) }
      }),
    )
    const after = await on(backup, (store) =>
      Effect.gen(function* () {
        const ledger = yield* ledgerOver(store, log)
        yield* ledger.replayErasures
        const answer = yield* decided(ledger, people, before.outcome.erasure.recordedAt)
        yield* expectErased(ledger, store, people)
        return { erasure: (yield* store.personal.erasures(scope.organization, undefined, 10))[0]!, answer }
      }),
    )
    return { before, after, logged: await Effect.runPromise(log.all) }
  }

  test("is erased at the same instant, and questions as known then are answered the same", async () => {
    const { after, before, logged } = await restored(lines)
    expect(before.outcome).toMatchObject({ isScrubbed: false, isLogged: true })
    const { id, members, recordedAt } = before.outcome.erasure
    expect(after.erasure).toMatchObject({ id, members, recordedAt })
    expect(after.answer.items).toEqual(before.answer.items)
    expect(logged).toMatchObject([{ id, recordedAt, isKept: true, isDone: true }])
  })

  test("is erased as the erasure that was kept, also if another one of the same people only began before", async () => {
    const { after, before, logged } = await restored({ ...lines, begun: true })
    const { id: kept, recordedAt } = before.outcome.erasure
    expect(after.erasure).toMatchObject({ id: kept, recordedAt, reason: "request" })
    expect(after.answer.items).toEqual(before.answer.items)
    expect(logged).toMatchObject([
      { id, isKept: false, isDone: false },
      { id: kept, recordedAt, isKept: true, isDone: true },
    ])
  })

  test("is erased at a later instant if the log could not keep the first one, and the answer said so", async () => {
    const { after, before, logged } = await restored({ ...lines, keep: () => logGone })
    const { id, recordedAt } = before.outcome.erasure
    expect(before.outcome).toMatchObject({ isScrubbed: false, isLogged: false })
    expect(before.outcome.notPromised).toContainEqual(expect.stringMatching(/^The erasure log could not be written/))
    expect(after.erasure.id).toBe(id)
    expect(after.erasure.recordedAt).toBeGreaterThan(recordedAt)
    expect(logged).toMatchObject([{ id, recordedAt: after.erasure.recordedAt, isKept: true }])
  })
})

test("an erasure that the log could not keep is kept there when it is sent again, or at the next start", () =>
  runOver(stores[0][1], (store, log) =>
    Effect.gen(function* () {
      const unscrubbed = { ...store, personal: { ...store.personal, scrub: Effect.succeed(false) } }
      const { account, other, scope } = yield* populate(yield* ledgerOver(store, log))
      const failing = yield* ledgerOver(unscrubbed, { ...log, keep: () => logGone })
      for (const concordId of [account, other]) {
        const outcome = yield* failing.erase(scope.organization, erasing(scope, concordId))
        expect(outcome).toMatchObject({ _tag: "Erased", isLogged: false })
      }
      const ledger = yield* ledgerOver(unscrubbed, log)
      expect((yield* log.all).map(({ isKept }) => isKept)).toEqual([false, false])
      const again = yield* ledger.erase(scope.organization, erasing(scope, account))
      expect(again).toMatchObject({ _tag: "Erased", isLogged: true })
      expect((yield* log.all).map(({ isKept }) => isKept)).toEqual([true, false])
      const before = yield* log.all
      expect(before.map(({ isDone }) => isDone)).toEqual([false, false])
      expect(Option.getOrThrow(yield* ledger.replayErasures)).toEqual({ erased: 0, logged: 0, isScrubbed: false })
      expect(yield* log.all).toEqual(before.map((each) => ({ ...each, isKept: true })))
    }),
  ))

test("a log that has an erasure begun at another instant than that of the store gets the store's", () =>
  runOver(stores[0][1], (store, log) =>
    Effect.gen(function* () {
      const { other, scope } = yield* populate(yield* ledgerOver(store, log))
      const failing = yield* ledgerOver(store, { ...log, keep: () => logGone, finish: () => logGone })
      const outcome = yield* failing.erase(scope.organization, erasing(scope, other))
      const [begun] = yield* log.all
      if (outcome._tag !== "Erased") return yield* Effect.die(outcome._tag)
      yield* log.begin({ ...begun!, recordedAt: begun!.recordedAt - 1 })
      yield* (yield* ledgerOver(store, log)).replayErasures
      const { id, recordedAt } = outcome.erasure
      expect(yield* log.all).toMatchObject([{ id, recordedAt, isKept: true, isDone: true }])
    }),
  ))
