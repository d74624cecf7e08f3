/**
 * The query parameters of the lists of compliance requests and of what happened to them.
 */
import { Schema } from "effect"
import * as CivilDate from "../../../core/compliance/CivilDate.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as ComplianceWire from "./ComplianceWire.ts"
import * as Parameter from "./Parameter.ts"
import * as RequestDate from "./RequestDate.ts"
import * as Wire from "./Wire.ts"

/** The most ids of one filter. */
const maxIds = 100

const ids = (what: string) =>
  Schema.Array(Fields.Uuid).check(
    Schema.isMinLength(1, { message: `expected at least 1 id of ${what}` }),
    Schema.isMaxLength(maxIds, { message: `expected at most ${maxIds} ids of ${what}` }),
  )

const part = (of: string) =>
  Parameter.optional(
    Fields.text(1, 128),
    `Requests with this text in ${of}, whatever its case. Not for a role that only reads`,
  )

const flag = (description: string) => Parameter.optional(Schema.Literals(["true", "false"]), description)

const Day = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String.check(
      Schema.makeFilter((text) => CivilDate.parse(text) !== undefined || "expected a day, such as 2024-02-29"),
    ),
  ),
)

const Reference = Schema.String.check(
  Schema.isPattern(/^clock:[a-z0-9-]{1,32}@[0-9A-Za-z.-]{1,32}$/, {
    message: "expected the name of a clock pack, such as clock:gdpr@2018-05",
  }),
)

/** The filters that compare what is personal. They need the permission to handle requests. */
const personalFilters = {
  ipAddress: part("the shortened address of its session"),
  userAgent: part("the name of the browser of its session"),
  userEmail: part("the e-mail address that was typed"),
  notes: part("its notes"),
  requestDetails: part("its details"),
  resolution: part("its resolution"),
  text: part("any of these"),
}

const filters = {
  concordId: Parameter.optional(Fields.Uuid, "Requests that this person opened, or that are about it", "uuid"),
  complianceRequestId: Parameter.optional(Fields.Uuid, "The request with this id", "uuid"),
  request: Parameter.optional(ComplianceWire.Kind, "Requests of this kind"),
  status: Parameter.optional(ComplianceWire.Status, "Requests with this status"),
  resolutionStatus: Parameter.optional(ComplianceWire.ResolutionStatus, "Requests that ended in this way"),
  startDate: Parameter.optional(
    RequestDate.InQuery,
    "Requests received at this instant or later: milliseconds since 1970-01-01, or a date-time",
  ),
  endDate: Parameter.optional(
    RequestDate.InQuery,
    "Requests received before this instant: milliseconds since 1970-01-01, or a date-time",
  ),
  sessionId: Parameter.optional(Fields.Uuid, "Requests that were opened with this session", "uuid"),
  domain: Parameter.optional(Schema.String, "Requests that were opened on pages of this domain"),
  geography: Parameter.optional(Schema.String, "Requests of sessions from this region (ISO 3166-2), such as `DE-BE`"),
  overdue: flag("`true`: open requests whose due date is past; `false`: all others"),
  dueBefore: Parameter.optional(
    Day,
    "Open requests with a due date before this day, and those whose clock is paused, which have none",
  ),
  regulation: Parameter.optional(Reference, "Requests with this clock pack, such as `clock:gdpr@2018-05`"),
  lapsed: flag("`true`: requests whose requester did not show its identity in time; `false`: all others"),
  ...personalFilters,
}

const sort = Parameter.optional(
  Schema.Literals(["requestDate", "dateCreated", "dateUpdated", "dueDate", "status"]),
  "What the list is ordered by. Left out: `requestDate`",
)

/** The parameters of a list of the requests of a project. */
export const ofProject = { ...filters, ...Wire.pageParameters, sort }

/** The parameters of a list of the requests of an organization. */
export const ofOrganization = {
  projectIds: Parameter.optional(ids("projects"), "Requests of these projects; may be repeated. Left out: of all"),
  ...ofProject,
}

const { order: _, ...offsetAndLimit } = Wire.pageParameters

/** The parameters of a list of a visitor's own requests. */
export const own = offsetAndLimit

/** The parameters of a list of what happened to requests. */
export const events = {
  accountId: Parameter.optional(Fields.Uuid, "What was done with this API key", "uuid"),
  complianceRequestId: Parameter.optional(Fields.Uuid, "What happened to this request", "uuid"),
  complianceRequestEventId: Parameter.optional(Fields.Uuid, "The event with this id", "uuid"),
  startDate: Parameter.optional(
    RequestDate.InQuery,
    "What happened at this instant or later: milliseconds since 1970-01-01, or a date-time",
  ),
  endDate: Parameter.optional(
    RequestDate.InQuery,
    "What happened before this instant: milliseconds since 1970-01-01, or a date-time",
  ),
  event: Parameter.optional(
    Schema.Array(Schema.Literals(ComplianceWire.factKinds)),
    "Events of one of these kinds, such as `resolved`; may be repeated",
  ),
  ...Wire.pageParameters,
}

/** The types of the queries of both lists. */
export const OfOrganization = Schema.Struct(ofOrganization)
export const Events = Schema.Struct(events)
