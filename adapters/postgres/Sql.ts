/**
 * How the store talks to PostgreSQL: the pool, whole numbers, and what errors mean.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import type { Result as Answer } from "@effect/sql-pg/PgConnection"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Cause, Effect, Option, Redacted, Result, Schedule } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"

/** How many connections one process uses, beside those of `Pipelines`. */
const defaultConnections = 6

/** How often a transaction that others stood in the way of is tried again. */
const maxRetries = 20

/** How long a broken connection is replaced before whoever asked is told. */
const patienceMillis = 3_000

/** Instants and positions are whole numbers that JavaScript can hold: milliseconds, and counts. */
const wholeNumbers = PgTypes.makeRegistry()
wholeNumbers.register(PgTypes.OID.int8, {
  // The client itself makes a bigint of a whole number that stands alone.
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
 * How a connection is made. It waits for the disk before a commit is acknowledged, whatever the server's own defaults are, and
 * gives up on what takes longer than ten seconds. Read committed is enough, since what is read is locked first, and costs the
 * fewest retries; a stricter isolation that a pooler puts in its place is as right.
 */
export const connection = (url: string) => ({
  url: Redacted.make(url),
  applicationName: "assent",
  // Where a machine is gone without a word, those to it are used no more soon after.
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

/** The pool. */
export const connect = Effect.fnUntraced(function* (url: string, maxConnections = defaultConnections) {
  const guard = yield* CircuitBreaker.makeGuard
  const client = yield* PgClient.make({ ...connection(url), maxConnections })
  return Object.assign(client, { guard })
})

/** A connection, or a transaction on one. */
export type Sql = PgClient.PgClient & { readonly guard: CircuitBreaker.Guard }

/** A value that a statement takes. */
export type Parameter =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | ReadonlyArray<string | number | boolean | null>
  | PgTypes.Parameter

/** An array names the type of its elements: whole numbers as they are kept, and one of nulls alone as the statement wants it. */
const typed = (value: Parameter): unknown => {
  if (!Array.isArray(value) || value.length === 0) return value
  const elements: ReadonlyArray<unknown> = value
  const first = elements.find((element) => element !== null)
  if (first === undefined) return `{${elements.map(() => "NULL").join(",")}}`
  return typeof first === "number" ? Result.getOrThrow(PgTypes.array(elements, PgTypes.OID.int8)) : value
}

/** Asks in the transaction that is under way, or else if the database is there. */
const ask = <A>(sql: Sql, asked: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (transaction) =>
    Option.isSome(transaction) ? asked : sql.guard(asked),
  )

/** Runs a statement; the rows are what its select names. */
export const query = <Row extends object>(
  sql: Sql,
  statement: string,
  parameters: ReadonlyArray<Parameter> = [],
): Effect.Effect<ReadonlyArray<Row>, SqlError> => ask(sql, sql.unsafe<Row>(statement, parameters.map(typed)))

/** Runs a statement that writes; answers how many rows it has written. */
export const write = (
  sql: Sql,
  statement: string,
  parameters: ReadonlyArray<Parameter> = [],
): Effect.Effect<number, SqlError> =>
  Effect.map(ask(sql, sql.unsafe(statement, parameters.map(typed)).raw), (answer) => (answer as Answer).rowCount)

/** Others stood in the way: the same may succeed at once. */
const isPassing = ({ reason }: SqlError): boolean =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError" || reason._tag === "LockTimeoutError"

/** The server is ending or starting (57P), has no connection left (53300), or does not know itself whether it was done (40003). */
const interruptions = /^(57P\d\d|53300|40003)$/

const codeOf = ({ reason: { cause } }: SqlError): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

/** Whether a commit may or may not have happened: the connection broke, or the server went away. */
export const isUnknown = (error: SqlError): boolean =>
  error.reason._tag === "ConnectionError" || (error.reason._tag === "UnknownError" && interruptions.test(codeOf(error)))

/** The server gave up on a statement, because it took too long or somebody cancelled it: nothing of its transaction was kept. */
const isCancelled = ({ reason }: SqlError): boolean => reason._tag === "StatementTimeoutError"

/** Whether an error only says that an earlier statement of its transaction has failed. */
export const isEcho = (error: SqlError): boolean => codeOf(error) === "25P02"

const soon = Schedule.exponential(5, 1.5).pipe(Schedule.jittered)

/** Again, where others stood in the way. */
export const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, {
    schedule: soon,
    times: maxRetries,
    while: (error: E) => isSqlError(error) && isPassing(error),
  })

/**
 * Again, where the connection broke or the server gave up: for what comes to the same when it is done twice. What takes too long
 * each time is done twice, and not again.
 */
export const persistently = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, {
    schedule: soon.pipe(Schedule.upTo({ duration: patienceMillis })),
    while: (error: E) => isSqlError(error) && (isUnknown(error) || isCancelled(error)),
  })

/** Refuses a database that acknowledges what is not on its disk yet: a pooler may have dropped what {@link connect} sets. */
export const refuseUnsafe = Effect.fnUntraced(function* (sql: Sql) {
  const shown = query<{ readonly synchronous_commit: string }>(sql, "SHOW synchronous_commit")
  const [row] = yield* persistently(patiently(shown))
  if (row!.synchronous_commit === "off") {
    return yield* new StoreUnavailable({
      reason: "the database's synchronous_commit is off: it may lose what it acknowledges",
    })
  }
})

/** What the database says; never what was asked. */
export const unavailable = (error: SqlError): StoreUnavailable =>
  new StoreUnavailable({
    reason: isCancelled(error)
      ? "the database gave up on a statement: it took too long, or somebody cancelled it"
      : `the database cannot answer: ${error.reason._tag}`,
  })

/** Runs all of it or nothing. */
export const transactionOnce = <A, E>(
  sql: Pick<Sql, "guard" | "withTransaction">,
  effect: Effect.Effect<A, E | SqlError>,
): Effect.Effect<A, E | SqlError> =>
  sql.guard(sql.withTransaction(effect)).pipe(
    // A connection that breaks before it is rolled back is a defect to the client, and so is what it was rolled back for.
    Effect.catchCause((cause) => {
      const broken = cause.reasons.filter(Cause.isDieReason).find(({ defect }) => isSqlError(defect))
      return broken === undefined ? Effect.failCause(cause) : Effect.fail(broken.defect as SqlError)
    }),
  )

/** Runs all of it or nothing; again, where others stood in the way. */
export const transaction = <A, E>(
  sql: Pick<Sql, "guard" | "withTransaction">,
  effect: Effect.Effect<A, E | SqlError>,
): Effect.Effect<A, E | SqlError> => patiently(transactionOnce(sql, effect))

/** Whether a failure is one of the database. */
export const isSqlError = (error: unknown): error is SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"
