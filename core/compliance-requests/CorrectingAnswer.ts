/**
 * The answer to a `change`: replaces members of the profile of the person that the request is about, if it is asked to.
 * Identifiers are moved by an identification only.
 *
 * Everything that can be refused is refused first. Then the profile is corrected, and then the facts are recorded.
 * After a crash in between the same change goes on, because a correction that is made again changes nothing.
 */
import { Effect } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ProfileCorrection from "../people/ProfileCorrection.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ErasingAnswer from "./ErasingAnswer.ts"
import type { WorkStep, WorkViolation } from "./WorkStep.ts"

/** What is asked to be corrected. */
export interface AskedCorrection {
  readonly apply: true | undefined
  readonly changes: ProfileCorrection.Correction | undefined
}

const applyMissing: WorkViolation = {
  code: "apply_missing",
  field: "apply",
  detail: "changes are made with apply: true only",
}

const changesMissing: WorkViolation = {
  code: "changes_missing",
  field: "changes",
  detail: "say which members of the profile become which",
}

const notAllowed: WorkViolation = {
  code: "apply_not_allowed",
  field: "apply",
  detail: "only the answer to a change corrects: resolve one as completed or partially_completed",
}

/** The steps with the correction, and the ledger's task that it does, before the answer. */
const withCorrection = (
  { held: { state }, steps }: ErasingAnswer.Answer,
  answer: WorkStep,
  fields: ReadonlyArray<string>,
): ReadonlyArray<WorkStep> => {
  const task = { dataSystem: state.ledgerTask, result: "completed", via: "ledger" } as const
  const own = { field: "apply", by: "engine" } as const
  const correction: ReadonlyArray<WorkStep> = [
    { ...own, command: { kind: "correct", fields } },
    { ...own, command: { kind: "do_task", ...task } },
  ]
  return steps.flatMap((step) => (step === answer ? [...correction, step] : [step]))
}

/** Corrects with the answer to a `change`, and returns its steps with what was corrected; or why nothing was. */
export const fulfil = Effect.fnUntraced(function* (
  answer: ErasingAnswer.Answer,
  { apply, changes }: AskedCorrection,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<WorkStep> | WorkViolation, StoreUnavailable> {
  const { held, scope, subject } = answer
  if (apply === undefined) return applyMissing
  const fields = Object.keys(changes ?? {}).toSorted()
  if (changes === undefined || fields.length === 0) return changesMissing
  const resolving = ErasingAnswer.answerOf(answer)
  if (held.state.request !== "change" || resolving === undefined) return notAllowed
  const steps = withCorrection(answer, resolving, fields)
  const refusal = yield* ErasingAnswer.refused(answer, steps, context)
  if (refusal !== undefined) return refusal
  if (subject === undefined) return ErasingAnswer.subjectUnknown("apply")
  yield* ErasingAnswer.checkReadable(held)
  const isCorrected = yield* ProfileCorrection.carryOut(scope.organization, subject, changes, context)
  return isCorrected ? steps : ErasingAnswer.subjectUnknown("apply")
})
