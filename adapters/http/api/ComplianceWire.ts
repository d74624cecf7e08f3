/**
 * The wire schemas of compliance requests as they are answered.
 *
 * Dates are milliseconds since 1970, but `resolvedDate`, the days of the clock, and the dates of events.
 */
import { Schema } from "effect"
import * as ClockPack from "../../../core/compliance/ClockPack.ts"
import * as ComplianceFact from "../../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../../core/compliance/ComplianceState.ts"
import { mailStates } from "../../../core/compliance/MailState.ts"
import * as ComplianceFileWire from "./ComplianceFileWire.ts"
import * as Wire from "./Wire.ts"

/** The kinds of requests. */
export const Kind = Schema.Literals(ClockPack.requestKinds)

/** The statuses of requests. */
export const Status = Schema.Literals(ComplianceState.statuses)

/** How requests end. */
export const ResolutionStatus = Schema.Literals(ComplianceFact.resolutionStatuses)

/** Why requests are denied. */
export const DenialGround = Schema.Literals(ComplianceFact.denialGrounds)

/** Why identifiers are kept where a person is erased. */
export const ErasureGround = Schema.Literals(ComplianceFact.erasureGrounds)

/** What a data system did. */
export const TaskResult = Schema.Literals(ComplianceFact.taskResults)

const isFactKind: { readonly [Kind in ComplianceFact.FactKind]: true } = {
  opened: true,
  verification_sent: true,
  verification_failed: true,
  verified: true,
  acknowledged: true,
  clarification_asked: true,
  clarified: true,
  extended: true,
  task_added: true,
  task_done: true,
  task_undone: true,
  task_sent: true,
  file_attached: true,
  file_removed: true,
  file_downloaded: true,
  files_purged: true,
  opted_out: true,
  packaged: true,
  corrected: true,
  erased: true,
  noted: true,
  mailed: true,
  resolved: true,
  reopened: true,
  reminded: true,
  lapsed: true,
  purged: true,
}

/** Every kind of fact. */
export const factKinds = Object.keys(isFactKind) as ReadonlyArray<ComplianceFact.FactKind>

const millis = (description: string) =>
  Schema.optionalKey(Schema.Int.annotate({ description: `${description}, in milliseconds since 1970-01-01` }))

const day = (description: string) =>
  Schema.optionalKey(Schema.String.annotate({ description: `${description}: a day of the organization, YYYY-MM-DD` }))

const forHandlers = (description: string) =>
  Schema.optionalKey(Schema.String.annotate({ description: `${description}. Not answered to a role that only reads` }))

const Clock = Schema.Struct({
  state: Schema.Literals(["none", "running", "paused", "ended"]).annotate({
    description:
      "`none`: no law sets a time; `paused`: it stands still, or has not started; `ended`: the request is resolved",
  }),
  dueDate: day("The last day for the answer"),
  confirmBy: day("The last day to confirm the receipt"),
  daysLeft: Schema.optionalKey(
    Schema.Int.annotate({ description: "Days until the answer is due, or would be if the clock went on today" }),
  ),
  extended: Schema.Boolean,
  overdue: Schema.Boolean.annotate({ description: "Open, and the due date is past" }),
  late: Schema.Boolean.annotate({ description: "Resolved after the due date" }),
}).annotate({ identifier: "ComplianceClock" })

const User = Schema.Struct({
  email: Schema.optionalKey(Schema.String),
  firstName: Schema.optionalKey(Schema.String),
  lastName: Schema.optionalKey(Schema.String),
  phoneNumber: Schema.optionalKey(Schema.String),
}).annotate({ description: "As it was typed. Not answered to a role that only reads" })

const Session = Schema.Struct({
  id: Schema.optionalKey(Schema.String),
  domain: Schema.optionalKey(Schema.String),
  geography: Schema.optionalKey(Schema.String),
  ipAddress: forHandlers("Shortened"),
  userAgent: forHandlers("As the browser sent it"),
})

const Task = Schema.Struct({
  dataSystem: Schema.String,
  completed: Schema.Boolean,
  result: Schema.optionalKey(TaskResult),
  sending: Schema.optionalKey(
    Schema.Literals(ComplianceFact.taskSendings).annotate({
      description: "What became of handing the task to the connector of the data system",
    }),
  ),
  progress: forHandlers("How far the data system is, in its words"),
  resultsUrl: forHandlers("Where the data system has put its result. It was not opened"),
})

/** What a person sees of its own request, and a key of every one. */
const shared = {
  id: Schema.String,
  concordId: Schema.optionalKey(
    Schema.String.annotate({
      description: "The person that opened it; for keys the one it is about, once it is shown",
    }),
  ),
  organization: Schema.String,
  project: Schema.String,
  request: Kind,
  status: Status,
  requestDate: Schema.Int.annotate({ description: "When it was received, in milliseconds since 1970-01-01" }),
  verifiedDate: millis("When identity was shown"),
  acknowledgedDate: millis("When it was taken on"),
  resolvedDate: Schema.optionalKey(Schema.String.annotate({ description: "When it ended, as a date-time" })),
  resolution: forHandlers("What the requester is told"),
  resolutionStatus: Schema.optionalKey(ResolutionStatus),
  denialGround: Schema.optionalKey(DenialGround),
}

const Erasure = Schema.Struct({
  id: Schema.String.annotate({ description: "The id of the erasure, as in the list of erasures" }),
  scope: Schema.Literals(["full", "held"]).annotate({ description: "`held`: identifiers and joins were kept" }),
  ground: Schema.optionalKey(ErasureGround),
  counts: Schema.Record(Schema.String, Schema.Int).annotate({ description: "The rows that were destroyed" }),
  remaining: Schema.Array(Schema.String).annotate({
    description:
      "The columns that still hold something personal of the person, because of its other open requests, or because " +
      "its identifiers are kept",
  }),
  untilMailEnds: Schema.optionalKey(
    Schema.Array(Schema.String).annotate({
      description: "The columns that hold this request until its answer has been mailed, a week at most",
    }),
  ),
}).annotate({ description: "What was erased with the answer to a `delete`" })

/** A mail of a compliance request, without what it says. */
export const Mail = Schema.Struct({
  id: Schema.String,
  complianceRequestId: Schema.String,
  template: Schema.String,
  state: Schema.Literals(mailStates),
  outcome: Schema.optionalKey(Schema.String.annotate({ description: "Such as 250, 550 or bounced" })),
  tries: Schema.Int,
  dateCreated: Schema.String,
}).annotate({ identifier: "Mail" })

/** A compliance request as a key is answered. */
export const ComplianceRequest = Schema.Struct({
  ...shared,
  erasure: Schema.optionalKey(Erasure),
  requestDetails: forHandlers("What the requester wrote"),
  preverified: Schema.Boolean,
  verificationMethod: Schema.optionalKey(Schema.Literals(["email", "token", "staff", "preverified"])),
  notes: forHandlers("Of staff"),
  question: forHandlers("What the requester was asked last"),
  answer: forHandlers("What the requester has answered to it"),
  captureUrl: forHandlers("The page on which it was opened"),
  domain: Schema.optionalKey(Schema.String),
  session: Schema.optionalKey(Session),
  user: Schema.optionalKey(User),
  dataSystemTasks: Schema.Array(Task),
  files: Schema.Array(ComplianceFileWire.RequestFile),
  downloadDate: millis("When the requester downloaded a file last"),
  filePurgeDate: millis("The day on which its files are removed, at 00:00 UTC"),
  dateCreated: Schema.Int,
  dateUpdated: Schema.Int,
  createdAt: Schema.Tuple([Schema.Int]),
  updatedAt: Schema.Tuple([Schema.Int]),
  ordinal: Schema.Int.annotate({ description: "The number of its facts. Sent with a change, it must be current" }),
  regulation: Schema.String.annotate({ description: "The clock pack, such as clock:gdpr@2018-05" }),
  language: Schema.String.annotate({ description: "BCP 47" }),
  clock: Clock,
  isLapsed: Schema.Boolean.annotate({ description: "Identity was not shown in time" }),
  purgeDate: day("When what is personal of it is removed"),
}).annotate({ identifier: "ComplianceRequest" })

/** Requests that were opened, in the order of the items. */
export const ComplianceRequests = Schema.Struct({ count: Schema.Int, items: Schema.Array(ComplianceRequest) })

/** A page of requests. */
export const ComplianceRequestPage = Wire.page(ComplianceRequest)

/** A compliance request as its opener is answered. */
export const OwnComplianceRequest = Schema.Struct({
  ...shared,
  userEmail: Schema.optionalKey(
    Schema.String.annotate({ description: "The address that was typed, masked: `j…@example.com`" }),
  ),
  clock: Schema.Struct({ dueDate: day("The last day for the answer") }),
}).annotate({ identifier: "OwnComplianceRequest" })

/** The opener's own requests, the newest first. */
export const OwnComplianceRequestPage = Wire.page(OwnComplianceRequest)

/** What the facts of an event carry besides their kind. */
const details = {
  request: Schema.optionalKey(Kind),
  method: Schema.optionalKey(Schema.String),
  dataSystem: Schema.optionalKey(Schema.String),
  result: Schema.optionalKey(TaskResult),
  types: Schema.optionalKey(Schema.Int),
  events: Schema.optionalKey(Schema.Int),
  resolutionStatus: Schema.optionalKey(ResolutionStatus),
  denialGround: Schema.optionalKey(DenialGround),
  file: Schema.optionalKey(Schema.String),
  fileName: Schema.optionalKey(
    Schema.String.annotate({
      description: "Of a file that is kept still. Left out for a role that only reads",
    }),
  ),
}

/** A thing that happened to a request. Its dates are date-times. */
export const ComplianceEvent = Schema.Struct({
  id: Schema.String,
  complianceRequestId: Schema.String,
  event: Schema.Literals(factKinds).annotate({
    description: "The kind of the fact, such as opened, verified or resolved",
  }),
  details: Schema.StructWithRest(Schema.Struct(details), [Schema.Record(Schema.String, Schema.Unknown)]),
  submitter: Schema.String.annotate({
    description: "`key:` with the id of an API key, `visitor`, `requester`, or `engine` for Assent itself",
  }),
  organizationId: Schema.String,
  projectId: Schema.String,
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
}).annotate({ identifier: "ComplianceRequestEvent" })

/** A page of events. */
export const ComplianceEventPage = Wire.page(ComplianceEvent)
