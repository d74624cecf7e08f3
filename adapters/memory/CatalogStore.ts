/**
 * The catalog of the store in memory. Of the earlier states of entries, it keeps the history of consent types.
 */
import { Effect } from "effect"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Catalog from "../../core/model/Catalog.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogChange, CatalogStore, DocumentKey, Kept } from "../../core/ports/LedgerStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"

const placeOf = (organization: Lane.Owner, entry: string): string => `${Lane.of(organization, entry)} ${entry}`

const keyOf = ({ consentType, number }: DocumentKey): string => `${consentType} ${number}`

/** An empty catalog. */
export const make = (idempotency: IdempotencyRecords): CatalogStore => {
  const entries = Catalog.collector()
  let catalog = Catalog.empty
  const documents = new Map<string, string>()
  const privates = new Map<string, Sealed>()
  const keyUses = new Map<string, Instant>()

  const change = (change: CatalogChange): Kept => {
    const { owner, idempotencyRecord } = change
    if (owner !== undefined && idempotency.has(owner, idempotencyRecord)) return "repeated"
    if (change.revision !== catalog.revision) return "stale"
    for (const kind of Catalog.entryKinds) for (const entry of change.entries[kind] ?? []) entries.add(kind, entry)
    catalog = Catalog.index(entries.all(), catalog.revision + 1)
    for (const each of change.documents) documents.set(keyOf(each), each.document)
    for (const { entry, organization, sealed } of change.privates ?? []) {
      if (sealed === "removed") privates.delete(placeOf(organization, entry))
      else privates.set(placeOf(organization, entry), sealed)
    }
    if (owner !== undefined) idempotency.keep(owner, idempotencyRecord)
    return "kept"
  }

  const shortDocument = (key: DocumentKey, maxLength: number): string | undefined => {
    const document = documents.get(keyOf(key))
    // The length in code points, as in the other stores.
    return document !== undefined && [...document].length <= maxLength ? document : undefined
  }

  return {
    current: Effect.sync(() => catalog),
    change: (request) => Effect.sync(() => change(request)),
    documents: (of, maxLength) => Effect.sync(() => of.map((key) => shortDocument(key, maxLength))),
    privatesOf: (organization, entries) =>
      Effect.sync(() => entries.map((entry) => privates.get(placeOf(organization, entry)))),
    keyUses: Effect.sync(() => new Map(keyUses)),
    useKey: (id, at) => Effect.sync(() => void keyUses.set(id, Math.max(at, keyUses.get(id) ?? at))),
  }
}
