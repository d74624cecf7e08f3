/**
 * Keeps the profile that a visitor enters.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { CurrentVisitor } from "../api/Credentials.ts"
import * as PeopleWire from "../api/PeopleWire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import { sessionEnded } from "../server/Authenticate.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

const decode = Exchange.decoder(PeopleWire.Profile)

/** Keeps a profile, and answers it as it was kept. */
export const keep = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const { session, scope } = yield* CurrentVisitor
  const body = yield* Answer.readBody(request)
  const { address, firstName, lastName, middleName, ...rest } = yield* Answer.decode(decode, body.json)
  const profile = Exchange.present({
    firstName,
    middleName,
    lastName,
    address: address && Exchange.present(address),
  })
  const identifiers = ItemLine.identifiersOf(rest)
  const idempotency = yield* IdempotencyKey.of(request, session.id, body)
  const kibibytes = Math.ceil(Buffer.byteLength(JSON.stringify(profile)) / 1024)
  yield* Account.take({ writes: kibibytes + (idempotency.idempotency === undefined ? 0 : 1) })
  const outcome = yield* ledger.keepProfile({ ...scope, session, profile, identifiers, ...idempotency })
  const kept = yield* IdempotencyKey.orRefuse(outcome)
  if (kept._tag === "Refused") {
    const errors = kept.faults.map(({ code, detail, field }) => ({ pointer: `/${field}`, code, detail }))
    return yield* new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors })
  }
  if (kept._tag === "SessionEnded") return yield* sessionEnded
  const { isRepeated, unproven } = kept
  return Answer.json(
    JSON.stringify({ concordId: session.concordId, ...kept.profile, unproven }),
    200,
    IdempotencyKey.headers(isRepeated),
  )
})
