/**
 * The compliance requests of the store in memory.
 */
import { Effect } from "effect"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Owner } from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/ComplianceStore.ts"
import type { OutboxStore } from "../../core/ports/OutboxStore.ts"
import * as ComplianceLists from "./ComplianceLists.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"
import type { Outbox } from "./OutboxStore.ts"
import type { RequestFiles } from "./RequestFileStore.ts"

/** Everything of one request. */
export interface Held {
  readonly project: number
  readonly lane: number
  readonly row: Port.ComplianceRow
  readonly facts: ReadonlyArray<ComplianceFact>
  readonly private: Port.PrivateRow | undefined
  readonly key: Port.RequestKey | undefined
}

/** The compliance requests with their mails and files, and what appends and erasures write of them. */
export interface Compliance {
  readonly store: Port.ComplianceStore
  readonly outbox: OutboxStore
  /** The facts of each lane, in the order in which they were written. */
  readonly factsByLane: ReadonlyMap<number, ReadonlyArray<ComplianceFact>>
  /** Whether a request of a change, or a mail or file of it, is not as it was when the change was decided. */
  readonly isStale: (project: Owner, change: Port.ComplianceChange | undefined) => boolean
  readonly keep: (project: Owner, change: Port.ComplianceChange | undefined) => void
  /** Removes what is personal of resolved requests of people, and returns how many there were. */
  readonly erase: (projects: ReadonlyArray<Owner>, people: ReadonlyArray<string>, at: Instant) => number
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

const changed = (project: Owner, before: Held | undefined, change: Port.RequestChange): Held => {
  const isRemoved = change.private === "removed"
  return {
    project: project.number,
    lane: Port.laneOf(project, change.row.id),
    row: change.row,
    facts: [...(before?.facts ?? []), ...change.facts],
    private: change.private === "removed" ? undefined : (change.private ?? before?.private),
    key: isRemoved ? undefined : (before?.key ?? change.key),
  }
}

const privateOf = ({ key, private: row, row: { id } }: Held): Port.StoredPrivate | undefined =>
  row === undefined ? undefined : { ...row, request: id, ...(key !== undefined && { key }) }

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compare = (a: Port.LaneRequestKey, b: Pick<Port.LaneRequestKey, "lane" | "request">): number =>
  a.lane - b.lane || compareText(a.request, b.request)

/** The keys of requests. */
const makeKeys = (all: Map<string, Held>): Pick<Port.ComplianceStore, "allKeys" | "rewrap"> => ({
  allKeys: (after, limit) =>
    Effect.sync(() =>
      [...all.values()]
        .flatMap(({ key, lane, row }) => (key === undefined ? [] : [{ ...key, lane, request: row.id }]))
        .filter((each) => after === undefined || compare(each, after) > 0)
        .toSorted(compare)
        .slice(0, limit),
    ),
  rewrap: (keys) =>
    Effect.sync(() => {
      for (const { from, to } of keys) {
        const held = all.get(from.request)
        if (held?.lane !== from.lane || held.key === undefined) continue
        if (held.key.epoch !== from.epoch || !isSame(held.key.wrapped, from.wrapped)) continue
        all.set(from.request, { ...held, key: { epoch: to.epoch, wrapped: to.wrapped } })
      }
    }),
})

const compareSweeps = (a: Port.SweepPlace, b: Port.SweepPlace): number =>
  compareText(a.sweepOn, b.sweepOn) || a.lane - b.lane || compareText(a.request, b.request)

/** The requests that are to be swept on a day, after a place. */
const toSweep = (
  all: ReadonlyArray<Held>,
  on: string,
  after: Port.SweepPlace | undefined,
  limit: number,
): ReadonlyArray<Port.StoredRequest> =>
  all
    .flatMap((held) => {
      const { lane, row } = held
      return row.sweepOn === undefined ? [] : [{ held, place: { sweepOn: row.sweepOn, lane, request: row.id } }]
    })
    .filter(({ place }) => place.sweepOn <= on && (after === undefined || compareSweeps(place, after) > 0))
    .toSorted((a, b) => compareSweeps(a.place, b.place))
    .slice(0, limit)
    .map(({ held: { project, row } }) => ({ ...row, project }))

/** A request with another day on which it is to be swept. */
const rescheduled = (held: Held, { sweepOn }: Port.SweepDay): Held => {
  const { sweepOn: _, ...row } = held.row
  return { ...held, row: { ...row, ...(sweepOn !== undefined && { sweepOn }) } }
}

/** No requests yet. */
export const make = (idempotency: IdempotencyRecords, outbox: Outbox, files: RequestFiles): Compliance => {
  const all = new Map<string, Held>()
  const factsByLane = new Map<number, Array<ComplianceFact>>()

  const of = (project: Owner, id: string): Held | undefined => {
    const held = all.get(id)
    return held?.project === project.number ? held : undefined
  }

  const isStale: Compliance["isStale"] = (project, change) =>
    (change?.requests ?? []).some((each) => {
      const { id } = each.row
      const held = of(project, id)
      const lane = Port.laneOf(project, id)
      return (
        (held?.row.ordinal ?? 0) !== each.before ||
        (Port.needsKey(each) && held?.key === undefined) ||
        outbox.isStale(lane, id, each.mails) ||
        files.isStale(lane, id, each.files)
      )
    })

  const removeParts = (lane: number, id: string, at: Instant): void => {
    outbox.removeOf(lane, id, at)
    files.keep(lane, id, { remove: "all" })
  }

  const keep: Compliance["keep"] = (project, change) => {
    for (const each of change?.requests ?? []) {
      const { dateUpdated, id } = each.row
      const lane = Port.laneOf(project, id)
      all.set(id, changed(project, of(project, id), each))
      factsByLane.set(lane, factsByLane.get(lane) ?? [])
      factsByLane.get(lane)!.push(...each.facts)
      outbox.keep(lane, id, each.mails, dateUpdated)
      files.keep(lane, id, each.files)
      if (each.private === "removed") removeParts(lane, id, dateUpdated)
    }
  }

  const erase: Compliance["erase"] = (projects, people, at) => {
    const numbers = new Set(projects.map(({ number }) => number))
    const isOf = (person: string | undefined) => person !== undefined && people.includes(person)
    const erased = [...all.values()].filter(
      ({ private: row, project, row: { status } }) =>
        numbers.has(project) && status === "resolved" && (isOf(row?.opener) || isOf(row?.subject)),
    )
    for (const held of erased) {
      all.set(held.row.id, { ...held, private: undefined, key: undefined })
      removeParts(held.lane, held.row.id, at)
    }
    return erased.length
  }

  const ofProjects = (projects: ReadonlyArray<Owner>): ReadonlyArray<Held> => {
    const numbers = new Set(projects.map(({ number }) => number))
    return [...all.values()].filter(({ project }) => numbers.has(project))
  }

  const store: Port.ComplianceStore = {
    write: (write) =>
      Effect.sync(() => {
        if (idempotency.has(write.organization, write.idempotencyRecord)) return "repeated"
        if (isStale(write.project, write)) return "stale"
        keep(write.project, write)
        idempotency.keep(write.organization, write.idempotencyRecord)
        return "kept"
      }),
    request: (project, id) =>
      Effect.sync(() => {
        const held = of(project, id)
        return held && { ...held.row, project: project.number }
      }),
    facts: (project, id) => Effect.sync(() => of(project, id)?.facts ?? []),
    list: (projects, filter, page) => Effect.sync(() => ComplianceLists.requests(ofProjects(projects), filter, page)),
    listFacts: (projects, filter, page) => Effect.sync(() => ComplianceLists.facts(ofProjects(projects), filter, page)),
    toSweep: (on, after, limit) => Effect.sync(() => toSweep([...all.values()], on, after, limit)),
    reschedule: (project, days) =>
      Effect.sync(() => {
        for (const day of days) {
          const held = of(project, day.request)
          if (held?.row.ordinal === day.ordinal) all.set(day.request, rescheduled(held, day))
        }
      }),
    privateOf: (project, ids) =>
      Effect.sync(() =>
        ids.map((id) => {
          const held = of(project, id)
          return held && privateOf(held)
        }),
      ),
    ...makeKeys(all),
  }

  return {
    store,
    factsByLane,
    outbox: outbox.store((lane, id) => (all.get(id)?.lane === lane ? all.get(id)!.key : undefined)),
    isStale,
    keep,
    erase,
  }
}
