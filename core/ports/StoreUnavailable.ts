/**
 * The one failure of a store.
 */
import { Data } from "effect"

/**
 * The store cannot answer now: it starts, closes or is full, or its disk fails. A retry may help, unless `isLasting`.
 */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  /** Lower case, without personal data. */
  readonly reason: string
  /** A retry does not help here: the request must go to another server. */
  readonly isLasting?: true
}> {
  override get message(): string {
    return this.reason
  }
}
