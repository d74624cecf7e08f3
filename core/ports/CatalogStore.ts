/**
 * The part of the store that keeps the catalog: organizations, projects, API keys, consent types and their documents.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Catalog, Entries } from "../model/Catalog.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Access } from "./Access.ts"
import type { Kept } from "./Kept.ts"
import type { Sealed } from "./Sealed.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * Names a document of a consent type by its own number, which never changes and is not that of a version. That of a
 * translation has the id of the translation in place of the type's, and the number 1.
 */
export interface DocumentKey {
  readonly consentType: string
  readonly number: number
}

/**
 * What is personal of an entry from a change on. It replaces what was kept before, and is kept apart from the entry,
 * because earlier states of entries stay.
 */
export interface PrivateChange {
  readonly organization: Owner
  /** The id of the entry. */
  readonly entry: string
  readonly sealed: Sealed | "removed"
}

/** A catalog change, all of it or nothing: entries in the form that they have from now on. */
export interface CatalogChange {
  /** The catalog's revision that the change was prepared against; in another revision the change is `stale`. */
  readonly revision: number
  readonly entries: Partial<Entries>
  /** The documents of versions that are published with the change. */
  readonly documents: ReadonlyArray<DocumentKey & { readonly document: string }>
  /** What is personal of the entries. Left out: it stays as it is. */
  readonly privates?: ReadonlyArray<PrivateChange>
  /** The owner of the idempotency record; given together with it. */
  readonly owner?: Owner
  readonly idempotencyRecord?: IdempotencyRecord
}

/** The catalog, and its history. */
export interface CatalogStore {
  /** Writes a catalog change durably, and keeps the earlier states of its entries. */
  readonly change: (change: CatalogChange) => Effect.Effect<Kept, StoreUnavailable>
  /** Notes that an API key was used. */
  readonly useKey: (id: string, at: Instant) => Effect.Effect<void, StoreUnavailable>
  /** The catalog now: the same object as long as nothing changes. */
  readonly current: Effect.Effect<Catalog, StoreUnavailable>
  /**
   * Documents in the order of the keys, read at once; `undefined` for a document that does not exist or has more than
   * `maxLength` characters.
   */
  readonly documents: (
    of: ReadonlyArray<DocumentKey>,
    maxLength: number,
  ) => Effect.Effect<ReadonlyArray<string | undefined>, StoreUnavailable>
  /** What is personal of entries of an organization, in the order of their ids. One statement. */
  readonly privatesOf: (
    organization: Owner,
    entries: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<Sealed | undefined>, StoreUnavailable>
  /** The instant of the last use of each API key, by its id. */
  readonly keyUses: Effect.Effect<ReadonlyMap<string, Instant>, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const catalogAccess: Access<CatalogStore> = {
  change: "write",
  useKey: "write",
  current: "read",
  documents: "read",
  privatesOf: "read",
  keyUses: "read",
}
