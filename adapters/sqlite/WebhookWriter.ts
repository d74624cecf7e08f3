/**
 * Writes the state of webhooks. A step writes only rows of one webhook, and is compared with nothing but its cursors.
 */
import type { DatabaseSync } from "node:sqlite"
import type { Owner } from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/WebhookStore.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about webhooks. */
export interface WebhookWriter {
  readonly writeWebhook: (step: Port.WebhookStep) => "written" | "stale"
  readonly removeWebhook: (of: { readonly project: Owner; readonly webhook: string }) => "kept"
}

const prepareCursors = (db: DatabaseSync) => {
  const revisionOf = db.prepare("SELECT revision FROM webhook_cursor WHERE lane = ? AND webhook = ? AND name = ?")
  const put = db.prepare("INSERT OR REPLACE INTO webhook_cursor VALUES (?, ?, ?, ?, ?)")
  const remove = db.prepare("DELETE FROM webhook_cursor WHERE lane = ? AND webhook = ? AND name = ?")
  return {
    isStale: (lane: number, webhook: Uint8Array, cursors: Port.WebhookStep["cursors"]): boolean =>
      cursors.some(({ before, name }) => (revisionOf.get(lane, webhook, name)?.["revision"] ?? 0) !== before),
    move: (lane: number, webhook: Uint8Array, cursors: Port.WebhookStep["cursors"]): void => {
      for (const { before, name, state } of cursors) {
        if (state === undefined) remove.run(lane, webhook, name)
        else put.run(lane, webhook, name, before + 1, state)
      }
    },
  }
}

const prepareParked = (db: DatabaseSync) => {
  const put = db.prepare("INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
  const remove = db.prepare(`
    DELETE FROM parked WHERE lane = ? AND webhook = ? AND person = ? AND item_lane = ? AND position = ? AND number = ?`)
  return (at: number, webhook: Uint8Array, { park, unpark }: Port.WebhookStep): void => {
    for (const { lane, number, person, position } of unpark) remove.run(at, webhook, person, lane, position, number)
    for (const { lane, nextAt, number, person, position, tries } of park) {
      put.run(at, webhook, person, lane, position, number, tries, nextAt)
    }
  }
}

const prepareDeadLetters = (db: DatabaseSync) => {
  const put = db.prepare("INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
  const remove = db.prepare(`
    DELETE FROM dead_letter WHERE lane = ? AND webhook = ? AND item_lane = ? AND position = ? AND number = ?`)
  return (at: number, webhook: Uint8Array, { bury, unbury }: Port.WebhookStep): void => {
    for (const { lane, number, position } of unbury) remove.run(at, webhook, lane, position, number)
    for (const { at: buriedAt, lane, number, outcome, person, position, tries } of bury) {
      put.run(at, webhook, lane, position, number, person, buriedAt, tries, outcome)
    }
  }
}

const tables = ["webhook_cursor", "parked", "dead_letter", "delivery"] as const

/** Prepares the statements. */
export const make = (db: DatabaseSync): WebhookWriter => {
  const cursors = prepareCursors(db)
  const writeParked = prepareParked(db)
  const writeDeadLetters = prepareDeadLetters(db)
  const log = db.prepare("INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
  const removals = tables.map((table) => db.prepare(`DELETE FROM ${table} WHERE lane = ? AND webhook = ?`))
  return {
    writeWebhook: (step) => {
      const lane = Port.laneOf(step.project, step.webhook)
      const webhook = Uuid.toBytes(step.webhook)
      if (cursors.isStale(lane, webhook, step.cursors)) return "stale"
      cursors.move(lane, webhook, step.cursors)
      writeParked(lane, webhook, step)
      writeDeadLetters(lane, webhook, step)
      for (const { at, attempt, change, isReplay, millis, n, outcome, type } of step.tries) {
        const slot = n % Port.triesKept
        log.run(lane, webhook, slot, n, change, type, attempt, at, millis, outcome, isReplay ? 1 : 0)
      }
      return "written"
    },
    removeWebhook: ({ project, webhook }) => {
      for (const removal of removals) removal.run(Port.laneOf(project, webhook), Uuid.toBytes(webhook))
      return "kept"
    },
  }
}
