/**
 * Measures the tasks that are handed to connectors, and logs those that were given up. A line names a task by its id
 * and that of its request: no identity, URL or answer of a data system.
 */
import { Clock, Effect, Metric } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ListedMail } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

const tries = Metric.counter("assent_tasks_total", {
  description: "Tries to hand a task to a connector, by outcome: sent, failed for good, or later again.",
  incremental: true,
})
const waiting = Metric.gauge("assent_tasks_waiting", { description: "Tasks that wait to be handed to a connector." })
const oldest = Metric.gauge("assent_tasks_oldest_seconds", {
  description: "How long the task that has waited longest has waited; 0 if none waits.",
})
const failed = Metric.gauge("assent_tasks_failed", {
  description: "Tasks that no connector took within 7 days, and that were neither sent again nor cancelled.",
})

/** What became of a try. */
export type TaskTryOutcome = "sent" | "failed" | "later"

/** Counts the tasks of the store. */
export const measure = Effect.fnUntraced(function* ({
  store,
}: Pick<LedgerContext, "store">): Effect.fn.Return<void, StoreUnavailable> {
  // The metrics of tries exist before the first, so that a reader does not treat them as missing.
  for (const outcome of ["sent", "failed", "later"]) {
    yield* Metric.update(Metric.withAttributes(tries, { outcome }), 0)
  }
  const counts = yield* store.outbox.counts("task")
  const now = yield* Clock.currentTimeMillis
  yield* Metric.update(waiting, counts.waiting)
  yield* Metric.update(failed, counts.failed)
  yield* Metric.update(oldest, counts.oldestAt === undefined ? 0 : Math.max(0, now - counts.oldestAt) / 1000)
})

/** Counts a try. One that failed for good is logged. */
export const record = Effect.fnUntraced(function* (
  { id, request }: Pick<ListedMail, "id" | "request">,
  outcome: TaskTryOutcome,
  code: string,
) {
  yield* Metric.update(Metric.withAttributes(tries, { outcome }), 1)
  if (outcome === "failed")
    yield* Effect.logWarning("a task was not taken by its connector", { task: id, request, code })
})
