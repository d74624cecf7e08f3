/**
 * What a company has set up: organizations, their projects and API keys, and the consent types of each project.
 *
 * Nothing in it is removed: a key is revoked, a project or a type archived, and every earlier state of an entry is kept
 * by the store. A catalog is immutable; a change makes another one, with a higher revision.
 */
import type { ConsentState } from "../engine/ConsentState.ts"
import type { ConsentType, Version } from "../engine/ConsentType.ts"
import * as Instant from "../engine/Instant.ts"
import type { Owner } from "./Lane.ts"
import type { Role } from "./Role.ts"

/** What every entry has. */
export interface Entry {
  readonly id: string
  readonly dateCreated: Instant.Instant
  readonly dateUpdated: Instant.Instant
}

/** A public key (RFC 7517) that an organization signs proofs of identity with: ES256, so EC on P-256. */
export interface PublicKey {
  readonly kty: "EC"
  readonly crv: "P-256"
  readonly x: string
  readonly y: string
  readonly kid?: string
}

/** Who owns projects, keys and the identifiers of people. */
export interface Organization extends Entry, Owner {
  readonly name: string
  readonly primaryDomain: string
  readonly privacyPolicyUrl: string
  /** The key that identifiers are hashed with: 32 random bytes, base64url. Secret. */
  readonly identifierKey: string
  /** The keys of its proofs; several while one replaces another. */
  readonly publicKeys: ReadonlyArray<PublicKey>
}

/** The states of a project. */
export const projectStatuses = ["active", "test", "archived"] as const

/** Whether answers are still taken: an archived project takes only refusals. */
export type ProjectStatus = (typeof projectStatuses)[number]

/** A website or application whose visitors are asked. */
export interface Project extends Entry, Owner {
  readonly organization: string
  readonly name: string
  /** The host names whose pages may open sessions. */
  readonly domains: ReadonlyArray<string>
  readonly status: ProjectStatus
}

/** A role in one project, in place of the key's own. */
export interface ProjectRole {
  readonly projectId: string
  readonly role: Role
}

/** A server's credential. Only the hash of the secret is kept. */
export interface ApiKey extends Entry {
  readonly organization: string
  readonly name: string
  readonly role: Role
  readonly permissions: ReadonlyArray<ProjectRole>
  /** SHA-256 of the secret, lower-case hexadecimal. */
  readonly secretHash: string
  /** From which it opens nothing. */
  readonly expiresAt?: Instant.Instant
  /** When it was revoked. */
  readonly revokedAt?: Instant.Instant
}

/** The states of a consent type. */
export const typeStatuses = ["active", "archived", "obsolete", "test"] as const

/** Whether answers are still taken: archived and obsolete types take only refusals. */
export type TypeStatus = (typeof typeStatuses)[number]

/** A version with the texts that people are shown, but for its document, which the store keeps apart. */
export interface ListedVersion extends Version {
  readonly name: string
  readonly description: string
  readonly url?: string
  /** The version whose document it shows: documents are long, and most versions change something else. */
  readonly documentOf?: number
}

/** A consent type of a project, with what people are shown. */
export interface ListedType extends ConsentType, Entry {
  readonly organization: string
  readonly project: string
  readonly category: string
  readonly subcategory: string
  readonly label: string
  readonly status: TypeStatus
  readonly required: boolean
  /** The consent states it takes; `declined` is taken always. */
  readonly validStates: ReadonlyArray<ConsentState>
  /** Version 1 first, without a gap. */
  readonly versions: ReadonlyArray<ListedVersion>
  /** Deleted before it had an event: it is listed nowhere, but a refusal of it is still taken. */
  readonly isRemoved?: true
}

/** Everything that is set up, as plain lists. */
export interface Entries {
  readonly organizations: ReadonlyArray<Organization>
  readonly projects: ReadonlyArray<Project>
  readonly apiKeys: ReadonlyArray<ApiKey>
  readonly consentTypes: ReadonlyArray<ListedType>
}

/** The consent types of one project. */
export interface ProjectTypes {
  /** In the order they were made, without those removed. */
  readonly all: ReadonlyArray<ListedType>
  /** Those removed too. */
  readonly byId: ReadonlyMap<string, ListedType>
  /** By {@link tripleKey}, without those removed. */
  readonly byTriple: ReadonlyMap<string, ListedType>
  /** By {@link tripleKey}, the last of those removed: only a refusal may still name one so. */
  readonly removedByTriple: ReadonlyMap<string, ListedType>
  /** When the last of their versions was learnt; the first instant there is, where there are none. */
  readonly learnt: Instant.Instant
}

/** Everything that is set up, to be looked up in. */
export interface Catalog {
  /** 0 where nothing is set up; raised by every change. */
  readonly revision: number
  readonly organizations: ReadonlyMap<string, Organization>
  readonly projects: ReadonlyMap<string, Project>
  /** By {@link ApiKey.secretHash}, without those revoked. */
  readonly apiKeys: ReadonlyMap<string, ApiKey>
  /** By project id. */
  readonly consentTypes: ReadonlyMap<string, ProjectTypes>
}

/** One string for category, subcategory and label: unique among the types of a project. */
export const tripleKey = (category: string, subcategory: string, label: string): string =>
  JSON.stringify([category, subcategory, label])

const projectTypes = (types: ReadonlyArray<ListedType>): ProjectTypes => {
  const all = types.filter(({ isRemoved }) => isRemoved !== true)
  const byTriple = (some: ReadonlyArray<ListedType>) =>
    new Map(some.map((type) => [tripleKey(type.category, type.subcategory, type.label), type]))
  return {
    all,
    byId: new Map(types.map((type) => [type.id, type])),
    byTriple: byTriple(all),
    removedByTriple: byTriple(types.filter(({ isRemoved }) => isRemoved === true)),
    learnt: types.reduce(
      (latest, { versions }) => Math.max(latest, ...versions.map(({ dateCreated }) => dateCreated)),
      Instant.min,
    ),
  }
}

/** Makes lists ready for looking up. */
export const index = (entries: Entries, revision: number): Catalog => {
  const types = Map.groupBy(entries.consentTypes, ({ project }) => project)
  const keys = entries.apiKeys.filter(({ revokedAt }) => revokedAt === undefined)
  return {
    revision,
    organizations: new Map(entries.organizations.map((organization) => [organization.id, organization])),
    projects: new Map(entries.projects.map((project) => [project.id, project])),
    apiKeys: new Map(keys.map((key) => [key.secretHash, key])),
    consentTypes: new Map(entries.projects.map(({ id }) => [id, projectTypes(types.get(id) ?? [])])),
  }
}

/** The catalog of a store in which nothing is set up. */
export const empty: Catalog = index({ organizations: [], projects: [], apiKeys: [], consentTypes: [] }, 0)

/** A project, whose it is, and its consent types. */
export interface ProjectScope {
  readonly organization: Organization
  readonly project: Project
  readonly types: ProjectTypes
}

/** The project of an id with what belongs to it, if there is one. */
export const scope = (catalog: Catalog, projectId: string): ProjectScope | undefined => {
  const project = catalog.projects.get(projectId)
  if (project === undefined) return undefined
  const organization = catalog.organizations.get(project.organization)!
  return { organization, project, types: catalog.consentTypes.get(project.id)! }
}
