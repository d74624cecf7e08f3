/**
 * The handlers of organizations and projects: list, create, update.
 */
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { Organization, Project, ProjectLanguages, Retention } from "../../../core/model/Catalog.ts"
import * as EarliestDate from "../../../core/model/EarliestDate.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Period from "../../../core/engine/Period.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { CreatedOrganization, OrganizationFields, ProjectFields } from "../../../core/catalog/Organizations.ts"
import * as PageOrigins from "../../../core/catalog/PageOrigins.ts"
import * as PublicKeys from "../../../core/catalog/PublicKeys.ts"
import * as Role from "../../../core/model/Role.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as CatalogWire from "../api/CatalogWire.ts"
import * as LanguageWire from "../api/LanguageWire.ts"
import * as ComplianceSettings from "../api/ComplianceSettings.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Answer from "../server/Answer.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as ApiKeyJson from "./ApiKeyJson.ts"
import * as Pages from "./Pages.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as IdentityToken from "../server/IdentityToken.ts"

/** A decoder of a body that names hosts: if its shape is not valid, the hosts that could be read are checked, too. */
const decoder = <S extends Parameters<typeof Exchange.decoder>[0]>(schema: S) => {
  const decode = Exchange.decoder(schema)
  return (body: unknown): Result.Result<S["Type"], ReadonlyArray<Answer.Violation>> =>
    Result.mapError(decode(body), (violations) => [
      ...violations,
      ...PageOrigins.faultsOf(body).map(({ field, ...fault }) => ({ pointer: `/${field}`, ...fault })),
    ])
}

const decodeNewOrganization = decoder(CatalogWire.NewOrganization)
const decodeOrganization = decoder(CatalogWire.OrganizationChange)
const decodeNewProject = decoder(CatalogWire.NewProject)
const decodeProject = decoder(CatalogWire.ProjectChange)
const decodeLanguages = Exchange.decoder(LanguageWire.NewLanguages)

const organizationJson = (organization: Organization) => ({
  id: organization.id,
  name: organization.name,
  primaryDomain: organization.primaryDomain,
  privacyPolicyUrl: organization.privacyPolicyUrl,
  jwks: { keys: organization.publicKeys },
  ...(organization.timeZone !== undefined && { timeZone: organization.timeZone }),
  ...(organization.holidays !== undefined && { holidays: organization.holidays }),
  ...(organization.privacyContact !== undefined && { privacyContact: organization.privacyContact }),
  ...(organization.representative !== undefined && { representative: organization.representative }),
  dateCreated: Instant.format(organization.dateCreated),
  dateUpdated: Instant.format(organization.dateUpdated),
})

const retentionJson = ({ guests, people }: Retention) => ({
  ...(guests !== undefined && { guests: Period.format(guests) }),
  ...(people !== undefined && { people: Period.format(people) }),
})

const projectJson = (project: Project) => ({
  id: project.id,
  organization: project.organization,
  name: project.name,
  type: "website",
  domains: project.domains,
  appOrigins: project.appOrigins ?? [],
  status: project.status,
  earliestConsentDate: Instant.format(project.earliestConsentDate ?? EarliestDate.defaultOfProjects),
  ...(project.retention !== undefined && { retention: retentionJson(project.retention) }),
  ...(project.leads !== undefined && { leads: project.leads.map(Period.format) }),
  ...ComplianceSettings.projectJson(project),
  dateCreated: Instant.format(project.dateCreated),
  dateUpdated: Instant.format(project.dateUpdated),
})

/** The languages of a project as JSON. */
const writeLanguages = ({ default: main, offered }: Partial<ProjectLanguages>): string =>
  JSON.stringify({ ...(main !== undefined && { default: main }), offered: offered ?? [] })

const write = (value: object): string => JSON.stringify(value)
const writeOrganization = (organization: Organization) => write(organizationJson(organization))
const writeProject = (project: Project) => write(projectJson(project))

/** A new organization with its first key as JSON, without the secret, which is not stored. */
const foundedJson = ({ apiKey, organization }: CreatedOrganization) => ({
  ...organizationJson(organization),
  apiKey: ApiKeyJson.json(apiKey, undefined),
})

/** The members of an organization. The public keys are sent as a JWK set; `null` removes them. */
const toOrganization = <Fields extends Partial<OrganizationFields>>({
  jwks,
  ...fields
}: Fields & { readonly jwks?: typeof CatalogWire.KeySet.Type | null }) => ({
  ...fields,
  ...(jwks !== undefined && { publicKeys: jwks?.keys ?? [] }),
})

/** The members of a project. `type` has one value, so it is omitted. */
const toProject = ({ domains, name, ...rest }: typeof CatalogWire.NewProject.Type): ProjectFields => ({
  name,
  domains: domains ?? [],
  ...optionalOf(rest),
})

/** The retention; `null` if it keeps everyone for ever. */
const toRetention = (retention: typeof CatalogWire.ProjectChange.Type.retention): Retention | null => {
  const { guests, people } = retention ?? {}
  if (guests == null && people == null) return null
  return { ...(guests != null && { guests }), ...(people != null && { people }) }
}

/** The members of a project that have a default, which `null` stands for, or need not be changed. */
const optionalOf = ({
  appOrigins,
  earliestConsentDate,
  leads,
  retention,
  status,
  ...others
}: Omit<typeof CatalogWire.ProjectChange.Type, "domains" | "name" | "type">) => ({
  ...ComplianceSettings.ofProject(others),
  ...(appOrigins != null && { appOrigins }),
  ...(status != null && { status }),
  ...(earliestConsentDate !== undefined && { earliestConsentDate }),
  ...(retention !== undefined && { retention: toRetention(retention) }),
  ...(leads !== undefined && { leads }),
})

const listOrganizations = Effect.fnUntraced(function* (query: Parameters<Ledger["Service"]["listEntries"]>[3]) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const outcome = yield* ledger.listEntries(
    organization,
    ["organizations", key.id],
    [organization],
    query,
    Pages.bytesOf(writeOrganization),
  )
  return yield* Pages.answer(outcome, writeOrganization)
})

/** Fails with 422 for public keys that cannot verify a token. */
const checkKeys = Effect.fnUntraced(function* ({ jwks }: { readonly jwks?: typeof CatalogWire.KeySet.Type | null }) {
  const faults = yield* PublicKeys.faults(jwks?.keys ?? [], IdentityToken.isPoint)
  const errors = faults.map(({ code, detail, field }) => ({ pointer: `/jwks/${field}`, code, detail }))
  if (errors.length > 0) return yield* new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors })
})

const createOrganization = Effect.fnUntraced(function* (request: Parameters<typeof Answer.readBody>[0]) {
  const { setup } = yield* Ledger
  const { organization } = yield* CurrentKey
  const { fields, idempotency } = yield* CatalogChanges.read(request, decodeNewOrganization)
  yield* checkKeys(fields)
  const options = {
    ...(idempotency !== undefined && { idempotency }),
    answer: (founded: CreatedOrganization) => write(foundedJson(founded)),
  }
  const outcome = yield* setup.createOrganization(organization, toOrganization(fields), options)
  const changed = yield* CatalogChanges.orRefuse(outcome)
  const isRepeated = changed._tag === "Repeated"
  const { apiKey, ...founded } = isRepeated ? JSON.parse(changed.answer) : foundedJson(changed.value)
  const secret = isRepeated ? yield* setup.secretAgain(organization, apiKey.id, idempotency!) : changed.value.secret
  return Answer.json(write({ ...founded, apiKey: { ...apiKey, secret } }), 201, IdempotencyKey.headers(isRepeated))
})

/** The projects that a key may read. */
const listProjects = Effect.fnUntraced(function* (query: Parameters<Ledger["Service"]["listEntries"]>[3]) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const own = [...(yield* ledger.catalog).projects.values()].filter(
    (project) => project.organization === organization.id && Role.may(Role.roleIn(key, project.id), "read"),
  )
  const outcome = yield* ledger.listEntries(organization, ["projects", key.id], own, query, Pages.bytesOf(writeProject))
  return yield* Pages.answer(outcome, writeProject)
})

/** The handlers of the group `organizations`. */
export const layer = HttpApiBuilder.group(Api, "organizations", (handlers) =>
  handlers
    .handle("listOrganizations", ({ query }) => Answer.respond(listOrganizations(query)))
    .handleRaw("createOrganization", ({ request }) => Answer.respond(createOrganization(request)))
    .handleRaw("updateOrganization", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { organization } = yield* CurrentKey
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeOrganization)
          yield* checkKeys(fields)
          const { holidays, jwks, privacyContact, representative, timeZone, ...rest } = fields
          const change = toOrganization({
            ...Exchange.present(rest),
            ...(jwks !== undefined && { jwks }),
            ...(holidays !== undefined && { holidays }),
            ...(privacyContact !== undefined && { privacyContact }),
            ...(representative !== undefined && { representative }),
            ...(timeZone !== undefined && { timeZone }),
          })
          const answering = { ...idempotency, answer: writeOrganization }
          const outcome = yield* setup.updateOrganization(organization, change, answering)
          return yield* CatalogChanges.answer(outcome, writeOrganization)
        }),
      ),
    )
    .handle("listProjects", ({ query }) => Answer.respond(listProjects(query)))
    .handleRaw("createProject", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { organization } = yield* CurrentKey
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNewProject)
          const options = { ...idempotency, answer: writeProject }
          return yield* CatalogChanges.answer(
            yield* setup.createProject(organization, toProject(fields), options),
            writeProject,
            201,
          )
        }),
      ),
    )
    .handleRaw("updateProject", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeProject)
          const { domains, name } = fields
          const change = {
            ...optionalOf(fields),
            ...(name != null && { name }),
            ...(domains != null && { domains }),
          }
          const answering = { ...idempotency, answer: writeProject }
          return yield* CatalogChanges.answer(yield* setup.updateProject(scope, change, answering), writeProject)
        }),
      ),
    )
    .handle("getProjectLanguages", () =>
      Answer.respond(
        Effect.map(PathScope.current, ({ scope }) => Answer.json(writeLanguages(scope.project.languages ?? {}))),
      ),
    )
    .handleRaw("setProjectLanguages", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeLanguages)
          const languages = { default: fields.default, offered: fields.offered ?? [fields.default] }
          const answering = { ...idempotency, answer: writeLanguages }
          return yield* CatalogChanges.answer(yield* setup.setLanguages(scope, languages, answering), writeLanguages)
        }),
      ),
    ),
)
