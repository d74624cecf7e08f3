/**
 * One recorded event as answers and exports hold it: a line of events.ndjson with all fields of the ledger.
 */
import { Schema } from "effect"
import * as EvidenceLine from "./EvidenceLine.ts"
import * as Exchange from "./Exchange.ts"
import * as Fields from "./Fields.ts"
import * as LanguageTag from "../model/LanguageTag.ts"

const { orNull } = Fields

/** A session as answers hold it. */
export const Session = Schema.Struct({
  id: Fields.Uuid,
  // Left out of an event whose personal data are gone.
  ipAddress: orNull(Schema.String),
  domain: Schema.String,
  geography: orNull(Schema.String),
  userAgent: orNull(Schema.String),
})

/** The fields of a line that are read. A line has more fields, which repeat these. */
export const RecordedLine = Schema.Struct({
  id: Fields.Uuid,
  concordId: Fields.Uuid,
  consentType: Fields.Uuid,
  version: Exchange.VersionNumber,
  // As it was recorded: a later edition of BCP 47 may have another canonical form of it.
  language: orNull(
    Schema.String.check(
      Schema.makeFilter((tag: string) => LanguageTag.canonical(tag) !== undefined || LanguageTag.expected),
    ),
  ),
  evidence: orNull(EvidenceLine.EvidenceLine),
  consentState: Exchange.State,
  consentAction: Exchange.Action,
  consentDate: Exchange.Instant,
  dateCreated: Exchange.Instant,
  expirationDate: orNull(Exchange.Instant),
  claimedConsentDate: orNull(Exchange.Instant),
  claimedExpirationDate: orNull(Exchange.Instant),
  organization: Fields.Uuid,
  project: Fields.Uuid,
  submitter: Fields.Uuid,
  session: orNull(Session),
  // Older versions recorded external ids with NUL, which the JSON of a body can hold.
  externalId: orNull(Fields.text(1, 128)),
  erased: orNull(Schema.Boolean),
  category: Fields.Category,
  subcategory: Fields.Subcategory,
  label: Fields.ShortText,
}).check(
  Schema.makeFilter(({ consentDate, dateCreated }) =>
    consentDate <= dateCreated ? undefined : { path: ["consentDate"], issue: "must not be after dateCreated" },
  ),
  Schema.makeFilter(({ erased, session }) =>
    session == null || session.ipAddress != null || erased === true
      ? undefined
      : { path: ["session", "ipAddress"], issue: "must be there, unless erased is true" },
  ),
  Schema.makeFilter(({ consentDate, expirationDate }) =>
    expirationDate == null || expirationDate > consentDate
      ? undefined
      : { path: ["expirationDate"], issue: "must be after consentDate" },
  ),
)

/** A line that has been decoded. */
export type Line = typeof RecordedLine.Type
