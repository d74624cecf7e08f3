/**
 * Idempotency: a request with an idempotency key that is sent again gets the first answer again, and what it writes is
 * written once. The idempotency record is kept in the same transaction as what the request writes.
 */
import { Clock, Effect } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { IdempotencyRecord, Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Sha256 from "./Sha256.ts"

/** A request with an idempotency key. */
export interface IdempotentRequest {
  /** The caller, by its id: the same key of another caller is another request. */
  readonly caller: string
  /** 1 to 255 characters. */
  readonly key: string
  /** The credential it came with, as it was sent; empty for a request that needs none. */
  readonly credential: string
  /** What is asked: method, path and body. */
  readonly content: string
}

/** Why a request gets no answer: its key was used for another request, or the same request is being carried out. */
export type KeyConflict = { readonly _tag: "Reused" } | { readonly _tag: "UnderWay" }

/** Why a request is not carried out: it was answered before, or its key stands in the way. */
export type Repeat = { readonly _tag: "Repeated"; readonly answer: string } | KeyConflict

/** The answer to an identity change that was made before, and positions at which it is seen. */
export interface RepeatedAt {
  readonly _tag: "Repeated"
  readonly answer: string
  readonly positions: Positions
}

/** Returned by a use case that finds an idempotency record of its request only when it writes. */
export interface KeptBefore {
  readonly _tag: "KeptBefore"
}

/** The one value of {@link KeptBefore}. */
export const keptBefore: KeptBefore = { _tag: "KeptBefore" }

/** The idempotency record of a request and its answer, as a member of a write; nothing for a request without a key. */
export const recordOf = Effect.fnUntraced(function* (
  idempotency: IdempotentRequest | undefined,
  { digest }: Pick<LedgerContext, "digest">,
  answer: string,
) {
  if (idempotency === undefined) return {}
  const { caller, content, credential, key } = idempotency
  const idempotencyRecord: IdempotencyRecord = {
    hash: yield* Sha256.hex(digest, `${caller}\0${key}`),
    // Includes the key and the credential, which are not kept: from a hash of the body alone, the person in it could be
    // guessed.
    digest: yield* Sha256.hex(digest, [caller, credential, key, content].join("\0")),
    answer,
    recordedAt: yield* Clock.currentTimeMillis,
  }
  return { idempotencyRecord }
})

/**
 * Carries a request out, unless it was carried out before. `owner` keeps the idempotency records: the organization, for
 * every request in it, so that a key that was used for any other request is found.
 */
export const once = Effect.fnUntraced(function* <A, E, R>(
  owner: Owner,
  idempotency: IdempotentRequest | undefined,
  context: Pick<LedgerContext, "digest" | "inFlight" | "store">,
  carryOut: Effect.Effect<A | KeptBefore, E, R>,
): Effect.fn.Return<A | Repeat, E | StoreUnavailable, R> {
  const { idempotencyRecord: wanted } = yield* recordOf(idempotency, context, "")
  // Without an idempotency key, the outcome cannot be `KeptBefore`.
  if (wanted === undefined) return (yield* carryOut) as A
  const { inFlight, store } = context
  if (inFlight.has(wanted.hash)) return { _tag: "UnderWay" }
  inFlight.add(wanted.hash)
  const answer = Effect.gen(function* (): Effect.gen.Return<A | Repeat, E | StoreUnavailable, R> {
    for (;;) {
      const known = yield* store.idempotencyRecord(owner, wanted.hash)
      if (known !== undefined) {
        return known.digest === wanted.digest ? { _tag: "Repeated", answer: known.answer } : { _tag: "Reused" }
      }
      const outcome = yield* carryOut
      if (outcome !== keptBefore) return outcome as A
    }
  })
  return yield* Effect.ensuring(
    answer,
    Effect.sync(() => inFlight.delete(wanted.hash)),
  )
})
