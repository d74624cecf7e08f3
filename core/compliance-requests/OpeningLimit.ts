/**
 * How many requests a session may open: a page could otherwise fill the lists of staff. The store counts, so that all
 * servers count together.
 *
 * The first opt-out of a session is always opened, because a no is never refused; further ones are counted like all
 * others, because each can name another person.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Project } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { NewRequest, Opener } from "./ComplianceOpening.ts"

/** The most requests of a session in an hour. */
export const perHour = 5

const hourMillis = 60 * 60 * 1000

/** A session that has opened too many requests. `retryAt`: when it may open another one. */
export interface TooMany {
  readonly _tag: "TooMany"
  readonly retryAt: Instant
}

/** Whether an opener may not open requests now: only a session is limited. */
export const exceeded = Effect.fnUntraced(function* (
  project: Project,
  opener: Opener,
  items: ReadonlyArray<Pick<NewRequest, "request">>,
  now: Instant,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<TooMany | undefined, StoreUnavailable> {
  if (opener._tag === "Key") return undefined
  const ofSession = { session: opener.session.id, startDate: now - hourMillis }
  const page = { sort: "requestDate", order: "desc", from: 0 } as const
  const { requests, total } = yield* store.compliance.list([project], ofSession, { ...page, limit: perHour })
  if (total + items.length <= perHour) return undefined
  const isNo = items.every(({ request }) => request === "do_not_sell")
  const noes = { ...ofSession, kinds: ["do_not_sell"] } as const
  if (isNo && (yield* store.compliance.list([project], noes, { ...page, limit: 1 })).total === 0) return undefined
  return { _tag: "TooMany", retryAt: requests.at(-1)!.requestDate + hourMillis }
})
