/**
 * The session of a visit that acts: the one whose token was sent, or a new one where that has ended.
 */
import { Context, Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import { TakesDeclines } from "../api/Endpoint.ts"
import * as ContextCookie from "../server/ContextCookie.ts"
import * as RequestLog from "../server/RequestLog.ts"
import * as SessionOpening from "./SessionOpening.ts"

/** The session of a request, and what the browser keeps of it. */
export interface VisitSession {
  readonly session: Session
  readonly token: string
  /** Of a new session. */
  readonly contextId?: string
}

/** What a session is found or opened by. */
export interface Asked extends Omit<SessionOpening.Opening, "body"> {
  readonly token: string | undefined
}

/** The session of a token, or else a new one, for the visitor that the `contextId` names. */
export const of = Effect.fnUntraced(function* (asked: Asked) {
  const { account, request, scope, token } = asked
  const ledger = yield* Ledger
  const live = token === undefined ? Option.none() : yield* ledger.liveSession(scope.project, token)
  const found: VisitSession = Option.isSome(live)
    ? { session: live.value, token: token! }
    : yield* SessionOpening.open(asked)
  yield* RequestLog.add({ caller: "session" })
  const { concordId, id } = found.session
  yield* account.admit({ session: id, visitor: concordId }, request, Context.make(TakesDeclines, true))
  if (Option.isNone(live) || account.isExceeded()) return found
  return { ...found, session: yield* ledger.useSession(scope.project, found.session) }
})

/** What is answered of a session, and the cookie that keeps its `contextId` where the page is same-site. */
export const answered = (
  request: HttpServerRequest.HttpServerRequest,
  { project }: ProjectScope,
  found: VisitSession,
) => {
  const { contextId } = found
  const isKept = contextId !== undefined && ContextCookie.isSameSite(request)
  return {
    members: { session: found.token, id: found.session.id, ...(contextId !== undefined && !isKept && { contextId }) },
    headers: isKept ? ContextCookie.set(project.id, contextId) : {},
  }
}
