/**
 * The timeline of one person in one project with everything that explains it: every event, every version of the texts,
 * what decided when, and the people that it was joined with.
 *
 * The decisions are those of `Reading`; nothing is decided here. It is held in memory as a whole, because it is shown
 * to one reader as a whole.
 */
import { Clock, Effect, Struct } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { ConsentType, Version } from "../engine/ConsentType.ts"
import type { Decision } from "../engine/Decision.ts"
import * as Instant from "../engine/Instant.ts"
import * as Order from "../engine/Order.ts"
import * as Rules from "../engine/Rules.ts"
import * as EventBody from "../ledger/EventBody.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonEvents from "../ledger/PersonEvents.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import * as Reading from "../ledger/Reading.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import type { CancelledVersion, ListedType, ListedVersion, Project } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import { StoreDamaged } from "../ports/LedgerRows.ts"
import type { Erasure, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"

/** An event of a timeline. */
export interface TimelineEvent extends ConsentEvent {
  /** The id of the API key, of the person or of the organization; left out where a file does not say it. */
  readonly submitter?: string
}

/** A version of a type's texts, as far as they are kept. A ledger in files keeps none. */
export interface TimelineVersion extends Version {
  readonly name?: string
  readonly description?: string
  readonly url?: string
  /** The long text. */
  readonly document?: string
  /** The long text is kept, and is longer than {@link documentMaxLength}. */
  readonly isDocumentLong?: true
  /** When it was cancelled, before it was in force. */
  readonly cancelledAt?: Instant.Instant
}

/** The timeline of the answers for one consent type. */
export interface TypeTimeline {
  /** As known at the `knownAt` of the question. */
  readonly type: Omit<ConsentType, "versions">
  /** The names that its events give it; only where the type has none, because no file describes it. */
  readonly namedByEvents?: Pick<ConsentType, "category" | "subcategory" | "label">
  /** Those known, in the order of their numbers; cancelled ones after those of the same number. */
  readonly versions: ReadonlyArray<TimelineVersion>
  /** The decision at the instant of the question. */
  readonly decision: Decision
  /** Every decision that differs from the one before it, earliest first. Before the first, the answer is `unknown`. */
  readonly changes: ReadonlyArray<Decision>
  /** Every event that is known, earliest first; also those after the instant of the question. */
  readonly events: ReadonlyArray<TimelineEvent>
}

/** An erasure of the person, and what it left. */
export interface ShownErasure extends Pick<Erasure, "id" | "members" | "reason" | "recordedAt" | "submitter"> {
  /** How many events about its people are still stored in the project, without personal data. */
  readonly eventsLeft: number
}

/** What the timeline was made of. */
export interface TimelineInput {
  readonly name: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

/** The timeline of one person. */
export interface PersonTimeline {
  /** The id that survives joining; `undefined`: an identifier that names no one. */
  readonly concordId: string | undefined
  readonly at: Instant.Instant
  readonly knownAt: Instant.Instant
  /** The region whose rules count besides those of the types; left out: of no region. */
  readonly region?: { readonly id: string; readonly name: string }
  /** The region that was asked for; left out: where the person was last. */
  readonly askedRegion?: string
  /** Left out for a ledger in files. */
  readonly project?: Pick<Project, "id" | "name" | "organization">
  /** Each type that is answered about, in the order in which the types are listed. */
  readonly types: ReadonlyArray<TypeTimeline>
  /** Everyone that the person was joined with, as known then, in ascending order; itself alone if with no one. */
  readonly members: ReadonlyArray<string>
  /** In the order recorded, without hashes and without the reasons that were written down. */
  readonly facts: ReadonlyArray<People.Fact>
  /** Also one that was recorded after `knownAt`. */
  readonly erased?: ShownErasure
  /** The names of API keys that are not revoked, by their ids. */
  readonly keyNames: ReadonlyMap<string, string>
  readonly inputs: ReadonlyArray<TimelineInput>
}

/** The most characters of a long text that a timeline contains. */
export const documentMaxLength = 20_000

/** The most events that one statement reads. */
const eventsAtATime = 128

/** The ids of every event of people that is known at an instant. */
const knownIds = Effect.fnUntraced(function* (
  project: Project,
  people: ReadonlyArray<string>,
  knownAt: Instant.Instant,
  context: LedgerContext,
) {
  const ids: Array<string> = []
  const take = ({ dateCreated, id }: ConsentEvent): boolean => {
    if (dateCreated <= knownAt) ids.push(id)
    return true
  }
  yield* PersonEvents.forEach(project, people, take, context)
  return ids
})

/**
 * Whether the columns of an event, which decide, are what its stored form says, which is what the page has a digest of.
 */
const agreesWithBody = (event: StoredEvent): boolean => {
  const columns = EventBody.read(event.body)?.columns
  return (
    columns !== undefined &&
    columns.event_id === event.id &&
    columns.person === event.concordId &&
    columns.consent_type === event.consentType &&
    columns.version === event.version &&
    columns.consent_state === event.consentState &&
    columns.consent_action === event.consentAction &&
    columns.consent_date === event.consentDate &&
    columns.recorded_at === event.dateCreated &&
    columns.expiration_date === (event.expirationDate ?? null) &&
    columns.submitter === event.submitter
  )
}

/** Fails where the story and the digests of a page would be of different events. */
const refuseChanged = (events: ReadonlyArray<StoredEvent>): Effect.Effect<void, StoreDamaged> => {
  const changed = events.find((event) => !agreesWithBody(event))
  if (changed === undefined) return Effect.void
  const reason = `event ${changed.id}: its columns are not what its stored form says, so no timeline is written`
  return Effect.fail(new StoreDamaged({ reason: `${reason}: run assent verify` }))
}

const eventsOf = Effect.fnUntraced(function* (
  project: Project,
  people: ReadonlyArray<string>,
  knownAt: Instant.Instant,
  context: LedgerContext,
) {
  const ids = yield* knownIds(project, people, knownAt, context)
  const events: Array<StoredEvent> = []
  for (let first = 0; first < ids.length; first += eventsAtATime) {
    const read = yield* context.store.events.byId(project, ids.slice(first, first + eventsAtATime))
    for (const event of read) if (event !== undefined) events.push(event)
    yield* Effect.yieldNow
  }
  return events.toSorted(Order.compare)
})

const versionsKnown = (type: ListedType, knownAt: Instant.Instant): ReadonlyArray<ListedVersion | CancelledVersion> => {
  const isKnown = ({ dateCreated }: ListedVersion): boolean => dateCreated <= knownAt
  const cancelled = (type.cancelled ?? []).filter((each) => isKnown(each) && each.cancelledAt <= knownAt)
  return [...type.versions.filter(isKnown), ...cancelled].toSorted((a, b) => a.version - b.version)
}

/** The versions of types, each with its texts. The long texts are read with one statement. */
const withTexts = Effect.fnUntraced(function* (
  types: ReadonlyArray<ListedType>,
  knownAt: Instant.Instant,
  { store }: LedgerContext,
) {
  const all = types.flatMap((type) => versionsKnown(type, knownAt).map((version) => ({ type, version })))
  const keys = all.map(({ type, version }) => ({ consentType: type.id, number: version.documentOf ?? 0 }))
  const documents = keys.length === 0 ? [] : yield* store.catalog.documents(keys, documentMaxLength)
  const written = all.map(({ type, version }, index) => {
    const { documentOf } = version
    const document = documentOf === undefined ? undefined : documents[index]
    const value: TimelineVersion = {
      ...Struct.omit(version, ["documentBytes", "documentOf", "id"]),
      ...(document !== undefined && { document }),
      ...(documentOf !== undefined && document === undefined && { isDocumentLong: true as const }),
    }
    return { type, value }
  })
  return new Map(
    types.map((type) => [type.id, written.flatMap((each) => (each.type === type ? [each.value] : []))] as const),
  )
})

/** A fact as it is shown: of its personal members only the kind of identifier that was proven. */
const shownFact = (fact: People.Fact): People.Fact => Struct.omit(fact, ["alias", "reason", "renamedTo"])

const erasedOf = Effect.fnUntraced(function* (
  { organization, project }: Reading.PersonQuestion,
  concordId: string,
  context: LedgerContext,
) {
  const erasure = yield* context.store.personal.erasure(organization, concordId)
  if (erasure === undefined) return undefined
  const { id, members, reason, recordedAt, submitter } = erasure
  const left = yield* knownIds(project, members, Instant.max, context)
  return { id, members, reason, recordedAt, submitter, eventsLeft: left.length } satisfies ShownErasure as ShownErasure
})

/** The people and facts of a timeline. */
interface Identity {
  readonly members: ReadonlyArray<string>
  readonly facts: ReadonlyArray<People.Fact>
  readonly erased?: ShownErasure
}

const identityOf = Effect.fnUntraced(function* (
  question: Reading.PersonQuestion,
  concordId: string | undefined,
  knownAt: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<Identity, StoreUnavailable> {
  if (concordId === undefined) return { members: [], facts: [] }
  const stored = yield* Joins.facts(question.organization, concordId, context, knownAt)
  const { facts } = yield* PersonalFacts.open(question.organization, People.inOrder(stored), context)
  const erased = yield* erasedOf(question, concordId, context)
  return {
    members: People.joinedWith(stored, concordId, knownAt).members,
    facts: facts.map(shownFact),
    ...(erased !== undefined && { erased }),
  }
})

/** The members of a type that answers depend on or that a reader is shown, as they were known then. */
const digested = ({ type: { category, consentDuration, id, label, rules, subcategory }, versions }: TypeTimeline) => ({
  id,
  category,
  subcategory,
  label,
  consentDuration,
  rules,
  versions,
})

/** The digests of what a timeline is made of: of the stored events, of the types, and of the facts. */
const inputsOf = Effect.fnUntraced(function* (
  events: ReadonlyArray<StoredEvent>,
  types: ReadonlyArray<TypeTimeline>,
  { facts }: Identity,
  { digest }: LedgerContext,
) {
  const lines = (all: ReadonlyArray<string>): string => all.map((each) => `${each}\n`).join("")
  // Evidence is left out, because it cannot be read while the keys are away.
  const stored = facts.map((fact) => JSON.stringify(Struct.omit(fact, ["evidence"])))
  const inputs: ReadonlyArray<readonly [string, string]> = [
    ["events, in their stored form, a line each", lines(events.map(({ body }) => body))],
    ["consent types and their versions", JSON.stringify(types.map(digested))],
    ["facts about the identity of the person", lines(stored)],
  ]
  return yield* Effect.forEach(inputs, ([name, text]) =>
    Effect.map(Sha256.hex(digest, text), (sha256): TimelineInput => ({ name, sha256 })),
  )
})

/** The region of decisions, and their types with the rules in force under it. */
const ruledOf = Effect.fnUntraced(function* (
  project: Project,
  decided: ReadonlyArray<Reading.TypeDecision>,
  knownAt: Instant.Instant,
  { store }: LedgerContext,
) {
  const types = decided.map(({ type }) => type)
  const id = decided[0]?.region
  if (id === undefined) return { types, shown: {} }
  const publication = PublishedRegions.asOf(yield* store.catalog.current, project, knownAt)
  const { ruleSet } = RegionFacts.under(publication, id)!
  const { name } = PublishedRegions.byId(publication, id)!
  const ruled = types.map((type) => ({ ...type, rules: Rules.inForce(type.rules, type, ruleSet) }))
  return { types: ruled, shown: { region: { id, name } } }
})

/**
 * The timeline of a person, as known at the `knownAt` of the question. `at` is the instant that it explains. It fails
 * where an event was changed in the store behind the ledger; what else may be wrong with a ledger, `Verifying` finds.
 */
export const of = Effect.fnUntraced(function* (
  question: Reading.PersonQuestion,
  context: LedgerContext,
): Effect.fn.Return<PersonTimeline, StoreUnavailable | StoreDamaged> {
  const { organization, project } = question
  const decided = yield* Reading.decisions(question, context)
  const { concordId, knownAt } = decided
  const at = decided.items[0]?.decision.at ?? question.at ?? (yield* Clock.currentTimeMillis)
  const { items } = yield* Reading.timeline({ ...question, knownAt }, context)
  const changes = Map.groupBy(items, ({ type }) => type.id)
  const identity = yield* identityOf(question, concordId, knownAt, context)
  const isSeen = identity.erased === undefined || identity.erased.recordedAt > knownAt
  const events = isSeen ? yield* eventsOf(project, identity.members, knownAt, context) : []
  yield* refuseChanged(events)
  const byType = Map.groupBy(events, ({ consentType }) => consentType)
  const ruled = yield* ruledOf(project, decided.items, knownAt, context)
  const texts = yield* withTexts(ruled.types, knownAt, context)
  const types = decided.items.map(({ decision, type }, index): TypeTimeline => ({
    type: ruled.types[index]!,
    versions: texts.get(type.id)!,
    decision,
    changes: (changes.get(type.id) ?? []).map((each) => each.decision),
    events: byType.get(type.id) ?? [],
  }))
  const { apiKeys } = yield* context.store.catalog.current
  const own = [...apiKeys.values()].filter((key) => key.organization === organization.id)
  return {
    concordId,
    at,
    knownAt,
    ...ruled.shown,
    ...(question.region !== undefined && { askedRegion: question.region }),
    project: { id: project.id, name: project.name, organization: organization.id },
    types,
    ...identity,
    keyNames: new Map(own.map(({ id, name }) => [id, name])),
    inputs: yield* inputsOf(events, types, identity, context),
  }
})
