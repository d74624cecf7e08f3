/**
 * A PostgreSQL with the tables of a ledger, whose statements fail and lose their connection one by one: for tests of
 * what a write leaves, whatever happens to any of its statements.
 */
import { Effect, type Layer } from "effect"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { type Postgres, startPostgres } from "./postgres.ts"
import { type Fault, startPostgresProxy } from "./postgresProxy.ts"

/** A store. */
export type Store = LedgerStore["Service"]

/** A database with faults. */
export interface FaultyPostgres {
  readonly url: string
  readonly stop: Postgres["stop"]
  /** Runs statements as the administrator. */
  readonly rows: (statement: string) => ReturnType<Postgres["administer"]>
  /** Runs `steps` with a store of its own, like another process. */
  readonly use: <A, E>(steps: (store: Store) => Effect.Effect<A, E>) => Promise<A>
  /** Runs `steps` with a store whose statements `fault` sees. */
  readonly useThrough: <A, E>(
    fault: (statement: string) => Fault | undefined,
    steps: (store: Store) => Effect.Effect<A, E>,
  ) => Promise<A>
  /** Every statement of `act`, in the order in which they are sent. */
  readonly statementsOf: (act: (store: Store) => Effect.Effect<unknown, unknown>) => Promise<ReadonlyArray<string>>
  /** Runs `act` with one fault of its n-th statement; returns what it answers, `undefined` if it fails. */
  readonly withFault: <A>(
    fault: Fault,
    n: number,
    act: (store: Store) => Effect.Effect<A, unknown>,
  ) => Promise<A | undefined>
}

/** A statement without its parameters and columns: `INSERT INTO event`. */
export const kindOf = (statement: string): string =>
  /^\(?(?:INSERT INTO \w+|UPDATE \w+|DELETE FROM \w+|SELECT [^(]+? FROM \w+|\w+)/
    .exec(statement)?.[0]
    .replace(/[\s(]+/g, " ")
    .trim() ?? statement

/** What can happen to a statement. */
export const faults: ReadonlyArray<Fault> = [
  "cut-before",
  "cut-after",
  "cut-answer",
  "terminate-before",
  "terminate-during",
  { raise: "40001" },
  { raise: "57014" },
]

/** An id of a kind of thing. */
export const uuid = (kind: number, n: number): string =>
  `018d5d1e-${kind.toString(16).padStart(4, "0")}-7000-8000-${n.toString(16).padStart(12, "0")}`

let owners = 0

/** A project and an organization that have nothing yet. */
export const newOwners = (lanes: number) => ({
  organization: { number: ++owners, lanes },
  project: { number: ++owners, lanes },
})

/** Owners of {@link newOwners}. */
export type Owners = ReturnType<typeof newOwners>

/** Runs `steps` with a store of its own. */
const using = <A, E, L>(layer: Layer.Layer<LedgerStore, L>, steps: (store: Store) => Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.flatMap(LedgerStore, steps), layer))

/** Starts a server, and makes the tables. */
export const startFaultyPostgres = async (): Promise<FaultyPostgres> => {
  const postgres = await startPostgres()
  const url = await postgres.database()
  const use: FaultyPostgres["use"] = (steps) => using(PostgresStore.layer(url), steps)
  await use(() => Effect.void)

  const useThrough: FaultyPostgres["useThrough"] = async (fault, steps) => {
    const proxy = await startPostgresProxy({
      to: postgres.port,
      fault,
      raising: (code) => `DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '${code}'; END $$`,
      terminate: async (processId) => void (await postgres.administer(`SELECT pg_terminate_backend(${processId})`)),
    })
    try {
      return await using(PostgresStore.layer(url.replace(`:${postgres.port}/`, `:${proxy.port}/`)), steps)
    } finally {
      await proxy.stop()
    }
  }

  return {
    url,
    stop: postgres.stop,
    rows: (statement) => postgres.administer(statement, new URL(url).pathname.slice(1)),
    use,
    useThrough,
    statementsOf: async (act) => {
      const sent: Array<string> = []
      let isOn = false
      const on = Effect.sync(() => (isOn = true))
      await useThrough(
        (statement) => void (isOn && sent.push(statement)),
        (store) => Effect.andThen(on, act(store)),
      )
      return sent
    },
    withFault: (fault, n, act) => {
      let left = Infinity
      const begin = Effect.sync(() => (left = n))
      return useThrough(
        () => (left-- === 0 ? fault : undefined),
        (store) =>
          Effect.andThen(
            begin,
            Effect.orElseSucceed(act(store), () => undefined),
          ),
      )
    },
  }
}
