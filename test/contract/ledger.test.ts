import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore, type Session } from "../../core/ports/LedgerStore.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { wholePerson } from "../support/wholePerson.ts"
import * as TestKeys from "../support/keys.ts"

/** The session of a new visitor. */
const visitor = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
  if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
  return opened.session
})

let postgres: Postgres
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const stores = {
  memory: () => MemoryStore.layer,
  sqlite: (path: string) => SqliteStore.layer(path),
  ...(isLong && { postgres: () => Layer.unwrap(Effect.map(Effect.promise(postgres.database), PostgresStore.layer)) }),
}

describe.each(Object.entries(stores))("the ledger over %s", (_name, store) => {
  const run = async <A>(
    program: Effect.Effect<A, unknown, Ledger.Ledger>,
    around: Layer.Layer<LedgerStore, unknown, LedgerStore> = Layer.effect(LedgerStore, LedgerStore),
    newLanes = 16,
  ): Promise<A> => {
    const folder = mkdtempSync(join(tmpdir(), "assent-ledger-"))
    const kept = Layer.provide(around, store(join(folder, "ledger.db")))
    const lanes = Layer.succeed(Ledger.NewLanes, newLanes)
    const layer = Ledger.layer.pipe(Layer.provide([kept, NodeCrypto.layer, lanes, TestKeys.layer]))
    try {
      return await Effect.runPromise(Effect.provide(program, layer))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test("an answer stays what it was: asked again with its own at and knownAt, it is the same", async () => {
    const changed = await run(
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { consentTypes, project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        const [type] = consentTypes
        const say = (userId: string, consentState: "accepted" | "declined") =>
          ledger.record({
            ...scope,
            submitter: "test",
            items: [{ person: { userId }, consentType: type!.id, consentState, consentAction: "import" }],
          })
        const ask = (concordId: string | undefined, instants: { at?: number; knownAt?: number } = {}) =>
          Effect.map(ledger.decisions({ ...scope, concordId, ...instants }), (answered) =>
            answered.items.map((each) => Exchange.decisionToLine(concordId, each.type, each.decision)),
          )
        // A refusal is being recorded while the state of the person is asked for, at about the same millisecond.
        const tryOne = Effect.fnUntraced(function* (index: number) {
          const userId = `user-${index}`
          yield* say(userId, "accepted")
          const found = yield* ledger.find(scope, { userId })
          const concordId = found._tag === "Found" ? found.concordId : undefined
          const [first] = yield* Effect.all([ask(concordId), say(userId, "declined")], { concurrency: "unbounded" })
          const [answer] = first
          const again = yield* ask(concordId, { at: Date.parse(answer!.at), knownAt: Date.parse(answer!.knownAt) })
          return JSON.stringify(first) === JSON.stringify(again) ? 0 : 1
        })
        const indexes = Array.from({ length: 300 }, (_, index) => index)
        const differences = yield* Effect.forEach(indexes, tryOne, { concurrency: 20 })
        return differences.reduce((sum: number, difference) => sum + difference, 0)
      }),
    )
    expect(changed).toBe(0)
  })

  // Kills: CatalogChange.change, changes are not made in turn. In memory one is over before the next begins.
  test("catalog changes that are asked for at the same time are written once each, one after the other", async () => {
    let writes = 0
    const counted = Layer.effect(
      LedgerStore,
      Effect.map(LedgerStore, (inner) => {
        const change: typeof inner.catalog.change = (change) =>
          Effect.andThen(
            Effect.sync(() => writes++),
            inner.catalog.change(change),
          )
        return LedgerStore.of({ ...inner, catalog: { ...inner.catalog, change } })
      }),
    )
    const made = await run(
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { organization } = Option.getOrThrow(yield* ledger.found)
        writes = 0
        const create = (name: string) =>
          ledger.setup.createProject(organization, { name, domains: [], status: "active" }, { answer: () => "" })
        const names = Array.from({ length: 10 }, (_, index) => `Project ${index}`)
        return yield* Effect.forEach(names, create, { concurrency: "unbounded" })
      }),
      counted,
    )
    expect(made.map(({ _tag }) => _tag)).toEqual(made.map(() => "Changed"))
    expect(writes).toBe(10)
  })

  test("an identifier that is taken from a person while a visitor proves it does not open that person's session", async () => {
    // Runs before the store is asked about a person: between two steps of the use case.
    let before = (_concordId: string): Effect.Effect<unknown, unknown> => Effect.void
    const interrupted = Layer.effect(
      LedgerStore,
      Effect.map(LedgerStore, (inner) =>
        LedgerStore.of({
          ...inner,
          people: {
            ...inner.people,
            person: (organization, concordId) =>
              Effect.andThen(
                Effect.suspend(() => Effect.orDie(before(concordId))),
                inner.people.person(organization, concordId),
              ),
          },
        }),
      ),
    )
    const opened = await run(
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        const alias = Option.getOrThrow(
          yield* ledger.aliasOf(scope, { kind: "email", value: "ann@example.com", isHashed: false }),
        )
        const prove = (session: Session, signed: string) =>
          ledger.identify({
            ...scope,
            session,
            alias,
            signed,
            evidence: { kind: "email", issuedAt: Date.now(), expiresAt: Date.now() + 60_000 },
          })
        const ann = yield* visitor(scope)
        yield* prove(ann, "first")
        const { facts } = yield* wholePerson(scope.organization, ann.concordId)
        const identified = facts.find(({ kind }) => kind === "identified")!
        const other = yield* visitor(scope)
        // The change happens after the identifier was looked up and before the revision of its person is read.
        let asked = 0
        before = (concordId) => {
          if (concordId !== identified.member || ++asked !== 1) return Effect.void
          return ledger.undoJoin(scope.organization, {
            concordId: ann.concordId,
            factId: identified.id,
            submitter: "test",
            answer: () => "",
          })
        }
        const outcome = yield* prove(other, "second")
        if (outcome._tag !== "Identified") return yield* Effect.die(outcome._tag)
        const session = Option.getOrThrow(yield* ledger.liveSession(project, outcome.token))
        const { members } = yield* wholePerson(scope.organization, session.concordId)
        return {
          isTaken: asked > 0,
          isSynced: outcome.isSynced,
          joined: members.toSorted(),
          expected: [session.concordId, other.concordId].toSorted(),
          strangers: [ann.concordId, identified.member],
        }
      }),
      interrupted,
    )
    expect(opened).toMatchObject({ isTaken: true, isSynced: true })
    // The identifier is given a new person, so the session is not that of the person that had it, nor of ann.
    expect(opened.joined).toEqual(opened.expected)
    for (const stranger of opened.strangers) expect(opened.joined).not.toContain(stranger)
  })

  test("a person whose events are recorded without pause can still be asked about", async () => {
    const statuses = await run(
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { consentTypes, project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        const { concordId } = yield* visitor(scope)
        const accept = ledger.record({
          ...scope,
          submitter: "test",
          items: [
            {
              person: { concordId },
              consentType: consentTypes[0]!.id,
              consentState: "accepted",
              consentAction: "import",
            },
          ],
        })
        yield* accept
        // Yields after each event, so that other fibers run even if the store answers at once.
        const withoutPause = Effect.forever(Effect.andThen(accept, Effect.sleep(0)))
        const ask = Effect.map(ledger.state({ ...scope, concordId }), ({ items }) => items[0]?.decision.status)
        const asked = Effect.replicateEffect(Effect.andThen(Effect.sleep(2), ask), 20)
        const writers = Effect.all(
          Array.from({ length: 16 }, () => withoutPause),
          { concurrency: "unbounded" },
        )
        return yield* Effect.raceFirst(asked, writers)
      }),
    )
    expect(statuses).toEqual(Array.from({ length: 20 }, () => "given"))
  }, 20_000)

  test("a timeline has every change, by instant, and ends where nothing changes any more", async () => {
    const day = 86_400_000
    const start = Date.UTC(2024, 0, 1)
    const timeline = await run(
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { consentTypes, project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        const [first, second] = consentTypes
        const item = (consentType: string, consentState: "accepted" | "declined", at: number, until?: number) => ({
          person: { userId: "jo" },
          consentType,
          consentState,
          consentAction: "import" as const,
          consentDate: start + at * day,
          ...(until !== undefined && { expirationDate: start + until * day }),
        })
        const items = [
          item(first!.id, "accepted", 0, 30),
          item(second!.id, "declined", 5),
          item(first!.id, "accepted", 40),
        ]
        yield* ledger.record({ ...scope, submitter: "test", items })
        const found = yield* ledger.find(scope, { userId: "jo" })
        const concordId = found._tag === "Found" ? found.concordId : undefined
        const timeline = yield* ledger.timeline({ ...scope, concordId })
        const { types } = yield* ledger.personTimeline({ ...scope, concordId, knownAt: timeline.knownAt })
        const changes = types.flatMap(({ changes }) => changes).toSorted((a, b) => a.at - b.at)
        expect(changes).toEqual(timeline.items.map(({ decision }) => decision))
        const said = types.flatMap(({ events }) =>
          events.map(({ consentState, submitter }) => [consentState, submitter]),
        )
        expect(said).toEqual([
          ["accepted", "test"],
          ["accepted", "test"],
          ["declined", "test"],
        ])
        return timeline.items.map(({ type, decision }) => [
          type.id === first!.id ? "first" : "second",
          (decision.at - start) / day,
          decision.status,
          decision.nextChangeAt === undefined ? undefined : (decision.nextChangeAt - start) / day,
        ])
      }),
    )
    expect(timeline).toEqual([
      ["first", 0, "given", 30],
      ["second", 5, "refused", undefined],
      ["first", 30, "expired", 40],
      ["first", 40, "given", undefined],
    ])
  })

  test("what was acknowledged is seen by the next question, also in the same millisecond", async () => {
    const statuses = await run(
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { consentTypes, project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        const { concordId } = yield* visitor(scope)
        const seen: Array<string> = []
        const expected: Array<string> = []
        const latest = { accepted: -Infinity, declined: -Infinity }
        for (let index = 0; index < 200; index++) {
          const consentState = index % 2 === 0 ? "accepted" : "declined"
          const item = {
            person: { concordId },
            consentType: consentTypes[0]!.id,
            consentState,
            consentAction: "import",
          } as const
          const outcome = yield* ledger.record({ ...scope, submitter: "test", items: [item] })
          if (outcome._tag === "Recorded") latest[consentState] = outcome.events[0]!.consentDate
          const { items } = yield* ledger.state({ ...scope, concordId })
          seen.push(items[0]?.event.consentState ?? "nothing")
          // Of two that happened in the same millisecond the refusal wins.
          expected.push(latest.declined >= latest.accepted ? "declined" : "accepted")
        }
        return { seen, expected }
      }),
    )
    expect(statuses.seen).toEqual(statuses.expected)
  })

  test.each([1, 64, Lane.newMaxCount])(
    "a project of %i lanes is spread over them, listed to its end, and names each person's lane",
    async (lanes) => {
      const people = 400
      const { cursors, listed, positions, scope } = await run(
        Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          const { consentTypes, project } = Option.getOrThrow(yield* ledger.found)
          const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
          const items = Array.from({ length: people }, (_, index) => ({
            person: { userId: `user-${index}` },
            consentType: consentTypes[0]!.id,
            consentState: "accepted" as const,
            consentAction: "import" as const,
          }))
          const recorded = yield* ledger.record({ ...scope, submitter: "test", items })
          if (recorded._tag !== "Recorded") return yield* Effect.die(recorded._tag)
          const listed: Array<string> = []
          const cursors: Array<string> = []
          for (let cursor: string | undefined; ;) {
            const page = yield* ledger.list(scope, "test", { limit: 150, ...(cursor !== undefined && { cursor }) })
            if (page._tag !== "Listed") return yield* Effect.die(page._tag)
            listed.push(...page.items.map(({ concordId }) => concordId))
            cursor = page.nextCursor
            if (cursor === undefined) break
            cursors.push(cursor)
          }
          const answers = yield* Effect.forEach(recorded.events, ({ concordId }) =>
            Effect.map(ledger.state({ ...scope, concordId }), ({ positions }) => [concordId, [...positions]] as const),
          )
          return { cursors, listed, positions: new Map(answers), scope }
        }),
        undefined,
        lanes,
      )
      expect(new Set(listed).size).toBe(people)
      expect(listed).toHaveLength(people)
      for (const keys of positions.values()) expect(keys.map(([key]) => typeof key)).toEqual(["string", "number"])
      const counts = Map.groupBy(listed, (concordId) => Lane.of(scope.project, concordId))
      expect(counts.size).toBeGreaterThan(lanes * 0.6)
      for (const [lane, ofLane] of counts) {
        expect(lane).toBeLessThan(scope.project.number * Lane.maxCount + lanes)
        for (const concordId of ofLane) expect(positions.get(concordId)!.at(-1)).toEqual([lane, ofLane.length])
      }
      // The cursor must fit into the head of a request: Node.js accepts 16 KiB.
      expect(Math.max(...cursors.map((cursor) => cursor.length))).toBeLessThan(8_192)
    },
  )
})
