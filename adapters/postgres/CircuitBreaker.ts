/**
 * Time limits and a circuit breaker for a database that does not answer. No operation waits longer than its limit.
 * After three connections in a row have failed the circuit opens: operations then fail at once, except one at a time
 * that tests the database. The pauses between tests grow, and differ from server to server, so that a database that
 * comes back does not get the connections of all servers at the same moment.
 */
import { Cause, Duration, Effect, Exit, Random, Result, Schedule } from "effect"
import { CircuitBreaker as Breaker } from "effect/persistence"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import * as Waiting from "../support/Waiting.ts"

/** Runs an operation of the database, or fails at once while the circuit is open. */
export type CircuitBreaker = <A, E>(operation: Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError>

/** How long a statement or a transaction may take, in milliseconds; the server's own statement timeout is as long. */
const maxStatementMillis = 10_000

/** How long an operation may take with all of its retries, in milliseconds. */
const maxOperationMillis = 15_000

/** How many connections in a row must fail before the circuit opens: a single one may have been cut by the network. */
const maxFailures = 3

/**
 * How long the circuit stays open before a test, the first time and at most, in milliseconds; varied by a factor of 0.5
 * to 1.5.
 */
const pauseMillis = { first: 100, most: 3_000 }

const pause = Schedule.min([Schedule.exponential(pauseMillis.first), Schedule.spaced(pauseMillis.most)]).pipe(
  Schedule.modifyDelay(({ duration }) =>
    Effect.map(Random.nextBetween(0.5, 1.5), (by) => Duration.times(duration, by)),
  ),
)

const connectionError = (message: string, operation: string, cause: unknown = new Error(message)): SqlError =>
  new SqlError({ reason: new ConnectionError({ cause, message, operation }) })

const timeout = connectionError("the database has not answered in time", "wait")

/** The failure while the circuit is open, with the message and the cause of the last connection that failed. */
const circuitOpen = ({ reason: { cause, message } }: SqlError): SqlError =>
  connectionError(message ?? "the database is away", "look", cause)

const limit = <A, E, R>(millis: number, operation: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Waiting.until(Waiting.millis(millis), operation, Effect.fail(timeout))

/** An operation with all of its retries; fails when its time is over. */
export const withTimeLimit = <A, E, R>(operation: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  limit(maxOperationMillis, operation)

/**
 * What a result says about the database. A connection that breaks in use is ignored, because the network may have cut
 * it. An error of a connection that failed is given to `report`.
 */
const classify =
  (report: (error: SqlError) => void) =>
  <A, E>(exit: Exit.Exit<A, E>): Breaker.Outcome => {
    if (Exit.isSuccess(exit)) return Breaker.success
    const error = Result.getOrUndefined(Cause.findError(exit.cause))
    if (!(error instanceof SqlError)) return Breaker.ignored
    const { _tag, operation } = error.reason
    if (error === timeout || operation === "connect") {
      report(error)
      return Breaker.failure()
    }
    return _tag === "ConnectionError" ? Breaker.ignored : Breaker.success
  }

/** A closed circuit: one for each pool of connections. */
export const make = Breaker.make({
  tripPolicy: Breaker.consecutive(maxFailures),
  openDuration: pause,
}).pipe(
  Effect.provide(Breaker.layerStoreMemory()),
  Effect.map(({ execute }): CircuitBreaker => {
    let last = timeout
    const options = { key: "database", classify: classify((error) => (last = error)) }
    return (operation) =>
      Effect.catchIf(
        execute(limit(maxStatementMillis, operation), options),
        (error) => error instanceof Breaker.CircuitBreakerError,
        () => Effect.fail(circuitOpen(last)),
      )
  }),
)
