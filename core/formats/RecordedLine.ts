/**
 * One recorded event, as it is answered and exported: a line of events.ndjson with everything it carries.
 */
import { Schema } from "effect"
import * as Exchange from "./Exchange.ts"
import * as Members from "./Fields.ts"

const { orNull } = Members

/** The session as an answer shows it. */
export const Session = Schema.Struct({
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
