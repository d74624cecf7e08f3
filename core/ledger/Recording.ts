/**
 * Recording events: admit, resolve the people, append, all of a request or nothing (semantics, sections 1 and 5).
 */
import { Clock, Effect } from "effect"
import type { SecureRandom } from "effect/crypto"
import * as Admission from "../Admission.ts"
import type { Organization, Project, ProjectTypes } from "../Catalog.ts"
import type { ConsentEvent } from "../ConsentEvent.ts"
import type { Instant } from "../Instant.ts"
import * as People from "../People.ts"
import { type LedgerStore, type Session, type StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as EventBody from "./EventBody.ts"
import type { Horizon } from "./Horizon.ts"
import * as Identifiers from "./Identifiers.ts"

/** One event to record: what about which type, and who. */
export interface Item extends Admission.Draft {
  readonly person: People.Identifiers
}

/** A request to record events. */
export interface RecordRequest {
  readonly organization: Organization
  readonly project: Project
  readonly types: ProjectTypes
  /** The id of the API key, or the visitor's own id. */
  readonly submitter: string
  readonly session?: Session
  /** 1 to `Batch.maxItems`. */
  readonly items: ReadonlyArray<Item>
}

/** What recording needs of the ledger it is part of. */
export interface Means {
  readonly store: LedgerStore["Service"]
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly hasher: Identifiers.Hasher
  readonly horizon: Horizon
}

/** One thing wrong with one item. */
export interface Violation {
  /** The index of the item, from 0. */
  readonly item: number
  readonly code: Admission.Code | Identifiers.IdentifierFault["code"] | "identifier_conflict"
  readonly field: keyof Admission.Draft | keyof People.Identifiers
  readonly detail: string
}

/** All events recorded, in the order given; or everything that is wrong, and nothing recorded. */
export type RecordOutcome =
  | { readonly _tag: "Recorded"; readonly events: ReadonlyArray<StoredEvent> }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<Violation> }

/** What a request comes to: who each item is about and what is recorded, or what is wrong. */
interface Plan {
  readonly violations: ReadonlyArray<Violation>
  readonly claims: ReadonlyArray<People.Claim>
  /** As many as there are items, unless something is wrong. */
  readonly admitted: ReadonlyArray<{ readonly event: Admission.Admitted; readonly concordId: string }>
}

/** How often a request is planned anew because others claimed the same identifiers, or the store's clock was ahead. */
const maxAttempts = 8

/** An item's identifiers, normalized and hashed; or what is wrong with them. */
type Person =
  | { readonly concordId: string | undefined; readonly aliases: ReadonlyArray<People.Alias> }
  | { readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

const hashPeople = Effect.fnUntraced(function* (request: RecordRequest, hasher: Identifiers.Hasher) {
  const people: Array<Person> = []
  for (const item of request.items) {
    const person = Identifiers.normalize(item.person)
    if ("faults" in person) people.push(person)
    else {
      const aliases = yield* hasher.aliases(person.identifiers, request.project)
      people.push({ concordId: person.identifiers.concordId, aliases })
    }
  }
  return people
})

/** Whom the aliases of all items name now. */
const lookUp = Effect.fnUntraced(function* (
  store: LedgerStore["Service"],
  organization: Organization,
  people: ReadonlyArray<Person>,
) {
  const hashes = people.flatMap((person) => ("aliases" in person ? person.aliases.map(({ hash }) => hash) : []))
  const distinct = [...new Set(hashes)]
  const named = distinct.length === 0 ? [] : yield* store.peopleByAlias(organization, distinct)
  return new Map(distinct.map((hash, index) => [hash, named[index]]))
})

const conflictOf = (
  item: number,
  { kind, with: other }: { readonly kind: string; readonly with: string },
): Violation => ({
  item,
  code: "identifier_conflict",
  field: kind as keyof People.Identifiers,
  detail: `names another person than ${other} does; nothing is merged without proof`,
})

/** Checks every item against the rules and resolves its person, each item seeing what those before it claim. */
const plan = Effect.fnUntraced(function* (request: RecordRequest, { hasher, random, store }: Means, now: Instant) {
  const people = yield* hashPeople(request, hasher)
  const known = yield* lookUp(store, request.organization, people)
  const violations: Array<Violation> = []
  const claims: Array<People.Claim> = []
  const admitted: Array<Plan["admitted"][number]> = []
  for (const [item, draft] of request.items.entries()) {
    const person = people[item]!
    const event = Admission.admit(draft, request.types, now)
    if (!("type" in event)) violations.push(...event.map((fault) => ({ item, ...fault })))
    if ("faults" in person) {
      violations.push(...person.faults.map((fault) => ({ item, ...fault })))
      continue
    }
    const resolution = People.resolve(person.concordId, person.aliases, (hash) => known.get(hash))
    if ("conflict" in resolution) {
      violations.push(conflictOf(item, resolution.conflict))
      continue
    }
    const concordId = resolution.concordId ?? (yield* random.uuidV7())
    for (const hash of resolution.unclaimed) {
      known.set(hash, concordId)
      claims.push({ hash, concordId })
    }
    if ("type" in event) admitted.push({ event, concordId })
  }
  return { violations, claims, admitted } satisfies Plan as Plan
})

const toEvent = (admitted: Admission.Admitted, id: string, concordId: string, dateCreated: Instant): ConsentEvent => ({
  id,
  concordId,
  consentType: admitted.type.id,
  version: admitted.version,
  consentState: admitted.consentState,
  consentAction: admitted.consentAction,
  consentDate: admitted.consentDate,
  dateCreated,
  ...(admitted.expirationDate !== undefined && { expirationDate: admitted.expirationDate }),
})

const attempt = Effect.fnUntraced(function* (request: RecordRequest, means: Means, now: Instant) {
  const { horizon, random, store } = means
  const { organization, project, session, submitter } = request
  const { admitted, claims, violations } = yield* plan(request, means, now)
  if (violations.length > 0) return { _tag: "Refused", violations } as const
  const events: Array<StoredEvent> = []
  for (const { concordId, event: draft } of admitted) {
    const event = toEvent(draft, yield* random.uuidV7(), concordId, now)
    const body = EventBody.write(event, draft.type, project, submitter, session)
    events.push({ ...event, submitter, ...(session !== undefined && { session: session.id }), body })
  }
  const people = new Set(events.map(({ concordId }) => concordId))
  const appended = yield* horizon.append(
    people,
    now,
    store.append({ project, organization, recordedAt: now, events, claims }),
  )
  return appended._tag === "Appended" ? ({ _tag: "Recorded", events } as const) : appended
})

/** Everything that is wrong with a request; nothing is recorded. */
export const review = Effect.fnUntraced(function* (request: RecordRequest, means: Means) {
  const { violations } = yield* plan(request, means, yield* Clock.currentTimeMillis)
  return violations
})

/** Records a request's events: durably, all of them or none. */
export const record = Effect.fnUntraced(function* (request: RecordRequest, means: Means) {
  let now = yield* Clock.currentTimeMillis
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const outcome = yield* attempt(request, means, now)
    if (outcome._tag === "Recorded" || outcome._tag === "Refused") return outcome as RecordOutcome
    now = Math.max(
      now,
      yield* Clock.currentTimeMillis,
      outcome._tag === "Stale" ? outcome.lastRecordedAt : outcome.answeredAt + 1,
    )
  }
  return yield* new StoreUnavailable({ reason: "too many writers claim the same identifiers" })
})
