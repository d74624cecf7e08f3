/**
 * How often a step of the feed is prepared, while what it was read from keeps changing.
 *
 * Each attempt takes fewer people than the one before it, and may be recorded later than it was read: so one busy
 * person does not keep others back, and in a lane that is written to all the time a step is written in the end. The
 * last ones have the lane to themselves in this process.
 */
import { Effect } from "effect"
import * as AnswerHorizon from "../ledger/AnswerHorizon.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

/** One attempt. */
export interface Attempt {
  /** How many people or events it looks at, at most. */
  readonly limit: number
  /** How much later than it was read it may be recorded, in milliseconds. */
  readonly slack: number
  /** Whether nothing is recorded in the lane by this process meanwhile. */
  readonly isAlone: boolean
}

/** Of a step that looks at `limit` people or events. */
export const of = (limit: number): ReadonlyArray<Attempt> =>
  [1, 1, 4, 16, 64, limit, limit, limit].map((part, index) => ({
    limit: Math.max(1, Math.floor(limit / part)),
    slack: Math.min(4 ** (index + 1), maxSlack),
    isAlone: index > 4,
  }))

/** Makes an attempt. `lane` is its number in the store. */
export const run = <A, E, R>(
  { isAlone }: Attempt,
  lane: number,
  attempt: Effect.Effect<A, E, R>,
  { answerHorizon }: LedgerContext,
): Effect.Effect<A, E, R> => (isAlone ? answerHorizon.alone(AnswerHorizon.ofLane(lane), attempt) : attempt)

/** A person that does something meanwhile is recorded as much later than the clock. */
const maxSlack = 1000
