/**
 * Identifies a visitor by an identity token for exactly the claimed identifier. A token can be used once.
 */
import { Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type { Identified } from "../../../core/people/Identifying.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { CurrentVisitor } from "../api/Credentials.ts"
import * as ProvenIdentifier from "../../../core/people/ProvenIdentifier.ts"
import * as PeopleWire from "../api/PeopleWire.ts"
import { sessionEnded } from "../server/Authenticate.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdentityToken from "../server/IdentityToken.ts"
import { sessionRecordWrites } from "../server/Quotas.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

const decode = Exchange.decoder(PeopleWire.Identification)

/** What an identification writes: a fact, a claim, the use of the token, and a session, which may be longer. */
const identificationWrites = 5

type Claimed = typeof PeopleWire.Identification.Type

const ofPlaceholder =
  "this is the hash of a placeholder, or of an empty text, which names no one: send none without a value"

const notAnIdentifier = ({ format, type, value }: Claimed) => {
  const noHash = ProvenIdentifier.isSha256(value) ? ofPlaceholder : "expected a SHA-256 in hexadecimal"
  const detail = format === "hashed" ? noHash : `expected a value of the type ${type}`
  const errors = [{ pointer: "/value", code: "identifier_not_valid", detail }]
  return new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors })
}

const notNormalized = (pointer: string) => {
  const detail =
    "expected the normalized form (docs/semantics.md, section 5): no white space or <…> around it, no mailto:, composed " +
    "letters, a domain in ASCII without a dot at the end; only the case of ASCII letters may differ"
  const errors = [{ pointer, code: "not_normalized", detail }]
  return new Answer.HttpProblem({ status: 422, detail: "the identifier is not in its normalized form", errors })
}

const answer = ({ isRepeated, isSynced, token }: Identified) =>
  Answer.json(JSON.stringify({ synced: isSynced, session: token }), 200, {
    "cache-control": "no-store",
    ...IdempotencyKey.headers(isRepeated),
  })

/** The alias of the claimed identifier, and the evidence for it; fails unless the token proves the identifier. */
const proven = Effect.fnUntraced(function* (claimed: Claimed) {
  const ledger = yield* Ledger
  const { scope } = yield* CurrentVisitor
  const identifier = { kind: claimed.type, value: claimed.value, isHashed: claimed.format === "hashed" }
  const alias = yield* ledger.aliasOf(scope, identifier)
  if (Option.isNone(alias)) return yield* notAnIdentifier(claimed)
  if (!alias.value.isNormalized) return yield* notNormalized("/value")
  if (claimed.token == null) return yield* IdentityToken.rejected("send a token that proves it")
  const { expiresAt, issuedAt, keyId, subject, type } = yield* IdentityToken.verify(claimed.token, scope.organization)
  const named = yield* ledger.aliasOf(scope, { ...identifier, value: subject })
  if (Option.isNone(named) || named.value.hash !== alias.value.hash) {
    return yield* IdentityToken.rejected("the token's sub is not the value")
  }
  if (!named.value.isNormalized) return yield* notNormalized("/token")
  if (type !== undefined && type !== claimed.type)
    return yield* IdentityToken.rejected("the token's type is another one")
  // Only the signed part identifies a used token, because several valid signatures of it exist (RFC 8725, section 3).
  const signed = claimed.token.slice(0, claimed.token.lastIndexOf("."))
  const { isNormalized: _, ...proved } = alias.value
  const evidence = { kind: proved.kind, ...(keyId !== undefined && { keyId }), issuedAt, expiresAt }
  return { alias: proved, evidence, signed }
})

/**
 * Identifies the visitor of a request. A repeated request gets its first answer again, although that ended its session.
 */
export const identify = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const { isLive, session, scope } = yield* CurrentVisitor
  const { organization, project } = scope
  const body = yield* Answer.readBody(request)
  const { idempotency } = yield* IdempotencyKey.of(request, session.id, body)
  const before = yield* ledger.identifiedBefore(organization, idempotency)
  if (Option.isSome(before)) return answer(yield* IdempotencyKey.orRefuse(before.value))
  if (!isLive) return yield* sessionEnded
  const claimed = yield* Answer.decode(decode, body.json)
  yield* Account.take({ writes: identificationWrites + (idempotency === undefined ? 0 : sessionRecordWrites) })
  const identification = { organization, project, session, ...(yield* proven(claimed)) }
  const outcome = yield* ledger.identify({ ...identification, ...(idempotency !== undefined && { idempotency }) })
  const identified = yield* IdempotencyKey.orRefuse(outcome)
  if (identified._tag === "SessionEnded") return yield* sessionEnded
  return identified._tag === "IdentityTokenUsed"
    ? yield* IdentityToken.rejected("the token was used before")
    : answer(identified)
})
