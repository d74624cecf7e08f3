/**
 * The outcomes of opening and changing compliance requests as answers.
 */
import { Clock, Effect, Result } from "effect"
import { sendingLimits } from "../../../core/compliance/IdentityVerification.ts"
import type * as CodeSending from "../../../core/compliance-requests/CodeSending.ts"
import type { OpeningOutcome } from "../../../core/compliance-requests/ComplianceOpening.ts"
import { perHour } from "../../../core/compliance-requests/OpeningLimit.ts"
import type { WorkOutcome } from "../../../core/compliance-requests/ComplianceWork.ts"
import { refusalOf } from "../../../core/compliance-requests/WorkStep.ts"
import type { PackageOutcome } from "../../../core/compliance-requests/PackageBuilding.ts"
import type { KeyConflict } from "../../../core/ledger/Idempotency.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as IdentityToken from "../server/IdentityToken.ts"
import type { Work } from "../server/Quotas.ts"

/** Answered where a project has no such request, and where a visitor did not open it. */
export const noRequest = new Answer.HttpProblem({ status: 404, detail: "there is no such compliance request" })

/**
 * Draws the work of opening requests from the quotas, and opens them. An opt-out is not refused above a quota, because
 * it is a no: such requests are carried out one at a time.
 */
export const metered = Effect.fnUntraced(function* <A, E, R>(open: Effect.Effect<A, E, R>, work: Work, isNo: boolean) {
  const account = yield* Account.CurrentAccount
  const taken = yield* Effect.result(account.take(work))
  if (Result.isSuccess(taken)) return yield* open
  if (!isNo) return yield* taken.failure
  return yield* account.inTurn(Effect.tap(open, () => account.chargeRefused(work)))
})

const comeBack = (waitMillis: number, why: string) => {
  const seconds = Math.max(1, Math.ceil(waitMillis / 1000))
  const detail = `${why}; nothing was done; come back in ${seconds} seconds`
  return new Answer.HttpProblem({ status: 429, detail, headers: { "retry-after": String(seconds) } })
}

const tooMany = (waitMillis: number) =>
  comeBack(waitMillis, `this session has opened ${perHour} compliance requests within an hour`)

/** Answered where a code of a request was asked for too often. */
export const sentTooOften = Effect.fnUntraced(function* ({ retryAt }: Pick<CodeSending.SentTooOften, "retryAt">) {
  return yield* comeBack(
    retryAt - (yield* Clock.currentTimeMillis),
    `a code was mailed less than a minute ago, or ${sendingLimits.perDay} times within a day`,
  )
})

const noAddress = new Answer.HttpProblem({
  status: 422,
  detail: "the request has no e-mail address that a code can be mailed to: verify it by hand",
  errors: [{ pointer: "", code: "address_missing", detail: "has no e-mail address that a code can be mailed to" }],
})

/** Answered to every code that shows no identity, whatever is wrong with it. */
export const codeNotValid = new Answer.HttpProblem({
  status: 422,
  detail: "identity is not shown: ask for a new code",
  errors: [{ pointer: "/code", code: "code_not_valid", detail: "is not valid, or not valid any more" }],
})

/** The request after a code was mailed; fails with the reason why none was. */
export const codeSent = Effect.fnUntraced(function* (outcome: CodeSent) {
  const result = yield* IdempotencyKey.orRefuse(outcome)
  switch (result._tag) {
    case "Changed":
      return result.request
    case "NotFound":
      return yield* noRequest
    case "SentTooOften":
      return yield* sentTooOften(result)
    case "NoAddress":
      return yield* noAddress
    case "OrdinalConflict":
      return yield* conflict
    case "StepRefused": {
      const { code, detail } = refusalOf("", result)
      const errors = [{ pointer: "", code, detail }]
      return yield* new Answer.HttpProblem({ status: 422, detail: "no code was mailed: a rule is broken", errors })
    }
  }
})

type CodeSent = Effect.Success<ReturnType<typeof CodeSending.send>>

/** The requests that were opened; fails with everything that is wrong. `at` makes a pointer into the body. */
export const opened = Effect.fnUntraced(function* (
  outcome: OpeningOutcome | KeyConflict,
  at: (item: number, field: string) => string,
) {
  const result = yield* IdempotencyKey.orRefuse(outcome)
  if (result._tag === "Opened") return result
  if (result._tag === "TooMany") return yield* tooMany(result.retryAt - (yield* Clock.currentTimeMillis))
  if (result._tag === "TokenUsed") return yield* IdentityToken.rejected("the token was used before")
  const errors = result.violations.map(({ code, detail, field, item }) => ({ pointer: at(item, field), code, detail }))
  return yield* new Answer.HttpProblem({ status: 422, detail: "nothing was opened: a rule is broken", errors })
})

const conflict = new Answer.HttpProblem({
  status: 409,
  detail: "nothing was changed: the request was changed meanwhile; read it again",
  errors: [{ pointer: "/ordinal", code: "request_conflict", detail: "is not the current one" }],
})

/** The request after a change; fails with the reasons why nothing was changed. */
export const changed = Effect.fnUntraced(function* (outcome: WorkOutcome | KeyConflict) {
  const result = yield* IdempotencyKey.orRefuse(outcome)
  switch (result._tag) {
    case "Changed":
      return result
    case "NotFound":
      return yield* noRequest
    case "OrdinalConflict":
      return yield* conflict
    case "Refused": {
      const errors = result.violations.map(({ code, detail, field, names = [] }) => ({
        pointer: field === "" ? "" : `/${field}`,
        code,
        detail: names.length === 0 ? detail : `${detail}: ${names.join(", ")}`,
      }))
      const isForbidden = result.violations.some(({ code }) => code === "erase_needed")
      const [status, detail] = isForbidden
        ? ([403, "the key may not erase"] as const)
        : ([422, "a rule is broken"] as const)
      return yield* new Answer.HttpProblem({ status, detail: `nothing was changed: ${detail}`, errors })
    }
  }
})

/** The request whose package is built; fails with the reason why none is. */
export const packageAccepted = Effect.fnUntraced(function* (outcome: PackageOutcome) {
  if (outcome._tag === "Accepted") return outcome.request
  if (outcome._tag === "NotFound") return yield* noRequest
  const { code, detail } = outcome
  const errors = [{ pointer: "", code, detail }]
  return yield* new Answer.HttpProblem({ status: 422, detail: "no package is built: a rule is broken", errors })
})
