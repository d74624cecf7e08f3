/**
 * The event as it is answered, and kept: one JSON text, written once when it is recorded.
 *
 * Field names and shapes are those of the public consent API, see `docs/http.md`; `createdAt` and `updatedAt` are
 * one-element arrays that repeat `dateCreated` and `dateUpdated`, which are equal: an event never changes.
 */
import type { ListedType, Project } from "../model/Catalog.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Instant from "../engine/Instant.ts"
import type { ColumnName } from "../ports/LedgerRows.ts"
import type { Session } from "../ports/LedgerStore.ts"

/** A session as far as it is shown beside an event. */
export type ShownSession = Pick<Session, "id" | "ipAddress" | "domain" | "geography" | "userAgent">

/** What a body says about the row it is kept in. What is not there, or is no text, is `undefined`. */
export interface Said {
  readonly organization: unknown
  readonly project: unknown
  /** The caller's own id of the event; its hash is kept. */
  readonly externalId: unknown
  /** By the names of the columns. */
  readonly columns: Readonly<Partial<Record<ColumnName<"event">, unknown>>>
}

/** The session as it is shown beside an event. */
export const sessionFacts = (session: ShownSession) => ({
  id: session.id,
  ipAddress: session.ipAddress,
  domain: session.domain,
  ...(session.geography !== undefined && { geography: session.geography }),
  ...(session.userAgent !== undefined && { userAgent: session.userAgent }),
})

/** Where an event came from, as far as events are listed by it. */
export const originOf = ({ domain, geography, id }: ShownSession) => ({
  session: id,
  domain,
  ...(geography !== undefined && { geography }),
})

/** Writes the body of an event. */
export const write = (
  event: ConsentEvent,
  type: Pick<ListedType, "category" | "subcategory" | "label">,
  project: Pick<Project, "id" | "organization">,
  submitter: string,
  session: ShownSession | undefined,
  externalId: string | undefined,
): string => {
  const dateCreated = Instant.format(event.dateCreated)
  // What is undefined is not written.
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
    expirationDate: event.expirationDate === undefined ? undefined : Instant.format(event.expirationDate),
    organization: project.organization,
    project: project.id,
    session: session === undefined ? undefined : sessionFacts(session),
    submitter,
    externalId,
    category: type.category,
    subcategory: [type.subcategory],
    label: type.label,
    version: event.version,
  })
}

const instantOf = (value: unknown): number | undefined => (typeof value === "string" ? Instant.parse(value) : undefined)

/** Reads a body back; `undefined` where it is no JSON object. */
export const read = (body: string): Said | undefined => {
  let said: unknown
  try {
    said = JSON.parse(body)
  } catch {
    return undefined
  }
  if (typeof said !== "object" || said === null) return undefined
  const event = said as Readonly<Record<string, unknown>>
  const session = (event["session"] ?? {}) as Readonly<Record<string, unknown>>
  return {
    organization: event["organization"],
    project: event["project"],
    externalId: event["externalId"],
    columns: {
      person: event["concordId"],
      event_id: event["id"],
      consent_type: event["consentType"],
      version: event["version"],
      consent_state: event["consentState"],
      consent_action: event["consentAction"],
      consent_date: instantOf(event["consentDate"]),
      recorded_at: instantOf(event["dateCreated"]),
      expiration_date: event["expirationDate"] === undefined ? null : instantOf(event["expirationDate"]),
      submitter: event["submitter"],
      session: session["id"] ?? null,
      domain: session["domain"] ?? null,
      geography: session["geography"] ?? null,
    },
  }
}
