/**
 * The row of a compliance request, from the state that its facts make. Two days do not follow from the facts alone:
 * they also need the clock pack, the holidays, and the periods for which the project keeps requests.
 */
import type { CivilDate } from "../compliance/CivilDate.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import type { ComplianceRow } from "./ComplianceStore.ts"

/**
 * The row of a request. `dueOn` is the due date now; `undefined` where no law sets one or its clock is paused.
 * `sweepOn`: the first day on which a sweep looks at it; `undefined` where time does nothing to it.
 */
export const of = (
  id: string,
  state: ComplianceState.ComplianceState,
  dueOn: CivilDate | undefined,
  sweepOn?: CivilDate,
): ComplianceRow => {
  const { clock, country, domain, instants, isLapsed, ordinal, request, resolution } = state
  return {
    id,
    ordinal,
    state: JSON.stringify(state),
    kind: request,
    status: ComplianceState.statusOf(state),
    ...(resolution !== undefined && { resolutionStatus: resolution.status }),
    regulation: clock,
    ...(domain !== undefined && { domain }),
    ...(country !== undefined && { country }),
    requestDate: instants.received,
    dateCreated: instants.opened,
    dateUpdated: instants.updated,
    ...(dueOn !== undefined && { dueOn }),
    ...(sweepOn !== undefined && { sweepOn }),
    isLapsed,
  }
}
