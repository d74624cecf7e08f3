/**
 * Access to PostgreSQL: the pool of connections, statements and transactions, retries, and the meaning of errors.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import type { Result as Answer } from "@effect/sql-pg/PgConnection"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Cause, Effect, Option, Redacted, Result, Schedule } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"

/** How many connections one process uses, in addition to those of PipelinedTransactions.ts. */
const defaultConnections = 6

/** How many times a transaction that lost to other transactions is tried again. */
const maxRetries = 20

/** How long an operation is tried again after its connection broke, in milliseconds. */
const maxRetryMillis = 3_000

/** Makes `bigint` columns numbers: instants (milliseconds) and positions are below 2⁵³. */
const wholeNumbers = PgTypes.makeRegistry()
wholeNumbers.register(PgTypes.OID.int8, {
  // The client passes a whole number outside of an array as a bigint.
  encode: (value: number | bigint) => PgTypes.encode(BigInt(value), PgTypes.OID.int8),
  decode: (bytes) => Result.map(PgTypes.decode(bytes, PgTypes.OID.int8, 1), Number),
  write: (sink, value) => {
    const whole = Number(value)
    sink.int32(Math.floor(whole / 2 ** 32))
    sink.int32(whole | 0)
    return Result.void
  },
})

/**
 * The settings of a connection, whatever the server's defaults are. A commit is acknowledged after it is on the disk,
 * and a statement that takes longer than ten seconds is cancelled. The isolation level is read committed: it is
 * sufficient, because rows are locked before they are read, and it needs the fewest retries. A stricter level, which a
 * pooler may set instead, is correct, too.
 */
export const connection = (url: string) => ({
  url: Redacted.make(url),
  applicationName: "assent",
  // If the server's machine disappears without closing its connections, those that are idle are soon no longer used.
  idleTimeout: "10 seconds" as const,
  types: wholeNumbers,
  startupParameters: {
    synchronous_commit: "on",
    default_transaction_isolation: "read committed",
    statement_timeout: "10000",
    lock_timeout: "5000",
    idle_in_transaction_session_timeout: "10000",
  },
})

/** A pool of connections with its circuit breaker. */
export const connect = Effect.fnUntraced(function* (url: string, maxConnections = defaultConnections) {
  const breaker = yield* CircuitBreaker.make
  const client = yield* PgClient.make({ ...connection(url), maxConnections })
  return Object.assign(client, { breaker })
})

/** A pool of connections. A statement runs in the transaction of its fiber, if there is one. */
export type Sql = PgClient.PgClient & { readonly breaker: CircuitBreaker.CircuitBreaker }

/** The value of a parameter of a statement. */
export type Parameter =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | ReadonlyArray<string | number | boolean | null>
  | PgTypes.Parameter

/** Gives an array of whole numbers its type; an array of nulls alone becomes text, whose type the statement decides. */
const withType = (value: Parameter): unknown => {
  if (!Array.isArray(value) || value.length === 0) return value
  const elements: ReadonlyArray<unknown> = value
  const first = elements.find((element) => element !== null)
  if (first === undefined) return `{${elements.map(() => "NULL").join(",")}}`
  return typeof first === "number" ? Result.getOrThrow(PgTypes.array(elements, PgTypes.OID.int8)) : value
}

/**
 * Runs a statement through the circuit breaker, unless it belongs to a transaction, which as a whole runs through it.
 */
const run = <A>(sql: Sql, statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (transaction) =>
    Option.isSome(transaction) ? statement : sql.breaker(statement),
  )

/** Runs a statement and returns its rows. `Row` must name the columns of its select list. */
export const query = <Row extends object>(
  sql: Sql,
  statement: string,
  parameters: ReadonlyArray<Parameter> = [],
): Effect.Effect<ReadonlyArray<Row>, SqlError> => run(sql, sql.unsafe<Row>(statement, parameters.map(withType)))

/** Runs a statement and returns how many rows it has written. */
export const write = (
  sql: Sql,
  statement: string,
  parameters: ReadonlyArray<Parameter> = [],
): Effect.Effect<number, SqlError> =>
  Effect.map(run(sql, sql.unsafe(statement, parameters.map(withType)).raw), (answer) => (answer as Answer).rowCount)

/** Whether a transaction lost to another one: the same transaction may succeed if it is tried again. */
const isContention = ({ reason }: SqlError): boolean =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError" || reason._tag === "LockTimeoutError"

/**
 * The server is stopping or starting (57P), has no connection left (53300), or does not know whether it has committed
 * (40003).
 */
const interruptions = /^(57P\d\d|53300|40003)$/

/** The SQLSTATE or the code of the system of an error; empty if it has none. */
export const codeOf = ({ reason: { cause } }: SqlError): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

/** Whether it is unknown if a commit happened: the connection broke, or the server stopped. */
export const isUnknown = (error: SqlError): boolean =>
  error.reason._tag === "ConnectionError" || (error.reason._tag === "UnknownError" && interruptions.test(codeOf(error)))

/** Whether the server cancelled a statement, because it took too long or on demand. Its transaction was rolled back. */
const isCancelled = ({ reason }: SqlError): boolean => reason._tag === "StatementTimeoutError"

/** Whether a statement took too long, or waited too long for a lock, and was given up. */
export const isTooLong = (error: SqlError): boolean => isCancelled(error) || error.reason._tag === "LockTimeoutError"

/**
 * Whether a statement was refused because an earlier statement of its transaction had failed
 * (in_failed_sql_transaction).
 */
export const isAbortedTransaction = (error: SqlError): boolean => codeOf(error) === "25P02"

const backoff = Schedule.exponential(5, 1.5).pipe(Schedule.jittered)

/** Tries a transaction or statement again if it lost to another one. */
export const retryOnContention = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, {
    schedule: backoff,
    times: maxRetries,
    while: (error: E) => isSqlError(error) && isContention(error),
  })

/**
 * Tries an idempotent operation again if the connection broke, or the server stopped or cancelled a statement. An
 * operation that reaches the statement timeout each time is tried twice at most, because the retries end after three
 * seconds.
 */
export const retryOnInterruption = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, {
    schedule: backoff.pipe(Schedule.upTo({ duration: maxRetryMillis })),
    while: (error: E) => isSqlError(error) && (isUnknown(error) || isCancelled(error)),
  })

/**
 * Fails if the database acknowledges commits that are not on its disk yet: a pooler may have dropped the settings of
 * {@link connection}.
 */
export const expectSynchronousCommit = Effect.fnUntraced(function* (sql: Sql) {
  const shown = query<{ readonly synchronous_commit: string }>(sql, "SHOW synchronous_commit")
  const [row] = yield* retryOnInterruption(retryOnContention(shown))
  if (row!.synchronous_commit === "off") {
    return yield* new StoreUnavailable({
      reason: "the database's synchronous_commit is off: it may lose what it acknowledges",
    })
  }
})

/**
 * Whether the database refused a value (class 22 of the SQLSTATE codes, data exception), such as U+0000 in a text.
 * It is there, and would refuse the value again.
 */
const isOfValue = (error: SqlError): boolean => codeOf(error).startsWith("22")

/**
 * Fails with the error of the port. A value that the database refuses is a defect, because it should have been
 * refused before: with `StoreUnavailable` the caller would send it again.
 */
export const fail = (error: SqlError): Effect.Effect<never, StoreUnavailable> =>
  isOfValue(error) ? Effect.die(error) : Effect.fail(unavailable(error))

/** The error of the port. It says what the database reports, and never repeats values of the statement. */
export const unavailable = (error: SqlError): StoreUnavailable =>
  new StoreUnavailable({
    reason: isCancelled(error)
      ? "the database gave up on a statement: it took too long, or somebody cancelled it"
      : `the database cannot answer: ${error.reason._tag}`,
  })

/** Runs an effect in a transaction. */
export const transactionOnce = <A, E>(
  sql: Pick<Sql, "breaker" | "withTransaction">,
  effect: Effect.Effect<A, E | SqlError>,
): Effect.Effect<A, E | SqlError> =>
  sql.breaker(sql.withTransaction(effect)).pipe(
    // If the connection breaks before the rollback, the client raises the error as a defect; here it is an error like
    // others.
    Effect.catchCause((cause) => {
      const broken = cause.reasons.filter(Cause.isDieReason).find(({ defect }) => isSqlError(defect))
      return broken === undefined ? Effect.failCause(cause) : Effect.fail(broken.defect as SqlError)
    }),
  )

/** Runs an effect in a transaction, and tries again if it lost to other transactions. */
export const transaction = <A, E>(
  sql: Pick<Sql, "breaker" | "withTransaction">,
  effect: Effect.Effect<A, E | SqlError>,
): Effect.Effect<A, E | SqlError> => retryOnContention(transactionOnce(sql, effect))

/** Whether an error is one of the database. */
export const isSqlError = (error: unknown): error is SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"
