/**
 * The ledger's store in memory: for tests, for trying things out, and for programs that keep their events elsewhere.
 *
 * The same contract as the durable stores, but for durability: everything is gone with the process.
 */
import { Effect, Layer } from "effect"
import * as Catalog from "../../core/Catalog.ts"
import type { ConsentEvent } from "../../core/ConsentEvent.ts"
import * as Heads from "../../core/Heads.ts"
import type { Instant } from "../../core/Instant.ts"
import * as Lane from "../../core/Lane.ts"
import {
  type Append,
  type Appended,
  LedgerStore,
  type Page,
  type Session,
  type StoredEvent,
} from "../../core/ports/LedgerStore.ts"

const key = (...parts: ReadonlyArray<string | number>): string => parts.join(" ")

const make = (): LedgerStore["Service"] => {
  let catalog = Catalog.empty
  const lastRecordedAt = new Map<number, Instant>()
  const people = new Map<string, Array<StoredEvent>>()
  const aliases = new Map<string, string>()
  const sessions = new Map<string, Session>()

  const personKey = (project: Lane.Owner, concordId: string) => key(Lane.of(project, concordId), concordId)
  const aliasKey = (organization: Lane.Owner, hash: string) => key(Lane.of(organization, hash), hash)
  const isFree = (organization: Lane.Owner, hash: string, concordId: string): boolean =>
    (aliases.get(aliasKey(organization, hash)) ?? concordId) === concordId
  const eventsOf = (project: Lane.Owner, concordId: string): ReadonlyArray<StoredEvent> =>
    people.get(personKey(project, concordId)) ?? []

  const append = ({ project, organization, recordedAt, events, claims }: Append): Appended => {
    const lanes = new Set(events.map(({ concordId }) => Lane.of(project, concordId)))
    const last = Math.max(...[...lanes].map((lane) => lastRecordedAt.get(lane) ?? recordedAt))
    const isClaimed = claims.some(({ hash, concordId }) => !isFree(organization, hash, concordId))
    if (isClaimed || last > recordedAt) return { _tag: "Stale", lastRecordedAt: last }
    for (const { hash, concordId } of claims) aliases.set(aliasKey(organization, hash), concordId)
    for (const lane of lanes) lastRecordedAt.set(lane, recordedAt)
    for (const event of events) {
      const recorded = people.get(personKey(project, event.concordId))
      if (recorded === undefined) people.set(personKey(project, event.concordId), [event])
      else recorded.push(event)
    }
    return { _tag: "Appended" }
  }

  const headsOf = (project: Lane.Owner, concordId: string): ReadonlyArray<StoredEvent> => {
    const types = Map.groupBy(eventsOf(project, concordId), ({ consentType }) => consentType)
    return [...types.values()].flatMap((events) => {
      const heads = Heads.fold(events)
      const isHead = (event: ConsentEvent) => heads[event.consentState] === event
      return events.filter(isHead)
    })
  }

  const page = (project: Lane.Owner, concordId: string, { startDate, endDate, sort, order, offset, limit }: Page) => {
    const direction = order === "asc" ? 1 : -1
    const matching = eventsOf(project, concordId)
      .filter(({ consentDate }) => consentDate >= startDate && consentDate < endDate)
      .toSorted((a, b) => direction * (a[sort] - b[sort] || (a.id < b.id ? -1 : 1)))
    return { total: matching.length, events: matching.slice(offset, offset + limit) }
  }

  return {
    ready: Effect.void,
    catalog: Effect.sync(() => catalog),
    found: (entries) =>
      Effect.sync(() => {
        if (catalog !== Catalog.empty) return false
        catalog = Catalog.index(entries)
        return true
      }),
    append: (request) => Effect.sync(() => append(request)),
    peopleByAlias: (organization, hashes) =>
      Effect.sync(() => hashes.map((hash) => aliases.get(aliasKey(organization, hash)))),
    heads: (project, concordId) => Effect.sync(() => headsOf(project, concordId)),
    events: (project, concordId) => Effect.sync(() => [...eventsOf(project, concordId)]),
    page: (project, concordId, asked) => Effect.sync(() => page(project, concordId, asked)),
    openSession: (organization, session, { hash, concordId }) =>
      Effect.sync(() => {
        if (!isFree(organization, hash, concordId)) return false
        aliases.set(aliasKey(organization, hash), concordId)
        sessions.set(session.tokenHash, session)
        return true
      }),
    extendSession: (tokenHash, expiresAt) =>
      Effect.sync(() => {
        const session = sessions.get(tokenHash)
        if (session !== undefined) sessions.set(tokenHash, { ...session, expiresAt })
      }),
    session: (tokenHash) => Effect.sync(() => sessions.get(tokenHash)),
  }
}

/** A store of its own for every time the layer is built. */
export const layer: Layer.Layer<LedgerStore> = Layer.sync(LedgerStore, () => LedgerStore.of(make()))
