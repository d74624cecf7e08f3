/**
 * The wire schemas of webhooks.
 */
import { Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { typesOf } from "../../../core/feed/Change.ts"
import * as Paging from "../../../core/ledger/Paging.ts"
import { webhookStatuses } from "../../../core/model/Catalog.ts"
import { failures } from "../../../core/ports/Outbound.ts"
import { defaults } from "../../../core/model/WebhookDefaults.ts"
import * as Parameter from "./Parameter.ts"
import * as Wire from "./Wire.ts"

/** The most consent types that a webhook may name. */
const maxConsentTypes = 100

const Url = Fields.writableText(1, 2048).annotate({
  description: "Where changes are sent: `https`, without user information and fragment, to port 443 or 1024 and above",
})

const TypeName = Schema.String.check(
  Schema.makeFilter(
    (name) => typesOf(name).length > 0 || "expected a type of change, such as decision.changed or decision.*",
  ),
)

const fields = {
  name: Fields.orNull(Fields.writableText(0, 100)),
  types: Fields.orNull(
    Schema.Array(TypeName).check(Schema.isMaxLength(20, { message: "expected at most 20 types" })),
  ).annotate({
    description: "The changes that are sent: types, or all that begin alike, such as `decision.*`. Empty: all",
  }),
  consentTypes: Fields.orNull(
    Schema.Array(Fields.Uuid).check(
      Schema.isMaxLength(maxConsentTypes, { message: `expected at most ${maxConsentTypes} ids` }),
    ),
  ).annotate({
    description: "Only changes about one of these consent types. Empty: all changes, also those about none",
  }),
  reevaluations: Fields.orNull(Schema.Literals(["all", "summary"])).annotate({
    description: `\`summary\`: of a re-evaluation only its begin and end. Left out: \`${defaults.reevaluations}\``,
  }),
  include: Fields.orNull(
    Schema.Array(Schema.Literal("decision")).check(Schema.isMaxLength(1, { message: "expected decision once" })),
  ).annotate({ description: "`decision`: each change with the answer as of `recordedAt`" }),
  concurrency: Fields.orNull(
    Schema.Int.check(Schema.makeFilter((n) => (n >= 1 && n <= 16) || "expected a whole number from 1 to 16")),
  ).annotate({
    description: `How many changes of different people are sent at a time. Left out: ${defaults.concurrency}`,
  }),
}

const after = Fields.orNull(Schema.String).annotate({
  description: "Where it begins: a `mark` of the change feed, `start`, or `now`. Left out: `now`",
})

/** A new webhook. */
export const NewWebhook = Schema.Struct({
  url: Url,
  ...fields,
  scheme: Fields.orNull(Schema.Literals(["hmac", "ed25519"])).annotate({
    description: "How it signs, for good: `hmac` (v1) with a secret, or `ed25519` (v1a). Left out: `hmac`",
  }),
  after,
})

/** A change of a webhook. */
export const WebhookChange = Schema.Struct({
  url: Fields.orNull(Url),
  ...fields,
  status: Fields.orNull(Schema.Literals(webhookStatuses)),
  after: Fields.orNull(Schema.String).annotate({
    description: "With `status: active` for a disabled webhook: where it goes on. Left out: where it stood",
  }),
})

const Health = Schema.Struct({
  state: Schema.Literals(["ok", "resting", "disabled"]).annotate({
    description: "`resting`: its receiver takes nothing, and one try at a time finds out whether it is there again",
  }),
  since: Schema.String,
  lastSuccessAt: Schema.optionalKey(Schema.String),
  failures: Schema.Int.annotate({ description: "Failed tries since the last that was taken" }),
  lag: Schema.Int.annotate({ description: "Items of the feed that it has not reached; those it leaves out count" }),
  parked: Schema.Int.annotate({ description: "People with a change that waits for another try" }),
  dead: Schema.Int.annotate({ description: "Changes that were given up" }),
})

/** A webhook. */
export const Webhook = Schema.Struct({
  id: Schema.String,
  project: Schema.String,
  name: Schema.String,
  url: Schema.String,
  types: Schema.Array(Schema.String),
  consentTypes: Schema.Array(Schema.String),
  reevaluations: Schema.String,
  include: Schema.Array(Schema.String),
  scheme: Schema.String,
  concurrency: Schema.Int,
  status: Schema.Literals(webhookStatuses),
  disabledBecause: Schema.optionalKey(
    Schema.Literals(["gone", "failing"]).annotate({
      description: "`gone`: its receiver answered 410; `failing`: it took nothing for too long",
    }),
  ),
  generation: Schema.Int.annotate({ description: "The number of its secret, from 1" }),
  overlapUntil: Schema.optionalKey(
    Schema.String.annotate({ description: "Until when the secret before it signs as well" }),
  ),
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
  health: Schema.optionalKey(Health),
  publicKeys: Schema.optionalKey(
    Schema.Array(Schema.String).annotate({
      description: "Of `ed25519`: those that verify, `whpk_…`, the newest first",
    }),
  ),
}).annotate({ identifier: "Webhook" })

/** A webhook with its secret. */
export const WebhookWithSecret = Schema.Struct({
  ...Webhook.fields,
  secret: Schema.optionalKey(
    Schema.String.annotate({ description: "Of `hmac`: `whsec_…`. It is answered here and never again" }),
  ),
}).annotate({ identifier: "WebhookWithSecret" })

/** All webhooks of a project. */
export const Webhooks = Schema.Struct({ count: Schema.Int, items: Schema.Array(Webhook) })

/** The longest time that two secrets sign, in milliseconds. */
export const maxOverlapMillis: number = 7 * 24 * 60 * 60 * 1000

/** A new secret. */
export const NewSecret = Schema.Struct({
  overlap: Fields.orNull(Exchange.PositivePeriod).annotate({
    description: "How long the secret before signs as well (ISO 8601), at most P7D. Left out: P1D",
  }),
})

/** What is replayed: one of `after`, `since` and `deadLetters`. */
export const ReplayRequest = Schema.Struct({
  after: Fields.orNull(Schema.String).annotate({ description: "What comes after a `mark`, or `start`" }),
  since: Fields.orNull(Exchange.Instant).annotate({ description: "What was recorded at this instant or later" }),
  deadLetters: Fields.orNull(Schema.Literal(true)).annotate({ description: "What was given up" }),
  until: Fields.orNull(Exchange.Instant).annotate({
    description: "With `after` or `since`: only what was recorded before. Left out: up to now",
  }),
}).check(
  Schema.makeFilter(
    ({ after, deadLetters, since }) =>
      [after, since, deadLetters].filter((each) => each != null).length === 1 ||
      "expected one of after, since and deadLetters",
  ),
)

/** A replay that will be sent. */
export const Replay = Schema.Struct({
  id: Schema.String,
  count: Schema.optionalKey(Schema.Int.annotate({ description: "Of `deadLetters`: how many there are" })),
}).annotate({ identifier: "WebhookReplay" })

/** The outcome of a try with a sample change. */
export const Tried = Schema.Struct({
  outcome: Schema.String.annotate({ description: `The status, or one of ${failures.join(", ")}` }),
  isTaken: Schema.Boolean,
  millis: Schema.Int,
}).annotate({ identifier: "WebhookTest" })

const Delivery = Schema.Struct({
  change: Schema.String.annotate({ description: "The id of the change" }),
  type: Schema.String,
  attempt: Schema.Int.annotate({ description: "Which try of the change it was, from 1" }),
  at: Schema.String,
  millis: Schema.Int,
  outcome: Schema.String.annotate({ description: `The status, or one of ${failures.join(", ")}` }),
  isReplay: Schema.Boolean,
}).annotate({ identifier: "WebhookDelivery" })

const DeadLetter = Schema.Struct({
  change: Schema.String.annotate({ description: "The id of the change" }),
  concordId: Schema.optionalKey(Schema.String.annotate({ description: "The stored person that it is about" })),
  at: Schema.String.annotate({ description: "When it was given up" }),
  tries: Schema.Int,
  outcome: Schema.String.annotate({ description: "Of the last try" }),
}).annotate({ identifier: "WebhookDeadLetter" })

/** A page of tries, the latest first. */
export const Deliveries = Schema.Struct({ count: Schema.Int, items: Schema.Array(Delivery), ...Wire.nextCursor })

/** A page of dead letters. */
export const DeadLetters = Schema.Struct({ count: Schema.Int, items: Schema.Array(DeadLetter), ...Wire.nextCursor })

/** The query parameters that select a page. */
export const pageParameters = {
  ...Wire.cursorParameters,
  limit: Parameter.optional(
    Wire.wholeNumber(1, Paging.maxLimit),
    `The most items of the page. Left out: ${Paging.defaultLimit}`,
  ),
}

/** The query parameters of a list of tries. */
export const deliveryParameters = {
  ...pageParameters,
  outcome: Parameter.optional(
    Schema.Union([
      Schema.Literals(["taken", "failed", ...failures]),
      Schema.String.check(
        Schema.isPattern(/^[1-5]\d\d$/, { message: "expected taken, failed, a status, or a kind of failure" }),
      ),
    ]),
    `\`taken\`, \`failed\`, a status such as 500, or one of ${failures.join(", ")}`,
  ),
}
