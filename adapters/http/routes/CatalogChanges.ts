/**
 * Shared parts of the handlers of catalog changes: reading a change from a request, and answering its outcome.
 */
import { Effect, type Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Changed, CatalogOutcome } from "../../../core/catalog/CatalogChange.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

/** Reads the body of a change, and its `Idempotency-Key`. */
export const read = Effect.fnUntraced(function* <A>(
  request: HttpServerRequest.HttpServerRequest,
  decode: (value: unknown) => Result.Result<A, ReadonlyArray<Answer.Violation>>,
  options: Answer.BodyOptions = {},
) {
  const { key } = yield* CurrentKey
  const body = yield* Answer.readBody(request, options)
  const fields = yield* Answer.decode(decode, body.json)
  return { fields, ...(yield* IdempotencyKey.of(request, key.id, body)) }
})

/** Reads the `Idempotency-Key` of a change that has no body. */
export const withoutBody = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const { key } = yield* CurrentKey
  return yield* IdempotencyKey.of(request, key.id, { text: "" })
})

/** The JSON Pointer to a member of the body; to the whole body if no member is named. */
const pointerTo = (field: string): string => (field === "" ? "" : `/${field}`)

/** The outcome of a change that was made now or by an earlier request with the same key; fails if it was refused. */
export const orRefuse = Effect.fnUntraced(function* <Value>(outcome: CatalogOutcome<Value>) {
  const result = yield* IdempotencyKey.orRefuse(outcome)
  switch (result._tag) {
    case "NotFound":
      return yield* new Answer.HttpProblem({ status: 404, detail: "there is no such thing" })
    case "Refused": {
      const errors = result.faults.map(({ code, detail, field }) => ({ pointer: pointerTo(field), code, detail }))
      return yield* new Answer.HttpProblem({ status: 422, detail: "nothing was changed: a rule is broken", errors })
    }
    case "Conflict": {
      const { fault, version } = result
      const errors = [{ pointer: pointerTo(fault.field), code: fault.code, detail: fault.detail }]
      const detail = `nothing was changed: ${fault.detail}`
      return yield* new Answer.HttpProblem({ status: 409, detail, errors, ...(version !== undefined && { version }) })
    }
    case "Changed":
    case "Repeated":
      return result as Changed<Value>
  }
})

/** Answers a change; one that was made by an earlier request with the same key gets the answer of that request. */
export const answer = Effect.fnUntraced(function* <Value>(
  outcome: CatalogOutcome<Value>,
  write: (value: Value) => string,
  status = 200,
) {
  const changed = yield* orRefuse(outcome)
  return changed._tag === "Repeated"
    ? Answer.json(changed.answer, status, IdempotencyKey.headers(true))
    : Answer.json(write(changed.value), status)
})
