/**
 * The body of an event, as it is kept and answered: one JSON text, written once when the event is recorded.
 *
 * Field names and shapes are those of the public consent API, see `docs/http.md`. `createdAt` and `updatedAt` are
 * one-element arrays that repeat `dateCreated` and `dateUpdated`, which are equal because an event never changes.
 */
import type { ListedType, Project } from "../model/Catalog.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Instant from "../engine/Instant.ts"
import type { ColumnName } from "../ports/LedgerRows.ts"
import type { Session } from "../ports/LedgerStore.ts"

/** The part of a session that is shown with an event. */
export type ShownSession = Pick<Session, "id" | "ipAddress" | "domain" | "geography" | "userAgent">

/** The members of a body that its row repeats; `undefined` for one that is missing or of another type. */
export interface BodyMembers {
  readonly organization: unknown
  readonly project: unknown
  /** The caller's own id of the event; the row has its hash. */
  readonly externalId: unknown
  /** The commitment to the caller's own id of the event. */
  readonly commitment: unknown
  /** The names of the claimed dates that are there, although the event is not a refusal or they are not date-times. */
  readonly wrongClaims: ReadonlyArray<string>
  /** By the names of the columns of the row. */
  readonly columns: Readonly<Partial<Record<ColumnName<"event">, unknown>>>
}

/** The members of a session that are shown with an event. */
export const sessionFacts = (session: ShownSession) => ({
  id: session.id,
  ipAddress: session.ipAddress,
  domain: session.domain,
  ...(session.geography !== undefined && { geography: session.geography }),
  ...(session.userAgent !== undefined && { userAgent: session.userAgent }),
})

/** The members of a stored event that tell its origin, by which events are listed. */
export const originOf = ({ domain, geography, id }: ShownSession) => ({
  session: id,
  domain,
  ...(geography !== undefined && { geography }),
})

/** The dates of a refusal that the event was given and that could not be recorded as they were. */
export interface ClaimedDates {
  readonly claimedConsentDate?: Instant.Instant
  readonly claimedExpirationDate?: Instant.Instant
}

const textOf = (instant: Instant.Instant | undefined): string | undefined =>
  instant === undefined ? undefined : Instant.format(instant)

/** Writes the body of an event. */
export const write = (
  event: ConsentEvent,
  type: Pick<ListedType, "category" | "subcategory" | "label">,
  project: Pick<Project, "id" | "organization">,
  submitter: string,
  session: ShownSession | undefined,
  externalId: string | undefined,
  { claimedConsentDate, claimedExpirationDate }: ClaimedDates = {},
): string => {
  const dateCreated = Instant.format(event.dateCreated)
  // A member that is undefined is not written.
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
    expirationDate: textOf(event.expirationDate),
    claimedConsentDate: textOf(claimedConsentDate),
    claimedExpirationDate: textOf(claimedExpirationDate),
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

const membersOf = (body: string): Readonly<Record<string, unknown>> | undefined => {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  return typeof parsed === "object" && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined
}

const claimedNames = ["claimedConsentDate", "claimedExpirationDate"] as const

/** The dates that a body claims; a member that is missing or is not a date-time is left out. */
export const claimedOf = (body: string): ClaimedDates => {
  const event = membersOf(body)
  const claimed: { -readonly [Name in keyof ClaimedDates]: ClaimedDates[Name] } = {}
  for (const name of claimedNames) {
    const instant = instantOf(event?.[name])
    if (instant !== undefined) claimed[name] = instant
  }
  return claimed
}

/** Reads a body back; `undefined` if it is not a JSON object. */
export const read = (body: string): BodyMembers | undefined => {
  const event = membersOf(body)
  if (event === undefined) return undefined
  const session = (event["session"] ?? {}) as Readonly<Record<string, unknown>>
  return {
    organization: event["organization"],
    project: event["project"],
    externalId: event["externalId"],
    commitment: event["commitment"],
    wrongClaims: claimedNames.filter(
      (name) =>
        event[name] !== undefined && (event["consentState"] !== "declined" || instantOf(event[name]) === undefined),
    ),
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
