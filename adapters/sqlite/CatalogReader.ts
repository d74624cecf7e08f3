/**
 * Reads the catalog. Only entries that were written since the last read are parsed.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Catalog from "../../core/model/Catalog.ts"

type Kind = keyof Catalog.Entries

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
  const entries: { readonly [Each in Kind]: Map<string, Catalog.Entries[Each][number]> } = {
    organizations: new Map(),
    projects: new Map(),
    apiKeys: new Map(),
    consentTypes: new Map(),
  }
  let catalog = Catalog.empty
  let isCurrent = false

  const listOf = <Each extends Kind>(kind: Each) => [...entries[kind].values()]

  const expire = (): void => {
    isCurrent = false
  }

  const load = (revision: number): void => {
    for (const { kind, body } of selectSince.all(catalog.revision)) {
      const entry = JSON.parse(String(body))
      entries[kind as Kind].set(entry.id, entry)
    }
    catalog = Catalog.index(
      {
        organizations: listOf("organizations"),
        projects: listOf("projects"),
        apiKeys: listOf("apiKeys"),
        consentTypes: listOf("consentTypes"),
      },
      revision,
    )
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
