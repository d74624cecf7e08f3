/**
 * The part of the store that keeps the catalog: organizations, projects, API keys, consent types and their documents.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Catalog, Entries } from "../model/Catalog.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Kept } from "./Kept.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** A change of what is set up: entries as they are from now on. */
export interface CatalogChange {
  /** The catalog's revision that the change was prepared against. */
  readonly revision: number
  readonly entries: Partial<Entries>
  /** The documents of versions that are published with the change. */
  readonly documents: ReadonlyArray<DocumentKey & { readonly document: string }>
  /** Who keeps the receipt. */
  readonly owner?: Owner
  readonly idempotencyRecord?: IdempotencyRecord
}

/** Which document: of one version of a consent type. */
export interface DocumentKey {
  readonly consentType: string
  readonly version: number
}

/** The catalog, and its history. */
export interface CatalogStore {
  /** What is set up now. The same object as long as nothing changes. */
  readonly current: Effect.Effect<Catalog, StoreUnavailable>
  /** Changes what is set up, if nothing has changed since. Earlier states of the entries are kept. */
  readonly change: (change: CatalogChange) => Effect.Effect<Kept, StoreUnavailable>
  /** The documents of versions, in the order asked; `undefined` where there is none. */
  readonly documents: (
    of: ReadonlyArray<DocumentKey>,
  ) => Effect.Effect<ReadonlyArray<string | undefined>, StoreUnavailable>
  /** When each API key was last used, by its id. */
  readonly keyUses: Effect.Effect<ReadonlyMap<string, Instant>, StoreUnavailable>
  /** Notes that an API key was used. */
  readonly useKey: (id: string, at: Instant) => Effect.Effect<void, StoreUnavailable>
}

/** The members that write: a replica refuses them. */
export const catalogWrites = ["change"] as const satisfies ReadonlyArray<keyof CatalogStore>
