/**
 * Writes compliance requests: facts at positions without a gap, the state of the request, its private row, its key, and
 * what the change says of its mails and files.
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as ComplianceBody from "../../core/ports/ComplianceBody.ts"
import type { Kept } from "../../core/ports/Kept.ts"
import * as Port from "../../core/ports/ComplianceStore.ts"
import type { IdempotencyWriter } from "./IdempotencyWriter.ts"
import type { OutboxWriter } from "./OutboxWriter.ts"
import type { RequestFileWriter } from "./RequestFileWriter.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about compliance requests. */
export interface ComplianceCommands {
  /** `isRetry`: an earlier attempt may have been committed. */
  readonly writeCompliance: (write: Port.ComplianceWrite, isRetry: boolean) => Kept
  /** Replaces `sweepOn` of requests that still have the ordinal. */
  readonly rescheduleRequests: (given: {
    readonly project: Lane.Owner
    readonly days: ReadonlyArray<Port.SweepDay>
  }) => Kept
  /** Replaces keys that are still wrapped as they were in `from`. */
  readonly rewrapRequests: (
    keys: ReadonlyArray<{ readonly from: Port.LaneRequestKey; readonly to: Port.RequestKey }>,
  ) => Kept
}

/** Writes through one connection. Without a change, nothing is stale, and `keep` does nothing. */
export interface ComplianceWriter extends ComplianceCommands {
  /** Whether a request of a change, or a mail or file of it, is not as it was when the change was decided. */
  readonly isStale: (project: Lane.Owner, change: Port.ComplianceChange | undefined) => boolean
  readonly keep: (project: Lane.Owner, change: Port.ComplianceChange | undefined) => void
  /** Removes what is personal of resolved requests of people, and returns how many requests there were. */
  readonly removePrivateOf: (projects: ReadonlyArray<Lane.Owner>, people: ReadonlyArray<string>, at: Instant) => number
}

const bytesOf = (text: string | undefined): Uint8Array | null => (text === undefined ? null : Uuid.toBytes(text))

type Key = readonly [lane: number, request: Uint8Array]

const prepareFacts = (db: DatabaseSync) => {
  const nextPosition = db.prepare("SELECT next_position FROM compliance_head WHERE lane = ?")
  const moveHead = db.prepare(`
    INSERT INTO compliance_head VALUES (?, ?)
    ON CONFLICT (lane) DO UPDATE SET next_position = excluded.next_position`)
  const insert = db.prepare("INSERT INTO compliance_fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
  const idAt = db.prepare("SELECT fact_id FROM compliance_fact WHERE lane = ? AND request = ? AND ordinal = ?")
  return {
    append: ([lane, request]: Key, facts: ReadonlyArray<ComplianceFact>): void => {
      const first = Number(nextPosition.get(lane)?.["next_position"] ?? 0)
      for (const [index, fact] of facts.entries()) {
        const { at, by, id, kind, on, ordinal } = fact
        const body = ComplianceBody.write(fact)
        insert.run(lane, first + index, request, ordinal, Uuid.toBytes(id), kind, at, on, by, body)
      }
      moveHead.run(lane, first + facts.length)
    },
    has: (key: Key, { id, ordinal }: ComplianceFact): boolean => {
      const row = idAt.get(...key, ordinal)
      return row !== undefined && Uuid.fromBytes(row["fact_id"] as Uint8Array) === id
    },
  }
}

const prepareRequests = (db: DatabaseSync) => {
  const ordinalOf = db.prepare("SELECT ordinal FROM compliance_request WHERE lane = ? AND request = ?")
  const put = db.prepare(
    "INSERT OR REPLACE INTO compliance_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  )
  return {
    ordinalOf: (key: Key): number => Number(ordinalOf.get(...key)?.["ordinal"] ?? 0),
    put: (key: Key, row: Port.ComplianceRow): void => {
      const columns: ReadonlyArray<SQLInputValue> = [
        row.ordinal,
        row.kind,
        row.status,
        row.resolutionStatus ?? null,
        row.regulation,
        row.domain ?? null,
        row.country ?? null,
        row.requestDate,
        row.dateCreated,
        row.dateUpdated,
        row.dueOn ?? null,
        row.isLapsed ? 1 : 0,
        row.state,
        row.sweepOn ?? null,
      ]
      put.run(...key, ...columns)
    },
  }
}

const prepareRemoval = (db: DatabaseSync, outbox: OutboxWriter, files: RequestFileWriter) => {
  const removals = ["compliance_private", "request_key"].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE lane = ? AND request = ?`),
  )
  return (key: Key, at: Instant): void => {
    for (const removal of removals) removal.run(...key)
    outbox.removeOf(key, at)
    files.keep(key, { remove: "all" })
  }
}

/** Finds the resolved requests that a person opened or that are about it. */
const prepareResolved = (db: DatabaseSync) => {
  const select = db.prepare(`
    SELECT p.lane, p.request FROM compliance_private p
    JOIN compliance_request r ON r.lane = p.lane AND r.request = p.request
    WHERE (p.opener = ?1 OR p.subject = ?1) AND r.status = 'resolved'`)
  return (projects: ReadonlyArray<Lane.Owner>, person: string): ReadonlyArray<Key> => {
    const ranges = projects.map(Lane.range)
    return select
      .all(Uuid.toBytes(person))
      .map((row): Key => [Number(row["lane"]), row["request"] as Uint8Array])
      .filter(([lane]) => ranges.some(([first, last]) => first <= lane && lane <= last))
  }
}

const preparePrivate = (db: DatabaseSync) => {
  const put = db.prepare("INSERT OR REPLACE INTO compliance_private VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
  const keepKey = db.prepare("INSERT INTO request_key VALUES (?, ?, ?, ?) ON CONFLICT (lane, request) DO NOTHING")
  return (at: Key, { key, private: row }: Port.RequestChange): void => {
    if (row === "removed") return
    if (key !== undefined) keepKey.run(...at, key.epoch, key.wrapped)
    if (row === undefined) return
    const { emailHash, opener, sealed, session, subject } = row
    const names = [opener, session, subject, emailHash].map(bytesOf)
    put.run(...at, ...names, sealed?.nonce ?? null, sealed?.encrypted ?? null)
  }
}

/** Prepares the statements. */
export const make = (
  db: DatabaseSync,
  outbox: OutboxWriter,
  files: RequestFileWriter,
  idempotency: IdempotencyWriter,
): ComplianceWriter => {
  const facts = prepareFacts(db)
  const requests = prepareRequests(db)
  const remove = prepareRemoval(db, outbox, files)
  const writePrivate = preparePrivate(db)
  const resolvedOf = prepareResolved(db)
  const selectKey = db.prepare("SELECT epoch FROM request_key WHERE lane = ? AND request = ?")
  const reschedule = db.prepare(
    "UPDATE compliance_request SET sweep_on = ? WHERE lane = ? AND request = ? AND ordinal = ?",
  )
  const replaceKey = db.prepare(`
    UPDATE request_key SET epoch = ?, wrapped = ? WHERE lane = ? AND request = ? AND epoch = ? AND wrapped = ?`)

  const keyOf = (project: Lane.Owner, id: string): Key => [Port.laneOf(project, id), Uuid.toBytes(id)]

  const isStale: ComplianceWriter["isStale"] = (project, change) =>
    change !== undefined &&
    change.requests.some((each) => {
      const key = keyOf(project, each.row.id)
      return (
        requests.ordinalOf(key) !== each.before ||
        (Port.needsKey(each) && selectKey.get(...key) === undefined) ||
        outbox.isStale(key, each.mails) ||
        files.isStale(key, each.files)
      )
    })

  const keep: ComplianceWriter["keep"] = (project, change) => {
    for (const each of change?.requests ?? []) {
      const key = keyOf(project, each.row.id)
      facts.append(key, each.facts)
      requests.put(key, each.row)
      writePrivate(key, each)
      outbox.keep(key, each.mails, each.row.dateUpdated)
      files.keep(key, each.files)
      if (each.private === "removed") remove(key, each.row.dateUpdated)
    }
  }

  const isRecorded = ({ project, requests: all }: Port.ComplianceWrite): boolean =>
    all.every((each) => each.facts.every((fact) => facts.has(keyOf(project, each.row.id), fact)))

  return {
    isStale,
    keep,
    removePrivateOf: (projects, people, at) => {
      // One that was opened by one of the people and is about another one counts once.
      const found = new Map(
        people.flatMap((person) => resolvedOf(projects, person)).map((key) => [Uuid.toHex(key[1]), key]),
      )
      for (const key of found.values()) remove(key, at)
      return found.size
    },
    writeCompliance: (write, isRetry) => {
      const { idempotencyRecord, organization, project } = write
      if (isRetry && isRecorded(write)) return "kept"
      if (idempotency.has(organization, idempotencyRecord)) return "repeated"
      if (isStale(project, write)) return "stale"
      keep(project, write)
      idempotency.keep(organization, idempotencyRecord)
      return "kept"
    },
    rescheduleRequests: ({ days, project }) => {
      for (const { ordinal, request, sweepOn = null } of days)
        reschedule.run(sweepOn, ...keyOf(project, request), ordinal)
      return "kept"
    },
    rewrapRequests: (keys) => {
      for (const { from, to } of keys) {
        const place = [from.lane, Uuid.toBytes(from.request)] as const
        replaceKey.run(to.epoch, to.wrapped, ...place, from.epoch, from.wrapped)
      }
      return "kept"
    },
  }
}
