/**
 * The wire schemas of bodies that open or change compliance requests.
 */
import { Schema } from "effect"
import type { RequestUser } from "../../../core/ledger/RequestPrivateData.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as ComplianceWire from "./ComplianceWire.ts"
import * as PeopleWire from "./PeopleWire.ts"
import * as RequestDate from "./RequestDate.ts"
import * as Wire from "./Wire.ts"

/** The most requests that are opened at once. */
export const maxItems = 100

/** The most characters of notes, of a resolution and of a reason. */
const maxWords = 2048

const words = Fields.writableText(0, maxWords)
const Email = Fields.writableText(1, 256)
const name = Fields.orNull(Fields.writableText(0, 128))

const userFields = { userFirstName: name, userLastName: name, userPhoneNumber: name }

const requestDetails = Fields.orNull(
  Schema.Union([Fields.writableText(0, 8192), Schema.Finite, Schema.Boolean])
    .annotate({ message: "expected a string of at most 8192 characters, a number, or a boolean" })
    .annotate({ description: "What is asked for, in words; kept as text" }),
)

const language = Fields.orNull(
  Fields.writableText(1, 35).annotate({
    description: "BCP 47: in which language the requester is answered. Left out: the first of `Accept-Language`",
  }),
)

/** A request that a server opens. */
const NewRequest = Schema.Struct({
  request: ComplianceWire.Kind,
  user: Fields.orNull(
    Schema.Struct({ email: Fields.orNull(Email), firstName: name, lastName: name, phoneNumber: name }),
  ),
  userEmail: Fields.orNull(Email),
  ...userFields,
  requestDetails,
  notes: Fields.orNull(words),
  captureUrl: Fields.orNull(Wire.WebAddress),
  preverified: Fields.orNull(
    Schema.Boolean.annotate({
      description: "true: you have checked who it is about. Needs a key that may erase in the whole organization",
    }),
  ),
  requestDate: Fields.orNull(
    RequestDate.InBody.annotate({ description: "When it was received. Left out: now; never later than now" }),
  ),
  concordId: Fields.orNull(Fields.Uuid.annotate({ description: "Who it is about: with preverified, or do_not_sell" })),
  userId: Fields.orNull(Fields.writableText(1, 512)),
  projectUserId: Fields.orNull(Fields.writableText(1, 512)),
  regulation: Fields.orNull(
    Fields.writableText(1, 64).annotate({
      description: "The clock pack, such as clock:gdpr@2018-05. Left out: by the project's clockRules",
    }),
  ),
  language,
  externalId: Fields.orNull(
    Fields.writableText(1, 128).annotate({
      description: "Your own id of the request, unique for the API key in the project: it is not opened again",
    }),
  ),
})

/** Requests that a server opens: 1 to 100, all or none. */
export const NewRequests = Schema.Struct({
  items: Schema.Array(NewRequest).check(
    Schema.isMinLength(1, { message: "expected at least 1 item" }),
    Schema.isMaxLength(maxItems, { message: `expected at most ${maxItems} items` }),
  ),
})

const token = Fields.orNull(
  Fields.text(1, 8192).annotate({
    description:
      "JWT as for `identify`, in place of a code: `sub` is an e-mail address, or an account where `type` is `userId`",
  }),
)

/** A request that a visitor opens. */
export const OwnRequest = Schema.Struct({
  request: ComplianceWire.Kind,
  captureUrl: Wire.WebAddress.annotate({ description: "The page on which it is opened, on a domain of the project" }),
  userEmail: Email,
  ...userFields,
  requestDetails,
  language,
  token,
})

/** How a visitor shows identity: by a code or a token. */
export const Verification = Schema.Struct({
  code: Fields.orNull(Fields.text(1, 64).annotate({ description: "The 8 digits that were mailed" })),
  token,
}).check(
  Schema.makeFilter(({ code, token }) => (code == null) !== (token == null) || "expected code or token, not both"),
)

const Reason = Schema.Struct({ reason: Fields.orNull(words) })

const Erasure = Schema.Struct({
  scope: Schema.Literals(["full", "held"]),
  ground: Fields.orNull(
    ComplianceWire.ErasureGround.annotate({
      description: "Why identifiers are kept. Needed with `held`, and only then",
    }),
  ),
})
  .check(
    Schema.makeFilter(({ ground, scope }) => scope === "held" || ground == null || "expected a ground with held only"),
  )
  .annotate({
    description:
      "What the answer to a `delete` erases. `full`: everything that names the person. Left out: the same. `held`: all " +
      "but its identifiers and joins, only with `partially_completed`",
  })

/** A change of a request. Its parts are carried out in the order of the description, all or none. */
export const RequestChange = Schema.Struct({
  ordinal: Fields.orNull(
    Schema.Int.annotate({ description: "The `ordinal` that the change was decided on; 409 if it is not current" }),
  ),
  notes: Fields.orNull(words),
  verify: Fields.orNull(
    Reason.annotate({ description: "Identity was shown to you; say how. Refused once it was shown" }),
  ),
  dataSystemTasks: Fields.orNull(
    Schema.Array(
      Schema.Struct({
        dataSystem: Fields.Uuid,
        completed: Schema.Boolean,
        result: Fields.orNull(ComplianceWire.TaskResult),
      }),
    ).check(Schema.isMaxLength(1000, { message: "expected at most 1000 tasks" })),
  ),
  clarification: Fields.orNull(
    Schema.Struct({
      ask: Fields.orNull(Schema.Literal(true)),
      done: Fields.orNull(Schema.Literal(true)),
      question: Fields.orNull(words.annotate({ description: "What the requester is asked, as it is mailed" })),
    })
      .check(Schema.makeFilter(({ ask, done }) => (ask == null) !== (done == null) || "expected ask or done, not both"))
      .annotate({ description: "`ask`: you wait for what the requester must tell you; `done`: it is told" }),
  ),
  extension: Fields.orNull(Reason.annotate({ description: "The answer takes longer; say why" })),
  reopen: Fields.orNull(Reason.annotate({ description: "A resolved request is open again; say why" })),
  status: Fields.orNull(ComplianceWire.Status),
  resolution: Fields.orNull(
    Schema.Union([words, Schema.Tuple([words])]).annotate({
      message: `expected a string of at most ${maxWords} characters, or an array of one`,
      description: "What the requester is told",
    }),
  ),
  resolutionStatus: Fields.orNull(ComplianceWire.ResolutionStatus),
  denialGround: Fields.orNull(ComplianceWire.DenialGround),
  erasure: Fields.orNull(Erasure),
  apply: Fields.orNull(
    Schema.Boolean.annotate({
      description: "true, with the answer to a `change`: `changes` replace members of the profile that is kept",
    }),
  ),
  changes: Fields.orNull(
    Schema.Struct(PeopleWire.profileMembers).annotate({
      description: "Members of the profile of the person that the request is about; null removes one",
    }),
  ),
})

/** What a body says of the person that asks. */
export const userOf = (
  fields: Partial<Pick<typeof NewRequest.Type, "user" | "userEmail" | keyof typeof userFields>>,
): RequestUser =>
  Exchange.present({
    email: fields.user?.email ?? fields.userEmail,
    firstName: fields.user?.firstName ?? fields.userFirstName,
    lastName: fields.user?.lastName ?? fields.userLastName,
    phoneNumber: fields.user?.phoneNumber ?? fields.userPhoneNumber,
  })
