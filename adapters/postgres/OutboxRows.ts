/**
 * The rows of mails that are written with a change of their compliance request, while its lane is locked.
 *
 * What ends or is cancelled comes before what is added, so that a mail can take the place of an earlier one of the same
 * template.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type * as Port from "../../core/ports/OutboxStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** The key of the rows of a request, and when they change. */
export interface ChangedRequest {
  readonly lane: number
  readonly request: string
  readonly at: number
}

const requestColumns = {
  lane: ["bigint", ({ lane }: ChangedRequest) => lane],
  request: ["uuid", ({ request }: ChangedRequest) => request],
} as const

const requests = ArrayColumns.make<ChangedRequest>({ ...requestColumns, at: ["bigint", ({ at }) => at] })

interface Added extends ChangedRequest {
  readonly mail: Port.NewMail
}

const added = ArrayColumns.make<Added>({
  ...requestColumns,
  mail: ["uuid", ({ mail }) => mail.id],
  template: ["text", ({ mail }) => mail.template],
  created_at: ["bigint", ({ mail }) => mail.createdAt],
  due_at: ["bigint", ({ mail }) => mail.dueAt],
  ends_at: ["bigint", ({ mail }) => mail.endsAt],
  recipient_hash: ["bytea", ({ mail }) => ArrayColumns.bytes(mail.recipientHash)],
  nonce: ["bytea", ({ mail }) => mail.sealed.nonce],
  encrypted: ["bytea", ({ mail }) => mail.sealed.encrypted],
})

const add = (sql: Sql.Sql, mails: ReadonlyArray<Added>) =>
  mails.length === 0
    ? []
    : [
        Sql.query(
          sql,
          `INSERT INTO outbox (lane, request, mail, template, created_at, due_at, ends_at, recipient_hash, nonce,
             encrypted, state, tries)
           SELECT v.*, 'waiting', 0 FROM ${added.rows} v ON CONFLICT (lane, mail) DO NOTHING`,
          added.parameters(mails),
        ),
      ]

interface Ended extends ChangedRequest {
  readonly end: Port.MailEnd
}

const ended = ArrayColumns.make<Ended>({
  ...requestColumns,
  mail: ["uuid", ({ end }) => end.id],
  state: ["text", ({ end }) => end.state],
  tries: ["bigint", ({ end }) => end.tries],
  to_state: ["text", ({ end }) => end.to],
  outcome: ["text", ({ end }) => end.outcome],
  ended_at: ["bigint", ({ end }) => end.at],
})

/** Ends mails; returns `stale` unless each is as it was seen. */
const end = (sql: Sql.Sql, mails: ReadonlyArray<Ended>) =>
  mails.length === 0
    ? []
    : [
        Effect.map(
          Sql.write(
            sql,
            `UPDATE outbox o SET state = v.to_state, outcome = v.outcome, ended_at = v.ended_at,
               nonce = CASE WHEN v.to_state = 'failed' THEN o.nonce END,
               encrypted = CASE WHEN v.to_state = 'failed' THEN o.encrypted END
             FROM ${ended.rows} v
             WHERE o.lane = v.lane AND o.mail = v.mail AND o.request = v.request AND o.state = v.state
               AND o.tries = v.tries`,
            ended.parameters(mails),
          ),
          (found) => (found === mails.length ? undefined : ("stale" as const)),
        ),
      ]

interface Cancelled extends ChangedRequest {
  readonly template: string
}

const cancelled = ArrayColumns.make<Cancelled>({
  ...requestColumns,
  template: ["text", ({ template }) => template],
  at: ["bigint", ({ at }) => at],
  // Not in the statement, because then the planner may read the index of all mails that wait.
  state: ["text", () => "waiting"],
})

const cancel = (sql: Sql.Sql, mails: ReadonlyArray<Cancelled>) =>
  mails.length === 0
    ? []
    : [
        Sql.query(
          sql,
          `UPDATE outbox o SET state = 'cancelled', ended_at = v.at, nonce = NULL, encrypted = NULL FROM ${cancelled.rows} v
           WHERE o.lane = v.lane AND o.request = v.request AND o.template = v.template AND o.state = v.state`,
          cancelled.parameters(mails),
        ),
      ]

/** Cancels the mails of requests that wait, and removes what is encrypted of those that failed, and all recipients. */
export const removeWords = (sql: Sql.Sql, of: ReadonlyArray<ChangedRequest>) =>
  of.length === 0
    ? []
    : [
        Sql.query(
          sql,
          `UPDATE outbox o SET state = CASE WHEN o.state = 'waiting' THEN 'cancelled' ELSE o.state END,
             ended_at = CASE WHEN o.state = 'waiting' THEN v.at ELSE o.ended_at END, nonce = NULL, encrypted = NULL,
             recipient_hash = NULL
           FROM ${requests.rows} v
           WHERE o.lane = v.lane AND o.request = v.request AND o.recipient_hash IS NOT NULL`,
          requests.parameters(of),
        ),
      ]

/** The steps that end, cancel and add mails. */
export const steps = (
  sql: Sql.Sql,
  changes: ReadonlyArray<ChangedRequest & { readonly mails?: Port.MailChanges }>,
): ReadonlyArray<Effect.Effect<"stale" | undefined, SqlError>> => {
  const each = <Row, Made>(
    of: (mails: Port.MailChanges) => ReadonlyArray<Row> | undefined,
    make: (request: ChangedRequest, row: Row) => Made,
  ) =>
    changes.flatMap(({ at, lane, mails = {}, request }) =>
      (of(mails) ?? []).map((row) => make({ at, lane, request }, row)),
    )
  const adding = each(
    (mails) => mails.add,
    (request, mail): Added => ({ ...request, mail }),
  )
  const ending = each(
    (mails) => mails.end,
    (request, end): Ended => ({ ...request, end }),
  )
  const cancelling = each(
    (mails) => mails.cancel,
    (request, template): Cancelled => ({ ...request, template }),
  )
  return [...end(sql, ending), ...[...cancel(sql, cancelling), ...add(sql, adding)].map(Effect.as(undefined))]
}
