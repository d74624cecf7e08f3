/**
 * The one identifier that a request names a person by, for changes that must not be about several.
 */
import { Effect } from "effect"
import { Ledger } from "../../../core/Ledger.ts"
import * as People from "../../../core/model/People.ts"
import type * as Releasing from "../../../core/people/Releasing.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "../server/Answer.ts"

/** The identifiers of a body, and the project of a `projectUserId`. */
export type Given = { readonly [Kind in People.ReleasableKind]?: string | null } & { readonly project?: string | null }

const notValid = (pointer: string, code: string, detail: string) =>
  new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors: [{ pointer, code, detail }] })

/**
 * The identifier of the members at a JSON Pointer. Fails with 422 unless exactly one is given, and with a
 * `projectUserId` the project.
 */
export const of = Effect.fnUntraced(function* (fields: Given, pointer = "") {
  const ledger = yield* Ledger
  const { organization } = yield* CurrentKey
  const given = People.releasableKinds.flatMap((kind) => {
    const value = fields[kind]
    return value == null ? [] : [{ kind, value }]
  })
  const [identifier] = given
  if (identifier === undefined || given.length > 1) {
    const detail = `name exactly one of ${People.releasableKinds.join(", ")}`
    return yield* notValid(pointer, "identifier_missing", detail)
  }
  if (identifier.kind !== "projectUserId") return identifier as Releasing.Identifier
  const project = (yield* ledger.catalog).projects.get(fields.project?.toLowerCase() ?? "")
  if (project !== undefined && project.organization === organization.id) return { ...identifier, project }
  const detail = "expected the id of a project of the organization: a projectUserId is unique in its project only"
  return yield* notValid(`${pointer}/project`, "unknown_project", detail)
})
