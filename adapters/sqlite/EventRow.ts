/**
 * An event as a row of the table `event`.
 */
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../../core/engine/ConsentState.ts"
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as Uuid from "./Uuid.ts"

/** The columns of an event that decide; the table has the name `e`. */
export const decidingColumns = `e.event_id, e.person, e.consent_type, e.version, e.consent_state, e.consent_action,
  e.consent_date, e.recorded_at, e.expiration_date`

/** The columns that are read of an event; the table has the name `e`. */
export const columns = `${decidingColumns}, e.submitter, e.session, e.domain, e.geography, e.body`

/** The {@link decidingColumns} of a row. Only the writer writes them, and it writes these types. */
export type DecidingRow = readonly [
  id: Uint8Array,
  person: Uint8Array,
  consentType: Uint8Array,
  version: number,
  consentState: ConsentState,
  consentAction: ConsentAction,
  consentDate: number,
  recordedAt: number,
  expirationDate: number | null,
]

/** The {@link columns} of a row. */
export type EventRow = readonly [
  ...DecidingRow,
  submitter: string,
  session: string | null,
  domain: string | null,
  geography: string | null,
  body: string,
]

/** The event of a row, without what is answered about it. */
export const toDeciding = (row: DecidingRow | EventRow): ConsentEvent => {
  const [id, person, consentType, version, consentState, consentAction, consentDate, dateCreated, expirationDate] = row
  return {
    id: Uuid.fromBytes(id),
    concordId: Uuid.fromBytes(person),
    consentType: Uuid.fromBytes(consentType),
    version,
    consentState,
    consentAction,
    consentDate,
    dateCreated,
    ...(expirationDate !== null && { expirationDate }),
  }
}

/** The event of a row. */
export const toEvent = (row: EventRow): StoredEvent => {
  const [, , , , , , , , , submitter, session, domain, geography, body] = row
  return {
    ...toDeciding(row),
    submitter,
    ...(session !== null && { session }),
    ...(domain !== null && { domain }),
    ...(geography !== null && { geography }),
    body,
  }
}
