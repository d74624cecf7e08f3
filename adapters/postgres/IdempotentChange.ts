/**
 * A change that is made once, also where the connection breaks while it commits.
 *
 * Its transaction begins by leaving a mark that nobody else leaves. A second try that finds the mark knows that the first was
 * kept; one that meets it in a transaction still open waits for that to end.
 */
import { Clock, Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { randomUUID } from "node:crypto"
import * as Lane from "../../core/model/Lane.ts"
import * as Sql from "./Sql.ts"

/** How long a mark is kept: far longer than anybody tries. */
const keptMillis = 24 * 60 * 60 * 1000

/** Leaves a mark; answers false where it is there already. One in 256 removes its lane's old ones. */
const mark = Effect.fnUntraced(function* (sql: Sql.Sql, lane: number, id: string) {
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

/** Makes a change: of what its steps have written nothing stays unless they end with `kept`. */
export const change = <Outcome extends string>(
  sql: Sql.Sql,
  owner: Lane.Owner,
  steps: Effect.Effect<Outcome | "kept", SqlError>,
): Effect.Effect<Outcome | "kept", SqlError> =>
  Effect.suspend(() => {
    const id = randomUUID()
    const all = Effect.gen(function* () {
      if (!(yield* mark(sql, Lane.of(owner, id), id))) return "kept" as const
      const outcome = yield* steps
      return outcome === "kept" ? outcome : yield* Effect.fail({ _tag: "Abandoned", outcome } as const)
    })
    return Sql.persistently(Sql.transaction(sql, all)).pipe(
      Effect.catchTag("Abandoned", ({ outcome }) => Effect.succeed(outcome)),
    )
  })
