/**
 * Creating, changing and deleting data systems. The consent ledger is one that no request changes.
 */
import { Effect } from "effect"
import * as DataSystemOf from "../data-systems/DataSystem.ts"
import type { DataSystem } from "../data-systems/DataSystem.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Attributes from "./Attributes.ts"
import * as CatalogChange from "./CatalogChange.ts"
import * as OwnSystems from "./OwnSystems.ts"
import * as SystemLinks from "./SystemLinks.ts"
import * as UnchangedEntries from "./UnchangedEntries.ts"

/** The members that a data system may lack. */
type OptionalMembers = Pick<
  DataSystem,
  | "additionalNotes"
  | "dataSystemTypeId"
  | "fidesKey"
  | "globalDataSystemId"
  | "handles"
  | "icon"
  | "impactAssessment"
  | "legalBases"
  | "owner"
  | "retention"
  | "reviewedOn"
  | "specialCategoryBasis"
  | "transfers"
  | "vendor"
>

/** The members of a data system that a request sets. */
export interface SystemFields extends OptionalMembers {
  readonly name: string
  readonly status: DataSystem["status"]
  /** Left out: false. */
  readonly crossBorder?: boolean
  readonly attributes?: SystemLinks.GivenLinks
  readonly projectIds?: ReadonlyArray<string>
}

/** Changed members. A list replaces the one before; `null` removes a member. */
export type SystemChange = Partial<
  Pick<SystemFields, "attributes" | "crossBorder" | "name" | "projectIds" | "status">
> & {
  readonly [Member in keyof OptionalMembers]?: OptionalMembers[Member] | null
}

type Answering = CatalogChange.Answering<DataSystem>
type Outcome = Effect.Effect<CatalogChange.CatalogOutcome<DataSystem>, StoreUnavailable>

const tooMany = CatalogChange.conflict(
  "",
  "too_many",
  `the organization has ${DataSystemOf.maxSystems} data systems already: delete one first`,
)

/** The ids of projects without repetitions. */
const distinct = (ids: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(ids)]

const faultsOf = (
  catalog: Catalog,
  organization: Organization,
  { attributes = {}, projectIds = [] }: Pick<SystemChange, "attributes" | "projectIds">,
  before: DataSystem["attributes"],
): ReadonlyArray<CatalogChange.CatalogFault> => [
  ...SystemLinks.faultsOf(attributes, before, Attributes.of(catalog, organization)),
  ...projectIds.flatMap((id, index) =>
    catalog.projects.get(id)?.organization === organization.id
      ? []
      : [{ field: `projectIds/${index}`, code: "unknown_project", detail: "is no project of the organization" }],
  ),
]

/** Refuses the key of another data system, because an import could not tell them apart. */
const takenKey = (catalog: Catalog, organization: Organization, fidesKey: string | null | undefined, id?: string) =>
  fidesKey != null &&
  OwnSystems.of(catalog, organization).some((other) => other.fidesKey === fidesKey && other.id !== id)
    ? CatalogChange.conflict("fidesKey", "data_system_exists", "is the key of another data system of the organization")
    : undefined

/** Creates a data system. */
export const create = (
  organization: Organization,
  { attributes = {}, crossBorder = false, projectIds = [], ...fields }: SystemFields,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const faults = faultsOf(catalog, organization, { attributes, projectIds }, {})
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const taken = takenKey(catalog, organization, fields.fidesKey)
    if (taken !== undefined) return taken
    if (OwnSystems.of(catalog, organization).length >= DataSystemOf.maxSystems) return tooMany
    const value: DataSystem = {
      ...fields,
      crossBorder,
      attributes: SystemLinks.merged({}, attributes),
      projectIds: distinct(projectIds),
      id: yield* context.random.uuidV7(),
      organization: organization.id,
      dateCreated: now,
      dateUpdated: now,
    }
    return CatalogChange.prepared({ dataSystems: [value] }, value)
  })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** A data system with changed members. */
const changed = (before: DataSystem, { attributes = {}, projectIds, ...members }: SystemChange): DataSystem => {
  const all = { ...before, ...members, attributes: SystemLinks.merged(before.attributes, attributes) }
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
  // Only members that may be missing can be `null`.
  return { ...(kept as unknown as DataSystem), ...(projectIds !== undefined && { projectIds: distinct(projectIds) }) }
}

const readOnly = CatalogChange.refused("", "read_only", "the consent ledger follows from Assent: it cannot be changed")

/** Replaces a data system by its next state. `dateUpdated` tells states apart, so it always grows. */
export const replace = (
  organization: Organization,
  id: string,
  next: (before: DataSystem, catalog: Catalog, now: Instant) => DataSystem | CatalogChange.RefusedChange,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const isUnchanged = UnchangedEntries.make()
  const prepare = (catalog: Catalog, earliest: Instant) =>
    Effect.sync((): CatalogChange.Prepared<DataSystem> | CatalogChange.RefusedChange => {
      if (id === LedgerSystem.id) return readOnly
      const before = OwnSystems.find(catalog, organization, id)
      if (before === undefined) return CatalogChange.notFound
      if (!isUnchanged([before])) return UnchangedEntries.conflict
      const now = Math.max(earliest, before.dateUpdated + 1)
      const after = next(before, catalog, now)
      if ("_tag" in after) return after
      const value = { ...after, dateUpdated: now }
      return { _tag: "Prepared", entries: { dataSystems: [value] }, value }
    })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** Changes members of a data system. */
export const update = (
  organization: Organization,
  id: string,
  change: SystemChange,
  answering: Answering,
  context: LedgerContext,
): Outcome =>
  replace(
    organization,
    id,
    (before, catalog) => {
      const faults = faultsOf(catalog, organization, change, before.attributes)
      if (faults.length > 0) return CatalogChange.refusedFor(faults)
      return takenKey(catalog, organization, change.fidesKey, id) ?? changed(before, change)
    },
    answering,
    context,
  )

/** Deletes a data system: it is not listed any more, and its attributes are not in use by it. */
export const remove = (organization: Organization, id: string, answering: Answering, context: LedgerContext): Outcome =>
  replace(organization, id, (before) => ({ ...before, isRemoved: true }), answering, context)
