/**
 * Who is asking: a server with an API key, or a browser with a session.
 */
import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import type { ApiKey, Organization, ProjectScope } from "../../../core/model/Catalog.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"

/** The API key of the request, its organization, and the project of the path, if it names one. */
export class CurrentKey extends Context.Service<
  CurrentKey,
  { readonly key: ApiKey; readonly organization: Organization; readonly scope: ProjectScope | undefined }
>()("assent/http/CurrentKey") {}

/** The visitor of the request: the session, and the project it was opened in. */
export class CurrentVisitor extends Context.Service<
  CurrentVisitor,
  {
    readonly session: Session
    readonly scope: ProjectScope
    /** False where a request comes again that has ended its own session. */
    readonly isLive: boolean
  }
>()("assent/http/CurrentVisitor") {}

/** Requires a valid `x-api-key` with the permission that the endpoint needs, for what the path names. */
export class KeyRequired extends HttpApiMiddleware.Service<KeyRequired, { provides: CurrentKey }>()(
  "assent/http/KeyRequired",
  { security: { apiKey: HttpApiSecurity.apiKey({ key: "x-api-key", in: "header" }) } },
) {}

/** Requires a valid `x-session` of the project in the path. */
export class SessionRequired extends HttpApiMiddleware.Service<SessionRequired, { provides: CurrentVisitor }>()(
  "assent/http/SessionRequired",
  { security: { session: HttpApiSecurity.apiKey({ key: "x-session", in: "header" }) } },
) {}
