/**
 * The compliance requests of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import * as Port from "../../core/ports/ComplianceStore.ts"
import * as ComplianceLists from "./ComplianceLists.ts"
import * as ComplianceRow from "./ComplianceRow.ts"
import type { Write } from "./GroupCommit.ts"
import { prepareArrays, read, readEach } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

const prepareKeys = (db: DatabaseSync) => {
  const select = prepareArrays(
    db,
    `SELECT lane, request, epoch, wrapped FROM request_key
     WHERE (lane, request) > (?, ?) ORDER BY lane, request LIMIT ?`,
  )
  return (after: Pick<Port.LaneRequestKey, "lane" | "request"> | undefined, limit: number) => {
    const rows: ReadonlyArray<unknown> = select.all(after?.lane ?? -1, Uuid.toBytes(after?.request ?? ""), limit)
    return rows.map((row): Port.LaneRequestKey => {
      const [lane, request, epoch, wrapped] = row as readonly [number, Uint8Array, number, Uint8Array]
      return { lane, request: Uuid.fromBytes(request), epoch, wrapped }
    })
  }
}

const prepareSweep = (db: DatabaseSync) => {
  const select = prepareArrays(
    db,
    `SELECT ${ComplianceRow.requestColumns} FROM compliance_request r
     WHERE r.sweep_on <= ? AND (r.sweep_on, r.lane, r.request) > (?, ?, ?)
     ORDER BY r.sweep_on, r.lane, r.request LIMIT ?`,
  )
  return (on: string, after: Port.SweepPlace | undefined, limit: number) => {
    const place = [after?.sweepOn ?? "", after?.lane ?? -1, Uuid.toBytes(after?.request ?? "")] as const
    const rows: ReadonlyArray<unknown> = select.all(on, ...place, limit)
    return rows.map((row) => ComplianceRow.toRequest(row as ComplianceRow.RequestColumns))
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): Port.ComplianceStore => {
  const selectRequest = prepareArrays(
    db,
    `SELECT ${ComplianceRow.requestColumns} FROM compliance_request r WHERE r.lane = ? AND r.request = ?`,
  )
  const selectFacts = prepareArrays(
    db,
    `SELECT ${ComplianceRow.factColumns} FROM compliance_fact f WHERE f.lane = ? AND f.request = ? ORDER BY f.ordinal`,
  )
  const selectPrivate = prepareArrays(
    db,
    `SELECT ${ComplianceRow.privateColumns} FROM compliance_private p
     LEFT JOIN request_key k ON k.lane = p.lane AND k.request = p.request WHERE p.lane = ? AND p.request = ?`,
  )
  const allKeys = prepareKeys(db)
  const toSweep = prepareSweep(db)
  const keyOf = (project: Parameters<typeof Port.laneOf>[0], id: string) =>
    [Port.laneOf(project, id), Uuid.toBytes(id)] as const
  return {
    write: (change) => write("writeCompliance", change),
    request: (project, id) =>
      read(() => {
        const row: unknown = selectRequest.get(...keyOf(project, id))
        return row === undefined ? undefined : ComplianceRow.toRequest(row as ComplianceRow.RequestColumns)
      }),
    facts: (project, id) =>
      read(() => {
        const rows: ReadonlyArray<unknown> = selectFacts.all(...keyOf(project, id))
        return rows.map((row) => ComplianceRow.toFact(row as ComplianceRow.FactColumns))
      }),
    list: (projects, filter, page) => read(() => ComplianceLists.requests(db, projects, filter, page)),
    listFacts: (projects, filter, page) => read(() => ComplianceLists.facts(db, projects, filter, page)),
    privateOf: (project, ids) =>
      read(() =>
        readEach(db, ids, (id) => {
          const row: unknown = selectPrivate.get(...keyOf(project, id))
          return row === undefined ? undefined : ComplianceRow.toPrivate(id, row as ComplianceRow.PrivateColumns)
        }),
      ),
    toSweep: (on, after, limit) => read(() => toSweep(on, after, limit)),
    reschedule: (project, days) => Effect.asVoid(write("rescheduleRequests", { project, days })),
    allKeys: (after, limit) => read(() => allKeys(after, limit)),
    rewrap: (keys) => Effect.asVoid(write("rewrapRequests", keys)),
  }
}
