/**
 * Resolving identifiers to the person they name (semantics, section 5).
 */
import { Effect } from "effect"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { PersonReference } from "../ledger/Reading.ts"

/** The people that identifiers name; or what is wrong with the identifiers. */
export type FoundPerson =
  | (PersonReference & {
      readonly _tag: "Found"
      /**
       * The references besides the first one; left out if there are none. A question takes them along, and is answered
       * by the decision that permits least.
       */
      readonly further?: ReadonlyArray<PersonReference>
    })
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

/**
 * The references of aliases that spellings were kept under by normalization 1, too. An earlier hash that never named
 * anyone is left aside, because new identifiers are kept under the hash of their normalized form.
 */
const withEarlier = Effect.fnUntraced(function* (
  organization: Organization,
  aliases: ReadonlyArray<People.Alias>,
  { store }: LedgerContext,
) {
  const hashes = aliases.flatMap(People.hashesOf)
  const own = new Set(aliases.map(({ hash }) => hash))
  const states = yield* store.people.aliasStates(organization, hashes)
  return hashes.flatMap((alias, index): ReadonlyArray<PersonReference> => {
    const { named, releasedAt } = states[index]!
    const isUsed = own.has(alias) || named !== undefined || releasedAt !== undefined
    return isUsed ? [{ concordId: named?.concordId, alias }] : []
  })
})

/** The references of aliases that have one hash each. */
const withoutEarlier = Effect.fnUntraced(function* (
  organization: Organization,
  aliases: ReadonlyArray<People.Alias>,
  { store }: LedgerContext,
) {
  const hashes = aliases.map(({ hash }) => hash)
  const named = hashes.length === 0 ? [] : yield* store.people.byAlias(organization, hashes)
  return hashes.map((alias, index): PersonReference => ({ concordId: named[index]?.concordId, alias }))
})

/**
 * The people that identifiers name now, in the order of `identifierKinds`. Never creates a person. An identifier other
 * than a `concordId` is referred to by its hash, because a question is about the person that it named as known at its
 * `knownAt`.
 */
export const find = Effect.fnUntraced(function* (
  scope: ProjectScope,
  identifiers: People.Identifiers,
  context: LedgerContext,
): Effect.fn.Return<FoundPerson, StoreUnavailable> {
  const { organization, project } = scope
  const person = Identifiers.normalize(identifiers)
  if ("faults" in person) return { _tag: "Refused", faults: person.faults }
  const { concordId } = person.identifiers
  const hasher = yield* context.hasherOf(organization)
  const aliases = yield* hasher.aliases(person.identifiers, project, identifiers)
  const refer = aliases.some(({ earlier }) => earlier !== undefined) ? withEarlier : withoutEarlier
  const references: ReadonlyArray<PersonReference> = [
    ...(concordId === undefined ? [] : [{ concordId }]),
    ...(yield* refer(organization, aliases, context)),
  ]
  const [first, ...further] = references
  return { _tag: "Found", ...first!, ...(further.length > 0 && { further }) }
})
