/**
 * The state of one person and one consent type: the latest event of each of the four consent states (semantics,
 * section 2).
 *
 * `merge` is associative, commutative and idempotent, and `empty` is its unit (a join-semilattice). Therefore a state
 * depends neither on the order of arrival nor on duplicates, and it may be computed in batches, from shards, or from a
 * stored state and later events.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import type { ConsentState } from "./ConsentState.ts"
import * as Order from "./Order.ts"

/** The four heads, each the latest event of its state; `undefined` if there is no event of that state. */
export type Heads = { readonly [State in ConsentState]: ConsentEvent | undefined }

/** Heads to which events are still being added. */
type Folding = { -readonly [State in ConsentState]: ConsentEvent | undefined }

/** The state without any event. */
export const empty: Heads = { declined: undefined, accepted: undefined, implied: undefined, viewed: undefined }

const later = (a: ConsentEvent | undefined, b: ConsentEvent | undefined): ConsentEvent | undefined => {
  if (a === undefined) return b
  return b !== undefined && Order.isLater(b, a) ? b : a
}

/** The state of all events of `a` and `b`. */
export const merge = (a: Heads, b: Heads): Heads => ({
  declined: later(a.declined, b.declined),
  accepted: later(a.accepted, b.accepted),
  implied: later(a.implied, b.implied),
  viewed: later(a.viewed, b.viewed),
})

/** The state after one more event. The event may be earlier than the heads. */
export const add = (heads: Heads, event: ConsentEvent): Heads => {
  const head = heads[event.consentState]
  return head !== undefined && !Order.isLater(event, head) ? heads : { ...heads, [event.consentState]: event }
}

const foldInto = (heads: Folding, event: ConsentEvent): void => {
  const head = heads[event.consentState]
  if (head === undefined || Order.isLater(event, head)) heads[event.consentState] = event
}

/** Folds events of one person and one type, in any order. */
export const fold = (events: Iterable<ConsentEvent>): Heads => {
  const heads: Folding = { ...empty }
  for (const event of events) foldInto(heads, event)
  return heads
}

/** The states of a population, by `concordId` and then by consent type. */
export type Population = ReadonlyMap<string, ReadonlyMap<string, Heads>>

/** Folds events of many people and types, in any order, to one state for each pair of person and type. */
export const foldPopulation = (events: Iterable<ConsentEvent>): Population => {
  const population = new Map<string, Map<string, Folding>>()
  for (const event of events) {
    let types = population.get(event.concordId)
    if (types === undefined) population.set(event.concordId, (types = new Map()))
    const heads = types.get(event.consentType)
    if (heads === undefined) types.set(event.consentType, { ...empty, [event.consentState]: event })
    else foldInto(heads, event)
  }
  return population
}
