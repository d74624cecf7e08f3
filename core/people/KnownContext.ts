/**
 * Whether a browser is known by the `contextId` that it kept of an earlier session.
 */
import { Effect } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"

/** Whether a `contextId` names a guest of a project. Any other text names none. */
export const of = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  contextId: string,
  { hasherOf, store }: LedgerContext,
): Effect.fn.Return<boolean, StoreUnavailable> {
  if (!Identifiers.isContextId(contextId)) return false
  const hasher = yield* hasherOf(organization)
  const { hash } = yield* hasher.context(contextId.toLowerCase(), project)
  return (yield* store.people.byAlias(organization, [hash]))[0] !== undefined
})
