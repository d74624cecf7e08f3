/**
 * The record of processing activities (GDPR, article 30), made from the data systems of an organization: a row for each
 * activity and data system, or for each data system. The same input makes the same rows in the same order.
 */
import type { AttributeFamily } from "./AttributeFamily.ts"
import type { DataSystem } from "./DataSystem.ts"
import * as LedgerSystem from "./LedgerSystem.ts"
import * as RecordGaps from "./RecordGaps.ts"
import type { RecordGap } from "./RecordGaps.ts"
import type { RecordQuery } from "./RecordQuery.ts"

/** An attribute as the record shows it, of the organization or of the catalogue. */
export interface RecordedAttribute {
  readonly id: string
  readonly name: string
  /** Its key in the catalogue, its key in fideslang, and its term in the Data Privacy Vocabulary. */
  readonly key?: string
  readonly fidesKey?: string
  readonly dpv?: string
  /** Of a contact: what it is the contact of, and where it is reached if the reader may know that. */
  readonly contactType?: { readonly key: string; readonly name: string }
  readonly email?: string
  readonly phoneNumber?: string
}

/** What the record says of the organization itself. */
export interface RecordedOrganization {
  readonly id: string
  readonly name: string
  readonly privacyPolicyUrl: string
  readonly privacyContact?: string
  readonly representative?: string
}

/** Attributes by their ids, each with its place among all of them sorted by name. */
export type AttributesById = ReadonlyMap<string, { readonly attribute: RecordedAttribute; readonly rank: number }>

/** The attributes of a row, by family. */
export type RecordedAttributes = { readonly [Family in AttributeFamily]: ReadonlyArray<RecordedAttribute> }

/** A data system as the record shows it. */
export interface RecordedSystem {
  readonly system: DataSystem
  readonly role: RecordGaps.ProcessingRole | undefined
  readonly attributes: RecordedAttributes
  readonly gaps: ReadonlyArray<RecordGap>
}

/** A row of the record. */
export interface ProcessingRecord extends RecordedSystem {
  /** The activity of the row; left out in the record by data system, and where no activity is linked. */
  readonly activity?: RecordedAttribute
}

/** The keys of relationships in the catalogue. An organization's own relationship is recorded as a controller's. */
const roles: Readonly<Record<string, RecordGaps.ProcessingRole>> = {
  controller: "controller",
  "joint-controller": "joint_controller",
  processor: "processor",
  "sub-processor": "processor",
}

/** What the organization is in what a data system does; `undefined` if it is not said. */
export const roleOf = (relationship: Pick<RecordedAttribute, "key"> | undefined) =>
  relationship === undefined ? undefined : (roles[relationship.key ?? ""] ?? "controller")

/** Sorts by a text without regard to case, then by the text and by id, which is the same on every machine. */
const compare = (a: string, b: string, idA: string, idB: string): number => {
  const [lowA, lowB] = [a.toLowerCase(), b.toLowerCase()]
  if (lowA !== lowB) return lowA < lowB ? -1 : 1
  if (a !== b) return a < b ? -1 : 1
  return idA < idB ? -1 : idA > idB ? 1 : 0
}

const bySystem = (a: RecordedSystem, b: RecordedSystem) =>
  compare(a.system.name, b.system.name, a.system.id, b.system.id)

/** Sorts attributes once, because every data system lists its own in the same order. */
export const indexed = (attributes: ReadonlyArray<RecordedAttribute>): AttributesById =>
  new Map(
    attributes
      .toSorted((a, b) => compare(a.name, b.name, a.id, b.id))
      .map((attribute, rank) => [attribute.id, { attribute, rank }]),
  )

/** What article 30 asks of a data system and it does not say. Of the consent ledger nothing can be added. */
export const gapsOf = (
  system: DataSystem,
  attribute: (id: string) => Pick<RecordedAttribute, "key"> | undefined,
): ReadonlyArray<RecordGap> => {
  if (system.id === LedgerSystem.id) return []
  const [relationship] = system.attributes.relationship ?? []
  return RecordGaps.of(system, roleOf(relationship === undefined ? undefined : attribute(relationship)))
}

/** A data system as the record shows it: its attributes sorted by name. */
export const recorded = (system: DataSystem, attributes: AttributesById): RecordedSystem => {
  const linked = (family: AttributeFamily) =>
    (system.attributes[family] ?? [])
      .flatMap((id) => attributes.get(id) ?? [])
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ attribute }) => attribute)
  const byFamily: RecordedAttributes = {
    contact: linked("contact"),
    dataCategory: linked("dataCategory"),
    dataSubject: linked("dataSubject"),
    destination: linked("destination"),
    origin: linked("origin"),
    processingActivity: linked("processingActivity"),
    processingPurpose: linked("processingPurpose"),
    relationship: linked("relationship"),
    securityMeasure: linked("securityMeasure"),
  }
  const gaps = gapsOf(system, (id) => attributes.get(id)?.attribute)
  return { system, role: roleOf(byFamily.relationship[0]), attributes: byFamily, gaps }
}

/** Whether a data system is in a record: it is in use, concerns the project, and has the capacity. */
const isIn = ({ role, system: { projectIds, status } }: RecordedSystem, { as, project }: RecordQuery): boolean =>
  status === "active" &&
  (project === undefined || projectIds.length === 0 || projectIds.includes(project)) &&
  (role === "processor") === (as === "processor")

/** The data systems of a record, sorted by name. */
export const within = (systems: ReadonlyArray<RecordedSystem>, query: RecordQuery): ReadonlyArray<RecordedSystem> =>
  systems.filter((each) => isIn(each, query)).toSorted(bySystem)

/** The number of rows of a data system. */
export const rowCount = ({ attributes }: RecordedSystem, { by }: Pick<RecordQuery, "by">): number =>
  by === "system" ? 1 : Math.max(1, attributes.processingActivity.length)

/** The rows of data systems: each of them, or each of its activities, sorted by activity. */
export const rowsOf = (
  systems: ReadonlyArray<RecordedSystem>,
  { by }: Pick<RecordQuery, "by">,
): ReadonlyArray<ProcessingRecord> => {
  if (by === "system") return systems
  const rows = systems.flatMap((each): ReadonlyArray<ProcessingRecord> => {
    const { processingActivity } = each.attributes
    return processingActivity.length === 0 ? [each] : processingActivity.map((activity) => ({ ...each, activity }))
  })
  // Sorting is stable: within an activity, data systems stay in the order of their names. Without one, they come last.
  return rows.toSorted(({ activity: a }, { activity: b }) =>
    a === undefined || b === undefined
      ? Number(a === undefined) - Number(b === undefined)
      : compare(a.name, b.name, a.id, b.id),
  )
}
