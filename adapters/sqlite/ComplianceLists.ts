/**
 * Lists compliance requests and their facts: filtered, sorted and cut into pages by one statement, in the lanes of the
 * projects that are asked for (keyset paging).
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/ComplianceStore.ts"
import * as ComplianceRow from "./ComplianceRow.ts"
import { inSnapshot, prepareArrays } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

interface Condition {
  readonly sql: string
  readonly values: ReadonlyArray<SQLInputValue>
}

const isOneOf = (name: string, values: ReadonlyArray<SQLInputValue> | undefined): ReadonlyArray<Condition> =>
  values === undefined ? [] : [{ sql: `${name} IN (${values.map(() => "?").join(", ")})`, values }]

const compared = (sql: string, value: SQLInputValue | undefined): ReadonlyArray<Condition> =>
  value === undefined ? [] : [{ sql, values: [value] }]

const bytesOf = (ids: ReadonlyArray<string> | undefined): ReadonlyArray<Uint8Array> | undefined =>
  ids?.map(Uuid.toBytes)

const idOf = (id: string | undefined): Uint8Array | undefined => (id === undefined ? undefined : Uuid.toBytes(id))

/** The lanes of projects. */
const inLanes = (name: string, projects: ReadonlyArray<Lane.Owner>): Condition => ({
  sql: `${name} IN (SELECT value FROM json_each(?))`,
  values: [JSON.stringify(projects.flatMap(Lane.all))],
})

/** Requests with a private row that matches. */
const whosePrivate = (alternatives: ReadonlyArray<Condition>): ReadonlyArray<Condition> =>
  alternatives.length === 0
    ? []
    : [
        {
          sql: `(r.lane, r.request) IN (
            SELECT lane, request FROM compliance_private WHERE ${alternatives.map(({ sql }) => sql).join(" OR ")})`,
          values: alternatives.flatMap(({ values }) => values),
        },
      ]

const overdue = ({ is, on }: NonNullable<Port.RequestFilter["overdue"]>): Condition => ({
  sql: `(r.status <> 'resolved' AND r.is_lapsed = 0 AND r.due_on IS NOT NULL AND r.due_on < ?) = ?`,
  values: [on, is ? 1 : 0],
})

/** Those that are due before a day, and those that are not due because their clock is paused. */
const due = ({ dueBefore, pausedWith }: Port.RequestFilter): ReadonlyArray<Condition> => {
  const [before] = compared("r.due_on < ?", dueBefore)
  const [paused] = isOneOf("r.regulation", pausedWith)
  if (before === undefined || paused === undefined) return before === undefined ? [] : [before]
  const sql = `(${before.sql} OR (r.due_on IS NULL AND r.is_lapsed = 0 AND ${paused.sql}))`
  return [{ sql, values: [...before.values, ...paused.values] }]
}

const conditionsOf = (filter: Port.RequestFilter): ReadonlyArray<Condition> => [
  ...compared("r.request = ?", idOf(filter.id)),
  ...whosePrivate(isOneOf("opener", bytesOf(filter.openers))),
  ...whosePrivate([...isOneOf("opener", bytesOf(filter.people)), ...isOneOf("subject", bytesOf(filter.people))]),
  ...whosePrivate(compared("session = ?", idOf(filter.session))),
  ...isOneOf("r.kind", filter.kinds),
  ...isOneOf("r.status", filter.statuses),
  ...isOneOf("r.resolution_status", filter.resolutionStatuses),
  ...compared("r.regulation = ?", filter.regulation),
  ...compared("r.domain = ?", filter.domain),
  ...compared("r.country = ?", filter.country),
  ...compared("r.request_date >= ?", filter.startDate),
  ...compared("r.request_date < ?", filter.endDate),
  ...due(filter),
  ...(filter.overdue === undefined ? [] : [overdue(filter.overdue)]),
  ...(filter.isLapsed === undefined ? [] : [{ sql: "r.is_lapsed = ?", values: [filter.isLapsed ? 1 : 0] }]),
]

const conditionsOfFacts = (filter: Port.FactFilter): ReadonlyArray<Condition> => [
  ...compared("f.fact_id = ?", idOf(filter.id)),
  ...compared("f.request = ?", idOf(filter.request)),
  ...compared("f.actor = ?", filter.by),
  ...isOneOf("f.kind", filter.kinds),
  ...compared("f.recorded_at >= ?", filter.startDate),
  ...compared("f.recorded_at < ?", filter.endDate),
]

const sortColumns: Readonly<Record<Port.RequestSort, string>> = {
  requestDate: "r.request_date",
  dateCreated: "r.created_at",
  dateUpdated: "r.updated_at",
  dueOn: `coalesce(r.due_on, '${Port.withoutDueDate}')`,
  status: "r.status",
}

/** A list: its rows, and the two columns that it is ordered by. */
interface Listing {
  readonly columns: string
  readonly table: string
  /** The key of the table. */
  readonly key: string
  readonly conditions: ReadonlyArray<Condition>
  readonly by: readonly [value: string, id: string]
  readonly order: "asc" | "desc"
  readonly from: number | { readonly value: SQLInputValue; readonly id: string }
  readonly limit: number
}

/** The number of rows that match, and those of a page with the one after it, all as of one moment. */
const select = (db: DatabaseSync, { by, columns, conditions, from, key, limit, order, table }: Listing) => {
  const isSkipping = typeof from === "number"
  const than = order === "asc" ? ">" : "<"
  const left = isSkipping
    ? conditions
    : [...conditions, { sql: `(${by.join(", ")}) ${than} (?, ?)`, values: [from.value, Uuid.toBytes(from.id)] }]
  const run = (selected: string, where: ReadonlyArray<Condition>, rest = "") => {
    const sql = `SELECT ${selected} FROM ${table} WHERE ${where.map((each) => each.sql).join(" AND ")} ${rest}`
    const rows: unknown = prepareArrays(db, sql).all(...where.flatMap(({ values }) => values))
    return rows as ReadonlyArray<ReadonlyArray<unknown>>
  }
  const orderBy = `ORDER BY ${by.map((each) => `${each} ${order}`).join(", ")}`
  // Only the keys of all rows that match are sorted: often they are in an index, and the other columns are long.
  const keys = `SELECT ${key} FROM ${table} WHERE ${left.map(({ sql }) => sql).join(" AND ")} ${orderBy} LIMIT ? OFFSET ?`
  const values = [...left.flatMap((each) => each.values), limit + 1, isSkipping ? from : 0]
  return inSnapshot(db, () => ({
    total: Number(run("count(*)", conditions)[0]![0]),
    rows: run(columns, [{ sql: `(${key}) IN (${keys})`, values }], orderBy) as ReadonlyArray<unknown>,
  }))
}

/** One page of the requests of projects. */
export const requests = (
  db: DatabaseSync,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Port.RequestFilter,
  { from, limit, order, sort }: Port.RequestPage,
): Port.ListedRequests => {
  const { rows, total } = select(db, {
    columns: ComplianceRow.requestColumns,
    table: "compliance_request r",
    key: "r.lane, r.request",
    conditions: [inLanes("r.lane", projects), ...conditionsOf(filter)],
    by: [sortColumns[sort], "r.request"],
    order,
    from,
    limit,
  })
  const requests = rows
    .slice(0, limit)
    .map((row) => ComplianceRow.toRequest(row as unknown as ComplianceRow.RequestColumns))
  const last = requests.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return { total, requests, ...(hasMore && { next: { value: Port.sortValueOf(last, sort), id: last.id } }) }
}

/** One page of the facts of projects. */
export const facts = (
  db: DatabaseSync,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Port.FactFilter,
  { from, limit, order }: Port.FactPage,
): Port.ListedFacts => {
  const { rows, total } = select(db, {
    columns: ComplianceRow.factColumns,
    table: "compliance_fact f",
    key: "f.lane, f.position",
    conditions: [inLanes("f.lane", projects), ...conditionsOfFacts(filter)],
    // The facts of one request are found by it, and not read in the order of their instants.
    by: [filter.request === undefined ? "f.recorded_at" : "+f.recorded_at", "f.fact_id"],
    order,
    from: typeof from === "number" ? from : { value: from.at, id: from.id },
    limit,
  })
  const facts = rows
    .slice(0, limit)
    .map((row) => ComplianceRow.toStoredFact(row as unknown as ComplianceRow.FactColumns))
  const last = facts.at(-1)?.fact
  const hasMore = rows.length > limit && last !== undefined
  return { total, facts, ...(hasMore && { next: { at: last.at, id: last.id } }) }
}
