/**
 * Import of rows, over memory, SQLite and PostgreSQL: random rows of few people, types and instants, so that equal
 * rows, conflicts of identifiers and ties happen in most runs, cut into blocks of one to four.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Result, Semaphore, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Mapping from "../../adapters/files/Mapping.ts"
import * as RowMapper from "../../adapters/files/RowMapper.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Intake from "../../core/transfer/Intake.ts"
import * as ItemDecoder from "../../core/formats/ItemDecoder.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
import { instants } from "../support/ledgers.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as TestClockPostgres from "../support/testClockPostgres.ts"
import { times } from "../support/long.ts"
import * as TestKeys from "../support/keys.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-importing-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

type Write = LedgerStore["Service"]["events"]["append"]

/** A store in memory with another `append`. */
const appending = (by: (append: Write) => Write) =>
  Layer.effect(
    LedgerStore,
    Effect.map(LedgerStore, (store) => ({ ...store, events: { ...store.events, append: by(store.events.append) } })),
  ).pipe(Layer.provide(MemoryStore.layer))

/**
 * A store that takes some time to append, as a disk does: the next block is prepared meanwhile. Some appends are
 * quicker than the one before them, and overtake it.
 */
const slowMemory = appending((append) => {
  let appends = 0
  return (request) =>
    Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 200 - (++appends % 3) * 90 }), append(request))
})

let postgres: Postgres
let database: string
beforeAll(async () => {
  postgres = await startPostgres()
  database = await postgres.database()
}, 60_000)
afterAll(() => postgres.stop())

const stores = [
  ["memory", () => MemoryStore.layer, times(4, 100)],
  ["slow memory", () => slowMemory, times(4, 100)],
  ["sqlite", () => SqliteStore.layer(join(folder, `${files++}.db`)), times(1, 2)],
  ["postgres", () => TestClockPostgres.layer(postgres, database), times(1, 2)],
] as const

const today = Date.UTC(2026, 0, 31)

/** Maps rows by what each value of the state means. */
const stateMap = (values: Readonly<Record<string, string>>) =>
  RowMapper.make(Result.getOrThrow(Mapping.decode({ consentState: { column: "consentState", values } }))).map

/** Runs an effect on a new ledger with the demonstration's types, by a clock that stands still. */
const onNew = <A>(
  store: (typeof stores)[number][1],
  program: (scope: ProjectScope) => Effect.Effect<A, unknown, Ledger.Ledger>,
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(today)
    const ledger = yield* Ledger.Ledger
    const { project } = Option.getOrThrow(yield* ledger.found)
    return yield* program(Option.getOrThrow(yield* ledger.projectScope(project.id)))
  }).pipe(
    Effect.provide(Ledger.layer.pipe(Layer.provide([store(), NodeCrypto.layer, TestKeys.layer]))),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

const people = [
  { userId: "u1" },
  { userId: "u2" },
  { email: "one@example.com" },
  { userId: "u1", email: "one@example.com" },
  { userId: "u2", email: "one@example.com" },
  { userId: "u2", email: "two@example.com" },
] as const

/** The people to ask about in the end: each identifier by itself. */
const identifiers = [{ userId: "u1" }, { userId: "u2" }, { email: "one@example.com" }, { email: "two@example.com" }]

const late = { category: "custom", subcategory: "club", label: "late" }
const iso = (at: number): string => new Date(at).toISOString()

/** A row about one of the demonstration's types; most are good. */
const written = fc
  .record({
    person: fc.oneof({ arbitrary: fc.constantFrom<object>(...people), weight: 8 }, fc.constantFrom({}, { email: "x" })),
    type: fc.constantFrom("newsletter", "newsletter", "newsletter", "analytics", "nothing"),
    consentState: fc.constantFrom("accepted", "declined", "declined", "viewed", "implied", "agreed"),
    consentDate: fc.option(fc.constantFrom(...instants.slice(0, 3)), { freq: 12 }),
    expirationDate: fc.option(fc.constantFrom(instants[1]!, instants[4]!), { freq: 2 }),
    externalId: fc.option(fc.constantFrom("x1", "x2"), { freq: 2 }),
  })
  .map(({ consentDate, expirationDate, externalId, person, type, consentState }) => ({
    ...person,
    ...(type === "newsletter" && { category: "communication", subcategory: "email", label: type }),
    ...(type === "analytics" && { category: "privacy_setting", subcategory: "analytics", label: type }),
    ...(type === "nothing" && late),
    consentState,
    ...(consentDate !== null && { consentDate: iso(consentDate) }),
    ...(expirationDate !== null && { expirationDate: iso(expirationDate) }),
    ...(externalId !== null && { externalId }),
  }))

const unreadable = { code: "unreadable", field: "", detail: "not JSON" }

const rows: fc.Arbitrary<ReadonlyArray<Intake.FileRow>> = fc
  .array(fc.oneof({ arbitrary: written, weight: 12 }, fc.constant(undefined)), { maxLength: 12 })
  .map((some) =>
    some.map((value, index) => ({
      line: index + 1,
      text: JSON.stringify(value ?? null),
      ...(value === undefined ? { faults: [unreadable] } : { value }),
    })),
  )

/** Whether a row has no identifier and no external id that could be in conflict with another row's. */
const isSingle = (row: Intake.FileRow): boolean =>
  !("value" in row && ("email" in Object(row.value) || "externalId" in Object(row.value)))

const blockSize = fc.integer({ min: 1, max: 4 })

/** Raised to end an import between two blocks, as if its process were killed. */
const killed = "killed"

interface Taking {
  readonly blockSize: number
  readonly keepRefusals?: boolean
  readonly map?: Intake.Intake["map"]
  /** The number of blocks after which it ends. */
  readonly killAfter?: number
}

/** The outcome of an import: the tally, and the violations of each row. */
const take = Effect.fnUntraced(function* (scope: ProjectScope, rows: ReadonlyArray<Intake.FileRow>, taking: Taking) {
  const rejections: Array<string> = []
  let blocks = 0
  const intake: Intake.Intake<typeof killed> = {
    ...scope,
    submitter: "test",
    isRestore: false,
    blockSize: taking.blockSize,
    keepRefusals: taking.keepRefusals ?? false,
    map: taking.map ?? RowMapper.make(Mapping.none).map,
    report: (found) => {
      rejections.push(...found.map(({ code, field, line }) => `${line} ${field} ${code}`))
      return ++blocks > (taking.killAfter ?? Infinity) ? Effect.fail(killed) : Effect.void
    },
  }
  const tally = yield* Intake.run(Stream.fromIterable([rows]), intake, yield* Ledger.Ledger)
  return { tally, rejections }
})

/** Uses the ledger without recording anything. */
const dryRun = <A, E>(doing: Effect.Effect<A, E, Ledger.Ledger>) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger.Ledger
    return yield* Effect.provideService(doing, Ledger.Ledger, ledger.dryRun(yield* LedgerStore))
  }).pipe(Effect.provide(MemoryStore.layer, { local: true }))

/** All events, in the order in which they were recorded. */
const exported = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const reading = yield* ledger.export(scope, {})
  const events: Array<StoredEvent> = []
  for (;;) {
    const page = yield* reading.next
    if (page === undefined) return events
    events.push(...page.events)
  }
})

/** An event without the ids, which differ from ledger to ledger. */
const said = (scope: ProjectScope, { body, consentType }: StoredEvent): string => {
  const { consentDate, consentState, expirationDate, externalId } = JSON.parse(body)
  return JSON.stringify([
    scope.types.byId.get(consentType)!.label,
    consentState,
    consentDate,
    expirationDate,
    externalId,
  ])
}

/**
 * Everything a ledger answers: which identifiers name the same person, and the timeline of each, with events without
 * their ids.
 */
const answers = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const events = yield* exported(scope)
  const names = new Map(events.map((event) => [event.id, said(scope, event)]))
  const found: Array<string | undefined> = []
  const told: Array<unknown> = []
  for (const identifier of identifiers) {
    const person = yield* ledger.find(scope, identifier)
    const concordId = person._tag === "Found" ? person.concordId : undefined
    found.push(concordId)
    const { items } = yield* ledger.timeline({ ...scope, concordId })
    const lines = items.map(({ decision, type }) => [type.label, Exchange.decisionToLine("", type, decision)])
    const text = JSON.stringify([found.indexOf(concordId), concordId === undefined, lines])
    told.push(
      JSON.parse(
        text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => names.get(id)?.replaceAll('"', "'") ?? ""),
      ),
    )
  }
  return { told, events: events.map((event) => said(scope, event)).toSorted() }
})

/** The lines of the rows whose external id another row has, too. */
const sharingExternalIds = (rows: ReadonlyArray<Intake.FileRow>): ReadonlySet<number> => {
  const idOf = (row: Intake.FileRow): unknown => ("value" in row ? Object(row.value).externalId : undefined)
  const byId = Map.groupBy(rows, idOf)
  return new Set(
    rows.filter((row) => idOf(row) !== undefined && byId.get(idOf(row))!.length > 1).map((row) => row.line),
  )
}

/**
 * Whether two different rows may say the same of one person, under other identifiers or with an external id. Then a row
 * that was not recorded yet is treated as recorded if the other one was.
 */
const haveLikes = (rows: ReadonlyArray<Intake.FileRow>): boolean => {
  const values = rows.flatMap((row) => ("value" in row ? [{ text: row.text, ...Object(row.value) }] : []))
  const said = ({ consentDate, consentState, expirationDate, label }: (typeof values)[number]) =>
    // A refusal is recorded without an expiration that is not after its date.
    JSON.stringify([label, consentState, consentDate, expirationDate > consentDate ? expirationDate : undefined])
  return values.some((one) =>
    values.some(
      (other) =>
        one.text !== other.text &&
        said(one) === said(other) &&
        (one.userId === other.userId || one.email !== undefined || other.email !== undefined),
    ),
  )
}

/** What events say, without external ids and each once. */
const sayings = (events: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set(events.map((event) => event.replace(/"x\d"\]/, "null]")))

const decodeItem = ItemDecoder.make(ItemLine.ItemLine, ItemLine.ItemLine, "import")

/**
 * Sends each row by itself, as the item of a request. Returns the violations of each, and how many events exceed the
 * rows.
 */
const post = Effect.fnUntraced(function* (scope: ProjectScope, rows: ReadonlyArray<Intake.FileRow>) {
  const ledger = yield* Ledger.Ledger
  const rejections: Array<string> = []
  // A refusal that is repeated by its external id answers the further events of the first.
  const further = new Set<string>()
  for (const row of rows) {
    const reject = (faults: ReadonlyArray<{ readonly field: string; readonly code: string }>) =>
      rejections.push(...faults.map(({ code, field }) => `${row.line} ${field} ${code}`))
    if ("faults" in row) {
      reject(row.faults)
      continue
    }
    const value = Object(row.value)
    const decoded = decodeItem({ consentAction: "import", ...value })
    const isDated = "consentDate" in value || value.consentState === "declined"
    const undated = isDated ? [] : [{ field: "consentDate", code: "missing" }]
    if (Result.isFailure(decoded) || undated.length > 0) {
      const faults = Result.isFailure(decoded) ? decoded.failure : []
      reject([...undated, ...faults.map(({ code, pointer }) => ({ code, field: pointer.slice(1) }))])
      continue
    }
    const outcome = yield* ledger.record({
      ...scope,
      submitter: "test",
      items: [ItemLine.toItem(decoded.success.value)],
    })
    if (outcome._tag === "Refused") reject(outcome.violations)
    if (outcome._tag === "Recorded") for (const { id } of outcome.alsoRecordedFor.get(0) ?? []) further.add(id)
  }
  return { further: further.size, rejections }
})

for (const [name, store, numRuns] of stores) {
  // Kills: an item that is refused claims its aliases; Importing.importBlock counts a repeated row twice, or lets no
  // block wait for its turn.
  test(`Rows in blocks are recorded, refused and answered about as requests with one item each, one after the other (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, blockSize, async (rows, blockSize) => {
        const [imported, rejections, tally] = await onNew(store, (scope) =>
          Effect.gen(function* () {
            const { rejections, tally } = yield* take(scope, rows, { blockSize })
            return [yield* answers(scope), rejections, tally] as const
          }),
        )
        const [posted, refused] = await onNew(store, (scope) =>
          Effect.gen(function* () {
            const refused = yield* post(scope, rows)
            return [yield* answers(scope), refused] as const
          }),
        )
        expect(imported).toEqual(posted)
        expect(rejections.toSorted()).toEqual(refused.rejections.toSorted())
        expect(tally.recorded).toBe(imported.events.length - refused.further)
        expect(tally.rejected).toBe(new Set(refused.rejections.map((each) => each.split(" ")[0])).size)
        expect(tally.recorded + tally.recordedBefore + tally.rejected).toBe(rows.length)
      }),
      { numRuns },
    ))

  // Kills: Importing.importBlock keeps no idempotency record.
  test(`Whenever an import is killed, run again it ends as one that was not killed; and again, it records nothing (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, blockSize, fc.nat(3), async (rows, blockSize, killAfter) => {
        // Whether identifiers are in conflict depends on what was recorded meanwhile; so does what becomes of a row
        // with the external id of another one.
        const isSteady = (each: string) => !each.endsWith(" identifier_conflict")
        const shared = sharingExternalIds(rows)
        const ofNew = (all: ReadonlyArray<string>) => {
          const rejections = all.filter((each) => !shared.has(parseInt(each)))
          const faulty = new Set(rejections.filter(isSteady).map((each) => each.split(" ")[0]))
          const conflicts = rejections.map((each) => each.split(" ")[0]).filter((line) => !faulty.has(line))
          return [...rejections.filter(isSteady), ...new Set(conflicts)].toSorted()
        }
        const once = await onNew(store, (scope) =>
          Effect.gen(function* () {
            const { rejections } = yield* take(scope, rows, { blockSize })
            return { rejections: ofNew(rejections), answered: yield* answers(scope) }
          }),
        )
        const again = await onNew(store, (scope) =>
          Effect.gen(function* () {
            yield* Effect.ignore(take(scope, rows, { blockSize, killAfter }))
            const { rejections } = yield* take(scope, rows, { blockSize })
            const answered = yield* answers(scope)
            const third = yield* take(scope, rows, { blockSize })
            expect([third.tally.recorded, ofNew(third.rejections)]).toEqual([0, ofNew(rejections)])
            expect(yield* answers(scope)).toEqual(answered)
            return { rejections: ofNew(rejections), answered }
          }),
        )
        if (!haveLikes(rows)) expect(again).toEqual(once)
        expect(again.rejections).toEqual(once.rejections)
        expect(sayings(again.answered.events)).toEqual(sayings(once.answered.events))
      }),
      { numRuns },
    ))

  // Kills: KnownRows.find takes an event of the same run for one that was there before.
  test(`Equal rows of a file are as many events, in any blocks, also of a person that was there before (${name}).`, () =>
    onNew(store, (scope) =>
      Effect.gen(function* () {
        const newsletter = { category: "communication", subcategory: "email", label: "newsletter", userId: "u1" }
        const fileOf = (count: number, at: number): ReadonlyArray<Intake.FileRow> => {
          const value = { ...newsletter, consentState: "accepted", consentDate: iso(at) }
          return Array.from({ length: count }, (_, index) => ({ line: index + 1, text: JSON.stringify(value), value }))
        }
        yield* take(scope, fileOf(1, instants[0]!), { blockSize: 1 })
        yield* TestClock.adjust(1000)
        const { tally } = yield* take(scope, fileOf(3, instants[1]!), { blockSize: 1 })
        expect([tally.recorded, tally.recordedBefore]).toEqual([3, 0])
        yield* TestClock.adjust(1000)
        const again = yield* take(scope, fileOf(4, instants[1]!), { blockSize: 2 })
        expect([again.tally.recorded, again.tally.recordedBefore]).toEqual([1, 3])
      }),
    ))

  // Kills: Importing.withoutKnown treats refused rows as known.
  test(`A row that was refused is recorded once its reason is gone, and no other a second time (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, blockSize, (rows, blockSize) =>
        onNew(store, (scope) =>
          Effect.gen(function* () {
            const ledger = yield* Ledger.Ledger
            const first = yield* take(scope, rows, { blockSize })
            yield* ledger.setup.createType(scope, { ...late, name: "Late" }, { answer: () => "" })
            const now = Option.getOrThrow(yield* ledger.projectScope(scope.project.id))
            const second = yield* take(now, rows, { blockSize })
            const codes = (of: typeof first) => new Set(of.rejections.map((each) => each.split(" ")[2]))
            expect(codes(second)).not.toContain("unknown_consent_type")
            const events = yield* exported(scope)
            // A refusal may have an event for each of several people.
            expect(events.length).toBeGreaterThanOrEqual(first.tally.recorded + second.tally.recorded)
            expect(second.tally.recordedBefore).toBeGreaterThanOrEqual(first.tally.recorded)
            expect((yield* take(now, rows, { blockSize })).tally.recorded).toBe(0)
            expect(yield* exported(scope)).toEqual(events)
          }),
        ),
      ),
      { numRuns },
    ))

  // Kills: Intake.importRows derives a block's idempotency key from the decoded rows instead of their text.
  test(`With a mapping that was completed, only the rows are recorded that it lacked something for (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, blockSize, async (rows, blockSize) => {
        // Without conflicts, because with them the person and the id of a row would depend on which of two is first.
        const single = rows.filter(isSingle)
        const states = { accepted: "accepted", viewed: "viewed", implied: "implied" }
        const mapped = (values: Readonly<Record<string, string>>) => ({
          blockSize,
          map: stateMap(values),
        })
        const complete = mapped({ ...states, declined: "declined" })
        const completed = await onNew(store, (scope) =>
          Effect.gen(function* () {
            yield* take(scope, single, mapped(states))
            yield* take(scope, single, complete)
            return (yield* answers(scope)).events
          }),
        )
        const once = await onNew(store, (scope) =>
          Effect.flatMap(take(scope, single, complete), () => Effect.map(answers(scope), ({ events }) => events)),
        )
        expect(completed).toEqual(once)
      }),
      { numRuns },
    ))

  // Kills: Importing.withoutKnown treats every row that an idempotency record names as known.
  test(`With a mapping that was put right, rows are recorded as what they mean now (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, blockSize, async (rows, blockSize) => {
        const single = rows.filter(isSingle)
        const mapped = (values: Readonly<Record<string, string>>) => ({
          blockSize,
          map: stateMap(values),
        })
        const wrong = mapped({ accepted: "declined", declined: "accepted", viewed: "viewed" })
        const right = mapped({ accepted: "accepted", declined: "declined", viewed: "viewed" })
        const eventsAfter = (...takings: ReadonlyArray<Taking>) =>
          onNew(store, (scope) =>
            Effect.gen(function* () {
              for (const taking of takings) yield* take(scope, single, taking)
              return (yield* answers(scope)).events
            }),
          )
        const [wrongly, rightly] = [await eventsAfter(wrong), await eventsAfter(right)]
        const both = await eventsAfter(wrong, right, right, wrong)
        const times = (events: ReadonlyArray<string>, event: string) => events.filter((each) => each === event).length
        for (const event of new Set(both)) {
          const most = Math.max(times(wrongly, event), times(rightly, event))
          expect(times(both, event)).toBeGreaterThanOrEqual(most)
          expect(times(both, event)).toBeLessThanOrEqual(times(wrongly, event) + times(rightly, event))
        }
        expect(new Set(both)).toEqual(new Set([...wrongly, ...rightly]))
      }),
      { numRuns },
    ))

  // Kills: DryRunStore.over does not see what the ledger's own store or the scratch store knows, or which blocks were
  // recorded before; in Intake, a dry run sees each block by itself.
  test(`A dry run says what then happens, whatever the blocks and whatever is there, and records nothing (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, rows, fc.nat(12), blockSize, (earlier, rows, cut, blockSize) =>
        onNew(store, (scope) =>
          Effect.gen(function* () {
            yield* take(scope, earlier, { blockSize })
            // Records the first blocks, as an import of the same rows that ended early.
            yield* take(scope, rows.slice(0, cut), { blockSize })
            const before = yield* answers(scope)
            const foretold = yield* dryRun(take(scope, rows, { blockSize }))
            expect(yield* answers(scope)).toEqual(before)
            const { answers: _, ...foretoldTally } = foretold.tally
            expect(yield* take(scope, rows, { blockSize })).toEqual({ ...foretold, tally: foretoldTally })
          }),
        ),
      ),
      { numRuns },
    ))
}

/** Rows with their lines in the order given. */
const numbered = (rows: ReadonlyArray<Intake.FileRow>): ReadonlyArray<Intake.FileRow> =>
  rows.map((row, index) => ({ ...row, line: index + 1 }))

/** The rows of `some` of which there are more than in `others`, by their text. */
const beyond = (some: ReadonlyArray<Intake.FileRow>, others: ReadonlyArray<Intake.FileRow>) => {
  const texts = others.map(({ text }) => text)
  return some.filter(({ text }) => {
    const place = texts.indexOf(text)
    if (place >= 0) texts.splice(place, 1)
    return place < 0
  })
}

/** The answer about each person and consent type, by both: whether it is a refusal, and whether it permits. */
const answersByPerson = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const people = new Set((yield* exported(scope)).map(({ concordId }) => concordId))
  const byKey = new Map<string, { readonly status: string; readonly permitted: boolean }>()
  for (const concordId of people) {
    const { items } = yield* ledger.decisions({ ...scope, concordId })
    for (const { decision, type } of items) byKey.set(`${concordId} ${type.id}`, decision)
  }
  return byKey
})

/** Rows whose dates are a few days ago and that do not expire, so that a yes permits. */
const recent = rows.map((some) =>
  some.map((row): Intake.FileRow => {
    if (!("value" in row)) return row
    const { consentDate, expirationDate: _, ...value } = Object(row.value)
    const days = instants.indexOf(Date.parse(consentDate)) + 2
    const dated = consentDate === undefined ? value : { ...value, consentDate: iso(today - 864e5 * (9 - days)) }
    return { line: row.line, text: JSON.stringify(dated), value: dated }
  }),
)

type AnswersByPerson = Effect.Success<ReturnType<typeof answersByPerson>>

const isRefusal = (answer: { readonly status: string } | undefined): boolean =>
  answer?.status === "refused" || answer?.status === "withdrawn"

/** The counts of answers that differ, and of refusals that no longer stand. */
const differences = (before: AnswersByPerson, after: AnswersByPerson) => {
  let [changed, refusalsOverturned] = [0, 0]
  for (const [key, { permitted, status }] of after) {
    const was = before.get(key) ?? { status: "unknown", permitted: false }
    if (was.status !== status || was.permitted !== permitted) changed++
    if (isRefusal(was) && !isRefusal({ status })) refusalsOverturned++
  }
  return { changed, refusalsOverturned }
}

/** The lines of the rows that were rejected with a code. */
const linesOf = (rejections: ReadonlyArray<string>, code: string): ReadonlyArray<number> =>
  rejections.filter((each) => each.endsWith(` ${code}`)).map((each) => parseInt(each))

for (const [name, store, numRuns] of stores) {
  // Kills: KnownRows.find finds nothing, or counts an event for two rows, or does not compare the expiration.
  test(`The same rows with others among them, in any order, record what is new, and each row as often as it came (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(rows, rows, fc.nat(12), blockSize, async (some, others, cut, blockSize) => {
        const first = numbered(some.filter(isSingle))
        const second = numbered([...others.filter(isSingle), ...first.slice(cut), ...first.slice(0, cut)].toReversed())
        const shorter = numbered(second.slice(cut))
        const eventsAfter = (...files: ReadonlyArray<ReadonlyArray<Intake.FileRow>>) =>
          onNew(store, (scope) =>
            Effect.gen(function* () {
              for (const file of files) yield* take(scope, file, { blockSize })
              return (yield* answers(scope)).events
            }),
          )
        expect(await eventsAfter(first, second)).toEqual(await eventsAfter(second))
        const union = numbered([...first, ...beyond(shorter, first)])
        expect(await eventsAfter(first, shorter, first)).toEqual(await eventsAfter(union))
      }),
      { numRuns },
    ))

  // Kills: AnswerChanges.changes compares with the block before, or takes no refusal for one; DryRunStore.over reads no
  // heads of the scratch store.
  test(`A dry run says how many answers change then, and how many refusals no longer stand (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(recent, recent, blockSize, (earlier, rows, blockSize) =>
        onNew(store, (scope) =>
          Effect.gen(function* () {
            yield* take(scope, earlier, { blockSize })
            const before = yield* answersByPerson(scope)
            const foretold = (yield* dryRun(take(scope, rows, { blockSize }))).tally.answers!
            yield* take(scope, rows, { blockSize })
            const { examples, ...counts } = foretold
            expect(counts).toEqual(differences(before, yield* answersByPerson(scope)))
            expect(examples.length).toBe(Math.min(Intake.maxExamples, counts.refusalsOverturned))
            for (const { consentType, line } of examples) {
              const { value } = rows[line - 1] as { readonly value: Record<string, unknown> }
              expect(value["consentState"]).not.toBe("declined")
              expect(scope.types.byId.get(consentType)?.label).toBe(value["label"])
            }
          }),
        ),
      ),
      { numRuns },
    ))

  // Kills: Importing.importBlock leaves out nothing, or sees only what the blocks before it recorded.
  test(`Where refusals are kept, each of before the import stands, and all other rows are recorded (${name}).`, () =>
    fc.assert(
      fc.asyncProperty(recent, recent, blockSize, (earlier, rows, blockSize) =>
        onNew(store, (scope) =>
          Effect.gen(function* () {
            const keeping = { blockSize, keepRefusals: true }
            yield* take(scope, earlier, { blockSize })
            const before = yield* answersByPerson(scope)
            const foretold = yield* dryRun(take(scope, rows, keeping))
            const lines = linesOf(foretold.rejections, "refusal_kept")
            expect(foretold.tally.faults["refusal_kept"] ?? 0).toBe(lines.length)
            // What was left out is all that is missing: each of these rows turns a refusal over after those before it.
            for (const line of lines) {
              const upTo = rows.filter((each) => each.line === line || (each.line < line && !lines.includes(each.line)))
              const { tally } = yield* dryRun(take(scope, upTo, { blockSize }))
              expect([line, tally.answers?.refusalsOverturned]).toEqual([line, 1])
            }
            const kept = yield* take(scope, rows, keeping)
            const { answers: counts, ...tally } = foretold.tally
            expect({ ...foretold, tally }).toEqual(kept)
            const after = yield* answersByPerson(scope)
            expect([counts?.refusalsOverturned, differences(before, after).refusalsOverturned]).toEqual([0, 0])
          }),
        ),
      ),
      { numRuns },
    ))
}

/** A row about a type of the demonstration, dated some days ago. */
const rowOf = (
  line: number,
  person: object,
  [category, subcategory, label]: readonly [string, string, string],
  consentState: string,
  daysAgo: number,
): Intake.FileRow => {
  const dated = { consentState, consentDate: iso(today - 864e5 * daysAgo) }
  const value = { ...person, category, subcategory, label, ...dated }
  return { line, text: JSON.stringify(value), value }
}

// Kills: AnswerChanges takes a refusal for kept where a yes after it has expired.
test("Where refusals are kept, a yes that has expired is left out, too, so that no run opens the way for the next.", () =>
  onNew(
    () => MemoryStore.layer,
    (scope) =>
      Effect.gen(function* () {
        const newsletter = ["communication", "email", "newsletter"] as const
        yield* take(scope, [rowOf(1, { userId: "u1" }, newsletter, "declined", 30)], { blockSize: 1 })
        const permitting = rowOf(2, { userId: "u1" }, newsletter, "accepted", 20)
        const value = { ...Object("value" in permitting && permitting.value), expirationDate: iso(today - 864e5 * 10) }
        const expired = { line: 1, text: JSON.stringify(value), value }
        const foretold = yield* dryRun(take(scope, [expired], { blockSize: 1 }))
        expect(foretold.tally.answers).toMatchObject({ changed: 1, refusalsOverturned: 1 })
        for (const _ of [1, 2]) {
          const keeping = { blockSize: 1, keepRefusals: true }
          const { rejections, tally } = yield* take(scope, [expired, permitting], keeping)
          expect([tally.recorded, linesOf(rejections, "refusal_kept")]).toEqual([0, [1, 2]])
        }
      }),
  ))

test("Where refusals are kept, a refusal of now is recorded beside a row that was left out for an earlier one.", () =>
  onNew(
    () => MemoryStore.layer,
    (scope) =>
      Effect.gen(function* () {
        const newsletter = ["communication", "email", "newsletter"] as const
        yield* take(scope, [rowOf(1, { userId: "u2" }, newsletter, "declined", 7)], { blockSize: 1 })
        const rows = [
          rowOf(1, { userId: "u2", email: "one@example.com" }, newsletter, "accepted", 5),
          rowOf(2, { userId: "u2", email: "two@example.com" }, newsletter, "declined", 0),
        ]
        const { rejections, tally } = yield* take(scope, rows, { blockSize: 1, keepRefusals: true })
        expect([tally.recorded, linesOf(rejections, "refusal_kept")]).toEqual([1, [1]])
      }),
  ))

// Kills: Importing.importBlock looks at the answers of its first plan alone.
test("Where refusals are kept, a row whose person changes because another is left out is looked at again.", () =>
  onNew(
    () => MemoryStore.layer,
    (scope) =>
      Effect.gen(function* () {
        const newsletter = ["communication", "email", "newsletter"] as const
        const analytics = ["privacy_setting", "analytics", "analytics"] as const
        const first = { userId: "u1" }
        const second = { userId: "u2" }
        const email = { email: "one@example.com" }
        const refusals = [rowOf(1, first, analytics, "declined", 9), rowOf(2, second, newsletter, "declined", 9)]
        yield* take(scope, refusals, { blockSize: 4 })
        const rows = [
          // Is left out, so the address is claimed for the other person.
          rowOf(1, { ...second, ...email }, newsletter, "accepted", 3),
          rowOf(2, { ...first, ...email }, newsletter, "declined", 3),
          rowOf(3, email, analytics, "accepted", 3),
        ]
        const before = yield* answersByPerson(scope)
        const { rejections } = yield* take(scope, rows, { blockSize: 4, keepRefusals: true })
        expect(linesOf(rejections, "refusal_kept")).toEqual([1, 3])
        expect(differences(before, yield* answersByPerson(scope)).refusalsOverturned).toBe(0)
      }),
  ))

// Kills: KnownRows.find does not look at what a row claims.
test("A row with an identifier that named no person is recorded, though another row said the same of its person.", () =>
  onNew(
    () => MemoryStore.layer,
    (scope) =>
      Effect.gen(function* () {
        const newsletter = ["communication", "email", "newsletter"] as const
        const refused = (email: string) => rowOf(1, { userId: "u2", email }, newsletter, "declined", 9)
        yield* take(scope, [refused("one@example.com")], { blockSize: 1 })
        const taken = yield* take(scope, [refused("two@example.com")], { blockSize: 1 })
        expect(taken.tally).toMatchObject({ recorded: 1, recordedBefore: 0 })
        const { told } = yield* answers(scope)
        expect(told[3]).toMatchObject([1, false, [["newsletter", { status: "refused" }]]])
        const rows = [refused("two@example.com"), { ...refused("one@example.com"), line: 2 }]
        expect((yield* take(scope, rows, { blockSize: 2 })).tally).toMatchObject({ recorded: 0, recordedBefore: 2 })
        const grown = [refused("three@example.com"), { ...refused("two@example.com"), line: 2 }]
        expect((yield* take(scope, grown, { blockSize: 2 })).tally).toMatchObject({ recorded: 1, recordedBefore: 1 })
      }),
  ))

/** Takes the only identifier `email` from its person, or gives the account `u1` another name. */
const changeIdentifier = {
  release: Effect.fnUntraced(function* ({ organization }: ProjectScope) {
    const ledger = yield* Ledger.Ledger
    const identifier = { kind: "email", value: "one@example.com" } as const
    const request = { identifier, reason: "given up", submitter: "test", answer: () => "" }
    return yield* ledger.releaseIdentifier(organization, request)
  }),
  rename: Effect.fnUntraced(function* ({ organization }: ProjectScope) {
    const ledger = yield* Ledger.Ledger
    const items = [{ userId: "u1", newUserId: "u9" }]
    return yield* ledger.renameAccounts(organization, { items, submitter: "test", answer: () => "" })
  }),
}

// Kills: ReleasedRows.find finds nothing, or compares with what identifiers name now.
test.each(["release", "rename"] as const)(
  "Rows that were recorded before a %s are known in a file that has grown; other rows are looked at as they are now.",
  (how) =>
    onNew(
      () => MemoryStore.layer,
      (scope) =>
        Effect.gen(function* () {
          const newsletter = ["communication", "email", "newsletter"] as const
          const both = { userId: "u1", email: "one@example.com" }
          const undated = { ...both, category: "privacy_setting", subcategory: "analytics", label: "analytics" }
          const refused = { ...undated, consentState: "declined" }
          const rows = [
            rowOf(1, both, newsletter, "accepted", 9),
            rowOf(2, both, newsletter, "declined", 8),
            { line: 3, text: JSON.stringify(refused), value: refused },
          ]
          yield* take(scope, rows, { blockSize: 4 })
          yield* TestClock.adjust(1000)
          yield* changeIdentifier[how](scope)
          yield* TestClock.adjust(1000)
          const grown = [...rows, rowOf(4, { userId: "u2" }, newsletter, "accepted", 3)]
          const foretold = yield* dryRun(take(scope, grown, { blockSize: 4 }))
          expect(foretold.tally).toMatchObject({ recorded: 1, recordedBefore: 3, rejected: 0 })
          const taken = yield* take(scope, grown, { blockSize: 4 })
          expect(taken.tally).toMatchObject({ recorded: 1, recordedBefore: 3, rejected: 0 })
          expect((yield* exported(scope)).length).toBe(4)
          // Nothing that was recorded says this: the yes is in a conflict, and the refusal is recorded.
          const others = [rowOf(1, both, newsletter, "accepted", 7), rowOf(2, both, newsletter, "declined", 6)]
          expect((yield* take(scope, others, { blockSize: 4 })).tally).toMatchObject({ recorded: 1, rejected: 1 })
        }),
    ),
)

test("A refusal without a date, of an address that names another person now, is recorded for that person.", () =>
  onNew(
    () => MemoryStore.layer,
    (scope) =>
      Effect.gen(function* () {
        const type = { category: "communication", subcategory: "email", label: "newsletter" }
        const newsletter = [type.category, type.subcategory, type.label] as const
        const value = { email: "one@example.com", ...type, consentState: "declined" }
        const row = { line: 1, text: JSON.stringify(value), value }
        yield* take(scope, [row], { blockSize: 1 })
        yield* TestClock.adjust(1000)
        yield* changeIdentifier.release(scope)
        yield* TestClock.adjust(1000)
        yield* take(
          scope,
          [rowOf(1, { userId: "u2", email: "one@example.com" }, newsletter, "viewed", -1.5 / 86_400)],
          {
            blockSize: 1,
          },
        )
        const grown = [{ ...row, line: 2 }, rowOf(1, { userId: "u1" }, newsletter, "accepted", 3)]
        expect((yield* take(scope, grown, { blockSize: 2 })).tally).toMatchObject({ recorded: 2 })
      }),
  ))

// Kills: Importing.dependsOnClaims is false for a refusal with an identifier that was released.
test("A refusal of before a release is recorded for those whom the row before it gave the address, too.", () =>
  onNew(
    () => slowMemory,
    (scope) =>
      Effect.gen(function* () {
        const newsletter = ["communication", "email", "newsletter"] as const
        yield* take(scope, [rowOf(1, { email: "one@example.com" }, newsletter, "accepted", 9)], { blockSize: 1 })
        yield* TestClock.adjust(1000)
        yield* changeIdentifier.release(scope)
        yield* TestClock.adjust(1000)
        const rows = [
          rowOf(1, { email: "one@example.com" }, newsletter, "accepted", -1.5 / 86_400),
          rowOf(2, { email: "one@example.com" }, newsletter, "declined", 4),
        ]
        expect((yield* take(scope, rows, { blockSize: 1 })).tally).toMatchObject({ recorded: 2, alsoRecorded: 1 })
      }),
  ))

// Kills: BlockPipeline.make sends a block that was planned after a failed block without planning it again in its turn.
test("A block that has to be planned again takes those with it that were sent after it, and no others.", async () => {
  const blocks = 60
  const item = { category: "communication", subcategory: "email", label: "newsletter", consentState: "declined" }
  const rows = Array.from({ length: blocks }, (_, index): Intake.FileRow => {
    // The sixth block names a person that only the fifth makes.
    const value = { ...item, userId: `u${index === 5 ? 4 : index}`, consentDate: iso(today - blocks + index) }
    return { line: index + 1, text: JSON.stringify(value), value }
  })
  let appends = 0
  const order: Array<number> = []
  const oneByOne = appending((append) => {
    const turn = Semaphore.makeUnsafe(1)
    return (request) => {
      appends++
      const appended = Effect.tap(append(request), ({ _tag }) =>
        Effect.sync(() => _tag === "Appended" && order.push(request.events[0]!.consentDate)),
      )
      return turn.withPermit(Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 200 }), appended))
    }
  })
  const { tally } = await onNew(
    () => oneByOne,
    (scope) => take(scope, rows, { blockSize: 1 }),
  )
  expect(tally.recorded).toBe(blocks)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(appends).toBeGreaterThan(blocks)
  expect(appends).toBeLessThanOrEqual(blocks + 4)
})
