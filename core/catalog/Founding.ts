/**
 * Founding: fills an empty store with a demonstration, to try requests on and to build on.
 */
import { Clock, Effect, Option } from "effect"
import type { ListedType, Organization, Project } from "../model/Catalog.ts"
import * as ApiKeys from "./ApiKeys.ts"
import * as ConsentTypes from "./ConsentTypes.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Organizations from "./Organizations.ts"

/** The entries of the demonstration; the secret of its key is returned only here. */
export interface Founded {
  readonly organization: Organization
  readonly project: Project
  /** The secret to send as `x-api-key`. */
  readonly apiKey: string
  readonly consentTypes: ReadonlyArray<ListedType>
}

/** One type of each category. */
const demonstrationTypes = [
  ["disclosure", "privacy_policy", "privacy_policy", "Privacy policy", "How we handle what we know about you."],
  ["communication", "email", "newsletter", "Newsletter", "News by e-mail, about once a month."],
  ["privacy_setting", "analytics", "analytics", "Analytics", "Cookies that count visits and clicks."],
  ["custom", "research", "interviews", "Research interviews", "An invitation to an interview, once a year."],
] as const

const demonstration = {
  organization: {
    name: "Demo organization",
    primaryDomain: "localhost",
    privacyPolicyUrl: "http://localhost/privacy",
  },
  project: { name: "Demo project", domains: ["localhost"] },
  key: { name: "Demo key", role: "owner", permissions: [] },
} as const

/**
 * Creates an organization, a project for `localhost`, a key and four types on an empty store. Nothing where the catalog
 * is not empty, and on a replica.
 */
export const found = Effect.fnUntraced(function* (
  context: LedgerContext,
): Effect.fn.Return<Option.Option<Founded>, StoreUnavailable> {
  const { store } = context
  if (store.isReplica === true || (yield* store.catalog.current).revision > 0) return Option.none()
  const now = yield* Clock.currentTimeMillis
  const organization = yield* Organizations.newOrganization(demonstration.organization, 0, now, context)
  const project = yield* Organizations.newProject(demonstration.project, organization.id, 1, now, context)
  const { apiKey, secret } = yield* ApiKeys.newKey(
    organization,
    organization.id,
    demonstration.key,
    undefined,
    now,
    context,
  )
  const consentTypes: Array<ListedType> = []
  for (const [category, subcategory, label, name, description] of demonstrationTypes) {
    const fields = { category, subcategory, label, name, description }
    consentTypes.push((yield* ConsentTypes.newType(project, fields, now, context)).type)
  }
  const entries = { organizations: [organization], projects: [project], apiKeys: [apiKey], consentTypes }
  const kept = yield* store.catalog.change({ revision: 0, entries, documents: [] })
  return kept === "kept" ? Option.some({ organization, project, apiKey: secret, consentTypes }) : Option.none()
})
