/**
 * The wire schemas of erasures.
 */
import { Schema } from "effect"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Paging from "../../../core/ledger/Paging.ts"
import { erasureReasons } from "../../../core/model/ErasureReason.ts"
import * as People from "../../../core/model/People.ts"
import * as Parameter from "./Parameter.ts"
import * as Wire from "./Wire.ts"

const reason = Schema.Literals(erasureReasons).annotate({
  description:
    "Kept with the erasure: that the person asked for it, that its retention is over, a court, or another one",
})

/** A request to erase a person. */
export const ErasureRequest = Schema.Struct({
  confirm: Fields.orNull(
    Schema.String.annotate({ description: "The concordId of the path again, because an erasure cannot be undone" }),
  ),
  reason,
})

const identifiers = Object.fromEntries(
  People.releasableKinds.map((kind) => [kind, ItemLine.identifierFields[kind]]),
) as Pick<typeof ItemLine.identifierFields, People.ReleasableKind>

/** A request to erase the person that an identifier names. */
export const ErasureByIdentifier = Schema.Struct({
  person: Schema.Struct({
    ...identifiers,
    project: Fields.orNull(Fields.Uuid.annotate({ description: "The project that a projectUserId is of" })),
  }).annotate({ description: "Exactly one identifier" }),
  reason,
  confirm: Fields.orNull(
    Schema.String.annotate({
      description: "The concordId that the first request was answered with; left out by that one",
    }),
  ),
})

/** How many rows were destroyed. */
const Destroyed = Schema.Struct({
  aliases: Schema.Int,
  formerAliases: Schema.Int,
  personalData: Schema.Int,
  personKeys: Schema.Int,
  sessions: Schema.Int,
  externalIds: Schema.Int,
  identityTokens: Schema.Int,
  complianceRequests: Schema.optionalKey(Schema.Int),
}).annotate({ identifier: "Destroyed", description: "How many rows of each kind were deleted" })

/** An erasure as it is listed. */
export const Erasure = Schema.Struct({
  id: Schema.String,
  members: Schema.Array(Schema.String).annotate({ description: "Everybody who was counted as one person then" }),
  erasedAt: Schema.String.annotate({
    description: "As known from then on the person is unknown, unless its identifiers were kept",
  }),
  submitter: Schema.String.annotate({ description: "The id of the API key, or of the organization for a command" }),
  reason: Schema.Literals(erasureReasons),
  scope: Schema.optionalKey(
    Schema.Literal("held").annotate({
      description: "Identifiers and joins were kept, and answers are what they were. Left out: everything was erased",
    }),
  ),
  destroyed: Destroyed,
}).annotate({ identifier: "Erasure" })

/** The answer to an erasure. */
export const Erased = Schema.Struct({
  ...Erasure.fields,
  concordId: Schema.String,
  isScrubbed: Schema.Boolean.annotate({ description: "Whether nothing deleted is left in the files of the store" }),
  notPromised: Schema.Array(Schema.String).annotate({ description: "What an erasure cannot promise, in words" }),
  unreadableInBackupsFrom: Schema.optionalKey(
    Schema.String.annotate({ description: "From when on no backup shows personal data of the person" }),
  ),
}).annotate({ identifier: "ErasedPerson" })

/** A page of erasures, in the order recorded. */
export const Erasures = Schema.Struct({
  count: Schema.Int,
  items: Schema.Array(Erasure),
  ...Wire.nextCursor,
}).annotate({ identifier: "Erasures" })

/** The query parameters that select a page of erasures. */
export const pageParameters = {
  ...Wire.cursorParameters,
  limit: Parameter.optional(
    Wire.wholeNumber(1, Paging.maxLimit),
    `The most erasures of the page. Left out: ${Paging.defaultLimit}`,
  ),
}
