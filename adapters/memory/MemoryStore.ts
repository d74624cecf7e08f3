/**
 * The ledger's store in memory: for tests, for trying things out, and for programs that keep their events elsewhere.
 *
 * The same contract as the durable stores, but for durability: everything is gone with the process.
 */
import { Effect, Layer } from "effect"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Heads from "../../core/engine/Heads.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import {
  type Append,
  type Appended,
  type Kept,
  LedgerStore,
  type IdentityChange,
  type IdempotencyRecord,
  type SeenEvents,
  type Session,
  type StoredEvent,
} from "../../core/ports/LedgerStore.ts"
import * as EventStore from "./EventStore.ts"
import * as PeopleStore from "./PeopleStore.ts"
import * as CatalogStore from "./CatalogStore.ts"

/** The receipts of the requests that were answered. */
const makeIdempotency = () => {
  const idempotency = new Map<string, IdempotencyRecord>()
  const key = (owner: Lane.Owner, hash: string) => `${Lane.of(owner, hash)} ${hash}`
  return {
    has: (owner: Lane.Owner, idempotencyRecord: IdempotencyRecord | undefined): boolean =>
      idempotencyRecord !== undefined && idempotency.has(key(owner, idempotencyRecord.hash)),
    keep: (owner: Lane.Owner, idempotencyRecord: IdempotencyRecord | undefined): void => {
      if (idempotencyRecord !== undefined) idempotency.set(key(owner, idempotencyRecord.hash), idempotencyRecord)
    },
    get: (owner: Lane.Owner, hash: string): IdempotencyRecord | undefined => idempotency.get(key(owner, hash)),
  }
}

const headsOf = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<StoredEvent> =>
  [...Map.groupBy(events, ({ consentType }) => consentType).values()].flatMap((ofType) => {
    const heads = Heads.fold(ofType)
    const isHead = (event: ConsentEvent) => heads[event.consentState] === event
    return ofType.filter(isHead)
  })

const make = (): LedgerStore["Service"] => {
  const setup = CatalogStore.make()
  const log = EventStore.make()
  const people = PeopleStore.make()
  const idempotency = makeIdempotency()
  const sessions = new Map<string, Session>()

  const append = (request: Append): Appended => {
    const { after, project, organization, recordedAt, events, claims, idempotencyRecord } = request
    if (idempotency.has(organization, idempotencyRecord)) return { _tag: "Repeated" }
    const goesBackTo = log.goesBackTo(project, events)
    const isTaken = claims.some((claim) => !people.isFree(organization, claim)) || log.hasAny(project, events)
    const isEarly = after !== undefined && !log.of(project, after.concordId).some(({ id }) => id === after.id)
    if (isEarly || isTaken || goesBackTo !== undefined)
      return { _tag: "Stale", lastRecordedAt: goesBackTo ?? recordedAt }
    for (const claim of claims) people.claim(organization, claim)
    log.append(project, events)
    idempotency.keep(organization, idempotencyRecord)
    return {
      _tag: "Appended",
      positions: log.positions(
        project,
        events.map(({ concordId }) => concordId),
      ),
    }
  }

  const seen = (
    project: Lane.Owner,
    people: ReadonlyArray<string>,
    pick: (ofPerson: ReadonlyArray<StoredEvent>) => ReadonlyArray<StoredEvent>,
  ): SeenEvents => ({
    events: people.flatMap((person) => pick(log.of(project, person))),
    positions: log.positions(project, people),
  })

  const endSessions = ({ ends }: IdentityChange): void => {
    if (ends === undefined) return
    for (const session of [...sessions.values()]) {
      if (session.tokenHash !== ends.tokenHash && session.concordId !== ends.sessionsOf) continue
      sessions.set(session.tokenHash, { ...session, expiresAt: Math.min(session.expiresAt, ends.at) })
    }
  }

  const changePeople = (change: IdentityChange): Kept | "used" => {
    const { organization, idempotencyRecord, session } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    const outcome = people.change(change)
    if (outcome !== "kept") return outcome
    endSessions(change)
    if (session !== undefined) sessions.set(session.tokenHash, session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  const extendSession = (tokenHash: string, seen: Instant, expiresAt: Instant): void => {
    const session = sessions.get(tokenHash)
    if (session !== undefined && session.expiresAt >= seen) sessions.set(tokenHash, { ...session, expiresAt })
  }

  return {
    ready: Effect.void,
    idempotencyRecord: (owner, hash) => Effect.sync(() => idempotency.get(owner, hash)),
    catalog: {
      current: Effect.sync(setup.catalog),
      change: (change) =>
        Effect.sync((): Kept => {
          const { owner, idempotencyRecord } = change
          if (owner !== undefined && idempotency.has(owner, idempotencyRecord)) return "repeated"
          if (!setup.configure(change)) return "stale"
          if (owner !== undefined) idempotency.keep(owner, idempotencyRecord)
          return "kept"
        }),
      documents: (of) => Effect.sync(() => of.map(setup.document)),
      keyUses: Effect.sync(() => new Map(setup.keyUses)),
      useKey: (id, at) => Effect.sync(() => void setup.keyUses.set(id, Math.max(at, setup.keyUses.get(id) ?? at))),
    },

    events: {
      append: (request) => Effect.sync(() => append(request)),
      heads: (project, people) => Effect.sync(() => seen(project, people, headsOf)),
      ofPeople: (project, people) => Effect.sync(() => seen(project, people, (events) => events)),
      byId: (project, ids) => Effect.sync(() => log.byId(project, ids)),
      byExternalId: (project, hashes) => Effect.sync(() => hashes.map((hash) => log.byExternalId(project, hash))),
      list: (project, filter, page) => Effect.sync(() => log.list(project, filter, page)),
      laneEnds: (project) => Effect.sync(() => log.laneEnds(project)),
      lane: (project, lane, from, limit) => Effect.sync(() => log.lane(project, lane, from, limit)),
      isTypeUsed: (project, consentType) => Effect.sync(() => log.isUsed(project, consentType)),
    },

    people: {
      byAlias: (organization, hashes) => Effect.sync(() => hashes.map((hash) => people.named(organization, hash))),
      person: (organization, concordId) => Effect.sync(() => people.get(organization, concordId)),
      laneEnds: (lanes) => Effect.sync(() => people.ends(lanes)),
      change: (change) => Effect.sync(() => changePeople(change)),
      profile: (organization, concordId) => Effect.sync(() => people.profile(organization, concordId)),
      keepProfile: (organization, concordId, profile, idempotencyRecord) =>
        Effect.sync((): Kept => {
          if (idempotency.has(organization, idempotencyRecord)) return "repeated"
          people.keepProfile(organization, concordId, profile)
          idempotency.keep(organization, idempotencyRecord)
          return "kept"
        }),
    },

    sessions: {
      extend: (tokenHash, seen, expiresAt) => Effect.sync(() => extendSession(tokenHash, seen, expiresAt)),
      byToken: (tokenHash) => Effect.sync(() => sessions.get(tokenHash)),
    },
  }
}

/** A store of its own for every time the layer is built. */
export const layer: Layer.Layer<LedgerStore> = Layer.sync(LedgerStore, () => LedgerStore.of(make()))
