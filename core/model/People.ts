/**
 * Who is who: which person identifiers name, and which people are one (semantics, section 5).
 *
 * Identifiers nobody knows yet are given to the person the others name, or to a new person. Identifiers that already
 * name different people are a conflict: nothing is merged silently. People are joined by facts alone, and a later fact
 * undoes one, so that who somebody was can be asked as of any instant.
 */
import type { Instant } from "../engine/Instant.ts"

/** The identifiers that name a person, in the order in which a conflict is looked for. */
export const identifierKinds = ["concordId", "userId", "projectUserId", "email", "phoneNumber"] as const

/** One kind of identifier. `concordId` is the ledger's own; the others are kept only as keyed hashes. */
export type IdentifierKind = (typeof identifierKinds)[number]

/** The identifiers of one person, as they came; each kind at most once. */
export type Identifiers = { readonly [Kind in IdentifierKind]?: string }

/**
 * The keyed hash of an identifier, and the kind it came as. `contextId` is a browser's, before anybody is identified.
 */
export interface Alias {
  readonly kind: Exclude<IdentifierKind, "concordId"> | "contextId"
  /** HMAC-SHA-256, lower-case hexadecimal. */
  readonly hash: string
}

/** An alias that is to name a person from now on. */
export interface Claim extends Alias {
  readonly concordId: string
  /** When the ledger learnt it. */
  readonly dateCreated: Instant
}

/** Whom an alias names, and since when the ledger knows. */
export type Named = Pick<Claim, "concordId" | "dateCreated">

/** The person named, if anybody is, and the aliases that name nobody yet; or the kind whose person is another one. */
export type Resolution =
  | { readonly concordId: string | undefined; readonly unclaimed: ReadonlyArray<Alias> }
  | { readonly conflict: { readonly kind: Alias["kind"]; readonly with: IdentifierKind | "contextId" } }

/** Resolves the identifiers of one event. `known` tells whom an alias names, `isSame` which people are joined. */
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

/** On what evidence two people were joined: a signed token that names whom it is about. Nothing in it is personal. */
export interface Evidence {
  /** The kind of identifier that was proven. */
  readonly kind: Alias["kind"]
  /** Which of the organization's keys signed: its `kid`, where it has one. */
  readonly keyId?: string
  /** Keyed hash of what the token signs, lower-case hexadecimal: unkeyed, whom it names could be guessed. */
  readonly tokenHash: string
  readonly issuedAt: Instant
  readonly expiresAt: Instant
}

/**
 * That two people are one from now on, or are two again; or that an identifier was proven to name a person whom it did
 * not name before, who is member and survivor then. Never changed and never removed.
 */
export interface Fact {
  readonly id: string
  readonly kind: "joined" | "identified" | "undone"
  /** When the ledger learnt it. */
  readonly dateCreated: Instant
  /** Who is counted as somebody else. */
  readonly member: string
  /** Who the member is counted as. */
  readonly survivor: string
  /** Who caused it: the id of an API key, or of the session. */
  readonly submitter: string
  /** Of a join and of an identification. */
  readonly evidence?: Evidence
  /** Of an identification: the hash of the identifier. */
  readonly alias?: string
  /** Of an undoing: the id of the fact it undoes. */
  readonly join?: string
}

/** People who are one, and under whose id they are answered. */
export interface Joined {
  readonly survivor: string
  /** Everybody, the survivor too, each once. */
  readonly members: ReadonlyArray<string>
}

/** The joins in force as known at `knownAt`. */
const inForce = (facts: Iterable<Fact>, knownAt: Instant): ReadonlyArray<Fact> => {
  const known = [...facts].filter(({ dateCreated }) => dateCreated <= knownAt)
  const undone = new Set(known.flatMap(({ join }) => (join === undefined ? [] : [join])))
  return known.filter(({ id, kind }) => kind === "joined" && !undone.has(id))
}

/**
 * Who a person was joined with, as known at `knownAt`. `facts` are all that name the person or anybody joined with it,
 * ever. Everyone is counted as at most one other person, so the survivor is the one who is counted as nobody else.
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

/** Everybody who is joined with somebody, as known at `knownAt`: each group once, in the order of who survives. */
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
