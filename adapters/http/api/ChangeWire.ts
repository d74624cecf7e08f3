/**
 * The wire schemas of the change feed.
 */
import { Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { causes } from "../../../core/feed/Change.ts"
import { maxLimit, maxLimitWithDecisions, typesOf } from "../../../core/feed/Change.ts"
import * as Parameter from "./Parameter.ts"
import * as Wire from "./Wire.ts"

/** The longest wait for a change, in seconds. */
export const maxWaitSeconds = 60

/** The most types of consent or people that a request may name. */
export const maxNamed = 100

const text = (description: string) => Schema.optionalKey(Schema.String.annotate({ description }))

/** One side of a change of an answer. */
const Side = Schema.Struct({
  status: Schema.String,
  permitted: Schema.Boolean,
  askAgain: Schema.Boolean,
  event: text("The event that decides"),
})

const change = Schema.Struct({
  id: Schema.String.annotate({ description: "Unique in the ledger: the same change always has the same id" }),
  type: Schema.String.annotate({ description: "Such as `consent.recorded` or `decision.changed`" }),
  recordedAt: Schema.String.annotate({ description: "When the ledger learnt it" }),
  at: Schema.String.annotate({ description: "Since when it is so" }),
  concordId: text("The stored person that it is about"),
  survivor: text("Under which the person is answered, where that is another one"),
  consentType: Schema.optionalKey(Schema.String),
  event: text("The id of the event that was recorded"),
  version: Schema.optionalKey(Schema.Int),
  consentState: Schema.optionalKey(Exchange.State),
  consentAction: Schema.optionalKey(Exchange.Action),
  consentDate: Schema.optionalKey(Schema.String),
  expirationDate: Schema.optionalKey(Schema.String),
  from: Schema.optionalKey(Side.annotate({ description: "The answer right before" })),
  to: Schema.optionalKey(Side.annotate({ description: "The answer from then on" })),
  cause: Schema.optionalKey(
    Schema.String.annotate({ description: `Why the answer changed without an event: ${causes.join(", ")}` }),
  ),
  lead: text("How long before the answer changes: one of the `leads` of the project"),
  changesAt: text("When the answer will change"),
  reevaluation: text("The id of the re-evaluation that found it"),
  consentTypes: Schema.optionalKey(Schema.Array(Schema.String)),
  people: Schema.optionalKey(Schema.Int.annotate({ description: "How many people were re-evaluated" })),
  changed: Schema.optionalKey(Schema.Int.annotate({ description: "How many answers that changed" })),
  member: text("The person that is counted as the survivor from now on, or not any more"),
  fact: text("The id of the join, its undoing, or the identification"),
  members: Schema.optionalKey(Schema.Array(Schema.String)),
  erasure: text("The id of the erasure"),
  publishedAt: Schema.optionalKey(Schema.String),
  requireReaccept: Schema.optionalKey(Schema.Boolean),
  invalidatesAt: text("When answers to earlier versions stop counting"),
  revision: Schema.optionalKey(Schema.Int),
  decision: Schema.optionalKey(
    Wire.Decision.annotate({ description: "With `include=decision`: the answer as of `recordedAt`" }),
  ),
})

/** A change. A new kind of change may bring further members, which the client keeps. */
export const Change = Schema.StructWithRest(change, [Schema.Record(Schema.String, Schema.Unknown)]).annotate({
  identifier: "Change",
})

/** Changes, and where to go on. */
export const ChangePage = Schema.Struct({
  count: Schema.Int.annotate({ description: "How many items this page has" }),
  items: Schema.Array(Change),
  mark: Schema.String.annotate({ description: "Send it as `after` to go on. It is good for every key of the project" }),
  isCurrent: Schema.Boolean.annotate({ description: "Nothing more was there" }),
})

const named = (description: string) =>
  Parameter.optional(
    Schema.Array(Fields.Uuid).check(
      Schema.isMaxLength(maxNamed, { message: `expected at most ${maxNamed} ids; leave it out to get all` }),
    ),
    description,
    "uuid",
  )

/** The query parameters. */
export const parameters = {
  after: Parameter.optional(
    Schema.String,
    "Where to go on: a `mark`; `start`, before the first change; or `now`, which answers a mark and no change. Left out: `start`",
  ),
  limit: Parameter.optional(
    Wire.wholeNumber(1, maxLimit),
    `The most changes of the page; with \`include\` at most ${maxLimitWithDecisions}`,
  ),
  wait: Parameter.optional(
    Wire.wholeNumber(0, maxWaitSeconds),
    "How many seconds to wait for a change if nothing is new. Left out: 0",
  ),
  types: Parameter.optional(
    Schema.Array(
      Schema.String.check(
        Schema.makeFilter(
          (name) => typesOf(name).length > 0 || "expected a type of change, such as decision.changed or decision.*",
        ),
      ),
    ),
    "Changes of one of these types: a name, or all that begin alike, such as `decision.*`; may be repeated",
  ),
  consentType: named("Changes about one of these consent types; may be repeated"),
  concordId: named("Changes about one of these stored people; may be repeated"),
  part: Parameter.optional(
    Schema.String.check(
      Schema.isPattern(/^\d{1,4}\/\d{1,4}$/, {
        message: "expected K/N, such as 0/4: K from 0, and N at most the lanes of the project",
      }),
    ),
    "`K/N`: the lanes whose index leaves the rest K when divided by N, for N readers side by side",
  ),
  include: Parameter.optional(
    Schema.Array(Schema.Literal("decision")),
    "`decision`: each change about a person and a type with the answer as of `recordedAt`",
  ),
}
