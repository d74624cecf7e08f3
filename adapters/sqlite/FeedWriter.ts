/**
 * Writes changes with the places of the scheduler, and leases.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Instants from "../../core/engine/Instant.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { FeedStep, FeedWritten, LanePlace } from "../../core/ports/FeedStore.ts"
import type { PersonWriter } from "./PersonWriter.ts"
import * as Uuid from "./Uuid.ts"

/** A lease to take, renew or give up. */
export interface LeaseRequest {
  readonly lane: number
  readonly name: string
  readonly holder: string
  readonly now: Instant
  readonly until: Instant
}

/** The commands about the change feed. */
export interface FeedCommands {
  readonly writeFeed: (step: FeedStep) => FeedWritten
  /** `undefined` if the holder has it, otherwise when that of another holder ends. */
  readonly lease: (request: LeaseRequest) => Instant | undefined
}

const prepareStatements = (db: DatabaseSync) => ({
  revision: db.prepare("SELECT revision FROM catalog_head"),
  laneHead: db.prepare("SELECT next_position, last_recorded_at FROM lane_head WHERE lane = ?"),
  raise: db.prepare(`
    INSERT INTO lane_head (lane, next_position, last_recorded_at) VALUES (?, 0, ?)
    ON CONFLICT (lane) DO UPDATE SET last_recorded_at = excluded.last_recorded_at`),
  people: db.prepare("SELECT person FROM event WHERE lane = ? AND position >= ?"),
  nextNumber: db.prepare("SELECT next_number FROM lane_feed WHERE lane = ?"),
  moveFeed: db.prepare(`
    INSERT INTO lane_feed (lane, next_number, incarnation) VALUES (?, ?, 1)
    ON CONFLICT (lane) DO UPDATE SET next_number = excluded.next_number`),
  insert: db.prepare("INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
  place: db.prepare("SELECT state FROM due_scan WHERE lane = ? AND name = ?"),
  setPlace: db.prepare(`
    INSERT INTO due_scan VALUES (?, ?, ?) ON CONFLICT (lane, name) DO UPDATE SET state = excluded.state`),
  removePlace: db.prepare("DELETE FROM due_scan WHERE lane = ? AND name = ?"),
  lease: db.prepare(`
    INSERT INTO lease VALUES (?1, ?2, ?3, ?5)
    ON CONFLICT (lane, name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE lease.holder = excluded.holder OR lease.until <= ?4`),
  leaseEnd: db.prepare("SELECT until FROM lease WHERE lane = ? AND name = ?"),
})

/** Where a lane ends before a step. */
interface End {
  readonly position: number
  readonly lastRecordedAt: Instant
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, people: PersonWriter): FeedCommands => {
  const statements = prepareStatements(db)

  const endOf = (lane: number): End => {
    const row = statements.laneHead.get(lane)
    const lastRecordedAt = row?.["last_recorded_at"]
    return { position: Number(row?.["next_position"] ?? 0), lastRecordedAt: Number(lastRecordedAt ?? Instants.min) }
  }

  /** Whether a lane has an event of one of the people from a position on, or no such position. */
  const hasMoved = (lane: number, position: number, end: End, seen: ReadonlySet<string>): boolean => {
    if (position >= end.position) return position > end.position
    return seen.size > 0 && statements.people.all(lane, position).some((row) => seen.has(Uuid.toHex(personOf(row))))
  }

  const isStale = (step: FeedStep, ends: ReadonlyMap<number, End>, recordedAt: Instant): boolean => {
    const first = Lane.range(step.project)[0]
    const seen = new Set(step.seen.map(({ concordId }) => Uuid.toHex(Uuid.toBytes(concordId))))
    return (
      (step.catalog !== undefined && statements.revision.get()?.["revision"] !== step.catalog) ||
      !people.areAsSeen(step.organization, step.seen) ||
      step.places.some(({ before, lane, name }) => statements.place.get(first + lane, name)?.["state"] !== before) ||
      step.changes.some(({ until }) => until !== undefined && recordedAt >= until) ||
      step.lanes.some(({ lane, position }) => hasMoved(first + lane, position, ends.get(lane)!, seen))
    )
  }

  /** Stores the changes of one lane, and returns the place after them. */
  const insert = (
    first: number,
    lane: number,
    changes: FeedStep["changes"],
    { position }: End,
    recordedAt: Instant,
  ): LanePlace => {
    let number = Number(statements.nextNumber.get(first + lane)?.["next_number"] ?? 0)
    for (const { at, body, concordId, consentType, type } of changes) {
      const person = concordId === undefined ? null : Uuid.toBytes(concordId)
      const ofType = consentType === undefined ? null : Uuid.toBytes(consentType)
      statements.insert.run(first + lane, number, position, recordedAt, at, type, person, ofType, body)
      number += 1
    }
    statements.moveFeed.run(first + lane, number)
    return { lane, position, number }
  }

  const writeFeed = (step: FeedStep): FeedWritten => {
    const first = Lane.range(step.project)[0]
    const ends = new Map(step.lanes.map(({ lane }) => [lane, endOf(first + lane)]))
    const last = Math.max(...[...ends.values()].map(({ lastRecordedAt }) => lastRecordedAt))
    const recordedAt = Math.max(step.recordedAt, last)
    if (isStale(step, ends, recordedAt)) return { _tag: "Stale" }
    const byLane = [...Map.groupBy(step.changes, ({ lane }) => lane)].toSorted(([a], [b]) => a - b)
    const written = byLane.map(([lane, changes]) => insert(first, lane, changes, ends.get(lane)!, recordedAt))
    if (written.length > 0) for (const lane of ends.keys()) statements.raise.run(first + lane, recordedAt + 1)
    for (const { after, lane, name } of step.places) {
      if (after === undefined) statements.removePlace.run(first + lane, name)
      else statements.setPlace.run(first + lane, name, after)
    }
    return { _tag: "Written", recordedAt, ends: written }
  }

  return {
    writeFeed,
    lease: ({ holder, lane, name, now, until }) =>
      statements.lease.run(lane, name, holder, now, until).changes === 1
        ? undefined
        : (statements.leaseEnd.get(lane, name)!["until"] as number),
  }
}

const personOf = (row: Readonly<Record<string, unknown>>): Uint8Array => row["person"] as Uint8Array
