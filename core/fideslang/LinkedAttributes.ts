/**
 * The attributes that the data systems of a manifest name: those of the catalogue and of the organization are found by
 * key or name, and others are created.
 */
import { Effect } from "effect"
import type { AttributeIndex } from "../catalog/Attributes.ts"
import type { CatalogFault, Privates } from "../catalog/CatalogChange.ts"
import * as ContactAddress from "../catalog/ContactAddress.ts"
import type { AttributeFamily } from "../data-systems/AttributeFamily.ts"
import * as DataSystemOf from "../data-systems/DataSystem.ts"
import type { DataSystem, DataSystemAttribute } from "../data-systems/DataSystem.ts"
import * as FidesTerms from "../data-systems/FidesTerms.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as MailAddress from "../mail/MailAddress.ts"
import type { Organization } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"
import type { MappedSystem, NamedLink } from "./FidesMapping.ts"

/** The ids of the attributes that a data system is linked to, by the families that it says something of. */
export interface FoundLinks {
  readonly attributes: DataSystem["attributes"]
  /** Why it cannot be linked. */
  readonly faults: ReadonlyArray<Omit<CatalogFault, "field">>
}

/** Looks attributes up, and collects those that it creates. */
export interface LinkedAttributes {
  readonly of: (system: MappedSystem, before: DataSystem["attributes"]) => Effect.Effect<FoundLinks, StoreUnavailable>
  readonly created: () => { readonly attributes: ReadonlyArray<DataSystemAttribute>; readonly privates: Privates }
}

/** An attribute as far as it is looked up. */
type Known = Pick<DataSystemAttribute, "id" | "status">

const nameKey = (name: string): string => name.normalize("NFC").trim().toLowerCase()

/** How sensitive a category is: as the nearest one above it in the taxonomy. */
const sensitivityOf = (key: string): NonNullable<DataSystemAttribute["pIIType"]> => {
  for (let above = key; above !== ""; above = above.slice(0, Math.max(0, above.lastIndexOf(".")))) {
    const found = AttributeCatalogue.findFidesKey("dataCategory", above)?.pIIType
    if (found !== undefined) return found
  }
  return "standard"
}

const officerType = AttributeCatalogue.of("contactType").find(({ key }) => key === "data-protection-officer")!

/** What is wrong with linking attributes. */
const faultsOf = (
  family: AttributeFamily,
  ids: ReadonlySet<string>,
  wanted: ReadonlyArray<Known>,
  before: DataSystem["attributes"],
) => {
  const linked = new Set(before[family])
  const isArchived = wanted.some(({ id, status }) => status === "archived" && !linked.has(id))
  return [
    ...(isArchived
      ? [{ code: "unknown_attribute", detail: `names an archived attribute of the family ${family}: make it active` }]
      : []),
    ...(ids.size > DataSystemOf.maxLinks
      ? [{ code: "too_many", detail: `names more than ${DataSystemOf.maxLinks} attributes of the family ${family}` }]
      : []),
  ]
}

/** Makes a look-up for an organization. */
export const make = Effect.fnUntraced(function* (
  organization: Organization,
  { all }: AttributeIndex,
  now: Instant,
  context: LedgerContext,
): Effect.fn.Return<LinkedAttributes, StoreUnavailable> {
  const byKey = new Map<string, Known>()
  const byName = new Map<string, Known>()
  const at = (family: string, text: string) => `${family}/${text}`
  const add = (
    attribute: Pick<AttributeIndex["all"][number], "family" | "fidesKey" | "id" | "key" | "name" | "status">,
  ) => {
    const places = [
      [byKey, at(attribute.family, FidesTerms.keyOf(attribute))],
      [byName, at(attribute.family, nameKey(attribute.name))],
    ] as const
    for (const [map, place] of places) if (!map.has(place)) map.set(place, attribute)
  }
  all.forEach(add)
  const attributes: Array<DataSystemAttribute> = []
  const privates: Array<Privates[number]> = []

  type Fields = Pick<DataSystemAttribute, "contactType" | "family" | "fidesKey" | "name" | "pIIType">
  const create = Effect.fnUntraced(function* (fields: Fields) {
    const id = yield* context.random.uuidV7()
    const dates = { dateCreated: now, dateUpdated: now }
    const made: DataSystemAttribute = { ...fields, id, organization: organization.id, status: "active", ...dates }
    attributes.push(made)
    add(made)
    return made
  })

  const find = (family: AttributeFamily, { key, name }: NamedLink): Known | undefined =>
    (key === undefined ? undefined : byKey.get(at(family, key))) ?? byName.get(at(family, nameKey(name)))

  const findOrCreate = (family: AttributeFamily, link: NamedLink): Effect.Effect<Known> => {
    const found = find(family, link)
    if (found !== undefined) return Effect.succeed(found)
    const { key, name } = link
    const pIIType = family === "dataCategory" && { pIIType: sensitivityOf(key ?? name) }
    return create({ family, name, ...(key !== undefined && { fidesKey: key }), ...pIIType })
  }

  /** The data protection officers by their addresses, which are read once a manifest names one. */
  const officersByAddress = yield* Effect.cached(
    Effect.gen(function* () {
      const officers = all.filter(({ contactType, family }) => family === "contact" && contactType === officerType.id)
      const ids = officers.map(({ id }) => id)
      const addresses = ids.length === 0 ? new Map() : yield* ContactAddress.ofContacts(organization, ids, context)
      const found = new Map<string, Known>()
      for (const officer of officers) {
        const address: ContactAddress.ContactAddress | undefined = addresses.get(officer.id)
        if (address !== undefined) found.set(address.email.toLowerCase(), officer)
      }
      return found
    }),
  )

  /** A name of a contact that no other has. */
  const freeName = (): string => {
    for (let number = 1; ; number++) {
      const name = number === 1 ? officerType.name : `${officerType.name} ${number}`
      if (!byName.has(at("contact", nameKey(name)))) return name
    }
  }

  /** The contact that a text names: an e-mail address is kept apart from the catalog, a name is the contact's. */
  const officerOf = Effect.fnUntraced(function* (text: string): Effect.fn.Return<Known, StoreUnavailable> {
    const contactType = officerType.id
    const email = MailAddress.parse(text)
    if (email === undefined)
      return find("contact", { name: text }) ?? (yield* create({ family: "contact", name: text, contactType }))
    const known = yield* officersByAddress
    const found = known.get(email.toLowerCase())
    if (found !== undefined) return found
    const made = yield* create({ family: "contact", name: freeName(), contactType })
    known.set(email.toLowerCase(), made)
    const sealed = yield* ContactAddress.seal(organization, made.id, { email }, context)
    privates.push({ organization, entry: made.id, sealed })
    return made
  })

  const of = Effect.fnUntraced(function* (system: MappedSystem, before: DataSystem["attributes"]) {
    const faults: Array<Omit<CatalogFault, "field">> = []
    const found = new Map<AttributeFamily, ReadonlyArray<string>>()
    const link = (family: AttributeFamily, wanted: ReadonlyArray<Known>): void => {
      const ids = new Set(wanted.map(({ id }) => id))
      faults.push(...faultsOf(family, ids, wanted, before))
      found.set(family, [...ids])
    }
    for (const [family, links] of system.links) {
      const known: Array<Known> = []
      for (const each of links) known.push(yield* findOrCreate(family, each))
      link(family, known)
    }
    if (system.officer !== undefined) {
      const kept = (before.contact ?? []).map((id): Known => ({ id, status: "active" }))
      link("contact", [...kept, yield* officerOf(system.officer)])
    }
    const linked: DataSystem["attributes"] = Object.fromEntries(found)
    return { attributes: linked, faults }
  })

  return { of, created: () => ({ attributes, privates }) }
})
