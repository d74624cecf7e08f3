/**
 * Exports over every store: while eight writers append, of a joined person, and of a period. An export that is taken
 * back makes an equal ledger. It holds what was there when it began: each event once, each lane without a gap.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Stream } from "effect"
import { Digest } from "effect/crypto"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as RecordedColumns from "../../adapters/files/RecordedColumns.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as PostgresRows from "../../adapters/postgres/PostgresRows.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as SqliteRows from "../../adapters/sqlite/SqliteRows.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as People from "../../core/model/People.ts"
import type { ExportQuery } from "../../core/transfer/Exporting.ts"
import * as Intake from "../../core/transfer/Intake.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { EventQuery } from "../../core/ledger/Listing.ts"
import { verify } from "../../core/integrity/Verifying.ts"
import { type IdentityChange, LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { wholePerson } from "../support/wholePerson.ts"
import * as TestKeys from "../support/keys.ts"

let postgres: Postgres
const folder = mkdtempSync(join(tmpdir(), "assent-exporting-"))
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})

let files = 0
/** A new, empty store of each kind, with its rows if it is durable. */
const stores = {
  memory: () => Promise.resolve({ layer: MemoryStore.layer, rows: undefined }),
  sqlite: () => {
    const path = join(folder, `${files++}.db`)
    return Promise.resolve({ layer: SqliteStore.layer(path), rows: SqliteRows.make(path) })
  },
  postgres: async () => {
    const url = await postgres.database()
    return { layer: PostgresStore.layer(url), rows: PostgresRows.make(url) }
  },
}

/** All events of an export, in its order. */
const read = Effect.fnUntraced(function* (scope: ProjectScope, query: ExportQuery = {}) {
  const ledger = yield* Ledger.Ledger
  const { next } = yield* ledger.export(scope, query)
  const events: Array<StoredEvent> = []
  for (let page = yield* next; page !== undefined; page = yield* next) events.push(...page.events)
  return events
})

const item = (scope: ProjectScope, userId: string, index: number) => ({
  person: { userId },
  consentType: scope.types.all[index % scope.types.all.length]!.id,
  consentState: index % 3 === 0 ? ("declined" as const) : ("accepted" as const),
  consentAction: "import" as const,
  consentDate: Date.UTC(2024, 0, 1 + (index % 28)),
})

const projectScope = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  return Option.getOrThrow(yield* ledger.projectScope(project.id))
})

/** Records an event of a guest, and identifies the guest as a user. */
const joined = Effect.fnUntraced(function* (scope: ProjectScope, userId: string, now: number) {
  const ledger = yield* Ledger.Ledger
  const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
  if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
  const { session } = opened
  const { concordId } = session
  yield* ledger.record({
    ...scope,
    submitter: concordId,
    session,
    items: [{ ...item(scope, "", 1), person: { concordId } }],
  })
  yield* ledger.keepProfile({ ...scope, session, profile: { firstName: "Jo" }, identifiers: {} })
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: userId, isHashed: false }))
  const evidence = { kind: alias.kind, issuedAt: now, expiresAt: now + 1 }
  yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id })
  return concordId
})

const range = (count: number) => Array.from({ length: count }, (_, index) => index)
const ids = (events: ReadonlyArray<StoredEvent>) => events.map(({ id }) => id)

/** Gives a copy of a ledger what it needs to take the events back: the catalog and the joins of people. */
const copySetup = Effect.fnUntraced(function* (
  ledger: Ledger.UseCases,
  scope: ProjectScope,
  people: ReadonlyArray<string>,
  target: LedgerStore["Service"],
) {
  const { apiKeys, consentTypes, organizations, projects } = yield* ledger.catalog
  const entries = {
    organizations: [...organizations.values()],
    projects: [...projects.values()],
    apiKeys: [...apiKeys.values()],
    consentTypes: [...consentTypes.values()].flatMap(({ all }) => all),
  }
  yield* target.catalog.change({ revision: 0, entries, documents: [] })
  const facts = new Map<string, IdentityChange["facts"][number]>()
  for (const concordId of people) {
    const read = Effect.provideService(wholePerson(scope.organization, concordId), Ledger.Ledger, ledger)
    for (const fact of (yield* read).facts) facts.set(fact.id, fact)
  }
  const change = { organization: scope.organization, seen: [], claims: [], releases: [] }
  for (const fact of facts.values()) yield* target.people.change({ ...change, facts: [fact] })
  if (facts.size === 0) return
  const all = [...facts.values()]
  const joined = People.groups(all, Instant.max)
  const isJoined = new Set(joined.flatMap(({ members }) => members))
  const alone = new Set(all.flatMap(({ member, survivor }) => [member, survivor]).filter((each) => !isJoined.has(each)))
  const groups = [...joined, ...[...alone].map((each) => ({ survivor: each, members: [] }))]
  const { revision } = yield* target.catalog.current
  const learnt = Math.max(...all.map(({ dateCreated }) => dateCreated))
  const joining = { projects: [scope.project], catalog: revision, learnt, dissolved: [], groups }
  expect(yield* target.people.change({ ...change, facts: [], joining })).toBe("kept")
})

/**
 * Everything that a ledger answers about people, now and as of instants, and its lists. Only the positions of events
 * are compared: those of the organization count identity changes, and a copy gets these in fewer steps.
 */
const answers = Effect.fnUntraced(function* (
  scope: ProjectScope,
  people: ReadonlyArray<string>,
  instants: ReadonlyArray<number>,
) {
  const ledger = yield* Ledger.Ledger
  const answers: Array<unknown> = []
  const lanes = new Set<unknown>(Lane.all(scope.project))
  const listed = Effect.fnUntraced(function* (query: EventQuery) {
    const list = yield* ledger.list(scope, "", query)
    if (list._tag !== "Listed") return yield* Effect.die(list._tag)
    return { ...list, positions: new Map([...list.positions!].filter(([lane]) => lanes.has(lane))) }
  })
  for (const concordId of people) {
    for (const knownAt of instants) {
      const question = { ...scope, concordId, knownAt }
      const { items } = yield* ledger.decisions({ ...question, at: knownAt })
      const { items: changes } = yield* ledger.timeline(question)
      for (const { decision, type } of [...items, ...changes])
        answers.push(Exchange.decisionToLine(concordId, type, decision))
    }
    answers.push(yield* listed({ concordId, offset: 0 }))
  }
  for (const sort of ["consentDate", "dateCreated"] as const) {
    answers.push(yield* listed({ sort, order: "asc", limit: 20, offset: 5 }))
  }
  return answers
})

const layerOf = (store: Layer.Layer<LedgerStore, unknown>) =>
  Ledger.layer.pipe(Layer.provideMerge(store), Layer.provide([NodeCrypto.layer, TestKeys.layer]))

describe.each(Object.entries(stores))("An export over %s", (_, open) => {
  const run = async <A>(
    program: Effect.Effect<A, unknown, Ledger.Ledger | LedgerStore>,
    opened?: Layer.Layer<LedgerStore, unknown>,
  ) => {
    const store = opened ?? (await open()).layer
    return Effect.runPromise(Effect.provide(program, layerOf(store)))
  }

  test("while 8 writers append is what was there when it began: each event once, no gap in any lane, in order", async () => {
    await run(
      Effect.gen(function* () {
        const scope = yield* projectScope
        const ledger = yield* Ledger.Ledger
        const store = yield* LedgerStore
        const write = (writer: number) =>
          Effect.forEach(range(12), (round) =>
            ledger.record({
              ...scope,
              submitter: scope.organization.id,
              items: range(20).map((each) => item(scope, `${writer} ${each}`, round + each)),
            }),
          )
        yield* write(9)
        const exportOnce = Effect.gen(function* () {
          const before = yield* store.events.laneEnds(scope.project)
          const events = yield* read(scope)
          const after = yield* store.events.laneEnds(scope.project)
          return { after, before, events }
        })
        const [exports] = yield* Effect.all(
          [Effect.forEach(range(4), () => exportOnce), Effect.forEach(range(8), write, { concurrency: "unbounded" })],
          { concurrency: "unbounded" },
        )
        const lanes = yield* Effect.forEach(yield* store.events.laneEnds(scope.project), (end, lane) =>
          store.events.lane(scope.project, lane, 0, end),
        )
        expect(lanes.flat()).toHaveLength(9 * 12 * 20)
        for (const { after, before, events } of exports) {
          expect(new Set(ids(events)).size).toBe(events.length)
          const dates = events.map(({ dateCreated }) => dateCreated)
          expect(dates).toEqual(dates.toSorted((a, b) => a - b))
          for (const [index, lane] of Lane.all(scope.project).entries()) {
            const ofLane = events.filter(({ concordId }) => Lane.of(scope.project, concordId) === lane)
            expect(ids(ofLane)).toEqual(ids(lanes[index]!.slice(0, ofLane.length)))
            expect(ofLane.length).toBeGreaterThanOrEqual(before[index]!)
            expect(ofLane.length).toBeLessThanOrEqual(after[index]!)
          }
        }
        // The writers appended meanwhile.
        expect(exports[0]!.events.length).toBeLessThan(lanes.flat().length)
      }),
    )
  }, 60_000)

  test("of a person who is joined has the events of all who are one, and of a time those of its dates alone", async () => {
    await run(
      Effect.gen(function* () {
        const scope = yield* projectScope
        const ledger = yield* Ledger.Ledger
        const items = range(30).map((index) => item(scope, index % 2 === 0 ? "ann" : "bob", index))
        yield* ledger.record({ ...scope, submitter: scope.organization.id, items })
        const guest = yield* joined(scope, "ann", Date.now())
        const all = yield* read(scope)
        const found = yield* ledger.find(scope, { userId: "ann" })
        const ann = found._tag === "Found" ? found.concordId! : ""
        expect(guest).not.toBe(ann)
        const own = all.filter(({ concordId }) => concordId === ann || concordId === guest)
        expect(own).toHaveLength(16)
        for (const concordId of [ann, guest]) expect(yield* read(scope, { concordId })).toEqual(own)
        const [startDate, endDate] = [Date.UTC(2024, 0, 5), Date.UTC(2024, 0, 9)]
        const within = ({ consentDate }: StoredEvent) => consentDate >= startDate && consentDate < endDate
        const some = all.filter(within)
        expect(some.length).toBeGreaterThan(0)
        expect(yield* read(scope, { startDate, endDate })).toEqual(some)
        expect(yield* read(scope, { concordId: ann, startDate, endDate })).toEqual(own.filter(within))
      }),
    )
  })

  const drafts = fc.record({
    who: fc.nat(4),
    what: fc.nat(27),
    again: fc.boolean(),
    external: fc.option(fc.nat(2)),
    // A yes to the second version, which is there, or a refusal of the ninth, which is not.
    version: fc.constantFrom(undefined, undefined, 2, 9),
  })
  const law = "taken back into an empty ledger of the same setup gives equal answers, lists and exports, and is whole"
  test(
    `${law}, with sessions, profiles and joins`,
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(drafts, { minLength: 1, maxLength: 25 }), fc.nat(2), async (sayings, joins) => {
          const [from, to] = [await open(), await open()]
          await run(
            Effect.gen(function* () {
              const scope = yield* projectScope
              const ledger = yield* Ledger.Ledger
              const consentType = scope.types.all[0]!.id
              yield* ledger.setup.updateType(
                scope,
                consentType,
                { name: "Again", requireReaccept: true },
                { answer: () => "" },
              )
              for (const [index, { again, external, version, what, who }] of sayings.entries()) {
                const { consentDate, ...now } = item(scope, `user-${who}`, what)
                const consentState = version === 2 ? ("accepted" as const) : ("declined" as const)
                const one = {
                  ...(version === undefined ? { ...now, consentDate } : { ...now, consentType, version, consentState }),
                  ...(external !== null && { externalId: `x${external}` }),
                }
                yield* ledger.record({ ...scope, submitter: scope.organization.id, items: again ? [one, one] : [one] })
                if (index < joins) yield* joined(scope, `user-${who}`, Date.now())
              }
              const events = yield* read(scope)
              const people = [...new Set(events.map(({ concordId }) => concordId))]
              const instants = [...new Set(events.map(({ dateCreated }) => dateCreated)), Date.now()].slice(-3)
              const rows = events.map(({ body }, index) => ({ line: index + 1, text: body, value: JSON.parse(body) }))
              const { types } = Option.getOrThrow(yield* ledger.projectScope(scope.project.id))
              const intake = {
                ...scope,
                types,
                submitter: "",
                isRestore: true,
                map: RecordedColumns.read,
                blockSize: 7,
              }
              const restored = Effect.gen(function* () {
                yield* copySetup(ledger, scope, people, yield* LedgerStore)
                const report = () => Effect.void
                const tally = yield* Intake.run(Stream.succeed(rows), { ...intake, report }, yield* Ledger.Ledger)
                expect(tally).toMatchObject({ rows: rows.length, recorded: rows.length, rejected: 0 })
                return { events: yield* read(scope), answers: yield* answers(scope, people, instants) }
              })
              const copy = yield* Effect.provide(restored, layerOf(to.layer), { local: true })
              expect(copy).toEqual({ events, answers: yield* answers(scope, people, instants) })
            }),
            from.layer,
          )
          if (from.rows === undefined || to.rows === undefined) return
          const digest = await Effect.runPromise(Effect.provide(Digest.Digest, NodeCrypto.layer))
          const [one, other] = await Promise.all(
            [from.rows, to.rows].map((rows) =>
              Effect.runPromise(Effect.provide(verify(rows, digest), NodeCrypto.layer)),
            ),
          )
          // Personal data are committed to again, so that bodies differ, and with them the digests.
          expect([one!.isWhole, other!.isWhole, other!.events]).toEqual([true, true, one!.events])
        }),
        { numRuns: open === stores.memory ? 20 : 3 },
      ),
    60_000,
  )
})
