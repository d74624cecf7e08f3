/**
 * How the store talks to PostgreSQL: the pool, whole numbers, and what errors mean.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Effect, Redacted, Result, Schedule } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"

/** How many connections one process uses. */
const defaultConnections = 10

/** How often a transaction that others stood in the way of is tried again. */
const maxRetries = 20

/** Instants and positions are whole numbers that JavaScript can hold: milliseconds, and counts. */
const wholeNumbers = PgTypes.makeRegistry()
wholeNumbers.register(PgTypes.OID.int8, {
  encode: (value: number) => PgTypes.encode(BigInt(value), PgTypes.OID.int8),
  decode: (bytes) => Result.map(PgTypes.decode(bytes, PgTypes.OID.int8, 1), Number),
})

/**
 * The pool. Every connection waits for the disk before a commit is acknowledged, whatever the server's own defaults are, and
 * gives up on what takes longer than ten seconds.
 */
export const connect = (url: string, maxConnections = defaultConnections) =>
  PgClient.make({
    url: Redacted.make(url),
    applicationName: "assent",
    maxConnections,
    types: wholeNumbers,
    startupParameters: {
      synchronous_commit: "on",
      default_transaction_isolation: "read committed",
      statement_timeout: "10000",
      lock_timeout: "5000",
      idle_in_transaction_session_timeout: "10000",
    },
  })

/** A connection, or a transaction on one. */
export type Sql = PgClient.PgClient

/** A value that a statement takes. */
export type Parameter = string | number | boolean | null | Uint8Array | ReadonlyArray<string | number | boolean | null>

/** An array names the type of its elements: whole numbers as they are kept, and one of nulls alone as the statement wants it. */
const typed = (value: Parameter): unknown => {
  if (!Array.isArray(value) || value.length === 0) return value
  const elements: ReadonlyArray<unknown> = value
  const first = elements.find((element) => element !== null)
  if (first === undefined) return `{${elements.map(() => "NULL").join(",")}}`
  return typeof first === "number" ? Result.getOrThrow(PgTypes.array(elements, PgTypes.OID.int8)) : value
}

/** Runs a statement; the rows are what its select names. */
export const query = <Row extends object>(
  sql: Sql,
  statement: string,
  parameters: ReadonlyArray<Parameter> = [],
): Effect.Effect<ReadonlyArray<Row>, SqlError> => sql.unsafe<Row>(statement, parameters.map(typed))

/** Others stood in the way: the same may succeed at once. */
const isPassing = ({ reason }: SqlError): boolean =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError" || reason._tag === "LockTimeoutError"

const soon = Schedule.exponential(5, 1.5).pipe(Schedule.jittered)

/** What the database says; never what was asked. */
export const unavailable = (error: SqlError): StoreUnavailable =>
  new StoreUnavailable({ reason: `the database cannot answer: ${error.reason._tag}` })

/** Runs all of it or nothing; again, where others stood in the way. */
export const transaction = <A, E>(sql: Sql, effect: Effect.Effect<A, E | SqlError>): Effect.Effect<A, E | SqlError> =>
  sql.withTransaction(effect).pipe(
    // A connection that breaks before it is rolled back is a defect to the client: to the store it is the database.
    Effect.catchDefect((defect) => (isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect))),
    Effect.retry({
      schedule: soon,
      times: maxRetries,
      while: (error: E | SqlError) => isSqlError(error) && isPassing(error),
    }),
  )

/** Whether a failure is one of the database. */
export const isSqlError = (error: unknown): error is SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"

/** Whether a commit may or may not have happened: the connection broke, or the server went away. */
export const isUnknown = ({ reason }: SqlError): boolean =>
  reason._tag === "ConnectionError" || reason._tag === "UnknownError"
