/**
 * Runs the scheduler: a tick every second, sooner where something is known to be due, and right after a change of the
 * catalog or of the identity of people in this process.
 *
 * Of several servers on one store, the one that has the lease ticks, and gives it up when it stops. A server that is
 * killed is replaced when its lease has ended.
 */
import { Clock, Deferred, Effect, Metric } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as FeedSignal from "../ledger/FeedSignal.ts"
import * as Lease from "../ledger/Lease.ts"
import * as ProjectWatch from "./ProjectWatch.ts"
import * as Scheduler from "./Scheduler.ts"

/** How the scheduler runs. */
export interface RunOptions {
  /** How many people re-evaluations decide in a second. Left out: {@link defaultRate}. */
  readonly rate?: number
  /** Whether other processes may run the scheduler of the same store. Left out: they do not. */
  readonly isShared?: boolean
  /** Whether requests wait for the store: then re-evaluations wait for a while. Left out: none do. */
  readonly isBusy?: Effect.Effect<boolean>
}

/** How many people re-evaluations decide in a second, by default. */
export const defaultRate = 2000

const tickMillis = 1000

/** At least this long after a tick begins the next one, so that a busy site is not looked at without a pause. */
const pauseMillis = 50

/** For how long the ends of the lanes of a project are not read again: so late is what other processes record. */
const trustedMillis = 10_000

/** For how long a re-evaluation waits because requests wait; then it makes one step. */
const deferredMillis = 1000

/** How often it is looked whether they still wait. */
const busyMillis = 250

/** How long what is due has waited. */
export const lag = Metric.gauge("assent_scheduler_lag_seconds", {
  description: "How long ago everything that was due was in the change feeds; 0 where another server does it.",
})

/** How many people re-evaluations have decided. */
export const people = Metric.counter("assent_reevaluation_people_total", {
  description: "People whose answers were decided again because versions or rules changed.",
  incremental: true,
})

/** Waits for a time, or until something is written that the scheduler tells of at once. */
const makeAlarm = (context: LedgerContext) =>
  Effect.gen(function* () {
    const { feedSignal, store } = context
    const watches = ProjectWatch.all(context)
    let rung = Deferred.makeUnsafe<void>()
    let wakeAt = -Infinity
    let organizations: ReadonlySet<number> = new Set()
    const ring = () => Deferred.doneUnsafe(rung, Effect.void)
    const listen: FeedSignal.Listener = (owner, soonest) => {
      if (owner === FeedSignal.catalog || organizations.has(owner)) return void ring()
      if (soonest === undefined) return
      const watch = watches.get(owner)
      if (watch !== undefined) watch.soonest = Math.min(watch.soonest, soonest)
      if (soonest < wakeAt) {
        wakeAt = soonest
        ring()
      }
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => feedSignal.subscribe(listen)),
      (unsubscribe) => Effect.sync(unsubscribe),
    )
    return (now: Instant, until: Instant) =>
      Effect.gen(function* () {
        const catalog = yield* Effect.orElseSucceed(store.catalog.current, () => undefined)
        if (catalog !== undefined) {
          organizations = new Set([...catalog.organizations.values()].map(({ number }) => number))
        }
        wakeAt = until
        yield* Effect.sleep(pauseMillis)
        yield* Effect.raceFirst(Effect.sleep(Math.max(0, until - now - pauseMillis)), Deferred.await(rung))
        rung = Deferred.makeUnsafe<void>()
      })
  })

/** How many people may be decided at an instant: the rate, saved up for a second at most. */
const makeBudget = (rate: number) => {
  let saved = 0
  let at: Instant | undefined
  return {
    at: (now: Instant): number => {
      const passed = at === undefined ? 0 : Math.max(0, now - at)
      saved = Math.min(Math.max(rate, Scheduler.peopleAtOnce), saved + (passed * rate) / 1000)
      at = now
      return saved >= Math.min(rate, Scheduler.peopleAtOnce) ? Math.floor(saved) : 0
    },
    spend: (count: number): void => {
      saved -= count
    },
    /** How long until a step can be made. */
    waitMillis: (): number => ((Math.min(rate, Scheduler.peopleAtOnce) - saved) / rate) * 1000,
  }
}

/** Ticks until the scope closes. What the store cannot do now is logged once, and tried again. */
export const run = Effect.fnUntraced(function* (options: RunOptions, context: LedgerContext) {
  const { isBusy = Effect.succeed(false), isShared = false, rate = defaultRate } = options
  yield* Metric.update(lag, 0)
  yield* Metric.update(people, 0)
  if (context.store.isReplica === true) return yield* Effect.never
  const rest = yield* makeAlarm(context)
  const isHeld = isShared ? yield* Lease.keep("scheduler", context) : () => true
  const budget = makeBudget(rate)
  let doneAt = yield* Clock.currentTimeMillis
  let reevaluatedAt = -Infinity
  let isFailing = false

  const tick = Effect.fnUntraced(function* (now: Instant) {
    const waits = yield* isBusy
    const saved = budget.at(now)
    const deferred = now < reevaluatedAt + deferredMillis ? 0 : Math.min(saved, Scheduler.peopleAtOnce)
    const allowed = waits ? deferred : saved
    const report = yield* Scheduler.tick({ people: allowed, trustedMillis }, context)
    budget.spend(report.people)
    if (report.people > 0) yield* Metric.update(people, report.people)
    if (report.people > 0 || !report.isReevaluating) reevaluatedAt = now
    if (!report.hasMore) doneAt = now
    if (isFailing) yield* Effect.logInfo("the scheduler of the change feed goes on")
    isFailing = false
    const soon = report.isReevaluating
      ? now + Math.max(waits ? busyMillis : pauseMillis, budget.waitMillis())
      : report.nextAt
    return Math.min(now + tickMillis, soon)
  })
  const tickOrWarn = (now: Instant) =>
    tick(now).pipe(
      Effect.catchCause((cause) =>
        Effect.gen(function* () {
          if (!isFailing) yield* Effect.logWarning("the scheduler of the change feed waits for the store", cause)
          isFailing = true
          return now + tickMillis
        }),
      ),
    )
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    if (!isHeld()) doneAt = now
    const until = isHeld() ? yield* tickOrWarn(now) : now + tickMillis
    const end = yield* Clock.currentTimeMillis
    yield* Metric.update(lag, isHeld() ? Math.max(0, end - doneAt) / 1000 : 0)
    yield* rest(end, until)
  }
})
