/**
 * The attributes of data systems that an organization can link: its own, and those that come with Assent.
 *
 * Links are kept on the systems. Which systems an attribute describes follows from them, once for each catalog.
 */
import type { DataSystem, DataSystemAttribute } from "../data-systems/DataSystem.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"
import type { CatalogueEntry, CatalogueFamily } from "../../rule-packs/attributes/AttributeCatalogue.ts"
import * as OwnSystems from "./OwnSystems.ts"

/** An attribute, of the organization or of the catalogue. */
export interface ListedAttribute
  extends Omit<DataSystemAttribute, "family" | "isRemoved">, Pick<CatalogueEntry, "dpv"> {
  readonly family: CatalogueFamily
  /** Its key in the catalogue. */
  readonly key?: string
  /** Whether it comes with Assent: it can be linked, but not changed. */
  readonly isReadOnly: boolean
  /** The ids of the data systems that it describes. */
  readonly dataSystems: ReadonlyArray<string>
}

/** An attribute of the catalogue, as one of an organization. */
const ofCatalogue = (entry: CatalogueEntry, organization: string) => ({
  ...entry,
  organization,
  status: "active" as const,
  isReadOnly: true,
  dateCreated: AttributeCatalogue.date,
  dateUpdated: AttributeCatalogue.date,
})

/** The attributes of an organization. */
export interface AttributeIndex {
  /** Those of the catalogue first, then its own in the order in which they were created. */
  readonly all: ReadonlyArray<ListedAttribute>
  readonly find: (id: string) => ListedAttribute | undefined
}

/** The ids of the data systems that each attribute describes. */
const linkedSystems = (systems: ReadonlyArray<DataSystem>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const linked = new Map<string, Array<string>>()
  for (const { attributes, id } of systems) {
    for (const attribute of Object.values(attributes).flat()) {
      const before = linked.get(attribute)
      if (before === undefined) linked.set(attribute, [id])
      else before.push(id)
    }
  }
  return linked
}

const makeIndex = (catalog: Catalog, organization: Organization): AttributeIndex => {
  const own = (catalog.dataSystemAttributes.get(organization.id) ?? []).map((each) => ({ ...each, isReadOnly: false }))
  const linked = linkedSystems(OwnSystems.withLedger(catalog, organization))
  const all = [...AttributeCatalogue.all.map((entry) => ofCatalogue(entry, organization.id)), ...own].map(
    (attribute): ListedAttribute => ({ ...attribute, dataSystems: linked.get(attribute.id) ?? [] }),
  )
  const byId = new Map(all.map((attribute) => [attribute.id, attribute]))
  return { all, find: (id) => byId.get(id) }
}

const indexes = new WeakMap<Catalog, Map<string, AttributeIndex>>()

/** The attributes of an organization: the same object as long as the catalog is the same. */
export const of = (catalog: Catalog, organization: Organization): AttributeIndex => {
  const known = indexes.get(catalog) ?? new Map<string, AttributeIndex>()
  indexes.set(catalog, known)
  const found = known.get(organization.id) ?? makeIndex(catalog, organization)
  known.set(organization.id, found)
  return found
}

/** The own attribute of an organization with an id. */
export const findOwn = (catalog: Catalog, organization: Organization, id: string): DataSystemAttribute | undefined =>
  catalog.dataSystemAttributes.get(organization.id)?.find((attribute) => attribute.id === id)
