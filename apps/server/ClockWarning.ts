/**
 * Warns if the ledger has recorded something more than a minute ahead of this server's clock: when the server starts,
 * and when a clock is set back while it runs. The warning comes once, and again only after the clock was right.
 */
import { Effect, Schedule } from "effect"
import { Ledger } from "../../core/Ledger.ts"

/** Differences up to this one are usual between servers. */
const toleratedMillis = 60_000

const interval = "1 minute"

const lengthOf = (millis: number): string => {
  const minutes = Math.round(millis / 60_000)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}

const warning = (millis: number): string =>
  `the ledger holds records that are ${lengthOf(millis)} ahead of this server's clock: compare the clock with the time, ` +
  "and see `A clock that was ahead` in docs/operating.md"

/** Checks the clock at once, and then every minute until the scope closes. */
export const watch = Effect.gen(function* () {
  const { aheadMillis } = yield* Ledger
  let isWarned = false
  const check = Effect.gen(function* () {
    const ahead = yield* aheadMillis
    const isAhead = ahead > toleratedMillis
    if (isAhead && !isWarned) yield* Effect.logWarning(warning(ahead))
    isWarned = isAhead
  })
  // A store that does not answer is reported by the requests that need it.
  yield* Effect.forkScoped(Effect.repeat(Effect.ignore(check), Schedule.spaced(interval)))
}).pipe(Effect.withTracerEnabled(false))
