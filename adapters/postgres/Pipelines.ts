/**
 * Transactions whose statements need not wait for the answers of those before: PostgreSQL has the next one at hand as it ends
 * one, while JavaScript prepares the one behind it.
 *
 * Statements that are run one after the other are answered one after the other, as everywhere. Those that are run at the same
 * time are sent in the order in which they begin, and carried out in that order.
 */
import * as PgPool from "@effect/sql-pg/PgPool"
import type { PgConnection, Result } from "@effect/sql-pg/PgConnection"
import { Effect, Exit, Fiber, Option } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import * as Sql from "./Sql.ts"

/** How long a transaction that is given up may take to end before its connection is closed instead. */
const rollbackMaxMillis = 5_000

const lease = (connection: PgConnection): Connection => {
  const rows = (statement: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(connection.query(statement, parameters), ({ rows }) => rows)
  return {
    execute: rows,
    executeUnprepared: rows,
    executeRaw: connection.query,
    executeValues: connection.queryValues,
    executeValuesUnprepared: connection.queryValues,
    executeStream: connection.stream,
  }
}

const control = (connection: Connection, statement: string) =>
  connection.executeRaw(statement, []) as Effect.Effect<Result, SqlError>

/** PostgreSQL answers `ROLLBACK` to the COMMIT of a transaction in which a statement has failed. */
const commit = Effect.fnUntraced(function* (connection: Connection) {
  const { command } = yield* control(connection, "COMMIT")
  if (command === "COMMIT") return
  const message = "a transaction was committed in which a statement had failed"
  yield* new SqlError({ reason: new UnknownError({ cause: new Error(message), message, operation: "commit" }) })
})

/** The statements before it are still under way where a transaction is given up, and may never be answered. */
const rollback = (connection: Connection) =>
  Effect.timeoutOrElse(Effect.asVoid(control(connection, "ROLLBACK")), {
    duration: rollbackMaxMillis,
    orElse: () => {
      const message = "a transaction does not end"
      return new SqlError({
        reason: new ConnectionError({ cause: new Error(message), message, operation: "rollback" }),
      })
    },
  })

const unused = () => Effect.die("no transaction stands inside another")

/** The same database, with connections of their own for transactions of this kind. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql, url: string, maxConnections: number) {
  const pool = yield* PgPool.make({
    ...Sql.connection(url),
    maxConnections,
    // What lets a connection send before it is answered also lends it to several at a time: here to one.
    multiplex: true,
    multiplexConcurrency: 1,
  })
  const acquire = Effect.tap(pool.get, (connection) =>
    // One whose transaction has not ended is not lent again.
    Effect.addFinalizer((exit) => (Exit.hasDies(exit) ? pool.invalidate(connection) : Effect.void)),
  )
  const withTransaction = SqlClient.makeWithTransaction({
    transactionService: sql.transactionService,
    spanAttributes: [],
    acquireConnection: (restore) => Effect.map(restore(acquire), lease),
    begin: (connection) => Effect.asVoid(control(connection, "BEGIN")),
    commit,
    rollback,
    savepoint: unused,
    rollbackSavepoint: unused,
  })
  // What is asked outside of a transaction goes the way it always goes.
  return Object.assign(Object.create(sql), { withTransaction }) as Sql.Sql
})

/** A step that has more than one statement may hear of what another one's statement has failed with. */
const isEcho = (exit: Exit.Exit<unknown, SqlError>): boolean => Option.exists(Exit.findErrorOption(exit), Sql.isEcho)

/**
 * Begins steps in their order without waiting for each other, and waits for all of them: none goes on behind the transaction's
 * end. The first in their order that objects or fails decides.
 */
export const firstObjection = Effect.fnUntraced(function* <A>(
  steps: ReadonlyArray<Effect.Effect<A | undefined, SqlError>>,
) {
  const begun: Array<Fiber.Fiber<A | undefined, SqlError>> = []
  for (const step of steps) {
    begun.push(yield* Effect.forkChild(step, { startImmediately: true }))
    // It is sent before the next one is prepared.
    yield* Effect.yieldNow
  }
  const exits = yield* Fiber.awaitAll(begun)
  for (const exit of [...exits.filter((each) => !isEcho(each)), ...exits.filter(isEcho)]) {
    const objection = yield* exit
    if (objection !== undefined) return objection
  }
  return undefined
})
