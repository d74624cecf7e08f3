/**
 * A change: one item of a project's change feed, an event or something that happened without one.
 *
 * Nothing in a change is personal beyond random ids.
 */
import * as Instant from "../engine/Instant.ts"
import type { Outcome } from "../engine/Outcome.ts"
import type { Owner } from "../model/Lane.ts"
import * as Lane from "../model/Lane.ts"
import type { LaneItem, StoredChange } from "../ports/FeedStore.ts"

/** Every type of a change. */
export const types = [
  "consent.recorded",
  "decision.changed",
  "decision.due",
  "person.joined",
  "person.undone",
  "person.identified",
  "person.erased",
  "type.scheduled",
  "type.published",
  "type.changed",
  "reevaluation.begun",
  "reevaluation.ended",
  "ledger.reopened",
] as const

/** The type of a change. */
export type ChangeType = (typeof types)[number]

/** The types that a name stands for: one, or those that begin as it does before `*`. */
export const typesOf = (name: string): ReadonlyArray<ChangeType> =>
  types.filter((type) => (name.endsWith(".*") ? type.startsWith(name.slice(0, -1)) : type === name))

/** The most changes of a page; with decisions. */
export const maxLimit = 1000
export const maxLimitWithDecisions = 100

/** Why an answer changed, or will change, without an event. */
export const causes = [
  "expired",
  "invalidated",
  "refusal_lapsed",
  "version",
  "rules",
  "joined",
  "undone",
  "erased",
  "region",
] as const

/** A cause. */
export type Cause = (typeof causes)[number]

/** What an answer was, or is: all that a person or company can notice. */
export interface AnswerSide {
  readonly status: Outcome["status"]
  readonly permitted: boolean
  readonly askAgain: boolean
  /** The id of the deciding event; left out if no event decides. */
  readonly event?: string
}

/** An outcome as a side of a change. */
export const sideOf = ({ askAgain, event, permitted, status }: Outcome): AnswerSide => ({
  status,
  permitted,
  askAgain,
  ...(event !== undefined && { event: event.id }),
})

/** The id of a stored change: unique in the ledger. */
export const idOf = (project: Owner, lane: number, { number }: Pick<StoredChange, "number">): string =>
  `c${Lane.range(project)[0] + lane}-${number}`

/** The id of the change that an event is. */
export const idOfEvent = (project: Owner, lane: number, position: number): string =>
  `e${Lane.range(project)[0] + lane}-${position}`

/** The JSON text of a stored change, or of the change that an event is. */
export const write = (project: Owner, lane: number, item: LaneItem): string => {
  if (item._tag === "Change") {
    const { at, recordedAt, type } = item
    const head = { id: idOf(project, lane, item), type, recordedAt: Instant.format(recordedAt), at: Instant.format(at) }
    return `${JSON.stringify(head).slice(0, -1)}${item.body === "{}" ? "" : ","}${item.body.slice(1)}`
  }
  const { event, position } = item
  return JSON.stringify({
    id: idOfEvent(project, lane, position),
    type: "consent.recorded",
    recordedAt: Instant.format(event.dateCreated),
    at: Instant.format(event.consentDate),
    concordId: event.concordId,
    event: event.id,
    consentType: event.consentType,
    version: event.version,
    consentState: event.consentState,
    consentAction: event.consentAction,
    consentDate: Instant.format(event.consentDate),
    ...(event.expirationDate !== undefined && { expirationDate: Instant.format(event.expirationDate) }),
  })
}
