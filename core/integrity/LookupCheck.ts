/**
 * Checks the tables by which events are looked up, against the log and in both directions: external ids, and used
 * consent types.
 */
import { Effect } from "effect"
import * as Lane from "../model/Lane.ts"
import type { Next, Row, Snapshot } from "../ports/LedgerRows.ts"
import type { Findings } from "./Findings.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"

/**
 * Checks that each lane lists the versions of consent types that its events name, and no others. A row with the version
 * 0 stands for versions of events that were recorded before the store noted them.
 */
export const checkUsedTypes = Effect.fnUntraced(function* (
  next: Next<"used_type">,
  used: ReadonlyMap<number, ReadonlyMap<string, ReadonlySet<number>>>,
  findings: Findings,
) {
  const kept = new Map<string, Set<number>>()
  const note = (lane: number, consentType: string, what: string) =>
    findings.note({ table: "used_type", lane, consentType, what })
  const use = ({ consent_type, lane, version }: Row<"used_type">) => {
    const versions = used.get(lane)?.get(consent_type)
    const isUsed = version === 0 ? versions !== undefined : versions?.has(version) === true
    if (!isUsed) note(lane, consent_type, "the lane has no event of this version of the type")
    const place = `${lane} ${consent_type}`
    kept.set(place, (kept.get(place) ?? new Set()).add(version))
  }
  yield* TableReader.forEach(next, (rows) => Effect.sync(() => rows.forEach(use)))
  for (const [lane, types] of used) {
    for (const [type, versions] of types) {
      const noted = kept.get(`${lane} ${type}`)
      const isNoted = noted?.has(0) === true || [...versions].every((version) => noted?.has(version) === true)
      if (!isNoted) note(lane, type, "is missing")
    }
  }
})

/** Orders external ids by their hash, then by the project. */
const compare = (a: readonly [string, number], b: readonly [string, number]): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]

/** Checks that each external id of the log leads to its event, and that there is no other external id. */
export const checkExternalIds = Effect.fnUntraced(function* (
  snapshot: Snapshot,
  { byNumber }: CatalogCheck.Owners,
  findings: Findings,
) {
  const events = yield* TableReader.reader(
    yield* snapshot.rows("event", {
      columns: ["lane", "position", "external_id"],
      by: ["external_id", "lane", "position"],
      having: "external_id",
    }),
  )
  const kept = yield* TableReader.reader(
    yield* snapshot.rows("external_id", {
      columns: ["lane", "hash", "event_lane", "position"],
      by: ["hash", "lane"],
    }),
  )
  const note = (lane: number, position: number, what: string) =>
    findings.note({ table: "external_id", lane, position, what })

  while (events.row !== undefined || kept.row !== undefined) {
    const event = events.row
    const row = kept.row
    const eventKey = event && ([event.external_id!, CatalogCheck.numberOf(event.lane)] as const)
    const rowKey = row && ([row.hash, CatalogCheck.numberOf(row.lane)] as const)
    const order = eventKey === undefined ? 1 : rowKey === undefined ? -1 : compare(eventKey, rowKey)
    if (event !== undefined && order < 0) note(event.lane, event.position, "the external id of the event is missing")
    if (row !== undefined && order > 0) note(row.event_lane, row.position, "no event of that external id is there")
    if (event !== undefined && row !== undefined && !(order < 0) && !(order > 0)) {
      const owner = byNumber.get(CatalogCheck.numberOf(event.lane))
      const isThere = row.event_lane === event.lane && row.position === event.position
      if (!isThere) note(event.lane, event.position, "the external id leads to another event")
      if (owner !== undefined && row.lane !== Lane.of(owner, row.hash)) {
        note(event.lane, event.position, "the external id is not in its own lane")
      }
    }
    if (!(order > 0)) yield* events.advance
    if (!(order < 0)) yield* kept.advance
  }
})
