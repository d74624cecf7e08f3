/**
 * The session of a request that records something in it: it is written first, if nothing was written of it yet.
 */
import { Effect, Option } from "effect"
import { Ledger } from "../../../core/Ledger.ts"
import type { Project } from "../../../core/model/Catalog.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import { sessionEnded } from "../server/Authenticate.ts"

/** The session with its row; 401 if it has ended meanwhile. */
export const of = Effect.fnUntraced(function* (project: Project, session: Session) {
  const written = yield* (yield* Ledger).writeSession(project, session)
  return Option.isSome(written) ? written.value : yield* sessionEnded
})
