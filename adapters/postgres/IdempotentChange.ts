/**
 * A change that is made once, even if the connection breaks while it commits and it has to be tried again.
 *
 * Its transaction begins by inserting a random id into the table `attempt`. A second try that finds the id knows that
 * the first one was committed. If the first one is still open, the second waits at the insert until it has ended.
 */
import { Clock, Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { randomUUID } from "node:crypto"
import * as Lane from "../../core/model/Lane.ts"
import * as Sql from "./Sql.ts"

/** How long an attempt is kept: far longer than a change is tried again. */
const keptMillis = 24 * 60 * 60 * 1000

/**
 * Inserts the id of an attempt; returns false if it is there already. One id in 256 also removes the old ones of its
 * lane.
 */
const insertAttempt = Effect.fnUntraced(function* (sql: Sql.Sql, lane: number, id: string) {
  const now = yield* Clock.currentTimeMillis
  const rows = yield* Sql.query(
    sql,
    "INSERT INTO attempt VALUES ($1, $2, $3) ON CONFLICT (lane, id) DO NOTHING RETURNING lane",
    [lane, id, now],
  )
  if (id.startsWith("00")) {
    yield* Sql.query(sql, "DELETE FROM attempt WHERE lane = $1 AND recorded_at < $2", [lane, now - keptMillis])
  }
  return rows.length > 0
})

/**
 * Runs the steps of a change in a transaction, which is rolled back unless they return `kept`. Returns what they
 * return.
 */
export const run = <Outcome extends string>(
  sql: Sql.Sql,
  owner: Lane.Owner,
  steps: Effect.Effect<Outcome | "kept", SqlError>,
): Effect.Effect<Outcome | "kept", SqlError> =>
  Effect.suspend(() => {
    const id = randomUUID()
    const all = Effect.gen(function* () {
      if (!(yield* insertAttempt(sql, Lane.of(owner, id), id))) return "kept" as const
      const outcome = yield* steps
      return outcome === "kept" ? outcome : yield* Effect.fail({ _tag: "Rollback", outcome } as const)
    })
    return Sql.retryOnInterruption(Sql.transaction(sql, all)).pipe(
      Effect.catchTag("Rollback", ({ outcome }) => Effect.succeed(outcome)),
    )
  })
