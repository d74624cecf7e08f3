/**
 * Events as they are answered: each stored body with the personal data that it commits to.
 */
import { Effect } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as EventBody from "./EventBody.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonalData from "./PersonalData.ts"

/** Events in their order, and whether personal data are left out because the keys are away. */
export interface ComposedEvents {
  readonly events: ReadonlyArray<StoredEvent>
  readonly isAway: boolean
}

const none: ReadonlyMap<string, string> = new Map()

/** The event with its answer as the body. The hash of its external id, which only some have, is no part of it. */
const composed = (stored: StoredEvent, personal: ReadonlyMap<string, string>): StoredEvent => {
  const { externalId: _, ...event } = stored
  return { ...event, body: EventBody.compose(event.body, personal) }
}

/**
 * Events whose `body` is the answer. `known` has personal data by their commitments. The others are read with one
 * statement for all events; no statement where no body commits to anything.
 */
export const read = Effect.fnUntraced(function* (
  organization: Owner,
  events: ReadonlyArray<StoredEvent>,
  context: LedgerContext,
  known: ReadonlyMap<string, string> = none,
): Effect.fn.Return<ComposedEvents, StoreUnavailable> {
  const unread: Array<PersonalData.CommittedDatum> = []
  let isPlain = true
  for (const { body, concordId } of events) {
    for (const { commitment, kind } of EventBody.commitmentsOf(body)) {
      isPlain = false
      if (!known.has(commitment)) unread.push({ concordId, kind, commitment })
    }
  }
  if (isPlain) return { events, isAway: false }
  const { isAway, opened } = yield* PersonalData.openAll(organization, unread, context)
  const personal = known.size === 0 ? opened : new Map([...known, ...opened])
  return { events: events.map((event) => composed(event, personal)), isAway }
})

/** Events whose `body` is the answer. Personal data that cannot be opened are left out of them. */
export const of = (
  organization: Owner,
  events: ReadonlyArray<StoredEvent>,
  context: LedgerContext,
  known?: ReadonlyMap<string, string>,
): Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable> =>
  Effect.map(read(organization, events, context, known), (composed) => composed.events)
