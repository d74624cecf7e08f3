/**
 * The catalog of the store.
 */
import { Effect } from "effect"
import type { CatalogStore } from "../../core/ports/CatalogStore.ts"
import * as CatalogReader from "./CatalogReader.ts"
import * as CatalogWriter from "./CatalogWriter.ts"
import * as Operation from "./Operation.ts"
import type * as Sql from "./Sql.ts"

/** The catalog of a database. */
export const make = (sql: Sql.Sql): CatalogStore => ({
  current: Operation.idempotent(CatalogReader.make(sql)),
  change: (change) => Operation.once(CatalogWriter.change(sql, change)),
  documents: (of, maxLength) => Operation.idempotent(CatalogReader.documents(sql, of, maxLength)),
  privatesOf: (organization, entries) => Operation.idempotent(CatalogReader.privates(sql, organization, entries)),
  keyUses: Operation.idempotent(CatalogReader.keyUses(sql)),
  useKey: (id, at) => Effect.asVoid(Operation.idempotent(CatalogWriter.useKey(sql, id, at))),
})
