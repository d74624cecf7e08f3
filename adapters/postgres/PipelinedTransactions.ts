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

/** How many transactions there are at a time. */
export const maxTransactions = 4

/**
 * How long the server may take to begin or end a transaction, in milliseconds, before its connection is closed instead. Nobody can
 * interrupt these: where a machine is gone without a word, they would keep the connection for ever.
 */
const maxMillis = { BEGIN: 10_000, COMMIT: 10_000, ROLLBACK: 5_000 }

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

/** The database has not begun or ended a transaction in time. */
class Overdue extends ConnectionError {}

const overdue = (statement: keyof typeof maxMillis): SqlError => {
  const message = "the database has not answered in time"
  return new SqlError({
    reason: new Overdue({ cause: new Error(message), message, operation: statement.toLowerCase() }),
  })
}

/** Whether a transaction has not ended: its connection is not lent again. */
const isOpen = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.hasDies(exit) ||
  Option.exists(Exit.findErrorOption(exit), (error) => Sql.isSqlError(error) && error.reason instanceof Overdue)

const control = (connection: Connection, statement: keyof typeof maxMillis): Effect.Effect<Result, SqlError> =>
  Effect.timeoutOrElse(connection.executeRaw(statement, []) as Effect.Effect<Result, SqlError>, {
    duration: maxMillis[statement],
    orElse: () => overdue(statement),
  })

/** PostgreSQL answers `ROLLBACK` to the COMMIT of a transaction in which a statement has failed. */
const commit = Effect.fnUntraced(function* (connection: Connection) {
  const { command } = yield* control(connection, "COMMIT")
  if (command === "COMMIT") return
  const message = "a transaction was committed in which a statement had failed"
  yield* new SqlError({ reason: new UnknownError({ cause: new Error(message), message, operation: "commit" }) })
})

const unused = () => Effect.die("no transaction stands inside another")

/** The same database, with connections of their own for transactions of this kind. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql, url: string, maxConnections = maxTransactions) {
  const pool = yield* PgPool.make({
    ...Sql.connection(url),
    maxConnections,
    // What lets a connection send before it is answered also lends it to several at a time: here to one.
    multiplex: true,
    multiplexConcurrency: 1,
  })
  const acquire = Effect.tap(pool.get, (connection) =>
    Effect.addFinalizer((exit) => (isOpen(exit) ? pool.invalidate(connection) : Effect.void)),
  )
  const withTransaction = SqlClient.makeWithTransaction({
    transactionService: sql.transactionService,
    spanAttributes: [],
    acquireConnection: (restore) => Effect.map(restore(acquire), lease),
    begin: (connection) => Effect.asVoid(control(connection, "BEGIN")),
    commit,
    rollback: (connection) => Effect.asVoid(control(connection, "ROLLBACK")),
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
