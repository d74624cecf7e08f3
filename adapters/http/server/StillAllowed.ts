/**
 * Whether the current request is still allowed: its credential, and its role in the project, as they are now. Checked
 * again after anything that may take long, because a credential that was revoked meanwhile must not be used any more.
 */
import { Context, Effect } from "effect"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import type { HttpProblem } from "./Answer.ts"

/** A body that takes longer than this to arrive is slow: the request is checked again after it. In milliseconds. */
export const momentMillis = 1_000

/** The scope of the project in the path as it is now, if there is one; fails if the request is not allowed any more. */
export type Check = Effect.Effect<ProjectScope | undefined, HttpProblem | StoreUnavailable>

/** The check of the current request; a request without a credential is always allowed. */
export const StillAllowed = Context.Reference<Check>("assent/http/StillAllowed", {
  defaultValue: () => Effect.undefined,
})
