/**
 * Which data systems have a task of a request: those that are in use, hold data of its project, and take requests of
 * its kind. The ledger's own task is always the first.
 */
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { DataSystem } from "../data-systems/DataSystem.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"

type Scope = Pick<ProjectScope, "organization" | "project">

/** The data systems that hold data of a project, in the order in which they were created. */
export const systemsOf = (
  { dataSystems }: Pick<Catalog, "dataSystems">,
  { organization, project }: Scope,
): ReadonlyArray<DataSystem> =>
  (dataSystems.get(organization.id) ?? []).filter(({ projectIds, status }) => {
    const isUsed = status === "active" || (status === "test" && project.status === "test")
    return isUsed && (projectIds.length === 0 || projectIds.includes(project.id))
  })

/** The ids of the data systems that get a task when a request is opened. */
export const of = (catalog: Pick<Catalog, "dataSystems">, scope: Scope, request: RequestKind): ReadonlyArray<string> =>
  systemsOf(catalog, scope)
    .filter(({ handles }) => handles === undefined || handles.includes(request))
    .map(({ id }) => id)
