/**
 * Secrets that are returned once: session tokens and the secrets of API keys. Only their hashes are kept.
 *
 * A request with an idempotency key must get the same secret again, although it is not kept. So its secret is derived
 * from the idempotency key and the credential of the request, neither of which is kept, from the organization's key,
 * and from the id of what the secret opens. When the idempotency record has been forgotten, the same request creates
 * something with another id, and so another secret: one that was revoked does not come back.
 */
import { Effect } from "effect"
import { Base64Url } from "effect/encoding"
import type { Organization } from "../model/Catalog.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { IdempotentRequest } from "../ledger/Idempotency.ts"

/** 256 random bits, base64url; for the same idempotent request, purpose and `id`, always the same. */
export const make = Effect.fnUntraced(function* (
  purpose: string,
  id: string,
  organization: Organization,
  idempotency: IdempotentRequest | undefined,
  { hasherOf, random }: Pick<LedgerContext, "hasherOf" | "random">,
) {
  if (idempotency === undefined) return Base64Url.encode(yield* random.randomBytes(32))
  const { caller, credential, key } = idempotency
  const hasher = yield* hasherOf(organization)
  return Base64Url.encode(yield* hasher.sign(purpose, [caller, credential, key, id].join("\0")))
})
