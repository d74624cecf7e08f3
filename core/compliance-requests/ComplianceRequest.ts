/**
 * A compliance request as it is answered: its state, its clock today, and what is personal of it.
 */
import { Clock, Effect } from "effect"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import type { CivilDate } from "../compliance/CivilDate.ts"
import * as PassingTime from "../compliance/PassingTime.ts"
import type { ClockReading } from "../compliance/LegalClock.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonKeys from "../ledger/PersonKeys.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import type { StoredPrivate, StoredRequest } from "../ports/ComplianceStore.ts"
import * as RemainingColumns from "../people/RemainingColumns.ts"
import * as CivilToday from "./CivilToday.ts"
import * as RequestClock from "./RequestClock.ts"
import * as RequestPrivateData from "../ledger/RequestPrivateData.ts"

/** A compliance request of a project. */
export interface ComplianceRequest {
  readonly id: string
  readonly organization: string
  readonly project: string
  readonly state: ComplianceState.ComplianceState
  readonly status: ComplianceState.ComplianceStatus
  /** What the clock says today, in the organization's time zone. */
  readonly clock: ClockReading
  /** The first day on which what is personal of it is removed, and its files. Left out while it is open, and after. */
  readonly purgeDate?: CivilDate
  readonly filePurgeDate?: CivilDate
  /** The person of the session that it was opened in; left out where a server opened it, or that was erased. */
  readonly opener?: string
  /**
   * The person that it is about, if the ledger knows it: once identity was shown; of an opt-out, the last person that
   * it recorded a refusal of.
   */
  readonly subject?: string
  /** The columns that hold the answer to an erasure until it has been mailed; left out once they are removed. */
  readonly untilMailEnds?: ReadonlyArray<string>
  /** Left out when erased, never kept because keys were away, or not readable now because they are. */
  readonly privateData?: RequestPrivateData.RequestPrivateData
}

/** The state of a request that was read. */
export const stateOf = ({ state }: Pick<StoredRequest, "state">): ComplianceState.ComplianceState =>
  JSON.parse(state) as ComplianceState.ComplianceState

/** A request with its private row, as it is answered. */
export const make = Effect.fnUntraced(function* (
  organization: Organization,
  project: Pick<Project, "id" | "filesKeptFor" | "requestsKeptFor">,
  id: string,
  state: ComplianceState.ComplianceState,
  row: Pick<StoredPrivate, "opener" | "subject"> | undefined,
  privateData: RequestPrivateData.RequestPrivateData | undefined,
) {
  const today = CivilToday.of(organization, yield* Clock.currentTimeMillis)
  const keptFor = RequestClock.keptForOf(project)
  const kept = { ...state, isPurged: state.isPurged || row === undefined }
  const [purgeDate, filePurgeDate] = [PassingTime.purgeDate(kept, keptFor), PassingTime.filePurgeDate(kept, keptFor)]
  return {
    id,
    organization: organization.id,
    project: project.id,
    state,
    status: ComplianceState.statusOf(state),
    clock: RequestClock.read(organization, state, today),
    ...(purgeDate !== undefined && { purgeDate }),
    ...(filePurgeDate !== undefined && { filePurgeDate }),
    ...(row?.opener !== undefined && { opener: row.opener }),
    ...(row?.subject !== undefined && { subject: row.subject }),
    ...(state.erasure?.scope === "full" && row !== undefined && { untilMailEnds: RemainingColumns.ofRequests }),
    ...(privateData !== undefined && { privateData }),
  } satisfies ComplianceRequest as ComplianceRequest
})

/** Opens what is personal of requests. While keys are away, it is left out. */
export const openPrivate = (project: Project, row: StoredPrivate | undefined, context: LedgerContext) =>
  row === undefined
    ? Effect.succeed(undefined)
    : Effect.catchTag(RequestPrivateData.open(project, row, context), "KeysUnavailable", (failure) =>
        Effect.as(PersonKeys.noteLeftOut(1, failure, context.personKeys), undefined),
      )

/** How many private rows are decrypted before other requests may be answered. */
const rowsPerTurn = 64

/** Requests of an organization that were read, as they are answered: one read of private rows for each project. */
export const all = Effect.fnUntraced(function* (
  organization: Organization,
  projects: ReadonlyArray<Project>,
  requests: ReadonlyArray<StoredRequest>,
  context: LedgerContext,
) {
  const byNumber = new Map(projects.map((project) => [project.number, project]))
  const rows = new Map<string, StoredPrivate | undefined>()
  for (const [number, ofProject] of Map.groupBy(requests, ({ project }) => project)) {
    const ids = ofProject.map(({ id }) => id)
    const read = yield* context.store.compliance.privateOf(byNumber.get(number)!, ids)
    for (const [index, id] of ids.entries()) rows.set(`${number} ${id}`, read[index])
  }
  const made: Array<ComplianceRequest> = []
  for (const [index, stored] of requests.entries()) {
    if (index % rowsPerTurn === rowsPerTurn - 1) yield* Effect.yieldNow
    const project = byNumber.get(stored.project)!
    const row = rows.get(`${stored.project} ${stored.id}`)
    const privateData = yield* openPrivate(project, row, context)
    made.push(yield* make(organization, project, stored.id, stateOf(stored), row, privateData))
  }
  return made
})
