/**
 * One recorded event, as it is answered and exported: a line of events.ndjson with everything it carries.
 */
import { Effect, Schema } from "effect"
import type { Digest } from "effect/crypto"
import * as Exchange from "../Exchange.ts"
import * as Members from "../Members.ts"
import type { StoredEvent } from "../ports/LedgerStore.ts"
import * as EventBody from "./EventBody.ts"
import * as Secrets from "./Secrets.ts"

const { orNull } = Members

const Session = Schema.Struct({
  id: Members.Uuid,
  ipAddress: Schema.String,
  domain: Schema.String,
  geography: orNull(Schema.String),
  userAgent: orNull(Schema.String),
})

/** What is read of the line; the other members repeat these. */
export const RecordedLine = Schema.Struct({
  id: Members.Uuid,
  concordId: Members.Uuid,
  consentType: Members.Uuid,
  version: Exchange.VersionNumber,
  consentState: Exchange.State,
  consentAction: Exchange.Action,
  consentDate: Exchange.Instant,
  dateCreated: Exchange.Instant,
  expirationDate: orNull(Exchange.Instant),
  organization: Members.Uuid,
  project: Members.Uuid,
  submitter: Members.Uuid,
  session: orNull(Session),
  externalId: orNull(Members.writableText(1, 128)),
  category: Members.Category,
  subcategory: Members.Subcategory,
  label: Members.ShortText,
}).check(
  Schema.makeFilter(({ consentDate, dateCreated }) =>
    consentDate <= dateCreated ? undefined : { path: ["consentDate"], issue: "must not be after dateCreated" },
  ),
  Schema.makeFilter(({ consentDate, expirationDate }) =>
    expirationDate == null || expirationDate > consentDate
      ? undefined
      : { path: ["expirationDate"], issue: "must be after consentDate" },
  ),
)

/** A line that was read. */
export type Line = typeof RecordedLine.Type

const requiredOf = ({ domain, id, ipAddress }: typeof Session.Type) => ({ domain, id, ipAddress })

/** The event of a line, its body as it was written when it was recorded. */
export const toEvent = Effect.fnUntraced(function* (line: Line, digest: Digest.Digest["Service"]) {
  const { dateCreated, expirationDate, externalId, organization, session, submitter, version } = line
  const event = {
    id: line.id.toLowerCase(),
    concordId: line.concordId.toLowerCase(),
    consentType: line.consentType.toLowerCase(),
    version,
    consentState: line.consentState,
    consentAction: line.consentAction,
    consentDate: line.consentDate,
    dateCreated,
    ...(expirationDate != null && { expirationDate }),
  }
  const subcategory = typeof line.subcategory === "string" ? line.subcategory : line.subcategory[0]
  const type = { category: line.category, subcategory, label: line.label }
  const shown = session == null ? undefined : { ...Exchange.present(session), ...requiredOf(session) }
  const project = { id: line.project.toLowerCase(), organization: organization.toLowerCase() }
  return {
    ...event,
    submitter,
    ...(shown !== undefined && EventBody.originOf(shown)),
    ...(externalId != null && { externalId: yield* Secrets.hash(digest, externalId) }),
    body: EventBody.write(event, type, project, submitter, shown, externalId ?? undefined),
  } satisfies StoredEvent as StoredEvent
})
