/**
 * The wire schemas of data systems and of their attributes. What a family has of its own follows from the one table of
 * families.
 */
import { Schema } from "effect"
import * as CivilDate from "../../../core/compliance/CivilDate.ts"
import * as ClockPack from "../../../core/compliance/ClockPack.ts"
import * as AttributeFamily from "../../../core/data-systems/AttributeFamily.ts"
import * as DataSystemOf from "../../../core/data-systems/DataSystem.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Wire from "./Wire.ts"

type Families = typeof AttributeFamily.families

/** A schema for each family, under the name of the member of a data system that names its attributes. */
const byMember = <Single, Several>(single: Single, several: Several) =>
  Object.fromEntries(
    AttributeFamily.names.map((name) => {
      const { isSingle, member } = AttributeFamily.of(name)
      return [member, isSingle === true ? single : several]
    }),
    // The compiler does not follow the names through `fromEntries`.
  ) as {
    readonly [Family in keyof Families as Families[Family]["member"]]: Families[Family] extends { isSingle: true }
      ? Single
      : Several
  }

/** A list of at most `max` items of one kind. */
const listOf = <S extends Schema.Constraint>(item: S, max: number, what: string) =>
  Schema.Array(item).check(Schema.isMaxLength(max, { message: `expected at most ${max} ${what}` }))

const ids = Fields.orNull(listOf(Fields.Uuid, DataSystemOf.maxLinks, "ids"))
const shortText = (description: string) => Fields.orNull(Fields.writableText(1, 256).annotate({ description }))

/** The most projects that a data system names. */
const maxProjects = 1000

const Country = Schema.String.check(
  Schema.isPattern(/^[A-Za-z]{2}$/, { message: "expected two letters, such as US (ISO 3166-1)" }),
)

const Day = Schema.String.check(
  Schema.makeFilter((text) => CivilDate.parse(text) !== undefined || "expected a day, such as 2026-12-25"),
)

const Transfer = Schema.Struct({
  country: Country,
  safeguard: Fields.orNull(Fields.writableText(1, 256)),
  note: Fields.orNull(Fields.writableText(1, 1024)),
})

const ImpactAssessment = Schema.Struct({
  required: Fields.orNull(Schema.Boolean),
  status: Fields.orNull(Fields.writableText(1, 256)),
  url: Fields.orNull(Wire.WebAddress),
})

const Vendor = Schema.Struct({
  name: Fields.writableText(1, 256),
  url: Fields.orNull(Wire.WebAddress),
  agreementUrl: Fields.orNull(Wire.WebAddress),
})

/** The bases of processing (GDPR, article 6(1)). */
const legalBases = [
  "consent",
  "contract",
  "legal_obligation",
  "vital_interests",
  "public_task",
  "legitimate_interests",
] as const

const systemFields = {
  crossBorder: Fields.orNull(Schema.Boolean),
  retention: Fields.orNull(
    Exchange.PositivePeriod.annotate({ description: "How long it keeps personal data (ISO 8601), such as P2Y" }),
  ),
  additionalNotes: Fields.orNull(Fields.writableText(0, 1024)),
  icon: Fields.orNull(Fields.writableText(1, 2048)),
  globalDataSystemId: shortText("An id of your own"),
  dataSystemTypeId: shortText("What kind of system it is, in your words"),
  ...byMember(Fields.orNull(Fields.Uuid), ids),
  processingActivities: ids.annotate({ description: "The same as `dataSystemProcessingActivities`" }),
  projectIds: Fields.orNull(listOf(Fields.Uuid, maxProjects, "ids")).annotate({
    description: "The projects whose compliance requests concern it. Empty: all",
  }),
  handles: Fields.orNull(listOf(Schema.Literals(ClockPack.requestKinds), 4, "kinds")).annotate({
    description: "The kinds of compliance requests that it gets tasks for. Left out: all",
  }),
  legalBases: Fields.orNull(listOf(Schema.Literals(legalBases), legalBases.length, "bases")),
  specialCategoryBasis: shortText("What permits special categories of data (GDPR, article 9(2))"),
  transfers: Fields.orNull(listOf(Transfer, DataSystemOf.maxLinks, "transfers")),
  impactAssessment: Fields.orNull(ImpactAssessment),
  vendor: Fields.orNull(Vendor),
  owner: shortText("The team or role that is responsible for it"),
  reviewedOn: Fields.orNull(Day),
  fidesKey: shortText("Its key in a manifest of fideslang"),
}

const Status = Schema.Literals(DataSystemOf.statuses)

/** A new data system. */
export const NewDataSystem = Schema.Struct({ name: Fields.writableText(1, 256), status: Status, ...systemFields })

/** A change of a data system: a list replaces the one before, and `null` removes a member. */
export const DataSystemChange = Schema.Struct({
  name: Fields.orNull(Fields.writableText(1, 1024)),
  status: Fields.orNull(Status),
  ...systemFields,
})

const text = Schema.optionalKey(Schema.String)
const texts = Schema.Array(Schema.String)

const Gap = Schema.Struct({
  code: Schema.String,
  article: Schema.String.annotate({ description: "The paragraph of the GDPR that asks for it, such as 30(1)(b)" }),
  field: Schema.String,
  detail: Schema.String,
}).annotate({ identifier: "RecordGap" })

/** A data system. */
export const DataSystem = Schema.Struct({
  id: Schema.String,
  organizationId: Schema.String,
  name: Schema.String,
  status: Status,
  crossBorder: Schema.Boolean,
  retention: text,
  additionalNotes: text,
  icon: text,
  globalDataSystemId: text,
  dataSystemTypeId: text,
  ...byMember(text, texts),
  projectIds: texts,
  handles: Schema.Array(Schema.Literals(ClockPack.requestKinds)),
  legalBases: texts,
  specialCategoryBasis: text,
  transfers: Schema.Array(Schema.Struct({ country: Schema.String, safeguard: text, note: text })),
  impactAssessment: Schema.optionalKey(
    Schema.Struct({ required: Schema.optionalKey(Schema.Boolean), status: text, url: text }),
  ),
  vendor: Schema.optionalKey(Schema.Struct({ name: Schema.String, url: text, agreementUrl: text })),
  owner: text,
  reviewedOn: text,
  fidesKey: text,
  connector: Schema.optionalKey(
    Schema.Struct({ url: Schema.String, profile: Schema.String, isActive: Schema.Boolean }).annotate({
      description: "Where it takes tasks by itself, which an endpoint of its own sets",
    }),
  ),
  isLedger: Schema.Boolean.annotate({ description: "Whether it is the consent ledger itself, which is read only" }),
  gaps: Schema.Array(Gap).annotate({ description: "What article 30 of the GDPR asks and is missing" }),
  dateCreated: Schema.Int.annotate({ description: "Milliseconds since 1970-01-01" }),
  dateUpdated: Schema.Int,
}).annotate({ identifier: "DataSystem" })

/** A page of data systems. */
export const DataSystemPage = Wire.page(DataSystem)

const attributeFields = {
  description: Fields.orNull(Fields.writableText(0, 1042)),
  dataSystems: Fields.orNull(listOf(Fields.Uuid, DataSystemOf.maxSystems, "ids")).annotate({
    description: "The data systems that it describes; the systems are changed with it",
  }),
  globalDataSystemAttributeId: shortText("An id of your own"),
  fidesKey: shortText("Its key in fideslang"),
  pIIType: Fields.orNull(Schema.Literals(["none", "standard", "sensitive"])).annotate({
    description: "Of a data category: how sensitive it is",
  }),
  phoneNumber: Fields.orNull(Fields.writableText(1, 256)).annotate({ description: "Of a contact" }),
}

const Email = Fields.writableText(3, 256).check(
  Schema.isPattern(/^[^@\s]+@[^@\s]+$/, { message: "expected one e-mail address" }),
)

const contactFields = {
  email: Fields.orNull(Email).annotate({ description: "Of a contact, which must have one" }),
  contactType: Fields.orNull(Fields.Uuid).annotate({
    description: "Of a contact, which must have one: the id of an attribute of the family `contactType`",
  }),
}

/** A new attribute. A contact has `email` and `contactType` besides. */
export const NewAttribute = Schema.Struct({
  name: Fields.writableText(1, 256),
  status: Status,
  ...attributeFields,
  ...contactFields,
})

/** A change of an attribute: a list replaces the one before, and `null` removes a member. */
export const AttributeChange = Schema.Struct({
  name: Fields.orNull(Fields.writableText(1, 256)),
  status: Fields.orNull(Status),
  ...attributeFields,
  ...contactFields,
})

/** The families that attributes are listed by; kinds of contacts come with Assent and are only listed. */
export const Family = Schema.Literals(AttributeFamily.names)
export const ListedFamily = Schema.Literals([...AttributeFamily.names, "contactType"])

/** An attribute. */
export const Attribute = Schema.Struct({
  id: Schema.String,
  organizationId: Schema.String,
  attributeName: ListedFamily.annotate({ description: "Its family" }),
  name: Schema.String,
  status: Status,
  description: text,
  dataSystems: texts,
  readOnly: Schema.Boolean.annotate({ description: "Whether it comes with Assent: it can be linked, but not changed" }),
  globalDataSystemAttributeId: text,
  pIIType: text,
  email: Schema.optionalKey(Schema.String.annotate({ description: "Left out for a role that only reads" })),
  phoneNumber: Schema.optionalKey(Schema.String.annotate({ description: "Left out for a role that only reads" })),
  contactType: text,
  key: Schema.optionalKey(Schema.String.annotate({ description: "Its key in the catalogue of Assent" })),
  fidesKey: text,
  dpv: Schema.optionalKey(Schema.String.annotate({ description: "Its term in the Data Privacy Vocabulary" })),
  dateCreated: Schema.Int.annotate({ description: "Milliseconds since 1970-01-01" }),
  dateUpdated: Schema.Int,
}).annotate({ identifier: "DataSystemAttribute" })

/** A page of attributes. */
export const AttributePage = Wire.page(Attribute)
