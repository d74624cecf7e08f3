/**
 * The people of the items of a batch: their identifiers, normalized and hashed, and the people that these name now
 * (semantics, section 5).
 */
import { Effect } from "effect"
import type { Item } from "../model/Admission.ts"
import type { Organization } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import type { Batch } from "./Batch.ts"
import * as Identifiers from "./Identifiers.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** The identifiers of an item, normalized and hashed. */
export interface HashedPerson {
  readonly concordId: string | undefined
  readonly aliases: ReadonlyArray<People.Alias>
  /** The members that a refusal is recorded without, because they cannot be read. */
  readonly leftOut: ReadonlyArray<string> | undefined
}

/** The person of an item, or what is wrong with its identifiers. */
export type ItemPerson = HashedPerson | { readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

const identifierKinds: ReadonlySet<string> = new Set(People.identifierKinds)

/** The identifiers of an item that can be read, and the members that a refusal is recorded without. */
interface Readable {
  readonly identifiers: People.Identifiers
  readonly leftOut: ReadonlyArray<string> | undefined
}

/** Normalizes the identifiers of an item; those of a refusal without the ones that cannot be read. */
const normalize = ({ consentState, leftOut, person }: Item): Readable | Exclude<ItemPerson, HashedPerson> => {
  const normalized = Identifiers.normalize(person)
  if ("identifiers" in normalized) return { identifiers: normalized.identifiers, leftOut }
  const { faults, readable } = normalized
  const notValid = faults.filter(({ code }) => code === "identifier_not_valid")
  if (consentState !== "declined") return { faults }
  if (Object.keys(readable).length > 0) {
    return { identifiers: readable, leftOut: [...(leftOut ?? []), ...notValid.map(({ field }) => field)] }
  }
  const unreadable = (leftOut ?? []).filter((member) => identifierKinds.has(member))
  if (unreadable.length === 0) return { faults }
  return { faults: [...notValid, ...unreadable.map((kind) => Identifiers.notValid(kind as People.IdentifierKind))] }
}

/** The members that a refusal is recorded without, because they cannot be read; `undefined` if there are none. */
export const leftOutOf = (item: Item): ReadonlyArray<string> | undefined => {
  const normalized = item.consentState === "declined" ? normalize(item) : undefined
  return normalized !== undefined && "identifiers" in normalized ? normalized.leftOut : undefined
}

/** The people of the items, in their order. */
export const hash = Effect.fnUntraced(function* (
  items: ReadonlyArray<Item>,
  { organization, project }: Batch,
  { hasherOf }: LedgerContext,
) {
  const hasher = yield* hasherOf(organization)
  const people: Array<ItemPerson> = []
  for (const item of items) {
    const person = normalize(item)
    if ("faults" in person) people.push(person)
    else {
      const aliases = yield* hasher.aliases(person.identifiers, project, item.person)
      people.push({ concordId: person.identifiers.concordId, aliases, leftOut: person.leftOut })
    }
  }
  return people
})

/** The person that each alias of the items names now, by the hash of the alias. */
export const namedBy = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<ItemPerson>,
  { store }: LedgerContext,
) {
  const hashes = people.flatMap((person) => ("aliases" in person ? person.aliases.map(({ hash }) => hash) : []))
  const distinct = [...new Set(hashes)]
  const named = distinct.length === 0 ? [] : yield* store.people.byAlias(organization, distinct)
  return new Map(distinct.map((hash, index) => [hash, named[index]?.concordId]))
})

/**
 * Maps each person to the survivor of their join, so that two identifiers of one joined person are not reported as a
 * conflict. Only of items whose identifiers name several people.
 */
export const survivorsOf = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<ItemPerson>,
  named: ReadonlyMap<string, string | undefined>,
  context: LedgerContext,
) {
  const survivors = new Map<string, string>()
  for (const person of people) {
    if ("faults" in person) continue
    const ids = [person.concordId, ...person.aliases.map(({ hash }) => named.get(hash))]
    const distinct = new Set(ids.filter((id) => id !== undefined))
    if (distinct.size < 2) continue
    for (const id of distinct) survivors.set(id, (yield* Joins.counted(organization, id, context)).survivor)
  }
  return survivors
})

/**
 * Whether identifiers name the person of an event, now or as known when it was recorded. The identifiers that it was
 * recorded with named its person or one joined with it.
 */
export const nameEventPerson = Effect.fnUntraced(function* (
  person: HashedPerson,
  { concordId, dateCreated }: { readonly concordId: string; readonly dateCreated: number },
  named: ReadonlyMap<string, string | undefined>,
  organization: Organization,
  context: LedgerContext,
) {
  const others = person.aliases.filter(({ hash }) => named.get(hash) !== concordId).map(({ hash }) => hash)
  const isNamed = person.concordId === undefined || person.concordId === concordId
  if (isNamed && others.length === 0) return true
  const facts = yield* Joins.facts(organization, concordId, context)
  const { members } = People.joinedWith(facts, concordId, dateCreated)
  if (!isNamed && !members.includes(person.concordId!)) return false
  const then = others.length === 0 ? [] : yield* context.store.people.byAlias(organization, others, dateCreated)
  return then.every((each) => each !== undefined && members.includes(each.concordId))
})
