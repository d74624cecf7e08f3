/**
 * The one writer of a SQLite ledger. It runs in a thread of its own, so that syncing to the disk holds nobody up.
 *
 * A command checks everything before it writes anything; a group of commands is one transaction, and is answered only
 * after its commit. When a transaction fails, the connection is closed and opened anew, and the commands of the group
 * are tried once more, each by itself: one that cannot be kept does not take the others with it.
 */
import { createHash } from "node:crypto"
import { statSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import type { Entries } from "../../core/Catalog.ts"
import * as Lane from "../../core/Lane.ts"
import type { Claim } from "../../core/People.ts"
import type { Append, Appended, Session, StoredEvent } from "../../core/ports/LedgerStore.ts"
import type { Command, Outcome } from "./Command.ts"
import * as Tables from "./Tables.ts"
import * as Uuid from "./Uuid.ts"

/** The writer of one file. */
export interface Writer {
  readonly write: (commands: ReadonlyArray<Command>) => ReadonlyArray<Outcome>
  readonly close: () => void
}

const prepareStatements = (db: DatabaseSync) => ({
  begin: db.prepare("BEGIN IMMEDIATE"),
  commit: db.prepare("COMMIT"),
  laneHead: db.prepare("SELECT next_position, last_recorded_at FROM lane_head WHERE lane = ?"),
  moveLaneHead: db.prepare(`
    INSERT INTO lane_head (lane, next_position, last_recorded_at) VALUES (?, ?, ?)
    ON CONFLICT (lane) DO UPDATE SET
      next_position = excluded.next_position, last_recorded_at = excluded.last_recorded_at`),
  eventById: db.prepare("SELECT digest FROM event WHERE lane = ? AND event_id = ?"),
  insertEvent: db.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
  raiseHead: db.prepare(`
    INSERT INTO head VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (lane, person, consent_type, consent_state) DO UPDATE SET
      consent_date = excluded.consent_date, recorded_at = excluded.recorded_at,
      event_id = excluded.event_id, position = excluded.position
    WHERE (excluded.consent_date, excluded.recorded_at, excluded.event_id)
      > (head.consent_date, head.recorded_at, head.event_id)`),
  alias: db.prepare("SELECT person FROM alias WHERE lane = ? AND hash = ?"),
  claimAlias: db.prepare("INSERT INTO alias VALUES (?, ?, ?) ON CONFLICT (lane, hash) DO NOTHING"),
  openSession: db.prepare("INSERT INTO session VALUES (?, ?, ?) ON CONFLICT (token_hash) DO NOTHING"),
  extendSession: db.prepare("UPDATE session SET expires_at = ? WHERE token_hash = ?"),
  forgetSessions: db.prepare("DELETE FROM session WHERE expires_at < ?"),
  configured: db.prepare("SELECT revision FROM configuration_head"),
  configure: db.prepare("INSERT INTO configuration VALUES (?, ?, ?, ?)"),
  raiseRevision: db.prepare("UPDATE configuration_head SET revision = revision + 1"),
})

type Statements = ReturnType<typeof prepareStatements>

const digestOf = (body: string): Buffer => createHash("sha256").update(body).digest()

const isFree = (statements: Statements, organization: Lane.Owner, { hash, concordId }: Claim): boolean => {
  const row = statements.alias.get(Lane.of(organization, hash), Uuid.toBytes(hash))
  return row === undefined || Uuid.fromBytes(row["person"] as Uint8Array) === concordId
}

const claim = (statements: Statements, organization: Lane.Owner, { hash, concordId }: Claim): void => {
  statements.claimAlias.run(Lane.of(organization, hash), Uuid.toBytes(hash), Uuid.toBytes(concordId))
}

/** Whether the events are there already, from a commit whose outcome was not known. */
const isRecorded = (statements: Statements, lane: number, event: StoredEvent): boolean => {
  const row = statements.eventById.get(lane, Uuid.toBytes(event.id))
  return row !== undefined && digestOf(event.body).equals(row["digest"] as Uint8Array)
}

const insert = (statements: Statements, lane: number, position: number, event: StoredEvent): void => {
  const person = Uuid.toBytes(event.concordId)
  const id = Uuid.toBytes(event.id)
  const type = Uuid.toBytes(event.consentType)
  const { consentState, consentDate, dateCreated } = event
  statements.insertEvent.run(
    lane,
    position,
    person,
    id,
    type,
    event.version,
    consentState,
    event.consentAction,
    consentDate,
    dateCreated,
    event.expirationDate ?? null,
    event.submitter,
    event.session ?? null,
    event.body,
    digestOf(event.body),
  )
  statements.raiseHead.run(lane, person, type, consentState, consentDate, dateCreated, id, position)
}

const append = (statements: Statements, request: Append, isRetry: boolean): Appended => {
  const { project, organization, recordedAt, claims } = request
  const lanes = Map.groupBy(request.events, ({ concordId }) => Lane.of(project, concordId))
  const heads = new Map([...lanes.keys()].map((lane) => [lane, statements.laneHead.get(lane)]))
  if (isRetry && request.events.every((event) => isRecorded(statements, Lane.of(project, event.concordId), event))) {
    return { _tag: "Appended" }
  }
  const last = Math.max(...[...heads.values()].map((head) => Number(head?.["last_recorded_at"] ?? recordedAt)))
  if (last > recordedAt || !claims.every((claim) => isFree(statements, organization, claim))) {
    return { _tag: "Stale", lastRecordedAt: last }
  }
  for (const each of claims) claim(statements, organization, each)
  for (const [lane, events] of lanes) {
    const first = Number(heads.get(lane)?.["next_position"] ?? 0)
    for (const [index, event] of events.entries()) insert(statements, lane, first + index, event)
    statements.moveLaneHead.run(lane, first + events.length, recordedAt)
  }
  return { _tag: "Appended" }
}

/** How long an expired session is kept, so that a late request is told that it expired. */
const expiredSessionsKeptMillis = 24 * 60 * 60 * 1000

const openSession = (statements: Statements, organization: Lane.Owner, session: Session, by: Claim): boolean => {
  if (!isFree(statements, organization, by)) return false
  claim(statements, organization, by)
  statements.openSession.run(Uuid.toBytes(session.tokenHash), session.expiresAt, JSON.stringify(session))
  statements.forgetSessions.run(session.expiresAt - expiredSessionsKeptMillis)
  return true
}

const found = (statements: Statements, entries: Entries): boolean => {
  if (statements.configured.get()?.["revision"] !== 0) return false
  for (const [kind, rows] of Object.entries(entries)) {
    for (const [ordinal, row] of rows.entries()) statements.configure.run(kind, row.id, ordinal, JSON.stringify(row))
  }
  statements.raiseRevision.run()
  return true
}

const apply = (statements: Statements, command: Command, isRetry: boolean): Appended | boolean => {
  switch (command._tag) {
    case "Append":
      return append(statements, command.request, isRetry)
    case "OpenSession":
      return openSession(statements, command.organization, command.session, command.claim)
    case "ExtendSession":
      statements.extendSession.run(command.expiresAt, Uuid.toBytes(command.tokenHash))
      return true
    case "Found":
      return found(statements, command.entries)
    case "Check":
      return true
  }
}

/** Which file a path leads to: a file that was removed or replaced goes on being written to, and nobody finds it again. */
const identityOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** Opens the writer of a file, making its tables where it is empty. Throws where the file cannot be used. */
export const open = (path: string): Writer => {
  const connect = () => {
    const db = Tables.open(path)
    Tables.prepare(db)
    return { db, statements: prepareStatements(db) }
  }
  let connection = connect()
  const identity = identityOf(path)

  const transaction = (commands: ReadonlyArray<Command>, isRetry: boolean): ReadonlyArray<Outcome> => {
    const { statements } = connection
    statements.begin.run()
    const outcomes = commands.map((command): Outcome => ({ _tag: "Done", value: apply(statements, command, isRetry) }))
    statements.commit.run()
    return outcomes
  }

  /** Where it fails, the next transaction fails too, and it is tried again. */
  const reconnect = (): void => {
    try {
      if (connection.db.isOpen) connection.db.close()
      connection = connect()
    } catch {
      // The connection stays closed.
    }
  }

  const alone = (command: Command): Outcome => {
    try {
      return transaction([command], true)[0]!
    } catch (error) {
      reconnect()
      return { _tag: "Unavailable", reason: error instanceof Error ? error.message : "the disk failed" }
    }
  }

  return {
    write: (commands) => {
      if (identityOf(path) !== identity) {
        return commands.map(() => ({ _tag: "Unavailable", reason: "the ledger's file was removed or replaced" }))
      }
      try {
        return transaction(commands, false)
      } catch {
        reconnect()
        return commands.map(alone)
      }
    },
    close: () => {
      if (connection.db.isOpen) connection.db.close()
    },
  }
}
