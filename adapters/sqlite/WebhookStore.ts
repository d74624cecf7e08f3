/**
 * The webhooks of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/WebhookStore.ts"
import type { Write } from "./GroupCommit.ts"
import { read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

type Row = Readonly<Record<string, SQLOutputValue>>

const idOf = (row: Row): string => Uuid.fromBytes(row["webhook"] as Uint8Array)

const keyOf = (row: Row): Port.ItemKey => ({
  lane: Number(row["item_lane"]),
  position: Number(row["position"]),
  number: Number(row["number"]),
})

const toCursor = (row: Row): Port.WebhookCursor => ({
  webhook: idOf(row),
  name: String(row["name"]),
  revision: Number(row["revision"]),
  state: String(row["state"]),
})

const toParked = (row: Row): Port.ParkedChange => ({
  ...keyOf(row),
  person: String(row["person"]),
  tries: Number(row["tries"]),
  nextAt: Number(row["next_at"]),
})

const toDeadLetter = (row: Row): Port.DeadLetter => ({
  ...keyOf(row),
  person: String(row["person"]),
  at: Number(row["buried_at"]),
  tries: Number(row["tries"]),
  outcome: String(row["outcome"]),
})

const toTry = (row: Row): Port.LoggedTry => ({
  n: Number(row["n"]),
  change: String(row["change_id"]),
  type: String(row["type"]),
  attempt: Number(row["attempt"]),
  at: Number(row["tried_at"]),
  millis: Number(row["millis"]),
  outcome: String(row["outcome"]),
  isReplay: row["is_replay"] === 1,
})

/** Before every item. */
const beforeAll: Port.ItemKey = { lane: -1, position: 0, number: 0 }

const prepareParked = (db: DatabaseSync) => {
  const selectPeople = db.prepare(`
    SELECT person, item_lane, position, number, tries, next_at FROM (
      SELECT *, row_number() OVER (PARTITION BY person ORDER BY item_lane, position, number) AS place
      FROM parked WHERE lane = ? AND webhook = ?
    ) WHERE place = 1 ORDER BY item_lane, position, number`)
  const selectOfPerson = db.prepare(`
    SELECT person, item_lane, position, number, tries, next_at FROM parked
    WHERE lane = ? AND webhook = ? AND person = ? ORDER BY item_lane, position, number LIMIT ?`)
  return {
    people: (lane: number, webhook: string) => selectPeople.all(lane, Uuid.toBytes(webhook)).map(toParked),
    ofPerson: (lane: number, webhook: string, person: string, limit: number) =>
      selectOfPerson.all(lane, Uuid.toBytes(webhook), person, limit).map(toParked),
  }
}

const prepareDeadLetters = (db: DatabaseSync) => {
  const select = db.prepare(`
    SELECT item_lane, position, number, person, buried_at, tries, outcome FROM dead_letter
    WHERE lane = ? AND webhook = ? AND (item_lane, position, number) > (?, ?, ?)
    ORDER BY item_lane, position, number LIMIT ?`)
  return (at: number, webhook: string, after: Port.ItemKey = beforeAll, limit: number) =>
    select.all(at, Uuid.toBytes(webhook), after.lane, after.position, after.number, limit).map(toDeadLetter)
}

const prepareTries = (db: DatabaseSync) => {
  // It reads no more rows than the log keeps.
  const select = db.prepare(`
    SELECT n, change_id, type, attempt, tried_at, millis, outcome, is_replay FROM delivery
    WHERE lane = ? AND webhook = ? AND n < ? AND (? IS NULL OR outcome IN (SELECT value FROM json_each(?)))
    ORDER BY n DESC LIMIT ?`)
  return (
    lane: number,
    webhook: string,
    outcomes: ReadonlyArray<string> | undefined,
    before: number = Number.MAX_SAFE_INTEGER,
    limit: number,
  ) => {
    const listed = outcomes === undefined ? null : JSON.stringify(outcomes)
    return select.all(lane, Uuid.toBytes(webhook), before, listed, listed, limit).map(toTry)
  }
}

const prepareCounts = (db: DatabaseSync) => {
  const select = db.prepare(`
    SELECT webhook, sum(parked) AS parked, sum(dead) AS dead FROM (
      SELECT webhook, count(DISTINCT person) AS parked, 0 AS dead FROM parked
      WHERE lane BETWEEN ?1 AND ?2 GROUP BY webhook
      UNION ALL
      SELECT webhook, 0, count(*) FROM dead_letter WHERE lane BETWEEN ?1 AND ?2 GROUP BY webhook
    ) GROUP BY webhook ORDER BY webhook`)
  return (project: Lane.Owner): ReadonlyArray<Port.WebhookCounts> =>
    select
      .all(...Lane.range(project))
      .map((row) => ({ webhook: idOf(row), parked: Number(row["parked"]), dead: Number(row["dead"]) }))
}

const prepareCursors = (db: DatabaseSync) => {
  const select = db.prepare(`
    SELECT webhook, name, revision, state FROM webhook_cursor
    WHERE lane BETWEEN ? AND ? AND (? IS NULL OR webhook = ?) ORDER BY webhook, name`)
  return (project: Lane.Owner, webhook: string | undefined) => {
    const id = webhook === undefined ? null : Uuid.toBytes(webhook)
    const [first, last] = webhook === undefined ? Lane.range(project) : Array(2).fill(Port.laneOf(project, webhook))
    return select.all(first!, last!, id, id).map(toCursor)
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): Port.WebhookStore => {
  const cursors = prepareCursors(db)
  const parked = prepareParked(db)
  const deadLetters = prepareDeadLetters(db)
  const tries = prepareTries(db)
  const counts = prepareCounts(db)
  const { laneOf } = Port
  return {
    cursors: (project, webhook) => read(() => cursors(project, webhook)),
    write: (step) => write("writeWebhook", step),
    parkedPeople: (project, webhook) => read(() => parked.people(laneOf(project, webhook), webhook)),
    parkedOf: (project, webhook, person, limit) =>
      read(() => parked.ofPerson(laneOf(project, webhook), webhook, person, limit)),
    deadLetters: (project, webhook, after, limit) =>
      read(() => deadLetters(laneOf(project, webhook), webhook, after, limit)),
    tries: (project, webhook, outcomes, before, limit) =>
      read(() => tries(laneOf(project, webhook), webhook, outcomes, before, limit)),
    counts: (project) => read(() => counts(project)),
    remove: (project, webhook) => Effect.asVoid(write("removeWebhook", { project, webhook })),
  }
}
