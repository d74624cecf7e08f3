/**
 * The shapes of the public consent API: what requests hold and what is answered.
 */
import { Schema } from "effect"
import * as Exchange from "../../../core/Exchange.ts"
import { maxItems } from "../../../core/ledger/Batch.ts"

const orNull = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const shortText = Schema.String.check(Schema.isMaxLength(128, { message: "must have at most 128 characters" }))

/** A UUID of any version, in either case. */
export const Uuid = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, { message: "expected a UUID" }),
)

/** One of the four categories of consent types. */
export const Category = Schema.Literals(["disclosure", "communication", "privacy_setting", "custom"])

/** An array of one string, as the API documents it, or the bare string. */
const Subcategory = Schema.Union([Schema.Tuple([shortText]), shortText]).annotate({
  message: "expected an array of one string of at most 128 characters",
})

const typeFields = {
  consentType: orNull(Uuid),
  category: orNull(Category),
  subcategory: orNull(Subcategory),
  label: orNull(shortText),
}

/** The fields that say who an event is about; at least one. */
export const identifierFields = {
  projectUserId: orNull(Schema.String),
  userId: orNull(Schema.String),
  email: orNull(Schema.String),
  phoneNumber: orNull(Schema.String),
  concordId: orNull(Schema.String),
}

/** One event that a server asks to have recorded. */
export const ServerItem = Schema.Struct({
  ...identifierFields,
  ...typeFields,
  consentState: Exchange.State,
  consentAction: Exchange.Action,
  consentDate: orNull(Exchange.Instant),
  expirationDate: orNull(Exchange.Instant),
  version: orNull(Exchange.VersionNumber),
})

/** One event that a browser asks to have recorded: now, about its own visitor. */
export const VisitorItem = Schema.Struct({
  ...typeFields,
  consentState: Exchange.State,
  consentAction: Schema.Literals(["implied", "user_click"]),
})

/** A batch of 1 to 1000 items, recorded all or not at all. */
export const batch = <S extends Schema.Constraint>(item: S) =>
  Schema.Struct({
    items: Schema.Array(item).check(
      Schema.isMinLength(1, { message: "expected at least 1 item" }),
      Schema.isMaxLength(maxItems, {
        message: `expected at most ${maxItems} items; send the others in a further request`,
      }),
    ),
  })

/** An event as it is answered. */
export const Event = Schema.Struct({
  createdAt: Schema.Tuple([Schema.String]),
  updatedAt: Schema.Tuple([Schema.String]),
  id: Schema.String,
  concordId: Schema.String,
  consentAction: Exchange.Action,
  consentDate: Schema.String,
  consentState: Exchange.State,
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
  consentType: Schema.String,
  expirationDate: Schema.optionalKey(Schema.String),
  organization: Schema.String,
  project: Schema.String,
  session: Schema.optionalKey(
    Schema.Struct({
      id: Schema.String,
      ipAddress: Schema.String,
      domain: Schema.String,
      geography: Schema.optionalKey(Schema.String),
      userAgent: Schema.optionalKey(Schema.String),
    }),
  ),
  submitter: Schema.String,
  category: Category,
  subcategory: Schema.Tuple([Schema.String]),
  label: Schema.String,
  version: Schema.Number,
}).annotate({ identifier: "ConsentEvent" })

/** Events that were recorded, or are in force. */
export const Events = Schema.Struct({ count: Schema.Number, items: Schema.Array(Event) })

/** One page of events. */
export const EventPage = Schema.Struct({
  offset: Schema.Number,
  count: Schema.Number,
  total: Schema.Number,
  items: Schema.Array(Event),
})

/** One decision for each type of the project. */
export const Decisions = Schema.Struct({
  count: Schema.Number,
  items: Schema.Array(Exchange.Decision.annotate({ identifier: "ConsentDecision" })),
})

/** What a browser may say when it opens a session. */
export const SessionRequest = Schema.Struct({ contextId: orNull(Uuid) })

/** A session just opened. */
export const OpenedSession = Schema.Struct({
  session: Schema.String.annotate({ description: "The token to send as x-session. Told only here." }),
  id: Schema.String,
  contextId: Schema.String,
  concordId: Schema.String,
  expiresAt: Schema.String,
})

/** The service answers. */
export const Health = Schema.Struct({ status: Schema.Literal("ok") })

/** The instants of a question. */
export const instantParameters = {
  at: Schema.optionalKey(Exchange.Instant),
  knownAt: Schema.optionalKey(Exchange.Instant),
}

const wholeNumber = (minimum: number, maximum: number) => {
  const message = `expected a whole number from ${minimum} to ${maximum}`
  return Schema.String.check(Schema.isPattern(/^\d{1,16}$/, { message })).pipe(
    Schema.decodeTo(Schema.NumberFromString.check(Schema.makeFilter((n) => (n >= minimum && n <= maximum) || message))),
  )
}

/** The page of a list, its order, and the dates it is limited to. */
export const pageParameters = {
  startDate: Schema.optionalKey(Exchange.Instant),
  endDate: Schema.optionalKey(Exchange.Instant),
  offset: Schema.optionalKey(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  limit: Schema.optionalKey(wholeNumber(1, 1000)),
  sort: Schema.optionalKey(Schema.Literals(["consentDate", "dateCreated"])),
  order: Schema.optionalKey(Schema.Literals(["asc", "desc"])),
}

/** One identifier that names the person asked about. */
export const personParameters = {
  concordId: Schema.optionalKey(Schema.String),
  userId: Schema.optionalKey(Schema.String),
  projectUserId: Schema.optionalKey(Schema.String),
  email: Schema.optionalKey(Schema.String),
  phoneNumber: Schema.optionalKey(Schema.String),
}
