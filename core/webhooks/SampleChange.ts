/**
 * A change that is sent to try a receiver. It is about no one: its ids are random.
 */
import { Clock, Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Payload } from "./Delivery.ts"

/** A change of the type `decision.changed`, with `isSample`. */
export const make = Effect.fnUntraced(function* ({
  random,
}: Pick<LedgerContext, "random">): Effect.fn.Return<Payload, never> {
  const now = yield* Clock.currentTimeMillis
  const id = `sample-${yield* random.uuidV7()}`
  const event = yield* random.uuidV7()
  const change = {
    id,
    type: "decision.changed",
    recordedAt: Instant.format(now),
    at: Instant.format(now),
    isSample: true,
    concordId: yield* random.uuidV4(),
    consentType: yield* random.uuidV7(),
    cause: "expired",
    from: { status: "given", permitted: true, askAgain: false, event },
    to: { status: "expired", permitted: false, askAgain: true, event },
  }
  return { id, type: change.type, recordedAt: now, json: JSON.stringify(change) }
})
