/**
 * Reads compliance requests: their rows, their facts, and what is personal of them with the keys that it is encrypted
 * under.
 */
import { Effect } from "effect"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as ComplianceBody from "../../core/ports/ComplianceBody.ts"
import * as Port from "../../core/ports/ComplianceStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** The number of the project of a lane. */
const projectOf = (lane: number): number => Math.floor(lane / Lane.maxCount)

/** A row of `compliance_request`, as {@link requestColumns} read it. */
export interface RequestRow {
  readonly lane: number
  readonly request: string
  readonly ordinal: number
  readonly state: string
  readonly kind: Port.ComplianceRow["kind"]
  readonly status: Port.ComplianceRow["status"]
  readonly resolution_status: NonNullable<Port.ComplianceRow["resolutionStatus"]> | null
  readonly regulation: string
  readonly domain: string | null
  readonly country: string | null
  readonly request_date: number
  readonly created_at: number
  readonly updated_at: number
  readonly due_on: string | null
  readonly sweep_on: string | null
  readonly is_lapsed: boolean
}

/** The columns of a request, of a table `r`. */
export const requestColumns = `r.lane, r.request, r.ordinal, r.state, r.kind, r.status, r.resolution_status, r.regulation,
  r.domain, r.country, r.request_date, r.created_at, r.updated_at, r.due_on, r.sweep_on,
  r.is_lapsed`

/** The request of a row. */
export const toRequest = (row: RequestRow): Port.StoredRequest => ({
  project: projectOf(row.lane),
  id: row.request,
  ordinal: row.ordinal,
  state: row.state,
  kind: row.kind,
  status: row.status,
  ...(row.resolution_status !== null && { resolutionStatus: row.resolution_status }),
  regulation: row.regulation,
  ...(row.domain !== null && { domain: row.domain }),
  ...(row.country !== null && { country: row.country }),
  requestDate: row.request_date,
  dateCreated: row.created_at,
  dateUpdated: row.updated_at,
  ...(row.due_on !== null && { dueOn: row.due_on }),
  ...(row.sweep_on !== null && { sweepOn: row.sweep_on }),
  isLapsed: row.is_lapsed,
})

/** A request; `undefined` for one that the project does not have. */
export const request = (sql: Sql.Sql, project: Lane.Owner, id: string) =>
  Effect.map(
    Sql.query<RequestRow>(
      sql,
      `SELECT ${requestColumns} FROM compliance_request r WHERE r.lane = $1 AND r.request = $2`,
      [Port.laneOf(project, id), id],
    ),
    ([row]) => row && toRequest(row),
  )

/** Requests of all lanes that are to be swept on a day, after a place. */
export const toSweep = (sql: Sql.Sql, on: string, after: Port.SweepPlace | undefined, limit: number) =>
  Effect.map(
    Sql.query<RequestRow>(
      sql,
      `SELECT ${requestColumns} FROM compliance_request r
       WHERE r.sweep_on <= $1${after === undefined ? "" : " AND (r.sweep_on, r.lane, r.request) > ($3, $4, $5)"}
       ORDER BY r.sweep_on, r.lane, r.request LIMIT $2`,
      [on, limit, ...(after === undefined ? [] : [after.sweepOn, after.lane, after.request])],
    ),
    (rows) => rows.map(toRequest),
  )

/** A row of `compliance_fact`, as {@link factColumns} read it. */
export interface FactRow {
  readonly lane: number
  readonly request: string
  readonly ordinal: number
  readonly fact_id: string
  readonly kind: ComplianceFact["kind"]
  readonly recorded_at: number
  readonly day: string
  readonly actor: ComplianceFact["by"]
  readonly body: string
}

/** The columns of a fact, of a table `f`. */
export const factColumns = "f.lane, f.request, f.ordinal, f.fact_id, f.kind, f.recorded_at, f.day, f.actor, f.body"

/** The fact of a row, with its project. */
export const toFact = (row: FactRow): Port.StoredFact => {
  const { body, fact_id: id, kind, lane, ordinal, recorded_at: at, actor: by, day: on } = row
  const columns = { id, requestId: row.request, ordinal, at, on, by, kind }
  return { project: projectOf(lane), fact: ComplianceBody.read(columns, body) }
}

/** The facts of a request, in the order of their ordinals. */
export const facts = (sql: Sql.Sql, project: Lane.Owner, id: string) =>
  Effect.map(
    Sql.query<FactRow>(
      sql,
      `SELECT ${factColumns} FROM compliance_fact f WHERE f.lane = $1 AND f.request = $2 ORDER BY f.ordinal`,
      [Port.laneOf(project, id), id],
    ),
    (rows) => rows.map((row) => toFact(row).fact),
  )

interface PrivateRow {
  readonly request: string
  readonly opener: string | null
  readonly session: string | null
  readonly subject: string | null
  readonly email_hash: string | null
  readonly nonce: Uint8Array | null
  readonly encrypted: Uint8Array | null
  readonly epoch: number | null
  readonly wrapped: Uint8Array | null
}

const toPrivate = (row: PrivateRow): Port.StoredPrivate => {
  const { email_hash, encrypted, epoch, nonce, opener, request, session, subject, wrapped } = row
  return {
    request,
    ...(opener !== null && { opener }),
    ...(session !== null && { session }),
    ...(subject !== null && { subject }),
    ...(email_hash !== null && { emailHash: email_hash }),
    ...(nonce !== null && encrypted !== null && { sealed: { nonce, encrypted } }),
    ...(epoch !== null && wrapped !== null && { key: { epoch, wrapped } }),
  }
}

interface Wanted {
  readonly project: Lane.Owner
  readonly id: string
}

const wanted = ArrayColumns.make<Wanted>({
  lane: ["bigint", ({ id, project }) => Port.laneOf(project, id)],
  request: ["uuid", ({ id }) => id],
})

/** The private rows of requests, in the order of the ids; `undefined` for a request without one. */
export const privateOf = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner, ids: ReadonlyArray<string>) {
  if (ids.length === 0) return []
  const rows = yield* Sql.query<PrivateRow>(
    sql,
    `SELECT p.request, p.opener, p.session, p.subject, encode(p.email_hash, 'hex') AS email_hash, p.nonce, p.encrypted,
       k.epoch, k.wrapped
     FROM ${wanted.rows} v JOIN compliance_private p ON p.lane = v.lane AND p.request = v.request
     LEFT JOIN request_key k ON k.lane = p.lane AND k.request = p.request`,
    wanted.parameters(ids.map((id) => ({ project, id }))),
  )
  const found = new Map(rows.map((row) => [row.request, toPrivate(row)]))
  return ids.map((id) => found.get(id))
})
