/**
 * The catalog of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogStore, DocumentKey } from "../../core/ports/LedgerStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import * as CatalogReader from "./CatalogReader.ts"
import type { Write } from "./GroupCommit.ts"
import { read } from "./Reader.ts"

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): CatalogStore => {
  const catalog = CatalogReader.make(db)
  const selectDocuments = db.prepare(`
    SELECT key, document FROM json_each(?) JOIN document
      ON consent_type = unhex(value ->> 0, '-') AND number = value ->> 1
    WHERE length(document) <= ?`)
  const selectPrivates = db.prepare(`
    SELECT key, nonce, encrypted FROM json_each(?) JOIN entry_private
      ON lane = value ->> 0 AND entry = unhex(value ->> 1, '-')`)
  const selectKeyUses = db.prepare("SELECT id, last_used_at FROM key_use")

  const documents = (of: ReadonlyArray<DocumentKey>, maxLength: number): ReadonlyArray<string | undefined> => {
    const keys = JSON.stringify(of.map(({ consentType, number }) => [consentType, number]))
    const rows = of.length === 0 ? [] : selectDocuments.all(keys, maxLength)
    const found = new Map(rows.map(({ document, key }) => [Number(key), String(document)]))
    return of.map((_, ordinal) => found.get(ordinal))
  }

  const privates = (organization: Lane.Owner, entries: ReadonlyArray<string>): ReadonlyArray<Sealed | undefined> => {
    const keys = JSON.stringify(entries.map((entry) => [Lane.of(organization, entry), entry]))
    const rows = entries.length === 0 ? [] : selectPrivates.all(keys)
    const found = new Map(
      rows.map(({ encrypted, key, nonce }) => [
        Number(key),
        { nonce: nonce as Uint8Array, encrypted: encrypted as Uint8Array },
      ]),
    )
    return entries.map((_, ordinal) => found.get(ordinal))
  }

  return {
    current: read(catalog.read),
    change: (change) => Effect.tap(write("changeCatalog", change), () => Effect.sync(catalog.expire)),
    documents: (of, maxLength) => read(() => documents(of, maxLength)),
    privatesOf: (organization, entries) => read(() => privates(organization, entries)),
    keyUses: read(
      () => new Map(selectKeyUses.all().map((row) => [String(row["id"]), Number(row["last_used_at"])] as const)),
    ),
    useKey: (id, at) => Effect.asVoid(write("useKey", { id, at })),
  }
}
