/**
 * The wire schemas of events, sessions and decisions, and the parts that several endpoints share.
 */
import { Schema } from "effect"
import * as ConsentState from "../../../core/engine/ConsentState.ts"
import * as EvidenceLine from "../../../core/formats/EvidenceLine.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { maxItems } from "../../../core/ledger/Batch.ts"
import { maxLimit } from "../../../core/ledger/Paging.ts"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { identifierKinds } from "../../../core/model/People.ts"
import * as Parameter from "./Parameter.ts"

/** An http or https URL. */
export const WebAddress = Fields.writableText(1, 2048).check(
  Schema.makeFilter((url) => (URL.canParse(url) && /^https?:/i.test(url)) || "expected an http or https URL"),
)

/** An event that a browser records about its own visitor. */
export const VisitorItem = Schema.Struct({
  ...ItemLine.typeFields,
  consentState: Exchange.State,
  consentAction: Schema.Literals(["implied", "user_click"]),
  consentDate: Fields.orNull(Exchange.Instant.annotate({ description: "At most 30 days ago. Left out: now" })),
  version: Fields.orNull(
    Exchange.VersionNumber.annotate({ description: "The version whose text was shown. Left out: the one in force" }),
  ),
  language: ItemLine.ShownLanguage,
  evidence: Fields.orNull(EvidenceLine.EvidenceLine),
  externalId: Fields.orNull(
    Fields.writableText(1, 128).annotate({
      description: "The page's own id of the event, such as a random UUID: the same event is not recorded again",
    }),
  ),
})

/** A batch of 1 to 1000 items, of which all are recorded or none. */
export const batch = <S extends Schema.Constraint>(item: S) =>
  Schema.Struct({
    items: Schema.Array(item).check(
      Schema.isMinLength(1, { message: "expected at least 1 item" }),
      Schema.isMaxLength(maxItems, {
        message: `expected at most ${maxItems} items; send the others in a further request`,
      }),
    ),
  })

/** A batch of an API key. */
export const recordRequest = <S extends Schema.Constraint>(item: S) =>
  Schema.Struct({
    ...batch(item).fields,
    sharedContacts: Fields.orNull(
      Schema.Literal("leave-out").annotate({
        message: 'expected "leave-out", or nothing',
        description:
          "`leave-out`: an e-mail address or phone number that names another person than the account is left out of an item, instead of refusing it",
      }),
    ),
  })

/** The name of a consent type in an answer. */
const typeName = {
  category: Fields.Category,
  subcategory: Schema.Tuple([Schema.String]),
  label: Schema.String,
}

/** An event in an answer. */
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
  claimedConsentDate: Schema.optionalKey(
    Schema.String.annotate({
      description: "The `consentDate` that a refusal was sent with; it was replaced, because it was ahead of the clock",
    }),
  ),
  claimedExpirationDate: Schema.optionalKey(
    Schema.String.annotate({
      description:
        "The `expirationDate` that a refusal was sent with; it was left out, as it was not after `consentDate`",
    }),
  ),
  organization: Schema.String,
  project: Schema.String,
  session: Schema.optionalKey(
    Schema.Struct({
      id: Schema.String,
      ipAddress: Schema.optionalKey(Schema.String),
      domain: Schema.String,
      geography: Schema.optionalKey(Schema.String),
      userAgent: Schema.optionalKey(Schema.String),
    }),
  ),
  submitter: Schema.String,
  externalId: Schema.optionalKey(Schema.String),
  ...typeName,
  version: Schema.Int,
  language: Schema.optionalKey(Schema.String.annotate({ description: "The language of the text that was shown" })),
  evidence: Schema.optionalKey(
    Schema.Struct({
      surface: Schema.optionalKey(Schema.String),
      layout: Schema.optionalKey(Schema.String),
      textHash: Schema.optionalKey(Schema.String),
      gpc: Schema.optionalKey(Schema.Boolean),
      signal: Schema.optionalKey(Schema.String),
      region: Schema.optionalKey(Schema.String),
    }).annotate({
      description: "How the choice came about. Shown to the person, and to keys with the role owner or admin",
    }),
  ),
  erased: Schema.optionalKey(
    Schema.Literal(true).annotate({
      description:
        "Personal data of the event are missing in this answer: the person was erased, or they could not be encrypted " +
        "when the event was recorded, or cannot be opened now",
    }),
  ),
}).annotate({ identifier: "ConsentEvent" })

/** A list of events that were recorded, or are in force. */
export const Events = Schema.Struct({ count: Schema.Int, items: Schema.Array(Event) })

/** The member that leads to the next page of an answer. */
export const nextCursor = {
  nextCursor: Schema.optionalKey(
    Schema.String.annotate({ description: "Send it as `cursor` for the next page; left out after the last" }),
  ),
}

/** The events that decide; an answer about very many types comes in pages. */
export const EventAnswer = Schema.Struct({ ...Events.fields, ...nextCursor })

/** Events that an API key has recorded, in the order of the items. */
export const RecordedEvents = Schema.Struct({
  count: Schema.Int,
  items: Schema.Array(
    Schema.Struct({
      ...Event.fields,
      leftOut: Schema.optionalKey(
        Schema.Array(Schema.String).annotate({
          description:
            "The members of a refusal that could not be read, or with `sharedContacts` the contact points of another person: it was recorded without them",
        }),
      ),
      alsoRecordedFor: Schema.optionalKey(
        Schema.Array(Schema.Struct({ id: Schema.String, concordId: Schema.String })).annotate({
          description: "The events that a refusal was recorded with for the other people its identifiers name",
        }),
      ),
    }).annotate({ identifier: "RecordedConsentEvent" }),
  ),
})

/** A page of a list. */
export const page = <S extends Schema.Constraint>(item: S) =>
  Schema.Struct({
    offset: Schema.Int.annotate({ description: "How many items came before" }),
    count: Schema.Int.annotate({ description: "How many items this page has" }),
    total: Schema.Int.annotate({ description: "How many match in all" }),
    items: Schema.Array(item),
    ...nextCursor,
  })

/** A page of events. */
export const EventPage = page(Event)

/** A decision in an answer. */
export const Decision = Schema.Struct({
  ...Exchange.Decision.fields,
  ...typeName,
  namedSince: Schema.optionalKey(
    Schema.String.annotate({
      description:
        "Since when the identifier that was asked by names the person. If it is later than `since`, the answer is older than that",
    }),
  ),
}).annotate({ identifier: "ConsentDecision" })

/** A list of decisions. */
export const Decisions = Schema.Struct({
  count: Schema.Int,
  items: Schema.Array(Decision),
  ...nextCursor,
})

/** The body of a request that opens a session. */
export const SessionRequest = Schema.Struct({
  contextId: Fields.orNull(
    Schema.String.annotate({
      description: "From an earlier session of this browser: a UUID of version 4 or 7. Any other text is passed over",
    }),
  ),
})

/** A new session. */
export const OpenedSession = Schema.Struct({
  session: Schema.String.annotate({ description: "The token to send as x-session. Told only here." }),
  id: Schema.String,
  contextId: Schema.String,
  concordId: Schema.String,
  expiresAt: Schema.String,
})

/** The answer of a health probe. */
export const Health = Schema.Struct({ status: Schema.Literal("ok") })

/** The query parameters that select the instant asked about, and the instant of knowledge. */
export const instantParameters = {
  at: Parameter.optional(
    Exchange.Instant,
    "The instant that is asked about: what was true then. In the future: what will be true if nothing more happens. Left out: now",
    "date-time",
  ),
  knownAt: Parameter.optional(
    Exchange.Instant,
    "What the ledger knew at this instant: what it learnt later does not count. With `at` and `knownAt` of an answer, the answer is the same again. Left out: now",
    "date-time",
  ),
}

const ofRegion =
  "The id of the region whose rules count besides those of the consent types, as published at `knownAt`; `none`: of no region. Left out: the region of the person's latest session in the project"

/** The query parameter that selects the region whose rules count. */
export const regionParameters = { region: Parameter.optional(Schema.String, ofRegion) }

/** The query parameter that selects a page of an answer about very many types or people. */
export const cursorParameters = {
  cursor: Parameter.optional(Schema.String, "`nextCursor` of the page before. Left out: the first page"),
}

/** A whole number in a query, from `minimum` to `maximum`. */
export const wholeNumber = (minimum: number, maximum: number) => {
  const message = `expected a whole number from ${minimum} to ${maximum}`
  return Schema.String.check(Schema.isPattern(/^\d{1,16}$/, { message })).pipe(
    Schema.decodeTo(Schema.NumberFromString.check(Schema.makeFilter((n) => (n >= minimum && n <= maximum) || message))),
  )
}

/** The query parameters that select a page of a list. */
export const pageParameters = {
  offset: Parameter.optional(
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
    "How many items to pass over. A long list is better read with `cursor`",
  ),
  cursor: Parameter.optional(Schema.String, "`nextCursor` of the page before, in place of `offset`"),
  limit: Parameter.optional(wholeNumber(1, maxLimit), "The most items of the page"),
  order: Parameter.optional(
    Schema.Literals(["asc", "desc"]),
    "`asc` from the first to the last, `desc` from the last to the first. Left out: `desc` for events, `asc` for entries of the catalog",
  ),
}

/** The query parameter that orders a list of entries of the catalog. */
export const entrySort = Parameter.optional(
  Schema.Literals(["dateCreated", "name"]),
  "By when it was created, or by its name. Left out: `dateCreated`",
)

/** The query parameters of a list of one person's events: dates, page and order. `endDate` is exclusive. */
export const ownEventParameters = {
  startDate: Parameter.optional(Exchange.Instant, "Events with a `consentDate` from this instant on", "date-time"),
  endDate: Parameter.optional(Exchange.Instant, "Events with a `consentDate` before this instant", "date-time"),
  ...pageParameters,
  sort: Parameter.optional(
    Schema.Literals(["consentDate", "dateCreated"]),
    "By when it was true, or by when it was recorded. Left out: `consentDate`",
  ),
}

/** The query parameters of a list of a project's events. */
export const eventParameters = {
  ...ownEventParameters,
  category: Parameter.optional(Fields.Category, "Events of types of this category"),
  subcategory: Parameter.optional(Schema.String, "Events of types of this subcategory"),
  label: Parameter.optional(Schema.String, "Events of types with this label"),
  consentState: Parameter.optional(
    Schema.Array(Schema.Literals(ConsentState.all)),
    "Events of one of these states; may be repeated",
  ),
  consentAction: Parameter.optional(Schema.Array(Exchange.Action), "Events of one of these actions; may be repeated"),
  submitter: Parameter.optional(Fields.Uuid, "Events that this API key or visitor sent", "uuid"),
  domain: Parameter.optional(Schema.String, "Events of sessions on pages of this domain"),
  sessionId: Parameter.optional(Fields.Uuid, "Events of this session", "uuid"),
  geography: Parameter.optional(Schema.String, "Events of sessions from this region (ISO 3166-2), such as `DE-BE`"),
  concordId: Parameter.optional(Fields.Uuid, "Events of this person, and of everyone joined with it", "uuid"),
}

/** The query parameters that are compared with texts of events, as they were sent. */
export const comparedTexts: ReadonlySet<string> = new Set(["subcategory", "label", "domain", "geography"])

/** One question: a person, named by at least one identifier, and a consent type. */
export const DecisionQuestion = Schema.Struct({
  person: Schema.Struct(ItemLine.identifierFields).annotate({
    description: "With several identifiers, the decision that permits least over everyone they name is answered",
  }),
  consentType: Fields.Uuid,
})

/** A batch of 1 to 1000 questions about the same instants. */
export const DecisionQuestions = Schema.Struct({
  at: Fields.orNull(Exchange.Instant),
  knownAt: Fields.orNull(Exchange.Instant),
  region: Fields.orNull(Schema.String.annotate({ description: ofRegion })),
  ...batch(DecisionQuestion).fields,
})

const oneOfFive = `Send exactly one of ${identifierKinds.map((kind) => `\`${kind}\``).join(", ")}`

/** The query parameters that name a person; exactly one must be sent. */
export const personParameters = {
  concordId: Parameter.optional(Schema.String, `The person with this id. ${oneOfFive}`),
  userId: Parameter.optional(Schema.String, `The person with this account of the organization. ${oneOfFive}`),
  projectUserId: Parameter.optional(Schema.String, `The person with this account of the project. ${oneOfFive}`),
  email: Parameter.optional(Schema.String, `The person with this e-mail address, in any spelling. ${oneOfFive}`),
  phoneNumber: Parameter.optional(
    Schema.String,
    `The person with this phone number, such as \`+49 30 901820\`. ${oneOfFive}`,
  ),
}
