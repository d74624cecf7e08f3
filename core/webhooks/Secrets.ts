/**
 * The keys that webhooks sign with. They are not kept: each is an HMAC by the organization's key of the webhook's id
 * and of the generation of its secret, so that a copy of the store alone signs nothing.
 */
import { Effect } from "effect"
import { Base64 } from "effect/encoding"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization, Webhook } from "../model/Catalog.ts"
import type { SigningKey } from "../ports/Outbound.ts"

type Context = Pick<LedgerContext, "hasherOf">

/** What a secret depends on: of a webhook, or of the connector of a data system. */
export type Signing = Pick<Webhook, "id" | "scheme" | "generation" | "overlapUntil">

/** The 32 bytes of the secret of a generation: the secret of HMAC, or the seed of Ed25519. */
const bytesOf = Effect.fnUntraced(function* (
  organization: Organization,
  { id, scheme }: Pick<Webhook, "id" | "scheme">,
  generation: number,
  { hasherOf }: Context,
) {
  const hasher = yield* hasherOf(organization)
  return yield* hasher.sign(`webhook ${scheme}`, `${id}\0${generation}`)
})

/** The key of the present generation. */
export const keyOf = Effect.fnUntraced(function* (organization: Organization, webhook: Signing, context: Context) {
  const bytes = yield* bytesOf(organization, webhook, webhook.generation, context)
  return { scheme: webhook.scheme, bytes } satisfies SigningKey
})

/** The keys that sign, newest first: the second one until `overlapUntil`. */
export const keysOf = Effect.fnUntraced(function* (organization: Organization, webhook: Signing, context: Context) {
  const newest: SigningKey = yield* keyOf(organization, webhook, context)
  if (webhook.overlapUntil === undefined) return [newest]
  const bytes = yield* bytesOf(organization, webhook, webhook.generation - 1, context)
  return [newest, { scheme: webhook.scheme, bytes } satisfies SigningKey]
})

/** The secret of HMAC as its receiver gets it: `whsec_` and base64. */
export const textOf = ({ bytes }: SigningKey): string => `whsec_${Base64.encode(bytes)}`
