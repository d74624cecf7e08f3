/**
 * Changes of what is set up: how they are read, and how they are answered.
 */
import { Effect, type Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Changed, CatalogOutcome } from "../../../core/catalog/CatalogChange.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

/** Reads the body of a change, and the key by which the request may come again. */
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

/** What was changed, or the answer that was given before; else the problem that stood in the way. */
export const orRefuse = Effect.fnUntraced(function* <Value>(outcome: CatalogOutcome<Value>) {
  const settled = yield* IdempotencyKey.orRefuse(outcome)
  switch (settled._tag) {
    case "NotFound":
      return yield* new Answer.HttpProblem({ status: 404, detail: "there is no such thing" })
    case "Refused": {
      const errors = settled.faults.map(({ code, detail, field }) => ({ pointer: `/${field}`, code, detail }))
      return yield* new Answer.HttpProblem({ status: 422, detail: "nothing was changed: a rule is broken", errors })
    }
    case "Conflict": {
      const { fault, version } = settled
      const errors = [{ pointer: `/${fault.field}`, code: fault.code, detail: fault.detail }]
      const detail = `nothing was changed: ${fault.detail}`
      return yield* new Answer.HttpProblem({ status: 409, detail, errors, ...(version !== undefined && { version }) })
    }
    case "Changed":
    case "Repeated":
      return settled as Changed<Value>
  }
})

/** What was changed by a request that has no key, so that it cannot come again. */
export const valueOrRefuse = Effect.fnUntraced(function* <Value>(outcome: CatalogOutcome<Value>) {
  const changed = yield* orRefuse(outcome)
  return changed._tag === "Changed" ? changed.value : yield* Effect.die("a request without a key was answered before")
})

/** Answers a change; one that was made before as it was answered then. */
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
