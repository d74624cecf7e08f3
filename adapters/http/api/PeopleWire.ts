/**
 * The wire schemas of people: identification, profiles, and the facts of joins.
 */
import { Schema } from "effect"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { erasureReasons } from "../../../core/model/ErasureReason.ts"
import * as People from "../../../core/model/People.ts"
import { personalKinds } from "../../../core/model/PersonalKind.ts"
import * as ComplianceWire from "./ComplianceWire.ts"
import * as Wire from "./Wire.ts"

/** The claim that an identifier names the visitor, with the identity token that proves it. */
export const Identification = Schema.Struct({
  type: Schema.Literals(["email", "contextId", "userId"]),
  value: Fields.text(1, 512),
  format: Fields.orNull(
    Schema.Literals(["plain", "hashed"]).annotate({
      description: "`hashed`: the value is the SHA-256 of the identifier, in hexadecimal",
    }),
  ),
  token: Fields.orNull(
    Fields.text(1, 8192).annotate({
      description: "JWT signed with ES256 by the organization; `sub` is the value, `iss` the organization's id",
    }),
  ),
})

/** An identifier that is released, exactly one, and the reason. */
export const Release = Schema.Struct({
  ...(Object.fromEntries(People.releasableKinds.map((kind) => [kind, ItemLine.identifierFields[kind]])) as Pick<
    typeof ItemLine.identifierFields,
    People.ReleasableKind
  >),
  project: Fields.orNull(Fields.Uuid.annotate({ description: "The project that a projectUserId is of" })),
  reason: Fields.Reason.annotate({
    description: "Kept in the fact, and shown with it: do not write anything personal into it",
  }),
})

/** Accounts that have another `userId` from now on, 1 to 1000, all of them or none. */
export const Renames = Wire.batch(
  Schema.Struct({ userId: Schema.String, newUserId: Schema.String.annotate({ description: "Names the same person" }) }),
)

/** The renamed accounts, in the order of the items. */
export const Renamed = Schema.Struct({
  count: Schema.Int,
  items: Schema.Array(
    Schema.Struct({
      concordId: Schema.String,
      dateCreated: Schema.String.annotate({
        description: "When the account was renamed; earlier than now if the same rename was recorded before",
      }),
    }),
  ),
}).annotate({ identifier: "RenamedAccounts" })

/** The answer to an identification, with the session that replaces the one of the request. */
export const Identified = Schema.Struct({
  synced: Schema.Boolean.annotate({ description: "Whether the visitor's earlier answers are the person's now" }),
  session: Schema.String.annotate({ description: "The token to send as x-session from now on. Told only here." }),
}).annotate({ identifier: "Identified" })

const part = Fields.orNull(Fields.writableText(0, 256))

const address = {
  street: part,
  street2: part,
  city: part,
  state: part,
  postalCode: part,
  country: part,
}

/** The members of a profile. `null`: it has none. */
export const profileMembers = {
  firstName: part,
  middleName: part,
  lastName: part,
  address: Fields.orNull(Schema.Struct(address)),
}

/** A profile that a visitor enters. */
export const Profile = Schema.Struct({ ...ItemLine.identifierFields, ...profileMembers })

/** A profile as it was kept. */
export const KeptProfile = Schema.Struct({
  concordId: Schema.String,
  ...profileMembers,
  unproven: Schema.Array(Schema.Literals(People.identifierKinds)).annotate({
    description: "Identifiers that were not kept: identify with a token for each",
  }),
}).annotate({ identifier: "Profile" })

const aliasKinds = ["contextId", "userId", "projectUserId", "email", "phoneNumber"] as const

const Evidence = Schema.Struct({
  kind: Schema.Literals(aliasKinds),
  keyId: Schema.optionalKey(Schema.String),
  tokenHash: Schema.String,
  issuedAt: Schema.String,
  expiresAt: Schema.String,
})

/** A fact about the identity of a person. */
export const Fact = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["joined", "identified", "undone", "released", "renamed", "shared", "region"]),
  dateCreated: Schema.String,
  member: Schema.String,
  survivor: Schema.String,
  submitter: Schema.String,
  evidence: Schema.optionalKey(Evidence),
  join: Schema.optionalKey(Schema.String),
  identifier: Schema.optionalKey(
    Schema.Struct({ kind: Schema.Literals(aliasKinds), project: Schema.optionalKey(Schema.String) }).annotate({
      description: "Of released, renamed and shared: the kind of the identifier, and the project it is unique in",
    }),
  ),
  region: Schema.optionalKey(
    Schema.Struct({ project: Schema.String, id: Schema.String }).annotate({
      description: "Of region: the region of the person's latest session in the project, from then on",
    }),
  ),
  reason: Schema.optionalKey(Schema.String.annotate({ description: "Of released: the reason that was given" })),
}).annotate({
  identifier: "PersonFact",
  description:
    "That two people are one, that an identifier names a person, was released, renamed or shared, where the person's latest session is from, or that a fact is undone",
})

/** A person: the members of its join, what names it, and the facts about it, in pages of at most 1,000 of each. */
export const Person = Schema.Struct({
  concordId: Schema.String.annotate({ description: "Under which the person is answered" }),
  members: Schema.Array(Schema.String).annotate({ description: "Everybody who is counted as this person" }),
  identifiers: Schema.Array(
    Schema.Struct({
      kind: Schema.optionalKey(
        Schema.Literals(People.releasableKinds).annotate({
          description: "Left out where the identifier was recorded by an earlier version, which kept no kinds",
        }),
      ),
      since: Schema.String,
      project: Schema.optionalKey(Schema.String.annotate({ description: "The project that a projectUserId is of" })),
    }),
  ).annotate({ description: "What names the members of this page, in the order recorded; never a value" }),
  facts: Schema.Array(Fact).annotate({ description: "In the order recorded" }),
  ...Wire.nextCursor,
}).annotate({ identifier: "Person" })

/** Why people were erased, and what was deleted. */
export const HeldErasure = Schema.Struct({
  id: Schema.String,
  members: Schema.Array(Schema.String),
  erasedAt: Schema.String,
  reason: Schema.Literals(erasureReasons),
  scope: Schema.optionalKey(Schema.Literal("held")),
  submitter: Schema.String,
  destroyed: Schema.Record(Schema.String, Schema.Int).annotate({ description: "How many rows of each kind" }),
})

const heldSession = {
  id: Schema.String,
  concordId: Schema.String,
  project: Schema.String,
  domain: Schema.String,
  geography: Schema.optionalKey(Schema.String),
  ipAddress: Schema.optionalKey(Schema.String),
  userAgent: Schema.optionalKey(Schema.String),
  expiresAt: Schema.String,
}

/** Everything that is held about a person and everyone joined with it. */
export const PersonData = Schema.Struct({
  concordId: Schema.String.annotate({ description: "Under which the person is answered" }),
  readAt: Schema.String.annotate({ description: "When reading began" }),
  people: Schema.Array(
    Schema.Struct({
      concordId: Schema.String,
      isIdentified: Schema.Boolean.annotate({ description: "Whether an identifier has ever named it" }),
    }),
  ).annotate({ description: "Everybody who is counted as this person" }),
  identifiers: Schema.Array(
    Schema.Struct({
      concordId: Schema.String,
      kind: Schema.optionalKey(Schema.Literals(aliasKinds)),
      project: Schema.optionalKey(Schema.String),
      since: Schema.String,
      until: Schema.optionalKey(
        Schema.String.annotate({ description: "When it was released; left out while it names it" }),
      ),
      isRenamed: Schema.optionalKey(Schema.Boolean),
    }),
  ).annotate({ description: "The identifiers that name or named one of them; never a value" }),
  sessions: Schema.Array(Schema.Struct(heldSession)).annotate({ description: "Those that are still stored" }),
  personalData: Schema.Array(
    Schema.Struct({
      concordId: Schema.String,
      kind: Schema.Literals(personalKinds),
      data: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
    }),
  ).annotate({ description: "Everything that is encrypted, in clear; without `data` if its key was destroyed" }),
  complianceRequests: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      project: Schema.String,
      request: ComplianceWire.Kind,
      status: ComplianceWire.Status,
      requestDate: Schema.String,
      opener: Schema.optionalKey(
        Schema.String.annotate({ description: "The person of the session that opened it; left out if a key did" }),
      ),
      session: Schema.optionalKey(Schema.String),
      subject: Schema.optionalKey(Schema.String.annotate({ description: "The person that it is about" })),
      data: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
    }),
  ).annotate({ description: "Those that one of them opened or that are about one; `data` is what was encrypted" }),
  facts: Schema.Array(Fact),
  erasures: Schema.Array(HeldErasure),
  projects: Schema.Array(
    Schema.Struct({
      project: Schema.String,
      decisions: Schema.Array(Exchange.Decision),
      events: Schema.Array(Wire.Event),
    }),
  ).annotate({ description: "Those that have events of one of them, with the decisions as of now" }),
}).annotate({ identifier: "PersonData" })
