/**
 * Verifying a stored ledger: whether its rows agree with each other. Reads one snapshot, in bounded memory, and changes
 * nothing.
 *
 * A finding names a lane and position, or a person's head. A change that no row contradicts cannot be found: an event
 * that was replaced together with everything derived from it changes only the lane's digest, which is compared with
 * that of an earlier report, if one is given.
 */
import { Effect, Option } from "effect"
import { type Digest, Mac } from "effect/crypto"
import { Keys } from "../ports/Keys.ts"
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
import * as AliasCheck from "./AliasCheck.ts"
import * as ComplianceCheck from "./ComplianceCheck.ts"
import * as EntryPrivateCheck from "./EntryPrivateCheck.ts"
import * as ErasureCheck from "./ErasureCheck.ts"
import * as FeedCheck from "./FeedCheck.ts"
import * as FindingsOf from "./Findings.ts"
import * as HeadCheck from "./HeadCheck.ts"
import * as IdentityChangeCheck from "./IdentityChangeCheck.ts"
import * as JoinedCheck from "./JoinedCheck.ts"
import * as KeyCheck from "./KeyCheck.ts"
import * as LogCheck from "./LogCheck.ts"
import * as LookupCheck from "./LookupCheck.ts"
import * as MailCheck from "./MailCheck.ts"
import * as PersonalCheck from "./PersonalCheck.ts"
import * as RequestFileCheck from "./RequestFileCheck.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"

/** The report on a ledger. */
export interface Report extends AliasCheck.AliasReport {
  /** Whether there are no findings. */
  readonly isWhole: boolean
  readonly events: number
  /** The number of people with events; one with events in two projects counts twice. */
  readonly people: number
  /** Left out if no keys were given. */
  readonly keys?: KeyCheck.KeyReport
  /** A digest over the lanes; equal for equal logs. */
  readonly digest: string
  readonly lanes: ReadonlyArray<LogCheck.LaneReport>
  readonly tables: ReadonlyArray<TableReader.TableDigest>
  /** The first findings, up to a limit. */
  readonly findings: ReadonlyArray<FindingsOf.Finding>
  /** The number of all findings. */
  readonly found: number
}

/** The most findings that are listed, by default. */
export const maxListedDefault = 100

/** Reports the rows of each batch that is read. */
const watched = <Name extends TableName, Column extends ColumnName<Name>>(
  next: Next<Name, Column>,
  read: (rows: number) => Effect.Effect<void>,
): Next<Name, Column> => Effect.tap(next, (rows) => read(rows.length))

/** Runs a check of a table. If the table cannot be read any further, notes that, so that the other checks go on. */
const guarding =
  (findings: FindingsOf.Findings) =>
  <A>(table: TableName, check: Effect.Effect<A, StoreUnavailable | StoreDamaged>) =>
    Effect.catchTag(check, "StoreDamaged", ({ reason }) => {
      findings.note({ table, what: `cannot be read any further: ${reason}` })
      return Effect.succeed(undefined)
    })

/** Reads tables of a snapshot, and computes the digest of each on the way. */
const digestingAll = (snapshot: Snapshot, digest: Digest.Digest["Service"]) => {
  const digests = new Map<TableName, () => TableReader.TableDigest>()
  return {
    read: <Name extends TableName>(table: Name) =>
      Effect.map(snapshot.rows(table), (next) => {
        const { digestOfRead, next: counted } = TableReader.digesting(table, next, digest)
        digests.set(table, digestOfRead)
        return counted
      }),
    isRead: (table: TableName) => digests.has(table),
    all: () => tableNames.flatMap((table) => digests.get(table)?.() ?? []),
  }
}

const verifySnapshot = Effect.fnUntraced(function* (
  snapshot: Snapshot,
  hashing: AliasCheck.Hashing,
  progress: TableReader.Progress,
  maxListed: number,
  earlier: ReadonlyArray<TableReader.LaneDigest>,
) {
  const { digest } = hashing
  const findings = FindingsOf.make(maxListed)
  const guarded = guarding(findings)
  const tables = digestingAll(snapshot, digest)

  for (const what of yield* snapshot.faults) findings.note({ table: "store", what })
  const heads = (yield* guarded("lane_head", TableReader.all(snapshot, "lane_head"))) ?? []
  const total = 2 * heads.reduce((sum, { next_position }) => sum + next_position, 0)
  let done = 0
  const read = (rows: number) => Effect.suspend(() => progress((done += rows), total))

  const owners = (yield* guarded("catalog_entry", CatalogCheck.check(snapshot, findings))) ?? {
    projects: new Map(),
    byNumber: new Map(),
  }
  const erased =
    (yield* guarded(
      "erasure",
      Effect.flatMap(tables.read("erasure"), (next) => ErasureCheck.check("erasure", next, heads, owners, findings)),
    )) ?? new Set<string>()
  yield* guarded(
    "held_erasure",
    Effect.flatMap(tables.read("held_erasure"), (next) =>
      ErasureCheck.check("held_erasure", next, heads, owners, findings),
    ),
  )
  /** Reads a table whose rows about erased people must be gone. */
  const readEmptied = <Name extends ErasureCheck.Emptied>(table: Name) =>
    Effect.map(tables.read(table), (next) => ErasureCheck.watching(table, next, erased, findings))
  const log = yield* guarded(
    "event",
    Effect.gen(function* () {
      const externalIds = yield* LookupCheck.externalIds(snapshot, owners, erased, findings)
      const feeds = yield* TableReader.all(snapshot, "lane_feed")
      const changes = yield* FeedCheck.changes(yield* tables.read("change"), feeds, heads, owners, findings)
      const events = watched(yield* tables.read("event"), read)
      return yield* LogCheck.check(events, snapshot, owners, digest, externalIds, changes, earlier, findings)
    }),
  )
  const folded = yield* guarded(
    "head",
    Effect.gen(function* () {
      const byPerson = yield* HeadCheck.events(snapshot)
      return yield* HeadCheck.check(watched(byPerson, read), yield* tables.read("head"), findings)
    }),
  )
  const events = log?.lanes.reduce((sum, lane) => sum + lane.events, 0) ?? 0
  if (log !== undefined && folded !== undefined && folded.events !== events) {
    const what = `${events} events are found by position, ${folded.events} by person: an index is damaged`
    findings.note({ table: "store", what })
  }
  if (log !== undefined) {
    const { usedTypes } = log
    const check = Effect.flatMap(tables.read("used_type"), (next) =>
      LookupCheck.checkUsedTypes(next, usedTypes, findings),
    )
    yield* guarded("used_type", check)
  }
  yield* guarded(
    "joined_head",
    Effect.gen(function* () {
      const people = yield* tables.read("person")
      const joinedHeads = yield* tables.read("joined_head")
      yield* JoinedCheck.check(people, joinedHeads, snapshot, owners, heads, findings)
    }),
  )
  yield* guarded(
    "people_change",
    Effect.gen(function* () {
      const ends = yield* TableReader.all(snapshot, "people_head")
      yield* IdentityChangeCheck.check(yield* tables.read("people_change"), snapshot, ends, findings)
    }),
  )
  const places = Effect.flatMap(tables.read("due_scan"), (next) => FeedCheck.dueScans(next, owners, findings))
  yield* guarded("due_scan", places)
  const aliases = yield* guarded(
    "alias",
    Effect.flatMap(readEmptied("alias"), (next) => AliasCheck.check(next, owners, hashing, maxListed)),
  )
  const keyCheck = hashing.keys === undefined ? undefined : yield* KeyCheck.make(owners, hashing.keys, findings)
  yield* guarded(
    "personal_data",
    Effect.gen(function* () {
      const keys = yield* readEmptied("person_key")
      const parts = yield* readEmptied("personal_data")
      yield* PersonalCheck.check(keyCheck === undefined ? keys : keyCheck.watch(keys), parts, owners, findings)
    }),
  )
  yield* guarded(
    "compliance_fact",
    Effect.gen(function* () {
      const keys = yield* tables.read("request_key")
      const given: ComplianceCheck.Tables = {
        heads: yield* TableReader.all(snapshot, "compliance_head"),
        facts: yield* tables.read("compliance_fact"),
        requests: yield* tables.read("compliance_request"),
        privates: yield* tables.read("compliance_private"),
        keys: keyCheck === undefined ? keys : keyCheck.watchRequests(keys),
        mails: yield* MailCheck.make(snapshot, findings),
        files: yield* RequestFileCheck.make(
          yield* tables.read("request_file"),
          yield* tables.read("file_chunk"),
          findings,
        ),
      }
      yield* ComplianceCheck.check(given, owners, findings)
    }),
  )
  const ofEntries = Effect.flatMap(tables.read("entry_private"), (next) =>
    EntryPrivateCheck.check(next, snapshot, owners, findings),
  )
  yield* guarded("entry_private", ofEntries)
  const ofMails = Effect.flatMap(tables.read("outbox"), (next) =>
    TableReader.forEach(MailCheck.watch(next, findings), () => Effect.void),
  )
  yield* guarded("outbox", ofMails)
  const ofSessions = Effect.flatMap(readEmptied("session"), (next) => PersonalCheck.checkSessions(next, findings))
  yield* guarded("session", ofSessions)
  for (const table of tableNames) {
    if (tables.isRead(table)) continue
    const next = ErasureCheck.isEmptied(table) ? readEmptied(table) : tables.read(table)
    const drain = Effect.flatMap(next, (rows) => TableReader.forEach(rows, () => Effect.void))
    yield* guarded(table, drain)
  }
  const lanes = log?.lanes ?? []
  return {
    isWhole: findings.count() === 0,
    events,
    people: folded?.people ?? 0,
    ...(aliases ?? { unknownKinds: 0, placeholders: [] }),
    ...(keyCheck !== undefined && { keys: keyCheck.report() }),
    digest: yield* TableReader.digestOf(lanes, digest),
    lanes,
    tables: tables.all(),
    findings: findings.listed,
    found: findings.count(),
  } satisfies Report
})

/**
 * Verifies a ledger. `progress` counts each event twice: it is read once by its position and once by its person. The
 * log must begin with the lanes of an `earlier` report.
 */
export const verify = (
  rows: LedgerRows,
  digest: Digest.Digest["Service"],
  progress: TableReader.Progress = () => Effect.void,
  maxListed = maxListedDefault,
  earlier: ReadonlyArray<TableReader.LaneDigest> = [],
) =>
  Effect.gen(function* () {
    const hashing = { digest, mac: yield* Mac.Mac, keys: Option.getOrUndefined(yield* Effect.serviceOption(Keys)) }
    return yield* rows.read((snapshot) => verifySnapshot(snapshot, hashing, progress, maxListed, earlier))
  })
