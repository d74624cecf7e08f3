/**
 * The part of the store that keeps people: aliases, joins, profiles.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Claim, Fact, Named } from "../model/People.ts"
import type { Access } from "./Access.ts"
import type { Kept } from "./Kept.ts"
import type { Positions } from "./Positions.ts"
import type { Session } from "./SessionStore.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** A person, as joining needs it. */
export interface Person {
  /** Raised by every change of the person; 0 for a person that was never changed. */
  readonly revision: number
  /** Whether an identifier other than a browser's `contextId` has named the person. */
  readonly isIdentified: boolean
  /** The facts that name the person, as member or survivor, in the order recorded. */
  readonly facts: ReadonlyArray<Fact>
  /** The number of identity changes in the person's lane, read at the same moment; 0 where there are no facts. */
  readonly position: number
}

/** An identity change, all of it or nothing. */
export interface IdentityChange {
  readonly organization: Owner
  /** The revisions that the change was prepared against; with any other one it is `stale`. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /** Aliases that must be free, or already name the same person; otherwise the change is `stale`. */
  readonly claims: ReadonlyArray<Claim>
  /**
   * Hashes that name no one from now on. The person that one of them named is changed by it: its revision is raised.
   */
  readonly releases: ReadonlyArray<string>
  readonly facts: ReadonlyArray<Fact>
  /** An identity token, which may be used once: a second change with it is `used`. */
  readonly identityToken?: { readonly hash: string; readonly expiresAt: Instant }
  /** A session that is opened with the change. */
  readonly session?: Session
  /** Sessions that expire with the change: the one of a token's hash, and all sessions of a person. */
  readonly ends?: { readonly at: Instant; readonly tokenHash?: string; readonly sessionsOf?: string }
  readonly idempotencyRecord?: IdempotencyRecord
}

/** People, by organization. */
export interface PeopleStore {
  /** Writes an identity change durably. */
  readonly change: (change: IdentityChange) => Effect.Effect<Kept | "used", StoreUnavailable>
  /** Keeps the profile of a person, as JSON, in place of the one before. Never `stale`. */
  readonly keepProfile: (
    organization: Owner,
    concordId: string,
    profile: string,
    idempotencyRecord?: IdempotencyRecord,
  ) => Effect.Effect<Kept, StoreUnavailable>
  /** The person that each hash names, in the order of the hashes; `undefined` for a hash that names no one. */
  readonly byAlias: (
    organization: Owner,
    hashes: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<Named | undefined>, StoreUnavailable>
  /** A person; an unknown one has revision 0 and no facts. */
  readonly person: (organization: Owner, concordId: string) => Effect.Effect<Person, StoreUnavailable>
  /** The profile of a person, as JSON. */
  readonly profile: (organization: Owner, concordId: string) => Effect.Effect<string | undefined, StoreUnavailable>
  /** The number of identity changes in each of some lanes of organizations: see `PeopleLanes.of`. */
  readonly laneEnds: (lanes: ReadonlyArray<number>) => Effect.Effect<Positions, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const peopleAccess: Access<PeopleStore> = {
  change: "write",
  keepProfile: "write",
  byAlias: "read",
  person: "read",
  profile: "read",
  laneEnds: "read",
}
