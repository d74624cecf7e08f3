/**
 * The evidence of events in answers to API keys: how choices came about is shown to owners and admins alone.
 */
import * as EventBody from "../../../core/ledger/EventBody.ts"
import type { ApiKey, ProjectScope } from "../../../core/model/Catalog.ts"
import * as Role from "../../../core/model/Role.ts"

/** The function that takes the evidence out of JSON with events, unless the key may see it in the project. */
export const forKey = ({
  key,
  scope,
}: {
  readonly key: ApiKey
  readonly scope: ProjectScope
}): ((json: string) => string) =>
  Role.may(Role.roleIn(key, scope.project.id), "manage") ? (json) => json : EventBody.withoutEvidence
