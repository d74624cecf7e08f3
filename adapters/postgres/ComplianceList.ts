/**
 * Lists the compliance requests and the facts of projects: reads each lane by itself, and merges the lanes. A page
 * begins after the place where the page before it ended (keyset paging), and has one row more than it answers, which
 * says whether another page follows.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/ComplianceStore.ts"
import * as Reader from "./ComplianceReader.ts"
import * as Conditions from "./Conditions.ts"
import * as Sql from "./Sql.ts"

/** A table that is listed: its columns, and what its rows are ordered by before their id. */
interface Listed {
  readonly from: string
  readonly columns: string
  readonly value: string
  readonly id: string
}

interface Page {
  readonly order: "asc" | "desc"
  readonly limit: number
  readonly skipped: number
  /** The place where the page before ended. */
  readonly after: readonly [value: number | string, id: string] | undefined
}

type Conditioned = (conditions: Conditions.Conditions) => void

const count = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  { from }: Listed,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Conditioned,
) {
  const conditions = Conditions.make()
  const lanes = conditions.parameter(projects.flatMap(Lane.all))
  filter(conditions)
  const [row] = yield* Sql.query<{ readonly total: number }>(
    sql,
    `SELECT coalesce(sum(c.total), 0)::bigint AS total FROM unnest(${lanes}::bigint[]) AS l (lane) CROSS JOIN LATERAL (
       SELECT count(*) AS total FROM ${from} WHERE ${conditions.where()}) c`,
    conditions.parameters,
  )
  return row!.total
})

/** The rows of a page, and one more if another page follows. */
const read = <Row extends object>(
  sql: Sql.Sql,
  { columns, from, id, value }: Listed,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Conditioned,
  { after, limit, order, skipped }: Page,
) => {
  const conditions = Conditions.make()
  const lanes = conditions.parameter(projects.flatMap(Lane.all))
  filter(conditions)
  if (after !== undefined) {
    const [at, last] = after
    const place = `${conditions.parameter(at)}${typeof at === "string" ? "::text" : "::bigint"}`
    conditions.push(`(${value}, ${id}) ${order === "asc" ? ">" : "<"} (${place}, ${conditions.parameter(last)}::uuid)`)
  }
  const most = conditions.parameter(skipped + limit + 1)
  return Sql.query<Row>(
    sql,
    `SELECT r.* FROM unnest(${lanes}::bigint[]) AS l (lane) CROSS JOIN LATERAL (
       SELECT ${value} AS sort_value, ${id} AS sort_id, ${columns} FROM ${from} WHERE ${conditions.where()}
       ORDER BY 1 ${order}, 2 ${order} LIMIT ${most}) r
     ORDER BY r.sort_value ${order}, r.sort_id ${order}
     LIMIT ${conditions.parameter(limit + 1)} OFFSET ${conditions.parameter(skipped)}`,
    conditions.parameters,
  )
}

const pageOf = ({ limit, order }: Pick<Port.RequestPage, "limit" | "order">, after: Page["after"] | number): Page =>
  typeof after === "number" ? { order, limit, skipped: after, after: undefined } : { order, limit, skipped: 0, after }

/** How many rows there are on all pages, and those of one page. */
const list = Effect.fnUntraced(function* <Row extends object>(
  sql: Sql.Sql,
  listed: Listed,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Conditioned,
  page: Page,
) {
  const total = yield* count(sql, listed, projects, filter)
  const isEmpty = page.skipped >= total
  const rows = isEmpty ? [] : yield* read<Row>(sql, listed, projects, filter, page)
  return { total, rows: rows.slice(0, page.limit), isLast: rows.length <= page.limit }
})

const values: Readonly<Record<Port.RequestSort, string>> = {
  requestDate: "r.request_date",
  dateCreated: "r.created_at",
  dateUpdated: "r.updated_at",
  dueOn: `coalesce(r.due_on, '${Port.withoutDueDate}') COLLATE "C"`,
  status: "r.status",
}

/** The requests whose private rows fulfil a condition. */
const withPrivate = (...conditions: ReadonlyArray<string>): string =>
  `r.request IN (${conditions
    .map((each) => `SELECT p.request FROM compliance_private p WHERE p.lane = l.lane AND ${each}`)
    .join(" UNION ALL ")})`

const isOverdue = (on: string): string =>
  `(r.status <> 'resolved' AND NOT r.is_lapsed AND r.due_on IS NOT NULL AND r.due_on < ${on})`

const ofRequests =
  (filter: Port.RequestFilter): Conditioned =>
  ({ add, parameter, push }) => {
    push("r.lane = l.lane")
    add((p) => `r.request = ${p}`, filter.id)
    add((p) => withPrivate(`p.opener = ANY(${p}::uuid[])`), filter.openers)
    add((p) => withPrivate(`p.opener = ANY(${p}::uuid[])`, `p.subject = ANY(${p}::uuid[])`), filter.people)
    add((p) => withPrivate(`p.session = ${p}`), filter.session)
    add((p) => `r.kind = ANY(${p}::text[])`, filter.kinds)
    add((p) => `r.status = ANY(${p}::text[])`, filter.statuses)
    add((p) => `r.resolution_status = ANY(${p}::text[])`, filter.resolutionStatuses)
    add((p) => `r.regulation = ${p}`, filter.regulation)
    add((p) => `r.domain = ${p}`, filter.domain)
    add((p) => `r.country = ${p}`, filter.country)
    add((p) => `r.request_date >= ${p}`, filter.startDate)
    add((p) => `r.request_date < ${p}`, filter.endDate)
    const { pausedWith } = filter
    const isPaused = (packs: ReadonlyArray<string>): string =>
      `(r.due_on IS NULL AND NOT r.is_lapsed AND r.regulation = ANY(${parameter(packs)}::text[]))`
    const orPaused = (before: string): string =>
      pausedWith === undefined ? before : `(${before} OR ${isPaused(pausedWith)})`
    add((p) => orPaused(`r.due_on < ${p}`), filter.dueBefore)
    add((p) => (filter.overdue?.is === true ? isOverdue(p) : `NOT ${isOverdue(p)}`), filter.overdue?.on)
    add((p) => `r.is_lapsed = ${p}`, filter.isLapsed)
  }

/** One page of the requests of projects. */
export const requests = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Port.RequestFilter,
  { from, sort, ...page }: Port.RequestPage,
) {
  const listed = { from: "compliance_request r", columns: Reader.requestColumns, value: values[sort], id: "r.request" }
  const after = typeof from === "number" ? from : ([from.value, from.id] as const)
  const found = yield* list<Reader.RequestRow>(sql, listed, projects, ofRequests(filter), pageOf(page, after))
  const requests = found.rows.map(Reader.toRequest)
  const last = requests.at(-1)
  const answer: Port.ListedRequests = { total: found.total, requests }
  if (last === undefined || found.isLast) return answer
  return { ...answer, next: { value: Port.sortValueOf(last, sort), id: last.id } }
})

const ofFacts =
  (filter: Port.FactFilter): Conditioned =>
  ({ add, push }) => {
    push("f.lane = l.lane")
    add((p) => `f.fact_id = ${p}`, filter.id)
    add((p) => `f.request = ${p}`, filter.request)
    add((p) => `f.actor = ${p}`, filter.by)
    add((p) => `f.kind = ANY(${p}::text[])`, filter.kinds)
    add((p) => `f.recorded_at >= ${p}`, filter.startDate)
    add((p) => `f.recorded_at < ${p}`, filter.endDate)
  }

const factTable: Listed = {
  from: "compliance_fact f",
  columns: Reader.factColumns,
  value: "f.recorded_at",
  id: "f.fact_id",
}

/** One page of the facts of projects. */
export const facts = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Port.FactFilter,
  { from, ...page }: Port.FactPage,
) {
  const after = typeof from === "number" ? from : ([from.at, from.id] as const)
  const found = yield* list<Reader.FactRow>(sql, factTable, projects, ofFacts(filter), pageOf(page, after))
  const facts = found.rows.map(Reader.toFact)
  const last = facts.at(-1)
  const answer: Port.ListedFacts = { total: found.total, facts }
  if (last === undefined || found.isLast) return answer
  return { ...answer, next: { at: last.fact.at, id: last.fact.id } }
})
