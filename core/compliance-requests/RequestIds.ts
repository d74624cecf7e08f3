/**
 * The ids of compliance requests, and of erasures that keep identifiers. A request that its caller has an id of its own
 * for gets an id that follows from that one, so that the same request is found, and is opened once.
 */
import { Effect } from "effect"
import { Hex } from "effect/encoding"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"

/** A UUID of version 8 (RFC 9562, section 5.8) out of the first 16 bytes of a keyed hash. */
const uuidOf = (hash: Uint8Array): string => {
  const octets = hash.slice(0, 16)
  octets[6] = (octets[6]! & 0x0f) | 0x80
  octets[8] = (octets[8]! & 0x3f) | 0x80
  const hex = Hex.encode(octets)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/**
 * The id of the erasure with which a request is answered and that keeps identifiers. It follows from the request, so
 * that the erasure is made once, whatever comes between it and the answer.
 */
export const ofHeldErasure = Effect.fnUntraced(function* (
  organization: Organization,
  request: string,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hasher = yield* hasherOf(organization)
  return uuidOf(yield* hasher.sign("held erasure", request))
})

/** The id of a new request, or the id of the request of a caller's own id. */
export const make = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  caller: string,
  externalId: string | undefined,
  { hasherOf, random }: Pick<LedgerContext, "hasherOf" | "random">,
) {
  if (externalId === undefined) return yield* random.uuidV7()
  const hasher = yield* hasherOf(organization)
  return uuidOf(yield* hasher.sign("compliance request", [project.id, caller, externalId].join("\0")))
})
