/**
 * Events as plain values, from the JSON that the ledger keeps of them.
 */
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"
import type { Event } from "./OpenLedger.ts"

/** The members of a body that differ from those of an event: a list of one, and three that repeat `dateCreated`. */
interface Body extends Omit<Event, "subcategory"> {
  readonly subcategory: readonly [string]
  readonly createdAt: unknown
  readonly updatedAt: unknown
  readonly dateUpdated: unknown
}

/** The event of a body, with the subcategory as text next to the other names of the type, as files have it. */
export const of = ({ body }: Pick<StoredEvent, "body">): Event => {
  const { createdAt: _, dateUpdated: __, updatedAt: ___, ...read }: Body = JSON.parse(body)
  const { category, concordId, consentType, id, label, subcategory, ...event } = read
  return { id, concordId, consentType, category, subcategory: subcategory[0], label, ...event }
}
