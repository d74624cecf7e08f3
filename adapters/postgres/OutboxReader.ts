/**
 * Reads mails: lists them, counts them, and finds one with the key that it is encrypted under.
 */
import { Effect } from "effect"
import type { MailState } from "../../core/compliance/MailState.ts"
import * as Lane from "../../core/model/Lane.ts"
import type * as Port from "../../core/ports/OutboxStore.ts"
import * as Conditions from "./Conditions.ts"
import * as Sql from "./Sql.ts"

/** A row of `outbox`, as {@link listedColumns} read it. */
interface ListedRow {
  readonly lane: number
  readonly mail: string
  readonly request: string
  readonly template: string
  readonly state: MailState
  readonly tries: number
  readonly created_at: number
  readonly due_at: number
  readonly ends_at: number
  readonly recipient_hash: string | null
  readonly outcome: string | null
  readonly ended_at: number | null
}

/** The columns of a mail without its words, of a table `o`. */
const listedColumns = `o.lane, o.mail, o.request, o.template, o.state, o.tries, o.created_at, o.due_at, o.ends_at,
  encode(o.recipient_hash, 'hex') AS recipient_hash, o.outcome, o.ended_at`

const toListed = (row: ListedRow): Port.ListedMail => ({
  id: row.mail,
  lane: row.lane,
  request: row.request,
  template: row.template,
  state: row.state,
  tries: row.tries,
  createdAt: row.created_at,
  dueAt: row.due_at,
  endsAt: row.ends_at,
  ...(row.recipient_hash !== null && { recipientHash: row.recipient_hash }),
  ...(row.outcome !== null && { outcome: row.outcome }),
  ...(row.ended_at !== null && { endedAt: row.ended_at }),
})

/** A row of `outbox` with that of `request_key`, as {@link storedColumns} read both. */
export interface StoredRow extends ListedRow {
  readonly nonce: Uint8Array | null
  readonly encrypted: Uint8Array | null
  readonly epoch: number | null
  readonly wrapped: Uint8Array | null
}

/** The columns of a mail with its words, of a table `o`, and of the key of its request, of a table `k`. */
export const storedColumns = `${listedColumns}, o.nonce, o.encrypted, k.epoch, k.wrapped`

/** The mail of a row. */
export const toStored = ({ encrypted, epoch, nonce, wrapped, ...row }: StoredRow): Port.StoredMail => ({
  ...toListed(row),
  ...(nonce !== null && encrypted !== null && { sealed: { nonce, encrypted } }),
  ...(epoch !== null && wrapped !== null && { key: { epoch, wrapped } }),
})

/** Mails of projects, the newest first, after a mail. */
export const list = (
  sql: Sql.Sql,
  projects: ReadonlyArray<Lane.Owner>,
  filter: Port.MailFilter,
  after: Pick<Port.ListedMail, "createdAt" | "id"> | undefined,
  limit: number,
) => {
  const conditions = Conditions.make()
  const lanes = conditions.parameter(projects.flatMap(Lane.all))
  const most = conditions.parameter(limit)
  conditions.push("o.lane = l.lane")
  if (filter.state !== undefined) conditions.push(`o.state = '${filter.state}'`)
  conditions.add((p) => `o.request = ${p}`, filter.request)
  if (after !== undefined) {
    const place = `${conditions.parameter(after.createdAt)}::bigint, ${conditions.parameter(after.id)}::uuid`
    conditions.push(`(o.created_at, o.mail) < (${place})`)
  }
  return Effect.map(
    Sql.query<ListedRow>(
      sql,
      `SELECT r.* FROM unnest(${lanes}::bigint[]) AS l (lane) CROSS JOIN LATERAL (
         SELECT ${listedColumns} FROM outbox o WHERE ${conditions.where()}
         ORDER BY o.created_at DESC, o.mail DESC LIMIT ${most}) r
       ORDER BY r.created_at DESC, r.mail DESC LIMIT ${most}`,
      conditions.parameters,
    ),
    (rows) => rows.map(toListed),
  )
}

/** A mail of one of these projects, with its words. */
export const mail = (sql: Sql.Sql, projects: ReadonlyArray<Lane.Owner>, id: string) =>
  Effect.map(
    Sql.query<StoredRow>(
      sql,
      `SELECT ${storedColumns} FROM outbox o LEFT JOIN request_key k ON k.lane = o.lane AND k.request = o.request
       WHERE o.mail = $1 AND o.lane = ANY($2::bigint[])`,
      [id, projects.flatMap(Lane.all)],
    ),
    ([row]) => row && toStored(row),
  )

/** How many mails of a template a project has since an instant, to one recipient or to all. */
export const countSince = (
  sql: Sql.Sql,
  project: Lane.Owner,
  { recipientHash, template }: { readonly template: string; readonly recipientHash?: string },
  since: number,
) =>
  Effect.map(
    Sql.query<{ readonly found: number }>(
      sql,
      `SELECT count(*) AS found FROM outbox WHERE lane = ANY($1::bigint[]) AND template = $2 AND created_at >= $3
       ${recipientHash === undefined ? "" : "AND recipient_hash = decode($4, 'hex')"}`,
      [Lane.all(project), template, since, ...(recipientHash === undefined ? [] : [recipientHash])],
    ),
    ([row]) => row!.found,
  )

interface CountsRow {
  readonly waiting: number
  readonly oldest_at: number | null
  readonly failed: number
}

/** The condition of the rows of each channel: written out in statements, so that its index serves. */
export const isOfChannel: { readonly [Channel in Port.OutboxChannel]: string } = {
  mail: "template <> 'task'",
  task: "template = 'task'",
}

/** The mails of a channel in the whole store, counted. */
export const counts = (sql: Sql.Sql, channel: Port.OutboxChannel) =>
  Effect.map(
    Sql.query<CountsRow>(
      sql,
      `SELECT w.waiting, w.oldest_at, f.failed
       FROM (SELECT count(*) AS waiting, min(created_at) AS oldest_at FROM outbox
             WHERE state = 'waiting' AND ${isOfChannel[channel]}) w,
         (SELECT count(*) AS failed FROM outbox WHERE state = 'failed' AND ${isOfChannel[channel]}) f`,
    ),
    ([row]): Port.MailCounts => {
      const { failed, oldest_at: oldestAt, waiting } = row!
      return { waiting, failed, ...(oldestAt !== null && { oldestAt }) }
    },
  )
