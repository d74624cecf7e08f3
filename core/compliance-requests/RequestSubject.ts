/**
 * The person that a compliance request is about, once identity was shown: the one that the verified identifiers name.
 *
 * An e-mail address that several accounts share shows no one's identity (semantics, section 5).
 */
import { Effect } from "effect"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import * as ErasingByIdentifier from "../people/ErasingByIdentifier.ts"
import * as Resolving from "../people/Resolving.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** The one person of several ids; `conflict` if they are not joined. */
const oneOf = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<string>,
  context: LedgerContext,
) {
  const [first] = people
  const survivors = new Set<string>()
  for (const concordId of new Set(people))
    survivors.add((yield* Joins.counted(organization, concordId, context)).survivor)
  return survivors.size > 1 ? ("conflict" as const) : first
})

/** The person that ids of the ledger or the company name; `undefined` if they name no one yet. */
export const ofIds = Effect.fnUntraced(function* (
  scope: ProjectScope,
  ids: Pick<People.Identifiers, "concordId" | "userId" | "projectUserId">,
  context: LedgerContext,
) {
  const found = yield* Resolving.find(scope, ids, context)
  if (found._tag === "Refused") return undefined
  const people = [found, ...(found.further ?? [])].flatMap(({ concordId }) => concordId ?? [])
  return yield* oneOf(scope.organization, people, context)
})

/** The person that an e-mail address shows the identity of: nothing for one that names no one. */
export interface ShownSubject {
  readonly subject?: string
}

/** The person that an alias of an e-mail address shows the identity of; `shared` where it names several accounts. */
export const shownByAlias = Effect.fnUntraced(function* (
  { organization }: Pick<ProjectScope, "organization">,
  alias: People.Alias,
  context: LedgerContext,
): Effect.fn.Return<ShownSubject | "shared", StoreUnavailable> {
  const named = yield* context.store.people.byAlias(organization, People.hashesOf(alias))
  const people = named.flatMap((each) => each?.concordId ?? [])
  const person = yield* oneOf(organization, people, context)
  if (person === undefined) return {}
  if (person === "conflict") return "shared"
  for (const concordId of new Set(people)) {
    if (yield* ErasingByIdentifier.isShared(organization, alias, concordId, context)) return "shared"
  }
  return { subject: person }
})

/** The person that an e-mail address shows the identity of, as {@link shownByAlias}. */
export const shownByEmail = Effect.fnUntraced(function* (scope: ProjectScope, email: string, context: LedgerContext) {
  const hasher = yield* context.hasherOf(scope.organization)
  const [alias] = yield* hasher.aliases({ email }, scope.project)
  return yield* shownByAlias(scope, alias!, context)
})

/** The person that an e-mail address names; `undefined` for one that names no one, or is shared. */
export const ofEmail = Effect.fnUntraced(function* (scope: ProjectScope, email: string, context: LedgerContext) {
  const shown = yield* shownByEmail(scope, email, context)
  return shown === "shared" ? undefined : shown.subject
})
