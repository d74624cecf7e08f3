/**
 * Claims mails that are due, and lets them wait again. Neither locks a lane: a row is only written if it is as it was
 * read, so each mail is claimed by one server.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type * as Port from "../../core/ports/OutboxStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as OutboxReader from "./OutboxReader.ts"
import * as Sql from "./Sql.ts"

interface DueRow {
  readonly lane: number
  readonly mail: string
  readonly request: string
  readonly tries: number
}

/** The mails of a channel that are due, of all lanes. */
const due = (sql: Sql.Sql, channel: Port.OutboxChannel, now: number, limit: number) =>
  Sql.query<DueRow>(
    sql,
    `SELECT lane, mail, request, tries FROM outbox
     WHERE state = 'waiting' AND ${OutboxReader.isOfChannel[channel]} AND due_at <= $1
     ORDER BY due_at, lane, mail LIMIT $2`,
    [now, limit],
  )

const dueRows = ArrayColumns.make<DueRow>({
  lane: ["bigint", ({ lane }) => lane],
  mail: ["uuid", ({ mail }) => mail],
  request: ["uuid", ({ request }) => request],
  tries: ["bigint", ({ tries }) => tries],
  // Not in the statement, because then the planner may read the index of all mails that wait.
  state: ["text", () => "waiting"],
})

/** Claims those of the mails that no other server has claimed since they were read. */
const take = (sql: Sql.Sql, found: ReadonlyArray<DueRow>, until: number) =>
  Sql.query<OutboxReader.StoredRow>(
    sql,
    `UPDATE outbox o SET tries = o.tries + 1, due_at = $6
     FROM ${dueRows.rows} v LEFT JOIN request_key k ON k.lane = v.lane AND k.request = v.request
     WHERE o.lane = v.lane AND o.mail = v.mail AND o.state = v.state AND o.tries = v.tries
     RETURNING ${OutboxReader.storedColumns}`,
    [...dueRows.parameters(found), until],
  )

/**
 * Claims mails that are due. Where other servers have claimed all that were found, it looks again: so it returns none
 * only if none is due.
 */
export const claim = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  channel: Port.OutboxChannel,
  now: number,
  until: number,
  limit: number,
) {
  for (;;) {
    const found = yield* due(sql, channel, now, limit)
    if (found.length === 0) return []
    const order = new Map(found.map(({ mail }, index) => [mail, index]))
    const taken = yield* take(sql, found, until)
    if (taken.length > 0) {
      return taken.toSorted((a, b) => order.get(a.mail)! - order.get(b.mail)!).map(OutboxReader.toStored)
    }
  }
})

type Postponed = Parameters<Port.OutboxStore["postpone"]>

/** Lets a mail wait, if it is as it was seen and still has its words. */
const postponeOnce = (sql: Sql.Sql, { id, lane, state, tries }: Postponed[0], to: Postponed[1]) =>
  Effect.map(
    Sql.write(
      sql,
      `UPDATE outbox SET state = 'waiting', due_at = $5, ends_at = $6, outcome = coalesce($7, outcome), ended_at = NULL
       WHERE lane = $1 AND mail = $2 AND state = $3 AND tries = $4 AND encrypted IS NOT NULL`,
      [lane, id, state, tries, to.dueAt, to.endsAt, to.outcome ?? null],
    ),
    (written) => written > 0,
  )

/** Whether a mail waits already as it was to wait. */
const isPostponed = (sql: Sql.Sql, { id, lane, tries }: Postponed[0], { dueAt, endsAt }: Postponed[1]) =>
  Effect.map(
    Sql.query(
      sql,
      `SELECT 1 AS found FROM outbox
       WHERE lane = $1 AND mail = $2 AND state = 'waiting' AND tries = $3 AND due_at = $4 AND ends_at = $5`,
      [lane, id, tries, dueAt, endsAt],
    ),
    (rows) => rows.length > 0,
  )

/** Lets a mail wait until an instant; tries again if it lost to others, or if the outcome is unknown. */
export const postpone = (sql: Sql.Sql, ...[mail, to]: Postponed): Effect.Effect<"kept" | "stale", SqlError> =>
  Effect.suspend(() => {
    let isTried = false
    const once = Effect.gen(function* () {
      const isAgain = isTried
      isTried = true
      const isKept = (yield* postponeOnce(sql, mail, to)) || (isAgain && (yield* isPostponed(sql, mail, to)))
      return isKept ? "kept" : "stale"
    })
    return Sql.retryOnInterruption(Sql.retryOnContention(once))
  })
