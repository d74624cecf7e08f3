/**
 * Secrets that are told once: session tokens and the secrets of API keys. Only their hashes are kept.
 *
 * A request that may come again must get the same secret again, although it is not kept. So its secret is made of the
 * request's own key and the credential it came with, neither of which is kept, of the organization's key, and of the id of
 * what it opens: when the request has been forgotten, the same one again makes another secret, and one that was revoked does
 * not come back.
 */
import { Effect } from "effect"
import { Base64Url } from "effect/encoding"
import type { Organization } from "../model/Catalog.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { IdempotentRequest } from "../ledger/Idempotency.ts"

/** 256 random bits, base64url; for a request that may come again and the same `id`, always the same. */
export const make = Effect.fnUntraced(function* (
  purpose: string,
  id: string,
  organization: Organization,
  idempotency: IdempotentRequest | undefined,
  { hasherOf, random }: Pick<LedgerContext, "hasherOf" | "random">,
) {
  if (idempotency === undefined) return Base64Url.encode(yield* random.randomBytes(32))
  const hasher = yield* hasherOf(organization)
  return Base64Url.encode(
    yield* hasher.sign(purpose, [idempotency.caller, idempotency.credential, idempotency.key, id].join("\0")),
  )
})
