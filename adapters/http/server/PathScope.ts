/**
 * The project scope that the path of a request names.
 */
import { Effect, Option } from "effect"
import { Ledger } from "../../../core/Ledger.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "./Answer.ts"
import * as RequestLog from "./RequestLog.ts"

/**
 * Answered where a project does not exist, and where it belongs to another organization: a caller cannot tell which.
 */
export const noProject = new Answer.HttpProblem({ status: 404, detail: "there is no such project" })

/** The scope of a project by its id. Adds the project and its organization to the log entry. */
export const find = Effect.fnUntraced(function* (projectId: string) {
  const ledger = yield* Ledger
  const scope = yield* ledger.projectScope(projectId)
  if (Option.isNone(scope)) return yield* noProject
  yield* RequestLog.add({ projectId: scope.value.project.id, organizationId: scope.value.organization.id })
  return scope.value
})

/**
 * The API key of the request, and the scope of the project in its path. Dies if the path of the endpoint names no
 * project.
 */
export const current = Effect.gen(function* () {
  const { key, scope } = yield* CurrentKey
  if (scope === undefined) return yield* Effect.die("the path of the endpoint names no project")
  return { key, scope }
})
