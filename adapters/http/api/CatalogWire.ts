/**
 * The wire schemas of organizations, projects and API keys.
 */
import { Schema } from "effect"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Catalog from "../../../core/model/Catalog.ts"
import * as EarliestDate from "../../../core/model/EarliestDate.ts"
import * as Period from "../../../core/engine/Period.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { roles } from "../../../core/model/Role.ts"
import * as ComplianceSettings from "./ComplianceSettings.ts"
import * as Wire from "./Wire.ts"

/**
 * A host name. The server checks it: the tables of UTS 46 are too large for the descriptions that browsers load, too.
 */
const Domain = Schema.String.annotate({
  description: "A host name without scheme and port, also in Unicode; answered in ASCII",
})

/** A domain of a project: a host name, or `*.` before one for all of its sub-domains. */
const PageDomain = Schema.String.annotate({
  description: "A host name without scheme and port; `*.example.com` stands for every sub-domain; answered in ASCII",
})

const AppOrigin = Schema.String.annotate({
  description: "The origin of an app whose web view asks, such as capacitor://localhost",
})

/** A coordinate of a point on P-256: 32 bytes, base64url (RFC 7518, section 6.2.1.2). */
const Coordinate = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-]{43}$/, { message: "expected 32 bytes in base64url" }),
)

const PublicKey = Schema.Struct({
  kty: Schema.Literal("EC"),
  crv: Schema.Literal("P-256"),
  x: Coordinate,
  y: Coordinate,
  kid: Schema.optionalKey(Fields.writableText(1, 256)),
}).annotate({ identifier: "PublicKey", description: "A public key for ES256 (RFC 7517)" })

/** The public keys that verify the identity tokens of an organization: a JWK set (RFC 7517, section 5). */
export const KeySet = Schema.Struct({
  keys: Schema.Array(PublicKey).check(Schema.isMaxLength(16, { message: "expected at most 16 keys" })),
})

const organizationFields = {
  name: Fields.EntryName,
  primaryDomain: Domain,
  privacyPolicyUrl: Wire.WebAddress,
}

/** A new organization. */
export const NewOrganization = Schema.Struct({
  ...organizationFields,
  jwks: Fields.orNull(KeySet),
  ...ComplianceSettings.organizationFields,
})

/** A change of an organization. */
export const OrganizationChange = Schema.Struct({
  name: Fields.orNull(Fields.EntryName),
  primaryDomain: Fields.orNull(Domain),
  privacyPolicyUrl: Fields.orNull(Wire.WebAddress),
  jwks: Fields.orNull(KeySet),
  ...ComplianceSettings.organizationFields,
})

/** An organization. */
export const Organization = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  primaryDomain: Schema.String,
  privacyPolicyUrl: Schema.String,
  jwks: KeySet,
  ...ComplianceSettings.organizationAnswer,
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
}).annotate({ identifier: "Organization" })

/** A page of organizations. */
export const OrganizationPage = Wire.page(Organization)

const Domains = Schema.Array(PageDomain).check(Schema.isMaxLength(1000, { message: "expected at most 1000 domains" }))

const AppOrigins = Schema.Array(AppOrigin).check(
  Schema.isMaxLength(100, { message: "expected at most 100 app origins" }),
)

const EarliestConsentDate = Exchange.Instant.check(
  Schema.isGreaterThanOrEqualTo(EarliestDate.earliestOfProjects, { message: "expected 1900-01-01 or later" }),
).annotate({ description: "An earlier `consentDate` is refused; left out or null: 1990-01-01" })

const period = (of: string) =>
  Fields.orNull(
    Exchange.PositivePeriod.annotate({ description: `How long ${of} are kept (ISO 8601); left out or null: for ever` }),
  )

const retentionFields = {
  guests: period("people who were never identified"),
  people: period("all others"),
}

/** Its members are read together with any others, because these are to be named and not passed over. */
const Retention = Schema.StructWithRest(Schema.Struct(retentionFields), [Schema.Record(Schema.String, Schema.Unknown)])
  .check(Exchange.onlyFields(retentionFields))
  .annotate({
    description:
      "After it, people of whom nothing more was recorded are erased by `assent erase --retention`; null: nobody is",
  })

const Leads = Schema.Array(Exchange.PositivePeriod)
  .check(
    Schema.isMaxLength(Catalog.maxLeads, { message: `expected at most ${Catalog.maxLeads} periods` }),
    Schema.makeFilter((leads) => new Set(leads.map(Period.format)).size === leads.length || "has a period twice"),
  )
  .annotate({
    description: "How long before an answer lapses the change feed tells it (ISO 8601); null or empty: it does not",
  })

const projectFields = {
  type: Fields.orNull(Schema.Literal("website")),
  domains: Fields.orNull(Domains),
  appOrigins: Fields.orNull(AppOrigins),
  status: Fields.orNull(Schema.Literals(Catalog.projectStatuses)),
  earliestConsentDate: Fields.orNull(EarliestConsentDate),
  retention: Fields.orNull(Retention),
  leads: Fields.orNull(Leads),
  ...ComplianceSettings.projectFields,
}

/** A new project. */
export const NewProject = Schema.Struct({ name: Fields.EntryName, ...projectFields })

/** A change of a project. */
export const ProjectChange = Schema.Struct({ name: Fields.orNull(Fields.EntryName), ...projectFields })

/** A project. */
export const Project = Schema.Struct({
  id: Schema.String,
  organization: Schema.String,
  name: Schema.String,
  type: Schema.Literal("website"),
  domains: Schema.Array(Schema.String),
  appOrigins: Schema.Array(Schema.String),
  status: Schema.Literals(Catalog.projectStatuses),
  earliestConsentDate: Schema.String,
  retention: Schema.optionalKey(
    Schema.Struct({ guests: Schema.optionalKey(Schema.String), people: Schema.optionalKey(Schema.String) }),
  ),
  leads: Schema.optionalKey(Schema.Array(Schema.String)),
  ...ComplianceSettings.projectAnswer,
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
}).annotate({ identifier: "Project" })

/** A page of projects. */
export const ProjectPage = Wire.page(Project)

const Permissions = Schema.Array(Schema.Struct({ projectId: Fields.Uuid, role: Schema.Literals(roles) })).check(
  Schema.isMaxLength(1000, { message: "expected at most 1000 permissions" }),
)

/** A new API key. */
export const NewApiKey = Schema.Struct({
  name: Fields.EntryName,
  role: Schema.Literals(roles),
  permissions: Fields.orNull(Permissions),
  expiresAt: Fields.orNull(Exchange.Instant),
})

/** A change of an API key. */
export const ApiKeyChange = Schema.Struct({
  name: Fields.orNull(Fields.EntryName),
  role: Fields.orNull(Schema.Literals(roles)),
  permissions: Fields.orNull(Permissions),
  expiresAt: Fields.orNull(Exchange.Instant),
})

const apiKey = {
  id: Schema.String,
  organization: Schema.String,
  name: Schema.String,
  role: Schema.Literals(roles),
  permissions: Schema.Array(Schema.Struct({ projectId: Schema.String, role: Schema.Literals(roles) })),
  expiresAt: Schema.optionalKey(Schema.String),
  lastUsedAt: Schema.optionalKey(Schema.String.annotate({ description: "To the minute" })),
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
}

/** An API key, without its secret. */
export const ApiKey = Schema.Struct(apiKey).annotate({ identifier: "ApiKey" })

/** An API key in the answer that creates it, with its secret. */
export const MadeApiKey = Schema.Struct({
  ...apiKey,
  secret: Schema.String.annotate({ description: "The secret to send as x-api-key. Told only here." }),
}).annotate({ identifier: "MadeApiKey" })

/** A page of API keys. */
export const ApiKeyPage = Wire.page(ApiKey)

/** An organization in the answer that creates it, with its first API key, of the role `owner`. */
export const FoundedOrganization = Schema.Struct({ ...Organization.fields, apiKey: MadeApiKey }).annotate({
  identifier: "FoundedOrganization",
})

/** The query parameters of the lists of organizations, projects, API keys, and active consent types. */
export const entryParameters = {
  ...Wire.pageParameters,
  sort: Wire.entrySort,
}
