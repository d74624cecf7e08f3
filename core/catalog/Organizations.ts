/**
 * Setting up organizations and their projects.
 */
import { Effect } from "effect"
import { Base64Url } from "effect/encoding"
import type { Catalog, Organization, Project, ProjectStatus, PublicKey } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import * as ApiKeys from "./ApiKeys.ts"
import * as CatalogChange from "./CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Idempotency from "../ledger/Idempotency.ts"

/** What an organization is set up with. */
export interface OrganizationFields {
  readonly name: string
  readonly primaryDomain: string
  readonly privacyPolicyUrl: string
  readonly publicKeys?: ReadonlyArray<PublicKey>
}

/** What a project is set up with. */
export interface ProjectFields {
  readonly name: string
  readonly domains: ReadonlyArray<string>
  readonly status?: ProjectStatus
}

/** A new organization, with the key that its owner begins with. */
export interface CreatedOrganization extends ApiKeys.CreatedKey {
  readonly organization: Organization
}

/** Organizations and projects share one count: the next number that was never given. */
const nextNumber = ({ organizations, projects }: Catalog): number =>
  Math.max(-1, ...[...organizations.values(), ...projects.values()].map(({ number }) => number)) + 1

/** A new organization. */
export const newOrganization = Effect.fnUntraced(function* (
  { publicKeys = [], ...fields }: OrganizationFields,
  number: number,
  now: Instant,
  { newLanes, random }: Pick<LedgerContext, "newLanes" | "random">,
) {
  return {
    ...fields,
    publicKeys,
    id: yield* random.uuidV7(),
    number,
    lanes: newLanes,
    identifierKey: Base64Url.encode(yield* random.randomBytes(32)),
    dateCreated: now,
    dateUpdated: now,
  } satisfies Organization
})

/** A new project. */
export const newProject = Effect.fnUntraced(function* (
  { status = "active", ...fields }: ProjectFields,
  organization: string,
  number: number,
  now: Instant,
  { newLanes, random }: Pick<LedgerContext, "newLanes" | "random">,
) {
  return {
    ...fields,
    status,
    id: yield* random.uuidV7(),
    number,
    lanes: newLanes,
    organization,
    dateCreated: now,
    dateUpdated: now,
  } satisfies Project
})

/** Sets up an organization, with a key of the role `owner`: its secret is told only now. `by` keeps the receipt. */
export const create = Effect.fnUntraced(function* (
  by: Organization,
  fields: OrganizationFields,
  request: {
    readonly idempotency?: Idempotency.IdempotentRequest
    readonly answer: (founded: CreatedOrganization) => string
  },
  context: LedgerContext,
) {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const organization = yield* newOrganization(fields, nextNumber(catalog), now, context)
    // Its secret is made with the key of the organization that asks: the new one's differs from try to try.
    const owner = { name: "Owner", role: "owner", permissions: [] } as const
    const made = yield* ApiKeys.newKey(by, organization.id, owner, request.idempotency, now, context)
    const entries = { organizations: [organization], apiKeys: [made.apiKey] }
    return {
      _tag: "Prepared",
      entries,
      value: { organization, ...made },
    } as CatalogChange.Prepared<CreatedOrganization>
  })
  return yield* CatalogChange.change({ owner: by, ...request }, prepare, context)
})

/** Changes an organization. */
export const update = Effect.fnUntraced(function* (
  organization: Organization,
  fields: Partial<OrganizationFields>,
  context: LedgerContext,
) {
  const prepare = (catalog: Catalog, now: Instant) => {
    const before = catalog.organizations.get(organization.id)!
    const value = { ...before, ...fields, dateUpdated: now }
    return Effect.succeed({ _tag: "Prepared", entries: { organizations: [value] }, value } as const)
  }
  return yield* CatalogChange.change<Organization>({ owner: organization }, prepare, context)
})

/** Sets up a project. */
export const createProject = Effect.fnUntraced(function* (
  organization: Organization,
  fields: ProjectFields,
  request: { readonly idempotency?: Idempotency.IdempotentRequest; readonly answer: (project: Project) => string },
  context: LedgerContext,
) {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const value: Project = yield* newProject(fields, organization.id, nextNumber(catalog), now, context)
    return { _tag: "Prepared", entries: { projects: [value] }, value } as const
  })
  return yield* CatalogChange.change<Project>({ owner: organization, ...request }, prepare, context)
})

/** Changes a project. */
export const updateProject = Effect.fnUntraced(function* (
  project: Project,
  fields: Partial<ProjectFields>,
  context: LedgerContext,
) {
  const prepare = (catalog: Catalog, now: Instant) => {
    const value = { ...catalog.projects.get(project.id)!, ...fields, dateUpdated: now }
    return Effect.succeed({ _tag: "Prepared", entries: { projects: [value] }, value } as const)
  }
  return yield* CatalogChange.change<Project>({ owner: project }, prepare, context)
})
