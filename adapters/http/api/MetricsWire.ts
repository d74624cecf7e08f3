/**
 * The wire schemas of metrics.
 */
import { Schema } from "effect"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Parameter from "./Parameter.ts"
import * as RequestDate from "./RequestDate.ts"
import * as Wire from "./Wire.ts"

const from = "The first day: milliseconds since 1970-01-01, or a date-time, of any time of the UTC day"
const to = "Where the days end: that of this instant is in them, unless it is its first millisecond"

const range = {
  startDate: RequestDate.InQuery.pipe(Schema.annotateEncoded({ description: from })),
  endDate: RequestDate.InQuery.pipe(Schema.annotateEncoded({ description: to })),
}

const projects = Schema.Array(Fields.Uuid).check(
  Schema.isMinLength(1, { message: "expected at least 1 id of a project" }),
  Schema.isMaxLength(100, { message: "expected at most 100 ids of projects" }),
)

const project = Parameter.optional(
  projects,
  "Of these projects; may be repeated. Left out: of all that are not for tests",
)

/** The query of metrics by day. */
export const days = { ...range, project }

/** The query of the numbers of events. */
export const consent = {
  ...range,
  groupBy: Parameter.optional(
    Schema.Literals(["consentType", "geography", "domain"]),
    "What the numbers are shown by. Left out: `consentType`",
  ),
  interval: Parameter.optional(
    Schema.Literals(["day", "week", "month"]),
    "UTC days, weeks from Monday, or months. Left out: `day`",
  ),
}

/** The query of how requests ended. */
export const compliance = {
  year: Wire.wholeNumber(1970, 9999).pipe(
    Schema.annotateEncoded({ description: "The year in which the requests were received" }),
  ),
  regulation: Parameter.optional(Fields.text(1, 80), "Requests with this clock pack, such as `clock:ccpa@2023-03`"),
  project,
  format: Parameter.optional(Schema.Literals(["json", "csv"]), "Left out: `json`"),
}

const StatusCounts = Schema.Struct({
  pending_verification: Schema.Int,
  submitted: Schema.Int,
  acknowledged: Schema.Int,
  resolved: Schema.Int,
}).annotate({ identifier: "StatusCounts" })

/** One project on one day. */
const DayMetric = Schema.Struct({
  id: Schema.String,
  period: Schema.Int.annotate({ description: "When the UTC day begins, in milliseconds since 1970-01-01" }),
  project: Schema.String,
  finalized: Schema.Boolean.annotate({ description: "Whether the counts of the log do not change any more" }),
  complianceRequests: Schema.Struct({
    created: Schema.Int,
    stateCount: StatusCounts,
    stateChanged: StatusCounts,
  }).annotate({
    description: "`stateCount`: how many have the status at the end of the day. `stateChanged`: how many entered it",
  }),
  consentEvents: Schema.Struct({ created: Schema.Int, read: Schema.Int }).annotate({
    description: "`created`: by `dateCreated`. `read`: events that were answered, an estimate",
  }),
  sessions: Schema.Struct({ created: Schema.Int, unique: Schema.Int }).annotate({
    description: "Estimates. `unique`: different visitors, ± 1.6 %",
  }),
}).annotate({ identifier: "DayMetric" })

/** The answer of metrics by day. */
export const DayMetrics = Schema.Struct({ count: Schema.Int, items: Schema.Array(DayMetric) }).annotate({
  identifier: "DayMetrics",
})

const cell = Schema.NullOr(Schema.Int)

/** One group in one period. */
const ConsentMetric = Schema.Struct({
  period: Schema.Int.annotate({ description: "When its first day begins, in milliseconds since 1970-01-01" }),
  endDate: Schema.String.annotate({ description: "The instant at which the period ends" }),
  consentType: Schema.optionalKey(Schema.String),
  geography: Schema.optionalKey(Schema.NullOr(Schema.String)),
  domain: Schema.optionalKey(Schema.NullOr(Schema.String)),
  finalized: Schema.Boolean,
  accepted: cell,
  declined: cell,
  implied: cell,
  viewed: cell,
  optInRate: Schema.optionalKey(Schema.Number).annotate({
    description: "`accepted` / (`accepted` + `declined`); left out where that is 0 / 0, or one of them is not shown",
  }),
  suppressed: Schema.optionalKey(Schema.Boolean).annotate({
    description: "A number is `null`, because it is small, or a small one could be computed from it",
  }),
}).annotate({ identifier: "ConsentMetric" })

/** The answer of the numbers of events. */
export const ConsentMetrics = Schema.Struct({
  count: Schema.Int,
  toldUntil: Schema.String.annotate({
    description: "Nothing from here on is shown yet: by region and host name, a month is shown once it is finalized",
  }),
  items: Schema.Array(ConsentMetric),
}).annotate({ identifier: "ConsentMetrics" })

const KindMetric = Schema.Struct({
  request: Schema.Literals(["view", "change", "delete", "do_not_sell"]),
  received: Schema.Int,
  completed: Schema.Int,
  partiallyCompleted: Schema.Int,
  noRecordsFound: Schema.Int,
  denied: Schema.Int,
  deniedBy: Schema.Record(Schema.String, Schema.Int),
  withdrawn: Schema.Int,
  unverified: Schema.Int,
  open: Schema.Int,
  onTime: Schema.Int,
  late: Schema.Int,
  medianDays: Schema.optionalKey(Schema.Number),
  meanDays: Schema.optionalKey(Schema.Number),
}).annotate({ identifier: "KindMetric" })

/** The answer of how requests ended. */
export const ComplianceMetrics = Schema.Struct({
  year: Schema.Int,
  regulation: Schema.optionalKey(Schema.String),
  count: Schema.Int,
  items: Schema.Array(KindMetric),
}).annotate({ identifier: "ComplianceMetrics" })
