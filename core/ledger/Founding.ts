/**
 * The first organization of an empty store: a demonstration to try requests on, complete enough to build on.
 */
import { Clock, Effect, Option } from "effect"
import { Base64Url } from "effect/encoding"
import type { ApiKey, ListedType, Organization, Project } from "../Catalog.ts"
import * as ConsentState from "../ConsentState.ts"
import * as Lane from "../Lane.ts"
import * as Sessions from "./Sessions.ts"

type Means = Pick<Sessions.Means, "digest" | "random" | "store">

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

/** Sets up an organization, a project for `localhost`, a key and four types, unless something is set up already. */
export const found = Effect.fnUntraced(function* ({ digest, random, store }: Means) {
  if ((yield* store.catalog).projects.size > 0) return Option.none<Founded>()
  const now = yield* Clock.currentTimeMillis
  const organization: Organization = {
    id: yield* random.uuidV7(),
    number: 0,
    lanes: Lane.defaultCount,
    name: "Demo organization",
    identifierKey: Base64Url.encode(yield* random.randomBytes(32)),
  }
  const project: Project = {
    id: yield* random.uuidV7(),
    number: 1,
    lanes: Lane.defaultCount,
    organization: organization.id,
    name: "Demo project",
    domains: ["localhost"],
  }
  const secret = `assent_${Base64Url.encode(yield* random.randomBytes(32))}`
  const apiKey: ApiKey = {
    id: yield* random.uuidV7(),
    organization: organization.id,
    name: "Demo key",
    role: "owner",
    secretHash: yield* Sessions.hashToken(digest, secret),
  }
  const consentTypes: Array<ListedType> = []
  for (const [category, subcategory, label, name, description] of demonstrationTypes) {
    consentTypes.push({
      id: yield* random.uuidV7(),
      organization: organization.id,
      project: project.id,
      category,
      subcategory,
      label,
      name,
      description,
      status: "active",
      validStates: ConsentState.all,
      rules: {},
      versions: [{ version: 1, publishedAt: now, dateCreated: now, requireReaccept: false }],
    })
  }
  const isFirst = yield* store.found({
    organizations: [organization],
    projects: [project],
    apiKeys: [apiKey],
    consentTypes,
  })
  return isFirst
    ? Option.some<Founded>({ organization, project, apiKey: secret, consentTypes })
    : Option.none<Founded>()
})
