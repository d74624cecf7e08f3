/**
 * The role of an event in a decision: it decides, it lost, a later event of its state replaced it, or it is later than
 * the instant of the decision. Reads the explanation of the decision, and decides nothing.
 */
import type { Loss } from "../engine/Because.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { Decision } from "../engine/Decision.ts"

/** The role of an event at the instant of a decision. */
export type EventRole =
  | { readonly kind: "decides" }
  | { readonly kind: "lost"; readonly loss: Loss }
  /** `by` is the last event of the same state, which took its place. */
  | { readonly kind: "replaced"; readonly by: ConsentEvent }
  | { readonly kind: "later" }

/**
 * The role of an event of the person and type that a decision is about. The decision must be one about all its events
 * that are known at its `knownAt`.
 */
export const of = (event: ConsentEvent, { at, because, event: deciding }: Decision): EventRole => {
  if (event.consentDate > at) return { kind: "later" }
  if (deciding?.id === event.id) return { kind: "decides" }
  const lost = because.lost.find((each) => each.event.id === event.id)
  if (lost !== undefined) return { kind: "lost", loss: lost.loss }
  const heads = [...(deciding === undefined ? [] : [deciding]), ...because.lost.map((each) => each.event)]
  const by = heads.find(({ consentState }) => consentState === event.consentState)
  return by === undefined ? { kind: "later" } : { kind: "replaced", by }
}
