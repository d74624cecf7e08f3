/**
 * Requests that may come again: whoever gives a request a key gets, for the same key, the first answer again, and what
 * was written is written once. The receipt is kept in the transaction of what the request writes.
 */
import { Clock, Effect } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { IdempotencyRecord } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Sha256 from "./Sha256.ts"

/** A request with a key. */
export interface IdempotentRequest {
  /** Who asks: the same key of somebody else is another request. */
  readonly caller: string
  /** 1 to 255 characters. */
  readonly key: string
  /** The credential it came with, as it was sent; empty for a request that needs none. */
  readonly credential: string
  /** What is asked: method, path and body. */
  readonly content: string
}

/** Why a request is not carried out: it was before, or the key was used for another one, or it is being carried out. */
export type Repeat =
  | { readonly _tag: "Repeated"; readonly answer: string }
  | { readonly _tag: "Reused" }
  | { readonly _tag: "UnderWay" }

/** What a use case says when it finds a receipt only as it writes. */
export interface KeptBefore {
  readonly _tag: "KeptBefore"
}

/** What a use case says in that case. */
export const keptBefore: KeptBefore = { _tag: "KeptBefore" }

/** The receipt of a request, for an answer. */
export const recordOf = Effect.fnUntraced(function* (
  idempotency: IdempotentRequest | undefined,
  { digest }: Pick<LedgerContext, "digest">,
  answer: string,
) {
  if (idempotency === undefined) return {}
  const { content, credential, key, caller: scope } = idempotency
  const idempotencyRecord: IdempotencyRecord = {
    hash: yield* Sha256.hex(digest, `${scope}\0${key}`),
    // With the key and the credential, which are not kept: a body that names a person could be guessed from its hash alone.
    digest: yield* Sha256.hex(digest, [scope, credential, key, content].join("\0")),
    answer,
    recordedAt: yield* Clock.currentTimeMillis,
  }
  return { idempotencyRecord }
})

/**
 * Carries a request out, unless it was already. `owner` keeps the receipts: the organization, for all that is asked in it,
 * so that a key that was used for anything else is found.
 */
export const once = Effect.fnUntraced(function* <A, E, R>(
  owner: Owner,
  idempotency: IdempotentRequest | undefined,
  context: Pick<LedgerContext, "digest" | "store" | "underWay">,
  carryOut: Effect.Effect<A | KeptBefore, E, R>,
) {
  const { idempotencyRecord: wanted } = yield* recordOf(idempotency, context, "")
  if (wanted === undefined) return (yield* carryOut) as A
  const { store, underWay } = context
  if (underWay.has(wanted.hash)) return { _tag: "UnderWay" } as Repeat
  underWay.add(wanted.hash)
  const answer = Effect.gen(function* () {
    for (;;) {
      const known = yield* store.idempotencyRecord(owner, wanted.hash)
      if (known !== undefined) {
        const isSame = known.digest === wanted.digest
        return (isSame ? { _tag: "Repeated", answer: known.answer } : { _tag: "Reused" }) as Repeat
      }
      const outcome = yield* carryOut
      if (outcome !== keptBefore) return outcome as A
    }
  })
  return yield* Effect.ensuring(
    answer,
    Effect.sync(() => underWay.delete(wanted.hash)),
  )
})
