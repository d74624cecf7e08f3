/**
 * The one failure of a store.
 */
import { Data } from "effect"

/** The store cannot answer now: starting, closing, full, or its disk fails. A retry may help, unless `isLasting`. */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  /** Lower case, without personal data. */
  readonly reason: string
  /** It will not be otherwise here: another server must be asked. */
  readonly isLasting?: true
}> {
  override get message(): string {
    return this.reason
  }
}
