/**
 * Deleting a data system. One with an open task is archived instead, so that the task keeps its name until it is done;
 * no further request gives it a task.
 */
import { Effect } from "effect"
import type * as CatalogChange from "../catalog/CatalogChange.ts"
import * as DataSystems from "../catalog/DataSystems.ts"
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"
import type { DataSystem } from "../data-systems/DataSystem.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { RequestPage } from "../ports/ComplianceStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ComplianceRequest from "./ComplianceRequest.ts"

const openStatuses: ReadonlyArray<ComplianceStatus> = ["pending_verification", "submitted", "acknowledged"]

/** How many requests are read at a time. */
const limit = 500

/** Whether an open request of the organization waits for a data system. Reads its open requests. */
const hasOpenTask = Effect.fnUntraced(function* (
  organization: Organization,
  dataSystem: string,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<boolean, StoreUnavailable> {
  const { projects } = yield* store.catalog.current
  const own = [...projects.values()].filter((project) => project.organization === organization.id)
  let from: RequestPage["from"] | undefined = 0
  while (from !== undefined) {
    const page: RequestPage = { sort: "dateCreated", order: "asc", limit, from }
    const { next, requests } = yield* store.compliance.list(own, { statuses: openStatuses }, page)
    const isOpen = requests.some((stored) =>
      ComplianceRequest.stateOf(stored).tasks.some(
        (task) => task.dataSystem === dataSystem && task.result === undefined,
      ),
    )
    if (isOpen) return true
    from = next
  }
  return false
})

/** Deletes a data system, or archives it while a request waits for it. */
export const remove = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  answering: CatalogChange.Answering<DataSystem>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<DataSystem>, StoreUnavailable> {
  const isNeeded = yield* hasOpenTask(organization, id, context)
  return isNeeded
    ? yield* DataSystems.update(organization, id, { status: "archived" }, answering, context)
    : yield* DataSystems.remove(organization, id, answering, context)
})
