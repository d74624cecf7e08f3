/**
 * Writes changes that are stored, and the places of the scheduler, in lanes that are locked.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { FeedStep, LanePlace, NewChange } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import type { LaneHeads } from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** The number of the next stored change of lanes; a lane without one has no entry. */
export type Numbers = ReadonlyMap<number, number>

/** A change with its place. */
export interface PlacedChange {
  readonly change: NewChange
  readonly lane: number
  readonly number: number
  readonly beforePosition: number
  readonly recordedAt: Instant
}

/** The lanes in which a step stores changes, in ascending order, each with how many. */
const countsOf = ({ changes, project }: FeedStep): ReadonlyArray<readonly [lane: number, count: number]> =>
  [...Map.groupBy(changes, ({ lane }) => Lane.range(project)[0] + lane)]
    .map(([lane, ofLane]) => [lane, ofLane.length] as const)
    .toSorted(([a], [b]) => a - b)

/** Reads the numbers of the next changes of the lanes in which a step stores changes. */
export const numbersOf = Effect.fnUntraced(function* (sql: Sql.Sql, step: FeedStep) {
  const rows = yield* Sql.query<{ readonly lane: number; readonly next_number: number }>(
    sql,
    "SELECT lane, next_number FROM lane_feed WHERE lane = ANY($1::bigint[])",
    [countsOf(step).map(([lane]) => lane)],
  )
  const numbers: Numbers = new Map(rows.map(({ lane, next_number }) => [lane, next_number]))
  return numbers
})

/** Gives the changes of a step their places, in their order. */
export const place = (
  { changes, project }: FeedStep,
  heads: LaneHeads,
  numbers: Numbers,
  recordedAt: Instant,
): ReadonlyArray<PlacedChange> => {
  const next = new Map(numbers)
  return changes.map((change) => {
    const lane = Lane.range(project)[0] + change.lane
    const number = next.get(lane) ?? 0
    next.set(lane, number + 1)
    return { change, lane, number, beforePosition: heads.get(lane)!.next_position, recordedAt }
  })
}

/** Where the lanes in which a step stores changes end after it. */
export const endsOf = (step: FeedStep, heads: LaneHeads, numbers: Numbers): ReadonlyArray<LanePlace> =>
  countsOf(step).map(([lane, count]) => ({
    lane: lane - Lane.range(step.project)[0],
    position: heads.get(lane)!.next_position,
    number: (numbers.get(lane) ?? 0) + count,
  }))

const rows = ArrayColumns.make<PlacedChange>({
  lane: ["bigint", ({ lane }) => lane],
  number: ["bigint", ({ number }) => number],
  before_position: ["bigint", ({ beforePosition }) => beforePosition],
  recorded_at: ["bigint", ({ recordedAt }) => recordedAt],
  at: ["bigint", ({ change }) => change.at],
  type: ["text", ({ change }) => change.type],
  person: ["uuid", ({ change }) => change.concordId],
  consent_type: ["uuid", ({ change }) => change.consentType],
  body: ["text", ({ change }) => change.body],
})

const insert = (sql: Sql.Sql, changes: ReadonlyArray<PlacedChange>) =>
  Sql.query(sql, `INSERT INTO change SELECT * FROM ${rows.rows} v`, rows.parameters(changes))

/** Counts the changes of lanes. A lane that has none yet gets its first incarnation. */
const count = (sql: Sql.Sql, counts: ReadonlyArray<readonly [lane: number, count: number]>) =>
  Sql.query(
    sql,
    `INSERT INTO lane_feed SELECT v.lane, v.count, 1 FROM unnest($1::bigint[], $2::bigint[]) AS v (lane, count)
     ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET next_number = lane_feed.next_number + excluded.next_number`,
    [counts.map(([lane]) => lane), counts.map(([, count]) => count)],
  )

type Move = FeedStep["places"][number]

const remove = (sql: Sql.Sql, first: number, places: ReadonlyArray<Move>) =>
  Sql.query(
    sql,
    `DELETE FROM due_scan s USING unnest($1::bigint[], $2::text[]) AS v (lane, name)
     WHERE s.lane = v.lane AND s.name = v.name`,
    [places.map(({ lane }) => first + lane), places.map(({ name }) => name)],
  )

const put = (sql: Sql.Sql, first: number, places: ReadonlyArray<Move & { readonly after: string }>) =>
  Sql.query(
    sql,
    `INSERT INTO due_scan SELECT v.lane, v.name, v.state
     FROM unnest($1::bigint[], $2::text[], $3::text[]) AS v (lane, name, state) ORDER BY v.lane, v.name
     ON CONFLICT (lane, name) DO UPDATE SET state = excluded.state`,
    [places.map(({ lane }) => first + lane), places.map(({ name }) => name), places.map(({ after }) => after)],
  )

const isPut = (move: Move): move is Move & { readonly after: string } => move.after !== undefined

/** The steps that write the changes and the places of a step of the feed. */
export const steps = (
  sql: Sql.Sql,
  step: FeedStep,
  changes: ReadonlyArray<PlacedChange>,
): ReadonlyArray<Effect.Effect<undefined, SqlError>> => {
  const [first] = Lane.range(step.project)
  const moved = step.places.filter(({ after, before }) => after !== before)
  const removed = moved.filter((move) => !isPut(move))
  const kept = moved.filter(isPut)
  const statements = [
    ...(changes.length === 0 ? [] : [() => insert(sql, changes), () => count(sql, countsOf(step))]),
    ...(removed.length === 0 ? [] : [() => remove(sql, first, removed)]),
    ...(kept.length === 0 ? [] : [() => put(sql, first, kept)]),
  ]
  return statements.map((statement) => Effect.as(Effect.suspend<unknown, SqlError, never>(statement), undefined))
}
