/**
 * The body of an event as it was stored and answered before personal data were kept apart: written without the code
 * that composes answers, so that a law can compare the two.
 */
import type { Evidence } from "../../core/browser/VisitAnswer.ts"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Instant from "../../core/engine/Instant.ts"

/** The session of an event, with everything that is shown of it. */
export interface ClearSession {
  readonly id: string
  readonly ipAddress: string
  readonly domain: string
  readonly geography?: string
  readonly userAgent?: string
}

const date = (instant: Instant.Instant | undefined) => (instant === undefined ? undefined : Instant.format(instant))

/** The answer to an event of which everything is known. */
export const of = (
  event: ConsentEvent,
  type: { readonly category: string; readonly subcategory: string; readonly label: string },
  project: { readonly id: string; readonly organization: string },
  submitter: string,
  session: ClearSession | undefined,
  externalId: string | undefined,
  given: {
    readonly claimedConsentDate?: Instant.Instant
    readonly claimedExpirationDate?: Instant.Instant
    readonly language?: string
    readonly evidence?: Evidence
  } = {},
): string =>
  JSON.stringify({
    createdAt: [date(event.dateCreated)],
    updatedAt: [date(event.dateCreated)],
    id: event.id,
    concordId: event.concordId,
    consentAction: event.consentAction,
    consentDate: date(event.consentDate),
    consentState: event.consentState,
    dateCreated: date(event.dateCreated),
    dateUpdated: date(event.dateCreated),
    consentType: event.consentType,
    expirationDate: date(event.expirationDate),
    claimedConsentDate: date(given.claimedConsentDate),
    claimedExpirationDate: date(given.claimedExpirationDate),
    organization: project.organization,
    project: project.id,
    session: session && {
      id: session.id,
      ipAddress: session.ipAddress,
      domain: session.domain,
      geography: session.geography,
      userAgent: session.userAgent,
    },
    submitter,
    externalId,
    category: type.category,
    subcategory: [type.subcategory],
    label: type.label,
    version: event.version,
    language: given.language,
    evidence: given.evidence,
  })
