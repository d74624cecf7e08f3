/**
 * The wire schemas of the settings that compliance requests follow.
 */
import { Schema } from "effect"
import * as ClockPack from "../../../core/compliance/ClockPack.ts"
import * as Period from "../../../core/engine/Period.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Catalog from "../../../core/model/Catalog.ts"

const listOf = <S extends Schema.Constraint>(item: S, max: number, what: string) =>
  Schema.Array(item).check(Schema.isMaxLength(max, { message: `expected at most ${max} ${what}` }))

/** The settings of an organization. The server checks names of time zones and days. */
export const organizationFields = {
  timeZone: Fields.orNull(
    Fields.writableText(1, 64).annotate({
      description: "The IANA name of the time zone in which its days begin; null: UTC",
    }),
  ),
  holidays: Fields.orNull(
    listOf(Schema.String, Catalog.maxHolidays, "days").annotate({
      description: "The days on which it does not work, besides weekends, YYYY-MM-DD; null: none",
    }),
  ),
  privacyContact: Fields.orNull(
    Fields.writableText(1, 2048).annotate({
      description: "An e-mail address or page at which people reach those responsible for privacy; null: none is named",
    }),
  ),
  representative: Fields.orNull(
    Fields.writableText(1, 1024).annotate({
      description: "The representative in the European Union (GDPR, article 27), with an address; null: there is none",
    }),
  ),
}

const ClockRule = Schema.Struct({
  geography: Fields.orNull(
    Fields.writableText(2, 16).annotate({
      description: "ISO 3166-1 or 3166-2: `US` fits `US-CA` as well. Left out: any",
    }),
  ),
  request: Fields.orNull(Schema.Literals(ClockPack.requestKinds)),
  pack: Fields.writableText(1, 64).annotate({ description: "Such as clock:gdpr@2018-05" }),
})

/** The settings of a project. */
export const projectFields = {
  clockRules: Fields.orNull(
    listOf(ClockRule, Catalog.maxClockRules, "rules").annotate({
      description: "The first that fits a request gives its clock pack; null: the rules that come with Assent",
    }),
  ),
  doNotSellTypes: Fields.orNull(
    listOf(Fields.Uuid, Catalog.maxDoNotSellTypes, "ids").annotate({
      description:
        "Consent types that a `do_not_sell` declines besides those of category privacy_setting and subcategory do_not_sell",
    }),
  ),
  packageOnVerified: Fields.orNull(
    Schema.Boolean.annotate({
      description: "Whether the access package of a `view` is built once identity is shown; null: false",
    }),
  ),
  optOutNeedsVerification: Fields.orNull(
    Schema.Boolean.annotate({
      description:
        "Whether a `do_not_sell` declines for the typed e-mail address and phone number only once identity is shown; null: false",
    }),
  ),
  contactEmails: Fields.orNull(
    listOf(Fields.writableText(1, 254), Catalog.maxContactEmails, "addresses").annotate({
      description: "Staff that mails about new requests and due dates go to; null: none is sent",
    }),
  ),
  sendFromEmailId: Fields.orNull(
    Fields.writableText(1, 64).annotate({
      description: "The verified sender that mails come from; null or `default`: that of the server",
    }),
  ),
  filesKeptFor: Fields.orNull(
    Exchange.Period.annotate({ description: "How long files are kept after a request is resolved; null: P30D" }),
  ),
  requestsKeptFor: Fields.orNull(
    Exchange.Period.annotate({
      description: "How long what is personal of a request is kept after it is resolved; null: P24M",
    }),
  ),
}

/** The settings of an organization in an answer. One that is left out has its default. */
export const organizationAnswer = {
  timeZone: Schema.optionalKey(Schema.String),
  holidays: Schema.optionalKey(Schema.Array(Schema.String)),
  privacyContact: Schema.optionalKey(Schema.String),
  representative: Schema.optionalKey(Schema.String),
}

/** The settings of a project in an answer. One that is left out has its default. */
export const projectAnswer = {
  clockRules: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        geography: Schema.optionalKey(Schema.String),
        request: Schema.optionalKey(Schema.Literals(ClockPack.requestKinds)),
        pack: Schema.String,
      }),
    ),
  ),
  doNotSellTypes: Schema.optionalKey(Schema.Array(Schema.String)),
  packageOnVerified: Schema.optionalKey(Schema.Boolean),
  optOutNeedsVerification: Schema.optionalKey(Schema.Boolean),
  contactEmails: Schema.optionalKey(Schema.Array(Schema.String)),
  sendFromEmailId: Schema.optionalKey(Schema.String),
  filesKeptFor: Schema.optionalKey(Schema.String),
  requestsKeptFor: Schema.optionalKey(Schema.String),
}

const fields = Schema.Struct(projectFields)

/** The settings of a project that a body sets, as they are kept: ids in lower case. */
export const ofProject = ({
  clockRules,
  contactEmails,
  doNotSellTypes,
  filesKeptFor,
  optOutNeedsVerification,
  packageOnVerified,
  requestsKeptFor,
  sendFromEmailId,
}: typeof fields.Type) => ({
  ...(clockRules !== undefined && { clockRules: clockRules === null ? null : clockRules.map(ruleOf) }),
  ...(doNotSellTypes !== undefined && {
    doNotSellTypes: doNotSellTypes === null ? null : doNotSellTypes.map((id) => id.toLowerCase()),
  }),
  ...(packageOnVerified !== undefined && { packageOnVerified }),
  ...(optOutNeedsVerification !== undefined && { optOutNeedsVerification }),
  ...(contactEmails !== undefined && { contactEmails }),
  ...(filesKeptFor !== undefined && { filesKeptFor }),
  ...(requestsKeptFor !== undefined && { requestsKeptFor }),
  ...(sendFromEmailId !== undefined && { sendFromEmailId: sendFromEmailId?.toLowerCase() ?? null }),
})

/** The settings of a project as they are answered. */
export const projectJson = (project: Catalog.Project) => ({
  ...(project.clockRules !== undefined && { clockRules: project.clockRules }),
  ...(project.doNotSellTypes !== undefined && { doNotSellTypes: project.doNotSellTypes }),
  ...(project.packageOnVerified !== undefined && { packageOnVerified: project.packageOnVerified }),
  ...(project.optOutNeedsVerification !== undefined && { optOutNeedsVerification: project.optOutNeedsVerification }),
  ...(project.contactEmails !== undefined && { contactEmails: project.contactEmails }),
  ...(project.sendFromEmailId !== undefined && { sendFromEmailId: project.sendFromEmailId }),
  ...(project.filesKeptFor !== undefined && { filesKeptFor: Period.format(project.filesKeptFor) }),
  ...(project.requestsKeptFor !== undefined && { requestsKeptFor: Period.format(project.requestsKeptFor) }),
})

const ruleOf = ({ geography, pack, request }: typeof ClockRule.Type): Catalog.ClockRule => ({
  ...(geography != null && { geography }),
  ...(request != null && { request }),
  pack,
})
