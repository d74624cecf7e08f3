/**
 * Verifying a kept ledger: whether everything in it agrees with everything else. Reads one snapshot, in bounded memory, and
 * changes nothing.
 *
 * What is found is named by lane and position, or by the person's head. What no row contradicts cannot be found: an event
 * that was replaced everywhere, with all that was made of it, shows only in the lane's digest, beside one that was noted before.
 */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import {
  type ColumnName,
  type LedgerRows,
  type Next,
  type Snapshot,
  type StoreDamaged,
  type TableName,
  tableNames,
} from "../ports/LedgerRows.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as FindingsOf from "./Findings.ts"
import * as HeadCheck from "./HeadCheck.ts"
import * as LogCheck from "./LogCheck.ts"
import * as LookupCheck from "./LookupCheck.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"

/** What a ledger was found to be. */
export interface Report {
  readonly isWhole: boolean
  readonly events: number
  /** How many people have events; one with events in two projects counts twice. */
  readonly people: number
  /** Of the lanes and their digests: equal where the logs of two ledgers are. */
  readonly digest: string
  readonly lanes: ReadonlyArray<LogCheck.LaneReport>
  readonly tables: ReadonlyArray<TableReader.TableDigest>
  /** The first ones. */
  readonly findings: ReadonlyArray<FindingsOf.Finding>
  /** How many there are. */
  readonly found: number
}

/** Is told how many events were read; each is read twice, once by its position and once by its person. */
export type Progress = (done: number, total: number) => Effect.Effect<void>

/** How many findings are listed where nobody says otherwise. */
export const maxListedDefault = 100

/** Tells how far the reading of a table is. */
const watched = <Name extends TableName, Column extends ColumnName<Name>>(
  next: Next<Name, Column>,
  read: (rows: number) => Effect.Effect<void>,
): Next<Name, Column> => Effect.tap(next, (rows) => read(rows.length))

const verifySnapshot = Effect.fnUntraced(function* (
  snapshot: Snapshot,
  digest: Digest.Digest["Service"],
  progress: Progress,
  maxListed: number,
) {
  const findings = FindingsOf.make(maxListed)
  /** A check that ends where the store cannot be read any further: the others go on. */
  const guarded = <A>(table: TableName, check: Effect.Effect<A, StoreUnavailable | StoreDamaged>) =>
    Effect.catchTag(check, "StoreDamaged", ({ reason }) => {
      findings.note({ table, what: `cannot be read any further: ${reason}` })
      return Effect.succeed(undefined)
    })

  for (const what of yield* snapshot.faults) findings.note({ table: "store", what })
  const heads = (yield* guarded("lane_head", TableReader.all(snapshot, "lane_head"))) ?? []
  const total = 2 * heads.reduce((sum, { next_position }) => sum + next_position, 0)
  let done = 0
  const read = (rows: number) => Effect.suspend(() => progress((done += rows), total))

  const tallies = new Map<TableName, () => TableReader.TableDigest>()
  const tallied = <Name extends TableName>(table: Name) =>
    Effect.map(snapshot.rows(table), (next) => {
      const { next: counted, tally } = TableReader.digesting(table, next, digest)
      tallies.set(table, tally)
      return counted
    })

  const owners = (yield* guarded("catalog_entry", CatalogCheck.check(snapshot, findings))) ?? {
    projects: new Map(),
    byNumber: new Map(),
  }
  const log = yield* guarded(
    "event",
    Effect.flatMap(tallied("event"), (next) => LogCheck.check(watched(next, read), snapshot, owners, digest, findings)),
  )
  const folded = yield* guarded(
    "head",
    Effect.gen(function* () {
      const byPerson = yield* HeadCheck.events(snapshot)
      return yield* HeadCheck.check(watched(byPerson, read), yield* tallied("head"), findings)
    }),
  )
  const events = log?.lanes.reduce((sum, lane) => sum + lane.events, 0) ?? 0
  if (log !== undefined && folded !== undefined && folded.events !== events) {
    const what = `${events} events are found by position, ${folded.events} by person: an index is damaged`
    findings.note({ table: "store", what })
  }
  if (log !== undefined) {
    const { usedTypes } = log
    const check = Effect.flatMap(tallied("used_type"), (next) => LookupCheck.checkUsedTypes(next, usedTypes, findings))
    yield* guarded("used_type", check)
  }
  yield* guarded("external_id", LookupCheck.checkExternalIds(snapshot, owners, findings))
  for (const table of tableNames) {
    if (tallies.has(table)) continue
    const drain = Effect.flatMap(tallied(table), (next) => TableReader.forEach(next, () => Effect.void))
    yield* guarded(table, drain)
  }
  const lanes = log?.lanes ?? []
  return {
    isWhole: findings.count() === 0,
    events,
    people: folded?.people ?? 0,
    digest: yield* TableReader.digestOf(lanes, digest),
    lanes,
    tables: tableNames.flatMap((table) => tallies.get(table)?.() ?? []),
    findings: findings.listed,
    found: findings.count(),
  } satisfies Report
})

/** Verifies a ledger. */
export const verify = (
  rows: LedgerRows,
  digest: Digest.Digest["Service"],
  progress: Progress = () => Effect.void,
  maxListed = maxListedDefault,
) => rows.read((snapshot) => verifySnapshot(snapshot, digest, progress, maxListed))
