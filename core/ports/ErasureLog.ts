/**
 * The port of the log of erasures, which is kept outside of the store and of its backups: a store that was restored
 * from a backup erases again what the log has and the store lacks, before it serves.
 *
 * The log holds random ids only.
 */
import { Context, Data, type Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { ErasureReason, HeldScope } from "./PersonalStore.ts"

/** The log cannot be read or written. */
export class ErasureLogUnavailable extends Data.TaggedError("ErasureLogUnavailable")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** An erasure as the log holds it. */
export interface LoggedErasure {
  readonly id: string
  readonly organization: string
  readonly members: ReadonlyArray<string>
  readonly recordedAt: Instant
  readonly submitter: string
  readonly reason: ErasureReason
  /** Left out: everything of the members. */
  readonly scope?: HeldScope
}

/** An erasure in the log, and how far it went. */
export interface LoggedState extends LoggedErasure {
  /** Whether its transaction is kept, so that it was answered with its instant. */
  readonly isKept: boolean
  /** Whether it is kept, and the files of the store were scrubbed, which a store may not be able to do. */
  readonly isDone: boolean
}

/** The log of erasures. */
export class ErasureLog extends Context.Service<
  ErasureLog,
  {
    /** Writes durably that an erasure begins. Its members are never fewer than those that are erased then. */
    readonly begin: (erasure: LoggedErasure) => Effect.Effect<void, ErasureLogUnavailable>
    /** Writes durably that the transaction of an erasure is kept. False, with nothing written, if it never began. */
    readonly keep: (id: string) => Effect.Effect<boolean, ErasureLogUnavailable>
    /** Writes durably that an erasure is done, and so kept as well. Writes nothing if it never began. */
    readonly finish: (id: string) => Effect.Effect<void, ErasureLogUnavailable>
    /** Every erasure, in the order in which they began. Fails if a line was changed, or is missing before another. */
    readonly all: Effect.Effect<ReadonlyArray<LoggedState>, ErasureLogUnavailable>
  }
>()("assent/ports/ErasureLog") {}
