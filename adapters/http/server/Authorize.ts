/**
 * The permissions of an API key: the organization and project in the path must be the key's own, and its role must have
 * the permission that the endpoint declares. Checked in this order, so that a key learns nothing about other
 * organizations.
 */
import { Context, Effect } from "effect"
import type { HttpApiEndpoint } from "effect/http-api"
import { Ledger } from "../../../core/Ledger.ts"
import type { ApiKey, Organization, ProjectScope } from "../../../core/model/Catalog.ts"
import * as Role from "../../../core/model/Role.ts"
import { InEveryProject, Needs } from "../api/Endpoint.ts"
import * as Answer from "./Answer.ts"
import * as PathScope from "./PathScope.ts"

/** The parameters of a path, as sent. */
export type PathParams = Readonly<Record<string, string | undefined>>

const noOrganization = new Answer.HttpProblem({ status: 404, detail: "there is no such organization" })

/** The organization of a key. */
const organizationOf = Effect.fnUntraced(function* (key: ApiKey) {
  const ledger = yield* Ledger
  return (yield* ledger.catalog).organizations.get(key.organization)!
})

/** The organization and the project that a path names; 404 unless both are the key's own. */
const ownOf = Effect.fnUntraced(function* (key: ApiKey, { organizationId, projectId }: PathParams) {
  if (organizationId !== undefined && organizationId.toLowerCase() !== key.organization) {
    return yield* projectId === undefined ? noOrganization : PathScope.noProject
  }
  const organization: Organization = yield* organizationOf(key)
  if (projectId === undefined) return { organization, scope: undefined }
  const scope: ProjectScope = yield* PathScope.find(projectId)
  return scope.organization.id === key.organization ? { organization, scope } : yield* PathScope.noProject
})

/** The roles that must have the permission: the one in the project of the path, or all of the key's. */
const rolesOf = (key: ApiKey, endpoint: HttpApiEndpoint.Top, scope: ProjectScope | undefined) =>
  Context.get(endpoint.annotations, InEveryProject)
    ? [key.role, ...key.permissions.map(({ role }) => role)]
    : [Role.roleIn(key, scope?.project.id)]

/** Fails with 403 unless the key has the permission of the endpoint where the endpoint needs it. */
const checkPermission = (key: ApiKey, endpoint: HttpApiEndpoint.Top, scope: ProjectScope | undefined) => {
  const needed = Context.get(endpoint.annotations, Needs)
  if (needed === undefined) return Effect.die(`${endpoint.identifier} declares no permission`)
  const lesser = rolesOf(key, endpoint, scope).find((role) => !Role.may(role, needed))
  if (lesser === undefined) return Effect.void
  const where = Context.get(endpoint.annotations, InEveryProject) ? "in every project" : "here"
  const detail = `the API key's role ${lesser} does not permit to ${needed} ${where}`
  return new Answer.HttpProblem({ status: 403, detail })
}

/** The organization and the project that a request with a key is about, if the key may call the endpoint there. */
export const authorize = Effect.fnUntraced(function* (key: ApiKey, endpoint: HttpApiEndpoint.Top, params: PathParams) {
  const own = yield* ownOf(key, params)
  yield* checkPermission(key, endpoint, own.scope)
  return own
})
