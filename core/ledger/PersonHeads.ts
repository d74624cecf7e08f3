/**
 * The events of a person that decide from now on: of each consent type and state the latest one (semantics, section 2).
 * A page that keeps them decides as the ledger does, at any later instant.
 */
import { Effect } from "effect"
import * as Heads from "../engine/Heads.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Reading from "./Reading.ts"

/** The heads of a person. */
export interface HeadsOfPerson {
  /** The id that survives joining; `undefined`: no event is known of the person. */
  readonly concordId: string | undefined
  /** At most four of a type, also where several people are joined. */
  readonly events: ReadonlyArray<StoredEvent>
}

/** The latest of each state, of the events of one type. */
const latest = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<StoredEvent> => {
  if (events.length === 1) return events
  const heads = new Set<unknown>(Object.values(Heads.fold(events)))
  return events.filter((event) => heads.has(event))
}

/** The heads of a person, and of all people joined with it. Their bodies are as they are stored. */
export const of = Effect.fnUntraced(function* (
  question: Omit<Reading.PersonQuestion, "at" | "knownAt">,
  context: LedgerContext,
): Effect.fn.Return<HeadsOfPerson, StoreUnavailable> {
  const { heads, isErased, survivor } = yield* Reading.gather(question, context)
  const events = isErased === true ? [] : [...heads.values()].flatMap(latest)
  return { concordId: survivor, events }
})
