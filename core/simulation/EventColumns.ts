/**
 * The events of whole people as columns of numbers: the form in which threads receive them and the sweep reads them.
 *
 * People are in the order of `concordId`, the types of a person in the order of their ids (both as strings, by UTF-16
 * code units), and the events of one person and one type (a pair) in the order of `Order.compare`, each once.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"

/** Names that can be looked up by index: an array, or an object that builds each name when it is asked for. */
export interface Names {
  readonly at: (index: number) => string | undefined
}

/** Events in columns. A column may be longer than the number of its elements in use. */
export interface EventColumns {
  readonly people: number
  readonly pairs: number
  readonly events: number
  /** The `concordId` of each person, by the index of the person. */
  readonly concordIds: Names
  /** The ids of the consent types. */
  readonly typeIds: ReadonlyArray<string>
  /** For each person, the index after its last pair. */
  readonly personEnds: Uint32Array
  /** The index of each pair's type in {@link typeIds}. */
  readonly pairTypes: Uint32Array
  /** For each pair, the index after its last event. */
  readonly pairEnds: Uint32Array
  /** For each event, the index in `ConsentState.all`: declined 0, accepted 1, implied 2, viewed 3. */
  readonly states: Uint8Array
  /** 0 if the version was left out. */
  readonly versions: Float64Array
  readonly consentDates: Float64Array
  readonly datesCreated: Float64Array
  /** NaN if it was left out. */
  readonly expirationDates: Float64Array
  /** The id of each event; empty if ids are not needed. */
  readonly ids: Names
}

/** The event at an index. If its version was left out, it is filled in from the type. */
export const event = (
  columns: EventColumns,
  index: number,
  concordId: string,
  type: ConsentType.ConsentType,
): ConsentEvent => {
  const consentDate = columns.consentDates[index]!
  const expirationDate = columns.expirationDates[index]!
  const base = {
    id: columns.ids.at(index) ?? String(index),
    concordId,
    consentType: type.id,
    version: columns.versions[index]! || ConsentType.versionAt(type, consentDate),
    consentState: ConsentState.all[columns.states[index]!]!,
    // The columns do not hold the action, because no decision depends on it.
    consentAction: "import" as const,
    consentDate,
    dateCreated: columns.datesCreated[index]!,
  }
  return Number.isNaN(expirationDate) ? base : { ...base, expirationDate }
}

/** The index of a consent state, as in {@link EventColumns.states}. */
export const stateIndex = (state: ConsentState.ConsentState): number => ConsentState.all.indexOf(state)
