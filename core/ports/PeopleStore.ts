/**
 * The part of the store that keeps people: aliases, joins, profiles.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Claim, Fact, Named } from "../model/People.ts"
import type { Kept } from "./Kept.ts"
import type { Positions } from "./Positions.ts"
import type { Session } from "./SessionStore.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** A person as far as joining needs it. */
export interface Person {
  /** Raised by every change of the person. */
  readonly revision: number
  /** Whether anything but a browser's `contextId` has named it. */
  readonly isIdentified: boolean
  /** Those that name the person, as member or survivor, in the order recorded. */
  readonly facts: ReadonlyArray<Fact>
  /** How many changes its lane has had, in the same moment; 0 where there are no facts. */
  readonly position: number
}

/** A change of who is who, all of it or nothing. */
export interface IdentityChange {
  readonly organization: Owner
  /** The revisions it was prepared against. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /** Aliases that must be free, or already name the same person. */
  readonly claims: ReadonlyArray<Claim>
  /** Hashes that name nobody from now on; whom they named is changed by that. */
  readonly releases: ReadonlyArray<string>
  readonly facts: ReadonlyArray<Fact>
  /** A proof that may be used once: a second change with it is `used`. */
  readonly identityToken?: { readonly hash: string; readonly expiresAt: Instant }
  /** Opened with the change. */
  readonly session?: Session
  /** Sessions that expire with the change: one by its token's hash, and all of a person. */
  readonly ends?: { readonly at: Instant; readonly tokenHash?: string; readonly sessionsOf?: string }
  readonly idempotencyRecord?: IdempotencyRecord
}

/** People, by organization. */
export interface PeopleStore {
  /** Whom each hash names, in the order asked; `undefined` for nobody. */
  readonly byAlias: (
    organization: Owner,
    hashes: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<Named | undefined>, StoreUnavailable>
  /** A person; one that nothing has changed has revision 0. */
  readonly person: (organization: Owner, concordId: string) => Effect.Effect<Person, StoreUnavailable>
  /** How many changes each of some lanes of organizations has counted: see `PeopleLanes.of`. */
  readonly laneEnds: (lanes: ReadonlyArray<number>) => Effect.Effect<Positions, StoreUnavailable>
  /** Changes who is who, durably. */
  readonly change: (change: IdentityChange) => Effect.Effect<Kept | "used", StoreUnavailable>
  /** What a person has told of itself, as JSON. */
  readonly profile: (organization: Owner, concordId: string) => Effect.Effect<string | undefined, StoreUnavailable>
  /** Keeps what a person tells of itself, in place of what it told before. */
  readonly keepProfile: (
    organization: Owner,
    concordId: string,
    profile: string,
    idempotencyRecord?: IdempotencyRecord,
  ) => Effect.Effect<Kept, StoreUnavailable>
}

/** The members that write: a replica refuses them. */
export const peopleWrites = ["change", "keepProfile"] as const satisfies ReadonlyArray<keyof PeopleStore>
