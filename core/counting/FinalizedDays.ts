/**
 * Finalizes days: once a day is over by an hour and all lanes of a project were counted to their ends, the counts of
 * the day do not change any more. Events of a lane are in the order of `dateCreated`, so later ones are of later days.
 *
 * Two things could still add to such a day: a server whose clock is more than an hour behind, and an export that is
 * restored. They are counted on the day that they name.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as MetricCount from "../metrics/MetricCount.ts"
import type { Project } from "../model/Catalog.ts"
import * as MetricsStore from "../ports/MetricsStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** For how long after its end a day may still get events, because clocks of servers differ; in milliseconds. */
const graceMillis = 60 * 60 * 1000

/** The first day that may not be finalized at an instant. */
const firstOpen = (now: Instant): number => MetricCount.dayOf(now - graceMillis)

/** The first day of a project that is not finalized. */
export const until = (
  project: Project,
  { store }: Pick<LedgerContext, "store">,
): Effect.Effect<number, StoreUnavailable> =>
  Effect.map(
    store.metrics.consumers(project),
    (consumers) => consumers.find(({ name }) => name === "days")?.position ?? 0,
  )

/**
 * Finalizes the days of projects that had nothing left to count at `now`, which is read before their lanes were.
 * `known`: the first open day of projects, by their numbers, so that the store is asked once for each project and
 * written once a day.
 */
export const finalize = Effect.fnUntraced(function* (
  projects: Iterable<Project>,
  now: Instant,
  known: Map<number, number>,
  context: LedgerContext,
): Effect.fn.Return<void, StoreUnavailable> {
  const position = firstOpen(now)
  for (const project of projects) {
    const before = known.get(project.number) ?? (yield* until(project, context))
    known.set(project.number, before)
    if (before >= position) continue
    const lane = MetricsStore.laneOf(project)
    const move = { lane, name: "days", before, position } as const
    const outcome = yield* context.store.metrics.write({ project, consumers: [move], counts: [], visitors: [] })
    if (outcome === "stale") known.delete(project.number)
    else known.set(project.number, position)
  }
})
