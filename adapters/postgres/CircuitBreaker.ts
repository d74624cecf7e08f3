/**
 * What becomes of questions while the database is away: none waits for longer than a limit, and while no connection can be made
 * they are told so at once. Then one question at a time looks whether the database is back, after waits that grow and that
 * differ from server to server: one that comes back is not met by everybody at once.
 */
import { Cause, Duration, Effect, Exit, Random, Result, Schedule } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import * as Waiting from "../support/Waiting.ts"

/** How long a statement or a transaction may take, in milliseconds; the server itself gives up on a statement as early. */
const statementMaxMillis = 10_000

/** How long a question may take with everything that is tried again for it, in milliseconds. */
const questionMaxMillis = 15_000

/** How many connections in a row must fail, since one may be cut by the network. */
const tripsAfter = 3

/** How long nobody looks whether it is back, the first time and at most, in milliseconds: half of it to one and a half times. */
const pauseMillis = { first: 100, most: 3_000 }

const pause = Schedule.min([Schedule.exponential(pauseMillis.first), Schedule.spaced(pauseMillis.most)]).pipe(
  Schedule.modifyDelay(({ duration }) =>
    Effect.map(Random.nextBetween(0.5, 1.5), (by) => Duration.times(duration, by)),
  ),
)

const failed = (message: string, operation: string): SqlError =>
  new SqlError({ reason: new ConnectionError({ cause: new Error(message), message, operation }) })

const overdue = failed("the database has not answered in time", "wait")
const away = failed("the database is away", "look")

/** The answer, or that there is none in time. */
const within = <A, E, R>(millis: number, question: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Waiting.until(Waiting.millis(millis), question, Effect.fail(overdue))

/** A question with all that is tried again for it. */
export const bounded = <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  within(questionMaxMillis, question)

/** What an answer says of the database: a connection that breaks may be nobody's fault but the network's. */
const classify = <A, E>(exit: Exit.Exit<A, E>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Result.getOrUndefined(Cause.findError(exit.cause))
  if (!(error instanceof SqlError)) return CircuitBreaker.ignored
  const { _tag, operation } = error.reason
  if (error === overdue || operation === "connect") return CircuitBreaker.failure()
  return _tag === "ConnectionError" ? CircuitBreaker.ignored : CircuitBreaker.success
}

/** Asks the database, unless it is away. */
export type Guard = <A, E>(question: Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError>

/** One for each pool. */
export const makeGuard = CircuitBreaker.make({
  tripPolicy: CircuitBreaker.consecutive(tripsAfter),
  openDuration: pause,
}).pipe(
  Effect.provide(CircuitBreaker.layerStoreMemory()),
  Effect.map(
    ({ execute }): Guard =>
      (question) =>
        Effect.catchIf(
          execute(within(statementMaxMillis, question), { key: "database", classify }),
          (error) => error instanceof CircuitBreaker.CircuitBreakerError,
          () => Effect.fail(away),
        ),
  ),
)
