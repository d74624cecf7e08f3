/**
 * The part of the store behind webhooks: how far each has come, the changes that wait for another try, those that were
 * given up, and the log of tries. Which changes there are is not kept here: a webhook reads the change feed.
 *
 * All rows of a webhook are in the lane {@link laneOf} of its project, so that a step is a transaction of one lane. It
 * locks no lane head, because nothing that is recorded depends on it.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import type { Owner } from "../model/Lane.ts"
import type { Access } from "./Access.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** The lane, as it is numbered in the store, that has all rows of a webhook. */
export const laneOf = (project: Owner, webhook: string): number => Lane.of(project, webhook)

/** How many tries the log of a webhook has: the try with the number n replaces the one with n − `triesKept`. */
export const triesKept = 1000

/** The `number` of an item that is an event: greater than that of any stored change, which comes before it. */
export const ofEvent: number = Number.MAX_SAFE_INTEGER

/** Names an item of a project's feed. Ordered by lane, position and number, items are in the order of their lane. */
export interface ItemKey {
  /** From 0 in the project. */
  readonly lane: number
  /** The position of the event, or `beforePosition` of the stored change. */
  readonly position: number
  /** The number of the stored change, or {@link ofEvent}. */
  readonly number: number
}

/** How far a webhook, or a replay of it, has come. */
export interface WebhookCursor {
  /** A UUID. */
  readonly webhook: string
  /** `live`, or `replay ` and a UUID: at most 100 characters. */
  readonly name: string
  /** 1 when it is first written, and one more each time. */
  readonly revision: number
  /** Plain JSON: at most some 100 kB, usually 1 kB. */
  readonly state: string
}

/** A change that waits, because a try of it failed, or because it comes after one of the same person that is parked. */
export interface ParkedChange extends ItemKey {
  /** The stored person that it is about; the empty text for a change about no person. */
  readonly person: string
  /** Failed tries. */
  readonly tries: number
  /** Not tried before. Of changes after the first of a person it says nothing. */
  readonly nextAt: Instant
}

/** A change that was given up, because its receiver refused it for days while it took others. */
export interface DeadLetter extends ItemKey {
  readonly person: string
  /** When it was given up. */
  readonly at: Instant
  readonly tries: number
  /** The outcome of the last try: the status in digits, or a kind of failure. */
  readonly outcome: string
}

/** One try, as the log keeps it. Nothing of an answer's body or headers is in it. */
export interface LoggedTry {
  /** From 0, without a gap in a webhook. */
  readonly n: number
  /** The id of the change, at most 40 characters. */
  readonly change: string
  /** The type of the change. */
  readonly type: string
  /** Which try of the change it was, from 1. */
  readonly attempt: number
  /** When it began. */
  readonly at: Instant
  /** Whole milliseconds until its outcome. */
  readonly millis: number
  /** The status in digits, or a kind of failure. */
  readonly outcome: string
  readonly isReplay: boolean
}

/** What one or more tries brought, all of it or nothing. */
export interface WebhookStep {
  readonly project: Owner
  readonly webhook: string
  /**
   * Cursors that move: each must have the revision `before`, 0 for one that is not there, or the step is `stale`. At
   * least one. With `state` left out the cursor is removed.
   */
  readonly cursors: ReadonlyArray<{ readonly name: string; readonly before: number; readonly state?: string }>
  /** Parked from now on; one that is parked already is replaced. */
  readonly park: ReadonlyArray<ParkedChange>
  /** Parked no longer. One that is not parked is passed over. Removed before `park` is written. */
  readonly unpark: ReadonlyArray<ItemKey & Pick<ParkedChange, "person">>
  /** Given up; one that was given up already is replaced. */
  readonly bury: ReadonlyArray<DeadLetter>
  /** No dead letters any more. Removed before `bury` is written. */
  readonly unbury: ReadonlyArray<ItemKey>
  /** Logged, see {@link triesKept}. */
  readonly tries: ReadonlyArray<LoggedTry>
}

/** Counts of a webhook. */
export interface WebhookCounts {
  readonly webhook: string
  /** People with parked changes. */
  readonly parked: number
  readonly dead: number
}

/** The state of webhooks. */
export interface WebhookStore {
  /** The cursors of all webhooks of a project, or of one of them, ordered by webhook and name. One statement. */
  readonly cursors: (project: Owner, webhook?: string) => Effect.Effect<ReadonlyArray<WebhookCursor>, StoreUnavailable>
  /** Writes a step durably. */
  readonly write: (step: WebhookStep) => Effect.Effect<"written" | "stale", StoreUnavailable>
  /** The first parked change of each person of a webhook, in the order of {@link ItemKey}. */
  readonly parkedPeople: (
    project: Owner,
    webhook: string,
  ) => Effect.Effect<ReadonlyArray<ParkedChange>, StoreUnavailable>
  /** The parked changes of one person of a webhook, in the order of {@link ItemKey}: at most `limit`. */
  readonly parkedOf: (
    project: Owner,
    webhook: string,
    person: string,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<ParkedChange>, StoreUnavailable>
  /** At most `limit` dead letters of a webhook after a place, in the order of {@link ItemKey}. */
  readonly deadLetters: (
    project: Owner,
    webhook: string,
    after: ItemKey | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<DeadLetter>, StoreUnavailable>
  /**
   * At most `limit` tries of a webhook with a lower number than `before`, the latest first; with `outcomes`, only those
   * with one of these outcomes.
   */
  readonly tries: (
    project: Owner,
    webhook: string,
    outcomes: ReadonlyArray<string> | undefined,
    before: number | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<LoggedTry>, StoreUnavailable>
  /** The counts of the webhooks of a project that have parked changes or dead letters, ordered by webhook. */
  readonly counts: (project: Owner) => Effect.Effect<ReadonlyArray<WebhookCounts>, StoreUnavailable>
  /** Removes every row of a webhook. */
  readonly remove: (project: Owner, webhook: string) => Effect.Effect<void, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const webhookAccess: Access<WebhookStore> = {
  cursors: "read",
  write: "write",
  parkedPeople: "read",
  parkedOf: "read",
  deadLetters: "read",
  tries: "read",
  counts: "read",
  remove: "write",
}
