/**
 * Identity: which person identifiers name, and which people are joined as one (semantics, section 5).
 *
 * Unknown identifiers are assigned to the person that the known ones name, or to a new person. Identifiers that already
 * name different people are a conflict: nothing is merged silently. People are joined by facts only, and a later fact
 * can undo a join, so that the identity of a person can be asked as of any instant.
 */
import type { Instant } from "../engine/Instant.ts"

/** The kinds of identifiers that name a person, in the order in which they are checked for conflicts. */
export const identifierKinds = ["concordId", "userId", "projectUserId", "email", "phoneNumber"] as const

/** One kind of identifier. `concordId` is the ledger's own id; the others are stored only as keyed hashes. */
export type IdentifierKind = (typeof identifierKinds)[number]

/** The identifiers of one person as they were given, at most one of each kind. */
export type Identifiers = { readonly [Kind in IdentifierKind]?: string }

/** The keyed hash of an identifier, and its kind. `contextId` is the id of a browser without an identified person. */
export interface Alias {
  readonly kind: Exclude<IdentifierKind, "concordId"> | "contextId"
  /** HMAC-SHA-256, lower-case hexadecimal. */
  readonly hash: string
}

/** An alias that names a person from now on. */
export interface Claim extends Alias {
  readonly concordId: string
  /** When the ledger recorded it. */
  readonly dateCreated: Instant
}

/** The person that an alias names, and when the ledger recorded that. */
export type Named = Pick<Claim, "concordId" | "dateCreated">

/**
 * The person that the identifiers name, if any, and the aliases that name no person yet; or a conflict between two
 * kinds of identifiers that name different people.
 */
export type Resolution =
  | { readonly concordId: string | undefined; readonly unclaimed: ReadonlyArray<Alias> }
  | { readonly conflict: { readonly kind: Alias["kind"]; readonly with: IdentifierKind | "contextId" } }

/**
 * Resolves the identifiers of one event. `known` returns the person that an alias names; `isSame`, whether two people
 * are joined.
 */
export const resolve = (
  concordId: string | undefined,
  aliases: ReadonlyArray<Alias>,
  known: (hash: string) => string | undefined,
  isSame: (one: string, other: string) => boolean,
): Resolution => {
  let person = concordId
  let namedBy: IdentifierKind | "contextId" = "concordId"
  const unclaimed: Array<Alias> = []
  for (const alias of aliases) {
    const named = known(alias.hash)
    if (named === undefined) unclaimed.push(alias)
    else if (person === undefined) {
      person = named
      namedBy = alias.kind
    } else if (named !== person && !isSame(named, person)) {
      return { conflict: { kind: alias.kind, with: namedBy } }
    }
  }
  return { concordId: person, unclaimed }
}

/** The evidence of a join: facts about the signed identity token, without personal data. */
export interface Evidence {
  /** The kind of identifier that the token proves. */
  readonly kind: Alias["kind"]
  /** The `kid` of the organization's key that signed the token, if the key has one. */
  readonly keyId?: string
  /**
   * A keyed hash of the token's signed content, lower-case hexadecimal. A hash without a key would allow guessing the
   * identifier in the token.
   */
  readonly tokenHash: string
  readonly issuedAt: Instant
  readonly expiresAt: Instant
}

/**
 * A change of identity, never changed and never removed: two people are joined as one from now on (`joined`), an
 * earlier fact is undone (`undone`), or an identifier was proven to name a person that it did not name before
 * (`identified`; then member and survivor are both that person).
 */
export interface Fact {
  readonly id: string
  readonly kind: "joined" | "identified" | "undone"
  /** When the ledger recorded it. */
  readonly dateCreated: Instant
  /** The person that is counted as the survivor. */
  readonly member: string
  /** The person that the member is counted as. */
  readonly survivor: string
  /** The id of the API key or session that caused it. */
  readonly submitter: string
  /** Only for `joined` and `identified`. */
  readonly evidence?: Evidence
  /** Only for `identified`: the hash of the identifier. */
  readonly alias?: string
  /** Only for `undone`: the id of the fact that it undoes. */
  readonly join?: string
}

/** A group of people joined as one. Answers about them have the id of the survivor. */
export interface Joined {
  readonly survivor: string
  /** All joined people, including the survivor, each once. */
  readonly members: ReadonlyArray<string>
}

/** The joins in force as known at `knownAt`. */
const inForce = (facts: Iterable<Fact>, knownAt: Instant): ReadonlyArray<Fact> => {
  const known = [...facts].filter(({ dateCreated }) => dateCreated <= knownAt)
  const undone = new Set(known.flatMap(({ join }) => (join === undefined ? [] : [join])))
  return known.filter(({ id, kind }) => kind === "joined" && !undone.has(id))
}

/**
 * The people that a person was joined with, as known at `knownAt`. `facts` must contain all facts, of any time, about
 * the person and about everyone joined with it. Each person is the member of at most one join in force, so exactly one
 * person of a group, the survivor, is not a member.
 */
export const joinedWith = (facts: Iterable<Fact>, concordId: string, knownAt: Instant): Joined => {
  const joins = inForce(facts, knownAt)
  const members = new Set([concordId])
  for (const member of members) {
    for (const join of joins) {
      if (join.member === member) members.add(join.survivor)
      if (join.survivor === member) members.add(join.member)
    }
  }
  const isMember = new Set(joins.map(({ member }) => member))
  const survivor = [...members].find((member) => !isMember.has(member)) ?? concordId
  return { survivor, members: [...members].toSorted() }
}

/** All groups of joined people, as known at `knownAt`, in the order of their survivors. */
export const groups = (facts: ReadonlyArray<Fact>, knownAt: Instant): ReadonlyArray<Joined> => {
  const found = new Map<string, Joined>()
  const seen = new Set<string>()
  for (const { member } of facts) {
    if (seen.has(member)) continue
    const joined = joinedWith(facts, member, knownAt)
    for (const each of joined.members) seen.add(each)
    if (joined.members.length > 1) found.set(joined.survivor, joined)
  }
  return [...found.values()].toSorted((a, b) => (a.survivor < b.survivor ? -1 : 1))
}
