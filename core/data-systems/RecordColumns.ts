/**
 * The columns of the record of processing activities: what article 30 of the GDPR asks for, named after its
 * paragraphs, and then what authorities recommend in addition (CNIL's and ICO's templates).
 */
import * as LedgerSystem from "./LedgerSystem.ts"
import type { ProcessingRecord, RecordedAttribute, RecordedOrganization } from "./ProcessingRecords.ts"
import type { RecordQuery } from "./RecordQuery.ts"

/** A column of the record. */
export interface RecordColumn {
  readonly key: string
  readonly heading: string
  /** The paragraph of the GDPR that the column is about. */
  readonly article?: string
  /** What the column says of a row: none, one or several things. */
  readonly cells: (row: ProcessingRecord, organization: RecordedOrganization) => ReadonlyArray<string>
}

const optional = (...values: ReadonlyArray<string | undefined>): ReadonlyArray<string> =>
  values.filter((value) => value !== undefined && value !== "") as ReadonlyArray<string>

const names = (attributes: ReadonlyArray<RecordedAttribute>) => attributes.map(({ name }) => name)

/** A contact, with where it is reached if that may be shown. */
export const contactText = ({ email, name, phoneNumber }: RecordedAttribute): string =>
  optional(name, email, phoneNumber).join(", ")

/** The types of contacts that have a column of their own; `controller` is the other party's. */
const typed = ["data-protection-officer", "representative", "controller"] as const

const contactsOf =
  (type: (typeof typed)[number]) =>
  ({ attributes: { contact } }: ProcessingRecord): ReadonlyArray<string> =>
    contact.filter(({ contactType }) => contactType?.key === type).map(contactText)

const otherContacts = ({ attributes: { contact } }: ProcessingRecord): ReadonlyArray<string> =>
  contact
    .filter(({ contactType }) => !typed.some((type) => type === contactType?.key))
    .map((each) =>
      each.contactType === undefined ? contactText(each) : `${each.contactType.name}: ${contactText(each)}`,
    )

/** A period as it is read: `P2Y6M` as `2 years, 6 months`. Any other text stays. */
export const periodText = (period: string): string => {
  const units = { Y: "year", M: "month", W: "week", D: "day" } as const
  if (!/^P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$/.test(period)) return period
  return [...period.matchAll(/(\d+)([YMWD])/g)]
    .map(([, count, unit]) => `${count} ${units[unit as keyof typeof units]}${count === "1" ? "" : "s"}`)
    .join(", ")
}

/** The words of a code: `legal_obligation` as `legal obligation`. */
const words = (code: string): string => code.replaceAll("_", " ")

const transfers = ({ system: { crossBorder, transfers: all = [] } }: ProcessingRecord): ReadonlyArray<string> => {
  if (all.length === 0) return crossBorder ? [] : ["none"]
  return all.map(({ country, note, safeguard }) => {
    const said = optional(safeguard, note).join("; ")
    return said === "" ? country : `${country}: ${said}`
  })
}

/** Nothing is passed on by the consent ledger, and each project says how long it keeps people. */
const isLedger = ({ system: { id } }: ProcessingRecord): boolean => id === LedgerSystem.id

const keptFor = (row: ProcessingRecord): ReadonlyArray<string> => {
  const { retention } = row.system
  if (isLedger(row)) return ["as each project says"]
  return retention === undefined ? [] : [periodText(retention)]
}

const recipients = (row: ProcessingRecord): ReadonlyArray<string> =>
  isLedger(row) ? ["none"] : [...names(row.attributes.destination), ...optional(row.system.vendor?.name)]

const assessment = ({ system: { impactAssessment: of } }: ProcessingRecord): ReadonlyArray<string> => {
  if (of === undefined) return []
  const required = of.required === undefined ? undefined : of.required ? "required" : "not required"
  return optional(required, of.status, of.url)
}

const vendor = ({ system: { vendor: of } }: ProcessingRecord): ReadonlyArray<string> =>
  of === undefined
    ? []
    : optional(of.name, of.url, of.agreementUrl === undefined ? undefined : `agreement: ${of.agreementUrl}`)

const activity: RecordColumn = {
  key: "activity",
  heading: "Processing activity",
  article: "30(1)",
  cells: (row) => (row.activity === undefined ? names(row.attributes.processingActivity) : [row.activity.name]),
}

const system: RecordColumn = { key: "dataSystem", heading: "Data system", cells: (row) => [row.system.name] }

const organization = (heading: string, article: string): RecordColumn => ({
  key: "organization",
  heading,
  article,
  cells: (_, { name, privacyContact }) => optional(name, privacyContact),
})

const representative = (article: string): RecordColumn => ({
  key: "representative",
  heading: "Representative",
  article,
  cells: (row, of) => optional(of.representative, ...contactsOf("representative")(row)),
})

const officer = (article: string): RecordColumn => ({
  key: "dataProtectionOfficer",
  heading: "Data protection officer",
  article,
  cells: contactsOf("data-protection-officer"),
})

const controllers = (heading: string, article: string): RecordColumn => ({
  key: "controllers",
  heading,
  article,
  cells: contactsOf("controller"),
})

const transferred = (article: string): RecordColumn => ({
  key: "transfers",
  heading: "Transfers to third countries, and safeguards",
  article,
  cells: transfers,
})

const measures = (article: string): RecordColumn => ({
  key: "securityMeasures",
  heading: "Security measures",
  article,
  cells: (row) => names(row.attributes.securityMeasure),
})

/** What no paragraph of article 30 asks for, after what both kinds of record have. */
const beside: ReadonlyArray<RecordColumn> = [
  { key: "vendor", heading: "Vendor", article: "28", cells: vendor },
  { key: "owner", heading: "Owner", cells: ({ system: { owner } }) => optional(owner) },
  { key: "otherContacts", heading: "Other contacts", cells: otherContacts },
  { key: "lastReview", heading: "Last review", cells: ({ system: { reviewedOn } }) => optional(reviewedOn) },
  {
    key: "missing",
    heading: "Missing",
    article: "30",
    cells: ({ gaps }) => gaps.map(({ article, detail }) => `${article}: ${detail}`),
  },
]

const ofController: ReadonlyArray<RecordColumn> = [
  activity,
  system,
  organization("Controller", "30(1)(a)"),
  controllers("Joint controllers", "30(1)(a)"),
  representative("30(1)(a)"),
  officer("30(1)(a)"),
  {
    key: "purposes",
    heading: "Purposes",
    article: "30(1)(b)",
    cells: (row) => names(row.attributes.processingPurpose),
  },
  {
    key: "dataSubjects",
    heading: "Categories of data subjects",
    article: "30(1)(c)",
    cells: (row) => names(row.attributes.dataSubject),
  },
  {
    key: "dataCategories",
    heading: "Categories of personal data",
    article: "30(1)(c)",
    cells: (row) => names(row.attributes.dataCategory),
  },
  {
    key: "recipients",
    heading: "Categories of recipients",
    article: "30(1)(d)",
    cells: recipients,
  },
  transferred("30(1)(e)"),
  {
    key: "retention",
    heading: "Time limit for erasure",
    article: "30(1)(f)",
    cells: keptFor,
  },
  measures("30(1)(g)"),
  {
    key: "legalBases",
    heading: "Legal basis",
    article: "6(1)",
    cells: ({ system: { legalBases = [] } }) => legalBases.map(words),
  },
  {
    key: "specialCategoryBasis",
    heading: "Basis for special categories",
    article: "9(2)",
    cells: ({ system: { specialCategoryBasis: basis } }) => optional(basis === undefined ? undefined : words(basis)),
  },
  { key: "origins", heading: "Source of the data", article: "14(2)(f)", cells: (row) => names(row.attributes.origin) },
  { key: "impactAssessment", heading: "Impact assessment", article: "35", cells: assessment },
  ...beside,
]

const ofProcessor: ReadonlyArray<RecordColumn> = [
  { ...activity, heading: "Categories of processing", article: "30(2)(b)" },
  system,
  organization("Processor", "30(2)(a)"),
  controllers("Controllers", "30(2)(a)"),
  representative("30(2)(a)"),
  officer("30(2)(a)"),
  transferred("30(2)(c)"),
  measures("30(2)(d)"),
  ...beside,
]

/** The columns of a record. */
export const of = ({ as }: Pick<RecordQuery, "as">): ReadonlyArray<RecordColumn> =>
  as === "processor" ? ofProcessor : ofController

/** The heading of a column with its paragraph: `30(1)(b) Purposes`. */
export const title = ({ article, heading }: RecordColumn): string =>
  article === undefined ? heading : `${article} ${heading}`
