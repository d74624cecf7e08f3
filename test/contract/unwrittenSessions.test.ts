/**
 * Sessions that are not written: what opening them costs, what their tokens open, and what happens when they are used by
 * several requests and servers at once.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Counting from "../support/counting.ts"
import * as TestKeys from "../support/keys.ts"
import { threeStores } from "../support/threeStores.ts"

type UseCases = Ledger.UseCases

/** A server over a store that others use as well. */
const serverOver = (store: LedgerStore["Service"]) =>
  Effect.provide(
    Ledger.Ledger,
    Layer.fresh(
      Ledger.layer.pipe(Layer.provide([Layer.succeed(LedgerStore, store), NodeCrypto.layer, TestKeys.layer])),
    ),
  )

/** Two servers over one store, the scope of a project, and the calls of the store. */
const servers = Effect.gen(function* () {
  const counted = Counting.over(yield* LedgerStore)
  const one = yield* serverOver(counted.store)
  const { project } = Option.getOrThrow(yield* one.found)
  const two = yield* serverOver(counted.store)
  return { one, two, counted, scope: Option.getOrThrow(yield* one.projectScope(project.id)) }
})

const openIn = (ledger: UseCases, scope: ProjectScope, contextId?: string) =>
  ledger.openUnwrittenSession({
    ...scope,
    ...(contextId !== undefined && { contextId }),
    ipAddress: "192.0.2.7",
    domain: "localhost",
    userAgent: "Browser/1.0",
  })

/** Records an event in the session of a token; "ended" if that is not live, or has ended meanwhile. */
const say = Effect.fnUntraced(function* (ledger: UseCases, scope: ProjectScope, token: string) {
  const live = yield* ledger.liveSession(scope.project, token)
  if (Option.isNone(live)) return "ended"
  const session = live.value
  const type = { consentType: scope.types.all[0]!.id, consentState: "accepted", consentAction: "user_click" } as const
  const items = [{ ...type, person: { concordId: session.concordId } }]
  const outcome = yield* ledger.record({ ...scope, submitter: session.concordId, session, items })
  if (outcome._tag === "SessionEnded") return "ended"
  if (outcome._tag !== "Recorded") return yield* Effect.die(outcome._tag)
  const [event] = outcome.events
  return { concordId: event!.concordId, session: JSON.parse(event!.body).session }
})

const stores = threeStores(MemoryStore.layer, { memory: 20, sqlite: 20, postgres: 20 })

describe.each(stores)("Over %s", (_name, store, times) => {
  const run = <A>(program: Effect.Effect<A, unknown, LedgerStore>): Promise<A> =>
    program.pipe(Effect.provide(store()), Effect.scoped, Effect.runPromise)

  test("opening sessions and reading in them writes nothing", () =>
    run(
      Effect.gen(function* () {
        const { counted, one, scope } = yield* servers
        counted.reset()
        for (const contextId of [undefined, crypto.randomUUID()]) {
          for (let opened = 0; opened < 3; opened++) {
            const { session, token } = yield* openIn(one, scope, contextId)
            const live = Option.getOrThrow(yield* one.liveSession(scope.project, token))
            yield* one.useSession(scope.project, live)
            yield* one.decisions({ ...scope, concordId: session.concordId })
          }
        }
        // All of these read.
        expect([...counted.count.byName.keys()].toSorted()).toEqual([
          "events.heads",
          "people.byAlias",
          "people.person",
          "personal.heldErasures",
          "sessions.byToken",
          "sessions.ofPerson",
        ])
      }),
    ))

  test("the first event writes the session, whose address and browser its events show", () =>
    run(
      Effect.gen(function* () {
        const { one, scope, two } = yield* servers
        const { contextId, session, token } = yield* openIn(one, scope)
        const shown = { id: session.id, ipAddress: "192.0.2.0", domain: "localhost", userAgent: "Browser/1.0" }
        for (const ledger of [two, one, two]) {
          expect(yield* say(ledger, scope, token)).toEqual({ concordId: session.concordId, session: shown })
        }
        const again = yield* openIn(two, scope, contextId)
        expect(again.session.concordId).toBe(session.concordId)
      }),
    ))

  test("requests that act in one session at once, on two servers, are of one person and one session", () =>
    run(
      Effect.gen(function* () {
        const { one, scope, two } = yield* servers
        for (let time = 0; time < times; time++) {
          const { session, token } = yield* openIn(one, scope)
          const acts = [one, two, one, two].map((ledger) => say(ledger, scope, token))
          const said = yield* Effect.all(acts, { concurrency: "unbounded" })
          for (const each of said) {
            expect(each).toMatchObject({ concordId: session.concordId, session: { id: session.id } })
          }
          const kept = yield* (yield* LedgerStore).sessions.ofPerson(session.concordId, undefined, 10)
          expect(kept.map(({ id }) => id)).toEqual([session.id])
        }
      }),
    ))

  test("of two sessions of one new browser, opened by two servers, the one that acts first goes on", () =>
    run(
      Effect.gen(function* () {
        const { one, scope, two } = yield* servers
        for (let time = 0; time < times; time++) {
          const contextId = crypto.randomUUID()
          const opened = [yield* openIn(one, scope, contextId), yield* openIn(two, scope, contextId)]
          const acts = opened.map(({ token }, index) => say([one, two][index]!, scope, token))
          const said = yield* Effect.all(acts, { concurrency: "unbounded" })
          const people = said.flatMap((each) => (typeof each === "string" ? [] : [each.concordId]))
          expect(people).toHaveLength(1)
          const next = yield* openIn(two, scope, contextId)
          expect(next.session.concordId).toBe(people[0])
          // The other one has ended, and stays so.
          const lost = opened[said.indexOf("ended")]!
          for (const ledger of [one, two]) expect(yield* say(ledger, scope, lost.token)).toBe("ended")
        }
      }),
    ))

  test("a token that was changed, or is used in another project, opens nothing", () =>
    run(
      Effect.gen(function* () {
        const { one, scope } = yield* servers
        const made = yield* one.setup.createProject(
          scope.organization,
          { name: "Other", domains: ["other.example"], status: "active" },
          { answer: () => "" },
        )
        if (made._tag !== "Changed") return yield* Effect.die(made._tag)
        const { token } = yield* openIn(one, scope)
        expect(Option.isSome(yield* one.liveSession(scope.project, token))).toBe(true)
        expect(Option.isNone(yield* one.liveSession(made.value, token))).toBe(true)
        const bytes = Buffer.from(token, "base64url")
        for (let place = 0; place < bytes.length; place += 7) {
          const changed = Buffer.from(bytes)
          changed[place]! ^= 1
          const text = changed.toString("base64url")
          expect([place, Option.isNone(yield* one.liveSession(scope.project, text))]).toEqual([place, true])
        }
        for (const text of ["", "x", token.slice(0, 43), token.slice(0, -1), `${token}A`, "=", "🙂"]) {
          expect([text, Option.isNone(yield* one.liveSession(scope.project, text))]).toEqual([text, true])
        }
      }),
    ))
})

test("10,000 opened sessions leave no byte on the disk", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-unwritten-"))
  const file = join(folder, "ledger.db")
  const size = () =>
    ["", "-wal"].reduce((sum, end) => sum + (existsSync(file + end) ? statSync(file + end).size : 0), 0)
  try {
    await Effect.gen(function* () {
      const { one, scope } = yield* servers
      const before = size()
      for (let opened = 0; opened < 10_000; opened++) {
        yield* openIn(one, scope, opened % 2 === 0 ? undefined : crypto.randomUUID())
      }
      expect(size()).toBe(before)
    }).pipe(Effect.provide(SqliteStore.layer(file)), Effect.scoped, Effect.runPromise)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
