/**
 * Takes what pages report of the trackers that they meet. What is not known yet becomes a tracker without a category,
 * so that a report never permits anything; someone decides what it is for.
 *
 * Anyone can send a report with the `Origin` of a page. So a report changes no tracker, nothing of the visitor is in it
 * once it is reduced, and there is an end to what is kept.
 */
import { Effect, Metric } from "effect"
import * as TrackerNames from "../browser/TrackerNames.ts"
import { matches, type SeenTracker } from "../browser/TrackerRules.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"
import { classifiedOf, maxUnclassified, type Tracker, trackersOf } from "../model/Tracker.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

type Scope = Pick<ProjectScope, "organization" | "project">

/** How many reported trackers became new ones, and how many were dropped because there are too many. */
export interface TakenReport {
  readonly found: number
  readonly dropped: number
}

const droppedReports = Metric.counter("assent_tracker_reports_dropped_total", {
  description: `Reported trackers that were dropped, because the project has ${maxUnclassified} without a category.`,
  incremental: true,
})

/** Counts nothing, so that the counter is there before it counts, and its first increase is seen. */
export const showCounter: Effect.Effect<void> = Metric.update(droppedReports, 0)

/** What makes two reports one. */
const keyOf = ({ domain = "", name, type }: Pick<Tracker, "domain" | "name" | "type">): string =>
  JSON.stringify([type, name, domain])

const detectedKey = ({ detectedName, name, ...rest }: Tracker): string => keyOf({ ...rest, name: detectedName ?? name })

/** The keys of the trackers of a project: the list is another one after each change. */
const keys = new WeakMap<ReadonlyArray<Tracker>, ReadonlySet<string>>()

const keysOf = (all: ReadonlyArray<Tracker>): ReadonlySet<string> => {
  const known = keys.get(all) ?? new Set(all.map(detectedKey))
  keys.set(all, known)
  return known
}

/** What is reported and not known, each once, and how many of them are too many. */
const news = (catalog: Catalog, { project }: Scope, reported: ReadonlyArray<SeenTracker>) => {
  const all = trackersOf(catalog, project)
  const known = keysOf(all)
  const rules = classifiedOf(all)
  const byKey = new Map(reported.map(TrackerNames.reduced).map((seen) => [keyOf(seen), seen]))
  const fresh = [...byKey]
    .filter(([key, seen]) => !known.has(key) && !rules.some((rule) => matches(rule, seen)))
    .map(([, seen]) => seen)
  const room = Math.max(0, maxUnclassified - (all.length - rules.length))
  return { taken: fresh.slice(0, room), dropped: Math.max(0, fresh.length - room) }
}

const trackerOf = (
  seen: SeenTracker,
  { organization, project }: Scope,
  { id, now }: { readonly id: string; readonly now: Instant },
): Tracker => ({
  id,
  organization: organization.id,
  project: project.id,
  dateCreated: now,
  dateUpdated: now,
  name: seen.name,
  type: seen.type,
  detectedName: seen.name,
  domain: seen.domain,
  pattern: TrackerNames.patternOf(seen),
  category: "unclassified",
  origin: "autoscan",
  matchType: "new",
})

/** Takes a report. Nothing is written if all of it is known. */
export const take = Effect.fnUntraced(function* (
  scope: Scope,
  reported: ReadonlyArray<SeenTracker>,
  context: LedgerContext,
): Effect.fn.Return<TakenReport, StoreUnavailable> {
  const before = news(yield* context.store.catalog.current, scope, reported)
  if (before.taken.length === 0) {
    yield* Metric.update(droppedReports, before.dropped)
    return { found: 0, dropped: before.dropped }
  }
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const { dropped, taken } = news(catalog, scope, reported)
    const ids = yield* Effect.forEach(taken, () => context.random.uuidV7())
    const trackers = taken.map((seen, index) => trackerOf(seen, scope, { id: ids[index]!, now }))
    return CatalogChange.prepared<TakenReport>({ trackers }, { found: taken.length, dropped })
  })
  const outcome = yield* CatalogChange.change<TakenReport>({ owner: scope.organization }, prepare, context)
  // A report has no idempotency key, and breaks no rule.
  const taken = outcome._tag === "Changed" ? outcome.value : { found: 0, dropped: 0 }
  yield* Metric.update(droppedReports, taken.dropped)
  return taken
})
