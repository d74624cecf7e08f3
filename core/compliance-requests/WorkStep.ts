/**
 * A step of the work on a compliance request, with the member of the change that it comes from, and why one is refused.
 */
import type * as Transition from "../compliance/Transition.ts"
import type { Step } from "./RequestSteps.ts"

/** A command with the member that it comes from. */
export interface Member {
  readonly field: string
  readonly command: Transition.Command
}

/** A step with the member that it comes from. */
export interface WorkStep extends Step, Member {}

/** Why a member is refused that no command is decided for. */
export type OwnCode =
  | "apply_missing"
  | "apply_not_allowed"
  | "changes_missing"
  | "erase_needed"
  | "erasure_ground_missing"
  | "erasure_not_allowed"
  | "resolution_status_missing"
  | "subject_unknown"

/** Why one member is refused. `names`: the tasks or requests that are open. */
export interface WorkViolation {
  readonly code: Transition.Code | OwnCode
  readonly field: string
  readonly detail: string
  readonly names?: ReadonlyArray<string>
}

/** What a refusal asks for. */
const details: { readonly [Code in Transition.Code]: string } = {
  already_verified: "identity was shown already",
  clarification_open: "the requester was asked already: say when it is done",
  code_not_valid: "the code is not valid",
  denial_ground_missing: "say on which ground the request is denied",
  erased_already: "what was erased cannot be opened again",
  erasure_incomplete: "not everything was erased: resolve it as partially_completed",
  extended_before: "the time was extended already",
  extension_not_allowed: "its clock pack allows no extension",
  extension_too_late: "the answer was due already",
  ledger_task: "the ledger does its own task",
  no_clarification_open: "the requester was not asked to clarify",
  not_open: "the request is resolved: reopen it first",
  not_resolved: "the request is open",
  not_verified: "the requester has not shown their identity: verify it first, or deny the request",
  other_requests_open: "resolve the other requests of the person first",
  purged_already: "what is personal of the request is gone: it can only be denied or withdrawn",
  reason_missing: "give the reason",
  resolution_missing: "say in resolution what the requester is told",
  tasks_open:
    "these tasks are not done (that of a view's ledger by its package): finish them, or resolve the request as partially_completed",
  transition_not_allowed: "the request does not take this step now",
  unknown_file: "the request has no such file",
  unknown_task: "the request has no task for this data system",
}

/** A refusal at a member. */
export const refusalOf = (
  field: string,
  { code, names }: Pick<Transition.Refused, "code" | "names">,
): WorkViolation => ({
  code,
  field,
  detail: details[code],
  ...(names !== undefined && { names }),
})
