/**
 * The first organization of an empty store: a demonstration to try requests on, complete enough to build on.
 */
import { Clock, Effect, Option } from "effect"
import type { ListedType, Organization, Project } from "../model/Catalog.ts"
import * as ApiKeys from "./ApiKeys.ts"
import * as ConsentTypes from "./ConsentTypes.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Organizations from "./Organizations.ts"

/** What was set up; the only time the key's secret is told. */
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

/** Sets up an organization, a project for `localhost`, a key and four types, unless something is set up already. */
export const found = Effect.fnUntraced(function* (context: LedgerContext) {
  const { store } = context
  if ((yield* store.catalog.current).revision > 0) return Option.none<Founded>()
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
    consentTypes.push(yield* ConsentTypes.newType(project, fields, now, context))
  }
  const entries = { organizations: [organization], projects: [project], apiKeys: [apiKey], consentTypes }
  const kept = yield* store.catalog.change({ revision: 0, entries, documents: [] })
  return kept === "kept"
    ? Option.some<Founded>({ organization, project, apiKey: secret, consentTypes })
    : Option.none<Founded>()
})
