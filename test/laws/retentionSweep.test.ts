/**
 * A sweep over memory, SQLite and PostgreSQL: each step is done once by however many servers, what is personal is gone
 * afterwards, and a period that was changed counts within a week.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import type { NewRequest, Opener } from "../../core/compliance-requests/ComplianceOpening.ts"
import type { TakenFile } from "../../core/compliance-requests/files/FileIntake.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { chunkBytes } from "../../core/ports/RequestFileStore.ts"
import * as TestKeys from "../support/keys.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, { memory: 1, sqlite: 1, postgres: 1 })

const start = Date.UTC(2026, 0, 5, 12)
const opener: Opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" }
const user = { email: "jo@example.com" }
const none = { lapse: 0, purge_files: 0, purge_private: 0, due_soon: 0, overdue: 0 }

/** A ledger with staff, and what is done in it. */
const make = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const store = yield* LedgerStore
  const { project } = Option.getOrThrow(yield* ledger.found)
  const scopeOf = Effect.map(ledger.projectScope(project.id), Option.getOrThrow)
  const set = (fields: object) =>
    Effect.flatMap(scopeOf, (scope) => ledger.setup.updateProject(scope, fields, { answer: () => "" }))
  yield* set({ contactEmails: ["staff@example.com"] })
  const open = Effect.fnUntraced(function* (item: Omit<NewRequest, "user">) {
    const outcome = yield* ledger.compliance.open(yield* scopeOf, { opener, items: [{ user, ...item }] })
    return outcome._tag === "Opened" ? outcome.requests[0]!.id : yield* Effect.die(outcome)
  })
  const deny = Effect.fnUntraced(function* (id: string) {
    const change = { status: "resolved", resolutionStatus: "denied", denialGround: "exempt" } as const
    yield* ledger.compliance.change(yield* scopeOf, id, change, { keyId: "k" })
  })
  /** Attaches a text of a number of bytes. */
  const attach = Effect.fnUntraced(function* (id: string, size: number) {
    const bytes = Stream.make(new TextEncoder().encode("x".repeat(size)))
    const sent = { fileName: "a.txt", declaredType: "text/plain", bytes }
    const taken = yield* ledger.compliance.takeFile(yield* scopeOf, id, sent, "key:k")
    if (taken._tag !== "Taken") return yield* Effect.die(taken)
    const outcome = yield* ledger.compliance.attachFile(
      yield* scopeOf,
      taken.file,
      { isForRequester: true },
      { by: "key:k" },
    )
    expect(outcome._tag).toBe("Changed")
    return { request: id, file: taken.file.file }
  })
  const chunksOf = ({ file, request }: Pick<TakenFile, "file" | "request">) =>
    Effect.map(
      Effect.forEach([0, 1, 2, 3], (ordinal) => store.requestFiles.chunk(project, request, file, ordinal)),
      (chunks) => chunks.filter((chunk) => chunk !== undefined).length,
    )
  const find = (id: string) =>
    Effect.flatMap(scopeOf, (scope) => Effect.map(ledger.compliance.find(scope, id), Option.getOrThrow))
  const privateOf = (id: string) => Effect.map(store.compliance.privateOf(project, [id]), ([row]) => row)
  const kindsOf = (id: string) =>
    Effect.map(store.compliance.facts(project, id), (facts) => facts.map(({ kind }) => kind))
  const mailsOf = (request: string) =>
    Effect.map(store.outbox.list([project], { request }, undefined, 99), (mails) =>
      mails.map(({ state, template }) => `${template} ${state}`).toSorted(),
    )
  /** Two servers sweep at once; together they do everything once. */
  const sweep = Effect.gen(function* () {
    const { sweep } = ledger.compliance
    const [a, b] = yield* Effect.all([sweep, sweep], { concurrency: 2 })
    expect([a.left, b.left]).toEqual([0, 0])
    return Object.fromEntries(
      Object.entries(a.steps).map(([what, count]) => [what, count + b.steps[what as keyof typeof none]]),
    )
  })
  const on = (days: number) => TestClock.setTime(start + days * 86_400_000)
  return { ledger, set, open, attach, chunksOf, deny, find, privateOf, kindsOf, mailsOf, sweep, on, project, store }
})

describe.each(stores)("A sweep over %s", (_name, store) => {
  const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger | LedgerStore>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provideMerge(store()), Layer.provide([NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  test("reminds staff, lapses, and removes what is personal, each once and on its day", () =>
    run(
      Effect.gen(function* () {
        const world = yield* make
        const { deny, find, kindsOf, mailsOf, on, open, privateOf, sweep } = world
        const worked = yield* open({ request: "view", isPreverified: true })
        const unseen = yield* open({ request: "view" })
        expect(yield* sweep).toEqual(none)
        // Due on 5 February: a month after receipt.
        yield* on(27)
        expect(yield* sweep).toEqual(none)
        yield* on(28)
        expect(yield* sweep).toEqual({ ...none, due_soon: 2 })
        yield* on(32)
        expect(yield* sweep).toEqual({ ...none, overdue: 2 })
        expect(yield* sweep).toEqual(none)
        const staff = (mails: ReadonlyArray<string>) => mails.filter((mail) => mail.startsWith("staff_"))
        const expected = ["staff_due_soon waiting", "staff_new waiting", "staff_overdue waiting"]
        expect(staff(yield* mailsOf(worked))).toEqual(expected)

        yield* on(90)
        expect(yield* sweep).toEqual(none)
        yield* on(91)
        expect(yield* sweep).toEqual({ ...none, lapse: 1 })
        expect(yield* privateOf(unseen)).toBeUndefined()
        expect((yield* mailsOf(unseen)).every((mail) => mail.endsWith("cancelled"))).toBe(true)
        expect((yield* find(unseen)).status).toBe("pending_verification")

        yield* deny(worked)
        const { purgeDate } = yield* find(worked)
        expect(purgeDate).toBe("2028-04-07")
        for (const days of [98, 105, 400, 822]) {
          yield* on(days)
          expect(yield* sweep).toEqual(none)
        }
        yield* on(823)
        expect(yield* sweep).toEqual({ ...none, purge_private: 1 })
        expect(yield* privateOf(worked)).toBeUndefined()
        expect((yield* kindsOf(worked)).slice(-3)).toEqual(["acknowledged", "resolved", "purged"])
        expect(yield* world.store.compliance.toSweep("9999-12-31", undefined, 9)).toEqual([])
      }),
    ))

  // Kills: files that stay after their time, or go before it; chunks that stay without their file.
  test("removes the files of a resolved request with every chunk, on its day", () =>
    run(
      Effect.gen(function* () {
        const { attach, chunksOf, deny, find, kindsOf, on, open, privateOf, set, sweep } = yield* make
        yield* set({ filesKeptFor: { months: 0, days: 7, millis: 0 } })
        const id = yield* open({ request: "view", isPreverified: true })
        const other = yield* open({ request: "view", isPreverified: true })
        const files = [yield* attach(id, 1), yield* attach(id, 2 * chunkBytes + 1), yield* attach(other, 1)] as const
        expect(yield* chunksOf(files[1])).toBe(3)
        yield* deny(id)
        const { filePurgeDate } = yield* find(id)
        expect(filePurgeDate).toBe("2026-01-13")
        yield* on(7)
        expect(yield* sweep).toEqual(none)
        expect(yield* Effect.forEach(files, chunksOf)).toEqual([1, 3, 1])
        yield* on(8)
        expect(yield* sweep).toEqual({ ...none, purge_files: 1 })
        expect(yield* sweep).toEqual(none)
        expect(yield* Effect.forEach(files, chunksOf)).toEqual([0, 0, 1])
        const { state } = yield* find(id)
        expect(state.files).toEqual([])
        expect((yield* kindsOf(id)).at(-1)).toBe("files_purged")
        expect(yield* privateOf(id)).toBeDefined()
      }),
    ))

  test("follows a period that was made shorter within a week, and removes abandoned files", () =>
    run(
      Effect.gen(function* () {
        const { deny, on, open, privateOf, project, set, store, sweep } = yield* make
        const id = yield* open({ request: "view", isPreverified: true })
        yield* deny(id)
        yield* store.requestFiles.begin(project, id, "11111111-1111-7111-8111-11111111111f", start)
        expect(yield* store.requestFiles.abandoned(start + 1, 9)).toHaveLength(1)
        yield* on(60)
        expect(yield* sweep).toEqual(none)
        expect(yield* store.requestFiles.abandoned(start + 1, 9)).toEqual([])
        yield* set({ requestsKeptFor: { months: 1, days: 0, millis: 0 } })
        yield* on(67)
        expect(yield* sweep).toEqual({ ...none, purge_private: 1 })
        expect(yield* privateOf(id)).toBeUndefined()
      }),
    ))
})
