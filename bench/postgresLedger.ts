/**
 * Ledgers with the demonstration's project on a PostgreSQL server that is started for the benchmark, and syncs every
 * commit.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir, totalmem } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, Option, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as PostgresStore from "../adapters/postgres/PostgresStore.ts"
import type * as Sql from "../adapters/postgres/Sql.ts"
import * as Crypto from "../apps/Crypto.ts"
import * as Ledger from "../core/Ledger.ts"
import { LedgerStore } from "../core/ports/LedgerStore.ts"
import { startPostgres, type Postgres } from "../test/support/postgres.ts"
import * as TestKeys from "../test/support/keys.ts"

/** A PostgreSQL server. */
export class Server extends Context.Service<
  Server,
  {
    readonly postgres: Postgres
    /** A folder that the server can write to. */
    readonly folder: string
  }
>()("assent/bench/Server") {}

/** The shared buffers of PostgreSQL, which are large so that reading from the disk is not measured. */
const sharedMemory = `${Math.floor((totalmem() * 0.6) / 2 ** 30)}GB`

const start = Effect.promise(async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  // The server runs as another user.
  chmodSync(folder, 0o777)
  return { folder, postgres: await startPostgres(["-c", `shared_buffers=${sharedMemory}`, "-c", "max_wal_size=8GB"]) }
})

/** The server, which is stopped and removed with its data when the scope closes. */
export const server = Layer.effect(
  Server,
  Effect.acquireRelease(start, ({ folder, postgres }) =>
    Effect.promise(async () => {
      await postgres.stop()
      rmSync(folder, { recursive: true })
    }),
  ),
)

/** Opens an empty ledger in a new database. */
export const open = Effect.gen(function* () {
  const { postgres } = yield* Server
  const url = yield* Effect.promise(postgres.database)
  const store = PostgresStore.layer(url)
  const opened = yield* Layer.build(
    Ledger.layer.pipe(Layer.provideMerge(store), Layer.provide([Crypto.layer, TestKeys.layer])),
  )
  const ledger = Context.get(opened, Ledger.Ledger)
  yield* ledger.found
  const [projectId] = (yield* ledger.catalog).projects.keys()
  return {
    ledger,
    store: Context.get(opened, LedgerStore),
    scope: Option.getOrThrow(yield* ledger.projectScope(projectId!)),
    url,
    /** The same database for a role that may truncate and copy. */
    superUrl: url.replace("//assent:", "//postgres:"),
  }
})

/** Runs a statement without a timeout. */
export const administer = (sql: Sql.Sql, statement: string) =>
  sql.withTransaction(Effect.andThen(sql.unsafe("SET LOCAL statement_timeout = 0"), sql.unsafe(statement)))

/** An opened ledger. */
export type Opened = Effect.Success<typeof open>

/** Runs a benchmark on a new server. */
export const run = <E>(
  benchmark: Effect.Effect<void, E, Server | Reactivity.Reactivity | Scope.Scope>,
): Promise<void> => Effect.runPromise(benchmark.pipe(Effect.provide([server, Reactivity.layer]), Effect.scoped))
