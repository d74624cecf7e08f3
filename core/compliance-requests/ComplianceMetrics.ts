/**
 * What is counted of compliance requests. Nothing in it is personal.
 */
import { Clock, Effect, Metric } from "effect"
import { requestKinds } from "../compliance/ClockPack.ts"
import { resolutionStatuses } from "../compliance/ComplianceFact.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { RequestFilter } from "../ports/ComplianceStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CivilToday from "./CivilToday.ts"

/** Requests that were opened, by what was asked and where they came from. */
export const opened = Metric.counter("assent_compliance_requests_opened_total", {
  description: "Compliance requests that were opened, by what was asked and by the channel.",
  incremental: true,
})

/** Requests that were resolved, by what was asked and how they ended. */
export const resolved = Metric.counter("assent_compliance_requests_resolved_total", {
  description: "Compliance requests that were resolved, by what was asked and by the resolution status.",
  incremental: true,
})

/** Codes that were to be mailed: `sent`, or `limited` because the address or the project had too many. */
export const codes = Metric.counter("assent_compliance_codes_total", {
  description: "Codes by which requesters show their identity: sent, or not sent because of a limit.",
  incremental: true,
})

const open = Metric.gauge("assent_compliance_requests_open", {
  description: "Compliance requests of all organizations that are not resolved and have not lapsed.",
})

const overdue = Metric.gauge("assent_compliance_requests_overdue", {
  description: "Compliance requests of all organizations that are open, and whose answer was due before today.",
})

/** Counts nothing, by every label: so that a counter is there before it counts, and its first increase is seen. */
const showCounters = Effect.gen(function* () {
  for (const outcome of ["sent", "limited"]) yield* Metric.update(Metric.withAttributes(codes, { outcome }), 0)
  for (const request of requestKinds) {
    for (const channel of ["site", "server"]) {
      yield* Metric.update(Metric.withAttributes(opened, { channel, request }), 0)
    }
    for (const resolution of resolutionStatuses) {
      yield* Metric.update(Metric.withAttributes(resolved, { request, resolution }), 0)
    }
  }
})

const first = { sort: "requestDate", order: "asc", limit: 1, from: 0 } as const

/** Counts the requests that are open and those that are overdue, with two statements for each organization. */
export const measure = Effect.fnUntraced(function* ({
  store,
}: Pick<LedgerContext, "store">): Effect.fn.Return<void, StoreUnavailable> {
  const { organizations, projects } = yield* store.catalog.current
  const now = yield* Clock.currentTimeMillis
  let [openCount, overdueCount] = [0, 0]
  for (const organization of organizations.values()) {
    const own = [...projects.values()].filter((project) => project.organization === organization.id)
    if (own.length === 0) continue
    const count = (filter: RequestFilter) => Effect.map(store.compliance.list(own, filter, first), ({ total }) => total)
    const statuses = ["pending_verification", "submitted", "acknowledged"] as const
    openCount += yield* count({ statuses, isLapsed: false })
    overdueCount += yield* count({ overdue: { on: CivilToday.of(organization, now), is: true } })
  }
  yield* showCounters
  yield* Metric.update(open, openCount)
  yield* Metric.update(overdue, overdueCount)
})
