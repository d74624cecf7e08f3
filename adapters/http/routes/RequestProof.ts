/**
 * An identity token in place of a code of a compliance request: what it proves. It names the identifier itself.
 */
import { Effect, Option } from "effect"
import type { Proof } from "../../../core/compliance-requests/Verifying.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as IdentityToken from "../server/IdentityToken.ts"

/** The kind of a token that names none. */
const defaultKind = "email"

/** What a token proves; fails with 401 unless the organization signed it for an e-mail address or an account. */
export const of = Effect.fnUntraced(function* (token: string, scope: ProjectScope) {
  const ledger = yield* Ledger
  const { expiresAt, issuedAt, keyId, subject, type } = yield* IdentityToken.verify(token, scope.organization)
  const kind = type ?? defaultKind
  if (kind !== "email" && kind !== "userId") {
    return yield* IdentityToken.rejected("the token's type is neither email nor userId")
  }
  const alias = yield* ledger.aliasOf(scope, { kind, value: subject, isHashed: false })
  if (Option.isNone(alias) || !alias.value.isNormalized) {
    return yield* IdentityToken.rejected("the token's sub is not an identifier in its normalized form")
  }
  const { isNormalized: _, ...proved } = alias.value
  const evidence = { kind: proved.kind, ...(keyId !== undefined && { keyId }), issuedAt, expiresAt }
  // Only the signed part identifies a used token, because several valid signatures of it exist (RFC 8725, section 3).
  return { alias: proved, evidence, signed: token.slice(0, token.lastIndexOf(".")) } satisfies Proof as Proof
})
