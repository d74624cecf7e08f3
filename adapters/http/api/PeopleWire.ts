/**
 * The wire schemas of people: identification, profiles, and the facts of joins.
 */
import { Schema } from "effect"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as People from "../../../core/model/People.ts"
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

const profileMembers = {
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

const Evidence = Schema.Struct({
  kind: Schema.Literals(["contextId", "userId", "projectUserId", "email", "phoneNumber"]),
  keyId: Schema.optionalKey(Schema.String),
  tokenHash: Schema.String,
  issuedAt: Schema.String,
  expiresAt: Schema.String,
})

const Fact = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["joined", "identified", "undone"]),
  dateCreated: Schema.String,
  member: Schema.String,
  survivor: Schema.String,
  submitter: Schema.String,
  evidence: Schema.optionalKey(Evidence),
  join: Schema.optionalKey(Schema.String),
}).annotate({
  identifier: "PersonFact",
  description: "That two people are one, that an identifier names a person, or that such a fact is undone",
})

/** A person: the members of its join, and the facts about it, in pages of at most 1,000 of each. */
export const Person = Schema.Struct({
  concordId: Schema.String.annotate({ description: "Under which the person is answered" }),
  members: Schema.Array(Schema.String).annotate({ description: "Everybody who is counted as this person" }),
  facts: Schema.Array(Fact).annotate({ description: "In the order recorded" }),
  ...Wire.nextCursor,
}).annotate({ identifier: "Person" })
