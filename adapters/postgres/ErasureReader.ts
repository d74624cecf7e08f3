/**
 * Reads erasures. Each has a row for every person that it erased, in the lane of the person.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as ErasureBody from "../../core/ports/ErasureBody.ts"
import type { Erasure } from "../../core/ports/LedgerStore.ts"
import * as Sql from "./Sql.ts"

interface ErasureRow {
  readonly erasure_id: string
  readonly recorded_at: number
  readonly body: string
  readonly destroyed: string
  readonly is_held: boolean
}

const toErasure = (row: ErasureRow): Erasure => {
  const destroyed: Erasure["destroyed"] = JSON.parse(row.destroyed)
  const scope = row.is_held && ({ scope: "held" } as const)
  return { id: row.erasure_id, recordedAt: row.recorded_at, ...ErasureBody.read(row.body), ...scope, destroyed }
}

const tables = ["erasure", "held_erasure"] as const

const columnsOf = (table: (typeof tables)[number]): string =>
  `erasure_id, recorded_at, body, destroyed, ${table === "held_erasure"} AS is_held`

const ofPersonIn = (table: (typeof tables)[number], sql: Sql.Sql, organization: Lane.Owner, concordId: string) =>
  Effect.map(
    Sql.query<ErasureRow>(
      sql,
      `SELECT ${columnsOf(table)} FROM ${table} WHERE lane = $1 AND person = $2 ORDER BY recorded_at, erasure_id`,
      [Lane.of(organization, concordId), concordId],
    ),
    (rows) => rows.map(toErasure),
  )

/** The erasure of everything of a person; `undefined` for one that was not erased like that. */
export const ofPerson = (sql: Sql.Sql, organization: Lane.Owner, concordId: string) =>
  Effect.map(ofPersonIn("erasure", sql, organization, concordId), ([erasure]) => erasure)

/** The erasures that kept the identifiers of a person. */
export const heldOfPerson = (sql: Sql.Sql, organization: Lane.Owner, concordId: string) =>
  ofPersonIn("held_erasure", sql, organization, concordId)

/** A page of the erasures of a lane in one table, each once. */
const pageOf = (table: (typeof tables)[number], after: unknown): string =>
  `SELECT DISTINCT ON (recorded_at, erasure_id) ${columnsOf(table)} FROM ${table}
   WHERE lane = l.lane${after === undefined ? "" : " AND (recorded_at, erasure_id) > ($3, $4)"}
   ORDER BY recorded_at, erasure_id LIMIT $2`

/** A page of the erasures of an organization, each once, in the order of their instants and then of their ids. */
export const ofOrganization = (
  sql: Sql.Sql,
  organization: Lane.Owner,
  after: Pick<Erasure, "recordedAt" | "id"> | undefined,
  limit: number,
) =>
  Effect.map(
    Sql.query<ErasureRow>(
      sql,
      `SELECT DISTINCT ON (e.recorded_at, e.erasure_id) e.* FROM unnest($1::bigint[]) AS l (lane) CROSS JOIN LATERAL (
         ${tables.map((table) => `(${pageOf(table, after)})`).join(" UNION ALL ")}) e
       ORDER BY e.recorded_at, e.erasure_id LIMIT $2`,
      [Lane.all(organization), limit, ...(after === undefined ? [] : [after.recordedAt, after.id])],
    ),
    (rows) => rows.map(toErasure),
  )
