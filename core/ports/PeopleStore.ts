/**
 * The part of the store that keeps people: aliases and joins.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Claim, Fact, HeldAlias, Named } from "../model/People.ts"
import type { Access } from "./Access.ts"
import type { Kept } from "./Kept.ts"
import type { PersonalWrites } from "./PersonalStore.ts"
import type { Positions } from "./Positions.ts"
import type { Session } from "./SessionStore.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** A person, as joining needs it. */
export interface Person {
  /** Raised by every change of the person; 0 for a person that was never changed. */
  readonly revision: number
  /** Whether an identifier other than a browser's `contextId` has named the person. */
  readonly isIdentified: boolean
  /**
   * The person that it is counted as; its own id if others are counted as it. `undefined`: it is not joined with anyone
   * now.
   */
  readonly survivor: string | undefined
  /**
   * When the last change of the person's group was recorded. `undefined`: it was never joined. It is current only for a
   * person that is not counted as another one: a group is changed under the id of its survivor.
   */
  readonly learnt: Instant | undefined
  /** When the person was erased; `undefined` for a person that was not. */
  readonly erasedAt: Instant | undefined
  /**
   * The number of identity changes in the person's lane, read at the same moment; 0 for a person without facts that was
   * not erased.
   */
  readonly position: number
}

/** People that are counted as one from now on. */
export interface GroupChange {
  readonly survivor: string
  /**
   * The people that are added to the survivor's group. A survivor that had no group is one of them. If there are none,
   * the survivor is not joined with anyone any more.
   */
  readonly members: ReadonlyArray<string>
}

/** How groups of joined people change. */
export interface Joining {
  /** The projects of the organization, whose merged heads change with the groups. */
  readonly projects: ReadonlyArray<Owner>
  /** The revision of the catalog that lists the projects; with any other one the change is `stale`. */
  readonly catalog: number
  /** When the change is recorded. */
  readonly learnt: Instant
  /** Survivors whose groups end with the change; their people are in {@link groups} again. */
  readonly dissolved: ReadonlyArray<string>
  readonly groups: ReadonlyArray<GroupChange>
}

/** Where a page of the facts about a person begins. */
export interface FactPlace {
  readonly concordId: string
  /** How many of its facts precede the page. */
  readonly from: number
}

/** A hash that names no one from now on. */
export interface Release {
  readonly hash: string
  /**
   * When the release is recorded: questions as known before it still find the person that the hash named. Left out for
   * a browser's `contextId`, which no question can name: nothing is kept of it.
   */
  readonly dateCreated?: Instant
  /** The account has another identifier from now on. Such a release is kept apart from those of other identifiers. */
  readonly isRenamed?: true
}

/** The person that an alias names now, and its last release. */
export interface AliasState {
  /** `undefined`: it names no one. */
  readonly named: Named | undefined
  /** When it was released last, a rename included; `undefined` if nothing is kept of a release. */
  readonly releasedAt: Instant | undefined
}

/** An identity change, all of it or nothing. A change about a person that was erased is `stale`. */
export interface IdentityChange {
  readonly organization: Owner
  /** The revisions that the change was prepared against; with any other one it is `stale`. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /**
   * Aliases that must be free, or already name the same person, or be released by the change; otherwise it is `stale`.
   */
  readonly claims: ReadonlyArray<Claim>
  /** Come before the claims. The person that one of them named is changed by it: its revision is raised. */
  readonly releases: ReadonlyArray<Release>
  readonly facts: ReadonlyArray<Fact>
  /** Left out where no group changes. */
  readonly joining?: Joining
  /** An identity token, which may be used once: a second change with it is `used`. It proved the person. */
  readonly identityToken?: { readonly hash: string; readonly expiresAt: Instant; readonly concordId: string }
  /** Personal data of the facts and the session, and keys of their people. */
  readonly personal?: PersonalWrites
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
  /**
   * Keeps the profile of a person, personal data of the kind `profile`, in place of the one before. `stale` if the
   * person was erased or has another key by now.
   */
  readonly keepProfile: (
    organization: Owner,
    concordId: string,
    personal: PersonalWrites,
    idempotencyRecord?: IdempotencyRecord,
  ) => Effect.Effect<Kept, StoreUnavailable>
  /**
   * The person that each hash names, in the order of the hashes; `undefined` for a hash that names no one. With
   * `knownAt`, the person that it named as known then, even if it was released since.
   */
  readonly byAlias: (
    organization: Owner,
    hashes: ReadonlyArray<string>,
    knownAt?: Instant,
  ) => Effect.Effect<ReadonlyArray<Named | undefined>, StoreUnavailable>
  /**
   * Like {@link byAlias}, now, with the last release of each hash. One statement, because every item that is recorded
   * needs it.
   */
  readonly aliasStates: (
    organization: Owner,
    hashes: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<AliasState>, StoreUnavailable>
  /**
   * For each hash, in the order of the hashes, what it named until it was released: in the order of the releases, a
   * rename included.
   */
  readonly formerly: (
    organization: Owner,
    hashes: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<HeldAlias>>, StoreUnavailable>
  /**
   * For each person, in the order of the people, the aliases that name it and those that named it: in the order in
   * which they were claimed, of one instant by their hash, and of one hash by their release. A browser's `contextId` is
   * not among them, unless its kind is not known. People that are joined with it are not looked at.
   */
  readonly aliasesOf: (
    organization: Owner,
    people: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<HeldAlias>>, StoreUnavailable>
  /**
   * For each person, in the order of the people, the `contextId`s of browsers that name it, which {@link aliasesOf}
   * leaves out: in the order in which they were claimed, and of one instant by their hash.
   */
  readonly contextsOf: (
    organization: Owner,
    people: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<HeldAlias>>, StoreUnavailable>
  /**
   * Of a hash that names no one: when it was released last, `undefined` if nothing is kept of a release; and the number
   * of identity changes in its lane, at the same moment.
   */
  readonly lastRelease: (
    organization: Owner,
    hash: string,
  ) => Effect.Effect<{ readonly releasedAt: Instant | undefined; readonly position: number }, StoreUnavailable>
  /** A person; an unknown one has revision 0. Costs the same for any number of facts. */
  readonly person: (organization: Owner, concordId: string) => Effect.Effect<Person, StoreUnavailable>
  /** The facts that name each of the people, as member or survivor, in the order recorded: at most `limit` of each. */
  readonly facts: (
    organization: Owner,
    places: ReadonlyArray<FactPlace>,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<Fact>>, StoreUnavailable>
  /** The number of identity changes in each of some lanes of organizations: see `PeopleLanes.of`. */
  readonly laneEnds: (lanes: ReadonlyArray<number>) => Effect.Effect<Positions, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const peopleAccess: Access<PeopleStore> = {
  change: "write",
  keepProfile: "write",
  byAlias: "read",
  aliasStates: "read",
  formerly: "read",
  aliasesOf: "read",
  contextsOf: "read",
  lastRelease: "read",
  person: "read",
  facts: "read",
  laneEnds: "read",
}
