/**
 * Data systems and their attributes as JSON, and as what a body sets.
 */
import type { AttributeFields, AttributeChange } from "../../../core/catalog/DataSystemAttributes.ts"
import type { ContactAddress } from "../../../core/catalog/ContactAddress.ts"
import type * as Attributes from "../../../core/catalog/Attributes.ts"
import type { SystemChange, SystemFields } from "../../../core/catalog/DataSystems.ts"
import * as ClockPack from "../../../core/compliance/ClockPack.ts"
import * as AttributeFamily from "../../../core/data-systems/AttributeFamily.ts"
import type { Connector, DataSystem } from "../../../core/data-systems/DataSystem.ts"
import * as LedgerSystem from "../../../core/data-systems/LedgerSystem.ts"
import * as ProcessingRecords from "../../../core/data-systems/ProcessingRecords.ts"
import * as Period from "../../../core/engine/Period.ts"
import type * as DataSystemWire from "../api/DataSystemWire.ts"

/** The links of a system, by the members that name them. */
const linksJson = ({ attributes }: Pick<DataSystem, "attributes">): Readonly<Record<string, unknown>> => {
  const json: Record<string, unknown> = {}
  for (const family of AttributeFamily.names) {
    const { isSingle, member } = AttributeFamily.of(family)
    const linked = attributes[family] ?? []
    if (isSingle !== true) json[member] = linked
    else if (linked.length > 0) json[member] = linked[0]
  }
  return json
}

/** Where a data system takes its tasks; an endpoint of its own has the rest. */
const connectorJson = ({ isActive, profile, url }: Connector) => ({ url, profile, isActive })

/** A data system, with what the record of processing lacks. */
export const system = (value: DataSystem, index: Attributes.AttributeIndex) => {
  const { attributes: _attributes, isRemoved: _isRemoved, secretsMade: _secretsMade, ...shown } = value
  const { connector, dateCreated, dateUpdated, id, name, organization, status, ...members } = shown
  return {
    id,
    organizationId: organization,
    name,
    status,
    ...members,
    ...linksJson(value),
    handles: value.handles ?? ClockPack.requestKinds,
    legalBases: value.legalBases ?? [],
    transfers: value.transfers ?? [],
    ...(connector !== undefined && { connector: connectorJson(connector) }),
    isLedger: id === LedgerSystem.id,
    gaps: ProcessingRecords.gapsOf(value, index.find),
    dateCreated,
    dateUpdated,
  }
}

/** An attribute without the address of a contact, as answers of repeated requests are kept. */
export const attribute = ({
  dataSystems,
  family: attributeName,
  isReadOnly: readOnly,
  organization: organizationId,
  ...rest
}: Attributes.ListedAttribute) => {
  const { dateCreated, dateUpdated, id, name, status, ...optional } = rest
  const { isRemoved: _isRemoved, ...shown } = { isRemoved: undefined, ...optional }
  return { id, organizationId, attributeName, name, status, ...shown, dataSystems, readOnly, dateCreated, dateUpdated }
}

/** An attribute as it is answered: a contact with its address, if the key may see that. */
export const withAddress = <Of extends object>(json: Of, address: ContactAddress | undefined) =>
  address === undefined ? json : { ...json, ...address }

const lower = (ids: ReadonlyArray<string>): ReadonlyArray<string> => ids.map((id) => id.toLowerCase())

/** The members of a body that are not `null`, as objects of the core have none that is. */
const present = <Of extends object>(given: Of): { readonly [Member in keyof Of]: Exclude<Of[Member], null> } =>
  // The members that are `null` are left out.
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as never

type Links = NonNullable<SystemChange["attributes"]>

/** The links that a body sets, by family; `null` removes them. */
const linksOf = (given: Readonly<Record<string, unknown>>): Links =>
  Object.fromEntries(
    AttributeFamily.names.flatMap((family) => {
      const value = given[AttributeFamily.of(family).member]
      if (value === undefined) return []
      const ids = value === null ? [] : typeof value === "string" ? [value] : (value as ReadonlyArray<string>)
      return [[family, lower(ids)]]
    }),
  )

const members = new Set<string>(AttributeFamily.names.map((family) => AttributeFamily.of(family).member))

/** What a body sets of a data system. */
export const changeOf = ({
  crossBorder,
  impactAssessment,
  name,
  processingActivities,
  projectIds,
  retention,
  status,
  transfers,
  vendor,
  ...rest
}: typeof DataSystemWire.DataSystemChange.Type): SystemChange => {
  const alias = processingActivities === undefined ? {} : { dataSystemProcessingActivities: processingActivities }
  const others = Object.fromEntries(Object.entries(rest).filter(([member]) => !members.has(member)))
  return {
    ...others,
    ...(name != null && { name }),
    ...(status != null && { status }),
    ...(crossBorder !== undefined && { crossBorder: crossBorder ?? false }),
    ...(retention !== undefined && { retention: retention === null ? null : Period.format(retention) }),
    ...(projectIds !== undefined && { projectIds: lower(projectIds ?? []) }),
    ...(transfers !== undefined && {
      transfers: transfers?.map((each) => present({ ...each, country: each.country.toUpperCase() })) ?? null,
    }),
    ...(impactAssessment !== undefined && { impactAssessment: impactAssessment && present(impactAssessment) }),
    ...(vendor !== undefined && { vendor: vendor && present(vendor) }),
    attributes: linksOf({ ...alias, ...rest }),
  }
}

/** A new data system. */
export const newOf = ({ name, status, ...body }: typeof DataSystemWire.NewDataSystem.Type): SystemFields => ({
  ...present(changeOf(body)),
  name,
  status,
})

/** What a body sets of an attribute. */
export const attributeChangeOf = ({
  contactType,
  dataSystems,
  email,
  name,
  phoneNumber,
  status,
  ...rest
}: typeof DataSystemWire.AttributeChange.Type): AttributeChange => ({
  ...rest,
  ...(name != null && { name }),
  ...(status != null && { status }),
  ...(contactType != null && { contactType: contactType.toLowerCase() }),
  ...(dataSystems !== undefined && { dataSystems: lower(dataSystems ?? []) }),
  ...((email != null || phoneNumber !== undefined) && {
    address: { ...(email != null && { email }), ...(phoneNumber !== undefined && { phoneNumber }) },
  }),
})

/** A new attribute of a family. */
export const newAttributeOf = (
  family: AttributeFamily.AttributeFamily,
  { name, status, ...body }: typeof DataSystemWire.NewAttribute.Type,
): AttributeFields => {
  const { address, ...change } = attributeChangeOf(body)
  const { email, phoneNumber } = { email: undefined, phoneNumber: undefined, ...address }
  return {
    ...present(change),
    name,
    status,
    family,
    ...(email !== undefined && { address: { email, ...(phoneNumber != null && { phoneNumber }) } }),
  }
}
