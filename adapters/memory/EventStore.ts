/**
 * The events of the store in memory: the log of each lane, in which an event's position is its index.
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Heads from "../../core/engine/Heads.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Instants from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type {
  Append,
  Appended,
  EventStore,
  PersonPlace,
  Positions,
  SeenEvents,
  StoredEvent,
} from "../../core/ports/LedgerStore.ts"
import type { Compliance } from "./ComplianceStore.ts"
import * as EventList from "./EventList.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"
import type { People } from "./PeopleStore.ts"

/** The events, with the write of an erasure. */
export interface Events {
  readonly store: EventStore
  /** Deletes the external ids of people in projects, and returns how many there were. */
  readonly eraseExternalIds: (projects: ReadonlyArray<Lane.Owner>, people: ReadonlyArray<string>) => number
  /** The events of a lane (from 0 in the project). */
  readonly laneOf: (project: Lane.Owner, lane: number) => ReadonlyArray<StoredEvent>
  /** The events of each lane, by its number in the store. */
  readonly byLane: ReadonlyMap<number, ReadonlyArray<StoredEvent>>
  /** The events of a person, in the order recorded. */
  readonly of: (project: Lane.Owner, concordId: string) => ReadonlyArray<StoredEvent>
  /** The latest instant that lanes recorded something at, or that they were raised to. */
  readonly lastOf: (lanes: ReadonlyArray<number>) => Instant
  /** Lets lanes record nothing before an instant. */
  readonly raise: (lanes: ReadonlyArray<number>, to: Instant) => void
}

const makeLog = () => {
  const lanes = new Map<number, Array<StoredEvent>>()
  const lastRecordedAt = new Map<number, Instant>()
  const people = new Map<string, Array<StoredEvent>>()
  const byExternalId = new Map<string, StoredEvent>()
  const externalKey = (project: Lane.Owner, hash: string) => `${project.number} ${hash}`
  const personKey = (project: Lane.Owner, concordId: string) => `${project.number} ${concordId}`
  const laneOf = (project: Lane.Owner, lane: number): ReadonlyArray<StoredEvent> =>
    lanes.get(project.number * Lane.maxCount + lane) ?? []

  return {
    /** The latest `dateCreated` of the lanes in which one of the events would go back; `undefined` if none would. */
    goesBackTo: (project: Lane.Owner, events: ReadonlyArray<StoredEvent>): Instant | undefined => {
      const last = events.flatMap(({ concordId, dateCreated }) => {
        const at = lastRecordedAt.get(Lane.of(project, concordId))
        return at !== undefined && at > dateCreated ? [at] : []
      })
      return last.length === 0 ? undefined : Math.max(...last)
    },
    /** Whether the log has an external id of the events. */
    hasAny: (project: Lane.Owner, events: ReadonlyArray<StoredEvent>): boolean =>
      events.some(({ externalId }) => externalId !== undefined && byExternalId.has(externalKey(project, externalId))),
    /** Whether a person has an event of a type, other than declined, that is later than a refusal of it. */
    isOvertaken: (project: Lane.Owner, { at, concordId, consentType }: Required<Append>["refusals"][number]): boolean =>
      (lastRecordedAt.get(Lane.of(project, concordId)) ?? at) > at &&
      (people.get(personKey(project, concordId)) ?? []).some(
        (event) => event.consentType === consentType && event.consentState !== "declined" && event.consentDate > at,
      ),
    append: (project: Lane.Owner, events: ReadonlyArray<StoredEvent>): void => {
      for (const { externalId, ...event } of events) {
        const lane = Lane.of(project, event.concordId)
        const person = personKey(project, event.concordId)
        lastRecordedAt.set(lane, event.dateCreated)
        lanes.set(lane, lanes.get(lane) ?? [])
        lanes.get(lane)!.push(event)
        people.set(person, people.get(person) ?? [])
        people.get(person)!.push(event)
        if (externalId !== undefined) byExternalId.set(externalKey(project, externalId), event)
      }
    },
    /** The events of a person, in the order recorded. */
    of: (project: Lane.Owner, concordId: string): ReadonlyArray<StoredEvent> =>
      people.get(personKey(project, concordId)) ?? [],
    /** The ends of the lanes of people. */
    positions: (project: Lane.Owner, people: ReadonlyArray<string>): Positions =>
      new Map(people.map((person) => Lane.of(project, person)).map((lane) => [lane, lanes.get(lane)?.length ?? 0])),
    /** The latest `dateCreated` in lanes. */
    lastOf: (some: ReadonlyArray<number>): Instant =>
      some.reduce((last, lane) => Math.max(last, lastRecordedAt.get(lane) ?? last), Instants.min),
    raise: (some: ReadonlyArray<number>, to: Instant): void => {
      for (const lane of some) lastRecordedAt.set(lane, Math.max(to, lastRecordedAt.get(lane) ?? to))
    },
    byExternalId: (project: Lane.Owner, hash: string) => byExternalId.get(externalKey(project, hash)),
    eraseExternalIds: (projects: ReadonlyArray<Lane.Owner>, of: ReadonlyArray<string>): number => {
      const numbers = new Set(projects.map(({ number }) => number))
      const erased = [...byExternalId].filter(
        ([key, { concordId }]) => numbers.has(Number.parseInt(key, 10)) && of.includes(concordId),
      )
      for (const [key] of erased) byExternalId.delete(key)
      return erased.length
    },
    byLane: lanes,
    laneOf,
    /** The lanes of a project, in order. */
    lanesOf: (project: Lane.Owner): ReadonlyArray<ReadonlyArray<StoredEvent>> =>
      Array.from({ length: project.lanes }, (_, lane) => laneOf(project, lane)),
  }
}

/** The heads of the events of one person. */
export const headsOf =
  (consentTypes: ReadonlyArray<string> | undefined) =>
  (events: ReadonlyArray<StoredEvent>): ReadonlyArray<StoredEvent> =>
    [...Map.groupBy(events, ({ consentType }) => consentType)].flatMap(([type, ofType]) => {
      if (consentTypes?.includes(type) === false) return []
      const heads = Heads.fold(ofType)
      const isHead = (event: ConsentEvent) => heads[event.consentState] === event
      return ofType.filter(isHead)
    })

const compare = (a: PersonPlace["after"], b: PersonPlace["after"]): number =>
  a!.consentDate - b!.consentDate || (a!.id < b!.id ? -1 : a!.id > b!.id ? 1 : 0)

/** No events yet. An append also claims aliases, records facts, changes requests, and keeps an idempotency record. */
export const make = (people: People, compliance: Compliance, idempotency: IdempotencyRecords): Events => {
  const log = makeLog()
  /** The organization of each project that has events, by the number of the project. */
  const organizations = new Map<number, Lane.Owner>()

  const append = (request: Append): Appended => {
    const { after, project, organization, recordedAt, events, idempotencyRecord } = request
    if (idempotency.has(organization, idempotencyRecord)) return { _tag: "Repeated" }
    const goesBackTo = log.goesBackTo(project, events)
    const isTaken =
      !people.isAsSeen(request) || log.hasAny(project, events) || compliance.isStale(project, request.compliance)
    const isEarly = after !== undefined && !log.of(project, after.concordId).some(({ id }) => id === after.id)
    const isOvertaken = request.refusals?.some((refusal) =>
      people
        .groupOf(organization, refusal.concordId)
        .some((concordId) => log.isOvertaken(project, { ...refusal, concordId })),
    )
    if (isEarly || isTaken || isOvertaken === true || goesBackTo !== undefined) {
      return { _tag: "Stale", lastRecordedAt: goesBackTo ?? recordedAt, ...(isOvertaken === true && { isOvertaken }) }
    }
    people.keep(request)
    log.append(project, events)
    compliance.keep(project, request.compliance)
    organizations.set(project.number, organization)
    idempotency.keep(organization, idempotencyRecord)
    return {
      _tag: "Appended",
      positions: log.positions(
        project,
        events.map(({ concordId }) => concordId),
      ),
    }
  }

  const see = (
    project: Lane.Owner,
    people: ReadonlyArray<string>,
    select: (ofPerson: ReadonlyArray<StoredEvent>) => ReadonlyArray<StoredEvent>,
  ): SeenEvents => ({
    events: people.flatMap((person) => select(log.of(project, person))),
    positions: log.positions(project, people),
    lastRecordedAt: log.lastOf(people.map((person) => Lane.of(project, person))),
  })

  const joinedHeads = (
    project: Lane.Owner,
    survivor: string,
    consentTypes: ReadonlyArray<string> | undefined,
  ): SeenEvents => {
    const organization = organizations.get(project.number)
    const members = organization === undefined ? [] : people.membersOf(organization, survivor)
    const ends = log
      .lanesOf(project)
      .map(({ length }, lane) => [project.number * Lane.maxCount + lane, length] as const)
    return {
      events: headsOf(consentTypes)(members.flatMap((member) => log.of(project, member))),
      positions: new Map(ends),
      lastRecordedAt: log.lastOf(ends.map(([lane]) => lane)),
    }
  }

  const pageOf = (project: Lane.Owner, { after, concordId }: PersonPlace, limit: number) =>
    log
      .of(project, concordId)
      .filter((event) => after === undefined || compare(event, after) > 0)
      .toSorted(compare)
      .slice(0, limit)

  const byId = (project: Lane.Owner, ids: ReadonlyArray<string>): ReadonlyArray<StoredEvent | undefined> => {
    const wanted = new Set(ids)
    const found = log.lanesOf(project).flatMap((events) => events.filter(({ id }) => wanted.has(id)))
    const eventOf = new Map(found.map((event) => [event.id, event]))
    return ids.map((id) => eventOf.get(id))
  }

  const lastRecordedAt = (projects: ReadonlyArray<Lane.Owner>): Instant =>
    projects
      .flatMap((project) => log.lanesOf(project))
      .reduce((last, events) => Math.max(last, events.at(-1)?.dateCreated ?? last), Instants.min)

  const usedVersions = (project: Lane.Owner, consentType: string): ReadonlySet<number> => {
    const events = log.lanesOf(project).flat()
    return new Set(events.filter((event) => event.consentType === consentType).map(({ version }) => version))
  }

  const store: EventStore = {
    append: (request) => Effect.sync(() => append(request)),
    joinedHeads: (project, survivor, consentTypes) => Effect.sync(() => joinedHeads(project, survivor, consentTypes)),
    heads: (project, people, consentTypes) => Effect.sync(() => see(project, people, headsOf(consentTypes))),
    ofPeople: (project, places, limit) => Effect.sync(() => places.map((place) => pageOf(project, place, limit))),
    byId: (project, ids) => Effect.sync(() => byId(project, ids)),
    byExternalId: (project, hashes) => Effect.sync(() => hashes.map((hash) => log.byExternalId(project, hash))),
    list: (project, filter, page) => Effect.sync(() => EventList.list(log.lanesOf(project), filter, page)),
    laneEnds: (project) => Effect.sync(() => log.lanesOf(project).map(({ length }) => length)),
    lane: (project, lane, from, limit) => Effect.sync(() => log.laneOf(project, lane).slice(from, from + limit)),
    lastRecordedAt: (projects) => Effect.sync(() => lastRecordedAt(projects)),
    usedVersions: (project, consentType) => Effect.sync(() => usedVersions(project, consentType)),
  }

  const { byLane, eraseExternalIds, laneOf, lastOf, of, raise } = log
  return { store, byLane, eraseExternalIds, laneOf, of, lastOf, raise }
}
