/**
 * Answers that record no event, but must be the same again for a request with an idempotency key.
 */
import { Effect } from "effect"
import type { ProjectScope } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Idempotency from "./Idempotency.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** An answer, for the first time or again. */
export interface IdempotentAnswer {
  readonly _tag: "Answered"
  readonly answer: string
  readonly isRepeated?: true
}

/**
 * Computes an answer and keeps it with the idempotency key of its request; for the same request again, answers from the
 * record.
 */
export const answerOnce = Effect.fnUntraced(function* <E, R>(
  scope: Pick<ProjectScope, "organization" | "project">,
  idempotency: Idempotency.IdempotentRequest | undefined,
  answer: Effect.Effect<string, E, R>,
  context: LedgerContext,
): Effect.fn.Return<IdempotentAnswer | Idempotency.KeyConflict, E | StoreUnavailable, R> {
  const { organization, project } = scope
  const carryOut = Effect.gen(function* () {
    const text = yield* answer
    const { idempotencyRecord } = yield* Idempotency.recordOf(idempotency, context, text)
    const answered: IdempotentAnswer = { _tag: "Answered", answer: text }
    if (idempotencyRecord === undefined) return answered
    const nothing = { recordedAt: idempotencyRecord.recordedAt, events: [], claims: [] }
    const kept = yield* context.store.events.append({ project, organization, ...nothing, idempotencyRecord })
    return kept._tag === "Repeated" ? Idempotency.keptBefore : answered
  })
  const outcome = yield* Idempotency.once(organization, idempotency, context, carryOut)
  return outcome._tag === "Repeated" ? { _tag: "Answered", answer: outcome.answer, isRepeated: true } : outcome
})
