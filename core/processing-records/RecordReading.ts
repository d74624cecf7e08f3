/**
 * Reading the record of processing activities of an organization from the catalog.
 */
import { Effect } from "effect"
import * as Attributes from "../catalog/Attributes.ts"
import * as ContactAddress from "../catalog/ContactAddress.ts"
import * as OwnSystems from "../catalog/OwnSystems.ts"
import * as ProcessingRecords from "../data-systems/ProcessingRecords.ts"
import type { RecordedAttribute, RecordedSystem } from "../data-systems/ProcessingRecords.ts"
import type { RecordFormatName, RecordQuery } from "../data-systems/RecordQuery.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { RecordContent } from "./RecordContent.ts"

/** What is asked for. */
export interface RecordRequest extends RecordQuery {
  readonly format: RecordFormatName
  /** Whether the reader may see how contacts are reached. */
  readonly withAddresses: boolean
}

/** The most rows of a record, and about how many characters all of them may have. */
export const limits = { rows: 20_000, characters: 32 * 1024 * 1024 }

/** The record, or why it is not made. */
export type WrittenOutcome =
  | { readonly _tag: "Record"; readonly content: RecordContent }
  | { readonly _tag: "UnknownProject" }
  | { readonly _tag: "RecordTooLarge" }

/** How many data systems are read without other requests in between. */
const systemsPerTurn = 20

/** The attributes of an organization as the record shows them. */
const attributesOf = (
  { all, find }: Attributes.AttributeIndex,
  addresses: ReadonlyMap<string, ContactAddress.ContactAddress>,
): ProcessingRecords.AttributesById =>
  ProcessingRecords.indexed(
    all.map(({ contactType, dpv, fidesKey, id, key, name }): RecordedAttribute => {
      const type = contactType === undefined ? undefined : find(contactType)
      return {
        id,
        name,
        ...(key !== undefined && { key }),
        ...(fidesKey !== undefined && { fidesKey }),
        ...(dpv !== undefined && { dpv }),
        ...(type?.key !== undefined && { contactType: { key: type.key, name: type.name } }),
        ...addresses.get(id),
      }
    }),
  )

/** About how many characters a row of a data system has, in any format. */
const sizeOf = ({ attributes, system }: RecordedSystem): number => {
  const { additionalNotes = "", transfers = [] } = system
  let size = 2000 + additionalNotes.length
  for (const { note = "", safeguard = "" } of transfers) size += 50 + note.length + safeguard.length
  for (const linked of Object.values(attributes)) for (const { name } of linked) size += 100 + name.length
  return size
}

/** The number of times that a data system is written. A manifest declares each purpose of a data system. */
const timesOf = (of: RecordedSystem, { format, ...query }: RecordRequest): number =>
  format === "fides" ? Math.max(1, of.attributes.processingPurpose.length) : ProcessingRecords.rowCount(of, query)

const isTooLarge = (systems: ReadonlyArray<RecordedSystem>, request: RecordRequest): boolean => {
  let [rows, characters] = [0, 0]
  for (const of of systems) {
    const times = timesOf(of, request)
    rows += times
    characters += times * sizeOf(of)
  }
  return rows > limits.rows || characters > limits.characters
}

/** The last change of what the record is made from. */
const lastChange = (catalog: Catalog, organization: Organization, project: string | undefined): number => {
  let latest = Math.max(organization.dateUpdated, catalog.projects.get(project ?? "")?.dateUpdated ?? 0)
  for (const { dateUpdated } of catalog.dataSystems.get(organization.id) ?? []) latest = Math.max(latest, dateUpdated)
  for (const { dateUpdated } of catalog.dataSystemAttributes.get(organization.id) ?? [])
    latest = Math.max(latest, dateUpdated)
  return latest
}

/** Reads the record of an organization. */
export const of = Effect.fnUntraced(function* (
  { id }: Organization,
  request: RecordRequest,
  context: LedgerContext,
): Effect.fn.Return<WrittenOutcome, StoreUnavailable> {
  const catalog = yield* context.store.catalog.current
  const organization = catalog.organizations.get(id)!
  const project = request.project === undefined ? undefined : catalog.projects.get(request.project)
  if (request.project !== undefined && project?.organization !== id) return { _tag: "UnknownProject" }
  const index = Attributes.of(catalog, organization)
  const systems = OwnSystems.withLedger(catalog, organization)
  const contacts = [...new Set(systems.flatMap(({ attributes }) => attributes.contact ?? []))]
  const isRead = request.withAddresses && contacts.length > 0
  const addresses = isRead ? yield* ContactAddress.ofContacts(organization, contacts, context) : new Map()
  const attributes = attributesOf(index, addresses)
  const recorded: Array<RecordedSystem> = []
  for (const system of systems) {
    recorded.push(ProcessingRecords.recorded(system, attributes))
    if (recorded.length % systemsPerTurn === 0) yield* Effect.yieldNow
  }
  const within = ProcessingRecords.within(recorded, request)
  if (isTooLarge(within, request)) return { _tag: "RecordTooLarge" }
  const { as, by, project: _ } = request
  const query = { as, by, ...(project !== undefined && { project: project.id }) }
  const content: RecordContent = {
    organization,
    query,
    ...(project !== undefined && { projectName: project.name }),
    asOf: lastChange(catalog, organization, project?.id),
    systems: within,
    rows: ProcessingRecords.rowsOf(within, query),
  }
  return { _tag: "Record", content }
})
