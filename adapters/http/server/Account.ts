/**
 * The account of a request: the quotas that its work is drawn from.
 */
import { Context, Effect } from "effect"
import type { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import type { HttpProblem } from "./Answer.ts"
import type { Work } from "./Quotas.ts"

/** The account of a request. */
export interface Account {
  /** Draws work before it is done, from all quotas or from none: fails with 429 if one of them does not hold it. */
  readonly take: (work: Work) => Effect.Effect<void, HttpProblem>
  /** Draws work that was done already: what the quotas do not hold delays the next requests. */
  readonly charge: (work: Work) => Effect.Effect<void>
  /** Draws work that was done although a quota refused it, and with it the request itself if a quota refused that. */
  readonly chargeRefused: (work: Work) => Effect.Effect<void>
  /** The largest body that is read, in bytes: above a quota, one that declines alone fit in. */
  readonly bodyMaxBytes: () => number
  /** Draws work of any amount in parts, and waits until each is granted. */
  readonly pace: (work: Work) => Effect.Effect<void>
  /**
   * Does work that no quota refuses, one request of the caller at a time, so that a caller above its quota does not
   * take all places. Fails with 503 if too many wait already.
   */
  readonly inTurn: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | HttpProblem | StoreUnavailable, R>
}

const unlimited: Account = {
  take: () => Effect.void,
  charge: () => Effect.void,
  chargeRefused: () => Effect.void,
  bodyMaxBytes: () => Infinity,
  pace: () => Effect.void,
  inTurn: (work) => work,
}

/** The account of the current request; without a limit for a request that has none. */
export const CurrentAccount = Context.Reference<Account>("assent/http/Account", { defaultValue: () => unlimited })

/** Draws work of the current request before it is done. */
export const take = (work: Work): Effect.Effect<void, HttpProblem> =>
  Effect.flatMap(CurrentAccount, (account) => account.take(work))

/** Draws work of the current request that was done already. */
export const charge = (work: Work): Effect.Effect<void> =>
  Effect.flatMap(CurrentAccount, (account) => account.charge(work))
