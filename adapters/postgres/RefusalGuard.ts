/**
 * The guard of refusals: an append is stale if a person has a yes later than the `consentDate` that its refusal gets
 * (`Append.refusals`).
 *
 * No event is later than the last one of its lane, so the heads are only looked up for refusals that are earlier than
 * their lane; and the merged heads only in lanes that are marked, because someone in them is joined. Events of the same
 * transaction are compared without a statement.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Append } from "../../core/ports/LedgerStore.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import type { LaneHead, LaneHeads, Placed } from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** A refusal, its lane, and the request that records it. */
interface Guarded {
  readonly refusal: Required<Append>["refusals"][number]
  readonly lane: number
  readonly request: Append
}

const guarded = ArrayColumns.make<Guarded>({
  lane: ["bigint", ({ lane }) => lane],
  person: ["uuid", ({ refusal }) => refusal.concordId],
  consent_type: ["uuid", ({ refusal }) => refusal.consentType],
  at: ["bigint", ({ refusal }) => refusal.at],
})

/** The refusals in lanes that need to be looked at. */
const guardedBy = (
  requests: ReadonlyArray<Append>,
  heads: LaneHeads,
  isNeeded: (head: LaneHead, refusal: Guarded["refusal"]) => boolean,
): ReadonlyArray<Guarded> =>
  requests.flatMap((request) =>
    (request.refusals ?? [])
      .map((refusal) => ({ refusal, lane: Lane.of(request.project, refusal.concordId), request }))
      .filter(({ lane, refusal }) => isNeeded(heads.get(lane)!, refusal)),
  )

const isEarlier = (head: LaneHead, { at }: Guarded["refusal"]): boolean => head.last_recorded_at > at

/** Whether another request of the transaction records a later yes. `after`: the lanes with all requests. */
export const isOvertakenInGroup = (
  requests: ReadonlyArray<Append>,
  placed: ReadonlyArray<Placed>,
  after: LaneHeads,
): boolean => {
  if (requests.length === 1) return false
  const refusals = guardedBy(requests, after, isEarlier)
  if (refusals.length === 0) return false
  const ofPerson = Map.groupBy(placed, ({ event }) => event.concordId)
  return refusals.some(({ refusal, request }) =>
    ofPerson
      .get(refusal.concordId)
      ?.some(
        ({ event }) =>
          event.consentType === refusal.consentType &&
          event.consentState !== "declined" &&
          event.consentDate > refusal.at &&
          !request.events.includes(event),
      ),
  )
}

/** Whether a person has a later head of its own. */
const hasLaterHead = (sql: Sql.Sql, refusals: ReadonlyArray<Guarded>) =>
  Effect.map(
    Sql.query<{ readonly found: number }>(
      sql,
      `SELECT count(*) AS found FROM ${guarded.rows} v
       JOIN head h ON h.lane = v.lane AND h.person = v.person AND h.consent_type = v.consent_type
       WHERE h.consent_state <> 'declined' AND h.consent_date > v.at`,
      guarded.parameters(refusals),
    ),
    ([row]) => row?.found !== 0,
  )

/** Whether one that is joined with a person has a later head. The merged heads are read only if someone is joined. */
const hasLaterJoinedHead = Effect.fnUntraced(function* (sql: Sql.Sql, refusals: ReadonlyArray<Guarded>) {
  const people = refusals.map(({ refusal, request }) => ({ ...request, concordId: refusal.concordId }))
  const rows = yield* Sql.query<{ readonly person: string; readonly survivor: string }>(
    sql,
    `SELECT p.person, p.survivor FROM ${PersonWriter.people.rows} v
     JOIN person p ON p.lane = v.lane AND p.person = v.person WHERE p.survivor IS NOT NULL`,
    PersonWriter.people.parameters(people),
  )
  if (rows.length === 0) return false
  const survivors = new Map(rows.map(({ person, survivor }) => [person, survivor]))
  const owners = new Map(refusals.map(({ request: { project } }) => [project.number, project]))
  const later = yield* Sql.query<{ readonly person: string; readonly consent_type: string; readonly at: number }>(
    sql,
    `SELECT person, consent_type, max(consent_date) AS at FROM joined_head
     WHERE lane = ANY($1::bigint[]) AND person = ANY($2::uuid[]) AND consent_state <> 'declined' AND consent_date > $3
     GROUP BY person, consent_type`,
    [
      [...owners.values()].flatMap((owner) => Lane.all(owner)),
      [...survivors.values()],
      Math.min(...refusals.map(({ refusal }) => refusal.at)),
    ],
  )
  return refusals.some(({ refusal: { at, concordId, consentType } }) =>
    later.some((head) => head.person === survivors.get(concordId) && head.consent_type === consentType && head.at > at),
  )
})

/**
 * The steps that return whether no person has a later yes; none if no refusal is earlier than its lane, and no lane is
 * marked. They run before the heads are raised by the transaction itself. `before`: the lanes without the requests.
 */
export const steps = (sql: Sql.Sql, requests: ReadonlyArray<Append>, before: LaneHeads) => {
  const own = guardedBy(requests, before, isEarlier)
  const joined = guardedBy(requests, before, (head) => head.has_joined)
  return [
    ...(own.length === 0 ? [] : [Effect.suspend(() => hasLaterHead(sql, own))]),
    ...(joined.length === 0 ? [] : [Effect.suspend(() => hasLaterJoinedHead(sql, joined))]),
  ].map(Effect.map((isOvertaken) => !isOvertaken))
}
