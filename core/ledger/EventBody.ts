/**
 * The event as it is answered, and kept: one JSON text, written once when it is recorded.
 *
 * Field names and shapes are those of the public consent API, see `docs/http.md`; `createdAt` and `updatedAt` are
 * one-element arrays that repeat `dateCreated` and `dateUpdated`, which are equal: an event never changes.
 */
import type { ListedType, Project } from "../Catalog.ts"
import type { ConsentEvent } from "../ConsentEvent.ts"
import * as Instant from "../Instant.ts"
import type { Session } from "../ports/LedgerStore.ts"

/** The session as it is shown beside an event. */
export const sessionFacts = (session: Session) => ({
  id: session.id,
  ipAddress: session.ipAddress,
  domain: session.domain,
  ...(session.geography !== undefined && { geography: session.geography }),
  ...(session.userAgent !== undefined && { userAgent: session.userAgent }),
})

/** Writes the body of an event. */
export const write = (
  event: ConsentEvent,
  type: ListedType,
  project: Project,
  submitter: string,
  session: Session | undefined,
  externalId: string | undefined,
): string => {
  const dateCreated = Instant.format(event.dateCreated)
  return JSON.stringify({
    createdAt: [dateCreated],
    updatedAt: [dateCreated],
    id: event.id,
    concordId: event.concordId,
    consentAction: event.consentAction,
    consentDate: Instant.format(event.consentDate),
    consentState: event.consentState,
    dateCreated,
    dateUpdated: dateCreated,
    consentType: event.consentType,
    ...(event.expirationDate !== undefined && { expirationDate: Instant.format(event.expirationDate) }),
    organization: project.organization,
    project: project.id,
    ...(session !== undefined && { session: sessionFacts(session) }),
    submitter,
    ...(externalId !== undefined && { externalId }),
    category: type.category,
    subcategory: [type.subcategory],
    label: type.label,
    version: event.version,
  })
}
