/**
 * The one way to change a compliance request that is there: reads it, decides commands on it, and writes their facts,
 * what is personal of it, its mails and its files in one transaction, again while another change was written first.
 *
 * What a fact calls for follows from the fact, and is not asked for: see {@link effectsOf}.
 */
import { Clock, Effect, Metric, Option } from "effect"
import type { ComplianceFact } from "../compliance/ComplianceFact.ts"
import type * as ComplianceState from "../compliance/ComplianceState.ts"
import type * as Transition from "../compliance/Transition.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import { asStore, type LedgerContext } from "../ledger/LedgerContext.ts"
import type { HeldRequestKey, RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import * as RequestPrivateDataOf from "../ledger/RequestPrivateData.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import type { ComplianceWrite, PrivateRow, RequestChange, StoredPrivate } from "../ports/ComplianceStore.ts"
import type { MailChanges, NewMail } from "../ports/OutboxStore.ts"
import { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ComplianceMetrics from "./ComplianceMetrics.ts"
import * as OptOutOnVerified from "./OptOutOnVerified.ts"
import * as ComplianceReading from "./ComplianceReading.ts"
import type { ComplianceRequest } from "./ComplianceRequest.ts"
import * as ComplianceRequestOf from "./ComplianceRequest.ts"
import * as RequestMails from "./RequestMails.ts"
import * as PackageOnVerified from "./PackageOnVerified.ts"
import * as RequestSteps from "./RequestSteps.ts"
import type * as RequestTickets from "./RequestTickets.ts"

/** A request as it was read for one attempt. */
export interface Held {
  readonly id: string
  readonly state: ComplianceState.ComplianceState
  /** Left out: what is personal of it is gone. */
  readonly row: StoredPrivate | undefined
  /** Left out also where it was never kept, or cannot be decrypted now. */
  readonly data: RequestPrivateData | undefined
  /** The key of what is personal of it, where that was decrypted. */
  readonly key?: HeldRequestKey
}

/** What one attempt does to a request. Without facts nothing is written, whatever else is given. */
export interface Plan<Of extends RequestSteps.Step = RequestSteps.Step> {
  /** Decided one after the other: all of them or none. */
  readonly steps: ReadonlyArray<Of>
  /** What is personal of the request after these facts. Not called where it is gone. */
  readonly changeData?: (before: RequestPrivateData, facts: ReadonlyArray<ComplianceFact>) => RequestPrivateData
  /** The person that it is about, where it has none yet. */
  readonly subject?: string | undefined
  /** The code that a fact `verification_sent` is about. */
  readonly code?: RequestTickets.NewCode | undefined
  /** What happens to mails besides what the facts call for. */
  readonly mails?: MailChanges
  /** The key that something of the change is encrypted under, where the request has none yet. */
  readonly key?: HeldRequestKey
}

/** A change of one request of a project. */
export interface ChangeAsked<Of extends RequestSteps.Step, Refusal extends { readonly _tag: string }> {
  readonly scope: ProjectScope
  /** A UUID in lower case. */
  readonly id: string
  /** The ordinal that the caller has seen. Another one is a conflict. */
  readonly ordinal?: number | undefined
  /** What to do, or why nothing is done. Asked again for every attempt. */
  readonly plan: (held: Held) => Effect.Effect<Plan<Of> | Refusal, StoreUnavailable>
  /** Whether the change fails while keys are away. Without it nothing personal is changed or mailed then. */
  readonly isPrivateNeeded: boolean
  /** Whether a request is the caller's own. Another one is not found, after the same reads as one that is not there. */
  readonly isOwn?: (row: StoredPrivate | undefined) => boolean
  readonly idempotency?: Idempotency.IdempotentRequest | undefined
}

/** The request after the change, with the facts that were recorded. */
export interface ChangedRequest {
  readonly _tag: "Changed"
  readonly request: ComplianceRequest
  /** Empty: nothing was to be changed, or the same was done before. */
  readonly facts: ReadonlyArray<ComplianceFact>
  readonly isRepeated?: true
}

/** A step that is refused. */
export interface StepRefused<Of extends RequestSteps.Step> extends Pick<Transition.Refused, "code" | "names"> {
  readonly _tag: "StepRefused"
  readonly step: Of
}

/** The request after the change, or why nothing was changed. */
export type ChangeOutcome<Of extends RequestSteps.Step, Refusal> =
  | ChangedRequest
  | { readonly _tag: "NotFound" }
  /** The request has another ordinal than the one that was seen. */
  | { readonly _tag: "OrdinalConflict"; readonly ordinal: number }
  | StepRefused<Of>
  | Refusal

/** How many times a write is decided again, because another one was written first. */
export const maxAttempts = 1000

/** What is personal of a request cannot be read any more, so that it cannot be changed. */
export const keyIsGone = new StoreUnavailable({ reason: "the key of a compliance request cannot be used any more" })

const nothingOpened: RequestPrivateDataOf.OpenedPrivate = {}

type Reading = Pick<ChangeAsked<never, never>, "id" | "isOwn" | "isPrivateNeeded" | "scope">

const read = Effect.fnUntraced(function* (
  { id, isOwn, isPrivateNeeded, scope: { project } }: Reading,
  context: LedgerContext,
): Effect.fn.Return<Held | undefined, StoreUnavailable> {
  const { compliance } = context.store
  const stored = yield* compliance.request(project, id)
  const [row] = yield* compliance.privateOf(project, [id])
  if (stored === undefined || isOwn?.(row) === false) return undefined
  const opening =
    row === undefined ? Effect.succeed(nothingOpened) : RequestPrivateDataOf.openWithKey(project, row, context)
  const { data, key } = yield* Effect.catchTag(opening, "KeysUnavailable", (failure) =>
    isPrivateNeeded ? Effect.fail(asStore(failure)) : Effect.succeed(nothingOpened),
  )
  const state = ComplianceRequestOf.stateOf(stored)
  return { id, state, row, data, ...(key !== undefined && { key: { key } }) } satisfies Held
})

/** What is personal of a request after a change, its private row where that changes, and new mails. */
interface Personal {
  readonly data: RequestPrivateData | undefined
  readonly row: PrivateRow | undefined
  readonly change: Pick<RequestChange, "private" | "key">
  readonly add: ReadonlyArray<NewMail>
}

/** The key of a request; of one that has none, the given one or a new one. */
const keyOf = Effect.fnUntraced(function* (
  held: HeldRequestKey | undefined,
  { key: kept }: StoredPrivate,
  given: HeldRequestKey | undefined,
  context: LedgerContext,
) {
  if (held !== undefined) return held
  if (kept === undefined && given !== undefined) return given
  const key = yield* Effect.mapError(RequestPrivateDataOf.keyOf(kept, context), asStore)
  return key ?? (yield* keyIsGone)
})

/** The private row after a change, with the mails that the facts call for; as it is where nothing changes. */
const personalOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { data, id, key: held, row }: Held,
  plan: Plan,
  { facts, state }: RequestSteps.DecidedSteps,
  context: LedgerContext,
): Effect.fn.Return<Personal, StoreUnavailable> {
  const { changeData = (before) => before, code, subject: found } = plan
  const before = data ?? { user: {} }
  const after = changeData(before, facts)
  const subject = row?.subject ?? found
  const areMailed = data !== undefined && RequestMails.areCalled(facts)
  const isSame = (changed: RequestPrivateData) =>
    subject === row?.subject && JSON.stringify(changed) === JSON.stringify(before)
  if (row === undefined || (isSame(after) && !areMailed)) return { data, row, change: {}, add: [] }
  if (row.sealed !== undefined && data === undefined) return yield* keyIsGone
  const { key: _, request, sealed: __, ...open } = row
  const key = yield* keyOf(held, row, plan.key, context)
  const called = areMailed
    ? yield* RequestMails.of(scope, { id, state, data: after, code }, facts, key, context)
    : { add: [], data: after }
  if (isSame(called.data)) return { data, row, change: {}, add: called.add }
  const sealed = yield* RequestPrivateDataOf.seal(scope.project, request, called.data, key, context)
  const changed: PrivateRow = { ...open, ...(subject !== undefined && { subject }), sealed }
  const isNew = key.isNew !== undefined && { key: key.isNew }
  return { ...called, row: changed, change: { private: changed, ...isNew } }
})

const removedPersonal: Personal = { data: undefined, row: undefined, change: { private: "removed" }, add: [] }

/** What a plan and its facts do to mails. */
const mailsOf = (
  { mails: given = {} }: Plan,
  facts: ReadonlyArray<ComplianceFact>,
  called: ReadonlyArray<NewMail>,
): Pick<RequestChange, "mails"> => {
  const add = [...(given.add ?? []), ...called]
  const cancel = [...(given.cancel ?? []), ...RequestMails.endedBy(facts)]
  const mails = { ...given, ...(add.length > 0 && { add }), ...(cancel.length > 0 && { cancel }) }
  return Object.keys(mails).length === 0 ? {} : { mails }
}

/** Whether facts say that what is personal of their request is gone. */
const isPurging = (facts: ReadonlyArray<ComplianceFact>): boolean =>
  facts.some((fact) => fact.kind === "purged" && fact.scope === "private")

/** What facts do to the files of their request. */
const filesOf = (facts: ReadonlyArray<ComplianceFact>): Pick<RequestChange, "files"> => {
  const attach = facts.flatMap((fact) => (fact.kind === "file_attached" ? [fact.file] : []))
  const removed = facts.flatMap((fact) => (fact.kind === "file_removed" ? [fact.file] : []))
  const isAll = facts.some((fact) => fact.kind === "files_purged")
  const remove = isAll ? "all" : removed
  if (attach.length === 0 && remove.length === 0) return {}
  return { files: { ...(attach.length > 0 && { attach }), ...(remove.length > 0 && { remove }) } }
}

/** Everything of a change that is not facts and row: private data, mails and files. */
const effectsOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  held: Held,
  plan: Plan,
  decided: RequestSteps.DecidedSteps,
  context: LedgerContext,
) {
  const { facts } = decided
  const isGone = isPurging(facts)
  const personal = isGone ? removedPersonal : yield* personalOf(scope, held, plan, decided, context)
  const { add, change, data, row } = personal
  return { data, row, change: { ...change, ...mailsOf(plan, facts, add), ...(isGone ? {} : filesOf(facts)) } }
})

/** Counts a resolution. */
const count = ({ request, resolution }: ComplianceState.ComplianceState) =>
  resolution === undefined
    ? Effect.void
    : Metric.update(Metric.withAttributes(ComplianceMetrics.resolved, { request, resolution: resolution.status }), 1)

/** Removes what is personal of a request. */
const removal = { command: { kind: "purge", scope: "private" }, by: "engine" } as const

/**
 * Whether a request is resolved whose opener or subject was erased while it was open: an erasure leaves what is
 * personal of an open request, and it goes with the request's end. Reads the people of a request that is resolved.
 */
const isOfErased = Effect.fnUntraced(function* (
  organization: Organization,
  row: StoredPrivate | undefined,
  { resolvedOn }: ComplianceState.ComplianceState,
  { store }: Pick<LedgerContext, "store">,
) {
  if (row === undefined || resolvedOn === undefined) return false
  for (const concordId of [row.opener, row.subject]) {
    if (concordId === undefined) continue
    if ((yield* store.people.person(organization, concordId)).erasedAt !== undefined) return true
  }
  return false
})

/** Decides the steps of a plan, and the removal of what an erasure has left. */
const decide = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  { id, row, state }: Held,
  steps: ReadonlyArray<RequestSteps.Step>,
  context: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  const subject = { organization, id, state, isGone: row === undefined }
  const first = yield* RequestSteps.decide(subject, steps, now, context)
  if (first._tag === "Refused") return first
  // The answer to a `delete` is still to be mailed: what is personal of the request is swept afterwards.
  if (first.state.erasure !== undefined) return first
  if (!(yield* isOfErased(organization, row, first.state, context))) return first
  return yield* RequestSteps.decide(subject, [...steps, removal], now, context)
})

/** Writes what was decided, with the refusals of an opt-out whose identity is shown by it. */
const write = Effect.fnUntraced(function* (
  scope: ProjectScope,
  held: Held,
  plan: Plan,
  decided: RequestSteps.DecidedSteps,
  record: Pick<ComplianceWrite, "idempotencyRecord">,
  context: LedgerContext,
) {
  const { organization, project } = scope
  const { id } = held
  const changeOf = Effect.fnUntraced(function* (given: Plan, made: RequestSteps.DecidedSteps) {
    const { change, ...personal } = yield* effectsOf(scope, held, given, made, context)
    const { facts, state } = made
    const row = RequestSteps.rowOf(scope, id, state)
    const requests = [{ before: held.state.ordinal, facts, row, ...change }]
    return { requests, written: { ...personal, facts, state } }
  })
  if (!OptOutOnVerified.isDue(held, plan.steps)) {
    const { requests, written } = yield* changeOf(plan, decided)
    return { ...written, kept: yield* context.store.compliance.write({ project, organization, requests, ...record }) }
  }
  let written: Effect.Success<ReturnType<typeof changeOf>>["written"] = { ...held, facts: [] }
  const refusing = Effect.fnUntraced(function* (refusals: OptOutOnVerified.LateRefusals) {
    const { changeData = (before: RequestPrivateData) => before, steps } = plan
    const later: Plan = {
      ...plan,
      subject: refusals.subject ?? plan.subject,
      changeData: (before, facts) => OptOutOnVerified.dataAfter(changeData(before, facts), refusals),
    }
    const made = yield* decide(scope, held, OptOutOnVerified.withRefusals(steps, refusals), context)
    // It was decided without refusals before.
    if (made._tag === "Refused") return yield* new StoreUnavailable({ reason: `an opt-out is refused: ${made.code}` })
    const { requests, written: next } = yield* changeOf(later, made)
    written = next
    return { ...record, compliance: { requests } }
  })
  const kept = yield* OptOutOnVerified.record(scope, held, plan.steps, refusing, context)
  return { ...written, kept }
})

/** One attempt at a change. */
const attempt = Effect.fnUntraced(function* <Of extends RequestSteps.Step, Refusal extends { readonly _tag: string }>(
  asked: ChangeAsked<Of, Refusal>,
  context: LedgerContext,
): Effect.fn.Return<ChangeOutcome<Of, Refusal> | "stale" | "repeated", StoreUnavailable> {
  const { id, scope } = asked
  const { organization, project } = scope
  const held = yield* read(asked, context)
  if (held === undefined) return { _tag: "NotFound" }
  const { ordinal } = held.state
  if (asked.ordinal !== undefined && asked.ordinal !== ordinal) return { _tag: "OrdinalConflict", ordinal }
  const plan = yield* asked.plan(held)
  if ("_tag" in plan) return plan
  const none = { types: 0, events: [] }
  const steps = OptOutOnVerified.isDue(held, plan.steps) ? OptOutOnVerified.withRefusals(plan.steps, none) : plan.steps
  const decided = yield* decide(scope, held, steps, context)
  if (decided._tag === "Refused") {
    const { _tag: _, index, ...why } = decided
    return { _tag: "StepRefused", step: steps[index]!, ...why }
  }
  if (decided.facts.length === 0) {
    const request = yield* ComplianceRequestOf.make(organization, project, id, held.state, held.row, held.data)
    return { _tag: "Changed", request, facts: decided.facts }
  }
  const record = yield* Idempotency.recordOf(asked.idempotency, context, JSON.stringify(id))
  const { data, facts, kept, row, state } = yield* write(scope, held, plan, decided, record, context)
  if (kept !== "kept") return kept
  if (facts.some(({ kind }) => kind === "resolved")) yield* count(state)
  PackageOnVerified.after(project, facts, state, context)
  return {
    _tag: "Changed",
    request: yield* ComplianceRequestOf.make(organization, project, id, state, row, data),
    facts,
  }
})

/**
 * Changes a request, attempted until no other change was written in the meantime. The same idempotent request is
 * answered with the request as it is now.
 */
export const carryOut = Effect.fnUntraced(function* <
  Of extends RequestSteps.Step,
  Refusal extends { readonly _tag: string } = never,
>(
  asked: ChangeAsked<Of, Refusal>,
  context: LedgerContext,
): Effect.fn.Return<ChangeOutcome<Of, Refusal> | Idempotency.KeyConflict, StoreUnavailable> {
  type Outcome = ChangeOutcome<Of, Refusal>
  const { id, idempotency, scope } = asked
  const all = Effect.gen(function* (): Effect.gen.Return<Outcome | Idempotency.KeptBefore, StoreUnavailable> {
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const outcome = yield* attempt(asked, context)
      if (outcome === "repeated") return Idempotency.keptBefore
      if (outcome !== "stale") return outcome
    }
    return yield* new StoreUnavailable({ reason: "too many changes of the same compliance request" })
  })
  const { organization } = scope
  const outcome = yield* Idempotency.once<Outcome, StoreUnavailable, never>(organization, idempotency, context, all)
  if (outcome._tag !== "Repeated") return outcome as Outcome | Idempotency.KeyConflict
  const request = Option.getOrThrow(yield* ComplianceReading.find(scope, id, context))
  return { _tag: "Changed", request, facts: [], isRepeated: true }
})
