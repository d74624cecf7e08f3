/**
 * The catalog: organizations, their projects and API keys, and the consent types of each project.
 *
 * Entries are never removed: a key is revoked, a project or a type is archived, and the store keeps every earlier state
 * of an entry. A catalog is immutable; a change makes a new catalog with a higher revision.
 */
import type { ConsentState } from "../engine/ConsentState.ts"
import type { ConsentType, Version } from "../engine/ConsentType.ts"
import * as Instant from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import type { Owner } from "./Lane.ts"
import type { Role } from "./Role.ts"
import * as TypeHistory from "./TypeHistory.ts"

/** The fields of every entry. */
export interface Entry {
  readonly id: string
  readonly dateCreated: Instant.Instant
  readonly dateUpdated: Instant.Instant
}

/**
 * A public key (RFC 7517) that verifies the identity tokens of an organization. They are signed with ES256, so it is EC
 * on P-256.
 */
export interface PublicKey {
  readonly kty: "EC"
  readonly crv: "P-256"
  readonly x: string
  readonly y: string
  readonly kid?: string
}

/** An organization. It owns projects, API keys and the identifiers of people. */
export interface Organization extends Entry, Owner {
  readonly name: string
  readonly primaryDomain: string
  readonly privacyPolicyUrl: string
  /** The secret key with which identifiers are hashed, wrapped by the root key: 40 bytes, base64url. */
  readonly identifierKey: string
  /**
   * The version of the normalization by which its first identifiers were hashed with the key; 1 if left out. Spellings
   * that an earlier version kept apart are looked up as well.
   */
  readonly normalization?: number
  /** The keys that verify its identity tokens; more than one while a key is being replaced. */
  readonly publicKeys: ReadonlyArray<PublicKey>
}

/** Every status of a project. */
export const projectStatuses = ["active", "test", "archived"] as const

/** The status of a project. An archived project accepts only declined events. */
export type ProjectStatus = (typeof projectStatuses)[number]

/** A website or application that asks its visitors for consent. */
export interface Project extends Entry, Owner {
  readonly organization: string
  readonly name: string
  /**
   * The host names of the pages that may open sessions, in ASCII and lower case. One that begins with `*.` stands for
   * every host name that ends with the rest.
   */
  readonly domains: ReadonlyArray<string>
  /** The origins of apps whose web views may open sessions, such as `capacitor://localhost`. Left out: none. */
  readonly appOrigins?: ReadonlyArray<string>
  readonly status: ProjectStatus
  /** The earliest `consentDate` that is believed. Left out: `EarliestDate.defaultOfProjects`. */
  readonly earliestConsentDate?: Instant.Instant
  /** How long people are kept after the last that was recorded of them. Left out: for ever. */
  readonly retention?: Retention
}

/** The periods after which people are erased. One that is left out has no end. */
export interface Retention {
  /** People that were never identified. */
  readonly guests?: Period
  /** All others. */
  readonly people?: Period
}

/** A role in one project, which replaces the key's own role there. */
export interface ProjectRole {
  readonly projectId: string
  readonly role: Role
}

/** A credential of a server. Only the hash of its secret is stored. */
export interface ApiKey extends Entry {
  readonly organization: string
  readonly name: string
  readonly role: Role
  readonly permissions: ReadonlyArray<ProjectRole>
  /** SHA-256 of the secret, lower-case hexadecimal. */
  readonly secretHash: string
  /** The first instant at which the key is no longer valid. */
  readonly expiresAt?: Instant.Instant
  /** When the key was revoked. */
  readonly revokedAt?: Instant.Instant
}

/** The states of a consent type. */
export const typeStatuses = ["active", "archived", "obsolete", "test"] as const

/** The state of a consent type. Archived and obsolete types accept only declined events. */
export type TypeStatus = (typeof typeStatuses)[number]

/** A version with the texts that people are shown, without its document, which the store keeps separately. */
export interface ListedVersion extends Version {
  /** UUIDv7. It never changes, while the number of a planned version may. */
  readonly id: string
  readonly name: string
  readonly description: string
  readonly url?: string
  /**
   * The number of its document among those of the type. Documents are long and most versions do not change them, so
   * versions share them.
   */
  readonly documentOf?: number
  /** The bytes of its document as JSON in UTF-8; left out for a document that was kept before they were counted. */
  readonly documentBytes?: number
}

/** A version that was cancelled before it was in force, as it was then. */
export interface CancelledVersion extends ListedVersion {
  readonly cancelledAt: Instant.Instant
  /** Whether an event names its number. Then no other version gets the number, nor one below it. */
  readonly isNamed?: true
}

/** A consent type of a project, with the texts that people are shown. */
export interface ListedType extends ConsentType<ListedVersion>, Entry {
  readonly organization: string
  readonly project: string
  readonly category: string
  readonly subcategory: string
  readonly label: string
  readonly status: TypeStatus
  readonly required: boolean
  /** The consent states that it accepts; `declined` is always accepted. */
  readonly validStates: ReadonlyArray<ConsentState>
  /** In the order of their numbers. */
  readonly versions: ReadonlyArray<ListedVersion>
  /** In the order in which they were cancelled; answers do not depend on them. Left out: none. */
  readonly cancelled?: ReadonlyArray<CancelledVersion>
  /** Whether it was deleted before it had an event. It is not listed any more, but still accepts declined events. */
  readonly isRemoved?: true
}

/** All entries of a catalog, as plain lists. */
export interface Entries {
  readonly organizations: ReadonlyArray<Organization>
  readonly projects: ReadonlyArray<Project>
  readonly apiKeys: ReadonlyArray<ApiKey>
  readonly consentTypes: ReadonlyArray<ListedType>
}

/** Collects the entries of a catalog as they were written: an entry replaces the one before it with its id. */
export interface Collector {
  readonly add: (kind: keyof Entries, entry: Entry) => void
  readonly all: () => Entries
}

/** Makes a collector without entries. */
export const collector = (): Collector => {
  const organizations = new Map<string, Organization>()
  const projects = new Map<string, Project>()
  const apiKeys = new Map<string, ApiKey>()
  const consentTypes = new Map<string, ListedType>()
  const kinds: { readonly [Kind in keyof Entries]: Map<string, Entry> } = {
    organizations,
    projects,
    apiKeys,
    consentTypes,
  }
  return {
    add: (kind, entry) => {
      if (kind === "consentTypes") TypeHistory.add(consentTypes, entry as ListedType)
      else kinds[kind].set(entry.id, entry)
    },
    all: () => ({
      organizations: [...organizations.values()],
      projects: [...projects.values()],
      apiKeys: [...apiKeys.values()],
      consentTypes: [...consentTypes.values()],
    }),
  }
}

/** The consent types of one project. */
export interface ProjectTypes {
  /** In the order in which they were created, without removed types. */
  readonly all: ReadonlyArray<ListedType>
  /** By id, including removed types. */
  readonly byId: ReadonlyMap<string, ListedType>
  /** By {@link tripleKey}, without removed types. */
  readonly byTriple: ReadonlyMap<string, ListedType>
  /** By {@link tripleKey}, the last removed type with that triple. Only a declined event may still name it this way. */
  readonly removedByTriple: ReadonlyMap<string, ListedType>
  /** The latest instant at which one of them changed or was created; `Instant.min` if there are none. */
  readonly learnt: Instant.Instant
}

/** The catalog, indexed for look-up. */
export interface Catalog {
  /** 0 for an empty catalog; every change increases it. */
  readonly revision: number
  readonly organizations: ReadonlyMap<string, Organization>
  readonly projects: ReadonlyMap<string, Project>
  /** By {@link ApiKey.secretHash}, without revoked keys. */
  readonly apiKeys: ReadonlyMap<string, ApiKey>
  /** By project id. */
  readonly consentTypes: ReadonlyMap<string, ProjectTypes>
}

/** A key for category, subcategory and label, which together are unique among the types of a project. */
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
      (latest, { dateUpdated, history }) => Math.max(latest, dateUpdated, history?.at(-1)?.knownUntil ?? latest),
      Instant.min,
    ),
  }
}

/** For the types of a project, the last `knownAt` before a change that was asked for: many questions have the same. */
const known = new WeakMap<ProjectTypes, { readonly knownAt: Instant.Instant; readonly types: ProjectTypes }>()

/**
 * The types of a project as they were known at `knownAt`: a type that was created later is not there, and one that was
 * removed later is. The same object if nothing has changed since.
 */
export const typesKnownAt = (types: ProjectTypes, knownAt: Instant.Instant): ProjectTypes => {
  if (knownAt >= types.learnt) return types
  const last = known.get(types)
  if (last?.knownAt === knownAt) return last.types
  const all = [...types.byId.values()].map((type) => TypeHistory.knownAt(type, knownAt))
  const then = projectTypes(all.filter((type) => type !== undefined))
  known.set(types, { knownAt, types: then })
  return then
}

/** Makes a catalog from its entries. */
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

/** The catalog without entries. */
export const empty: Catalog = index({ organizations: [], projects: [], apiKeys: [], consentTypes: [] }, 0)

/** A project with its organization and its consent types. */
export interface ProjectScope {
  readonly organization: Organization
  readonly project: Project
  readonly types: ProjectTypes
}

/** The scope of the project with an id, if there is one. */
export const scope = (catalog: Catalog, projectId: string): ProjectScope | undefined => {
  const project = catalog.projects.get(projectId)
  if (project === undefined) return undefined
  const organization = catalog.organizations.get(project.organization)!
  return { organization, project, types: catalog.consentTypes.get(project.id)! }
}
