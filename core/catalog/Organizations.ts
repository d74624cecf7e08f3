/**
 * Creating and changing organizations and their projects.
 */
import { Effect, Option } from "effect"
import * as CatalogOf from "../model/Catalog.ts"
import type {
  Catalog,
  Organization,
  Project,
  ProjectScope,
  ProjectStatus,
  ProjectTypes,
  PublicKey,
  Retention,
} from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import * as ApiKeys from "./ApiKeys.ts"
import * as CatalogChange from "./CatalogChange.ts"
import * as ComplianceSettings from "./ComplianceSettings.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as PageOrigins from "./PageOrigins.ts"
import * as LedgerContext from "../ledger/LedgerContext.ts"
import * as OrganizationKey from "../ledger/OrganizationKey.ts"
import type { SenderAddress } from "../model/SenderAddress.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"

/** The members of an organization that a request sets. */
export interface OrganizationFields extends ComplianceSettings.OrganizationSettings {
  readonly name: string
  readonly primaryDomain: string
  readonly privacyPolicyUrl: string
  readonly publicKeys?: ReadonlyArray<PublicKey>
}

/** The members of a project that a request sets. */
export interface ProjectFields extends ComplianceSettings.ProjectSettings {
  readonly name: string
  readonly domains: ReadonlyArray<string>
  readonly appOrigins?: ReadonlyArray<string>
  readonly status?: ProjectStatus
  /** `null` sets it back to the default. */
  readonly earliestConsentDate?: Instant | null
  /** `null`: everyone is kept for ever. */
  readonly retention?: Retention | null
  /** `null` or none: nothing is announced before it happens. */
  readonly leads?: ReadonlyArray<Period> | null
}

const earliestInFuture = CatalogChange.refused(
  "earliestConsentDate",
  "earliest_in_future",
  "must not be later than now, because no consent could be recorded until then",
)

/** Members that are checked against rules. */
type Checked = PageOrigins.HostFields &
  Pick<Partial<ProjectFields>, "earliestConsentDate"> &
  ComplianceSettings.OrganizationSettings &
  ComplianceSettings.ProjectSettings

/** What the members of a project can name: its types, where it is changed, and the senders of its organization. */
interface Nameable {
  readonly types?: ProjectTypes | undefined
  readonly senders?: ReadonlyArray<SenderAddress> | undefined
}

/** Why members cannot be set at `now`; `undefined` if they can. */
const refusal = (
  fields: Checked,
  now: Instant,
  { senders = [], types }: Nameable = {},
): CatalogChange.RefusedChange | undefined => {
  const faults = [
    ...PageOrigins.faultsOf(fields),
    ...ComplianceSettings.faultsOf(fields),
    ...ComplianceSettings.faultsOfProject(fields, types, senders),
  ]
  if (faults.length > 0) return CatalogChange.refusedFor(faults)
  const { earliestConsentDate } = fields
  return earliestConsentDate != null && earliestConsentDate > now ? earliestInFuture : undefined
}

/** The members that `null` sets back to their default. */
type Optional = Pick<ProjectFields, "earliestConsentDate" | "leads" | "retention">

/** A project with members that `null` sets back to their default; those that are left out stay. */
const withOptional = (
  { earliestConsentDate: earliest, leads: before, retention: kept, ...project }: Project,
  { earliestConsentDate = earliest, leads = before, retention = kept }: Optional,
): Project => ({
  ...project,
  ...(earliestConsentDate != null && { earliestConsentDate }),
  ...(retention != null && { retention }),
  ...(leads != null && leads.length > 0 && { leads }),
})

/** Those of the members that are given. */
const givenOf = ({
  earliestConsentDate,
  leads,
  retention,
}: {
  readonly [Member in keyof Optional]: Optional[Member] | undefined
}): Optional => ({
  ...(earliestConsentDate !== undefined && { earliestConsentDate }),
  ...(retention !== undefined && { retention }),
  ...(leads !== undefined && { leads }),
})

/** A new organization, with the first key of its owner. */
export interface CreatedOrganization extends ApiKeys.CreatedKey {
  readonly organization: Organization
}

/** A project with its organization and its types, by the project's id in any case; nothing for an unknown id. */
export const projectScope = (
  projectId: string,
  { store }: Pick<LedgerContext.LedgerContext, "store">,
): Effect.Effect<Option.Option<ProjectScope>, StoreUnavailable> =>
  Effect.map(store.catalog.current, (catalog) =>
    Option.fromUndefinedOr(CatalogOf.scope(catalog, projectId.toLowerCase())),
  )

/** The next number that was never given; organizations and projects share one count. */
const nextNumber = ({ organizations, projects }: Catalog): number =>
  Math.max(-1, ...[...organizations.values(), ...projects.values()].map(({ number }) => number)) + 1

/** A new organization, not kept yet. */
export const newOrganization = Effect.fnUntraced(function* (
  { holidays, privacyContact, publicKeys = [], representative, timeZone, ...fields }: OrganizationFields,
  number: number,
  now: Instant,
  { keys, newLanes, random }: Pick<LedgerContext.LedgerContext, "keys" | "newLanes" | "random">,
) {
  const wrappedKey = OrganizationKey.make(random, keys)
  const organization: Organization = {
    ...fields,
    publicKeys,
    id: yield* random.uuidV7(),
    number,
    lanes: newLanes,
    identifierKey: yield* Effect.mapError(wrappedKey, LedgerContext.asStore),
    normalization: Identifiers.normalizationVersion,
    dateCreated: now,
    dateUpdated: now,
  }
  return ComplianceSettings.withSettings(organization, { holidays, privacyContact, representative, timeZone })
})

/** A new project, not kept yet. */
export const newProject = Effect.fnUntraced(function* (
  fields: ProjectFields,
  organization: string,
  number: number,
  now: Instant,
  { newLanes, random }: Pick<LedgerContext.LedgerContext, "newLanes" | "random">,
) {
  const { others, settings } = ComplianceSettings.split(fields)
  const { earliestConsentDate, leads, retention, status = "active", ...rest } = others
  const project: Project = {
    ...rest,
    status,
    id: yield* random.uuidV7(),
    number,
    lanes: newLanes,
    organization,
    dateCreated: now,
    dateUpdated: now,
  }
  const withOthers = withOptional(project, givenOf({ earliestConsentDate, leads, retention }))
  return ComplianceSettings.withProjectSettings(withOthers, settings)
})

/**
 * Creates an organization, with a key of the role `owner`, whose secret is returned only now. `by` is the organization
 * of the caller; it keeps the idempotency record.
 */
export const create = Effect.fnUntraced(function* (
  by: Organization,
  fields: OrganizationFields,
  answering: CatalogChange.Answering<CreatedOrganization>,
  context: LedgerContext.LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<CreatedOrganization>, StoreUnavailable> {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const refused = refusal(fields, now)
    if (refused !== undefined) return refused
    const organization = yield* newOrganization(PageOrigins.kept(fields), nextNumber(catalog), now, context)
    // The secret is derived with the key of the organization that asks, because the new one has another key in each
    // attempt.
    const owner = { name: "Owner", role: "owner", permissions: [] } as const
    const made = yield* ApiKeys.newKey(by, organization.id, owner, answering.idempotency, now, context)
    const entries = { organizations: [organization], apiKeys: [made.apiKey] }
    return {
      _tag: "Prepared",
      entries,
      value: { organization, ...made },
    } as CatalogChange.Prepared<CreatedOrganization>
  })
  return yield* CatalogChange.change({ owner: by, ...answering }, prepare, context)
})

/** Changes members of an organization. */
export const update = Effect.fnUntraced(function* (
  organization: Organization,
  fields: Partial<OrganizationFields>,
  answering: CatalogChange.Answering<Organization>,
  context: LedgerContext.LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<Organization>, StoreUnavailable> {
  const prepare = (catalog: Catalog, now: Instant) => {
    const refused = refusal(fields, now)
    if (refused !== undefined) return Effect.succeed(refused)
    const { holidays, privacyContact, representative, timeZone, ...others } = PageOrigins.kept(fields)
    const before = { ...catalog.organizations.get(organization.id)!, ...others, dateUpdated: now }
    const value = ComplianceSettings.withSettings(before, { holidays, privacyContact, representative, timeZone })
    return Effect.succeed({ _tag: "Prepared", entries: { organizations: [value] }, value } as const)
  }
  return yield* CatalogChange.change<Organization>({ owner: organization, ...answering }, prepare, context)
})

/** Creates a project in an organization. */
export const createProject = Effect.fnUntraced(function* (
  organization: Organization,
  fields: ProjectFields,
  answering: CatalogChange.Answering<Project>,
  context: LedgerContext.LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<Project>, StoreUnavailable> {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const refused = refusal(fields, now, { senders: catalog.senders.get(organization.id) })
    if (refused !== undefined) return refused
    const value = yield* newProject(PageOrigins.kept(fields), organization.id, nextNumber(catalog), now, context)
    return { _tag: "Prepared", entries: { projects: [value] }, value } as const
  })
  return yield* CatalogChange.change<Project>({ owner: organization, ...answering }, prepare, context)
})

/** Changes members of a project. */
export const updateProject = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  fields: Partial<ProjectFields>,
  answering: CatalogChange.Answering<Project>,
  context: LedgerContext.LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<Project>, StoreUnavailable> {
  const prepare = (catalog: Catalog, now: Instant) => {
    const refused = refusal(fields, now, {
      types: catalog.consentTypes.get(project.id),
      senders: catalog.senders.get(organization.id),
    })
    if (refused !== undefined) return Effect.succeed(refused)
    const { others, settings } = ComplianceSettings.split(PageOrigins.kept(fields))
    const { earliestConsentDate, leads, retention, ...rest } = others
    const before = { ...catalog.projects.get(project.id)!, ...rest, dateUpdated: now }
    const value = ComplianceSettings.withProjectSettings(
      withOptional(before, givenOf({ earliestConsentDate, leads, retention })),
      settings,
    )
    return Effect.succeed({ _tag: "Prepared", entries: { projects: [value] }, value } as const)
  }
  return yield* CatalogChange.change<Project>({ owner: organization, ...answering }, prepare, context)
})
