/**
 * Checks that the identity changes that a feed tells of are those of facts and erasures.
 */
import { Effect } from "effect"
import type { Next, Row, Snapshot } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as FeedCheck from "./FeedCheck.ts"
import type { Findings } from "./Findings.ts"

/** What an identity change must agree with: the columns that it shares with its fact or erasure. */
const keyOf = (lane: number, kind: string, id: string, recordedAt: number, member: string, survivor: string): string =>
  JSON.stringify([lane, kind, id, recordedAt, member, survivor])

/**
 * Checks that each identity change that a feed tells of is that of a fact or an erasure, and was counted in its lane. A
 * fact from before a feed told of any has none.
 */
export const check = Effect.fnUntraced(function* (
  next: Next<"people_change">,
  snapshot: Snapshot,
  ends: ReadonlyArray<Row<"people_head">>,
  findings: Findings,
) {
  const counted = new Map(ends.map(({ lane, next_position }) => [lane, next_position]))
  const missing = new Map<string, Row<"people_change">>()
  const note = ({ lane, position }: Row<"people_change">, what: string) =>
    findings.note({ table: "people_change", lane, position, what })
  yield* TableReader.forEach(next, (rows) =>
    Effect.sync(() => {
      for (const row of rows) {
        const { id, kind, lane, member, position, recorded_at, survivor } = row
        if (position >= (counted.get(lane) ?? 0)) note(row, "the lane has not counted it")
        const key = keyOf(lane, kind, id, recorded_at, member, survivor)
        if (missing.has(key)) note(row, "is there twice")
        missing.set(key, row)
      }
    }),
  )
  if (missing.size === 0) return
  yield* TableReader.forEach(yield* snapshot.rows("person_fact"), (rows) =>
    Effect.sync(() => {
      for (const { body, lane } of rows) {
        if (!FeedCheck.isObject(body)) continue
        const { dateCreated, id, kind, member, survivor } = JSON.parse(body)
        missing.delete(keyOf(lane, kind, id, dateCreated, member, survivor))
      }
    }),
  )
  yield* TableReader.forEach(yield* snapshot.rows("erasure"), (rows) =>
    Effect.sync(() => {
      for (const { erasure_id, lane, person, recorded_at } of rows) {
        missing.delete(keyOf(lane, "erased", erasure_id, recorded_at, person, person))
      }
    }),
  )
  for (const row of missing.values()) note(row, "no fact or erasure says so")
})
