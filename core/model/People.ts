/**
 * Identity: the identifiers of people, and which people are joined as one (semantics, section 5).
 *
 * People are joined by facts only, and a later fact can undo a join, so that the identity of a person can be asked as
 * of any instant. `Resolution.ts` says which person the identifiers of an item name.
 */
import type { Instant } from "../engine/Instant.ts"

/** The kinds of identifiers that name a person, in the order in which they are checked for conflicts. */
export const identifierKinds = ["concordId", "userId", "projectUserId", "email", "phoneNumber"] as const

/** One kind of identifier. `concordId` is the ledger's own id; the others are stored only as keyed hashes. */
export type IdentifierKind = (typeof identifierKinds)[number]

/** The kinds of identifiers that can be released: all but the ledger's own id. */
export const releasableKinds = ["userId", "projectUserId", "email", "phoneNumber"] as const

/** One of {@link releasableKinds}. */
export type ReleasableKind = (typeof releasableKinds)[number]

/** The identifiers of one person as they were given, at most one of each kind. */
export type Identifiers = { readonly [Kind in IdentifierKind]?: string }

/** The keyed hash of an identifier, and its kind. `contextId` is the id of a browser without an identified person. */
export interface Alias {
  readonly kind: Exclude<IdentifierKind, "concordId"> | "contextId"
  /** The id of the project in which the identifier is unique: only of a `projectUserId` and of a `contextId`. */
  readonly project?: string
  /** HMAC-SHA-256, lower-case hexadecimal. */
  readonly hash: string
  /**
   * The hashes under which normalization 1 kept spellings that are now this identifier. A lookup tries them as well.
   * Only for an organization that was created with normalization 1.
   */
  readonly earlier?: ReadonlyArray<string>
}

/** Every hash under which an identifier may name a person: the one that it is claimed by, and the earlier ones. */
export const hashesOf = ({ earlier = [], hash }: Alias): ReadonlyArray<string> => [hash, ...earlier]

/**
 * An alias that names a person from now on. If it names that person already, its kind and project are filled in where
 * they are not known, and nothing else changes.
 */
export interface Claim extends Alias {
  readonly concordId: string
  /** The version of the normalization that the identifier was hashed with. */
  readonly normalization: number
  /** When the ledger recorded it. */
  readonly dateCreated: Instant
  /**
   * The last release of the alias that was read for the claim; `Instant.min` if there was none. The claim is not kept
   * if there was a later one. Left out: not compared.
   */
  readonly releasedAt?: Instant
}

/** The person that an alias names, and when the ledger recorded that. */
export interface Named extends Pick<Claim, "concordId" | "dateCreated"> {
  /** `undefined`: the alias was claimed by an earlier version of Assent, which kept no kinds. */
  readonly kind: Alias["kind"] | undefined
}

/** An alias that names a person, or named it until it was released. */
export interface HeldAlias extends Named, Pick<Alias, "hash" | "project"> {
  /** When it was released; left out while it names the person. */
  readonly releasedAt?: Instant
  /** Whether it was released because the account got another identifier in its place. */
  readonly isRenamed?: true
}

/** The evidence of a join: facts about the signed identity token, without personal data. */
export interface IdentityEvidence {
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
 * A change of identity, never changed and never removed. Of all kinds but `joined` and `undone`, member and survivor
 * are both the one person that the fact is about.
 *
 * - `joined`: two people are one from now on.
 * - `identified`: an identifier was proven to name the person, which it did not name before.
 * - `undone`: an earlier fact is undone.
 * - `released`: an identifier names the person no more.
 * - `renamed`: the account has another identifier in place of this one.
 * - `shared`: a contact point that names the person was left out of an item about another person.
 * - `region`: the person's latest session in a project is of another region than the one before it.
 */
export interface Fact {
  readonly id: string
  readonly kind: "joined" | "identified" | "undone" | "released" | "renamed" | "shared" | "region"
  /** When the ledger recorded it. */
  readonly dateCreated: Instant
  /** The person that is counted as the survivor. */
  readonly member: string
  /** The person that the member is counted as. */
  readonly survivor: string
  /** The id of the API key or session that caused it. */
  readonly submitter: string
  /**
   * The commitment to the personal members of the fact, base64url. They are {@link evidence}, {@link alias},
   * {@link renamedTo} and {@link reason}: kept apart from the fact, and there only after they were read with it. Left
   * out of a fact that has none of them.
   */
  readonly commitment?: string
  /** Only for `joined` and `identified`. */
  readonly evidence?: IdentityEvidence
  /** The hash of the identifier: for all kinds but `joined`, `undone` and `region`. */
  readonly alias?: string
  /** The kind and the project of the identifier: only for `released`, `renamed` and `shared`. */
  readonly identifier?: Pick<Alias, "kind" | "project">
  /** Only for `renamed`: the hash of the identifier that the account has from now on. */
  readonly renamedTo?: string
  /** Only for `released` and `renamed`: the reason that was given, if any. */
  readonly reason?: string
  /** Only for `undone`: the id of the fact that it undoes. */
  readonly join?: string
  /** Only for `region`: the ids of the region and of the project. */
  readonly region?: { readonly project: string; readonly id: string }
}

/** Facts in the order of their date, and those of one instant by their id. */
export const inOrder = (facts: ReadonlyArray<Fact>): ReadonlyArray<Fact> =>
  facts.toSorted((a, b) => a.dateCreated - b.dateCreated || (a.id < b.id ? -1 : 1))

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

/** The joins in force as a graph: for each person, the people that it is joined with directly. */
interface JoinGraph {
  readonly neighbours: ReadonlyMap<string, ReadonlyArray<string>>
  /** The people that are counted as another one. */
  readonly members: ReadonlySet<string>
}

const graphOf = (facts: Iterable<Fact>, knownAt: Instant): JoinGraph => {
  const joins = inForce(facts, knownAt)
  const neighbours = new Map<string, Array<string>>()
  const connect = (one: string, other: string): void => {
    const known = neighbours.get(one)
    if (known === undefined) neighbours.set(one, [other])
    else known.push(other)
  }
  for (const { member, survivor } of joins) {
    connect(member, survivor)
    connect(survivor, member)
  }
  return { neighbours, members: new Set(joins.map(({ member }) => member)) }
}

/** The group of a person in a graph of joins. Visits each person and each join of the group once. */
const groupOf = ({ members, neighbours }: JoinGraph, concordId: string): Joined => {
  const group = new Set([concordId])
  for (const person of group) {
    for (const neighbour of neighbours.get(person) ?? []) group.add(neighbour)
  }
  const survivor = [...group].find((person) => !members.has(person)) ?? concordId
  return { survivor, members: [...group].toSorted() }
}

/**
 * The people that a person was joined with, as known at `knownAt`. `facts` must contain all facts, of any time, about
 * the person and about everyone joined with it. Each person is the member of at most one join in force, so exactly one
 * person of a group, the survivor, is not a member.
 */
export const joinedWith = (facts: Iterable<Fact>, concordId: string, knownAt: Instant): Joined =>
  groupOf(graphOf(facts, knownAt), concordId)

/** All groups of joined people, as known at `knownAt`, in the order of their survivors. */
export const groups = (facts: Iterable<Fact>, knownAt: Instant): ReadonlyArray<Joined> => {
  const graph = graphOf(facts, knownAt)
  const found = new Map<string, Joined>()
  const seen = new Set<string>()
  for (const person of graph.neighbours.keys()) {
    if (seen.has(person)) continue
    const joined = groupOf(graph, person)
    for (const each of joined.members) seen.add(each)
    found.set(joined.survivor, joined)
  }
  return [...found.values()].toSorted((a, b) => (a.survivor < b.survivor ? -1 : 1))
}

/** A group as the facts say, and when the last join or undoing about one of its people was recorded. */
export interface LearntGroup extends Joined {
  readonly learnt: Instant
}

/** The group of everyone that a join was ever about, as the facts say; people that are alone again, too. */
export const everJoined = (facts: ReadonlyArray<Fact>): ReadonlyArray<LearntGroup> => {
  const joins = new Set(facts.flatMap(({ id, kind }) => (kind === "joined" ? [id] : [])))
  const learnt = new Map<string, Instant>()
  for (const { dateCreated, id, join = id, member, survivor } of facts) {
    if (!joins.has(join)) continue
    for (const person of [member, survivor])
      learnt.set(person, Math.max(dateCreated, learnt.get(person) ?? dateCreated))
  }
  const joined = groups(facts, Infinity)
  const inGroups = new Set(joined.flatMap(({ members }) => members))
  const alone = [...learnt.keys()].filter((person) => !inGroups.has(person))
  return [...joined, ...alone.map((survivor) => ({ survivor, members: [survivor] }))].map((group) => ({
    ...group,
    learnt: group.members.reduce((latest, member) => Math.max(latest, learnt.get(member)!), -Infinity),
  }))
}
