/**
 * What a person costs that has logged in often: a question and a login take the same number of statements and rows
 * however many guests are joined, and identifications as one person all succeed at the first attempt.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Store from "../../apps/Store.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore, type Session } from "../../core/ports/LedgerStore.ts"
import * as Counting from "../support/counting.ts"
import { times } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as TestKeys from "../support/keys.ts"

let postgres: Postgres
let folder: string
beforeAll(async () => {
  postgres = await startPostgres()
  folder = mkdtempSync(join(tmpdir(), "assent-joined-"))
})
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

const stores = {
  sqlite: () => `sqlite:${join(folder, `${Math.random()}.db`)}`,
  postgres: () => postgres.database(),
}

const visit = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const opened = yield* ledger.openSession({ ...scope, ipAddress: "192.0.2.7", domain: "localhost" })
  return opened._tag === "Opened" ? opened.session : yield* Effect.die(opened._tag)
})

const say = Effect.fnUntraced(function* (scope: ProjectScope, session: Session) {
  const ledger = yield* Ledger.Ledger
  const item = {
    person: { concordId: session.concordId },
    consentType: scope.types.all[0]!.id,
    consentState: "accepted" as const,
    consentAction: "user_click" as const,
  }
  const recorded = yield* ledger.record({ ...scope, submitter: session.concordId, session, items: [item] })
  if (recorded._tag !== "Recorded") return yield* Effect.die(recorded._tag)
})

const identify = Effect.fnUntraced(function* (scope: ProjectScope, session: Session) {
  const ledger = yield* Ledger.Ledger
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: "daily", isHashed: false }))
  const evidence = { kind: alias.kind, issuedAt: 0, expiresAt: 9e12 }
  return (yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id }))._tag
})

/** A visit in which something is said before the visitor logs in. */
const logIn = Effect.fnUntraced(function* (scope: ProjectScope) {
  const session = yield* visit(scope)
  yield* say(scope, session)
  expect(yield* identify(scope, session)).toBe("Identified")
  return session.concordId
})

const withLedger = <A>(
  url: string,
  program: (
    scope: ProjectScope,
    counting: ReturnType<typeof Counting.over>,
  ) => Effect.Effect<A, unknown, Ledger.Ledger>,
) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const counting = Counting.over(yield* LedgerStore)
      const layer = Ledger.layer.pipe(
        Layer.provide([Layer.succeed(LedgerStore, counting.store), NodeCrypto.layer, TestKeys.layer]),
      )
      return yield* Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { project } = Option.getOrThrow(yield* ledger.found)
        return yield* program(Option.getOrThrow(yield* ledger.projectScope(project.id)), counting)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.provide(Store.layer(url)), Effect.scoped),
  )

const [identifications, readers] = [times(8, 32), times(4, 16)]

describe.each(Object.entries(stores))("a person that has logged in often, on %s", (_name, make) => {
  test("is answered about, and logs in again, at the cost of one that has logged in twice", { timeout: 600_000 }, () =>
    Effect.runPromise(Effect.promise(async () => make())).then((url) =>
      withLedger(
        url,
        Effect.fnUntraced(function* (scope, { count, reset }) {
          const ledger = yield* Ledger.Ledger
          const measure = Effect.fnUntraced(function* (concordId: string) {
            const costs: Array<{ readonly calls: number; readonly rows: number }> = []
            const steps: ReadonlyArray<Effect.Effect<unknown, unknown, Ledger.Ledger>> = [
              ledger.decisions({ ...scope, concordId }),
              ledger.state({ ...scope, concordId }),
              logIn(scope),
            ]
            for (const step of steps) {
              reset()
              yield* step
              costs.push({ calls: count.calls, rows: count.rows })
            }
            return costs
          })
          yield* logIn(scope)
          const few = yield* measure(yield* logIn(scope))
          for (let visits = 0; visits < times(8, 3650); visits++) yield* logIn(scope)
          const many = yield* measure(yield* logIn(scope))
          for (const [index, { calls, rows }] of many.entries()) {
            expect(calls).toBeLessThanOrEqual(few[index]!.calls)
            expect(rows).toBeLessThanOrEqual(2 * few[index]!.rows)
          }
          expect(few.map(({ calls }) => calls)).toEqual([6, 6, expect.any(Number)])
        }),
      ),
    ),
  )

  test(`is identified ${identifications} times at once and read ${readers} times at once: each identification is one attempt`, async () => {
    await withLedger(
      await make(),
      Effect.fnUntraced(function* (scope, { count, reset }) {
        const ledger = yield* Ledger.Ledger
        const concordId = yield* logIn(scope)
        const sessions = yield* Effect.forEach(Array.from({ length: identifications }), () => visit(scope))
        reset()
        const read = Effect.forever(ledger.state({ ...scope, concordId }))
        const reading = Effect.all(
          Array.from({ length: readers }, () => read),
          { concurrency: "unbounded" },
        )
        const identified = yield* Effect.raceFirst(
          Effect.forEach(sessions, (session) => identify(scope, session), { concurrency: "unbounded" }),
          reading,
        )
        expect(identified).toEqual(sessions.map(() => "Identified"))
        expect(count.byName.get("people.change")).toBe(identifications)
      }),
    )
  })
})
