/**
 * Lists the events of a project: reads each lane by its own index, and merges the lanes.
 *
 * The first page fixes up to which position each lane is listed (its bound). The following pages have the same bounds
 * and start after the last event of the previous page (keyset paging), so that they neither skip nor repeat events,
 * whatever is recorded meanwhile.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import type { EventFilter, EventPage, PageRequest } from "../../core/ports/LedgerStore.ts"
import * as Conditions from "./Conditions.ts"
import * as EventRow from "./EventRow.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

const column = { consentDate: "e.consent_date", dateCreated: "e.recorded_at" } as const

const conditionsOf = (filter: EventFilter) => {
  const conditions = Conditions.make()
  conditions.add((p) => `e.consent_date >= ${p}`, filter.startDate)
  conditions.add((p) => `e.consent_date < ${p}`, filter.endDate)
  conditions.add((p) => `e.person = ANY(${p}::uuid[])`, filter.people)
  conditions.add((p) => `e.consent_type = ANY(${p}::uuid[])`, filter.consentTypes)
  conditions.add((p) => `e.consent_state = ANY(${p}::text[])`, filter.consentStates)
  conditions.add((p) => `e.consent_action = ANY(${p}::text[])`, filter.consentActions)
  conditions.add((p) => `e.submitter = ${p}`, filter.submitter)
  conditions.add((p) => `e.session = ${p}`, filter.session)
  conditions.add((p) => `e.domain = ${p}`, filter.domain)
  conditions.add((p) => `e.geography = ${p}`, filter.geography)
  return conditions
}

interface Row extends EventRow.EventRow {
  readonly at: number
  readonly lane: number
  readonly position: number
}

/** The lanes that can have events of a filter, each with its bound. */
const lanesOf = (project: Lane.Owner, { people }: EventFilter, bounds: ReadonlyArray<number>) => {
  const needed = people && new Set(people.map((person) => Lane.of(project, person)))
  return Lane.all(project).flatMap((lane, index) => {
    const bound = bounds[index]!
    return bound > 0 && (needed === undefined || needed.has(lane)) ? [{ lane, bound }] : []
  })
}

type BoundLanes = ReturnType<typeof lanesOf>

/** The FROM item `l` with the lanes and their bounds. */
const fromLanes = ({ parameter }: Conditions.Conditions, lanes: BoundLanes): string => {
  const numbers = parameter(lanes.map(({ lane }) => lane))
  const bounds = parameter(lanes.map(({ bound }) => bound))
  return `unnest(${numbers}::bigint[], ${bounds}::bigint[]) AS l (lane, bound)`
}

const count = Effect.fnUntraced(function* (sql: Sql.Sql, lanes: BoundLanes, filter: EventFilter) {
  const conditions = conditionsOf(filter)
  const rows = yield* Sql.query<{ readonly total: number }>(
    sql,
    `SELECT coalesce(sum(c.total), 0)::bigint AS total FROM ${fromLanes(conditions, lanes)} CROSS JOIN LATERAL (
       SELECT count(*) AS total FROM event e WHERE e.lane = l.lane AND e.position < l.bound AND ${conditions.where()}) c`,
    conditions.parameters,
  )
  return rows[0]!.total
})

/** The rows of a page. `firstLane` is the first lane of the project. */
const readRows = (sql: Sql.Sql, lanes: BoundLanes, firstLane: number, filter: EventFilter, page: PageRequest) => {
  const { from, order } = page
  const skipped = typeof from === "number" ? from : 0
  const at = column[page.sort]
  const conditions = conditionsOf(filter)
  if (typeof from !== "number") {
    const [date, lane, position] = from.last
    const key = [date, firstLane + lane, position].map(conditions.parameter).join(", ")
    conditions.push(`(${at}, e.lane, e.position) ${order === "asc" ? ">" : "<"} (${key})`)
  }
  const source = fromLanes(conditions, lanes)
  const limit = conditions.parameter(skipped + page.limit)
  return Sql.query<Row>(
    sql,
    `SELECT r.* FROM ${source} CROSS JOIN LATERAL (
       SELECT ${at} AS at, e.lane, e.position, ${EventRow.columns} FROM event e
       WHERE e.lane = l.lane AND e.position < l.bound AND ${conditions.where()}
       ORDER BY ${at} ${order}, e.position ${order} LIMIT ${limit}) r
     ORDER BY r.at ${order}, r.lane ${order}, r.position ${order}
     LIMIT ${conditions.parameter(page.limit)} OFFSET ${conditions.parameter(skipped)}`,
    conditions.parameters,
  )
}

/** One page of a project's events. */
export const list = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  filter: EventFilter,
  page: PageRequest,
): Effect.fn.Return<EventPage, SqlError> {
  const [skipped, place] = typeof page.from === "number" ? [page.from, undefined] : [0, page.from]
  const all = Lane.all(project)
  const bounds = place?.bounds ?? [...(yield* Lanes.readEnds(sql, "lane_head", all)).values()]
  const lanes = lanesOf(project, filter, bounds)
  const total = place?.total ?? (yield* count(sql, lanes, filter))
  if (skipped >= total) return { total, events: [], bounds }
  const firstLane = all[0]!
  const rows = yield* readRows(sql, lanes, firstLane, filter, page)
  const offset = (place?.offset ?? skipped) + rows.length
  const events = rows.map(EventRow.toEvent)
  const last = rows.at(-1)
  if (last === undefined || offset >= total) return { total, events, bounds }
  const next = { bounds, total, offset, last: [last.at, last.lane - firstLane, last.position] as const }
  return { total, events, bounds, next }
})
