/**
 * Takes over the data systems of a manifest of fideslang, in one change of the catalog.
 *
 * A data system is found again by its key. What the manifest says of it replaces what was there, and what it does not
 * say stays, so that the same manifest again changes nothing. Attributes are created that neither the catalogue nor the
 * organization has.
 */
import { Effect, Result } from "effect"
import * as Attributes from "../catalog/Attributes.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import * as OwnSystems from "../catalog/OwnSystems.ts"
import * as DataSystemOf from "../data-systems/DataSystem.ts"
import type { DataSystem, DataSystemAttribute } from "../data-systems/DataSystem.ts"
import * as LedgerSystem from "../data-systems/LedgerSystem.ts"
import type { Instant } from "../engine/Instant.ts"
import * as FidesManifest from "../formats/FidesManifest.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Organization } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as FidesMapping from "./FidesMapping.ts"
import * as LinkedAttributes from "./LinkedAttributes.ts"
import * as SystemDifferences from "./SystemDifferences.ts"
import * as UnmappedMembers from "./UnmappedMembers.ts"

/** What happened to a data system of the manifest. */
export interface ImportedSystem {
  readonly fidesKey: string
  readonly id: string
  readonly name: string
  readonly outcome: "changed" | "created" | "unchanged"
  /** The members that have changed. */
  readonly members: ReadonlyArray<string>
}

/** What an import did, or would do. */
export interface ImportedManifest {
  readonly dryRun: boolean
  readonly systems: ReadonlyArray<ImportedSystem>
  /** The attributes that were created. */
  readonly attributes: ReadonlyArray<Pick<DataSystemAttribute, "family" | "fidesKey" | "id" | "name">>
  readonly unmapped: ReadonlyArray<UnmappedMembers.UnmappedMember>
}

/** How a manifest is imported. */
export interface ManifestOptions extends Partial<CatalogChange.Answering<ImportedManifest>> {
  /** Says what would happen, and changes nothing. */
  readonly dryRun: boolean
}

type Prepared = CatalogChange.Prepared<ImportedManifest> | CatalogChange.RefusedChange

/** How many data systems are mapped without other requests in between, and how many faults are named. */
const systemsPerTurn = 20
const maxFaults = 100

/** The names of data systems by their keys: of the manifest, then of the organization. */
const namesOf = (systems: ReadonlyArray<FidesManifest.FidesSystem>, own: ReadonlyArray<DataSystem>) => {
  const names = new Map<string, string>()
  for (const { fidesKey, name } of own) if (fidesKey !== undefined) names.set(fidesKey, name)
  for (const { fides_key: key, name } of systems) if (name) names.set(key, name)
  return (key: string): string => names.get(key)?.slice(0, FidesMapping.maxName) ?? key
}

/** The key that an export gives a data system without one. */
const keyOfId = /^assent_([0-9a-f-]{36})$/

/** The data system that a key is of. */
const finder = (own: ReadonlyArray<DataSystem>) => {
  const byKey = new Map(own.flatMap((each) => (each.fidesKey === undefined ? [] : [[each.fidesKey, each] as const])))
  const byId = new Map(own.map((system) => [system.id, system]))
  return (key: string): DataSystem | undefined => byKey.get(key) ?? byId.get(keyOfId.exec(key)?.[1] ?? "")
}

/** A data system with the members and links of a mapped one. */
const merged = (
  before: DataSystem,
  { members }: FidesMapping.MappedSystem,
  links: DataSystem["attributes"],
): DataSystem => ({
  ...before,
  ...members,
  ...(members.vendor !== undefined && { vendor: { ...before.vendor, ...members.vendor } }),
  ...(members.impactAssessment !== undefined && {
    impactAssessment: { ...before.impactAssessment, ...members.impactAssessment },
  }),
  attributes: { ...before.attributes, ...links },
})

const tooMany = (what: string, most: number) =>
  CatalogChange.conflict("", "too_many", `the organization would have more than ${most} ${what}`)

/** Keys that occur twice. */
const repeated = (systems: ReadonlyArray<FidesManifest.FidesSystem>): ReadonlyArray<CatalogChange.CatalogFault> => {
  const seen = new Set<string>()
  return systems.flatMap(({ fides_key: key }, index) => {
    const isRepeated = seen.has(key)
    seen.add(key)
    const detail = "another data system of the manifest has this key"
    return isRepeated ? [{ field: `system/${index}/fides_key`, code: "repeated_key", detail }] : []
  })
}

/** Refuses a manifest for its faults, which name places in it. */
const refused = (faults: ReadonlyArray<CatalogChange.CatalogFault>) =>
  CatalogChange.refusedFor(faults.slice(0, maxFaults))

/** Refuses an import after which the organization would have too much. */
const fullness = (catalog: Catalog, { id }: Organization, systems: number, attributes: number) => {
  const { maxAttributes, maxSystems } = DataSystemOf
  if ((catalog.dataSystems.get(id)?.length ?? 0) + systems > maxSystems) return tooMany("data systems", maxSystems)
  const before = catalog.dataSystemAttributes.get(id)?.length ?? 0
  return before + attributes > maxAttributes ? tooMany("attributes", maxAttributes) : undefined
}

/** Prepares the change of the catalog. */
const prepare = Effect.fnUntraced(function* (
  organization: Organization,
  given: unknown,
  dryRun: boolean,
  catalog: Catalog,
  now: Instant,
  context: LedgerContext,
): Effect.fn.Return<Prepared, StoreUnavailable> {
  const decoded = FidesManifest.decode(given)
  if (Result.isFailure(decoded))
    return refused(decoded.failure.map(({ code, detail, pointer }) => ({ field: pointer.slice(1), code, detail })))
  const manifest = decoded.success.system ?? []
  const faults = [...repeated(manifest)]
  const unmapped = UnmappedMembers.make()
  UnmappedMembers.noteUnread(given, unmapped)
  const own = OwnSystems.of(catalog, organization)
  const [nameOf, find] = [namesOf(manifest, own), finder(own)]
  const links = yield* LinkedAttributes.make(organization, Attributes.of(catalog, organization), now, context)
  const systems: Array<ImportedSystem> = []
  const entries: Array<DataSystem> = []
  for (const [index, each] of manifest.entries()) {
    if (index % systemsPerTurn === 0) yield* Effect.yieldNow
    if (keyOfId.exec(each.fides_key)?.[1] === LedgerSystem.id) {
      unmapped.note("system", "is the consent ledger, which every organization has")
      continue
    }
    const mapped = FidesMapping.of(each, unmapped, nameOf)
    const { fidesKey } = mapped
    const found = find(fidesKey)
    const before: DataSystem = found ?? {
      id: yield* context.random.uuidV7(),
      organization: organization.id,
      dateCreated: now,
      dateUpdated: now,
      name: fidesKey,
      status: "active",
      crossBorder: false,
      attributes: {},
      projectIds: [],
      fidesKey,
    }
    const linked = yield* links.of(mapped, before.attributes)
    faults.push(...linked.faults.map((fault) => ({ ...fault, field: `system/${index}` })))
    const after = merged(before, mapped, linked.attributes)
    const members = found === undefined ? [] : SystemDifferences.between(before, after)
    const outcome = found === undefined ? "created" : members.length > 0 ? "changed" : "unchanged"
    systems.push({ fidesKey, id: after.id, name: after.name, outcome, members })
    const dateUpdated = found === undefined ? now : Math.max(now, before.dateUpdated + 1)
    if (outcome !== "unchanged") entries.push({ ...after, dateUpdated })
  }
  if (faults.length > 0) return refused(faults)
  const { attributes, privates } = links.created()
  const created = systems.filter(({ outcome }) => outcome === "created").length
  const full = fullness(catalog, organization, created, attributes.length)
  if (full !== undefined) return full
  const shown = attributes.map(({ family, fidesKey, id, name }) => {
    const key = fidesKey !== undefined && { fidesKey }
    return { family, id, name, ...key }
  })
  const value: ImportedManifest = { dryRun, systems, attributes: shown, unmapped: unmapped.all() }
  return { _tag: "Prepared", entries: { dataSystems: entries, dataSystemAttributes: attributes }, privates, value }
})

/** Imports a manifest, as it was read from YAML or JSON. */
export const run = (
  organization: Organization,
  manifest: unknown,
  { dryRun, ...answering }: ManifestOptions,
  context: LedgerContext,
): Effect.Effect<CatalogChange.CatalogOutcome<ImportedManifest>, StoreUnavailable> => {
  const prepareFor = (catalog: Catalog, now: Instant) => prepare(organization, manifest, dryRun, catalog, now, context)
  if (!dryRun) return CatalogChange.change({ owner: organization, ...answering }, prepareFor, context)
  return Effect.gen(function* () {
    const prepared = yield* prepareFor(yield* context.store.catalog.current, 0)
    return prepared._tag === "Prepared" ? ({ _tag: "Changed", value: prepared.value } as const) : prepared
  })
}
