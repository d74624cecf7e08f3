/** A small shop with its data systems, and what a record of processing is written from. */
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"
import * as Families from "../../core/data-systems/AttributeFamily.ts"
import type { AttributeFamily } from "../../core/data-systems/AttributeFamily.ts"
import type { DataSystem } from "../../core/data-systems/DataSystem.ts"
import * as ProcessingRecords from "../../core/data-systems/ProcessingRecords.ts"
import type { RecordQuery } from "../../core/data-systems/RecordQuery.ts"
import type { RecordContent } from "../../core/processing-records/RecordContent.ts"

/** The id of an entry of the catalogue by its key. */
export const idOf = (family: AttributeCatalogue.CatalogueFamily, key: string): string =>
  AttributeCatalogue.of(family).find((entry) => entry.key === key)!.id

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`

const contact = (number: number, name: string, type: string): ProcessingRecords.RecordedAttribute => ({
  id: uuid(number),
  name,
  contactType: { key: type, name: AttributeCatalogue.of("contactType").find(({ key }) => key === type)!.name },
  email: `${name.toLowerCase().replaceAll(/[^a-z]/g, "")}@shop.example`,
})

export const contacts = [
  contact(901, "Dana Officer", "data-protection-officer"),
  contact(902, "Studio North", "controller"),
  contact(903, "Sam Owner", "system-owner"),
]

/** Every attribute of the catalogue, and the contacts. */
export const attributes = ProcessingRecords.indexed([
  ...AttributeCatalogue.all.map((entry) => ({ ...entry })),
  ...contacts,
])

type Links = { readonly [Family in AttributeFamily]?: ReadonlyArray<string> }

let count = 0

/** A data system that links entries of the catalogue by their keys, and contacts by their ids. */
export const system = (name: string, links: Links, more: Partial<DataSystem> = {}): DataSystem => ({
  id: uuid(++count),
  organization: uuid(800),
  dateCreated: 0,
  dateUpdated: 0,
  name,
  status: "active",
  crossBorder: false,
  projectIds: [],
  attributes: Object.fromEntries(
    Families.names.map((family) => [
      family,
      (links[family] ?? []).map((key) => (family === "contact" ? key : idOf(family, key))),
    ]),
  ),
  ...more,
})

const officer = contacts[0]!.id

export const shop: ReadonlyArray<DataSystem> = [
  system(
    "Web shop",
    {
      relationship: ["controller"],
      processingActivity: ["orders", "accounts"],
      processingPurpose: ["essential.service", "essential.legal_obligation"],
      dataSubject: ["customer", "visitor"],
      dataCategory: ["user.name", "user.contact.email", "user.contact.address", "user.behavior.purchase_history"],
      destination: ["payment-processors"],
      origin: ["user-submitted-forms"],
      securityMeasure: ["encryption-in-transit", "access-rights", "backups"],
      contact: [officer, contacts[2]!.id],
    },
    {
      retention: "P10Y",
      legalBases: ["contract", "legal_obligation"],
      owner: "Shop team",
      reviewedOn: "2026-10-05",
      fidesKey: "web_shop",
      impactAssessment: { required: false },
    },
  ),
  system(
    "Newsletter",
    {
      relationship: ["joint-controller"],
      processingActivity: ["newsletter"],
      processingPurpose: ["marketing.communications.email"],
      dataSubject: ["subscribers"],
      dataCategory: ["user.contact.email"],
      destination: ["data-partners"],
      securityMeasure: ["encryption-at-rest"],
      contact: [contacts[1]!.id],
    },
    {
      crossBorder: true,
      transfers: [{ country: "US", safeguard: "Standard contractual clauses", note: "Servers in Virginia" }],
      retention: "P2Y6M",
      legalBases: ["consent"],
      vendor: { name: "Post & Co <Ltd>", url: "https://post.example", agreementUrl: "https://post.example/dpa" },
    },
  ),
  system("Old till", { relationship: ["controller"], processingActivity: ["orders"] }, { crossBorder: true }),
  system("Fulfilment for others", {
    relationship: ["processor"],
    processingActivity: ["orders"],
    securityMeasure: ["logging"],
  }),
  system("Retired", { relationship: ["controller"] }, { status: "archived" }),
]

const organization: ProcessingRecords.RecordedOrganization = {
  id: uuid(800),
  name: "Corner & Sons",
  privacyPolicyUrl: "https://shop.example/privacy",
  privacyContact: "privacy@shop.example",
  representative: "Rep GmbH, Berlin",
}

/** The content of a record of data systems. */
export const contentOf = (
  systems: ReadonlyArray<DataSystem> = shop,
  query: Partial<RecordQuery> = {},
): RecordContent => {
  const whole = { as: "controller", by: "activity", ...query } as const
  const recorded = systems.map((each) => ProcessingRecords.recorded(each, attributes))
  const within = ProcessingRecords.within(recorded, whole)
  const rows = ProcessingRecords.rowsOf(within, whole)
  return { organization, query: whole, asOf: Date.UTC(2026, 9, 12), systems: within, rows }
}
