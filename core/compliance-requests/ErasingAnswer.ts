/**
 * The answer to a `delete`: erases the person that the request is about, and everyone that is joined with it.
 *
 * Everything that can be refused is refused before anything is erased, because an erasure cannot be undone: the steps
 * are decided as if everything were erased. Then the person is erased, then it is read what is left, and then the facts
 * are recorded. After a crash in between the request is open and its person erased: the same change goes on, because
 * erasing a person again is answered with the first erasure.
 */
import { Clock, Effect } from "effect"
import type { ErasureGround, ErasureOutcome } from "../compliance/ComplianceFact.ts"
import type * as Transition from "../compliance/Transition.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import * as Erasing from "../people/Erasing.ts"
import * as RemainingColumns from "../people/RemainingColumns.ts"
import { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import { type Held, keyIsGone } from "./RequestChanging.ts"
import * as RequestIds from "./RequestIds.ts"
import * as RequestSteps from "./RequestSteps.ts"
import { refusalOf, type WorkStep, type WorkViolation } from "./WorkStep.ts"

/** Steps of an API key that may answer a request. */
export interface Answer {
  readonly scope: ProjectScope
  readonly held: Held
  readonly steps: ReadonlyArray<WorkStep>
  /** The person that the request is about, if the ledger knows it. */
  readonly subject: string | undefined
  readonly keyId: string
  /** Whether the key may erase in the whole organization. */
  readonly mayErase: true | undefined
}

/** What is asked to be erased: everything, or all but identifiers and joins, which needs a ground. */
export type AskedErasure =
  | { readonly scope: "full" }
  | { readonly scope: "held"; readonly ground?: ErasureGround | undefined }

/** The step that says that a request was answered, in whole or in part; `undefined` if none does. */
export const answerOf = ({ steps }: Pick<Answer, "steps">): WorkStep | undefined =>
  steps.find(
    ({ command }) =>
      command.kind === "resolve" && (command.status === "completed" || command.status === "partially_completed"),
  )

/** Whether the answer to a `delete` is among the steps. */
export const isErasing = (answer: Answer): boolean =>
  answer.held.state.request === "delete" && answerOf(answer) !== undefined

export const notAllowed: WorkViolation = {
  code: "erasure_not_allowed",
  field: "erasure",
  detail: "only the answer to a delete erases: resolve one as completed or partially_completed",
}

const eraseNeeded: WorkViolation = {
  code: "erase_needed",
  field: "status",
  detail: "needs a key that may erase in the whole organization: the answer to a delete erases the person",
}

const groundMissing: WorkViolation = {
  code: "erasure_ground_missing",
  field: "erasure/ground",
  detail: "say on which ground the identifiers of the person are kept",
}

const heldIsPartial: WorkViolation = {
  code: "erasure_incomplete",
  field: "erasure/scope",
  detail: "identifiers are kept, so not everything is erased: resolve it as partially_completed",
}

/** What is wrong with what is asked to be erased. */
const askedFault = (answer: Answer, asked: AskedErasure): WorkViolation | undefined => {
  if (asked.scope === "full") return undefined
  if (asked.ground === undefined) return groundMissing
  const command = answerOf(answer)?.command
  return command?.kind === "resolve" && command.status === "completed" ? heldIsPartial : undefined
}

/** The request is about no one that the ledger knows. */
export const subjectUnknown = (field: string): WorkViolation => ({
  code: "subject_unknown",
  field,
  detail: "the ledger knows no person that the request is about: resolve it as no_records_found",
})

/** Fails where what is personal of a request is there and cannot be read, because its answer could not be written. */
export const checkReadable = ({ data, row }: Held): Effect.Effect<void, StoreUnavailable> =>
  row?.sealed !== undefined && data === undefined ? Effect.fail(keyIsGone) : Effect.void

/** Decides steps without recording anything; a violation if one of them is refused. */
export const refused = Effect.fnUntraced(function* (
  { held: { id, row, state }, scope: { organization } }: Answer,
  steps: ReadonlyArray<WorkStep>,
  context: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  const decided = yield* RequestSteps.decide(
    { organization, id, state, isGone: row === undefined },
    steps,
    now,
    context,
  )
  return decided._tag === "Refused" ? refusalOf(steps[decided.index]!.field, decided) : undefined
})

/** The steps of an answer with what is erased with it. */
const withErasure = (
  { steps }: Answer,
  more: Pick<Extract<Transition.Command, { kind: "resolve" }>, "erasure" | "otherRequests">,
): ReadonlyArray<WorkStep> =>
  steps.map((step) => (step.command.kind === "resolve" ? { ...step, command: { ...step.command, ...more } } : step))

/** As if everything were erased that is asked for. */
const asIf = ({ scope }: AskedErasure): ErasureOutcome => ({ erasure: "", scope, counts: {}, remaining: [] })

const openStatuses = ["pending_verification", "submitted", "acknowledged"] as const

/** The most requests that a refusal names. */
const maxNamed = 100

/** The other open requests of a person and of everyone that is joined with it, in all projects. */
const otherRequestsOf = Effect.fnUntraced(function* (
  organization: Organization,
  subject: string,
  { id }: Held,
  context: LedgerContext,
) {
  const { members } = People.joinedWith(yield* Joins.facts(organization, subject, context), subject, Infinity)
  const filter = { people: members, statuses: openStatuses }
  return yield* RemainingColumns.requestsOf(organization, filter, id, maxNamed, context)
})

const logUnavailable = new StoreUnavailable({
  reason: "the log of erasures cannot be written, and nothing was erased; try again",
})

/**
 * Erases, and returns what was erased; `undefined` for a person that nothing is known of. Where everything was erased
 * before, identifiers are not there to be kept, so that the scope is `full`.
 */
const erase = Effect.fnUntraced(function* (
  { held: { id }, keyId, scope: { organization } }: Answer,
  concordId: string,
  asked: AskedErasure,
  context: LedgerContext,
): Effect.fn.Return<ErasureOutcome | undefined, StoreUnavailable> {
  const erasing = { concordId, submitter: keyId, reason: "request" } as const
  const held = asked.scope === "held" && {
    held: { id: yield* RequestIds.ofHeldErasure(organization, id, context), scope: asked.scope },
  }
  const erased = yield* Erasing.erase(organization, { ...erasing, ...held }, context)
  if (erased._tag === "LogUnavailable") return yield* logUnavailable
  if (erased._tag !== "Erased") return undefined
  const { destroyed, id: erasure, members, scope = "full" } = erased.erasure
  const remaining = yield* RemainingColumns.of(organization, members, id, context)
  const ground = scope === "held" && asked.scope === scope ? asked.ground : undefined
  return { erasure, scope, ...(ground !== undefined && { ground }), counts: { ...destroyed }, remaining }
})

/**
 * Erases with the answer to a `delete`, and returns its steps with what was erased; or why nothing was. A request about
 * no one that the ledger knows erases nothing.
 */
export const fulfil = Effect.fnUntraced(function* (
  answer: Answer,
  asked: AskedErasure = { scope: "full" },
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<WorkStep> | WorkViolation, StoreUnavailable> {
  const fault = askedFault(answer, asked)
  if (fault !== undefined) return fault
  const { held, mayErase, scope, steps, subject } = answer
  if (subject === undefined) {
    const refusal = yield* refused(answer, steps, context)
    if (refusal === undefined) return steps
    return refusal.code === "erasure_incomplete" ? subjectUnknown("resolutionStatus") : refusal
  }
  const otherRequests = yield* otherRequestsOf(scope.organization, subject, held, context)
  const refusal = yield* refused(answer, withErasure(answer, { erasure: asIf(asked), otherRequests }), context)
  if (refusal !== undefined) return refusal
  if (mayErase === undefined) return eraseNeeded
  yield* checkReadable(held)
  const erasure = yield* erase(answer, subject, asked, context)
  return erasure === undefined ? subjectUnknown("resolutionStatus") : withErasure(answer, { erasure })
})
