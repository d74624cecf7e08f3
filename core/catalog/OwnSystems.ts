/**
 * The data systems of an organization: the consent ledger, which every organization has, and those that it has added.
 */
import type { DataSystem } from "../data-systems/DataSystem.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"

const keys = {
  relationship: ["controller"],
  processingActivity: ["consent-records", "privacy-requests"],
  processingPurpose: ["essential.legal_obligation"],
  dataSubject: ["visitor", "customer"],
  dataCategory: ["user.privacy_preferences", "user.unique_id", "user.contact.email", "user.device.ip_address"],
  origin: ["user-submitted-forms"],
  securityMeasure: ["encryption-at-rest", "pseudonymization", "access-rights", "deletion-routines"],
} as const

/** What describes the consent ledger, which is the same for all organizations. */
const ledgerAttributes: DataSystem["attributes"] = Object.fromEntries(
  Object.entries(keys).map(([family, wanted]) => [
    family,
    AttributeCatalogue.all
      .filter((entry) => entry.family === family && wanted.some((key) => key === entry.key))
      .map(({ id }) => id),
  ]),
)

/** The consent ledger of an organization. */
export const ledgerOf = (organization: Organization): DataSystem => ({
  ...LedgerSystem.of(organization),
  attributes: ledgerAttributes,
})

/** Those that an organization has added, in the order in which they were created. */
export const of = (catalog: Catalog, organization: Pick<Organization, "id">): ReadonlyArray<DataSystem> =>
  catalog.dataSystems.get(organization.id) ?? []

/** The consent ledger, and those that an organization has added. */
export const withLedger = (catalog: Catalog, organization: Organization): ReadonlyArray<DataSystem> => [
  ledgerOf(organization),
  ...of(catalog, organization),
]

/** The one that an organization has added with an id. */
export const find = (catalog: Catalog, organization: Pick<Organization, "id">, id: string): DataSystem | undefined =>
  of(catalog, organization).find((system) => system.id === id)
