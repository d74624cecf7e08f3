/**
 * Several writers that record at the same moment, over every store: accounts that share a contact point stay several
 * people, and each refusal counts for everyone that its identifiers name.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Context, Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import type { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as TestKeys from "../support/keys.ts"

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

const stores = {
  memory: () => MemoryStore.layer,
  sqlite: (path: string) => SqliteStore.layer(path),
  postgres: () => Layer.unwrap(Effect.map(Effect.promise(postgres.database), PostgresStore.layer)),
}

type Say = (person: Identifiers, consentState: "accepted" | "declined") => Effect.Effect<ReadonlyArray<string>>
type Status = (person: Identifiers) => Effect.Effect<string>

/** Two ledgers over one store, as two servers are. `say` returns the people of the event, or none if it is refused. */
const withLedgers = async (
  store: (path: string) => Layer.Layer<LedgerStore, unknown>,
  use: (ledgers: ReadonlyArray<Say>, statusOf: Status) => Effect.Effect<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-accounts-"))
  const program = Effect.gen(function* () {
    const kept = Layer.succeedContext(yield* Layer.build(store(join(folder, "ledger.db"))))
    const layer = () => Layer.fresh(Ledger.layer).pipe(Layer.provide([kept, NodeCrypto.layer, TestKeys.layer]))
    const ledgers = [yield* Layer.build(layer()), yield* Layer.build(layer())].map((context) =>
      Context.get(context, Ledger.Ledger),
    )
    const { consentTypes, project } = Option.getOrThrow(yield* ledgers[0]!.found)
    const scope = Option.getOrThrow(yield* ledgers[0]!.projectScope(project.id))
    const consentType = consentTypes[0]!.id
    const say =
      (ledger: (typeof ledgers)[number]): Say =>
      (person, consentState) =>
        Effect.gen(function* () {
          const item = { person, consentType, consentState, consentAction: "import" as const }
          const outcome = yield* Effect.orDie(ledger.record({ ...scope, submitter: "test", items: [item] }))
          if (outcome._tag !== "Recorded") return []
          return [outcome.events[0]!, ...(outcome.alsoRecordedFor.get(0) ?? [])].map(({ concordId }) => concordId)
        })
    const statusOf: Status = (person) =>
      Effect.gen(function* () {
        const found = yield* Effect.orDie(ledgers[1]!.find(scope, person))
        if (found._tag === "Refused") return "refused"
        const { alias, concordId } = found
        const question = { ...scope, concordId, ...(alias !== undefined && { alias }) }
        const { items } = yield* Effect.orDie(ledgers[1]!.decisions(question))
        return items.find(({ type }) => type.id === consentType)!.decision.status
      })
    yield* use(ledgers.map(say), statusOf)
  })
  try {
    await Effect.runPromise(Effect.scoped(program))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const rounds = Array.from({ length: times(6, 60) }, (_, round) => round)
const concurrently = { concurrency: "unbounded" } as const

describe.each(Object.entries(stores))("several writers over %s", (_, store) => {
  // Kills: an append without the revisions of the people that get an account.
  test("give one person at most one of several accounts, and record no yes for another one", () =>
    withLedgers(store, (ledgers, statusOf) =>
      Effect.gen(function* () {
        for (const round of rounds) {
          const email = `race-${round}@example.com`
          const [person] = yield* ledgers[0]!({ email }, "declined")
          const accounts = [0, 1, 2, 3].map((index) => `race-${round}-${index}`)
          const people = yield* Effect.forEach(
            accounts,
            (userId, index) => ledgers[index % 2]!({ userId, email }, "accepted"),
            concurrently,
          )
          expect(people.flat()).toEqual([person])
          const statuses = yield* Effect.forEach(accounts, (userId) => statusOf({ userId }))
          // Within one millisecond the refusal wins.
          const known = statuses.filter((status) => status !== "unknown")
          expect([["given"], ["withdrawn"]]).toContainEqual(known)
        }
      }),
    ))

  test("record the refusals of several accounts with one mailbox for the accounts and for the mailbox", () =>
    withLedgers(store, (ledgers, statusOf) =>
      Effect.gen(function* () {
        for (const round of rounds) {
          const email = `no-${round}@example.com`
          const accounts = [0, 1, 2, 3].map((index) => `no-${round}-${index}`)
          const people = yield* Effect.forEach(
            accounts,
            (userId, index) => ledgers[index % 2]!({ userId, email }, "declined"),
            concurrently,
          )
          // One of them got the mailbox; the others are people of their own, and said it for that one, too.
          const owner = people.find((each) => each.length === 1)![0]
          expect(people.map((each) => each.length).toSorted()).toEqual([1, 2, 2, 2])
          expect(people.every((each) => each.at(-1) === owner)).toBe(true)
          expect(new Set(people.map(([first]) => first)).size).toBe(4)
          for (const person of [{ email }, ...accounts.map((userId) => ({ userId }))]) {
            expect(yield* statusOf(person)).toBe("refused")
          }
        }
      }),
    ))
})
