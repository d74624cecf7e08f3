/**
 * Resolution: the people for which an item is recorded, and the identifiers that name a person from then on (semantics,
 * section 5).
 *
 * The `concordId` and the account identifiers say which person it is; contact points decide only where those name no
 * one. Identifiers that conflict refuse an item, or leave its contact points out. A refusal is never refused: it is
 * recorded for everybody that its identifiers name.
 */
import type { Alias, HeldAlias, IdentifierKind } from "./People.ts"

/** Stands for a person that is made for the item. */
export const newPerson = "new person"

/** The identifiers of an item, and how a conflict between them ends. */
export interface ItemIdentifiers {
  readonly concordId: string | undefined
  /** In the order of strength: see `identifierKinds`. */
  readonly aliases: ReadonlyArray<Alias>
  readonly isRefusal: boolean
  /** Whether a conflict leaves contact points out instead of refusing an item that is no refusal. */
  readonly leavesOut: boolean
}

/** What is known when an item is resolved: the claims of the items before it, too. */
export interface Known {
  /** The people that an alias names. Several only where spellings that are one now named several people. */
  readonly named: (alias: Alias) => ReadonlyArray<string>
  /**
   * The people that an alias named until a release or a rename that is later than the `consentDate` of the item;
   * `undefined` if there was none, or if the item has no `consentDate`.
   */
  readonly formerly: (alias: Alias) => ReadonlyArray<string> | undefined
  /** Whether two people are joined. */
  readonly isSame: (one: string, other: string) => boolean
  /** What names or named a person, or one that is joined with it. Asked of aliases that are accounts or may be. */
  readonly held: (concordId: string) => ReadonlyArray<HeldAlias>
}

/** Why an identifier is in a conflict. */
export interface Conflict {
  readonly kind: IdentifierKind
  /**
   * `person`: it names another person than the identifier `with` does. `account`: the person that `with` names has
   * another account. `released`: the identifier was released or renamed after the `consentDate`.
   */
  readonly because: "person" | "account" | "released"
  /** The kind of the other identifier; left out for `released`. */
  readonly with?: IdentifierKind
}

/** An alias that names a person from now on: an id, or {@link newPerson}. */
export interface PlannedClaim {
  readonly alias: Alias
  readonly concordId: string
}

/** The people and claims of an item. */
export interface Resolved {
  /** At least one, that of the strongest identifier first; more than one only of a refusal. */
  readonly people: ReadonlyArray<string>
  readonly claims: ReadonlyArray<PlannedClaim>
  /** The contact points that the item is recorded without. */
  readonly leftOut: ReadonlyArray<Alias>
}

/** The conflicts for which an item is refused. */
export interface Conflicting {
  readonly conflicts: ReadonlyArray<Conflict>
}

/** An identifier of the item, and the people that it names. */
interface Mention {
  readonly kind: IdentifierKind
  /** `undefined`: it is the `concordId`. */
  readonly alias: Alias | undefined
  readonly names: ReadonlyArray<string>
  readonly formerly: ReadonlyArray<string> | undefined
}

/** Whether identifiers of a kind are accounts: each names exactly one person. */
export const isAccountKind = (kind: string): boolean => kind === "userId" || kind === "projectUserId"

/** Whether identifiers of a kind are contact points: each names one person at a time. */
export const isContactPoint = (kind: string): boolean => kind === "email" || kind === "phoneNumber"

const isAccount = ({ kind }: Mention): boolean => isAccountKind(kind)

/** Whether an identifier names no one and may be claimed: one that was released after the item's date may not. */
const isFree = ({ formerly, names }: Mention): boolean => names.length === 0 && formerly === undefined

/** The identifiers of an item, the strongest first. */
const mentionsOf = ({ aliases, concordId }: ItemIdentifiers, known: Known): ReadonlyArray<Mention> => {
  const mentions = aliases.map((alias): Mention => {
    const formerly = known.formerly(alias)
    return { kind: alias.kind as IdentifierKind, alias, names: known.named(alias), formerly }
  })
  if (concordId === undefined) return mentions
  return [{ kind: "concordId", alias: undefined, names: [concordId], formerly: undefined }, ...mentions]
}

/** Whether two accounts count in one project: a `userId` counts in every project, a `projectUserId` in its own. */
const countInOneProject = (account: Alias, other: HeldAlias): boolean =>
  account.kind === "userId" || other.kind !== "projectUserId" || account.project === other.project

/**
 * Whether an account that no one has cannot be another account of a person, (b): the person has one of that kind or,
 * unless the item names it by `concordId`, has or had one that counts in the same project and does not stand in the
 * item. An alias whose kind was not kept may be an account of either kind.
 */
const isAnotherAccount = (account: Alias, person: string, item: ItemIdentifiers, known: Known): boolean => {
  const inItem = new Set(item.aliases.flatMap(({ earlier = [], hash }) => [hash, ...earlier]))
  const isNamedById = item.concordId !== undefined && known.isSame(item.concordId, person)
  return known.held(person).some((other) => {
    if (other.kind !== undefined && !isAccountKind(other.kind)) return false
    if (inItem.has(other.hash) || other.isRenamed === true || !countInOneProject(account, other)) return false
    return !isNamedById || (other.releasedAt === undefined && (other.kind ?? account.kind) === account.kind)
  })
}

/** The conflict of one identifier with the strongest one that names a person. */
const conflictOf = (
  mention: Mention,
  strongest: Mention | undefined,
  item: ItemIdentifiers,
  known: Known,
): Conflict | undefined => {
  const { alias, formerly, kind, names } = mention
  // (c)
  if (formerly !== undefined) return { kind, because: "released" }
  if (strongest === undefined) return undefined
  // (a)
  const person = strongest.names[0]!
  if (!names.every((name) => known.isSame(name, person))) return { kind, because: "person", with: strongest.kind }
  // (b)
  const isAnother = isFree(mention) && isAccount(mention) && isAnotherAccount(alias!, person, item, known)
  return isAnother ? { kind, because: "account", with: strongest.kind } : undefined
}

/** The conflicts between identifiers, at most one for each of them. */
const conflictsOf = (
  mentions: ReadonlyArray<Mention>,
  item: ItemIdentifiers,
  known: Known,
): ReadonlyArray<Conflict> => {
  const strongest = mentions.find(({ names }) => names.length > 0)
  const conflicts: Array<Conflict> = []
  for (const mention of mentions) {
    const conflict = conflictOf(mention, strongest, item, known)
    if (conflict !== undefined) conflicts.push(conflict)
  }
  return conflicts
}

/** The person of the strongest identifier that names one, or a new one. */
const strongestOf = (mentions: ReadonlyArray<Mention>): string =>
  mentions.find(({ names }) => names.length > 0)?.names[0] ?? newPerson

/** Claims the free identifiers, each for its own person. A refusal is recorded for everybody named then. */
const claim = (
  mentions: ReadonlyArray<Mention>,
  personOf: (free: Mention) => string,
  { isRefusal }: ItemIdentifiers,
  leftOut: ReadonlyArray<Alias> = [],
): Resolved => {
  const claims: Array<PlannedClaim> = []
  const people = new Set<string>()
  for (const mention of mentions) {
    const concordIds = isFree(mention) ? [personOf(mention)] : [...mention.names, ...(mention.formerly ?? [])]
    for (const each of concordIds) people.add(each)
    if (isFree(mention)) claims.push({ alias: mention.alias!, concordId: concordIds[0]! })
  }
  return { people: isRefusal ? [...people] : [...people].slice(0, 1), claims, leftOut }
}

/**
 * A refusal in a conflict. A free account goes to the person of the other account of the item; if there is no other
 * one, or the two accounts conflict, it goes to a new person. A free contact point goes to the person of the strongest
 * identifier.
 */
const refuse = (mentions: ReadonlyArray<Mention>, item: ItemIdentifiers, known: Known): Resolved => {
  // An account that was released after the item's date named another person then.
  const accounts = mentions.filter((mention) => isAccount(mention) && mention.formerly === undefined)
  const named = accounts.flatMap(({ names }) => names)
  const homeOf = ({ alias }: Mention): string =>
    named.length === 0 || named.some((person) => isAnotherAccount(alias!, person, item, known)) ? newPerson : named[0]!
  const withAccounts = mentions.map((mention) =>
    isFree(mention) && isAccount(mention) ? { ...mention, names: [homeOf(mention)] } : mention,
  )
  const strongest = strongestOf(withAccounts)
  return claim(mentions, (free) => (isAccount(free) ? homeOf(free) : strongest), item)
}

/** An item without its contact points that name another person than the rest of it, or that were released since. */
const leaveOut = (mentions: ReadonlyArray<Mention>, item: ItemIdentifiers, known: Known): Resolved | undefined => {
  const strong = mentions.filter((mention) => mention.alias === undefined || isAccount(mention))
  if (strong.length === 0 || conflictsOf(strong, item, known).length > 0) return undefined
  const person = strongestOf(strong)
  const isKept = ({ formerly, names }: Mention): boolean =>
    formerly === undefined && names.every((name) => known.isSame(name, person))
  const kept = mentions.filter((mention) => strong.includes(mention) || isKept(mention))
  const leftOut = mentions.flatMap((mention) => (kept.includes(mention) ? [] : [mention.alias!]))
  return claim(kept, () => person, item, leftOut)
}

/** Resolves the identifiers of an item. */
export const resolve = (item: ItemIdentifiers, known: Known): Resolved | Conflicting => {
  const mentions = mentionsOf(item, known)
  const conflicts = conflictsOf(mentions, item, known)
  if (conflicts.length === 0) {
    const person = strongestOf(mentions)
    return claim(mentions, () => person, item)
  }
  if (item.isRefusal) return refuse(mentions, item, known)
  return (item.leavesOut ? leaveOut(mentions, item, known) : undefined) ?? { conflicts }
}
