/**
 * Identity tokens: JWTs that the organization's own server signs for a visitor it has authenticated (RFC 7519, ES256).
 *
 * A token names the identifier it proves (`sub`), the organization (`iss`), and its short lifetime (`iat`, `exp`). It
 * is verified with the public keys of the organization. While one key replaces another, both are valid.
 */
import { Clock, Data, Effect } from "effect"
import { createLocalJWKSet, errors, importJWK, jwtVerify } from "jose"
import type { Organization, PublicKey } from "../../../core/model/Catalog.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Answer from "./Answer.ts"

/** The longest lifetime of a token, in seconds. */
export const maxLifeSeconds = 60 * 60

/** How far the clock of the signing server may be off, in seconds. */
const clockToleranceSeconds = 30

/** The claims of a valid token. */
export interface Claims {
  readonly subject: string
  /** The kind of identifier that is proven, if the token names it. */
  readonly type: unknown
  readonly keyId: string | undefined
  readonly issuedAt: Instant
  readonly expiresAt: Instant
}

/** Whether a public key is a point of the curve P-256, so that it can verify a token. */
export const isPoint = (key: PublicKey): Effect.Effect<boolean> =>
  Effect.promise(() => importJWK({ ...key, alg: "ES256" }).then(Boolean, () => false))

/** The reason why a token is not valid. */
class InvalidToken extends Data.TaggedError("InvalidToken")<{ readonly detail: string }> {}

/** The answer to a token that is not valid, or does not prove the identifier. */
export const rejected = (detail: string): Answer.HttpProblem =>
  new Answer.HttpProblem({
    status: 401,
    detail: `the visitor is not identified: ${detail}`,
    errors: [{ pointer: "/token", code: "invalid", detail }],
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  })

const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "the token has expired",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "no public key of the organization made the token's signature",
  ERR_JWKS_NO_MATCHING_KEY: "the organization has no public key of the token's kid",
  ERR_JOSE_ALG_NOT_ALLOWED: "the token is not signed with ES256",
}

const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTClaimValidationFailed) return `the token's ${error.claim} is not as it must be`
  return (error instanceof errors.JOSEError && reasons[error.code]) || "the token is not a signed JWT"
}

/** Verifies a token; one without a `kid` is tried with each key. */
const verifyWith = async (token: string, { id, publicKeys }: Organization, now: Instant) => {
  const options = {
    algorithms: ["ES256"],
    issuer: id,
    requiredClaims: ["sub", "iat", "exp"],
    maxTokenAge: maxLifeSeconds,
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(now),
  }
  const keys = publicKeys.map((key) => ({ ...key, alg: "ES256" }))
  try {
    return await jwtVerify(token, createLocalJWKSet({ keys }), options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch((failure: unknown) => {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure
      })
      if (verified !== undefined) return verified
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

/** The claims of a token, if the organization signed it and its lifetime includes the current time. */
export const verify = Effect.fnUntraced(function* (token: string, organization: Organization) {
  if (organization.publicKeys.length === 0) return yield* rejected("the organization has no public key yet")
  const now = yield* Clock.currentTimeMillis
  const { payload, protectedHeader } = yield* Effect.tryPromise({
    try: () => verifyWith(token, organization, now),
    catch: (error) => new InvalidToken({ detail: reasonOf(error) }),
  }).pipe(Effect.mapError(({ detail }) => rejected(detail)))
  const { exp, iat, sub } = payload
  if (typeof sub !== "string" || exp! - iat! > maxLifeSeconds) {
    return yield* rejected(`the token must have a sub, and a life of at most ${maxLifeSeconds / 60} minutes`)
  }
  const claims: Claims = {
    subject: sub,
    type: payload["type"],
    keyId: protectedHeader.kid,
    issuedAt: Math.trunc(iat! * 1000),
    expiresAt: Math.trunc(exp! * 1000),
  }
  return claims
})
