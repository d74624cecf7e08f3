/**
 * Commands on a compliance request, decided one after the other: all of their facts or none.
 */
import { Effect } from "effect"
import type { Actor, ComplianceFact, FactBody } from "../compliance/ComplianceFact.ts"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import * as PassingTime from "../compliance/PassingTime.ts"
import * as Transition from "../compliance/Transition.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import type { ComplianceRow } from "../ports/ComplianceStore.ts"
import * as FoldedRequest from "../ports/FoldedRequest.ts"
import * as CivilToday from "./CivilToday.ts"
import * as RequestClock from "./RequestClock.ts"

/** Facts to record, and the state after them. */
export interface DecidedSteps {
  readonly _tag: "Decided"
  readonly facts: ReadonlyArray<ComplianceFact>
  readonly state: ComplianceState.ComplianceState
}

/** The first command that is refused, by its index. */
export interface RefusedStep extends Transition.Refused {
  readonly index: number
}

/** A command, and what causes it. */
export interface Step {
  readonly command: Transition.Command
  readonly by: Actor
}

/** The request that facts are about. `isGone`: what is personal of it was erased. */
export interface Subject {
  readonly organization: Organization
  readonly id: string
  readonly state: ComplianceState.ComplianceState
  readonly isGone: boolean
}

/** The fact of a body. Its instant is not earlier than that of the fact before it. */
const stamp = Effect.fnUntraced(function* (
  body: FactBody,
  {
    organization,
    requestId,
    ...given
  }: Pick<ComplianceFact, "at" | "by" | "ordinal" | "requestId"> & {
    readonly organization: Organization
  },
  { random }: Pick<LedgerContext, "random">,
) {
  const on = CivilToday.of(organization, given.at)
  return { ...body, ...given, id: yield* random.uuidV7(), requestId, on } satisfies ComplianceFact as ComplianceFact
})

/** The first fact of a request, and the state after it. */
export const open = Effect.fnUntraced(function* (
  organization: Organization,
  requestId: string,
  body: Extract<FactBody, { readonly kind: "opened" }>,
  by: Actor,
  at: Instant,
  context: Pick<LedgerContext, "random">,
) {
  const fact = yield* stamp(body, { organization, requestId, ordinal: 0, at, by }, context)
  const state = ComplianceState.apply(undefined, fact)!
  return { _tag: "Decided", facts: [fact], state } satisfies DecidedSteps as DecidedSteps
})

/** Decides steps one after the other. */
export const decide = Effect.fnUntraced(function* (
  { id, isGone, organization, state: before }: Subject,
  steps: ReadonlyArray<Step>,
  now: Instant,
  context: Pick<LedgerContext, "random">,
): Effect.fn.Return<DecidedSteps | RefusedStep> {
  const facts: Array<ComplianceFact> = []
  let state = before
  for (const [index, { by, command }] of steps.entries()) {
    const at = Math.max(now, state.instants.updated)
    const situation = {
      by,
      today: CivilToday.of(organization, at),
      clock: RequestClock.of(state),
      holidays: RequestClock.holidaysOf(organization, state.calendar),
    }
    const decided = Transition.decide(isGone ? { ...state, isPurged: true } : state, command, situation)
    if (decided._tag === "Refused") return { ...decided, index }
    for (const body of decided.facts) {
      const stamped = { organization, requestId: id, ordinal: state.ordinal, at, by }
      const fact = yield* stamp(body, stamped, context)
      facts.push(fact)
      state = ComplianceState.apply(state, fact)!
    }
  }
  return { _tag: "Decided", facts, state }
})

/** The row of a request, which lists are filtered and sorted by. */
export const rowOf = (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  id: string,
  state: ComplianceState.ComplianceState,
): ComplianceRow => {
  // A request has no due date while a pause is open. Otherwise its due date is the same on every day.
  const today = CivilToday.of(organization, state.instants.updated)
  const { dueDate } = RequestClock.read(organization, state, today)
  const steps = RequestClock.stepsOf(organization, project, state)
  return FoldedRequest.of(id, state, dueDate, PassingTime.sweepOn(steps, today))
}
