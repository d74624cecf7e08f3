/**
 * The part of the store behind metrics: counts by UTC day, and how far each lane was counted.
 *
 * The counts of a project are in its first lane, so that a question reads one row for each count and not one for each
 * lane. A consumer says how far a lane was counted, and moves in the transaction that changes the counts: so an event
 * is counted once, whatever fails.
 */
import type { Effect } from "effect"
import type { ComplianceFact } from "../compliance/ComplianceFact.ts"
import * as Lane from "../model/Lane.ts"
import type { Owner } from "../model/Lane.ts"
import type { CountChange, Family } from "../metrics/MetricCount.ts"
import type { EventGroup } from "../metrics/MetricsAggregator.ts"
import type { Registers } from "../metrics/UniqueVisitors.ts"
import type { Access } from "./Access.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** The lane, as it is numbered in the store, that has the counts of a project. */
export const laneOf = (project: Owner): number => Lane.range(project)[0]

/**
 * What is followed: `events` and `facts` (of compliance requests) of a lane, by position. `days`, in the lane of
 * {@link laneOf}: the first UTC day that is not finalized, in days since 1970-01-01.
 */
export const consumerNames = ["events", "facts", "days"] as const

/** One of {@link consumerNames}. */
export type ConsumerName = (typeof consumerNames)[number]

/** A consumer of a lane. One that never moved is at position 0. */
export interface Consumer {
  /** As it is numbered in the store. */
  readonly lane: number
  readonly name: ConsumerName
  /** The first position that was not counted. */
  readonly position: number
}

/** A lane that has more than was counted. */
export interface LaneBehind extends Consumer {
  readonly name: "events" | "facts"
  /** The position of the next event or fact. */
  readonly end: number
}

/** A consumer that moves. */
export interface ConsumerMove extends Consumer {
  /** The position that it had; with any other one the step is `stale`. */
  readonly before: number
}

/** Counts that change, and the consumers that move with them: all of it or nothing. */
export interface MetricsStep {
  readonly project: Owner
  readonly consumers: ReadonlyArray<ConsumerMove>
  /** Added to the counts; each count once. */
  readonly counts: ReadonlyArray<CountChange>
  /** Visitors of days, added to those that were noted. */
  readonly visitors: ReadonlyArray<DayVisitors>
}

/** The visitors of a day. */
export interface DayVisitors {
  readonly day: number
  readonly registers: Registers
}

/** A count that was read. */
export interface StoredCount {
  readonly day: number
  readonly key: string
  readonly count: number
}

/** Metrics. */
export interface MetricsStore {
  /** At most `limit` lanes of the whole store that have more than was counted, ordered by name and lane. */
  readonly behind: (limit: number) => Effect.Effect<ReadonlyArray<LaneBehind>, StoreUnavailable>
  /** The consumers of a project, ordered by lane and name. */
  readonly consumers: (project: Owner) => Effect.Effect<ReadonlyArray<Consumer>, StoreUnavailable>
  /** The events of a lane (as it is numbered in the store) from a position up to another one, in groups. */
  readonly events: (
    lane: number,
    from: number,
    to: number,
  ) => Effect.Effect<ReadonlyArray<EventGroup>, StoreUnavailable>
  /** The facts of a lane (as it is numbered in the store) from a position up to another one, in order. */
  readonly facts: (
    lane: number,
    from: number,
    to: number,
  ) => Effect.Effect<ReadonlyArray<ComplianceFact>, StoreUnavailable>
  /** Writes a step durably. `stale`: a consumer has another position; nothing was written. */
  readonly write: (step: MetricsStep) => Effect.Effect<"written" | "stale", StoreUnavailable>
  /**
   * At most `limit` counts of a family from a day up to another one, ordered by day and key, after a count. Counts of 0
   * may be left out.
   */
  readonly counts: (
    project: Owner,
    family: Family,
    days: { readonly from: number; readonly to: number },
    after: Pick<StoredCount, "day" | "key"> | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredCount>, StoreUnavailable>
  /** For each key of a family, the sum of its counts before a day. */
  readonly totals: (
    project: Owner,
    family: Family,
    before: number,
  ) => Effect.Effect<ReadonlyMap<string, number>, StoreUnavailable>
  /** The visitors of days, ordered by day; a day without a visitor is left out. */
  readonly visitors: (
    project: Owner,
    days: { readonly from: number; readonly to: number },
  ) => Effect.Effect<ReadonlyArray<DayVisitors>, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const metricsAccess: Access<MetricsStore> = {
  behind: "read",
  consumers: "read",
  events: "read",
  facts: "read",
  write: "write",
  counts: "read",
  totals: "read",
  visitors: "read",
}
