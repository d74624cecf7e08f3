/**
 * Transactions whose statements can be pipelined: a statement is sent without waiting for the result of the previous
 * one, so that PostgreSQL always has the next statement at hand while JavaScript encodes the one after it.
 *
 * Statements that are run in sequence behave as on any connection. Statements that are run concurrently are sent in the
 * order in which they start, and executed in that order.
 */
import * as PgPool from "@effect/sql-pg/PgPool"
import type { PgConnection, Result } from "@effect/sql-pg/PgConnection"
import { Effect, Exit, Fiber, Option } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import * as Sql from "./Sql.ts"

/** The most transactions at a time: each has a connection of its own. */
export const maxTransactions = 4

/**
 * How long the server may take to begin or end a transaction, in milliseconds; then its connection is closed. These
 * statements cannot be interrupted: if the server's machine disappears without closing its connections, they would keep
 * the connection for ever.
 */
const maxMillis = { BEGIN: 10_000, COMMIT: 10_000, ROLLBACK: 5_000 }

const toSqlConnection = (connection: PgConnection): Connection => {
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
class TransactionTimeout extends ConnectionError {}

const timeout = (statement: keyof typeof maxMillis): SqlError => {
  const message = "the database has not answered in time"
  return new SqlError({
    reason: new TransactionTimeout({ cause: new Error(message), message, operation: statement.toLowerCase() }),
  })
}

/** Whether a transaction may still be open: its connection must not be used again. */
const isOpen = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.hasDies(exit) ||
  Option.exists(
    Exit.findErrorOption(exit),
    (error) => Sql.isSqlError(error) && error.reason instanceof TransactionTimeout,
  )

const runControl = (connection: Connection, statement: keyof typeof maxMillis): Effect.Effect<Result, SqlError> =>
  Effect.timeoutOrElse(connection.executeRaw(statement, []) as Effect.Effect<Result, SqlError>, {
    duration: maxMillis[statement],
    orElse: () => timeout(statement),
  })

/**
 * Fails if PostgreSQL rolls back instead, as it does at the COMMIT of a transaction in which a statement has failed.
 */
const commit = Effect.fnUntraced(function* (connection: Connection) {
  const { command } = yield* runControl(connection, "COMMIT")
  if (command === "COMMIT") return
  const message = "a transaction was committed in which a statement had failed"
  yield* new SqlError({ reason: new UnknownError({ cause: new Error(message), message, operation: "commit" }) })
})

const refuseNested = () => Effect.die("no transaction stands inside another")

/** The same database, with a second pool of connections, which all transactions use. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql, url: string, maxConnections = maxTransactions) {
  const pool = yield* PgPool.make({
    ...Sql.connection(url),
    maxConnections,
    // Multiplexing makes a connection send before earlier results have arrived, and shares it: here one transaction has
    // it at a time.
    multiplex: true,
    multiplexConcurrency: 1,
  })
  const acquire = Effect.tap(pool.get, (connection) =>
    Effect.addFinalizer((exit) => (isOpen(exit) ? pool.invalidate(connection) : Effect.void)),
  )
  const withTransaction = SqlClient.makeWithTransaction({
    transactionService: sql.transactionService,
    spanAttributes: [],
    acquireConnection: (restore) => Effect.map(restore(acquire), toSqlConnection),
    begin: (connection) => Effect.asVoid(runControl(connection, "BEGIN")),
    commit,
    rollback: (connection) => Effect.asVoid(runControl(connection, "ROLLBACK")),
    savepoint: refuseNested,
    rollbackSavepoint: refuseNested,
  })
  // Statements outside a transaction use the first pool.
  return Object.assign(Object.create(sql), { withTransaction }) as Sql.Sql
})

/** Whether a step only failed because the statement of another step had failed and aborted the transaction. */
const isAborted = (exit: Exit.Exit<unknown, SqlError>): boolean =>
  Option.exists(Exit.findErrorOption(exit), Sql.isAbortedTransaction)

/**
 * Starts steps in their order without waiting for each other's results, then waits for all of them, so that none still
 * runs when the transaction ends. A step rejects the transaction by returning something else than `undefined`. Returns
 * or fails with what the first step, in their order, has rejected or failed with; a failure that only follows from an
 * earlier one counts last.
 */
export const firstRejection = Effect.fnUntraced(function* <A>(
  steps: ReadonlyArray<Effect.Effect<A | undefined, SqlError>>,
) {
  const started: Array<Fiber.Fiber<A | undefined, SqlError>> = []
  for (const step of steps) {
    started.push(yield* Effect.forkChild(step, { startImmediately: true }))
    // The step is sent before the next one is prepared.
    yield* Effect.yieldNow
  }
  const exits = yield* Fiber.awaitAll(started)
  for (const exit of [...exits.filter((each) => !isAborted(each)), ...exits.filter(isAborted)]) {
    const rejection = yield* exit
    if (rejection !== undefined) return rejection
  }
  return undefined
})
