/**
 * The marks of lanes, by which an append knows what it has to look up: whether anyone in the organization is joined,
 * and whether anyone was erased.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import type { Append } from "../../core/ports/LedgerStore.ts"
import type { LaneHead, LaneHeads } from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** Whether anyone in an organization is joined, and whether anyone in it was erased: in one statement. */
const ofOrganization = (sql: Sql.Sql, organization: Lane.Owner) =>
  Effect.map(
    Sql.query<{ readonly mark: "has_joined" | "has_erased" }>(
      sql,
      `(SELECT 'has_joined' AS mark FROM person WHERE lane = ANY($1::bigint[]) AND survivor IS NOT NULL LIMIT 1)
       UNION ALL (SELECT 'has_erased' FROM erasure WHERE lane = ANY($1::bigint[]) LIMIT 1)
       UNION ALL (SELECT 'has_erased' FROM held_erasure WHERE lane = ANY($1::bigint[]) LIMIT 1)`,
      [Lane.all(organization)],
    ),
    (rows) => new Set(rows.map(({ mark }) => mark)),
  )

const isUnmarked = ({ has_erased, has_joined, next_position }: LaneHead): boolean =>
  next_position === 0 && !(has_joined && has_erased)

/**
 * Marks locked lanes that have no events yet as their organization needs it: a join or an erasure that is older than
 * the lane's project has not marked them. Costs a statement only for the first append to a lane.
 */
export const ofNewLanes = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  heads: LaneHeads,
): Effect.fn.Return<LaneHeads, SqlError> {
  if (![...heads.values()].some(isUnmarked)) return heads
  const marked = new Map(heads)
  for (const { organization, project } of new Map(requests.map((each) => [each.project.number, each])).values()) {
    const own = Lane.all(project)
      .flatMap((lane) => heads.get(lane) ?? [])
      .filter(isUnmarked)
    if (own.length === 0) continue
    const marks = yield* ofOrganization(sql, organization)
    for (const head of own) {
      const has_joined = head.has_joined || marks.has("has_joined")
      marked.set(head.lane, { ...head, has_joined, has_erased: head.has_erased || marks.has("has_erased") })
    }
  }
  return marked
})
