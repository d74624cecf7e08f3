/**
 * The memory of event columns while they are being filled.
 */
import type { EventColumns } from "./EventColumns.ts"

/** The columns of {@link EventColumns} that are arrays of numbers, to be filled. */
export interface ColumnBuffers extends Pick<
  EventColumns,
  "personEnds" | "pairTypes" | "pairEnds" | "states" | "versions" | "consentDates" | "datesCreated" | "expirationDates"
> {
  /** The length of every column. */
  readonly size: number
}

/** Makes columns of a length, filled with zeros. */
export const make = (size: number): ColumnBuffers => ({
  size,
  personEnds: new Uint32Array(size),
  pairTypes: new Uint32Array(size),
  pairEnds: new Uint32Array(size),
  states: new Uint8Array(size),
  versions: new Float64Array(size),
  consentDates: new Float64Array(size),
  datesCreated: new Float64Array(size),
  expirationDates: new Float64Array(size),
})

/** Makes longer columns that begin with the contents of `columns`. */
export const grow = (columns: ColumnBuffers, size: number): ColumnBuffers => {
  const grown = make(size)
  grown.personEnds.set(columns.personEnds)
  grown.pairTypes.set(columns.pairTypes)
  grown.pairEnds.set(columns.pairEnds)
  grown.states.set(columns.states)
  grown.versions.set(columns.versions)
  grown.consentDates.set(columns.consentDates)
  grown.datesCreated.set(columns.datesCreated)
  grown.expirationDates.set(columns.expirationDates)
  return grown
}
