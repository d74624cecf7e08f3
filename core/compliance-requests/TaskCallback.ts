/**
 * What a data system says of a task that was handed to its connector. The token of the callback is all that it needs to
 * show; it is good for that task alone, as long as what is personal of the request is kept.
 */
import { Effect } from "effect"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as TaskMessage from "../connectors/TaskMessage.ts"
import type { Connector } from "../data-systems/DataSystem.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { KeptDelivery, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import * as Catalog from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as RequestChanging from "./RequestChanging.ts"
import type { Held } from "./RequestChanging.ts"
import type { Step } from "./RequestSteps.ts"
import * as RequestTickets from "./RequestTickets.ts"

/** What a callback says. */
export interface TaskReport {
  /** `completed` and `cancelled` end the task; every other word is kept as how far it is. At most 64 characters. */
  readonly status: string
  /** At most 2048 characters. */
  readonly resultsUrl?: string
  /** The id that the data system was given. Left out: not compared. */
  readonly subjectRequestId?: string
}

/** What became of a callback. `NotFound`: no task has its token, or the token is that of another task. */
export type CallbackOutcome = { readonly _tag: "Taken" } | { readonly _tag: "NotFound" } | SignatureNeeded

/** The connector has a certificate, and the callback is not signed with its key. */
export interface SignatureNeeded {
  readonly _tag: "SignatureNeeded"
}

const taken = { _tag: "Taken" } as const
const notFound = { _tag: "NotFound" } as const

/** The task of a secret; `undefined` if a request has none. */
const deliveryOf = Effect.fnUntraced(function* (
  { organization }: Catalog.ProjectScope,
  { data, id }: Held,
  secret: string,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hash = yield* TaskMessage.secretHashOf(id, secret, yield* hasherOf(organization))
  return data?.deliveries?.find(({ secretHash }) => RequestTickets.isSame(hash, secretHash))
})

/** How often a data system is heard of how far a task is, because each time is a fact. Its end is heard always. */
const maxReports = 100

/** What a report does; nothing where the task or its request is over, or too much was said of how far it is. */
const stepsOf = (
  { state }: Held,
  { dataSystem, progress, reports = 0, resultsUrl }: KeptDelivery,
  report: TaskReport,
): ReadonlyArray<Step> => {
  const by = `connector:${dataSystem}` as const
  const task = state.tasks.find((each) => each.dataSystem === dataSystem)
  if (task === undefined || task.result !== undefined || ComplianceState.statusOf(state) === "resolved") return []
  if (report.status === "completed" || report.status === "cancelled") {
    const result = report.status === "completed" ? "completed" : "refused"
    return [{ command: { kind: "do_task", dataSystem, result, via: "connector" }, by }]
  }
  const isNews = progress !== report.status || (report.resultsUrl !== undefined && resultsUrl !== report.resultsUrl)
  return isNews && reports < maxReports ? [{ command: { kind: "note" }, by }] : []
}

/** What is personal of a request with what a data system has said. */
const withReport = (
  data: RequestPrivateData,
  delivery: KeptDelivery,
  { resultsUrl = delivery.resultsUrl, status }: TaskReport,
): RequestPrivateData => ({
  ...data,
  deliveries: (data.deliveries ?? []).map((each) =>
    each.dataSystem === delivery.dataSystem
      ? {
          ...delivery,
          progress: status,
          ...(resultsUrl !== undefined && { resultsUrl }),
          reports: (delivery.reports ?? 0) + 1,
        }
      : each,
  ),
})

/** The connector of a data system, which may have been removed since. */
const connectorOf = (
  { dataSystems }: Catalog.Catalog,
  { organization }: Catalog.ProjectScope,
  { dataSystem }: KeptDelivery,
): Connector | undefined => dataSystems.get(organization.id)?.find(({ id }) => id === dataSystem)?.connector

/** Takes a callback. `isSigned`: whether it is signed with the key of a certificate. */
export const take = Effect.fnUntraced(function* (
  token: string,
  report: TaskReport,
  isSigned: (certificate: string) => boolean,
  context: LedgerContext,
): Effect.fn.Return<CallbackOutcome, StoreUnavailable> {
  const place = TaskMessage.readCallbackToken(token)
  const catalog = yield* context.store.catalog.current
  const scope = place && Catalog.scope(catalog, place.project)
  if (place === undefined || scope === undefined) return notFound
  const plan = Effect.fnUntraced(function* (held: Held) {
    const delivery = yield* deliveryOf(scope, held, place.secret, context)
    const { subjectRequestId = delivery?.subjectRequestId } = report
    if (delivery === undefined || subjectRequestId?.toLowerCase() !== delivery.subjectRequestId) return notFound
    const certificate = connectorOf(catalog, scope, delivery)?.certificate
    if (certificate !== undefined && !isSigned(certificate)) return { _tag: "SignatureNeeded" } as const
    const steps = stepsOf(held, delivery, report)
    return { steps, changeData: (data: RequestPrivateData) => withReport(data, delivery, report) }
  })
  const outcome = yield* RequestChanging.carryOut({ scope, id: place.request, plan, isPrivateNeeded: true }, context)
  if (outcome._tag === "NotFound" || outcome._tag === "SignatureNeeded") return outcome
  // A step that is refused comes too late: staff has ended the task or the request.
  return taken
})
