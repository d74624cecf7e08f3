/**
 * Working on a compliance request: the members of one change are one list of commands, decided one after the other, all
 * of them or none.
 */
import { Effect, Option } from "effect"
import type { DenialGround, ResolutionStatus, TaskResult } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import type * as Idempotency from "../ledger/Idempotency.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as EmailAddress from "../model/EmailAddress.ts"
import type { Correction } from "../people/ProfileCorrection.ts"
import type { Session } from "../ports/SessionStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ComplianceReading from "./ComplianceReading.ts"
import type { ComplianceRequest } from "./ComplianceRequest.ts"
import * as CorrectingAnswer from "./CorrectingAnswer.ts"
import * as ErasingAnswer from "./ErasingAnswer.ts"
import * as RequestChanging from "./RequestChanging.ts"
import type { Held } from "./RequestChanging.ts"
import * as RequestTasks from "./RequestTasks.ts"
import * as RequestSubject from "./RequestSubject.ts"
import { type Member, refusalOf, type WorkStep, type WorkViolation } from "./WorkStep.ts"

/** What a data system has done, or not. */
export interface TaskChange {
  readonly dataSystem: string
  readonly isCompleted: boolean
  /** Left out: `completed`. */
  readonly result?: TaskResult
}

/** The members of a change, in the order in which they are decided. At least one is given. */
export interface WorkChange {
  /** The ordinal that the caller has seen. Another one is a conflict. */
  readonly ordinal?: number
  readonly notes?: string
  readonly verify?: { readonly reason: string }
  readonly tasks?: ReadonlyArray<TaskChange>
  readonly clarification?: "ask" | "done"
  /** What the requester is asked, with `ask`. */
  readonly question?: string
  readonly extension?: { readonly reason: string }
  readonly reopen?: { readonly reason: string }
  /** `acknowledged` or `resolved`; another one is refused unless it is the status already. */
  readonly status?: ComplianceStatus
  readonly resolution?: string
  readonly resolutionStatus?: ResolutionStatus
  readonly denialGround?: DenialGround
  /** What is erased with the answer to a `delete`. Left out: everything. */
  readonly erasure?: ErasingAnswer.AskedErasure
  /** With the answer to a `change`: `changes` replace members of the profile of the person that it is about. */
  readonly apply?: true
  /** At least one member; `null` removes one. */
  readonly changes?: Correction
}

/** The request after the change, or why nothing was changed. */
export type WorkOutcome =
  | { readonly _tag: "Changed"; readonly request: ComplianceRequest; readonly isRepeated?: true }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<WorkViolation> }
  /** The request has another ordinal than the one that was seen. */
  | { readonly _tag: "OrdinalConflict"; readonly ordinal: number }

/** A key that works on requests. */
export interface Worker {
  /** The id of the API key. */
  readonly keyId: string
  /** Whether it may erase in the whole organization, which the answer to a `delete` needs. */
  readonly mayErase?: true
  readonly idempotency?: Idempotency.IdempotentRequest
}

const isGiven = (text: string | undefined): boolean => text !== undefined && text.trim() !== ""

/** What is done to a task. A data system of the project that has none yet gets one. */
const taskMembers =
  (known: ReadonlySet<string>) =>
  ({ dataSystem, isCompleted, result = "completed" }: TaskChange, index: number): ReadonlyArray<Member> => {
    const field = `dataSystemTasks/${index}`
    const done = { field, command: { kind: "do_task", dataSystem, result, via: "staff" } } as const
    if (!known.has(dataSystem)) return [isCompleted ? done : { field, command: { kind: "undo_task", dataSystem } }]
    const added = { field, command: { kind: "add_task", dataSystem } } as const
    return isCompleted ? [added, done] : [added]
  }

const resolveMember = (
  { denialGround, resolution, resolutionStatus }: WorkChange,
  { data }: Held,
): Member | WorkViolation =>
  resolutionStatus === undefined
    ? { code: "resolution_status_missing", field: "resolutionStatus", detail: "say how the request ends" }
    : {
        field: "status",
        command: {
          kind: "resolve",
          status: resolutionStatus,
          ...(denialGround !== undefined && { denialGround }),
          hasResolution: isGiven(resolution ?? data?.resolution),
        },
      }

/** The member `status`; nothing where it says what is so after the commands before it. */
const statusMembers = (change: WorkChange, held: Held): ReadonlyArray<Member | WorkViolation> => {
  const { reopen, status, verify } = change
  if (status === undefined) return []
  if (status === "resolved") return [resolveMember(change, held)]
  if (status === "acknowledged") return [{ field: "status", command: { kind: "acknowledge" } }]
  const isMoving = reopen !== undefined || verify !== undefined
  if (status === ComplianceState.statusOf(held.state) && !isMoving) return []
  return [refusalOf("status", { code: "transition_not_allowed" })]
}

/** The commands of a change, in the order in which they are decided. */
const membersOf = (
  change: WorkChange,
  held: Held,
  addable: ReadonlySet<string>,
): ReadonlyArray<Member | WorkViolation> => {
  const { clarification, extension, notes, reopen, resolution, status, tasks = [], verify } = change
  const isNoted = notes !== undefined && notes !== (held.data?.notes ?? "")
  // Words for the requester that are changed without the status are a note.
  const isReworded = resolution !== undefined && status !== "resolved" && resolution !== held.data?.resolution
  return [
    ...(isNoted ? [{ field: "notes", command: { kind: "note" } } as const] : []),
    ...(isReworded && !isNoted ? [{ field: "resolution", command: { kind: "note" } } as const] : []),
    ...(reopen !== undefined
      ? [{ field: "reopen", command: { kind: "reopen", hasReason: isGiven(reopen.reason) } } as const]
      : []),
    ...(verify !== undefined
      ? [{ field: "verify", command: { kind: "verify_by_staff", hasReason: isGiven(verify.reason) } } as const]
      : []),
    ...tasks.flatMap(taskMembers(addable)),
    ...(clarification === undefined
      ? []
      : [
          {
            field: "clarification",
            command: { kind: clarification === "ask" ? "ask_clarification" : "clarify" },
          } as const,
        ]),
    ...(extension !== undefined
      ? [{ field: "extension", command: { kind: "extend", hasReason: isGiven(extension.reason) } } as const]
      : []),
    ...statusMembers(change, held),
  ]
}

/** A new question takes the place of the one before, with its answer. */
const withQuestion = (data: RequestPrivateData, { clarification, question }: WorkChange): RequestPrivateData => {
  if (clarification !== "ask") return data
  const { clarification: _, reasons: { clarification: __, ...reasons } = {}, ...rest } = data
  return { ...rest, reasons: { ...reasons, ...(isGiven(question) && { clarification: question! }) } }
}

/** What is personal of a request after a change. */
const changedData = (given: RequestPrivateData, change: WorkChange): RequestPrivateData => {
  const before = withQuestion(given, change)
  const { extension, notes = before.notes, reopen, resolution = before.resolution, verify } = change
  const { notes: _, reasons: __, resolution: ___, ...rest } = before
  const reasons = {
    ...before.reasons,
    ...(verify !== undefined && { verification: verify.reason }),
    ...(extension !== undefined && { extension: extension.reason }),
    ...(reopen !== undefined && { reopening: reopen.reason }),
  }
  return {
    ...rest,
    ...(notes !== undefined && notes !== "" && { notes }),
    ...(resolution !== undefined && resolution !== "" && { resolution }),
    ...(Object.keys(reasons).length > 0 && { reasons }),
  }
}

/** The data systems that have no task of a request yet, and may be given one. */
const addableOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { state }: Held,
  { tasks }: WorkChange,
  { store }: LedgerContext,
) {
  if (tasks === undefined) return new Set<string>()
  const known = new Set(state.tasks.map(({ dataSystem }) => dataSystem))
  const systems = RequestTasks.systemsOf(yield* store.catalog.current, scope)
  return new Set(systems.flatMap(({ id }) => (known.has(id) ? [] : [id])))
})

/** The person that staff shows the identity of: the one that the typed address names. */
const subjectOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { data, row }: Held,
  { verify }: WorkChange,
  context: LedgerContext,
) {
  if (verify === undefined || row === undefined || row.subject !== undefined) return undefined
  const email = EmailAddress.normalize(data?.user.email ?? "")
  return email && (yield* RequestSubject.ofEmail(scope, email, context))
})

type Outcome = RequestChanging.ChangeOutcome<WorkStep, Extract<WorkOutcome, { readonly _tag: "Refused" }>>

/** A refused step as the member that it comes from. */
const answerOf = (outcome: Outcome | Idempotency.KeyConflict): WorkOutcome | Idempotency.KeyConflict =>
  outcome._tag === "StepRefused" ? { _tag: "Refused", violations: [refusalOf(outcome.step.field, outcome)] } : outcome

/** What a violation names, with the names of data systems next to the ids of their tasks. */
const named = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  outcome: WorkOutcome | Idempotency.KeyConflict,
  { store }: LedgerContext,
) {
  if (outcome._tag !== "Refused" || !outcome.violations.some(({ code }) => code === "tasks_open")) return outcome
  const { dataSystems } = yield* store.catalog.current
  const systems = [LedgerSystem.of(organization), ...(dataSystems.get(organization.id) ?? [])]
  const called = new Map(systems.map(({ id, name }) => [id, `${name} (${id})`]))
  const violations = outcome.violations.map((each) =>
    each.code === "tasks_open" ? { ...each, names: each.names?.map((id) => called.get(id) ?? id) ?? [] } : each,
  )
  return { ...outcome, violations }
})

/**
 * Does what the ledger owes with an answer: erases the person of a `delete`, corrects the profile of that of a
 * `change`. Returns the steps with what was done; or why nothing was.
 */
const fulfilled = (
  asked: WorkChange,
  answer: ErasingAnswer.Answer,
  context: LedgerContext,
): Effect.Effect<ReadonlyArray<WorkStep> | WorkViolation, StoreUnavailable> => {
  const { apply, changes, erasure } = asked
  if (ErasingAnswer.isErasing(answer)) return ErasingAnswer.fulfil(answer, erasure, context)
  if (erasure !== undefined) return Effect.succeed(ErasingAnswer.notAllowed)
  if (apply === undefined && changes === undefined) return Effect.succeed(answer.steps)
  return CorrectingAnswer.fulfil(answer, { apply, changes }, context)
}

/** Changes a request of a project by a key. */
export const change = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  asked: WorkChange,
  { idempotency, keyId, mayErase }: Worker,
  context: LedgerContext,
): Effect.fn.Return<WorkOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  if (!Identifiers.isUuid(id)) return { _tag: "NotFound" }
  const plan = Effect.fnUntraced(function* (held: Held) {
    const members = membersOf(asked, held, yield* addableOf(scope, held, asked, context))
    const violations = members.filter((each) => "code" in each)
    if (violations.length > 0) return { _tag: "Refused", violations } as const
    const by = `key:${keyId}` as const
    const given = members.flatMap((each) => ("code" in each ? [] : [{ ...each, by }]))
    const subject = yield* subjectOf(scope, held, asked, context)
    const answer = { scope, held, steps: given, subject: held.row?.subject ?? subject, keyId, mayErase }
    const steps = yield* fulfilled(asked, answer, context)
    if ("code" in steps) return { _tag: "Refused", violations: [steps] } as const
    return { steps, subject, changeData: (before: RequestPrivateData) => changedData(before, asked) }
  })
  const { ordinal } = asked
  const of = { scope, id: id.toLowerCase(), ordinal, plan, isPrivateNeeded: true, idempotency }
  return yield* named(scope, answerOf(yield* RequestChanging.carryOut(of, context)), context)
})

/** Withdraws a request by the person of a session that opened it, or of one that is joined with that person. */
export const withdraw = Effect.fnUntraced(function* (
  scope: ProjectScope,
  id: string,
  session: Session,
  idempotency: Idempotency.IdempotentRequest | undefined,
  context: LedgerContext,
): Effect.fn.Return<WorkOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const own = yield* ComplianceReading.findOfVisitor(scope, id, session, context)
  if (Option.isNone(own)) return { _tag: "NotFound" }
  const command = { kind: "resolve", status: "withdrawn", hasResolution: false } as const
  const plan = () => Effect.succeed({ steps: [{ field: "status", command, by: "requester" as const }] })
  const of = { scope, id: own.value.id, plan, isPrivateNeeded: false, idempotency }
  return answerOf(yield* RequestChanging.carryOut<WorkStep>(of, context))
})
