/**
 * Creating and changing consent types (semantics, section 1).
 *
 * A change of a text publishes a version, at once or at a later instant, and so does each change that says
 * `requireReaccept`: see `ConsentTypeVersions`. No change touches an event.
 */
import { Clock, Effect } from "effect"
import type { Catalog, ListedType, ListedVersion, Project, ProjectScope, TypeStatus } from "../model/Catalog.ts"
import { tripleKey } from "../model/Catalog.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as Instant from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import type { Rules } from "../engine/Rules.ts"
import type { DocumentKey } from "../ports/CatalogStore.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as CatalogChange from "./CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ConsentTypeVersions from "./ConsentTypeVersions.ts"
import * as ShownTexts from "./ShownTexts.ts"

/** Members that change without a new version. `null` removes a duration. */
export interface Conditions {
  readonly validStates?: ReadonlyArray<ConsentState.ConsentState>
  readonly consentDuration?: Period | null
  readonly status?: TypeStatus
  readonly required?: boolean
  readonly rules?: Rules
}

/** Names a type inside its project; it never changes. */
export interface Triple {
  readonly category: string
  readonly subcategory: string
  readonly label: string
}

/** The members of a new type. */
export interface TypeFields
  extends Triple, ConsentTypeVersions.Texts, ConsentTypeVersions.VersionPublication, Conditions {}

/** Changed members of a type. */
export interface TypeChange
  extends Partial<Triple>, ConsentTypeVersions.Texts, ConsentTypeVersions.VersionPublication, Conditions {
  /** The version that the change was made to; if another one is in force, the change is a conflict. */
  readonly version?: number
}

const inPast = {
  field: "publishedAt",
  code: "published_in_past",
  detail: "a version cannot be published before now; leave it out",
}

const tripleFaults = (type: ListedType, change: Partial<Triple>): ReadonlyArray<CatalogChange.CatalogFault> =>
  (["category", "subcategory", "label"] as const)
    .filter((field) => change[field] !== undefined && change[field] !== type[field])
    .map((field) => ({ field, code: "immutable", detail: "never changes; make another consent type" }))

/**
 * The rules that a new type, or a change of `type`, breaks by itself, without regard to the rest of the catalog.
 * `clock` is the instant at which it is asked for: what is wanted later is published no earlier than the catalog
 * allows.
 */
export const faultsOf = (
  { publishedAt, ...change }: Partial<Triple> & ConsentTypeVersions.VersionPublication,
  type: ListedType | undefined,
  clock: Instant.Instant,
): ReadonlyArray<CatalogChange.CatalogFault> => [
  ...(type === undefined ? [] : tripleFaults(type, change)),
  ...(publishedAt !== undefined && publishedAt < clock ? [inPast] : []),
]

const conditionsOf = ({ consentDuration, required, rules, status, validStates }: Conditions, before?: ListedType) => {
  const duration = consentDuration === undefined ? before?.consentDuration : (consentDuration ?? undefined)
  return {
    validStates: validStates ?? before?.validStates ?? ConsentState.all,
    ...(duration !== undefined && { consentDuration: duration }),
    status: status ?? before?.status ?? "active",
    required: required ?? before?.required ?? false,
    rules: rules ?? before?.rules ?? {},
  }
}

const encoder = new TextEncoder()

/** The document that a change adds to a type, if it has one: its number and size, and what the store keeps. */
const addedDocument = (
  type: Pick<ListedType, "cancelled" | "history" | "id" | "versions">,
  document: string | null | undefined,
): { readonly added?: ConsentTypeVersions.NewDocument; readonly documents: CatalogChange.Documents } => {
  if (document == null) return { documents: [] }
  const number = ConsentTypeVersions.nextDocument(type)
  const bytes = encoder.encode(JSON.stringify(document)).length - 2
  return { added: { number, bytes }, documents: [{ consentType: type.id, number, document }] }
}

const exists = CatalogChange.conflict(
  "label",
  "consent_type_exists",
  "the project has a consent type with this category, subcategory and label",
)

/**
 * Texts with their language: where neither they nor the version before state one, the default of the project now, so
 * that a later default does not change what a version says.
 */
const withLanguage = <Given extends Pick<ConsentTypeVersions.Texts, "language">>(
  texts: Given,
  before: Pick<ListedVersion, "language"> | undefined,
  { languages }: Pick<Project, "languages">,
): Given => {
  const isStated = texts.language !== undefined || before?.language !== undefined
  return isStated || languages === undefined ? texts : { ...texts, language: languages.default }
}

/** A new type and its document, not kept yet. */
export const newType = Effect.fnUntraced(function* (
  project: Project,
  fields: TypeFields,
  now: Instant.Instant,
  { random }: Pick<LedgerContext, "random">,
) {
  const { category, label, publishedAt = now, subcategory } = fields
  const id = yield* random.uuidV7()
  const { added, documents } = addedDocument({ id, versions: [] }, fields.document)
  const dates = { dateCreated: now, publishedAt: Math.max(publishedAt, now) }
  const texts = withLanguage(fields, undefined, project)
  const version = ConsentTypeVersions.make(yield* random.uuidV7(), texts, undefined, added, dates)
  const type: ListedType = {
    id,
    organization: project.organization,
    project: project.id,
    category,
    subcategory,
    label,
    ...conditionsOf(fields),
    versions: [{ ...version, version: 1 }],
    dateCreated: now,
    dateUpdated: now,
  }
  return { type, documents }
})

/** Creates a type; its triple must be free in the project. */
export const create = Effect.fnUntraced(function* (
  scope: ProjectScope,
  fields: TypeFields,
  answering: CatalogChange.Answering<ListedType>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ListedType>, StoreUnavailable> {
  const { organization, project } = scope
  const faults = faultsOf(fields, undefined, yield* Clock.currentTimeMillis)
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const { byTriple } = catalog.consentTypes.get(project.id)!
    if (byTriple.has(tripleKey(fields.category, fields.subcategory, fields.label))) return exists
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const { documents, type } = yield* newType(project, fields, now, context)
    return CatalogChange.prepared({ consentTypes: [type] }, type, documents)
  })
  return yield* CatalogChange.change({ owner: organization, projectId: project.id, ...answering }, prepare, context)
})

const nothingToPublish = CatalogChange.refused(
  "publishedAt",
  "nothing_to_publish",
  "publishedAt and grace are of a new version: change a text, or set requireReaccept to true",
)

const staleVersion = (type: ListedType, now: Instant.Instant): CatalogChange.RefusedChange => {
  const { version } = ConsentTypeVersions.inForce(type, now)
  const detail = `was changed by somebody else; the current version is ${version}`
  return CatalogChange.conflict("version", "version_conflict", detail, version)
}

/** A type that was changed, and the document of the version that is in force at `shownAt`. */
export interface ShownType {
  readonly type: ListedType
  readonly document: string | undefined
  readonly shownAt: Instant.Instant
}

/**
 * How far ahead of the clock an answer may show a version that was published at once. Two changes in one millisecond
 * have two instants, so a version may be in force a moment after its answer.
 */
const shownAheadMillis = 1000

const shown = Effect.fnUntraced(function* (
  type: ListedType,
  documents: CatalogChange.Documents,
  publishedAt: Instant.Instant,
  context: LedgerContext,
) {
  const clock = yield* Clock.currentTimeMillis
  const shownAt = publishedAt <= clock + shownAheadMillis ? Math.max(publishedAt, clock) : clock
  const version = ConsentTypeVersions.inForce(type, shownAt)
  const added = documents.find(({ number }) => number === version.documentOf)
  const document =
    added === undefined ? yield* documentOf(ShownTexts.ofVersion(type, version), context) : added.document
  return { type, document, shownAt } satisfies ShownType
})

/** The type without its history, which the store has already. */
const withoutHistory = (type: ListedType): ListedType => {
  const { history: _, ...rest } = type
  return rest
}

/** The type with the id, unless it was removed. */
const find = (catalog: Catalog, project: Project, id: string): ListedType | undefined => {
  const type = catalog.consentTypes.get(project.id)?.byId.get(id)
  return type?.isRemoved === true ? undefined : type
}

/** The next state of a type with the changed members, and with the version that the change publishes, if any. */
const changed = Effect.fnUntraced(function* (
  type: ListedType,
  change: TypeChange,
  used: ReadonlySet<number>,
  now: Instant.Instant,
  project: Project,
  context: LedgerContext,
) {
  const { versions } = type
  const publishedAt = ConsentTypeVersions.publishedAt(versions, change.publishedAt ?? now, used, now)
  const from = ConsentTypeVersions.inForce(type, publishedAt)
  // Compared with what is shown at the wanted instant, so that an object that is sent back publishes nothing.
  const before = ConsentTypeVersions.inForce(type, change.publishedAt ?? now)
  const document = yield* documentOf(ShownTexts.ofVersion(type, before), context)
  const isTextChange = ConsentTypeVersions.changesText(change, before, document)
  const isPublished = isTextChange || change.requireReaccept === true
  if (!isPublished && ConsentTypeVersions.lacksVersion(change, before)) return nothingToPublish
  const { consentDuration: _, ...rest } = withoutHistory(type)
  const next: ListedType = { ...rest, ...conditionsOf(change, type), dateUpdated: now }
  if (!isPublished) {
    return CatalogChange.prepared({ consentTypes: [next] }, yield* shown(next, [], Instant.min, context))
  }
  const { added, documents } = addedDocument(type, change.document)
  const dates = { dateCreated: now, publishedAt }
  const version = ConsentTypeVersions.make(
    yield* context.random.uuidV7(),
    withLanguage(change, from, project),
    from,
    added,
    dates,
  )
  const value = { ...next, versions: ConsentTypeVersions.add(type, version, used, now) }
  const shownFrom = change.publishedAt === undefined ? publishedAt : Instant.min
  const answered = yield* shown(value, documents, shownFrom, context)
  return CatalogChange.prepared({ consentTypes: [value] }, answered, documents)
})

/**
 * Changes a type. Of concurrent changes of one type one is made; the others are a conflict with the current version.
 *
 * Where versions are planned, the change may number them again. Then it waits for the events of the type that are being
 * recorded, and those that come meanwhile wait for it, so that no event names a number that changes its text.
 */
export const update = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  id: string,
  change: TypeChange,
  answering: CatalogChange.Answering<ShownType>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ShownType>, StoreUnavailable> {
  const { answerHorizon, store } = context
  const clock = yield* Clock.currentTimeMillis
  const seen = find(yield* store.catalog.current, project, id)
  const hasPlans = seen?.versions.some((version) => ConsentTypeVersions.isPlanned(version, clock)) === true
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const type = find(catalog, project, id)
    if (type === undefined) return CatalogChange.notFound
    const isCurrent = change.version === undefined || change.version === ConsentTypeVersions.inForce(type, now).version
    if (type !== seen || !isCurrent) return staleVersion(type, now)
    const faults = faultsOf(change, type, clock)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const used = hasPlans ? yield* store.events.usedVersions(project, id) : noVersions
    return yield* changed(type, change, used, now, catalog.projects.get(project.id) ?? project, context)
  })
  const options = { owner: organization, projectId: project.id, ...answering }
  const made = CatalogChange.change<ShownType>(options, prepare, context)
  return yield* hasPlans ? answerHorizon.alone(id, made) : made
})

const noVersions: ReadonlySet<number> = new Set()

const inForce = CatalogChange.conflict(
  "version",
  "version_in_force",
  "the version is in force, was in force, or is the first one, which can always be answered: publish another one",
)

/**
 * Cancels a version that is only planned: from then on it is as if it had never been scheduled. The next versions are
 * numbered again, so the events of the type that are being recorded are waited for, as in {@link update}.
 */
export const cancelVersion = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  id: string,
  versionId: string,
  answering: CatalogChange.Answering<ShownType>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ShownType>, StoreUnavailable> {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const type = find(catalog, project, id)
    const version = type?.versions.find((each) => each.id === versionId)
    if (type === undefined || version === undefined) return CatalogChange.notFound
    const used = yield* context.store.events.usedVersions(project, id)
    if (!ConsentTypeVersions.isCancellable(type, version, used, now)) return inForce
    const versions = ConsentTypeVersions.cancel(type, version, used, now)
    const value: ListedType = { ...withoutHistory(type), ...versions, dateUpdated: now }
    return CatalogChange.prepared({ consentTypes: [value] }, yield* shown(value, [], Instant.min, context))
  })
  const options = { owner: organization, projectId: project.id, ...answering }
  return yield* context.answerHorizon.alone(id, CatalogChange.change<ShownType>(options, prepare, context))
})

/**
 * Deletes a type; one that has events is only archived. A refusal of a deleted type is still recorded.
 *
 * The events of the type that are being recorded are waited for, and those that come meanwhile are planned again after
 * the change, so that no acceptance of a removed type is recorded.
 */
export const remove = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  id: string,
  answering: CatalogChange.Answering<ShownType>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ShownType>, StoreUnavailable> {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const type = find(catalog, project, id)
    if (type === undefined) return CatalogChange.notFound
    const isUsed = (yield* context.store.events.usedVersions(project, id)).size > 0
    const archived: ListedType = { ...withoutHistory(type), status: "archived", dateUpdated: now }
    const value: ListedType = isUsed ? archived : { ...archived, isRemoved: true }
    return CatalogChange.prepared({ consentTypes: [value] }, yield* shown(value, [], Instant.min, context))
  })
  const options = { owner: organization, projectId: project.id, ...answering }
  return yield* context.answerHorizon.alone(id, CatalogChange.change<ShownType>(options, prepare, context))
})

/** Documents of any length. */
const anyLength = Number.MAX_SAFE_INTEGER

/** The documents with these keys that have at most `maxLength` characters, in the order of the keys. */
export const documentsOf = (
  keys: ReadonlyArray<DocumentKey>,
  maxLength: number,
  { store }: Pick<LedgerContext, "store">,
): Effect.Effect<ReadonlyArray<string | undefined>, StoreUnavailable> => store.catalog.documents(keys, maxLength)

/** The document of texts; `undefined` for texts without a document. */
export const documentOf = Effect.fnUntraced(function* (
  { documentKey }: Pick<ShownTexts.ShownTexts, "documentKey">,
  context: Pick<LedgerContext, "store">,
): Effect.fn.Return<string | undefined, StoreUnavailable> {
  if (documentKey === undefined) return undefined
  const [document] = yield* documentsOf([documentKey], anyLength, context)
  return document
})
