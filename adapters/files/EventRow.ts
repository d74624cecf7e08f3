/**
 * One event of events.ndjson in the form that {@link ExternalSort} writes to its file: a JSON array of the fields that
 * affect answers, and the line itself if it is needed in the output.
 */
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../../core/engine/ConsentState.ts"
import * as ConsentType from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type * as EventDecoder from "./EventDecoder.ts"

/** The fields in the order in which {@link compare} compares them. */
export type EventRow = readonly [
  concordId: string,
  consentType: string,
  consentDate: Instant,
  dateCreated: Instant,
  id: string,
  consentState: ConsentState,
  consentAction: ConsentAction,
  version: number | null,
  expirationDate: Instant | null,
  line: string | null,
]

/** An event with the line that it was read from; `null` if lines are not kept. */
export interface LinedEvent extends ConsentEvent {
  readonly line: string | null
}

/** The row of a decoded line. */
export const fromLine = (event: EventDecoder.DecodedEvent, line: string | null): EventRow => [
  event.concordId,
  event.consentType,
  event.consentDate,
  event.dateCreated,
  event.id,
  event.consentState,
  event.consentAction,
  event.version ?? null,
  event.expirationDate ?? null,
  line,
]

/** The event of a row. If the line had no `version`, it is the version of the type that applied at `consentDate`. */
export const toEvent = (row: EventRow, type: ConsentType.ConsentType): LinedEvent => {
  const [concordId, consentType, consentDate, dateCreated, id, consentState, consentAction, version, expires, line] =
    row
  const event = {
    id,
    concordId,
    consentType,
    version: version ?? ConsentType.versionAt(type, consentDate),
    consentState,
    consentAction,
    consentDate,
    dateCreated,
    line,
  }
  return expires === null ? event : { ...event, expirationDate: expires }
}

const compareValues = (a: string | number, b: string | number): number => (a === b ? 0 : a < b ? -1 : 1)

/**
 * Compares by `concordId`, then by `consentType`, as strings in the order of their UTF-16 code units (the order of `<`
 * in ECMAScript and of RFC 8785); then from the earliest event to the latest. This is a total order on the whole row,
 * so the result does not depend on the order of the lines in the file.
 */
export const compare = (a: EventRow, b: EventRow): number =>
  compareValues(a[0], b[0]) ||
  compareValues(a[1], b[1]) ||
  a[2] - b[2] ||
  a[3] - b[3] ||
  compareValues(a[4], b[4]) ||
  compareValues(a[5], b[5]) ||
  compareValues(a[6], b[6]) ||
  (a[7] ?? 0) - (b[7] ?? 0) ||
  (a[8] ?? 0) - (b[8] ?? 0) ||
  compareValues(a[9] ?? "", b[9] ?? "")

/** Estimates how many bytes a row takes in memory. */
export const weigh = (row: EventRow): number => 350 + (row[9] === null ? 0 : row[9].length)
