/**
 * Reads the catalog. Only entries that were written since the last read are parsed.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Catalog from "../../core/model/Catalog.ts"

/** Reads the catalog. */
export interface CatalogReader {
  /** The current catalog; the same object as long as nothing changes. */
  readonly read: () => Catalog.Catalog
  /** Makes the next `read` look for a new revision. */
  readonly expire: () => void
}

/**
 * Prepares the statements. The revision is read once in each turn of the event loop, for all requests of that turn,
 * unless it is expired before.
 */
export const make = (db: DatabaseSync): CatalogReader => {
  const selectRevision = db.prepare("SELECT revision FROM catalog_head")
  const selectSince = db.prepare("SELECT kind, body FROM catalog_entry WHERE revision > ? ORDER BY revision, ordinal")
  const entries = Catalog.collector()
  let catalog = Catalog.empty
  let isCurrent = false

  const expire = (): void => {
    isCurrent = false
  }

  const load = (revision: number): void => {
    for (const { kind, body } of selectSince.all(catalog.revision)) {
      entries.add(kind as keyof Catalog.Entries, JSON.parse(String(body)))
    }
    catalog = Catalog.index(entries.all(), revision)
  }

  const read = (): Catalog.Catalog => {
    if (isCurrent) return catalog
    const revision = Number(selectRevision.get()?.["revision"])
    if (revision !== catalog.revision) load(revision)
    isCurrent = true
    setImmediate(expire)
    return catalog
  }
  return { read, expire }
}
