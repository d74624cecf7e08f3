/**
 * Founding: fills an empty store with an organization, a project and its consent types: those of an operator, or a
 * demonstration, to try requests on and to build on.
 */
import { Clock, Effect, Option } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Version } from "../engine/ConsentType.ts"
import * as CatalogOf from "../model/Catalog.ts"
import type { ListedType, ListedVersion, Organization, Project, ProjectScope } from "../model/Catalog.ts"
import * as ApiKeys from "./ApiKeys.ts"
import * as ConsentTypes from "./ConsentTypes.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Organizations from "./Organizations.ts"
import * as PageOrigins from "./PageOrigins.ts"

/** A consent type that a ledger begins with. */
export interface NewType extends ConsentTypes.TypeFields {
  /** A UUID in lower case. Left out: a new one. */
  readonly id?: string
  /**
   * Numbered from 1 in the order of their publication, all with the same texts. Their dates may lie in the past,
   * because the ledger has not given an answer yet. Left out: version 1, from now on.
   */
  readonly versions?: ReadonlyArray<Version>
}

/** The entries that an empty store is filled with. */
export interface Foundation {
  readonly organization: Organizations.OrganizationFields
  readonly project: Organizations.ProjectFields
  readonly types: ReadonlyArray<NewType>
}

/** What an operator says of a new ledger. */
export interface Beginning {
  /** The name of the organization. */
  readonly name: string
  /**
   * The hosts of its pages, at least one; `*.example.com` stands for every sub-domain. The first is the
   * domain of the organization.
   */
  readonly domains: ReadonlyArray<string>
  /** Left out: the name of the organization. */
  readonly projectName?: string | undefined
  /** Left out: `/privacy` of the first domain. */
  readonly privacyPolicyUrl?: string | undefined
  readonly types: ReadonlyArray<NewType>
}

/** The entries of a new ledger. */
export const foundationOf = ({ domains, name, privacyPolicyUrl, projectName = name, types }: Beginning): Foundation => {
  const primaryDomain = domains[0]!.replace(/^\*\./, "")
  return {
    organization: { name, primaryDomain, privacyPolicyUrl: privacyPolicyUrl ?? `https://${primaryDomain}/privacy` },
    project: { name: projectName, domains },
    types,
  }
}

/** The entries that a store was filled with. */
export interface Begun {
  readonly organization: Organization
  readonly project: Project
  readonly consentTypes: ReadonlyArray<ListedType>
}

/** The entries with the first key of the owner, whose secret is returned only here. */
export interface Founded extends Begun {
  /** The secret to send as `x-api-key`. */
  readonly apiKey: string
}

/** One type of each category. */
const demonstrationTypes = [
  ["disclosure", "privacy_policy", "privacy_policy", "Privacy policy", "How we handle what we know about you."],
  ["communication", "email", "newsletter", "Newsletter", "News by e-mail, about once a month."],
  ["privacy_setting", "analytics", "analytics", "Analytics", "Cookies that count visits and clicks."],
  ["custom", "research", "interviews", "Research interviews", "An invitation to an interview, once a year."],
] as const

const demonstration: Foundation = {
  organization: {
    name: "Demo organization",
    primaryDomain: "localhost",
    privacyPolicyUrl: "http://localhost/privacy",
  },
  project: { name: "Demo project", domains: ["localhost"] },
  types: demonstrationTypes.map(([category, subcategory, label, name, description]) => {
    return { category, subcategory, label, name, description }
  }),
}

/** The project of a catalog that is as the demonstration was founded; `undefined` for any other catalog. */
export const demonstrationOf = ({ organizations, projects }: Pick<CatalogOf.Catalog, "organizations" | "projects">) => {
  const [organization] = organizations.values()
  const [project] = projects.values()
  const { name, primaryDomain } = demonstration.organization
  const isDemonstration =
    organizations.size === 1 &&
    projects.size === 1 &&
    organization?.name === name &&
    organization.primaryDomain === primaryDomain &&
    project?.name === demonstration.project.name
  return isDemonstration ? project : undefined
}

const demonstrationKey: ApiKeys.KeyFields = { name: "Demo key", role: "owner", permissions: [] }

/** A type with the id and the versions that are given. */
const newType = Effect.fnUntraced(function* (
  project: Project,
  { id, versions = [], ...fields }: NewType,
  now: Instant,
  context: LedgerContext,
) {
  const { documents, type } = yield* ConsentTypes.newType(project, fields, now, context)
  const [first] = type.versions
  const given: Array<ListedVersion> = []
  for (const version of versions) {
    const dateCreated = Math.min(version.dateCreated, now)
    given.push({ ...first!, ...version, dateCreated, id: yield* context.random.uuidV7() })
  }
  const typeId = id ?? type.id
  return {
    type: { ...type, id: typeId, ...(given.length > 0 && { versions: given }) } satisfies ListedType,
    documents: documents.map((document) => ({ ...document, consentType: typeId })),
  }
})

/**
 * Fills an empty store, with the first key of the owner if one is given. Nothing where the catalog is not empty, and on
 * a replica. Of several processes that do so at the same time, one fills the store.
 */
const fill = Effect.fnUntraced(function* (
  { organization: ofOrganization, project: ofProject, types }: Foundation,
  key: ApiKeys.KeyFields | undefined,
  context: LedgerContext,
) {
  const { store } = context
  if (store.isReplica === true || (yield* store.catalog.current).revision > 0) return Option.none()
  const now = yield* Clock.currentTimeMillis
  const organization = yield* Organizations.newOrganization(PageOrigins.kept(ofOrganization), 0, now, context)
  const project = yield* Organizations.newProject(PageOrigins.kept(ofProject), organization.id, 1, now, context)
  const { id } = organization
  const created = key && (yield* ApiKeys.newKey(organization, id, key, undefined, now, context))
  const made: Array<Effect.Success<ReturnType<typeof newType>>> = []
  for (const type of types) made.push(yield* newType(project, type, now, context))
  const consentTypes = made.map(({ type }) => type)
  const apiKeys = created === undefined ? [] : [created.apiKey]
  const entries = { organizations: [organization], projects: [project], apiKeys, consentTypes }
  const documents = made.flatMap((each) => each.documents)
  const kept = yield* store.catalog.change({ revision: 0, entries, documents })
  return kept === "kept" ? Option.some({ organization, project, consentTypes, apiKey: created?.secret }) : Option.none()
})

/**
 * Creates an organization, a project and its consent types on an empty store, without an API key. Nothing where the
 * catalog is not empty, and on a replica. The hosts must be valid by `PageOrigins.faultsOf`, and no two types may have
 * the same triple or id.
 */
export const begin = (
  foundation: Foundation,
  context: LedgerContext,
): Effect.Effect<Option.Option<Begun>, StoreUnavailable> => fill(foundation, undefined, context)

/**
 * As {@link begin}, with the first key of the owner, whose secret is returned only now.
 */
export const foundWith = (
  foundation: Foundation,
  key: ApiKeys.KeyFields,
  context: LedgerContext,
): Effect.Effect<Option.Option<Founded>, StoreUnavailable> =>
  Effect.map(
    fill(foundation, key, context),
    Option.map((filled) => ({ ...filled, apiKey: filled.apiKey! })),
  )

/** Founds the demonstration: an organization, a project for `localhost`, a key and four types. */
export const found = (context: LedgerContext): Effect.Effect<Option.Option<Founded>, StoreUnavailable> =>
  foundWith(demonstration, demonstrationKey, context)

/**
 * The first project of a ledger, with its organization and consent types. An empty store gets the demonstration first;
 * its key is not returned, so make another one.
 */
export const firstProject = Effect.fnUntraced(function* (
  context: LedgerContext,
): Effect.fn.Return<ProjectScope, StoreUnavailable> {
  yield* found(context)
  const catalog = yield* context.store.catalog.current
  const [first] = catalog.projects.keys()
  const scope = first === undefined ? undefined : CatalogOf.scope(catalog, first)
  return scope ?? (yield* new StoreUnavailable({ reason: "the ledger is empty, and a replica fills nothing" }))
})
