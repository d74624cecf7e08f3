/**
 * Lists the events of a project: each lane by its own index, then the lanes merged.
 *
 * The first page fixes how far each lane goes. Those that follow see just that, from where the page before ended, so they
 * neither skip nor repeat, whatever is recorded meanwhile.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { EventFilter, EventPage, PageRequest } from "../../core/ports/LedgerStore.ts"
import * as EventRow from "./EventRow.ts"
import * as Sql from "./Sql.ts"

const column = { consentDate: "e.consent_date", dateCreated: "e.recorded_at" } as const

/** Conditions with numbered parameters, in the order they are added. */
const makeConditions = () => {
  const parameters: Array<Sql.Parameter> = []
  const sql: Array<string> = []
  const parameter = (value: Sql.Parameter): string => `$${parameters.push(value)}`
  return {
    parameters,
    parameter,
    add: (condition: (parameter: string) => string, value: Sql.Parameter | undefined): void => {
      if (value !== undefined) sql.push(condition(parameter(value)))
    },
    push: (condition: string): void => void sql.push(condition),
    where: (): string => sql.join(" AND "),
  }
}

const conditionsOf = (filter: EventFilter) => {
  const conditions = makeConditions()
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

const boundsOf = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner) {
  const lanes = Lane.all(project)
  const rows = yield* Sql.query<{ readonly lane: number; readonly next_position: number }>(
    sql,
    "SELECT lane, next_position FROM lane_head WHERE lane = ANY($1::bigint[])",
    [lanes],
  )
  const heads = new Map(rows.map(({ lane, next_position }) => [lane, next_position]))
  return lanes.map((lane) => heads.get(lane) ?? 0)
})

interface Found extends EventRow.EventRow {
  readonly at: number
  readonly lane: number
  readonly position: number
}

/** The lanes that a filter needs, each with how far it goes. */
const lanesOf = (project: Lane.Owner, { people }: EventFilter, bounds: ReadonlyArray<number>) => {
  const needed = people && new Set(people.map((person) => Lane.of(project, person)))
  return Lane.all(project).flatMap((lane, index) => {
    const bound = bounds[index]!
    return bound > 0 && (needed === undefined || needed.has(lane)) ? [{ lane, bound }] : []
  })
}

/** One page of a project's events. */
export const list = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  filter: EventFilter,
  page: PageRequest,
) {
  const place = typeof page.from === "number" ? undefined : page.from
  const skipped = typeof page.from === "number" ? page.from : 0
  const bounds = place?.bounds ?? (yield* boundsOf(sql, project))
  const lanes = lanesOf(project, filter, bounds)
  const from = (conditions: ReturnType<typeof makeConditions>) => {
    const given = `unnest(${conditions.parameter(lanes.map(({ lane }) => lane))}::bigint[], ${conditions.parameter(
      lanes.map(({ bound }) => bound),
    )}::bigint[])`
    return `${given} AS l (lane, bound)`
  }
  const counted = conditionsOf(filter)
  const count = Sql.query<{ readonly total: number }>(
    sql,
    `SELECT coalesce(sum(c.total), 0)::bigint AS total FROM ${from(counted)} CROSS JOIN LATERAL (
       SELECT count(*) AS total FROM event e WHERE e.lane = l.lane AND e.position < l.bound AND ${counted.where()}) c`,
    counted.parameters,
  )
  const total = place?.total ?? (yield* count)[0]!.total
  const listed = conditionsOf(filter)
  const at = column[page.sort]
  const first = Lane.all(project)[0]!
  if (place !== undefined) {
    const [date, lane, position] = place.last
    const key = [date, first + lane, position].map(listed.parameter).join(", ")
    listed.push(`(${at}, e.lane, e.position) ${page.order === "asc" ? ">" : "<"} (${key})`)
  }
  const source = from(listed)
  const limit = listed.parameter(skipped + page.limit)
  const rows = yield* Sql.query<Found>(
    sql,
    `SELECT r.* FROM ${source} CROSS JOIN LATERAL (
       SELECT ${at} AS at, e.lane, e.position, ${EventRow.columns} FROM event e
       WHERE e.lane = l.lane AND e.position < l.bound AND ${listed.where()}
       ORDER BY ${at} ${page.order}, e.position ${page.order} LIMIT ${limit}) r
     ORDER BY r.at ${page.order}, r.lane ${page.order}, r.position ${page.order}
     LIMIT ${listed.parameter(page.limit)} OFFSET ${listed.parameter(skipped)}`,
    listed.parameters,
  )
  const offset = (place?.offset ?? skipped) + rows.length
  const events = rows.map(EventRow.toEvent)
  const last = rows.at(-1)
  if (last === undefined || offset >= total) return { total, events, bounds } satisfies EventPage as EventPage
  const next = { bounds, total, offset, last: [last.at, last.lane - first, last.position] as const }
  return { total, events, bounds, next } satisfies EventPage
})
