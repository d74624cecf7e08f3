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
}

const toErasure = (row: ErasureRow): Erasure => {
  const destroyed: Erasure["destroyed"] = JSON.parse(row.destroyed)
  return { id: row.erasure_id, recordedAt: row.recorded_at, ...ErasureBody.read(row.body), destroyed }
}

const columns = "erasure_id, recorded_at, body, destroyed"

/** The erasure of a person; `undefined` for one that was not erased. */
export const ofPerson = (sql: Sql.Sql, organization: Lane.Owner, concordId: string) =>
  Effect.map(
    Sql.query<ErasureRow>(sql, `SELECT ${columns} FROM erasure WHERE lane = $1 AND person = $2`, [
      Lane.of(organization, concordId),
      concordId,
    ]),
    ([row]) => row && toErasure(row),
  )

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
         SELECT DISTINCT ON (recorded_at, erasure_id) ${columns} FROM erasure
         WHERE lane = l.lane${after === undefined ? "" : " AND (recorded_at, erasure_id) > ($3, $4)"}
         ORDER BY recorded_at, erasure_id LIMIT $2) e
       ORDER BY e.recorded_at, e.erasure_id LIMIT $2`,
      [Lane.all(organization), limit, ...(after === undefined ? [] : [after.recordedAt, after.id])],
    ),
    (rows) => rows.map(toErasure),
  )
