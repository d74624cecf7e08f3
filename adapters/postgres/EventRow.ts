/**
 * An event as a row of the table `event`.
 */
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../../core/engine/ConsentState.ts"
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"

/** The columns of an event that decide; the table has the alias `e`. */
export const decidingColumns = `e.event_id, e.person, e.consent_type, e.version, e.consent_state, e.consent_action,
  e.consent_date, e.recorded_at, e.expiration_date`

/** The select list of an event; the table has the alias `e`. */
export const columns = `${decidingColumns}, e.submitter, e.session, e.domain, e.geography, e.body`

/** The {@link decidingColumns} of a row, with the types that EventWriter.ts inserts, which alone writes the table. */
export interface DecidingRow {
  readonly event_id: string
  readonly person: string
  readonly consent_type: string
  readonly version: number
  readonly consent_state: ConsentState
  readonly consent_action: ConsentAction
  readonly consent_date: number
  readonly recorded_at: number
  readonly expiration_date: number | null
}

/** The {@link columns} of a row. */
export interface EventRow extends DecidingRow {
  readonly submitter: string
  readonly session: string | null
  readonly domain: string | null
  readonly geography: string | null
  readonly body: string
}

/** The event of a row, without what is answered about it. */
export const toDeciding = (row: DecidingRow): ConsentEvent => ({
  id: row.event_id,
  concordId: row.person,
  consentType: row.consent_type,
  version: row.version,
  consentState: row.consent_state,
  consentAction: row.consent_action,
  consentDate: row.consent_date,
  dateCreated: row.recorded_at,
  ...(row.expiration_date !== null && { expirationDate: row.expiration_date }),
})

/** The event of a row. */
export const toEvent = (row: EventRow): StoredEvent => ({
  ...toDeciding(row),
  submitter: row.submitter,
  ...(row.session !== null && { session: row.session }),
  ...(row.domain !== null && { domain: row.domain }),
  ...(row.geography !== null && { geography: row.geography }),
  body: row.body,
})
