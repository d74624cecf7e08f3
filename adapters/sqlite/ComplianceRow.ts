/**
 * The rows of compliance requests and of their facts, as arrays of the columns that are selected here.
 */
import type { Actor, ComplianceFact, FactKind, ResolutionStatus } from "../../core/compliance/ComplianceFact.ts"
import type { RequestKind } from "../../core/compliance/ClockPack.ts"
import type { ComplianceStatus } from "../../core/compliance/ComplianceState.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as ComplianceBody from "../../core/ports/ComplianceBody.ts"
import type { StoredFact, StoredPrivate, StoredRequest } from "../../core/ports/ComplianceStore.ts"
import * as Uuid from "./Uuid.ts"

/** The columns of a request. Only the writer writes these columns, and it writes these types. */
export const requestColumns = `r.lane, r.request, r.ordinal, r.kind, r.status, r.resolution_status, r.regulation,
  r.domain, r.country, r.request_date, r.created_at, r.updated_at, r.due_on, r.is_lapsed, r.state,
  r.sweep_on`

export type RequestColumns = readonly [
  lane: number,
  request: Uint8Array,
  ordinal: number,
  kind: RequestKind,
  status: ComplianceStatus,
  resolutionStatus: ResolutionStatus | null,
  regulation: string,
  domain: string | null,
  country: string | null,
  requestDate: number,
  dateCreated: number,
  dateUpdated: number,
  dueOn: string | null,
  isLapsed: number,
  state: string,
  sweepOn: string | null,
]

const projectOf = (lane: number): number => Math.floor(lane / Lane.maxCount)

/** The request of a row of {@link requestColumns}. */
export const toRequest = (row: RequestColumns): StoredRequest => {
  const [lane, id, ordinal, kind, status, resolutionStatus, regulation, domain, country, ...rest] = row
  const [requestDate, dateCreated, dateUpdated, dueOn, isLapsed, state, sweepOn] = rest
  return {
    project: projectOf(lane),
    id: Uuid.fromBytes(id),
    ordinal,
    state,
    kind,
    status,
    ...(resolutionStatus !== null && { resolutionStatus }),
    regulation,
    ...(domain !== null && { domain }),
    ...(country !== null && { country }),
    requestDate,
    dateCreated,
    dateUpdated,
    ...(dueOn !== null && { dueOn }),
    ...(sweepOn !== null && { sweepOn }),
    isLapsed: isLapsed === 1,
  }
}

/** The columns of a fact. */
export const factColumns = "f.lane, f.request, f.ordinal, f.fact_id, f.kind, f.recorded_at, f.day, f.actor, f.body"

export type FactColumns = readonly [
  lane: number,
  request: Uint8Array,
  ordinal: number,
  id: Uint8Array,
  kind: FactKind,
  at: number,
  day: string,
  actor: Actor,
  body: string,
]

/** The fact of a row of {@link factColumns}. */
export const toFact = ([, request, ordinal, id, kind, at, on, by, body]: FactColumns): ComplianceFact =>
  ComplianceBody.read({ id: Uuid.fromBytes(id), requestId: Uuid.fromBytes(request), ordinal, at, on, by, kind }, body)

/** The fact of a row of {@link factColumns}, with its project. */
export const toStoredFact = (row: FactColumns): StoredFact => ({ project: projectOf(row[0]), fact: toFact(row) })

/** The columns of a private row with its key. */
export const privateColumns = "p.opener, p.session, p.subject, p.email_hash, p.nonce, p.encrypted, k.epoch, k.wrapped"

type Bytes = Uint8Array | null

export type PrivateColumns = readonly [
  opener: Bytes,
  session: Bytes,
  subject: Bytes,
  emailHash: Bytes,
  nonce: Bytes,
  encrypted: Bytes,
  epoch: number | null,
  wrapped: Bytes,
]

/** The private row of a request, from a row of {@link privateColumns}. */
export const toPrivate = (request: string, row: PrivateColumns): StoredPrivate => {
  const [opener, session, subject, emailHash, nonce, encrypted, epoch, wrapped] = row
  return {
    request,
    ...(opener !== null && { opener: Uuid.fromBytes(opener) }),
    ...(session !== null && { session: Uuid.fromBytes(session) }),
    ...(subject !== null && { subject: Uuid.fromBytes(subject) }),
    ...(emailHash !== null && { emailHash: Uuid.toHex(emailHash) }),
    ...(nonce !== null && encrypted !== null && { sealed: { nonce, encrypted } }),
    ...(epoch !== null && wrapped !== null && { key: { epoch, wrapped } }),
  }
}
