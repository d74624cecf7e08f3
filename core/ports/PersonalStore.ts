/**
 * The part of the store that keeps personal data, encrypted, apart from what it belongs to; the wrapped keys of people;
 * and erasures. Everything is in the lane of the person in its organization: `Lane.of(organization, concordId)`.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { ErasureReason } from "../model/ErasureReason.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { PersonalKind } from "../model/PersonalKind.ts"
import type { Access } from "./Access.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

export { type ErasureReason, erasureReasons } from "../model/ErasureReason.ts"
export { type PersonalKind, personalKinds } from "../model/PersonalKind.ts"

/** The key of a person, wrapped by the key of an epoch: see `Keys`. */
export interface PersonKey {
  readonly concordId: string
  readonly epoch: number
  /** 40 bytes. */
  readonly wrapped: Uint8Array
}

/** Names personal data of a person. */
export interface PersonalPlace {
  readonly concordId: string
  readonly kind: PersonalKind
  /** Lower-case hexadecimal: the commitment (32 bytes) of a session, event or fact; empty for a profile. */
  readonly id: string
}

/** Personal data, encrypted with AES-256-GCM under the key of the person. */
export interface PersonalPart extends PersonalPlace {
  /** 12 bytes. */
  readonly nonce: Uint8Array
  /** The ciphertext, and the tag of 16 bytes. */
  readonly encrypted: Uint8Array
}

/** Personal data with the key that they were encrypted under. */
export interface KeyedPart extends PersonalPart, Pick<PersonKey, "epoch" | "wrapped"> {}

/** The personal data that a write brings. */
export interface PersonalWrites {
  /** For people without a key. If one of them has another key by now, the write is `Stale`; the same key is allowed. */
  readonly keys: ReadonlyArray<PersonKey>
  /**
   * The keys, as they were read, that parts of other people are encrypted under. Where an erasure has kept the
   * identifiers of a person, the write is `Stale` if its key here is not the one that is there, or if it has a part
   * and no key in `keys` or here: its key may be one that was destroyed.
   */
  readonly used?: ReadonlyArray<PersonKey>
  /** A profile replaces the one before. Any other that is there already stays as it is. */
  readonly parts: ReadonlyArray<PersonalPart>
}

/** A wrapped key with its lane, so that it can be wrapped again without knowing its organization. */
export interface LaneKey extends PersonKey {
  readonly lane: number
}

/** How many rows an erasure destroyed. */
export interface Destroyed {
  /** Identifiers that named one of the people, and those that were released before; a browser's `contextId` too. */
  readonly aliases: number
  readonly formerAliases: number
  readonly personalData: number
  readonly personKeys: number
  readonly sessions: number
  readonly externalIds: number
  readonly identityTokens: number
  /** Resolved compliance requests whose private part was removed; left out if there were none. */
  readonly complianceRequests?: number
}

/**
 * The scope of an erasure that keeps the identifiers and joins of its people, and used identity tokens, so that events
 * are recorded for them as before.
 */
export type HeldScope = "held"

/** The erasure of people that were joined as one. */
export interface Erasure {
  /** UUIDv7. */
  readonly id: string
  readonly recordedAt: Instant
  /** Everyone that was joined then, in ascending order. */
  readonly members: ReadonlyArray<string>
  /** The id of the API key, or the command. */
  readonly submitter: string
  readonly reason: ErasureReason
  /** Left out: everything was erased, and nothing is recorded about the people any more. */
  readonly scope?: HeldScope
  readonly destroyed: Destroyed
}

/** An erasure to record. */
export interface ErasureChange extends Omit<Erasure, "destroyed"> {
  readonly organization: Owner
  /** Every project of the organization. */
  readonly projects: ReadonlyArray<Owner>
  /** The revision of the catalog that lists the projects; with any other one the erasure is `stale`. */
  readonly catalog: number
  /** The revisions of all members that it was prepared against; with any other one it is `stale`. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /**
   * Kept with the erasure. Its answer is given before the rows are counted: a repeated request reads the counts with
   * {@link PersonalStore.erasure}.
   */
  readonly idempotencyRecord?: IdempotencyRecord
}

/** Where a page of the keys of people begins: after this one. */
export interface KeyPlace {
  readonly lane: number
  readonly concordId: string
}

/** Personal data, keys of people, erasures. */
export interface PersonalStore {
  /** The keys of people, in their order. */
  readonly keys: (
    organization: Owner,
    people: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<PersonKey | undefined>, StoreUnavailable>
  /** Personal data, in the order of the places. One statement. */
  readonly parts: (
    organization: Owner,
    places: ReadonlyArray<PersonalPlace>,
  ) => Effect.Effect<ReadonlyArray<KeyedPart | undefined>, StoreUnavailable>
  /** At most `limit` personal data of a person, ordered by kind and id, after a place. */
  readonly partsOf: (
    organization: Owner,
    concordId: string,
    after: Pick<PersonalPlace, "kind" | "id"> | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<KeyedPart>, StoreUnavailable>
  /** At most `limit` keys of people, of all organizations, ordered by lane and person, after a place. */
  readonly allKeys: (
    after: KeyPlace | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<LaneKey>, StoreUnavailable>
  /** Replaces keys that are still wrapped as they were in `from` by the same keys, wrapped again. Others are left. */
  readonly rewrap: (
    keys: ReadonlyArray<{ readonly from: LaneKey; readonly to: Pick<PersonKey, "epoch" | "wrapped"> }>,
  ) => Effect.Effect<void, StoreUnavailable>
  /**
   * Erases people, all of it or nothing: aliases of all kinds, former aliases, personal data, keys, sessions, external
   * ids and used identity tokens of the members are deleted, and what is personal of resolved compliance requests that
   * one of them opened or that are about one, as by `private: "removed"` of a change; an erasure row is kept for each
   * member; revisions are raised; the erasure is counted once in each lane of the members (`people_head`), so that a
   * version vector covers it; the lanes of the members in all projects are marked (`lane_head.has_erased`), so that an
   * append about one of them is `Stale` from then on. Events, heads, facts and joins stay, and open compliance requests
   * keep their private rows. `stale`: nothing was written, also where a member was erased before.
   *
   * With the scope `held`, aliases of both kinds and used identity tokens stay, and the row is one of `held_erasure`,
   * of which a person may have several: `stale` where a member has one of the same id. The erasure is not counted in
   * `people_head`, because no answer changes.
   */
  readonly erase: (change: ErasureChange) => Effect.Effect<Erasure | "stale" | "repeated", StoreUnavailable>
  /** The erasure of everything of a person; `undefined` for one that was not erased like that. */
  readonly erasure: (organization: Owner, concordId: string) => Effect.Effect<Erasure | undefined, StoreUnavailable>
  /** The erasures of the scope `held` of a person, ordered by `recordedAt` and id. */
  readonly heldErasures: (
    organization: Owner,
    concordId: string,
  ) => Effect.Effect<ReadonlyArray<Erasure>, StoreUnavailable>
  /**
   * At most `limit` erasures of an organization, of both scopes, each once, ordered by `recordedAt` and id, after a
   * place.
   */
  readonly erasures: (
    organization: Owner,
    after: Pick<Erasure, "recordedAt" | "id"> | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<Erasure>, StoreUnavailable>
  /**
   * Removes what deleted rows have left in the files of the store, as far as it can be done now; whether it was done.
   * SQLite: a truncating checkpoint (rows are overwritten when they are deleted). PostgreSQL: `VACUUM` of the tables,
   * where the role may. Memory: always done.
   */
  readonly scrub: Effect.Effect<boolean, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const personalAccess: Access<PersonalStore> = {
  keys: "read",
  parts: "read",
  partsOf: "read",
  allKeys: "read",
  rewrap: "write",
  erase: "write",
  erasure: "read",
  heldErasures: "read",
  erasures: "read",
  scrub: "write",
}
