/**
 * Two accounts claim one person at the same moment, on two servers that share a PostgreSQL database: they touch
 * different aliases, so only the revision of the person, or of the survivor that it is counted as, shows the second one
 * that it is too late. The contract says the same of one server, in `heldAliases.ts`.
 */
import { Effect, Layer } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import { type Append, LedgerStore, type StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { claim, event, fact, hash, named, noChange, organization, request, type Store, uuid } from "./samples.ts"

let postgres: Postgres
let url: string
beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.database()
})
afterAll(() => postgres.stop())

/** Runs `use` with two stores on one database, each with connections of its own. */
const withServers = <A>(use: (one: Store, other: Store) => Effect.Effect<A, StoreUnavailable>): Promise<A> =>
  Effect.gen(function* () {
    const one = yield* Layer.build(PostgresStore.layer(url))
    const other = yield* Layer.build(Layer.fresh(PostgresStore.layer(url)))
    const stores = [one, other].map((context) => Effect.provide(LedgerStore, context))
    return yield* use(yield* stores[0]!, yield* stores[1]!)
  }).pipe(Effect.scoped, Effect.runPromise)

let last = 0x10000
/** A number that no other person, alias or event has. */
const fresh = (): number => ++last

const account = (concordId: string) => ({ ...claim(fresh(), concordId), kind: "userId" as const })

const seenNow = (store: Store, people: ReadonlyArray<string>) =>
  Effect.forEach(people, (concordId) =>
    Effect.map(store.people.person(organization, concordId), ({ revision }) => ({ concordId, revision })),
  )

/** The outcomes of requests that are sent to the two servers in turn, all at the same moment. */
const sentToBoth = (stores: ReadonlyArray<Store>, requests: ReadonlyArray<Append>) =>
  Effect.forEach(requests, (each, index) => stores[index % 2]!.events.append(each), { concurrency: "unbounded" }).pipe(
    Effect.map((outcomes) => outcomes.map(({ _tag }) => _tag)),
  )

/** How many rows of the tables of aliases were read in sequence, and how often one was looked up by an index. */
const reads = async (database: string) => {
  const [row] = await postgres.administer(
    `SELECT sum(seq_tup_read)::int AS scanned, sum(idx_scan)::int AS looked FROM pg_stat_user_tables
     WHERE relname IN ('alias', 'former_alias')`,
    new URL(database).pathname.slice(1),
  )
  return { scanned: Number(row!["scanned"]), looked: Number(row!["looked"]) }
}

const rounds = Array.from({ length: times(12, 200) }, (_, round) => round)

describe("two servers on one database", () => {
  test("keep exactly one of the accounts that claim a person at the same moment", async () => {
    const outcomes = await withServers((...stores) =>
      Effect.forEach(rounds, (round) =>
        Effect.gen(function* () {
          const [person, member, survivor] = [uuid(fresh()), uuid(fresh()), uuid(fresh())]
          yield* stores[0].people.change({ ...noChange, claims: [claim(fresh(), person)] })
          // In odd rounds the accounts claim different members of one group, which have only their survivor in common.
          const groups = [person, round % 2 === 0 ? person : member].map((each) => [each, survivor])
          const seen = yield* Effect.forEach(groups, (group) => seenNow(stores[0], group))
          const requests = [0, 1, 2, 3].map((index) => {
            const own = seen[index >> 1]!
            return request([event(uuid(fresh()))], { claims: [account(own[0]!.concordId)], seen: own })
          })
          const sent = yield* sentToBoth(stores, requests)
          const hashes = requests.map(({ claims }) => claims[0]!.hash)
          const found = yield* named(stores[1], organization, hashes)
          return [sent.toSorted(), found.filter((each) => each !== undefined).length]
        }),
      ),
    )
    expect(outcomes).toEqual(rounds.map(() => [["Appended", "Stale", "Stale", "Stale"], 1]))
  })

  test("keep exactly one of a release and of an account that is claimed at the same moment", async () => {
    const outcomes = await withServers((...stores) =>
      Effect.forEach(rounds, (round) =>
        Effect.gen(function* () {
          const [n, person] = [fresh(), uuid(fresh())]
          yield* stores[0].people.change({ ...noChange, claims: [claim(n, person)] })
          const seen = yield* seenNow(stores[0], [person])
          const self = { member: person, survivor: person }
          const released = stores[0].people.change({
            ...noChange,
            seen,
            releases: [{ hash: hash(n), dateCreated: n }],
            facts: [fact(n, { kind: "released", ...self, alias: hash(n), identifier: { kind: "email" } })],
          })
          const requested = request([event(uuid(fresh()))], { claims: [account(person)], seen })
          const claimed = Effect.map(stores[1].events.append(requested), ({ _tag }) => _tag)
          const both: ReadonlyArray<Effect.Effect<string, StoreUnavailable>> = [released, claimed]
          const ordered = round % 2 === 0 ? both : both.toReversed()
          const sent = yield* Effect.all(ordered, { concurrency: "unbounded" })
          const [still] = yield* named(stores[1], organization, [hash(n)])
          return [sent.toSorted().join(), still === undefined]
        }),
      ),
    )
    // Either the release is kept, and the alias is free; or the account, and it is not.
    const either = [
      ["Stale,kept", true],
      ["Appended,stale", false],
    ]
    for (const outcome of outcomes) expect(either).toContainEqual(outcome)
  })

  test("keep exactly one of two large batches about the same people, in whatever order each names them", async () => {
    const size = 400
    const people = Array.from({ length: size }, () => uuid(fresh()))
    const ofNew = (owner: number, more: Partial<Append> = {}): Append => {
      const events = Array.from({ length: size }, () => event(uuid(fresh())))
      return request(events, { project: { number: owner, lanes: 16 }, ...more })
    }
    const bursts = await withServers((...stores) =>
      Effect.gen(function* () {
        // From here on the ends of their lanes are predicted: batches are written before their lanes are locked.
        for (const each of [0, 0, 0, 1, 1, 1]) yield* stores[each]!.events.append(ofNew(40 + each))
        return yield* Effect.forEach(rounds.slice(0, times(2, 40)), () =>
          Effect.gen(function* () {
            const seen = yield* seenNow(stores[0], people)
            const ofAccounts = (owner: number, ordered: ReadonlyArray<string>) => {
              const own = ordered.map((person) => seen[people.indexOf(person)]!)
              return ofNew(owner, { claims: ordered.map(account), seen: own })
            }
            const [one, other] = [ofAccounts(40, people), ofAccounts(41, people.toReversed())]
            const requests = [ofNew(40), ofNew(41), ofNew(40), ofNew(41), one, other, ofNew(40), ofNew(41)]
            return yield* sentToBoth(stores, requests)
          }),
        )
      }),
    )
    for (const sent of bursts) {
      expect(sent.toSorted()).toEqual([...Array.from({ length: 7 }, () => "Appended"), "Stale"])
    }
  })
})

test("a question about aliases looks each of them up, however many others were released", async () => {
  const database = await postgres.database()
  const name = new URL(database).pathname.slice(1)
  const ready = Effect.flatMap(LedgerStore, (store) => store.ready)
  await Effect.runPromise(Effect.provide(ready, PostgresStore.layer(database)))
  // The hash of n is n in hexadecimal, and its lane follows from the last digit.
  const some = (from: number) =>
    `SELECT n % 16 AS lane, decode(lpad(to_hex(n), 64, '0'), 'hex') AS hash, lpad(to_hex(n / 2), 32, '0')::uuid AS person
     FROM generate_series(${from}, ${from} + 9999) n`
  const statements = [
    `INSERT INTO alias SELECT lane, hash, person, 1, 'email', NULL, 1 FROM (${some(0)}) a`,
    `INSERT INTO former_alias SELECT lane, hash, 0, 1, person, 'email', NULL, false FROM (${some(5000)}) a`,
    "ANALYZE alias, former_alias",
  ]
  await postgres.administer(statements.join("; "), name)
  const before = await reads(database)
  const hashes = Array.from({ length: 4 }, (_, n) => hash(4998 + n))
  const persons = [
    ...new Set(hashes.map((_, n) => `00000000-0000-0000-0000-${((4998 + n) >> 1).toString(16).padStart(12, "0")}`)),
  ]
  const found = await Effect.runPromise(
    Effect.gen(function* () {
      const { people } = yield* LedgerStore
      const states = yield* people.aliasStates(organization, hashes)
      const then = yield* people.byAlias(organization, hashes, 0)
      const former = yield* people.formerly(organization, hashes)
      const held = yield* people.aliasesOf(organization, persons)
      return [
        states.filter(({ named }) => named !== undefined).length,
        states.filter(({ releasedAt }) => releasedAt !== undefined).length,
        then.filter((each) => each !== undefined).length,
        former.flat().length,
        held.flat().length,
      ]
    }).pipe(Effect.provide(PostgresStore.layer(database))),
  )
  expect(found).toEqual([4, 2, 2, 2, 6])
  // A connection reports what it has read when it ends.
  await expect.poll(async () => (await reads(database)).looked > before.looked).toBe(true)
  expect((await reads(database)).scanned - before.scanned).toBe(0)
})
