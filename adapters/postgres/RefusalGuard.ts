/**
 * The guard of refusals: an append is stale if a person has a yes later than the `consentDate` that its refusal gets
 * (`Append.refusals`).
 *
 * No event is later than the last one of its lane, so the heads are only looked up for refusals that are earlier than
 * their lane. Events of the same transaction are compared without a statement.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Append } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import type { LaneHeads, Placed } from "./Lanes.ts"
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

/** The refusals that are earlier than the end of their lane. */
const earlierThan = (requests: ReadonlyArray<Append>, heads: LaneHeads): ReadonlyArray<Guarded> =>
  requests.flatMap((request) =>
    (request.refusals ?? [])
      .map((refusal) => ({ refusal, lane: Lane.of(request.project, refusal.concordId), request }))
      .filter(({ lane, refusal }) => (heads.get(lane)?.last_recorded_at ?? refusal.at) > refusal.at),
  )

/** Whether another request of the transaction records a later yes. `after`: the lanes with all requests. */
export const isOvertakenInGroup = (
  requests: ReadonlyArray<Append>,
  placed: ReadonlyArray<Placed>,
  after: LaneHeads,
): boolean => {
  if (requests.length === 1) return false
  const refusals = earlierThan(requests, after)
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

/**
 * The step that returns whether no person has a later yes; none if no refusal is earlier than its lane. It runs before
 * the heads are raised by the transaction itself. `before`: the lanes without the requests.
 */
export const steps = (sql: Sql.Sql, requests: ReadonlyArray<Append>, before: LaneHeads) => {
  const refusals = earlierThan(requests, before)
  if (refusals.length === 0) return []
  const found = Effect.suspend(() =>
    Sql.query<{ readonly found: number }>(
      sql,
      `SELECT count(*) AS found FROM ${guarded.rows} v
       JOIN head h ON h.lane = v.lane AND h.person = v.person AND h.consent_type = v.consent_type
       WHERE h.consent_state <> 'declined' AND h.consent_date > v.at`,
      guarded.parameters(refusals),
    ),
  )
  return [Effect.map(found, ([row]) => row?.found === 0)]
}
