/**
 * What is set up, kept in memory.
 */
import * as Catalog from "../../core/model/Catalog.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { CatalogChange, DocumentKey } from "../../core/ports/LedgerStore.ts"

const kinds = ["organizations", "projects", "apiKeys", "consentTypes"] as const

/** Puts changed entries in the place of those with their id, and new ones at the end. */
const laidOver = <Entry extends Catalog.Entry>(
  before: ReadonlyArray<Entry>,
  changed: ReadonlyArray<Entry> = [],
): ReadonlyArray<Entry> => [...new Map([...before, ...changed].map((entry) => [entry.id, entry])).values()]

/** An empty setup. */
export const make = () => {
  let entries: Catalog.Entries = { organizations: [], projects: [], apiKeys: [], consentTypes: [] }
  let catalog = Catalog.empty
  const documents = new Map<string, string>()
  const keyUses = new Map<string, Instant>()
  const key = ({ consentType, version }: DocumentKey) => `${consentType} ${version}`

  return {
    catalog: () => catalog,
    keyUses,
    document: (of: DocumentKey): string | undefined => documents.get(key(of)),
    /** Whether it was changed: nothing is, if something else was since. */
    configure: (change: CatalogChange): boolean => {
      if (change.revision !== catalog.revision) return false
      const changed = kinds.map((kind) => [kind, laidOver<Catalog.Entry>(entries[kind], change.entries[kind])])
      entries = Object.fromEntries(changed) as Catalog.Entries
      catalog = Catalog.index(entries, catalog.revision + 1)
      for (const each of change.documents) documents.set(key(each), each.document)
      return true
    },
  }
}
