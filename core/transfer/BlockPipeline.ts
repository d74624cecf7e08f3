/**
 * The order of an import's blocks: while one is recorded, the next ones are planned, and each is sent right after the
 * one before.
 *
 * A block need not wait until the one before it is recorded. It is sent as soon as that one has been sent, on the
 * condition that the store records that one first (`Append.after`). If a block has to be planned again, it waits for
 * its turn, until all blocks before it are recorded; the blocks after it, which were planned against its first plan, do
 * so too.
 */
import { Deferred, Effect } from "effect"
import type { Append } from "../ports/LedgerStore.ts"

/** An event of a block that was sent to the store. */
export type SentEvent = Required<Append>["after"]

/** The place of a block in the pipeline. */
export interface BlockSlot {
  /** The number of the block in its file, from 0. */
  readonly ordinal: number
  /**
   * Resolves once the previous block has been sent, to one of its events; to `undefined` if this block must wait for it
   * to be recorded.
   */
  readonly previousSent: Effect.Effect<SentEvent | undefined>
  /** Resolves once all blocks before are recorded. */
  readonly turn: Effect.Effect<void>
  /** Says that this block is sent, with one of its events. Only the first call counts. */
  readonly markSent: (event: SentEvent) => Effect.Effect<unknown>
}

/** The outcome of a block, as the pipeline needs it. */
interface Recorded {
  /** Whether it was recorded by its first plan. If not, the blocks that were planned after it are planned again. */
  readonly isAsPlanned: boolean
}

/** A pipeline for the blocks of one import. */
export interface BlockPipeline {
  /** Records the next block: blocks have the order in which the returned effects begin. */
  readonly next: <A extends Recorded, E, R>(
    record: (slot: BlockSlot) => Effect.Effect<A, E, R>,
  ) => Effect.Effect<A, E, R>
}

/** A pipeline without blocks. */
export const make = (): BlockPipeline => {
  let ordinal = 0
  let previous = { sent: Effect.undefined as BlockSlot["previousSent"], recorded: Effect.void }
  let isAsPlanned = true
  return {
    next: (record) =>
      Effect.suspend(() => {
        const sent = Deferred.makeUnsafe<SentEvent | undefined>()
        const recorded = Deferred.makeUnsafe<void>()
        const slot: BlockSlot = {
          ordinal: ordinal++,
          // After a block that was planned again, a plan that is made before its turn would be wrong too.
          previousSent: isAsPlanned ? previous.sent : Effect.undefined,
          turn: previous.recorded,
          markSent: (event) => Deferred.succeed(sent, event),
        }
        // Yields, so that the block that says it is sent reaches the store before the next one.
        previous = { sent: Effect.tap(Deferred.await(sent), Effect.yieldNow), recorded: Deferred.await(recorded) }
        return Effect.tap(record(slot), (outcome) =>
          Effect.sync(() => {
            isAsPlanned = outcome.isAsPlanned
            Deferred.doneUnsafe(sent, Effect.undefined)
            Deferred.doneUnsafe(recorded, Effect.void)
          }),
        )
      }),
  }
}
