/**
 * Checks the tables by which events are looked up, against the log and in both directions: external ids, and used
 * consent types.
 */
import { Effect } from "effect"
import * as Lane from "../model/Lane.ts"
import type { Next, Row, Snapshot, StoreDamaged } from "../ports/LedgerRows.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
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

/** Follows the events of the log in the order of their lanes and positions, and checks the external ids of each. */
export interface ExternalIdCheck {
  /** `isNamed`: the event has an external id, to which its body holds the commitment. */
  readonly follow: (
    event: Pick<Row<"event">, "lane" | "person" | "position">,
    isNamed: boolean,
  ) => Effect.Effect<void, StoreUnavailable | StoreDamaged>
  /** Checks what is left after the last event. */
  readonly finish: Effect.Effect<void, StoreUnavailable | StoreDamaged>
}

/**
 * Checks that each external id leads to an event that has one, of the same person, and that an event with one is found
 * by it. Those of people that were erased must be gone.
 */
export const externalIds = Effect.fnUntraced(function* (
  snapshot: Snapshot,
  { byNumber }: CatalogCheck.Owners,
  erased: ReadonlySet<string>,
  findings: Findings,
) {
  const kept = yield* TableReader.reader(
    yield* snapshot.rows("external_id", {
      columns: ["lane", "hash", "event_lane", "position", "person"],
      by: ["event_lane", "position", "lane", "hash"],
    }),
  )
  const note = ({ event_lane, position }: Pick<Row<"external_id">, "event_lane" | "position">, what: string) =>
    findings.note({ table: "external_id", lane: event_lane, position, what })

  /** Notes the rows before a place, which lead to no event. */
  const skipTo = Effect.fnUntraced(function* (lane: number, position: number) {
    for (let row = kept.row; row !== undefined; row = kept.row) {
      if (row.event_lane > lane || (row.event_lane === lane && row.position >= position)) return
      note(row, "no event of that external id is there")
      yield* kept.advance
    }
  })

  const checkRow = (row: Row<"external_id">, person: string, isNamed: boolean): void => {
    const owner = byNumber.get(CatalogCheck.numberOf(row.event_lane))
    if (!isNamed) note(row, "the event has no external id")
    if (row.person !== person) note(row, "the external id has another person than its event")
    if (erased.has(row.person)) note(row, "the external id of an erased person is still there")
    if (owner !== undefined && row.lane !== Lane.of(owner, row.hash))
      note(row, "the external id is not in its own lane")
  }

  const follow: ExternalIdCheck["follow"] = Effect.fnUntraced(function* ({ lane, person, position }, isNamed) {
    yield* skipTo(lane, position)
    let rows = 0
    for (let row = kept.row; row?.event_lane === lane && row.position === position; row = kept.row) {
      checkRow(row, person, isNamed)
      if (++rows === 2) note(row, "the event has two external ids")
      yield* kept.advance
    }
    if (isNamed && rows === 0 && !erased.has(person)) {
      note({ event_lane: lane, position }, "the external id of the event is missing")
    }
  })

  return { follow, finish: skipTo(Infinity, 0) } satisfies ExternalIdCheck as ExternalIdCheck
})
