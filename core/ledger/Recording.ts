/**
 * Recording events: admit, resolve the people, append, all of a request or nothing (semantics, sections 1 and 5).
 */
import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Admission from "../Admission.ts"
import type { Organization, Project, ProjectTypes } from "../Catalog.ts"
import type { ConsentEvent } from "../ConsentEvent.ts"
import type { Instant } from "../Instant.ts"
import * as People from "../People.ts"
import { LedgerStore, type Session, type StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as EventBody from "./EventBody.ts"
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
  /** 1 to {@link maxItems}. */
  readonly items: ReadonlyArray<Item>
}

/** The most events one request may record. */
export const maxItems = 1000

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

/** An item that is admitted, with its person's identifiers normalized and hashed. */
interface Prepared {
  readonly admitted: Admission.Admitted
  readonly concordId: string | undefined
  readonly aliases: ReadonlyArray<People.Alias>
}

/** How often a request is prepared anew because others claimed the same identifiers, or the store's clock was ahead. */
const maxAttempts = 8

const prepare = Effect.fnUntraced(function* (request: RecordRequest, hasher: Identifiers.Hasher, now: Instant) {
  const violations: Array<Violation> = []
  const prepared: Array<Prepared> = []
  for (const [item, draft] of request.items.entries()) {
    const admitted = Admission.admit(draft, request.types, now)
    const person = Identifiers.normalize(draft.person)
    if ("faults" in person) violations.push(...person.faults.map((fault) => ({ item, ...fault })))
    if (!("type" in admitted)) violations.push(...admitted.map((fault) => ({ item, ...fault })))
    else if ("identifiers" in person) {
      const aliases = yield* hasher.aliases(person.identifiers, request.project)
      prepared.push({ admitted, concordId: person.identifiers.concordId, aliases })
    }
  }
  return { violations, prepared }
})

/** Resolves the people of all items, each seeing what the items before it claim. */
const resolvePeople = Effect.fnUntraced(function* (organization: Organization, prepared: ReadonlyArray<Prepared>) {
  const store = yield* LedgerStore
  const random = yield* SecureRandom.SecureRandom
  const hashes = [...new Set(prepared.flatMap(({ aliases }) => aliases.map(({ hash }) => hash)))]
  const known = hashes.length === 0 ? [] : yield* store.peopleByAlias(organization, hashes)
  const people = new Map(hashes.map((hash, index) => [hash, known[index]]))
  const claims: Array<People.Claim> = []
  const concordIds: Array<string> = []
  const violations: Array<Violation> = []
  for (const [item, { concordId, aliases }] of prepared.entries()) {
    const resolution = People.resolve(concordId, aliases, (hash) => people.get(hash), yield* random.uuidV7())
    if ("conflict" in resolution) {
      const { kind, with: other } = resolution.conflict
      const detail = `names another person than ${other} does; nothing is merged without proof`
      violations.push({ item, code: "identifier_conflict", field: kind as keyof People.Identifiers, detail })
    } else {
      for (const claim of resolution.claims) people.set(claim.hash, claim.concordId)
      claims.push(...resolution.claims)
      concordIds.push(resolution.concordId)
    }
  }
  return { claims, concordIds, violations }
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

const attempt = Effect.fnUntraced(function* (request: RecordRequest, hasher: Identifiers.Hasher, now: Instant) {
  const { organization, project, session, submitter } = request
  const { violations, prepared } = yield* prepare(request, hasher, now)
  if (violations.length > 0) return { _tag: "Refused", violations } as const
  const people = yield* resolvePeople(organization, prepared)
  if (people.violations.length > 0) return { _tag: "Refused", violations: people.violations } as const
  const store = yield* LedgerStore
  const random = yield* SecureRandom.SecureRandom
  const events: Array<StoredEvent> = []
  for (const [index, { admitted }] of prepared.entries()) {
    const event = toEvent(admitted, yield* random.uuidV7(), people.concordIds[index]!, now)
    const body = EventBody.write(event, admitted.type, project, submitter, session)
    events.push({ ...event, submitter, ...(session !== undefined && { session: session.id }), body })
  }
  const appended = yield* store.append({ project, organization, recordedAt: now, events, claims: people.claims })
  return appended._tag === "Stale" ? appended : ({ _tag: "Recorded", events } as const)
})

/** Everything that is wrong with a request, but for identifiers that conflict; nothing is recorded. */
export const review = Effect.fnUntraced(function* (request: RecordRequest, hasher: Identifiers.Hasher) {
  const { violations } = yield* prepare(request, hasher, yield* Clock.currentTimeMillis)
  return violations satisfies ReadonlyArray<Violation> as ReadonlyArray<Violation>
})

/** Records a request's events: durably, all of them or none. */
export const record = Effect.fnUntraced(function* (request: RecordRequest, hasher: Identifiers.Hasher) {
  let now = yield* Clock.currentTimeMillis
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const outcome = yield* attempt(request, hasher, now)
    if (outcome._tag !== "Stale") return outcome as RecordOutcome
    now = Math.max(now, outcome.lastRecordedAt)
  }
  return yield* new StoreUnavailable({ reason: "too many writers claim the same identifiers" })
})
