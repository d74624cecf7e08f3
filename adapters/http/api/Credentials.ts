/**
 * Who is asking: a server with an API key, or a browser with a session.
 */
import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import type { ApiKey } from "../../../core/Catalog.ts"
import type { Site } from "../../../core/ledger/Ledger.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"

/** The API key of the request. */
export class CurrentKey extends Context.Service<CurrentKey, ApiKey>()("assent/http/CurrentKey") {}

/** The visitor of the request: the session, and the project it was opened in. */
export class CurrentVisitor extends Context.Service<
  CurrentVisitor,
  { readonly session: Session; readonly site: Site }
>()("assent/http/CurrentVisitor") {}

/** Requires a valid `x-api-key`. */
export class KeyRequired extends HttpApiMiddleware.Service<KeyRequired, { provides: CurrentKey }>()(
  "assent/http/KeyRequired",
  { security: { apiKey: HttpApiSecurity.apiKey({ key: "x-api-key", in: "header" }) } },
) {}

/** Requires a valid `x-session` of the project in the path. */
export class SessionRequired extends HttpApiMiddleware.Service<SessionRequired, { provides: CurrentVisitor }>()(
  "assent/http/SessionRequired",
  { security: { session: HttpApiSecurity.apiKey({ key: "x-session", in: "header" }) } },
) {}
