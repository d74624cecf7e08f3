/**
 * The body of an event: one JSON text, written once when the event is recorded.
 *
 * What is stored holds commitments in place of personal data: of the session its address and browser, and the caller's
 * own id of the event. `compose` makes the answer of it. Field names and shapes of the answer are those of the public
 * consent API, see `docs/http.md`. `createdAt` and `updatedAt` are one-element arrays that repeat `dateCreated` and
 * `dateUpdated`, which are equal because an event never changes.
 */
import type { Evidence } from "../browser/VisitAnswer.ts"
import type { ListedType, Project } from "../model/Catalog.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Instant from "../engine/Instant.ts"
import * as EvidenceLine from "../formats/EvidenceLine.ts"
import * as LanguageTag from "../model/LanguageTag.ts"
import type { ColumnName } from "../ports/LedgerRows.ts"
import type { Session } from "../ports/LedgerStore.ts"

/** The part of a session that is stored with an event. */
export type ShownSession = Pick<Session, "id" | "domain" | "geography" | "commitment">

/** The members of a body that its row repeats; `undefined` for one that is missing or of another type. */
export interface BodyMembers {
  readonly organization: unknown
  readonly project: unknown
  /** The commitment to the caller's own id of the event. */
  readonly commitment: unknown
  /** The commitment to the address and browser of the session. */
  readonly sessionCommitment: unknown
  /** Personal data that stand in the body in clear, by the names of their members: there must be none. */
  readonly inClear: ReadonlyArray<string>
  /** The names of the claimed dates that are there, although the event is not a refusal or they are not date-times. */
  readonly wrongClaims: ReadonlyArray<string>
  /** Whether it has a language that is no tag of BCP 47. */
  readonly hasWrongLanguage: boolean
  /** Whether it has evidence that is not as it is kept. */
  readonly hasWrongEvidence: boolean
  /** By the names of the columns of the row. */
  readonly columns: Readonly<Partial<Record<ColumnName<"event">, unknown>>>
}

/** The personal data of a session, as they are committed to. */
export const sessionJson = ({ ipAddress, userAgent }: Pick<Session, "ipAddress" | "userAgent">): string =>
  // A member that is undefined is not written.
  JSON.stringify({ ipAddress, userAgent })

/** The caller's own id of an event, as it is committed to. */
export const externalIdJson = (externalId: string): string => JSON.stringify({ externalId })

/** The members of a stored event that tell its origin, by which events are listed. */
export const originOf = ({ domain, geography, id }: Pick<Session, "id" | "domain" | "geography">) => ({
  session: id,
  domain,
  ...(geography !== undefined && { geography }),
})

/** The dates of a refusal that the event was given and that could not be recorded as they were. */
export interface ClaimedDates {
  readonly claimedConsentDate?: Instant.Instant
  readonly claimedExpirationDate?: Instant.Instant
}

/** What an event was given besides what decides: how it came about, and the dates of a refusal that were replaced. */
export interface GivenDetails extends ClaimedDates {
  readonly evidence?: Evidence
  /** The language of the text that was shown. */
  readonly language?: string
}

const textOf = (instant: Instant.Instant | undefined): string | undefined =>
  instant === undefined ? undefined : Instant.format(instant)

/** Writes the stored body of an event. `commitment` is that to the caller's own id, if it has one. */
export const write = (
  event: ConsentEvent,
  type: Pick<ListedType, "category" | "subcategory" | "label">,
  project: Pick<Project, "id" | "organization">,
  submitter: string,
  session: ShownSession | undefined,
  commitment: string | undefined,
  { claimedConsentDate, claimedExpirationDate, evidence, language }: GivenDetails = {},
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
    session: session && {
      id: session.id,
      domain: session.domain,
      geography: session.geography,
      commitment: session.commitment,
    },
    submitter,
    commitment,
    category: type.category,
    subcategory: [type.subcategory],
    label: type.label,
    version: event.version,
    language,
    evidence,
  })
}

/** What precedes a commitment in a body. No string of a body contains it, because its quotes would be escaped. */
const mark = '"commitment":"'

/** Base64url of 32 bytes. */
const commitmentLength = 43

/** A commitment that a body holds. */
interface HeldCommitment {
  readonly commitment: string
  /** The member it is in: the commitment of the session is the last member of the session. */
  readonly kind: "session" | "event"
  /** Where its member begins. */
  readonly start: number
  /** Where its member ends. */
  readonly end: number
}

const commitmentFrom = (body: string, from: number): HeldCommitment | undefined => {
  const start = body.indexOf(mark, from)
  if (start === -1) return undefined
  const end = start + mark.length + commitmentLength + 1
  const commitment = body.slice(start + mark.length, end - 1)
  return { commitment, kind: body[end] === "}" ? "session" : "event", start, end }
}

/** The commitments in a stored body: that of the session first. None, in one search, for most events of servers. */
export const commitmentsOf = (body: string): ReadonlyArray<HeldCommitment> => {
  const first = commitmentFrom(body, 0)
  if (first === undefined) return none
  const second = commitmentFrom(body, first.end)
  return second === undefined ? [first] : [first, second]
}

const none: ReadonlyArray<HeldCommitment> = []

/** The body with the address and the browser of the session, in the places that they have in an answer. */
const withSession = (body: string, { end, start }: HeldCommitment, json: string): string => {
  const { userAgent, ...address } = JSON.parse(json) as Pick<Session, "ipAddress" | "userAgent">
  const domain = body.lastIndexOf(',"domain":', start)
  const members = JSON.stringify(address).slice(1, -1)
  const browser = userAgent === undefined ? "" : `,"userAgent":${JSON.stringify(userAgent)}`
  return `${body.slice(0, domain)},${members}${body.slice(domain, start - 1)}${browser}${body.slice(end)}`
}

/**
 * The answer of a stored body, given personal data, as JSON, by their commitments: with the members that were recorded.
 * Personal data that are missing are left out, and `"erased": true` is added. Costs one search for a body without
 * commitments, which is its own answer.
 */
export const compose = (body: string, personal: ReadonlyMap<string, string>): string => {
  const held = commitmentsOf(body)
  let composed = body
  let isErased = false
  // From the end to the beginning, so that the places of the commitments before stay what they are.
  for (const each of held.toReversed()) {
    const json = personal.get(each.commitment)
    isErased ||= json === undefined
    if (json === undefined) composed = composed.slice(0, each.start - 1) + composed.slice(each.end)
    else if (each.kind === "session") composed = withSession(composed, each, json)
    else composed = composed.slice(0, each.start) + json.slice(1, -1) + composed.slice(each.end)
  }
  return isErased ? `${composed.slice(0, -1)},"erased":true}` : composed
}

/** The evidence of events in JSON. No string contains it, because its quotes would be escaped. */
const evidenceMember = /,"evidence":\{[^}]*\}/g

/** JSON that holds answers of events, without their evidence. */
export const withoutEvidence = (json: string): string => json.replace(evidenceMember, "")

/** Whether an answer says that personal data of it are missing. */
export const isErased = (answer: string): boolean => answer.endsWith(',"erased":true}')

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

const isLanguage = (value: unknown): boolean => typeof value === "string" && LanguageTag.canonical(value) !== undefined

/** Reads a body back; `undefined` if it is not a JSON object. */
export const read = (body: string): BodyMembers | undefined => {
  const event = membersOf(body)
  if (event === undefined) return undefined
  const session = (event["session"] ?? {}) as Readonly<Record<string, unknown>>
  return {
    organization: event["organization"],
    project: event["project"],
    commitment: event["commitment"],
    sessionCommitment: session["commitment"],
    inClear: [
      ...["ipAddress", "userAgent"].filter((name) => session[name] !== undefined),
      ...["externalId", "erased"].filter((name) => event[name] !== undefined),
    ],
    wrongClaims: claimedNames.filter(
      (name) =>
        event[name] !== undefined && (event["consentState"] !== "declined" || instantOf(event[name]) === undefined),
    ),
    hasWrongLanguage: event["language"] !== undefined && !isLanguage(event["language"]),
    hasWrongEvidence: event["evidence"] !== undefined && !EvidenceLine.isKept(event["evidence"]),
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
