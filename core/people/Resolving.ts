/**
 * Resolving identifiers to the person they name (semantics, section 5).
 */
import { Effect } from "effect"
import type { ProjectScope } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

/** The person that identifiers name, if there is one; or what is wrong with the identifiers. */
export type FoundPerson =
  | {
      readonly _tag: "Found"
      readonly concordId: string | undefined
      /**
       * The hash of the identifier; left out for a `concordId`. A question takes it along with `concordId`, because it
       * is about the person that the identifier named as known at its `knownAt`.
       */
      readonly alias?: string
    }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

/** The person that an identifier names now. Never creates a person. */
export const find = Effect.fnUntraced(function* (
  scope: ProjectScope,
  identifiers: People.Identifiers,
  { hasherOf, store }: LedgerContext,
): Effect.fn.Return<FoundPerson, StoreUnavailable> {
  const { organization, project } = scope
  const person = Identifiers.normalize(identifiers)
  if ("faults" in person) return { _tag: "Refused", faults: person.faults }
  const { concordId } = person.identifiers
  if (concordId !== undefined) return { _tag: "Found", concordId }
  const hasher = yield* hasherOf(organization)
  const [alias] = yield* hasher.aliases(person.identifiers, project)
  const { hash } = alias!
  const [named] = yield* store.people.byAlias(organization, [hash])
  return { _tag: "Found", concordId: named?.concordId, alias: hash }
})
