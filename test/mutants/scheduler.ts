/** Mutants of the scheduler: what it announces of types and identity, which periods it scans, and how it runs. */
import type { Part } from "./Mutant.ts"

const planned = "a version is told when it is planned, when it is published"
const renumbered = "a planned version that gets another number"
const terms = "changed rules, durations and statuses are told"
const history = "is caught up: its types"
const period = "of a new period are scanned from the change on"
const join = "a join is told with the answers"
const idle = "the store is asked seven times a minute"
const away = "A store that is away is logged once"
const rate = "decides no more people a second than its rate"

export const scheduler: Part = {
  folder: "core/feed",
  tests: ["test/core/typeNews.test.ts", "test/core/scheduler.test.ts", "test/core/schedulerLoop.test.ts"],
  mutants: [
    ["TypeNews.ts", " && told?.isPublished !== true", "", planned],
    ["TypeNews.ts", "told?.version !== version.version", "told === undefined", renumbered],
    [
      "TypeNews.ts",
      "if (isPublished && (lapses === undefined || lapses <= now)) continue",
      "if (isPublished) continue",
      planned,
    ],
    ["TypeNews.ts", "isPublished ? lapses! : version.publishedAt", "version.publishedAt", planned],
    ["TypeNews.ts", "!isCancelled && before.status === status", "before.status === status", renumbered],
    ["TypeNews.ts", " && before.status === status", "", terms],

    ["CatalogFeed.ts", "const from = since === Instant.min ? now : since", "const from = now", period],
    ["CatalogFeed.ts", "FeedPeriods.isNameOf(name) && !names.has(name)", "names.size === 0", period],
    ["CatalogFeed.ts", "IdentityFeed.stateOf(0)", "IdentityFeed.stateOf(1e9)", history],

    ["IdentityFeed.ts", "next = at + 1", "next = at", join],
    ["IdentityNews.ts", "isJoin ? before : after", "after", join],
    [
      "IdentityFeed.ts",
      "if (!isJoining && (yield* IdentityHeads.read(scope, people, context)).size === 0) return nothing",
      "",
      "a join of people without events in the project is told",
    ],

    ["Scheduler.ts", "now >= watch.endsAt + trustedMillis", "true", idle],
    ["SchedulerLoop.ts", "if (!isFailing) yield* Effect.logWarning", "yield* Effect.logWarning", away],
    ["SchedulerLoop.ts", "if (!report.hasMore) doneAt = now", "", away],
    ["SchedulerLoop.ts", "budget.spend(report.people)", "budget.spend(0)", rate],
    ["SchedulerLoop.ts", "waits ? deferred : saved", "saved", "makes one step a second while requests wait"],
    ["SchedulerLoop.ts", "if (soonest < wakeAt) {", "if (soonest < 0) {", "What is recorded here and lapses soon"],
    [
      "../ledger/Lease.ts",
      "isHeld && lease !== undefined ?",
      "lease !== undefined && !isHeld ?",
      "one has the lease; when it stops",
    ],
    [
      "SchedulerLoop.ts",
      'const isHeld = isShared ? yield* Lease.keep("scheduler", context) : () => true',
      "const isHeld = () => true",
      "one has the lease; when it stops",
    ],
  ],
}
