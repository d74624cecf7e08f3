/**
 * What is counted in memory as it happens, because no event says it: answered events, opened sessions, and visitors.
 * It is written once a minute, so a server that is killed loses a minute of it. These numbers are estimates.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as MetricCount from "../metrics/MetricCount.ts"
import * as UniqueVisitors from "../metrics/UniqueVisitors.ts"
import type { Owner } from "../model/Lane.ts"
import type { MetricsStep, MetricsStore } from "../ports/MetricsStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** One project on one day. */
interface DayTally {
  readonly project: Owner
  readonly day: number
  read: number
  sessions: number
  visitors: UniqueVisitors.Registers | undefined
}

/** The tallies of a process that were not written yet, by project and day. */
export type VisitTally = Map<string, DayTally>

/** Nothing happened yet. */
export const make = (): VisitTally => new Map()

const of = (tally: VisitTally, project: Owner, day: number): DayTally => {
  const name = `${project.number} ${day}`
  const known = tally.get(name)
  if (known !== undefined) return known
  const made: DayTally = { project, day, read: 0, sessions: 0, visitors: undefined }
  tally.set(name, made)
  return made
}

/** Notes that events were answered. */
export const noteRead = (tally: VisitTally, project: Owner, events: number, now: Instant): void => {
  if (events > 0) of(tally, project, MetricCount.dayOf(now)).read += events
}

/** Notes that a session was used; `isOpened`: by opening it. `concordId`: its person, counted once a day. */
export const noteSession = (
  tally: VisitTally,
  project: Owner,
  concordId: string,
  isOpened: boolean,
  now: Instant,
): void => {
  const ofDay = of(tally, project, MetricCount.dayOf(now))
  if (isOpened) ofDay.sessions += 1
  ofDay.visitors ??= UniqueVisitors.empty()
  UniqueVisitors.add(ofDay.visitors, concordId)
}

const stepOf = ({ day, project, read, sessions, visitors }: DayTally): MetricsStep => ({
  project,
  consumers: [],
  counts: MetricCount.sum([
    { family: "read", day, key: "", count: read },
    { family: "sessions", day, key: "", count: sessions },
  ]),
  visitors: visitors === undefined ? [] : [{ day, registers: visitors }],
})

/** Puts what could not be written back to what has happened since. */
const putBack = (tally: VisitTally, { day, project, read, sessions, visitors }: DayTally): void => {
  const ofDay = of(tally, project, day)
  ofDay.read += read
  ofDay.sessions += sessions
  if (visitors !== undefined) ofDay.visitors = UniqueVisitors.merge(visitors, ofDay.visitors ?? UniqueVisitors.empty())
}

/** Writes everything, one step for each project and day, and forgets it. What the store did not take stays. */
export const flush = Effect.fnUntraced(function* (
  tally: VisitTally,
  metrics: MetricsStore,
): Effect.fn.Return<void, StoreUnavailable> {
  const taken = [...tally.values()]
  tally.clear()
  for (const [index, each] of taken.entries()) {
    yield* Effect.tapError(metrics.write(stepOf(each)), () =>
      Effect.sync(() => {
        for (const rest of taken.slice(index)) putBack(tally, rest)
      }),
    )
  }
})
