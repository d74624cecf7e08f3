/**
 * Runs the retention sweep: right after the start, and then every hour. Of several servers on one store one sweeps at a
 * time, by a lease that it has only while it sweeps; what the others then find is done already.
 */
import { Clock, Effect, Metric } from "effect"
import * as Lease from "../ledger/Lease.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as RetentionSweep from "./RetentionSweep.ts"

/** How long after a sweep the next one begins, and how long after one that the store did not answer; milliseconds. */
export const intervalMillis = 60 * 60 * 1000
export const retryMillis = 60 * 1000

/** When a sweep ended last. */
const sweptAt = Metric.gauge("assent_compliance_sweep_timestamp_seconds", {
  description: "When this server last ended a sweep of what time does to compliance requests; 0 before the first one.",
})

/** Renews a lease until it is lost. */
const keep = (lease: Lease.Lease): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    for (;;) {
      yield* Effect.sleep(Lease.renewMillis)
      if (!(yield* lease.take)) return
    }
  })

/** A sweep under the lease; `undefined` if another server has it. A lease that is lost ends the sweep. */
const sweepAlone = Effect.fnUntraced(function* (lease: Lease.Lease, context: LedgerContext) {
  if (!(yield* lease.take)) return undefined
  const sweep = RetentionSweep.sweep(context)
  const swept = Effect.raceFirst(sweep, Effect.as(keep(lease), undefined))
  return yield* Effect.ensuring(swept, Effect.ignore(Effect.timeout(lease.giveUp, "1 second")))
})

/** Sweeps until the scope closes. What the store cannot do now is logged once, and tried again. */
export const run = Effect.fnUntraced(function* (context: LedgerContext): Effect.fn.Return<never> {
  yield* Metric.update(sweptAt, 0)
  yield* RetentionSweep.showCounters
  const holder = yield* context.random.uuidV7()
  let isFailing = false
  let lease: Lease.Lease | undefined
  const once = Effect.gen(function* () {
    const { organizations } = yield* context.store.catalog.current
    const [owner] = [...organizations.values()].toSorted((a, b) => a.number - b.number)
    if (owner === undefined) return retryMillis
    lease ??= Lease.make({ owner, lane: 0 }, "retention", holder, context.store.feed)
    const report = yield* sweepAlone(lease, context)
    if (report === undefined) return retryMillis
    if (report.left > 0) {
      yield* Effect.logWarning(`${report.left} compliance requests wait for the next sweep, because keys are away`)
    }
    yield* Metric.update(sweptAt, (yield* Clock.currentTimeMillis) / 1000)
    if (isFailing) yield* Effect.logInfo("the sweep of compliance requests goes on")
    isFailing = false
    return intervalMillis
  })
  for (;;) {
    const pause = yield* Effect.catchCause(once, (cause) =>
      Effect.gen(function* () {
        if (!isFailing) yield* Effect.logWarning("the sweep of compliance requests waits for the store", cause)
        isFailing = true
        return retryMillis
      }),
    )
    yield* Effect.sleep(pause)
  }
})
