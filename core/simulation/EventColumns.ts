/**
 * The events of whole people as columns: what a thread is handed, and what the sweep reads.
 *
 * People follow each other in the order of `concordId`, a person's types in the order of their ids (both as strings, by
 * UTF-16 code units), and the events of one person and one type in the order of `Order.compare`, each once.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"

/** Names that can be looked up by index: a list, or what makes them when they are asked for. */
export interface Names {
  readonly at: (index: number) => string | undefined
}

/** Events in columns. A column's length may exceed what is used of it. */
export interface EventColumns {
  readonly people: number
  readonly pairs: number
  readonly events: number
  /** The `concordId` of each person. */
  readonly concordIds: Names
  /** The ids that {@link pairTypes} points at. */
  readonly typeIds: ReadonlyArray<string>
  /** Where each person's pairs end. */
  readonly personEnds: Uint32Array
  /** The index of each pair's type in {@link typeIds}. */
  readonly pairTypes: Uint32Array
  /** Where each pair's events end. */
  readonly pairEnds: Uint32Array
  /** The index in `ConsentState.all`: declined 0, accepted 1, implied 2, viewed 3. */
  readonly states: Uint8Array
  /** 0 where the version was left out. */
  readonly versions: Float64Array
  readonly consentDates: Float64Array
  readonly datesCreated: Float64Array
  /** NaN where there is none. */
  readonly expirationDates: Float64Array
  /** Empty where nobody will ask. */
  readonly ids: Names
}

/** The event at an index of a pair, its version filled in from the type where it was left out. */
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
    // Evidence, which decides nothing and is not kept.
    consentAction: "import" as const,
    consentDate,
    dateCreated: columns.datesCreated[index]!,
  }
  return Number.isNaN(expirationDate) ? base : { ...base, expirationDate }
}

/** The number of a consent state in {@link EventColumns.states}. */
export const stateIndex = (state: ConsentState.ConsentState): number => ConsentState.all.indexOf(state)
