/**
 * What a data system of fideslang is here: its members, and the attributes that it names, which are not looked up yet.
 *
 * A member that the manifest leaves out is left out here as well, so that an import does not change it.
 */
import type { AttributeFamily } from "../data-systems/AttributeFamily.ts"
import type { DataSystem } from "../data-systems/DataSystem.ts"
import * as FidesTerms from "../data-systems/FidesTerms.ts"
import * as Period from "../engine/Period.ts"
import type { FidesSystem } from "../formats/FidesManifest.ts"
import type { UnmappedMembers } from "./UnmappedMembers.ts"

/** An attribute by its key in fideslang, or by its name. */
export interface NamedLink {
  readonly key?: string
  readonly name: string
}

/** The members of a data system that a manifest can say. */
export type MappedMembers = Partial<
  Pick<
    DataSystem,
    | "additionalNotes"
    | "crossBorder"
    | "dataSystemTypeId"
    | "impactAssessment"
    | "legalBases"
    | "name"
    | "owner"
    | "retention"
    | "specialCategoryBasis"
    | "vendor"
  >
>

/** A data system of a manifest. */
export interface MappedSystem {
  readonly fidesKey: string
  readonly members: MappedMembers
  /** The attributes of the families that it says something of: they replace those that were linked. */
  readonly links: ReadonlyMap<AttributeFamily, ReadonlyArray<NamedLink>>
  /** Its data protection officer: a name, or an e-mail address. It is added to the contacts that were linked. */
  readonly officer?: string
}

/** The most characters of a name. */
export const maxName = 256

const maxNotes = 1024
const maxUrl = 2048

/** Reads texts of a limited length; a longer one is noted and not taken over. */
const reader = (unmapped: UnmappedMembers) => {
  const within = (member: string, value: string | null | undefined, most: number): string | undefined => {
    const text = value?.trim() ?? ""
    if (text.length > most) unmapped.note(member, `is longer than ${most} characters`)
    return text === "" || text.length > most ? undefined : text
  }
  return {
    name: (member: string, value: string | null | undefined) => within(member, value, maxName),
    notes: (member: string, value: string | null | undefined) => within(member, value, maxNotes),
    url: (member: string, value: string | null | undefined) => {
      const text = within(member, value, maxUrl)
      if (text === undefined || /^https?:\/\/[^\s@]+$/i.test(text)) return text
      return unmapped.note(member, "is no address of a page")
    },
    names: (member: string, value: string | null | undefined): ReadonlyArray<NamedLink> =>
      FidesTerms.listed(value ?? "").flatMap((each) => {
        const name = within(member, each, maxName)
        return name === undefined ? [] : [{ name }]
      }),
  }
}

/** Each link once. */
const distinct = (links: ReadonlyArray<NamedLink>): ReadonlyArray<NamedLink> => [
  ...new Map(links.map((link) => [link.key ?? link.name.toLowerCase(), link])).values(),
]

const keyed = (keys: ReadonlyArray<string> | null | undefined): ReadonlyArray<NamedLink> =>
  (keys ?? []).map((key) => ({ key, name: key }))

type Declarations = NonNullable<FidesSystem["privacy_declarations"]>

/** The longest of the periods that are one. */
const longest = (declarations: Declarations, { note }: UnmappedMembers): string | undefined => {
  const periods = declarations.flatMap(({ retention_period: text }) => {
    if (text == null || text.trim() === "") return []
    const period = Period.parse(text.trim())
    if (period !== undefined && !Period.isZero(period)) return [period]
    note("system.privacy_declarations.retention_period", "is no ISO 8601 period, such as P2Y")
    return []
  })
  const [first, ...rest] = periods
  if (first === undefined) return undefined
  return Period.format(rest.reduce((long, each) => (daysOf(each) > daysOf(long) ? each : long), first))
}

const daysOf = ({ days, millis, months }: Period.Period): number => months * 30.436875 + days + millis / 86_400_000

/** Legal bases, in the order of the declarations. */
const basesOf = (declarations: Declarations, { note }: UnmappedMembers): ReadonlyArray<string> => {
  const codes = declarations.flatMap(({ legal_basis_for_processing: name }) => {
    if (name == null || name === "") return []
    const code = FidesTerms.legalBasisNamed(name)
    if (code === undefined)
      note("system.privacy_declarations.legal_basis_for_processing", "is no basis of article 6(1)")
    return code ?? []
  })
  return [...new Set(codes)]
}

const specialBasisOf = (declarations: Declarations, { note }: UnmappedMembers): string | undefined => {
  const names = declarations.flatMap(({ special_category_legal_basis: name }) =>
    name == null || name === "" ? [] : [name],
  )
  const [first, ...rest] = new Set(names.map((name) => FidesTerms.specialBasisNamed(name) ?? name.slice(0, maxName)))
  for (const _ of rest) note("system.privacy_declarations.special_category_legal_basis", "is a further one")
  return first
}

/** The relationship: the first responsibility, which with the name of another controller is a joint one. */
const relationshipOf = (
  { joint_controller_info: other, responsibility }: FidesSystem,
  { note }: UnmappedMembers,
): ReadonlyArray<NamedLink> | undefined => {
  const [first, ...rest] = responsibility ?? []
  for (const _ of rest) note("system.responsibility", "is a further one")
  if (first === undefined) return undefined
  const isJoint = (other ?? "") !== "" && first.toLowerCase() === "controller"
  return [{ name: isJoint ? "Joint Controller" : first.slice(0, maxName) }]
}

/** What data comes from or goes to. Data that comes from people is entered by them. */
const flows = (
  member: "egress" | "ingress",
  given: FidesSystem["egress"],
  { note }: UnmappedMembers,
  nameOf: (key: string) => string,
): ReadonlyArray<NamedLink> =>
  (given ?? []).flatMap(({ fides_key: key, type }): ReadonlyArray<NamedLink> => {
    if (key !== "user" && type !== "user") return [{ key, name: nameOf(key) }]
    if (member === "ingress") return [{ name: FidesTerms.userOriginName }]
    note("system.egress", "goes to the people themselves")
    return []
  })

/** The members that declarations say. */
const declared = (declarations: Declarations, unmapped: UnmappedMembers): MappedMembers => {
  const retention = longest(declarations, unmapped)
  const legalBases = basesOf(declarations, unmapped)
  const specialCategoryBasis = specialBasisOf(declarations, unmapped)
  return {
    ...(retention !== undefined && { retention }),
    ...(legalBases.length > 0 && { legalBases }),
    ...(specialCategoryBasis !== undefined && { specialCategoryBasis }),
  }
}

const assessmentOf = (system: FidesSystem, read: ReturnType<typeof reader>): MappedMembers => {
  const required = system.requires_data_protection_assessments
  const status = read.name("system.dpa_progress", system.dpa_progress)
  const url = read.url("system.dpa_location", system.dpa_location)
  if (required == null && status === undefined && url === undefined) return {}
  return {
    impactAssessment: {
      ...(required != null && { required }),
      ...(status !== undefined && { status }),
      ...(url !== undefined && { url }),
    },
  }
}

const vendorOf = (system: FidesSystem, read: ReturnType<typeof reader>, unmapped: UnmappedMembers): MappedMembers => {
  const name = read.name("system.legal_name", system.legal_name)
  const url = read.url("system.privacy_policy", system.privacy_policy)
  if (name === undefined && url !== undefined) unmapped.note("system.privacy_policy", "belongs to no legal_name")
  return name === undefined ? {} : { vendor: { name, ...(url !== undefined && { url }) } }
}

const membersOf = (system: FidesSystem, unmapped: UnmappedMembers): MappedMembers => {
  const read = reader(unmapped)
  const name = read.name("system.name", system.name)
  const additionalNotes = read.notes("system.description", system.description)
  const type = read.name("system.system_type", system.system_type)
  const owner = read.name("system.administrating_department", system.administrating_department)
  const crossBorder = system.does_international_transfers
  const bases = system.legal_basis_for_transfers ?? []
  if (bases.length > 0) unmapped.note("system.legal_basis_for_transfers", "names no country: add it to `transfers`")
  return {
    ...(name !== undefined && { name }),
    ...(additionalNotes !== undefined && { additionalNotes }),
    ...(type !== undefined && type !== FidesTerms.anyType && { dataSystemTypeId: type }),
    ...(owner !== undefined && owner !== "Not defined" && { owner }),
    ...(crossBorder != null && { crossBorder }),
    ...declared(system.privacy_declarations ?? [], unmapped),
    ...assessmentOf(system, read),
    ...vendorOf(system, read, unmapped),
  }
}

const linksOf = (
  system: FidesSystem,
  unmapped: UnmappedMembers,
  nameOf: (key: string) => string,
): MappedSystem["links"] => {
  const read = reader(unmapped)
  const declarations = system.privacy_declarations ?? []
  const uses = declarations.flatMap(({ data_use: use }) => (use == null || use === FidesTerms.anyUse ? [] : [use]))
  const parties = declarations.flatMap(({ third_parties: text }) =>
    read.names("system.privacy_declarations.third_parties", text),
  )
  const all: ReadonlyArray<readonly [AttributeFamily, ReadonlyArray<NamedLink>]> = [
    ["relationship", relationshipOf(system, unmapped) ?? []],
    ["processingActivity", declarations.flatMap(({ name }) => read.names("system.privacy_declarations.name", name))],
    ["processingPurpose", keyed(uses)],
    ["dataCategory", keyed(declarations.flatMap(({ data_categories: keys }) => keys ?? []))],
    ["dataSubject", keyed(declarations.flatMap(({ data_subjects: keys }) => keys ?? []))],
    ["origin", flows("ingress", system.ingress, unmapped, nameOf)],
    ["destination", [...parties, ...flows("egress", system.egress, unmapped, nameOf)]],
    ["securityMeasure", read.names("system.data_security_practices", system.data_security_practices)],
  ]
  return new Map(all.filter(([, links]) => links.length > 0).map(([family, links]) => [family, distinct(links)]))
}

/** What a data system of a manifest is here. `nameOf` gives the name of the data system that has a key. */
export const of = (system: FidesSystem, unmapped: UnmappedMembers, nameOf: (key: string) => string): MappedSystem => {
  const officer = reader(unmapped).name("system.dpo", system.dpo)
  return {
    fidesKey: system.fides_key,
    members: membersOf(system, unmapped),
    links: linksOf(system, unmapped, nameOf),
    ...(officer !== undefined && { officer }),
  }
}
