/**
 * The identifiers of the items of a batch, normalized and hashed (semantics, section 5).
 */
import { Effect } from "effect"
import type { Item } from "../model/Admission.ts"
import * as People from "../model/People.ts"
import type { Batch } from "./Batch.ts"
import * as Identifiers from "./Identifiers.ts"
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
  { organization, project }: Pick<Batch, "organization" | "project">,
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
