/**
 * Writes the catalog. A changed entry is inserted as a new row; the rows of its earlier states stay.
 */
import type { DatabaseSync } from "node:sqlite"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogChange, Kept } from "../../core/ports/LedgerStore.ts"
import type { IdempotencyWriter } from "./IdempotencyWriter.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about the catalog. */
export interface CatalogWriter {
  readonly changeCatalog: (change: CatalogChange) => Kept
  readonly useKey: (use: { readonly id: string; readonly at: Instant }) => Kept
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, idempotency: IdempotencyWriter): CatalogWriter => {
  const revision = db.prepare("SELECT revision FROM catalog_head")
  const raiseRevision = db.prepare("UPDATE catalog_head SET revision = revision + 1")
  const insertEntry = db.prepare("INSERT INTO catalog_entry VALUES (?, ?, ?, ?)")
  const insertDocument = db.prepare("INSERT INTO document VALUES (?, ?, ?)")
  const putPrivate = db.prepare("INSERT OR REPLACE INTO entry_private VALUES (?, ?, ?, ?)")
  const removePrivate = db.prepare("DELETE FROM entry_private WHERE lane = ? AND entry = ?")
  const useKey = db.prepare(`
    INSERT INTO key_use VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET last_used_at = max(last_used_at, excluded.last_used_at)`)
  return {
    changeCatalog: (change) => {
      const { documents, entries, owner, idempotencyRecord, privates = [] } = change
      if (owner !== undefined && idempotency.has(owner, idempotencyRecord)) return "repeated"
      if (revision.get()?.["revision"] !== change.revision) return "stale"
      raiseRevision.run()
      const rows = Object.entries(entries).flatMap(([kind, changed]) => changed.map((entry) => [kind, entry] as const))
      for (const [ordinal, [kind, entry]] of rows.entries()) {
        insertEntry.run(change.revision + 1, ordinal, kind, JSON.stringify(entry))
      }
      for (const { consentType, number, document } of documents) {
        insertDocument.run(Uuid.toBytes(consentType), number, document)
      }
      for (const { entry, organization, sealed } of privates) {
        const place = [Lane.of(organization, entry), Uuid.toBytes(entry)] as const
        if (sealed === "removed") removePrivate.run(...place)
        else putPrivate.run(...place, sealed.nonce, sealed.encrypted)
      }
      if (owner !== undefined) idempotency.keep(owner, idempotencyRecord)
      return "kept"
    },
    useKey: ({ id, at }) => {
      useKey.run(id, at)
      return "kept"
    },
  }
}
