/**
 * The retention sweep: carries out what passing time does to compliance requests (see `PassingTime`), and removes files
 * that were begun and never attached.
 *
 * Each request is changed as by any other change, guarded by its ordinal, so a sweep that is late, doubled or killed
 * does everything once. A request that cannot be changed now, because keys are away, is left to the next sweep.
 */
import { Clock, Effect, Metric } from "effect"
import * as PassingTime from "../compliance/PassingTime.ts"
import type * as ComplianceState from "../compliance/ComplianceState.ts"
import type * as Transition from "../compliance/Transition.ts"
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import * as CatalogOf from "../model/Catalog.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"
import { laneOf, type StoredRequest, type SweepDay, type SweepPlace } from "../ports/ComplianceStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CivilToday from "./CivilToday.ts"
import * as ComplianceRequest from "./ComplianceRequest.ts"
import * as RequestChanging from "./RequestChanging.ts"
import * as RequestClock from "./RequestClock.ts"
import type { Step } from "./RequestSteps.ts"

type What = PassingTime.TimedStep["what"]

/** What a sweep did: how often each step was carried out, how many files were removed, and what it left. */
export interface SweepReport {
  readonly steps: Readonly<Record<What, number>>
  readonly abandonedFiles: number
  /** Requests of which something is due that could not be done now. */
  readonly left: number
}

/** How many requests, or files, are read at once. */
export const pageSize = 100

/** How long a file may be begun without being attached, in milliseconds. */
export const abandonedMillis = 60 * 60 * 1000

/** Steps of sweeps. */
const swept = Metric.counter("assent_compliance_swept_total", {
  description: "What time did to compliance requests: lapses, removals and reminders, and files that were abandoned.",
  incremental: true,
})

/** Counts nothing, by every label: so that a counter is there before it counts, and its first increase is seen. */
export const showCounters = Effect.gen(function* () {
  for (const what of ["lapse", "purge_files", "purge_private", "due_soon", "overdue", "abandoned_file"]) {
    yield* Metric.update(Metric.withAttributes(swept, { what }), 0)
  }
})

/** The command of a step. */
export const commandOf = (what: What): Transition.Command => {
  switch (what) {
    case "lapse":
      return { kind: "lapse" }
    case "purge_files":
      return { kind: "purge", scope: "files" }
    case "purge_private":
      return { kind: "purge", scope: "private" }
    case "due_soon":
    case "overdue":
      return { kind: "remind", of: what }
  }
}

/** A sweep in progress. */
interface Sweep {
  readonly now: number
  readonly steps: Record<What, number>
  left: number
}

/** Whether a step changes or mails what is personal, and so needs the keys. One that removes it does not. */
const needsKeys = (what: What | undefined, { project }: ProjectScope): boolean =>
  what === "purge_files" || ((what === "due_soon" || what === "overdue") && project.contactEmails !== undefined)

/** What is personal of a request without the names of its files. */
const withoutFiles = (before: RequestPrivateData): RequestPrivateData => {
  const { files: _, ...data } = before
  return data
}

/** What an attempt has found: the step that is due, and the day on which the request is to be looked at again. */
interface Found {
  readonly what: What | undefined
  readonly day: SweepDay
}

/** What passing time does to a request as it was read for an attempt. */
const find = (
  { organization, project }: ProjectScope,
  { id, row, state }: RequestChanging.Held,
  today: CivilDate,
): Found => {
  const isPurged = state.isPurged || row === undefined
  const steps = RequestClock.stepsOf(organization, project, { ...state, isPurged })
  const sweepOn = PassingTime.sweepOn(steps, today)
  const day = { request: id, ordinal: state.ordinal, ...(sweepOn !== undefined && { sweepOn }) }
  return { what: PassingTime.due(steps, today), day }
}

/** Carries out the step of a request that is due. Returns the step, or the day on which to look at it again. */
const carryOut = Effect.fnUntraced(function* (
  { now }: Sweep,
  scope: ProjectScope,
  { id, state }: { readonly id: string; readonly state: ComplianceState.ComplianceState },
  context: LedgerContext,
) {
  const { organization, project } = scope
  const today = CivilToday.of(organization, Math.max(now, state.instants.updated))
  const expected = PassingTime.due(RequestClock.stepsOf(organization, project, state), today)
  const isPrivateNeeded = needsKeys(expected, scope)
  let found: Found | undefined
  const plan = (held: RequestChanging.Held) =>
    Effect.sync(() => {
      found = find(scope, held, today)
      const { what } = found
      // Something else was done to it since it was read: a reminder without its mail would be lost.
      if (needsKeys(what, scope) && !isPrivateNeeded) return { steps: [] }
      const steps = what === undefined ? [] : [{ command: commandOf(what), by: "engine" as const }]
      return what === "purge_files" ? { steps, changeData: withoutFiles } : { steps }
    })
  const outcome = yield* RequestChanging.carryOut<Step>({ scope, id, plan, isPrivateNeeded }, context)
  if (outcome._tag !== "Changed" || found === undefined) return undefined
  const isDone = outcome.facts.length > 0
  return { ...found, request: { id, state: outcome.request.state }, isDone }
})

/** Carries out everything that is due of one request. Returns the day on which to look at it again. */
const sweepOne = Effect.fnUntraced(function* (
  sweep: Sweep,
  scope: ProjectScope,
  { id, sweepOn, ...stored }: StoredRequest,
  context: LedgerContext,
): Effect.fn.Return<SweepDay | undefined, StoreUnavailable> {
  // It is another day already where another organization is.
  if (sweepOn !== undefined && CivilToday.of(scope.organization, sweep.now) < sweepOn) return undefined
  let request = { id, state: ComplianceRequest.stateOf(stored) }
  for (let isChanged = false; ; isChanged = true) {
    const done = yield* carryOut(sweep, scope, request, context)
    if (done === undefined || (done.what !== undefined && !done.isDone)) return undefined
    // A change has written the day already.
    if (done.what === undefined) return isChanged || done.day.sweepOn === sweepOn ? undefined : done.day
    sweep.steps[done.what]++
    yield* Metric.update(Metric.withAttributes(swept, { what: done.what }), 1)
    request = done.request
  }
})

const scopeOf = (catalog: Catalog, number: number): ProjectScope | undefined => {
  for (const project of catalog.projects.values()) {
    if (project.number === number) return CatalogOf.scope(catalog, project.id)
  }
  return undefined
}

/** Sweeps the requests of a page. What fails is left, and counted. */
const sweepPage = Effect.fnUntraced(function* (
  sweep: Sweep,
  page: ReadonlyArray<StoredRequest>,
  context: LedgerContext,
): Effect.fn.Return<SweepPlace | undefined, StoreUnavailable> {
  const { store } = context
  const catalog = yield* store.catalog.current
  let place: SweepPlace | undefined
  for (const [number, requests] of Map.groupBy(page, ({ project }) => project)) {
    const scope = scopeOf(catalog, number)
    if (scope === undefined) continue
    const days: Array<SweepDay> = []
    for (const request of requests) {
      yield* Effect.yieldNow
      const day = yield* Effect.catchTag(sweepOne(sweep, scope, request, context), "StoreUnavailable", () =>
        Effect.sync(() => void sweep.left++),
      )
      if (day !== undefined) days.push(day)
      if (request === page.at(-1)) {
        place = { sweepOn: request.sweepOn!, lane: laneOf(scope.project, request.id), request: request.id }
      }
    }
    if (days.length > 0) yield* store.compliance.reschedule(scope.project, days)
  }
  return place
})

/** Removes files that were begun and are not attached after an hour. */
const removeAbandoned = Effect.fnUntraced(function* (now: number, { store }: LedgerContext) {
  let count = 0
  for (;;) {
    const files = yield* store.requestFiles.abandoned(now - abandonedMillis, pageSize)
    if (files.length > 0) yield* store.requestFiles.removeAbandoned(files)
    count += files.length
    yield* Metric.update(Metric.withAttributes(swept, { what: "abandoned_file" }), files.length)
    if (files.length < pageSize) return count
    yield* Effect.yieldNow
  }
})

/** The last day that it is anywhere an organization is. */
const latestDay = ({ organizations }: Catalog, now: number): CivilDate =>
  [...organizations.values()]
    .map((organization) => CivilToday.of(organization, now))
    .toSorted()
    .at(-1) ?? CivilToday.of({}, now)

/** One sweep over everything that is due now, of all projects. */
export const sweep = Effect.fnUntraced(function* (
  context: LedgerContext,
): Effect.fn.Return<SweepReport, StoreUnavailable> {
  const { store } = context
  const now = yield* Clock.currentTimeMillis
  const steps = { lapse: 0, purge_files: 0, purge_private: 0, due_soon: 0, overdue: 0 }
  const current: Sweep = { now, steps, left: 0 }
  const on = latestDay(yield* store.catalog.current, now)
  let after: SweepPlace | undefined
  for (;;) {
    const page = yield* store.compliance.toSweep(on, after, pageSize)
    after = yield* sweepPage(current, page, context)
    if (page.length < pageSize || after === undefined) break
  }
  const abandonedFiles = yield* removeAbandoned(now, context)
  // Deleted rows may be in the files of the store still. What cannot be scrubbed now is scrubbed with the next removal.
  const removed = steps.lapse + steps.purge_files + steps.purge_private + abandonedFiles
  if (removed > 0) yield* Effect.ignore(store.personal.scrub)
  return { steps, abandonedFiles, left: current.left }
})
