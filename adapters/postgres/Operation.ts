/**
 * Runs an operation of the store: within its time limit, and with the errors of the port.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import * as ConnectFault from "./ConnectFault.ts"
import * as Sql from "./Sql.ts"

/** Runs an operation that makes its own retries. */
export const once = <A, R, E = never>(
  operation: Effect.Effect<A, SqlError | E, R>,
): Effect.Effect<A, StoreUnavailable | Exclude<E, SqlError>, R> =>
  Effect.catch(
    CircuitBreaker.withTimeLimit(operation),
    (error): Effect.Effect<never, StoreUnavailable | Exclude<E, SqlError>> =>
      Sql.isSqlError(error) ? Sql.fail(error) : Effect.fail(error as Exclude<E, SqlError>),
  )

/** Runs a step that opens a database, and makes its own retries. Its failures name the database, and say what to do. */
export const opening = <A, E extends ConnectFault.Failure, R>(
  url: string,
  step: Effect.Effect<A, E, R>,
): Effect.Effect<A, StoreUnavailable | Exclude<E, SqlError>, R> =>
  ConnectFault.placing(url, CircuitBreaker.withTimeLimit(step))

/**
 * Runs a read, or a write with the same effect if it is run twice; tries again if it lost to others or was interrupted.
 */
export const idempotent = <A, R>(operation: Effect.Effect<A, SqlError, R>): Effect.Effect<A, StoreUnavailable, R> =>
  once(Sql.retryOnInterruption(Sql.retryOnContention(operation)))
