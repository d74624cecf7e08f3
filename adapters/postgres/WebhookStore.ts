/**
 * The state of webhooks: reads it, and writes it in steps.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/WebhookStore.ts"
import * as Operation from "./Operation.ts"
import * as Sql from "./Sql.ts"
import * as WebhookWriter from "./WebhookWriter.ts"

const cursors = (sql: Sql.Sql, project: Lane.Owner, webhook: string | undefined) =>
  Sql.query<Port.WebhookCursor>(
    sql,
    `SELECT webhook, name, revision, state FROM webhook_cursor
     WHERE lane = ANY($1::bigint[])${webhook === undefined ? "" : " AND webhook = $2"} ORDER BY webhook, name`,
    webhook === undefined ? [Lane.all(project)] : [[Port.laneOf(project, webhook)], webhook],
  )

interface ItemRow {
  readonly item_lane: number
  readonly position: number
  readonly number: number
  readonly person: string
}

const toItem = ({ item_lane, number, person, position }: ItemRow) => ({
  lane: item_lane,
  position,
  number,
  person,
})

interface ParkedRow extends ItemRow {
  readonly tries: number
  readonly next_at: number
}

const parkedColumns = "item_lane, position, number, person, tries, next_at"

const toParked = (row: ParkedRow): Port.ParkedChange => ({ ...toItem(row), tries: row.tries, nextAt: row.next_at })

const parkedPeople = (sql: Sql.Sql, project: Lane.Owner, webhook: string) =>
  Effect.map(
    Sql.query<ParkedRow>(
      sql,
      `SELECT p.* FROM (
         SELECT DISTINCT ON (person) ${parkedColumns} FROM parked WHERE lane = $1 AND webhook = $2
         ORDER BY person, item_lane, position, number
       ) p ORDER BY p.item_lane, p.position, p.number`,
      [Port.laneOf(project, webhook), webhook],
    ),
    (rows) => rows.map(toParked),
  )

const parkedOf = (sql: Sql.Sql, project: Lane.Owner, webhook: string, person: string, limit: number) =>
  Effect.map(
    Sql.query<ParkedRow>(
      sql,
      `SELECT ${parkedColumns} FROM parked WHERE lane = $1 AND webhook = $2 AND person = $3
       ORDER BY item_lane, position, number LIMIT $4`,
      [Port.laneOf(project, webhook), webhook, person, limit],
    ),
    (rows) => rows.map(toParked),
  )

interface DeadRow extends ItemRow {
  readonly buried_at: number
  readonly tries: number
  readonly outcome: string
}

const deadLetters = (
  sql: Sql.Sql,
  project: Lane.Owner,
  webhook: string,
  after: Port.ItemKey | undefined,
  limit: number,
) =>
  Effect.map(
    Sql.query<DeadRow>(
      sql,
      `SELECT item_lane, position, number, person, buried_at, tries, outcome FROM dead_letter
       WHERE lane = $1 AND webhook = $2 AND (item_lane, position, number) > ($3, $4, $5)
       ORDER BY item_lane, position, number LIMIT $6`,
      [Port.laneOf(project, webhook), webhook, after?.lane ?? -1, after?.position ?? 0, after?.number ?? 0, limit],
    ),
    (rows) =>
      rows.map((row): Port.DeadLetter => {
        const { buried_at, outcome, tries } = row
        return { ...toItem(row), at: buried_at, tries, outcome }
      }),
  )

interface TryRow extends Omit<Port.LoggedTry, "at" | "change" | "isReplay"> {
  readonly change_id: string
  readonly tried_at: number
  readonly is_replay: boolean
}

const tries = (
  sql: Sql.Sql,
  project: Lane.Owner,
  webhook: string,
  outcomes: ReadonlyArray<string> | undefined,
  before: number | undefined,
  limit: number,
) =>
  Effect.map(
    Sql.query<TryRow>(
      sql,
      `SELECT n, change_id, type, attempt, tried_at, millis, outcome, is_replay FROM delivery
       WHERE lane = $1 AND webhook = $2 AND n < $3${outcomes === undefined ? "" : " AND outcome = ANY($5::text[])"}
       ORDER BY n DESC LIMIT $4`,
      [
        Port.laneOf(project, webhook),
        webhook,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
        ...(outcomes === undefined ? [] : [outcomes]),
      ],
    ),
    (rows) =>
      rows.map(({ change_id, is_replay, tried_at, ...row }): Port.LoggedTry => ({
        ...row,
        change: change_id,
        at: tried_at,
        isReplay: is_replay,
      })),
  )

/** A change about no person counts as one of a person of its own. */
const counts = (sql: Sql.Sql, project: Lane.Owner) =>
  Sql.query<Port.WebhookCounts>(
    sql,
    `SELECT webhook, sum(parked)::bigint AS parked, sum(dead)::bigint AS dead FROM (
       SELECT lane, webhook, count(DISTINCT person) AS parked, 0 AS dead FROM parked
         WHERE lane = ANY($1::bigint[]) GROUP BY lane, webhook
       UNION ALL
       SELECT lane, webhook, 0, count(*) FROM dead_letter WHERE lane = ANY($1::bigint[]) GROUP BY lane, webhook
     ) c GROUP BY webhook ORDER BY webhook`,
    [Lane.all(project)],
  )

/** The state of the webhooks of a database. */
export const make = (sql: Sql.Sql): Port.WebhookStore => ({
  cursors: (project, webhook) => Operation.idempotent(cursors(sql, project, webhook)),
  write: (step) => Operation.once(WebhookWriter.write(sql, step)),
  parkedPeople: (project, webhook) => Operation.idempotent(parkedPeople(sql, project, webhook)),
  parkedOf: (project, webhook, person, limit) => Operation.idempotent(parkedOf(sql, project, webhook, person, limit)),
  deadLetters: (project, webhook, after, limit) =>
    Operation.idempotent(deadLetters(sql, project, webhook, after, limit)),
  tries: (project, webhook, outcomes, before, limit) =>
    Operation.idempotent(tries(sql, project, webhook, outcomes, before, limit)),
  counts: (project) => Operation.idempotent(counts(sql, project)),
  remove: (project, webhook) =>
    Effect.asVoid(Operation.idempotent(WebhookWriter.remove(sql, Port.laneOf(project, webhook), webhook))),
})
