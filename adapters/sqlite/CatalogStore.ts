/**
 * The catalog of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { CatalogStore, DocumentKey } from "../../core/ports/LedgerStore.ts"
import * as CatalogReader from "./CatalogReader.ts"
import type { Write } from "./GroupCommit.ts"
import { read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): CatalogStore => {
  const catalog = CatalogReader.make(db)
  const selectDocument = db.prepare("SELECT document FROM document WHERE consent_type = ? AND version = ?")
  const selectKeyUses = db.prepare("SELECT id, last_used_at FROM key_use")

  const document = ({ consentType, version }: DocumentKey): string | undefined => {
    const row = selectDocument.get(Uuid.toBytes(consentType), version)
    return row === undefined ? undefined : String(row["document"])
  }

  return {
    current: read(catalog.read),
    change: (change) => Effect.tap(write("changeCatalog", change), () => Effect.sync(catalog.expire)),
    documents: (keys) => read(() => keys.map(document)),
    keyUses: read(
      () => new Map(selectKeyUses.all().map((row) => [String(row["id"]), Number(row["last_used_at"])] as const)),
    ),
    useKey: (id, at) => Effect.asVoid(write("useKey", { id, at })),
  }
}
