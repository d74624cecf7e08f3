/**
 * Reads what is set up, parsing only what has changed since.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Catalog from "../../core/model/Catalog.ts"

type Kind = keyof Catalog.Entries

/** Reads the catalog; the same object as long as nothing changes. */
export interface CatalogReader {
  readonly read: () => Catalog.Catalog
  /** Says that the catalog has changed. */
  readonly forget: () => void
}

/** The revision is looked at once for all requests that the event loop takes in at a time, unless it is forgotten. */
export const make = (db: DatabaseSync): CatalogReader => {
  const head = db.prepare("SELECT revision FROM catalog_head")
  const since = db.prepare("SELECT kind, body FROM catalog_entry WHERE revision > ? ORDER BY revision, ordinal")
  const entries: { readonly [Each in Kind]: Map<string, Catalog.Entries[Each][number]> } = {
    organizations: new Map(),
    projects: new Map(),
    apiKeys: new Map(),
    consentTypes: new Map(),
  }
  let catalog = Catalog.empty
  let isCurrent = false

  const listOf = <Each extends Kind>(kind: Each) => [...entries[kind].values()]

  const forget = (): void => {
    isCurrent = false
  }

  const load = (revision: number): void => {
    for (const { kind, body } of since.all(catalog.revision)) {
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
    const revision = Number(head.get()?.["revision"])
    if (revision !== catalog.revision) load(revision)
    isCurrent = true
    setImmediate(forget)
    return catalog
  }
  return { read, forget }
}
