/**
 * `systems.json` of an access package: where data about people is processed, for what, its recipients and how long it
 * is kept (GDPR, article 15(1)(a) to (d) and (g), and 15(2)), from the record of processing.
 */
import { Effect, Stream } from "effect"
import * as Attributes from "../catalog/Attributes.ts"
import * as OwnSystems from "../catalog/OwnSystems.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import * as ProcessingRecords from "../data-systems/ProcessingRecords.ts"
import type { RecordedAttribute, RecordedSystem } from "../data-systems/ProcessingRecords.ts"
import type * as JsonPages from "../people/JsonPages.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"

/** What is answered, and whether the organization has described any system besides the ledger itself. */
export interface PackagedSystems {
  readonly pages: JsonPages.Pages
  readonly isDescribed: boolean
}

const names = (attributes: ReadonlyArray<RecordedAttribute>) => attributes.map(({ name }) => name)

/** A data system without what is of no concern to people: contacts, and what its record lacks. */
const json = ({ attributes, system }: RecordedSystem): object => ({
  name: system.name,
  ...(system.id === LedgerSystem.id && { isLedger: true }),
  activities: names(attributes.processingActivity),
  purposes: names(attributes.processingPurpose),
  legalBases: system.legalBases ?? [],
  dataCategories: names(attributes.dataCategory),
  recipients: [...names(attributes.destination), ...(system.vendor === undefined ? [] : [system.vendor.name])],
  transfers: (system.transfers ?? []).map(({ country, safeguard }) => ({
    country,
    ...(safeguard !== undefined && { safeguard }),
  })),
  ...(system.retention !== undefined && { retention: system.retention }),
  sources: names(attributes.origin),
})

/** How many data systems are read without other work in between. */
const systemsPerTurn = 20

/** The data systems of the organization that concern a project and that it decides about. */
export const of = Effect.fnUntraced(function* (catalog: Catalog, { organization, project }: ProjectScope) {
  const { all } = Attributes.of(catalog, organization)
  const attributes = ProcessingRecords.indexed(all.map(({ id, key, name }) => ({ id, name, ...(key && { key }) })))
  const recorded: Array<RecordedSystem> = []
  for (const system of OwnSystems.withLedger(catalog, organization)) {
    recorded.push(ProcessingRecords.recorded(system, attributes))
    if (recorded.length % systemsPerTurn === 0) yield* Effect.yieldNow
  }
  const systems = ProcessingRecords.within(recorded, { as: "controller", by: "system", project: project.id })
  const isDescribed = systems.some(({ system }) => system.id !== LedgerSystem.id)
  const pages: JsonPages.Pages = Stream.map(Stream.fromIterable(systems), (each) => [JSON.stringify(json(each))])
  return { pages, isDescribed } satisfies PackagedSystems
})
