/**
 * The person's events that a device knows: as the server answered them, or as they were chosen and not yet sent.
 *
 * What is known is merged by `Heads.merge`, so neither order nor repetition matters, and there is no conflict to
 * resolve between tabs, the server and what was stored earlier.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Heads from "../engine/Heads.ts"
import type { Instant } from "../engine/Instant.ts"
import type { VisitEvent, VisitItem } from "./VisitAnswer.ts"

/** An event with the form in which it is sent and stored. */
export interface LocalEvent extends ConsentEvent {
  readonly wire: VisitEvent
}

/** The heads of one person by the id of the consent type. */
export type LocalHeads = ReadonlyMap<string, Heads.Heads>

/**
 * The instant of a date that the server wrote, in the one form of the wire. Throws a `TypeError` for a text that is no
 * date.
 */
export const instantOf = (text: string): Instant => {
  const instant = Date.parse(text)
  if (Number.isNaN(instant)) throw new TypeError("expected a date")
  return instant
}

/** The form of the wire. A browser writes it for all years from 0 to 9999. */
export const textOf = (instant: Instant): string => new Date(instant).toISOString()

/** The event that the server answered. */
export const ofEvent = (wire: VisitEvent): LocalEvent => ({
  id: wire.id,
  concordId: wire.concordId,
  consentType: wire.consentType,
  version: wire.version,
  consentState: wire.consentState,
  consentAction: wire.consentAction,
  consentDate: instantOf(wire.consentDate),
  dateCreated: instantOf(wire.dateCreated),
  // The server writes null for an event without one.
  ...(wire.expirationDate != null && { expirationDate: instantOf(wire.expirationDate) }),
  wire,
})

/** The event of a choice that is not yet sent: it counts from the click. */
export const ofItem = (item: VisitItem, concordId = ""): LocalEvent => {
  const { consentAction, consentDate, consentState, consentType, evidence, externalId, version = 1 } = item
  return ofEvent({
    id: externalId,
    externalId,
    concordId,
    consentType,
    version,
    consentState,
    consentAction,
    consentDate,
    dateCreated: consentDate,
    ...(evidence !== undefined && { evidence }),
  })
}

/** Heads with more events. */
export const add = (heads: LocalHeads, events: Iterable<ConsentEvent>): LocalHeads => {
  const all = new Map(heads)
  for (const event of events) all.set(event.consentType, Heads.add(all.get(event.consentType) ?? Heads.empty, event))
  return all
}

/** The events of heads: at most four. */
export const eventsOf = (heads: Heads.Heads | undefined): ReadonlyArray<LocalEvent> =>
  // Every event of a page was made by `ofEvent`.
  Object.values(heads ?? Heads.empty).filter((event) => event !== undefined) as Array<ConsentEvent & LocalEvent>

/** All events of all types, as they are stored. */
export const toWire = (heads: LocalHeads): ReadonlyArray<VisitEvent> =>
  [...heads.values()].flatMap((each) => eventsOf(each).map(({ wire }) => wire))
