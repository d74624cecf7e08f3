/**
 * The catalog: organizations, their projects and API keys, and the consent types of each project.
 *
 * Entries are never removed: a key is revoked, a project or a type is archived, and the store keeps every earlier state
 * of an entry. A catalog is immutable; a change makes a new catalog with a higher revision.
 *
 * The file is longer than others because it has the members of all kinds of entries, which refer to each other.
 */
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { DataSystem, DataSystemAttribute } from "../data-systems/DataSystem.ts"
import type { ConsentState } from "../engine/ConsentState.ts"
import type { ConsentType, Version } from "../engine/ConsentType.ts"
import * as Instant from "../engine/Instant.ts"
import type { Period } from "../engine/Period.ts"
import * as Holidays from "./Holidays.ts"
import type { Owner } from "./Lane.ts"
import type { OwnMailText } from "./OwnMailText.ts"
import { type PublishedRevision, sharing } from "./PublishedRevision.ts"
import type { RegionDraft } from "./RegionDraft.ts"
import type { Role } from "./Role.ts"
import type { SenderAddress } from "./SenderAddress.ts"
import type { Tracker } from "./Tracker.ts"
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
  /** The IANA name of the time zone in which its days begin, such as `Europe/Berlin`. Left out: UTC. */
  readonly timeZone?: string
  /** The days on which it does not work, besides weekends, in ascending order. Left out: none. */
  readonly holidays?: ReadonlyArray<CivilDate>
  /** What `holidays` were before, the oldest first. It follows from the history of the entry, and is never written. */
  readonly earlierHolidays?: ReadonlyArray<ReadonlyArray<CivilDate>>
  /** Where people reach those that are responsible for privacy: an e-mail or web address. Left out: none is named. */
  readonly privacyContact?: string
  /** Its representative in the European Union (GDPR, article 27), with an address. Left out: it has none. */
  readonly representative?: string
}

/** The most holidays of an organization. */
export const maxHolidays = 2000

/** Which clock pack compliance requests get. A member that is left out matches all of them. */
export interface ClockRule {
  /** ISO 3166-1 or 3166-2: `US` matches `US-CA` as well. */
  readonly geography?: string
  readonly request?: RequestKind
  /** The reference of the pack: `clock:gdpr@2018-05`. */
  readonly pack: string
}

/** The most clock rules of a project, and the most consent types that it lists in `doNotSellTypes`. */
export const maxClockRules = 100
export const maxDoNotSellTypes = 100

/** The languages of a project: tags of BCP 47 in canonical form. */
export interface ProjectLanguages {
  /** The language of texts that state none, and of mails where the wanted one is not known. */
  readonly default: string
  /** The languages in which the Site API shows consent types, `default` among them. */
  readonly offered: ReadonlyArray<string>
  /** The defaults before: texts that state no language may have been shown as texts in these. Left out: none. */
  readonly earlierDefaults?: ReadonlyArray<string>
}

/** The most languages of a project, and the most translations of a version. */
export const maxLanguages = 100

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
  /**
   * How long before an answer lapses by itself its change feed says so, at most {@link maxLeads}, each once. Left out:
   * it does not.
   */
  readonly leads?: ReadonlyArray<Period>
  /** The first that fits a compliance request gives its clock pack. Left out: the rules that come with Assent. */
  readonly clockRules?: ReadonlyArray<ClockRule>
  /** The ids of consent types that an opt-out of sale declines besides those of the subcategory `do_not_sell`. */
  readonly doNotSellTypes?: ReadonlyArray<string>
  /** Whether the access package of a `view` is built once identity is shown, without being asked for. Left out: no. */
  readonly packageOnVerified?: boolean
  /** Whether the refusals of an opt-out for what was typed wait until identity is shown. Left out: they do not. */
  readonly optOutNeedsVerification?: boolean
  /** The e-mail addresses of the staff that mails about compliance requests go to. Left out: none is sent. */
  readonly contactEmails?: ReadonlyArray<string>
  /** The id of the {@link SenderAddress} that its mails come from. Left out: they come from that of the server. */
  readonly sendFromEmailId?: string
  /** For how long the files of a resolved compliance request are kept: P7D to P1Y. Left out: P30D. */
  readonly filesKeptFor?: Period
  /** For how long what is personal of a resolved compliance request is kept: P1M to P10Y. Left out: P24M. */
  readonly requestsKeptFor?: Period
  /** Left out: no language is stated, and every translation is offered. */
  readonly languages?: ProjectLanguages
}

/** The most e-mail addresses in `contactEmails`. */
export const maxContactEmails = 10

/** The most lead times of a project. */
export const maxLeads = 3

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
  /** The language of its texts, a canonical tag of BCP 47. Left out: not stated. */
  readonly language?: string
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

/** The texts of a version in another language. They never change, so that what was shown stays provable. */
export interface Translation extends Entry {
  readonly organization: string
  readonly project: string
  readonly consentType: string
  /** The id of the version. */
  readonly version: string
  /** A canonical tag of BCP 47. */
  readonly language: string
  readonly name: string
  readonly description: string
  /** Left out: that of the version. */
  readonly url?: string
  /**
   * The bytes of its document as JSON in UTF-8; left out where it has none. The store keeps the document under the id
   * of the translation, with the number 1.
   */
  readonly documentBytes?: number
  /** It was taken back before its version was in force: it is not shown. */
  readonly isRemoved?: true
}

/** Every status of a webhook. */
export const webhookStatuses = ["active", "disabled"] as const

/** Why the ledger disabled a webhook: its receiver answered 410, or took nothing for too long. */
export type DisabledBecause = "gone" | "failing"

/** Where a webhook begins to read the feed. */
export interface WebhookStart {
  /** From 1, raised each time another place is set: only then the place replaces how far the webhook has come. */
  readonly number: number
  /** For each lane of the project the position of the next event, the number of the next stored change, incarnation. */
  readonly places: ReadonlyArray<readonly [position: number, number: number, incarnation: number]>
}

/** A URL that the changes of a project are sent to. Its secrets are derived, not kept. */
export interface Webhook extends Entry {
  readonly organization: string
  readonly project: string
  readonly name: string
  /** As the URL standard of WHATWG writes it. */
  readonly url: string
  /** The types of changes that are sent, each a type or a group such as `decision.*`. Empty: all. */
  readonly types: ReadonlyArray<string>
  /** The consent types whose changes are sent. Empty: all changes, also those of no consent type. */
  readonly consentTypes: ReadonlyArray<string>
  /** `summary`: of a re-evaluation only its begin and end are sent. */
  readonly reevaluations: "all" | "summary"
  /** What is added to each change about a person and a consent type. */
  readonly include: ReadonlyArray<"decision">
  /** Never changes. */
  readonly scheme: "hmac" | "ed25519"
  /** How many changes of different people are sent at a time. */
  readonly concurrency: number
  readonly status: (typeof webhookStatuses)[number]
  readonly disabledBecause?: DisabledBecause
  /** Since when it has its status. */
  readonly statusSince: Instant.Instant
  /** The generation of its secret, from 1. */
  readonly generation: number
  /** Until when the secret of the generation before signs as well. */
  readonly overlapUntil?: Instant.Instant
  readonly start: WebhookStart
  /** How many replays were asked for. Left out: none. */
  readonly replays?: number
  /** It was deleted: it is not listed, and nothing is sent to it. */
  readonly isRemoved?: true
}

/** All entries of a catalog, as plain lists. */
export interface Entries {
  readonly organizations: ReadonlyArray<Organization>
  readonly projects: ReadonlyArray<Project>
  readonly apiKeys: ReadonlyArray<ApiKey>
  readonly consentTypes: ReadonlyArray<ListedType>
  readonly translations: ReadonlyArray<Translation>
  readonly webhooks: ReadonlyArray<Webhook>
  readonly dataSystems: ReadonlyArray<DataSystem>
  readonly dataSystemAttributes: ReadonlyArray<DataSystemAttribute>
  readonly senders: ReadonlyArray<SenderAddress>
  readonly mailTexts: ReadonlyArray<OwnMailText>
  readonly regions: ReadonlyArray<RegionDraft>
  readonly publications: ReadonlyArray<PublishedRevision>
  readonly trackers: ReadonlyArray<Tracker>
}

/** Every kind of entry. */
export const entryKinds: ReadonlyArray<keyof Entries> = [
  "organizations",
  "projects",
  "apiKeys",
  "consentTypes",
  "translations",
  "webhooks",
  "dataSystems",
  "dataSystemAttributes",
  "senders",
  "mailTexts",
  "regions",
  "publications",
  "trackers",
]

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
  const translations = new Map<string, Translation>()
  const webhooks = new Map<string, Webhook>()
  const dataSystems = new Map<string, DataSystem>()
  const dataSystemAttributes = new Map<string, DataSystemAttribute>()
  const senders = new Map<string, SenderAddress>()
  const mailTexts = new Map<string, OwnMailText>()
  const regions = new Map<string, RegionDraft>()
  const publications = new Map<string, PublishedRevision>()
  const trackers = new Map<string, Tracker>()
  const share = sharing()
  const kinds: { readonly [Kind in keyof Entries]: Map<string, Entry> } = {
    organizations,
    projects,
    apiKeys,
    consentTypes,
    translations,
    webhooks,
    dataSystems,
    dataSystemAttributes,
    senders,
    mailTexts,
    regions,
    publications,
    trackers,
  }
  return {
    add: (kind, entry) => {
      if (kind === "consentTypes") TypeHistory.add(consentTypes, entry as ListedType)
      else if (kind === "organizations") Holidays.add(organizations, entry as Organization)
      else if (kind === "publications") publications.set(entry.id, share(entry as PublishedRevision))
      else kinds[kind].set(entry.id, entry)
    },
    all: () => ({
      organizations: [...organizations.values()],
      projects: [...projects.values()],
      apiKeys: [...apiKeys.values()],
      consentTypes: [...consentTypes.values()],
      translations: [...translations.values()],
      webhooks: [...webhooks.values()],
      dataSystems: [...dataSystems.values()],
      dataSystemAttributes: [...dataSystemAttributes.values()],
      senders: [...senders.values()],
      mailTexts: [...mailTexts.values()],
      regions: [...regions.values()],
      publications: [...publications.values()],
      trackers: [...trackers.values()],
    }),
  }
}

/** Translations by the ids of their types. */
type Translations = ReadonlyMap<string, ReadonlyArray<Translation>>

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
  /** By the id of the type, in the order in which they were given, without removed ones. No answer depends on them. */
  readonly translations: Translations
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
  /** By project id, in the order in which they were created: the webhooks that were not removed. */
  readonly webhooks: ReadonlyMap<string, ReadonlyArray<Webhook>>
  /** By organization id, in the order in which they were created: the data systems that were not removed. */
  readonly dataSystems: ReadonlyMap<string, ReadonlyArray<DataSystem>>
  /** By organization id, in the order in which they were created: the attributes that were not removed. */
  readonly dataSystemAttributes: ReadonlyMap<string, ReadonlyArray<DataSystemAttribute>>
  /** By organization id, in the order in which they were created: the senders that were not removed. */
  readonly senders: ReadonlyMap<string, ReadonlyArray<SenderAddress>>
  /** By organization id, in the order in which they were given: the words for mails that were not removed. */
  readonly mailTexts: ReadonlyMap<string, ReadonlyArray<OwnMailText>>
  /** By project id, in the order in which they were created: the drafts of regions that were not removed. */
  readonly regions: ReadonlyMap<string, ReadonlyArray<RegionDraft>>
  /** By project id, in the order of their numbers. */
  readonly publications: ReadonlyMap<string, ReadonlyArray<PublishedRevision>>
  /** By project id, in the order in which they were created: the trackers that were not removed. */
  readonly trackers: ReadonlyMap<string, ReadonlyArray<Tracker>>
}

/** A key for category, subcategory and label, which together are unique among the types of a project. */
export const tripleKey = (category: string, subcategory: string, label: string): string =>
  JSON.stringify([category, subcategory, label])

const projectTypes = (types: ReadonlyArray<ListedType>, translations: Translations): ProjectTypes => {
  const all = types.filter(({ isRemoved }) => isRemoved !== true)
  const byTriple = (some: ReadonlyArray<ListedType>) =>
    new Map(some.map((type) => [tripleKey(type.category, type.subcategory, type.label), type]))
  return {
    all,
    byId: new Map(types.map((type) => [type.id, type])),
    byTriple: byTriple(all),
    removedByTriple: byTriple(types.filter(({ isRemoved }) => isRemoved === true)),
    translations,
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
  const then = projectTypes(
    all.filter((type) => type !== undefined),
    types.translations,
  )
  known.set(types, { knownAt, types: then })
  return then
}

/** Those that were not removed, by their organization. */
const byOrganization = <Of extends { readonly organization: string; readonly isRemoved?: true }>(
  all: ReadonlyArray<Of>,
) =>
  Map.groupBy(
    all.filter(({ isRemoved }) => isRemoved !== true),
    ({ organization }) => organization,
  )

const noTranslations: Translations = new Map()

/** The translations of each project that has any. */
const translationsOf = (all: ReadonlyArray<Translation>): ReadonlyMap<string, Translations> => {
  const shown = all.filter(({ isRemoved }) => isRemoved !== true)
  const ofProjects = Map.groupBy(shown, ({ project }) => project)
  return new Map([...ofProjects].map(([id, own]) => [id, Map.groupBy(own, ({ consentType }) => consentType)]))
}

/** Makes a catalog from its entries. */
export const index = (entries: Entries, revision: number): Catalog => {
  const types = Map.groupBy(entries.consentTypes, ({ project }) => project)
  const translations = translationsOf(entries.translations)
  const keys = entries.apiKeys.filter(({ revokedAt }) => revokedAt === undefined)
  return {
    revision,
    organizations: new Map(entries.organizations.map((organization) => [organization.id, organization])),
    projects: new Map(entries.projects.map((project) => [project.id, project])),
    apiKeys: new Map(keys.map((key) => [key.secretHash, key])),
    consentTypes: new Map(
      entries.projects.map(({ id }) => [id, projectTypes(types.get(id) ?? [], translations.get(id) ?? noTranslations)]),
    ),
    webhooks: Map.groupBy(
      entries.webhooks.filter(({ isRemoved }) => isRemoved !== true),
      ({ project }) => project,
    ),
    dataSystems: byOrganization(entries.dataSystems),
    dataSystemAttributes: byOrganization(entries.dataSystemAttributes),
    senders: byOrganization(entries.senders),
    mailTexts: byOrganization(entries.mailTexts),
    regions: Map.groupBy(
      entries.regions.filter(({ isRemoved }) => isRemoved !== true),
      ({ project }) => project,
    ),
    publications: Map.groupBy(entries.publications, ({ project }) => project),
    trackers: Map.groupBy(
      entries.trackers.filter(({ isRemoved }) => isRemoved !== true),
      ({ project }) => project,
    ),
  }
}

/** The catalog without entries. */
export const empty: Catalog = index(collector().all(), 0)

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
