/**
 * The keys of compliance requests: reads them, and replaces them by the same keys, wrapped again.
 */
import { Effect } from "effect"
import type * as Port from "../../core/ports/ComplianceStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** Comes before the key of every request. */
const first = { lane: -1, request: "00000000-0000-0000-0000-000000000000" }

/** A page of the keys of requests, of all projects. */
export const all = (sql: Sql.Sql, after: Pick<Port.LaneRequestKey, "lane" | "request"> = first, limit: number) =>
  Sql.query<Port.LaneRequestKey>(
    sql,
    `SELECT lane, request, epoch, wrapped FROM request_key
     WHERE (lane, request) > ($1, $2) ORDER BY lane, request LIMIT $3`,
    [after.lane, after.request, limit],
  )

interface Rewrapped {
  readonly from: Port.LaneRequestKey
  readonly to: Port.RequestKey
}

const rewrapped = ArrayColumns.make<Rewrapped>({
  lane: ["bigint", ({ from }) => from.lane],
  request: ["uuid", ({ from }) => from.request],
  from_epoch: ["bigint", ({ from }) => from.epoch],
  from_wrapped: ["bytea", ({ from }) => from.wrapped],
  epoch: ["bigint", ({ to }) => to.epoch],
  wrapped: ["bytea", ({ to }) => to.wrapped],
})

/** Replaces keys that are still wrapped as they were. */
export const rewrap = Effect.fnUntraced(function* (sql: Sql.Sql, given: ReadonlyArray<Rewrapped>) {
  if (given.length === 0) return
  yield* Sql.query(
    sql,
    `UPDATE request_key k SET epoch = v.epoch, wrapped = v.wrapped FROM ${rewrapped.rows} v
     WHERE k.lane = v.lane AND k.request = v.request AND k.epoch = v.from_epoch AND k.wrapped = v.from_wrapped`,
    rewrapped.parameters(given),
  )
})
