/**
 * Reads what the scheduler looks at: heads that may lapse, by their date; the heads of all people of a lane; the
 * identity changes that a feed tells of; and how far it has come.
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { DuePage, DueQuery, DueScanPlace, NotedIdentityChange, PersonHeads } from "../../core/ports/LedgerStore.ts"
import * as EventRow from "./EventRow.ts"
import * as Sql from "./Sql.ts"

const columnOf = { consentDate: "consent_date", expirationDate: "expiration_date" } as const

type DueRow = EventRow.DecidingRow & { readonly position: number; readonly is_head: boolean }

/**
 * Heads whose date is in a range. The events of the range are read in the order of the index of the date; each is
 * compared with the head of its person, type and state.
 */
export const due = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner, query: DueQuery) {
  const { after, by, from, lane, limit, to } = query
  const column = columnOf[by]
  const rows = yield* Sql.query<DueRow>(
    sql,
    `SELECT e.position, h.lane IS NOT NULL AS is_head, ${EventRow.decidingColumns} FROM (
       SELECT * FROM event WHERE lane = $1 AND ${column} < $3 AND (${column}, position) > ($2, $4)
       ORDER BY ${column}, position LIMIT $5
     ) e
     LEFT JOIN head h ON h.lane = $1 AND h.person = e.person AND h.consent_type = e.consent_type
       AND h.consent_state = e.consent_state AND h.position = e.position
     ORDER BY e.${column}, e.position`,
    [Lane.range(project)[0] + lane, after?.date ?? from, to, after?.position ?? -1, limit],
  )
  const last = rows.length < limit ? undefined : rows.at(-1)
  const page: DuePage = {
    heads: rows.flatMap((row) => (row.is_head ? [{ position: row.position, event: EventRow.toDeciding(row) }] : [])),
    ...(last !== undefined && { next: { date: last[column]!, position: last.position } }),
  }
  return page
})

const leastUuid = "00000000-0000-0000-0000-000000000000"

/** The heads of the people of a lane, in the order of their ids. */
export const people = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  lane: number,
  consentTypes: ReadonlyArray<string> | undefined,
  after: string | undefined,
  limit: number,
) {
  const ofTypes = (table: string) => (consentTypes === undefined ? "" : ` AND ${table}.consent_type = ANY($4::uuid[])`)
  const rows = yield* Sql.query<EventRow.DecidingRow>(
    sql,
    `SELECT ${EventRow.decidingColumns} FROM (
       SELECT DISTINCT n.person FROM head n WHERE n.lane = $1 AND n.person > $2${ofTypes("n")}
       ORDER BY n.person LIMIT $3
     ) p
     JOIN head h ON h.lane = $1 AND h.person = p.person${ofTypes("h")}
     JOIN event e ON e.lane = $1 AND e.position = h.position
     ORDER BY e.person, e.position`,
    [Lane.range(project)[0] + lane, after ?? leastUuid, limit, ...(consentTypes === undefined ? [] : [consentTypes])],
  )
  const heads = new Map<string, Array<ConsentEvent>>()
  for (const row of rows) {
    const ofPerson = heads.get(row.person) ?? []
    heads.set(row.person, ofPerson)
    ofPerson.push(EventRow.toDeciding(row))
  }
  return [...heads].map(([concordId, ofPerson]): PersonHeads => ({ concordId, heads: ofPerson }))
})

interface NotedRow {
  readonly position: number
  readonly kind: NotedIdentityChange["kind"]
  readonly recorded_at: number
  readonly id: string
  readonly member: string
  readonly survivor: string
}

/** The identity changes of a lane of an organization, from a position on. Those of one position are never parted. */
export const identityChanges = (sql: Sql.Sql, organization: Lane.Owner, lane: number, from: number, limit: number) =>
  Effect.map(
    Sql.query<NotedRow>(
      sql,
      `SELECT p.* FROM (
         SELECT position, kind, recorded_at, id, member, survivor FROM people_change
         WHERE lane = $1 AND position >= $2 ORDER BY position FETCH FIRST ($3) ROWS WITH TIES
       ) p ORDER BY p.position, p.id`,
      [Lane.range(organization)[0] + lane, from, limit],
    ),
    (rows) => rows.map(({ recorded_at, ...row }): NotedIdentityChange => ({ ...row, lane, recordedAt: recorded_at })),
  )

/** How far the scheduler has come in a project, ordered by lane and name. */
export const places = (sql: Sql.Sql, project: Lane.Owner) =>
  Effect.map(
    Sql.query<DueScanPlace>(
      sql,
      "SELECT lane, name, state FROM due_scan WHERE lane = ANY($1::bigint[]) ORDER BY lane, name",
      [Lane.all(project)],
    ),
    (rows) => rows.map((place) => ({ ...place, lane: place.lane - Lane.range(project)[0] })),
  )
