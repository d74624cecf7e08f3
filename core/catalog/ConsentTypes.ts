/**
 * Creating and changing consent types (semantics, section 1).
 *
 * A change of a text, or a change that asks everyone again, publishes the next version, at once or at a later instant:
 * see `ConsentTypeVersions`. No change touches an event.
 */
import { Effect } from "effect"
import type { Catalog, ListedType, ListedVersion, Project, ProjectScope, TypeStatus } from "../model/Catalog.ts"
import { tripleKey } from "../model/Catalog.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as Instant from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import type { Rules } from "../engine/Rules.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as CatalogChange from "./CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ConsentTypeVersions from "./ConsentTypeVersions.ts"

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
export interface TypeFields extends Triple, ConsentTypeVersions.Texts, ConsentTypeVersions.Publication, Conditions {}

/** Changed members of a type. */
export interface TypeChange
  extends Partial<Triple>, ConsentTypeVersions.Texts, ConsentTypeVersions.Publication, Conditions {
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

/** The rules that a new type, or a change of `type`, breaks by itself, without regard to the rest of the catalog. */
export const faultsOf = (
  { publishedAt, ...change }: Partial<Triple> & ConsentTypeVersions.Publication,
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
    versions: [ConsentTypeVersions.next(1, fields, undefined, now)],
    dateCreated: now,
    dateUpdated: now,
  } satisfies ListedType
})

/** Creates a type; its triple must be free in the project. */
export const create = Effect.fnUntraced(function* (
  scope: ProjectScope,
  fields: TypeFields,
  creation: CatalogChange.Creation<ListedType>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ListedType>, StoreUnavailable> {
  const { organization, project } = scope
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
  return yield* CatalogChange.change({ owner: organization, projectId: project.id, ...creation }, prepare, context)
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

/**
 * Changes a type. Of concurrent changes of one type one is made; the others are a conflict with the current version.
 */
export const update = Effect.fnUntraced(function* (
  project: Project,
  id: string,
  change: TypeChange,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ListedType>, StoreUnavailable> {
  let seen: ListedType | undefined
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
    const type = catalog.consentTypes.get(project.id)?.byId.get(id)
    if (type === undefined || type.isRemoved === true) return { _tag: "NotFound" } as CatalogChange.RefusedChange
    seen ??= type
    const isCurrent = change.version === undefined || change.version === ConsentTypeVersions.inForce(type, now).version
    if (type !== seen || !isCurrent) return staleVersion(type, now)
    const faults = faultsOf(change, type, now)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const from = ConsentTypeVersions.inForce(type, change.publishedAt ?? now)
    const isTextChange = ConsentTypeVersions.changesText(change, from, yield* documentOf(type, from, context))
    const isPublished = isTextChange || ConsentTypeVersions.asksAgain(change, from)
    if (!isPublished && ConsentTypeVersions.lacksVersion(change, from)) return nothingToPublish
    const number = type.versions.length + 1
    const published = isPublished ? [ConsentTypeVersions.next(number, change, from, now)] : []
    const { consentDuration: _, history: __, ...rest } = type
    const value: ListedType = {
      ...rest,
      ...conditionsOf(change, type),
      versions: [
        ...type.versions,
        ...published,
        ...published.flatMap((version) => ConsentTypeVersions.plannedAgain(type, version)),
      ],
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
 * Deletes a type; one that has events is only archived. A refusal of a deleted type is still recorded.
 *
 * The type is archived first, so that later events are not admitted, except refusals. Then the events in progress are
 * waited for, and only a type without events is removed, so that no acceptance of a removed type is recorded.
 */
export const remove = Effect.fnUntraced(function* (
  project: Project,
  id: string,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ListedType>, StoreUnavailable> {
  const archive = (over: (isUsed: boolean) => Pick<ListedType, "isRemoved">) =>
    CatalogChange.change<ListedType>(
      { owner: project, projectId: project.id },
      Effect.fnUntraced(function* (catalog: Catalog, now: Instant.Instant) {
        const type = catalog.consentTypes.get(project.id)?.byId.get(id)
        if (type === undefined || type.isRemoved === true) return { _tag: "NotFound" } as CatalogChange.RefusedChange
        const isUsed = yield* context.store.events.isTypeUsed(project, id)
        const { history: _, ...rest } = type
        const value: ListedType = { ...rest, status: "archived", dateUpdated: now, ...over(isUsed) }
        return { _tag: "Prepared", entries: { consentTypes: [value] }, value } as CatalogChange.Prepared<ListedType>
      }),
      context,
    )
  const archived = yield* archive(() => ({}))
  if (archived._tag !== "Changed") return archived
  yield* context.answerHorizon.raise(id, Instant.min)
  const isUsed = yield* context.store.events.isTypeUsed(project, id)
  return isUsed ? archived : yield* archive((isUsed) => (isUsed ? {} : { isRemoved: true }))
})

/** The document of a version; `undefined` for a version without a document. */
export const documentOf = Effect.fnUntraced(function* (
  type: ListedType,
  version: ListedVersion,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<string | undefined, StoreUnavailable> {
  if (version.documentOf === undefined) return undefined
  const [document] = yield* store.catalog.documents([{ consentType: type.id, version: version.documentOf }])
  return document
})
