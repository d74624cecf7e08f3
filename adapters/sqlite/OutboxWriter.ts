/**
 * Writes mails: those that changes of their requests add, end and cancel; and claims of mails that are due.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Kept } from "../../core/ports/Kept.ts"
import type * as Port from "../../core/ports/OutboxStore.ts"
import * as Uuid from "./Uuid.ts"

/** Names a mail in the whole store. */
export interface MailPlace {
  readonly lane: number
  readonly id: string
}

/** The commands about mails. */
export interface OutboxCommands {
  /** Returns the places of the mails, those that were due first in front. */
  readonly claimMails: (claim: {
    readonly channel: Port.OutboxChannel
    readonly now: Instant
    readonly until: Instant
    readonly limit: number
  }) => ReadonlyArray<MailPlace>
  readonly postponeMail: (postponed: {
    readonly mail: Parameters<Port.OutboxStore["postpone"]>[0]
    readonly to: Parameters<Port.OutboxStore["postpone"]>[1]
  }) => Exclude<Kept, "repeated">
}

type Request = readonly [lane: number, request: Uint8Array]

/** Writes through one connection. */
export interface OutboxWriter extends OutboxCommands {
  /** Whether a mail of a change is not as it was seen. */
  readonly isStale: (request: Request, changes: Port.MailChanges | undefined) => boolean
  readonly keep: (request: Request, changes: Port.MailChanges | undefined, at: Instant) => void
  /** Cancels the mails of a request that wait, and removes what is encrypted and the recipient hash of all. */
  readonly removeOf: (request: Request, at: Instant) => void
}

const prepareChanges = (db: DatabaseSync): Omit<OutboxWriter, keyof OutboxCommands> => {
  const selectSeen = db.prepare(
    "SELECT 1 FROM outbox WHERE lane = ? AND request = ? AND mail = ? AND state = ? AND tries = ?",
  )
  const endOne = db.prepare(`
    UPDATE outbox SET state = ?1, outcome = ?2, ended_at = ?3,
      nonce = CASE ?1 WHEN 'failed' THEN nonce END, encrypted = CASE ?1 WHEN 'failed' THEN encrypted END
    WHERE lane = ?4 AND mail = ?5`)
  const cancelAll = db.prepare(`
    UPDATE outbox SET state = 'cancelled', ended_at = ?, nonce = NULL, encrypted = NULL
    WHERE lane = ? AND request = ? AND state = 'waiting' AND template = ?`)
  const insert = db.prepare(`
    INSERT INTO outbox (lane, request, mail, template, created_at, due_at, ends_at, recipient_hash, nonce, encrypted,
      state, tries)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0) ON CONFLICT (lane, mail) DO NOTHING`)
  const remove = db.prepare(`
    UPDATE outbox SET nonce = NULL, encrypted = NULL, recipient_hash = NULL,
      ended_at = CASE state WHEN 'waiting' THEN ?1 ELSE ended_at END,
      state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END
    WHERE lane = ?2 AND request = ?3`)
  return {
    isStale: (request, changes) =>
      (changes?.end ?? []).some(
        ({ id, state, tries }) => selectSeen.get(...request, Uuid.toBytes(id), state, tries) === undefined,
      ),
    keep: (request, { add = [], cancel = [], end = [] } = {}, at) => {
      for (const { at: endedAt, id, outcome, to } of end) {
        endOne.run(to, outcome, endedAt, request[0], Uuid.toBytes(id))
      }
      for (const template of cancel) cancelAll.run(at, ...request, template)
      for (const { createdAt, dueAt, endsAt, id, recipientHash, sealed, template } of add) {
        const hash = Uuid.toBytes(recipientHash)
        const { encrypted, nonce } = sealed
        insert.run(...request, Uuid.toBytes(id), template, createdAt, dueAt, endsAt, hash, nonce, encrypted)
      }
    },
    removeOf: (request, at) => void remove.run(at, ...request),
  }
}

const toPlace = (row: Readonly<Record<string, SQLOutputValue>>): MailPlace => ({
  lane: Number(row["lane"]),
  id: Uuid.fromBytes(row["mail"] as Uint8Array),
})

const prepareClaims = (db: DatabaseSync): OutboxCommands => {
  // Written out, so that the index of the channel serves.
  const prepareDue = (isOfChannel: string) =>
    db.prepare(`
      SELECT lane, mail FROM outbox WHERE state = 'waiting' AND ${isOfChannel} AND due_at <= ?
      ORDER BY due_at, lane, mail LIMIT ?`)
  const due = { mail: prepareDue("template <> 'task'"), task: prepareDue("template = 'task'") }
  const claim = db.prepare("UPDATE outbox SET tries = tries + 1, due_at = ? WHERE lane = ? AND mail = ?")
  const postpone = db.prepare(`
    UPDATE outbox SET state = 'waiting', due_at = ?, ends_at = ?, outcome = coalesce(?, outcome), ended_at = NULL
    WHERE lane = ? AND mail = ? AND state = ? AND tries = ? AND state IN ('waiting', 'failed') AND encrypted IS NOT NULL`)
  return {
    claimMails: ({ channel, limit, now, until }) => {
      const rows = due[channel].all(now, limit)
      for (const { lane, mail } of rows) claim.run(until, lane!, mail!)
      return rows.map(toPlace)
    },
    postponeMail: ({ mail: { id, lane, state, tries }, to: { dueAt, endsAt, outcome } }) => {
      const { changes } = postpone.run(dueAt, endsAt, outcome ?? null, lane, Uuid.toBytes(id), state, tries)
      return changes === 0 ? "stale" : "kept"
    },
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): OutboxWriter => ({ ...prepareChanges(db), ...prepareClaims(db) })
