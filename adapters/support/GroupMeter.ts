/**
 * Measures the group commits of a store: how many requests wait, how full groups are, how long they and their commits
 * take.
 *
 * The measurements are metrics of Effect. If requests are traced, there is also a span for each group, which is a child
 * of the span of its first request and is linked to those of the others. All stores share this file, because the names
 * and meanings of the metrics are the same for each of them.
 */
import { Clock, Context, Effect, Exit, Metric, Option, Tracer } from "effect"

/**
 * Upper bounds of buckets, in seconds. A sync takes a tenth of a millisecond on a fast disk and 50 ms on a slow one.
 */
const seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

const waiting = Metric.gauge("assent_store_waiting_requests", {
  description: "Requests to write that wait for the next group.",
})

/** How many requests to write wait for the next group of a store in this process. */
export const waitingRequests: Effect.Effect<number> = Effect.map(Metric.value(waiting), ({ value }) => value)

const groupRequests = Metric.histogram("assent_store_group_requests", {
  description: "Requests that shared one transaction.",
  boundaries: counts,
})
const groupEvents = Metric.histogram("assent_store_group_events", {
  description: "Consent events appended by one transaction; the sum counts all of them.",
  boundaries: counts,
})
const groupSeconds = Metric.histogram("assent_store_group_duration_seconds", {
  description: "From the begin of a group's transaction until its requests are answered.",
  boundaries: seconds,
})
const commitSeconds = Metric.histogram("assent_store_commit_duration_seconds", {
  description: "COMMIT alone: what it takes until a group is on the disk.",
  boundaries: seconds,
})
const failures = Metric.counter("assent_store_group_failures_total", {
  description: "Groups of which at least one request could not be kept.",
  incremental: true,
})

/** A group whose requests have been answered. */
export interface AnsweredGroup {
  readonly requests: number
  /** The events that were appended. Events of stale or repeated requests are not counted. */
  readonly events: number
  /** When it was begun, in nanoseconds since 1970. */
  readonly startedAt: bigint
  /** The duration of the commit alone; `undefined` if nothing was committed. */
  readonly commitMillis: number | undefined
  readonly hasFailed: boolean
  /** The spans of its requests that are traced. */
  readonly spans: ReadonlyArray<Tracer.AnySpan>
}

/** Measures the groups of one store. */
export interface GroupMeter {
  /** The current time, in nanoseconds since 1970. */
  readonly now: () => bigint
  /** Sets how many requests wait for the next group. */
  readonly setWaiting: (requests: number) => void
  /** Records an answered group. */
  readonly record: (group: AnsweredGroup) => void
}

const nanosPerMilli = 1_000_000

/** The span of the current request, if it is traced. */
export const currentSpan = (context: Context.Context<never>): Tracer.AnySpan | undefined =>
  Context.getOrUndefined(context, Tracer.ParentSpan)

/** Records the spans of an answered group. */
const trace = (
  tracer: Tracer.Tracer,
  { commitMillis, events, requests, spans, startedAt, ...group }: AnsweredGroup,
  endedAt: bigint,
) => {
  const [first, ...others] = spans
  if (first === undefined) return
  const span = (name: string, from: bigint, parent: Tracer.AnySpan, links: ReadonlyArray<Tracer.AnySpan>) =>
    tracer.span({
      name,
      parent: Option.some(parent),
      annotations: Context.empty(),
      links: links.map((span) => ({ span, attributes: {} })),
      startTime: from,
      kind: "internal",
      root: false,
      sampled: parent.sampled,
    })
  const whole = span("store.group", startedAt, first, others)
  whole.attribute("assent.requests", requests)
  whole.attribute("assent.events", events)
  if (commitMillis !== undefined) {
    const commit = span("store.commit", endedAt - BigInt(Math.round(commitMillis * nanosPerMilli)), whole, [])
    commit.end(endedAt, Exit.void)
  }
  whole.end(endedAt, group.hasFailed ? Exit.fail("StoreUnavailable") : Exit.void)
}

/** Makes a meter for a store that is being opened. */
export const make = Effect.gen(function* () {
  const context = yield* Effect.context<never>()
  const tracer = yield* Tracer.Tracer
  const clock = yield* Clock.Clock
  // Both metrics exist from the start with the value 0, so that a reader does not treat them as missing.
  waiting.updateUnsafe(0, context)
  failures.updateUnsafe(0, context)
  const now = () => clock.currentTimeNanosUnsafe()
  const meter: GroupMeter = {
    now,
    setWaiting: (requests) => waiting.updateUnsafe(requests, context),
    record: (group) => {
      const endedAt = now()
      groupRequests.updateUnsafe(group.requests, context)
      groupEvents.updateUnsafe(group.events, context)
      groupSeconds.updateUnsafe(Number(endedAt - group.startedAt) / nanosPerMilli / 1000, context)
      if (group.commitMillis !== undefined) commitSeconds.updateUnsafe(group.commitMillis / 1000, context)
      if (group.hasFailed) failures.updateUnsafe(1, context)
      if (tracer !== Tracer.nativeTracer) trace(tracer, group, endedAt)
    },
  }
  return meter
})
