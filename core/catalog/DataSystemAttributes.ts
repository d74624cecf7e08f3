/**
 * Creating, changing and deleting the attributes of data systems. Those that come with Assent can be linked, and not
 * changed.
 *
 * Which data systems an attribute describes is kept on the systems. Where a request sets it, the systems change in the
 * same change of the catalog.
 */
import { Effect } from "effect"
import type { AttributeFamily } from "../data-systems/AttributeFamily.ts"
import { type DataSystem, type DataSystemAttribute, maxAttributes } from "../data-systems/DataSystem.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Attributes from "./Attributes.ts"
import * as CatalogChange from "./CatalogChange.ts"
import * as ContactAddress from "./ContactAddress.ts"
import * as OwnSystems from "./OwnSystems.ts"
import * as SystemLinks from "./SystemLinks.ts"
import * as UnchangedEntries from "./UnchangedEntries.ts"

/** The members that an attribute may lack. */
type OptionalMembers = Pick<
  DataSystemAttribute,
  "contactType" | "description" | "fidesKey" | "globalDataSystemAttributeId" | "pIIType"
>

/** The members of an attribute that a request sets. A contact has an address and the id of its type. */
export interface AttributeFields extends OptionalMembers {
  readonly family: AttributeFamily
  readonly name: string
  readonly status: DataSystemAttribute["status"]
  readonly address?: ContactAddress.ContactAddress
  /** The ids of the data systems that it describes. Left out: none. */
  readonly dataSystems?: ReadonlyArray<string>
}

/** Changed members. `null` removes one; a list of data systems replaces the one before. */
export type AttributeChange = Partial<Pick<AttributeFields, "dataSystems" | "name" | "status">> & {
  readonly [Member in keyof OptionalMembers]?: OptionalMembers[Member] | null
} & {
  readonly address?: { readonly email?: string; readonly phoneNumber?: string | null }
}

/** The members of an attribute that belong to one family only. */
export const membersOf: { readonly [Member in "address" | "contactType" | "pIIType"]: AttributeFamily } = {
  address: "contact",
  contactType: "contact",
  pIIType: "dataCategory",
}

type Attribute = Attributes.ListedAttribute
type Answering = CatalogChange.Answering<Attribute>
type Outcome = Effect.Effect<CatalogChange.CatalogOutcome<Attribute>, StoreUnavailable>

const tooMany = CatalogChange.conflict(
  "",
  "too_many",
  `the organization has ${maxAttributes} attributes already: delete one first`,
)

const exists = (field: string, what: string) =>
  CatalogChange.conflict(field, "attribute_exists", `another attribute of the family has this ${what}: use that one`)

const nameKey = (name: string): string => name.normalize("NFC").trim().toLowerCase()

/** Refuses the name, or the key, of another attribute of a family. */
const takenBy = (
  { all }: Attributes.AttributeIndex,
  { fidesKey, id, name }: { readonly id?: string; readonly name?: string; readonly fidesKey?: string | null },
  family: AttributeFamily,
): CatalogChange.RefusedChange | undefined => {
  const others = all.filter((other) => other.family === family && other.id !== id)
  if (name !== undefined && others.some((other) => nameKey(other.name) === nameKey(name))) return exists("name", "name")
  return fidesKey != null && others.some((other) => other.fidesKey === fidesKey) ? exists("fidesKey", "key") : undefined
}

/** What a new contact lacks. */
const missingOf = ({
  address,
  contactType,
  family,
}: Pick<AttributeFields, "contactType" | "family"> & { readonly address: unknown }) =>
  [
    { field: "email", value: address },
    { field: "contactType", value: contactType },
  ].flatMap(({ field, value }) =>
    family === "contact" && value === undefined
      ? [{ field, code: "missing", detail: "is missing: a contact must have it" }]
      : [],
  )

/** What is wrong with the type of a contact, and with members that belong to another family. */
const faultsOf = (
  fields: Pick<AttributeChange, "contactType" | "pIIType"> & { readonly address?: unknown },
  family: AttributeFamily,
  { find }: Attributes.AttributeIndex,
): ReadonlyArray<CatalogChange.CatalogFault> => {
  const { contactType } = fields
  const misplaced = (["address", "contactType", "pIIType"] as const).flatMap((member) =>
    fields[member] == null || membersOf[member] === family
      ? []
      : [
          {
            field: member === "address" ? "email" : member,
            code: "wrong_family",
            detail: `is of a ${membersOf[member]}`,
          },
        ],
  )
  if (misplaced.length > 0 || contactType == null || find(contactType)?.family === "contactType") return misplaced
  const isKnown = find(contactType) !== undefined
  const detail = "expected the id of an attribute of the family contactType"
  return [{ field: "contactType", code: isKnown ? "wrong_family" : "unknown_attribute", detail }]
}

/** The data systems whose links change when an attribute describes these systems and no others; or what is wrong. */
const linkedSystems = (
  catalog: Catalog,
  organization: Organization,
  { family, id }: { readonly family: AttributeFamily; readonly id: string },
  wanted: ReadonlyArray<string> | undefined,
): { readonly systems: ReadonlyArray<DataSystem>; readonly faults: ReadonlyArray<CatalogChange.CatalogFault> } => {
  const own = OwnSystems.of(catalog, organization)
  const isSingle = SystemLinks.mostOf(family) === 1
  const known = new Map(own.map((system) => [system.id, system]))
  const faults = (wanted ?? []).flatMap((system, index): ReadonlyArray<CatalogChange.CatalogFault> => {
    const field = `dataSystems/${index}`
    const isDescribed = own.length > 0 && known.get(system)?.attributes[family]?.includes(id) === true
    if (system === LedgerSystem.id) {
      const isLinked = OwnSystems.ledgerOf(organization).attributes[family]?.includes(id) === true
      return isLinked ? [] : [{ field, code: "read_only", detail: "the consent ledger cannot be changed" }]
    }
    if (!known.has(system)) return [{ field, code: "unknown_data_system", detail: "is no data system" }]
    const isFull = !isSingle && (known.get(system)?.attributes[family]?.length ?? 0) >= SystemLinks.mostOf(family)
    return isFull && !isDescribed
      ? [{ field, code: "too_many", detail: `has ${SystemLinks.mostOf(family)} links of the family already` }]
      : []
  })
  if (wanted === undefined) return { systems: [], faults }
  const systems = own.flatMap((system) => {
    const before = system.attributes[family] ?? []
    const isWanted = wanted.includes(system.id)
    if (before.includes(id) === isWanted) return []
    const after = isWanted ? [...(isSingle ? [] : before), id] : before.filter((each) => each !== id)
    return [{ ...system, attributes: SystemLinks.merged(system.attributes, { [family]: after }) }]
  })
  return { systems, faults }
}

/** Entries that change, with a `dateUpdated` after the one before. */
const dated = <Of extends { readonly dateUpdated: Instant }>(entry: Of, now: Instant): Of => ({
  ...entry,
  dateUpdated: Math.max(now, entry.dateUpdated + 1),
})

/** What is personal of a contact, as a member of a change. */
const privatesOf = Effect.fnUntraced(function* (
  organization: Organization,
  entry: string,
  address: ContactAddress.ContactAddress | undefined,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.Privates, StoreUnavailable> {
  if (address === undefined) return []
  return [{ organization, entry, sealed: yield* ContactAddress.seal(organization, entry, address, context) }]
})

const listed = (attribute: DataSystemAttribute, dataSystems: ReadonlyArray<string>): Attribute => ({
  ...attribute,
  dataSystems,
  isReadOnly: false,
})

const isLedger = (id: string): boolean => id === LedgerSystem.id

/** The data systems that an attribute describes once a request has set them, in the order of systems. */
const described = (catalog: Catalog, organization: Organization, wanted: ReadonlyArray<string>) =>
  OwnSystems.withLedger(catalog, organization).flatMap(({ id }) => (wanted.includes(id) ? [id] : []))

/** Creates an attribute. */
export const create = (
  organization: Organization,
  { address, dataSystems, ...fields }: AttributeFields,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const isUnchanged = UnchangedEntries.make()
  const prepare = Effect.fnUntraced(function* (
    catalog: Catalog,
    now: Instant,
  ): Effect.fn.Return<CatalogChange.Prepared<Attribute> | CatalogChange.RefusedChange, StoreUnavailable> {
    const index = Attributes.of(catalog, organization)
    const id = yield* context.random.uuidV7()
    const { family } = fields
    const links = linkedSystems(catalog, organization, { family, id }, dataSystems)
    const faults = [
      ...missingOf({ ...fields, address }),
      ...faultsOf({ ...fields, address }, family, index),
      ...links.faults,
    ]
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const taken = takenBy(index, fields, family)
    if (taken !== undefined) return taken
    const own = catalog.dataSystemAttributes.get(organization.id) ?? []
    if (own.length >= maxAttributes) return tooMany
    if (!isUnchanged(links.systems)) return UnchangedEntries.conflict
    const attribute = { ...fields, id, organization: organization.id, dateCreated: now, dateUpdated: now }
    return {
      _tag: "Prepared",
      entries: { dataSystemAttributes: [attribute], dataSystems: links.systems.map((system) => dated(system, now)) },
      privates: yield* privatesOf(organization, id, address, context),
      value: listed(attribute, described(catalog, organization, dataSystems ?? [])),
    }
  })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** An attribute with changed members. */
const changed = (before: DataSystemAttribute, change: AttributeChange): DataSystemAttribute => {
  const { address: _address, dataSystems: _dataSystems, ...members } = change
  const all = Object.entries({ ...before, ...members })
  // Only members that may be missing can be `null`.
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as unknown as DataSystemAttribute
}

/** The address of a contact with changed members. */
const changedAddress = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  { email, phoneNumber }: NonNullable<AttributeChange["address"]>,
  context: LedgerContext,
) {
  const before = (yield* ContactAddress.ofContacts(organization, [id], context)).get(id)
  const number = phoneNumber === undefined ? before?.phoneNumber : (phoneNumber ?? undefined)
  const next = { email: email ?? before?.email ?? "", ...(number !== undefined && { phoneNumber: number }) }
  return next satisfies ContactAddress.ContactAddress as ContactAddress.ContactAddress
})

const readOnly = (field: string) =>
  CatalogChange.refused(field, "read_only", "comes with Assent: it can be linked, and only `dataSystems` be changed")

/** Whether a change sets nothing but the data systems that an attribute describes. */
const isOfLinksOnly = ({ dataSystems, ...others }: AttributeChange): boolean =>
  dataSystems !== undefined && Object.values(others).every((value) => value === undefined)

/** An attribute of a family that data systems are linked to; one of the catalogue, too. */
const linkable = (attribute: Attribute | undefined): (Attribute & { readonly family: AttributeFamily }) | undefined => {
  if (attribute === undefined || attribute.family === "contactType") return undefined
  return { ...attribute, family: attribute.family }
}

/** Changes an attribute of a family; of any family, where that is `undefined`. */
export const update = (
  organization: Organization,
  family: AttributeFamily | undefined,
  id: string,
  change: AttributeChange,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const isUnchanged = UnchangedEntries.make()
  const prepare = Effect.fnUntraced(function* (
    catalog: Catalog,
    now: Instant,
  ): Effect.fn.Return<CatalogChange.Prepared<Attribute> | CatalogChange.RefusedChange, StoreUnavailable> {
    const index = Attributes.of(catalog, organization)
    const found = index.find(id)
    if (found === undefined || (family !== undefined && found.family !== family)) return CatalogChange.notFound
    const own = Attributes.findOwn(catalog, organization, id)
    const attribute = linkable(found)
    if (attribute === undefined || (own === undefined && !isOfLinksOnly(change))) return readOnly("")
    const links = linkedSystems(catalog, organization, attribute, change.dataSystems)
    const faults = [...faultsOf(change, attribute.family, index), ...links.faults]
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    const taken = takenBy(index, { ...change, id }, attribute.family)
    if (taken !== undefined) return taken
    const touched = own === undefined ? links.systems : [own, ...links.systems]
    if (!isUnchanged(touched)) return UnchangedEntries.conflict
    const after = own && dated(changed(own, change), now)
    const dataSystems =
      change.dataSystems === undefined
        ? found.dataSystems
        : described(catalog, organization, [...found.dataSystems.filter(isLedger), ...change.dataSystems])
    const address = change.address && (yield* changedAddress(organization, id, change.address, context))
    return {
      _tag: "Prepared",
      entries: {
        ...(after !== undefined && { dataSystemAttributes: [after] }),
        dataSystems: links.systems.map((system) => dated(system, now)),
      },
      privates: yield* privatesOf(organization, id, address, context),
      value: after === undefined ? { ...found, dataSystems } : listed(after, dataSystems),
    }
  })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

const inUse = (count: number) =>
  CatalogChange.conflict(
    "",
    "in_use",
    `${count} data ${count === 1 ? "system is" : "systems are"} linked to it: unlink them, or send detach=true`,
  )

/** Deletes an attribute, with what is personal of it. One that is in use is refused, unless it is to be unlinked. */
export const remove = (
  organization: Organization,
  family: AttributeFamily | undefined,
  id: string,
  isDetaching: boolean,
  answering: Answering,
  context: LedgerContext,
): Outcome => {
  const isUnchanged = UnchangedEntries.make()
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): CatalogChange.Prepared<Attribute> | CatalogChange.RefusedChange => {
      const index = Attributes.of(catalog, organization)
      const found = index.find(id)
      if (found === undefined || (family !== undefined && found.family !== family)) return CatalogChange.notFound
      const own = Attributes.findOwn(catalog, organization, id)
      if (own === undefined) return readOnly("")
      if (found.dataSystems.length > 0 && !isDetaching) return inUse(found.dataSystems.length)
      const { systems } = linkedSystems(catalog, organization, own, [])
      if (!isUnchanged([own, ...systems])) return UnchangedEntries.conflict
      const value: DataSystemAttribute = dated({ ...own, isRemoved: true }, now)
      return {
        _tag: "Prepared",
        entries: { dataSystemAttributes: [value], dataSystems: systems.map((system) => dated(system, now)) },
        privates: own.family === "contact" ? [{ organization, entry: id, sealed: "removed" }] : [],
        value: listed(value, []),
      }
    })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}
