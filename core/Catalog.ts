/**
 * What a company has set up: organizations, their projects and API keys, and the consent types of each project.
 */
import type { ConsentState } from "./ConsentState.ts"
import type { ConsentType } from "./ConsentType.ts"
import type { Owner } from "./Lane.ts"

/** Who owns projects, keys and the identifiers of people. */
export interface Organization extends Owner {
  readonly id: string
  readonly name: string
  /** The key that identifiers are hashed with: 32 random bytes, base64url. Secret. */
  readonly identifierKey: string
}

/** A website or application whose visitors are asked. */
export interface Project extends Owner {
  readonly id: string
  readonly organization: string
  readonly name: string
  /** The host names whose pages may open sessions. */
  readonly domains: ReadonlyArray<string>
}

/** What a key may do: `owner`, `admin`, `limited` read and write, `viewer` reads, `none` nothing. */
export type Role = "owner" | "admin" | "limited" | "viewer" | "none"

/** A server's credential. Only the hash of the secret is kept. */
export interface ApiKey {
  readonly id: string
  readonly organization: string
  readonly name: string
  readonly role: Role
  /** SHA-256 of the secret, lower-case hexadecimal. */
  readonly secretHash: string
}

/** Whether answers are still taken: archived and obsolete types take only refusals. */
export type TypeStatus = "active" | "archived" | "obsolete" | "test"

/** A consent type of a project, with what people are shown. */
export interface ListedType extends ConsentType {
  readonly organization: string
  readonly project: string
  readonly category: string
  readonly subcategory: string
  readonly label: string
  readonly name: string
  readonly description: string
  readonly status: TypeStatus
  /** The consent states it takes; `declined` is taken always. */
  readonly validStates: ReadonlyArray<ConsentState>
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
  /** In the order they were listed. */
  readonly all: ReadonlyArray<ListedType>
  readonly byId: ReadonlyMap<string, ListedType>
  /** By {@link tripleKey}. */
  readonly byTriple: ReadonlyMap<string, ListedType>
}

/** Everything that is set up, to be looked up in. */
export interface Catalog {
  readonly organizations: ReadonlyMap<string, Organization>
  readonly projects: ReadonlyMap<string, Project>
  /** By {@link ApiKey.secretHash}. */
  readonly apiKeys: ReadonlyMap<string, ApiKey>
  /** By project id. */
  readonly consentTypes: ReadonlyMap<string, ProjectTypes>
}

/** One string for category, subcategory and label: unique among the types of a project. */
export const tripleKey = (category: string, subcategory: string, label: string): string =>
  JSON.stringify([category, subcategory, label])

const projectTypes = (all: ReadonlyArray<ListedType>): ProjectTypes => ({
  all,
  byId: new Map(all.map((type) => [type.id, type])),
  byTriple: new Map(all.map((type) => [tripleKey(type.category, type.subcategory, type.label), type])),
})

/** Makes lists ready for looking up. */
export const index = (entries: Entries): Catalog => ({
  organizations: new Map(entries.organizations.map((organization) => [organization.id, organization])),
  projects: new Map(entries.projects.map((project) => [project.id, project])),
  apiKeys: new Map(entries.apiKeys.map((key) => [key.secretHash, key])),
  consentTypes: new Map(
    entries.projects.map(({ id }) => [id, projectTypes(entries.consentTypes.filter(({ project }) => project === id))]),
  ),
})

/** The catalog of a store in which nothing is set up. */
export const empty: Catalog = index({ organizations: [], projects: [], apiKeys: [], consentTypes: [] })
