/**
 * Setting up consent types and their versions (semantics, section 1).
 *
 * A version is an immutable snapshot of texts. A change of a text, or the wish that everybody is asked again, publishes
 * the next one, at once or at an instant to come; it starts from the texts that are in force then, so that a correction
 * made today does not publish early what is planned for tomorrow. What is planned and asks everybody again is planned
 * again then, under a higher number: it asks those, too, who answer the correction meanwhile. No change touches an event.
 */
import { Effect } from "effect"
import type { Catalog, ListedType, ListedVersion, Project, ProjectScope, TypeStatus } from "../model/Catalog.ts"
import { tripleKey } from "../model/Catalog.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import * as Instant from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import type { Rules } from "../engine/Rules.ts"
import * as CatalogChange from "./CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Idempotency from "../ledger/Idempotency.ts"

/** What people are shown. `null` takes a text away. */
export interface Texts {
  readonly name?: string
  readonly description?: string
  readonly document?: string | null
  readonly url?: string | null
}

/** How a version is published. */
export interface Publication {
  /** Left out: at once. */
  readonly publishedAt?: Instant.Instant
  /** Whether answers to earlier versions lapse. */
  readonly requireReaccept?: boolean
  /** How long they still count. */
  readonly grace?: Period
}

/** What can change at any time without a new version. `null` takes a duration away. */
export interface Conditions {
  readonly validStates?: ReadonlyArray<ConsentState.ConsentState>
  readonly consentDuration?: Period | null
  readonly status?: TypeStatus
  readonly required?: boolean
  readonly rules?: Rules
}

/** What names a type inside its project; it never changes. */
export interface Triple {
  readonly category: string
  readonly subcategory: string
  readonly label: string
}

/** What a type is set up with. */
export interface TypeFields extends Triple, Texts, Publication, Conditions {}

/** What changes of a type. */
export interface TypeChange extends Partial<Triple>, Texts, Publication, Conditions {
  /** The version the change was made to; another one in force now is a conflict. */
  readonly version?: number
}

/** The version in force at an instant. */
export const versionInForce = (type: ListedType, at: Instant.Instant): ListedVersion => {
  const number = ConsentType.versionAt(type, at)
  return type.versions.find(({ version }) => version === number) ?? type.versions[0]!
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

/** Every rule that a new type, or a change of `type`, breaks by itself. */
export const faultsOf = (
  { publishedAt, ...change }: Partial<Triple> & Publication,
  type: ListedType | undefined,
  now: Instant.Instant,
): ReadonlyArray<CatalogChange.CatalogFault> => [
  ...(type === undefined ? [] : tripleFaults(type, change)),
  ...(publishedAt !== undefined && publishedAt < now ? [inPast] : []),
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

/** The next version: the texts of the one it starts from, with what changes. */
const nextVersion = (
  version: number,
  { description, document, grace, name, publishedAt, requireReaccept, url }: Texts & Publication,
  from: ListedVersion | undefined,
  now: Instant.Instant,
): ListedVersion => {
  const address = url === undefined ? from?.url : (url ?? undefined)
  const documentOf = document === undefined ? from?.documentOf : document === null ? undefined : version
  return {
    version,
    name: name ?? from?.name ?? "",
    description: description ?? from?.description ?? "",
    ...(address !== undefined && { url: address }),
    ...(documentOf !== undefined && { documentOf }),
    publishedAt: publishedAt ?? now,
    dateCreated: now,
    requireReaccept: requireReaccept ?? false,
    ...(grace !== undefined && { grace }),
  }
}

/** What asks everybody again after `published` comes into force: under numbers that are higher than its own. */
const plannedAgain = ({ versions }: ListedType, published: ListedVersion): ReadonlyArray<ListedVersion> =>
  versions
    .filter((planned) => planned.requireReaccept && planned.publishedAt > published.publishedAt)
    .filter(
      (planned) =>
        !versions.some((other) => other.publishedAt === planned.publishedAt && other.version > planned.version),
    )
    .map((planned, index) => ({
      ...planned,
      version: published.version + 1 + index,
      dateCreated: published.dateCreated,
    }))

const documentsOf = (type: ListedType, version: number, document: string | null | undefined) =>
  document == null ? [] : [{ consentType: type.id, version, document }]

const exists = CatalogChange.conflict(
  "label",
  "consent_type_exists",
  "the project has a consent type with this category, subcategory and label",
)

/** A new type, not kept yet. */
export const newType = Effect.fnUntraced(function* (
  project: Project,
  fields: TypeFields,
  now: Instant.Instant,
  { random }: Pick<LedgerContext, "random">,
) {
  const { category, label, subcategory } = fields
  return {
    id: yield* random.uuidV7(),
    organization: project.organization,
    project: project.id,
    category,
    subcategory,
    label,
    ...conditionsOf(fields),
    versions: [nextVersion(1, fields, undefined, now)],
    dateCreated: now,
    dateUpdated: now,
  } satisfies ListedType
})

/** Sets up a type; its triple must be free in the project. */
export const create = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  fields: TypeFields,
  request: { readonly idempotency?: Idempotency.IdempotentRequest; readonly answer: (type: ListedType) => string },
  context: LedgerContext,
) {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const { byTriple } = catalog.consentTypes.get(project.id)!
    if (byTriple.has(tripleKey(fields.category, fields.subcategory, fields.label))) return exists
    const faults = faultsOf(fields, undefined, now)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const value = yield* newType(project, fields, now, context)
    const documents = documentsOf(value, 1, fields.document)
    return {
      _tag: "Prepared",
      entries: { consentTypes: [value] },
      documents,
      value,
    } as CatalogChange.Prepared<ListedType>
  })
  return yield* CatalogChange.change({ owner: organization, projectId: project.id, ...request }, prepare, context)
})

/** Which texts a change really changes. */
const changedTexts = (
  { description, document, name, url }: Texts,
  from: ListedVersion,
  documentNow: string | undefined,
): boolean =>
  (name !== undefined && name !== from.name) ||
  (description !== undefined && description !== from.description) ||
  (document !== undefined && (document ?? undefined) !== documentNow) ||
  (url !== undefined && (url ?? undefined) !== from.url)

/** Whether everybody is asked again: said of the version that is in force already, as an answer says it, it changes nothing. */
const asksAgain = ({ publishedAt, requireReaccept }: Publication, from: ListedVersion): boolean =>
  requireReaccept === true && (!from.requireReaccept || publishedAt !== undefined)

/** Whether something is said of a version that nothing else publishes. */
const isOfNoVersion = ({ grace, publishedAt }: Publication, from: ListedVersion): boolean =>
  publishedAt !== undefined || (grace !== undefined && JSON.stringify(grace) !== JSON.stringify(from.grace))

const nothingToPublish = CatalogChange.refused(
  "publishedAt",
  "nothing_to_publish",
  "publishedAt and grace are of a new version: change a text, or set requireReaccept to true",
)

const staleVersion = (type: ListedType, now: Instant.Instant): CatalogChange.Refusal => {
  const { version } = versionInForce(type, now)
  const detail = `was changed by somebody else; the current version is ${version}`
  return CatalogChange.conflict("version", "version_conflict", detail, version)
}

/** Changes a type. Of changes of one type at the same time one wins; the others are told the current version. */
export const update = Effect.fnUntraced(function* (
  project: Project,
  id: string,
  change: TypeChange,
  context: LedgerContext,
) {
  let seen: ListedType | undefined
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const type = catalog.consentTypes.get(project.id)?.byId.get(id)
    if (type === undefined || type.isRemoved === true) return { _tag: "NotFound" } as CatalogChange.Refusal
    seen ??= type
    const isCurrent = change.version === undefined || change.version === versionInForce(type, now).version
    if (type !== seen || !isCurrent) return staleVersion(type, now)
    const faults = faultsOf(change, type, now)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const from = versionInForce(type, change.publishedAt ?? now)
    const isTextChange = changedTexts(change, from, yield* documentOf(type, from, context))
    const isPublished = isTextChange || asksAgain(change, from)
    if (!isPublished && isOfNoVersion(change, from)) return nothingToPublish
    const number = type.versions.length + 1
    const published = isPublished ? [nextVersion(number, change, from, now)] : []
    const { consentDuration: _, ...rest } = type
    const value: ListedType = {
      ...rest,
      ...conditionsOf(change, type),
      versions: [...type.versions, ...published, ...published.flatMap((version) => plannedAgain(type, version))],
      dateUpdated: now,
    }
    const documents = isPublished ? documentsOf(type, number, change.document) : []
    return {
      _tag: "Prepared",
      entries: { consentTypes: [value] },
      documents,
      value,
    } as CatalogChange.Prepared<ListedType>
  })
  return yield* CatalogChange.change<ListedType>({ owner: project, projectId: project.id }, prepare, context)
})

/**
 * Deletes a type: one that has events is archived. A refusal of a deleted one is still taken.
 *
 * It is archived first. Whatever is being recorded about it then is waited for, and what comes later is refused, unless it
 * is a refusal: so that nobody says yes to a type that is gone.
 */
export const remove = Effect.fnUntraced(function* (project: Project, id: string, context: LedgerContext) {
  const lay = (over: (isUsed: boolean) => Pick<ListedType, "isRemoved">) =>
    CatalogChange.change<ListedType>(
      { owner: project, projectId: project.id },
      Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
        const type = catalog.consentTypes.get(project.id)?.byId.get(id)
        if (type === undefined || type.isRemoved === true) return { _tag: "NotFound" } as CatalogChange.Refusal
        const isUsed = yield* context.store.events.isTypeUsed(project, id)
        const value: ListedType = { ...type, status: "archived", dateUpdated: now, ...over(isUsed) }
        return { _tag: "Prepared", entries: { consentTypes: [value] }, value } as CatalogChange.Prepared<ListedType>
      }),
      context,
    )
  const archived = yield* lay(() => ({}))
  if (archived._tag !== "Changed") return archived
  yield* context.answerHorizon.reach(id, Instant.min)
  const isUsed = yield* context.store.events.isTypeUsed(project, id)
  return isUsed ? archived : yield* lay((isUsed) => (isUsed ? {} : { isRemoved: true }))
})

/** The document of a version. */
export const documentOf = Effect.fnUntraced(function* (
  type: ListedType,
  version: ListedVersion,
  { store }: Pick<LedgerContext, "store">,
) {
  if (version.documentOf === undefined) return undefined
  const [document] = yield* store.catalog.documents([{ consentType: type.id, version: version.documentOf }])
  return document
})
