/**
 * Runs the metrics aggregator: counts every second what was recorded, sooner while there is more than a step holds.
 *
 * Of several servers on one store, the one that has the lease counts. That only saves work: two that count at the same
 * time count each event once. Every server writes what it alone saw, once a minute and when it stops.
 */
import { Clock, Effect, Metric } from "effect"
import * as Lease from "../ledger/Lease.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Counting from "./Counting.ts"
import * as FinalizedDays from "./FinalizedDays.ts"
import * as VisitTally from "../ledger/VisitTally.ts"

/** How often it is looked whether there is something to count, in milliseconds. */
const intervalMillis = 1000

/** How long it waits between two full steps, so that requests are answered in between; in milliseconds. */
const pauseMillis = 20

const flushInterval = "1 minute"

/** When everything was counted last. */
const lag = Metric.gauge("assent_metrics_lag_seconds", {
  description: "How long ago everything that was recorded was counted; 0 where another server counts.",
})

/** Writes once a minute, and when the scope closes, what this process alone saw. */
const keepFlushing = Effect.fnUntraced(function* ({ store, visitTally }: LedgerContext) {
  const flush = Effect.ignore(VisitTally.flush(visitTally, store.metrics))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(flushInterval), flush)))
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(flush, "1 second")))
})

/** Counts until the scope closes. What the store cannot do now is logged once, and tried again. */
export const run = Effect.fnUntraced(function* (
  { isShared = false }: { readonly isShared?: boolean },
  context: LedgerContext,
) {
  yield* Metric.update(lag, 0)
  if (context.store.isReplica === true) return yield* Effect.never
  yield* keepFlushing(context)
  const isHeld = isShared ? yield* Lease.keep("metrics", context) : () => true
  const finalized = new Map<number, number>()
  let doneAt = yield* Clock.currentTimeMillis
  let isFailing = false

  const once = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const size = { events: Counting.eventsAtOnce, facts: Counting.factsAtOnce }
    const { behind, counted, isStale, left } = yield* Counting.pass(size, context)
    const { projects } = yield* context.store.catalog.current
    const idle = [...projects.values()].filter(({ number }) => !behind.has(number))
    yield* FinalizedDays.finalize(idle, now, finalized, context)
    if (left === 0 && !isStale) doneAt = now
    if (isFailing) yield* Effect.logInfo("the metrics aggregator goes on")
    isFailing = false
    return counted > 0 && left > 0 ? pauseMillis : intervalMillis
  })
  const onceOrWarn = Effect.catchCause(once, (cause) =>
    Effect.gen(function* () {
      if (!isFailing) yield* Effect.logWarning("the metrics aggregator waits for the store", cause)
      isFailing = true
      return intervalMillis
    }),
  )
  for (;;) {
    if (!isHeld()) doneAt = yield* Clock.currentTimeMillis
    const wait = isHeld() ? yield* onceOrWarn : intervalMillis
    yield* Metric.update(lag, Math.max(0, (yield* Clock.currentTimeMillis) - doneAt) / 1000)
    yield* Effect.sleep(wait)
  }
})
