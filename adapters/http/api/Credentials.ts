/**
 * The credentials of a request: the API key of a server, or the session of a browser.
 */
import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import type { ApiKey, Organization, ProjectScope } from "../../../core/model/Catalog.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"

/** The API key of the request, its organization, and the scope of the project in the path, if the path names one. */
export class CurrentKey extends Context.Service<
  CurrentKey,
  { readonly key: ApiKey; readonly organization: Organization; readonly scope: ProjectScope | undefined }
>()("assent/http/CurrentKey") {}

/** The session of the request, and the scope of the project it was opened in. */
export class CurrentVisitor extends Context.Service<
  CurrentVisitor,
  {
    readonly session: Session
    readonly scope: ProjectScope
    /** False if the session has ended, and the request may repeat the one that ended it. */
    readonly isLive: boolean
  }
>()("assent/http/CurrentVisitor") {}

/** Requires a valid `x-api-key` that has the permission of the endpoint in the organization and project of the path. */
export class KeyRequired extends HttpApiMiddleware.Service<KeyRequired, { provides: CurrentKey }>()(
  "assent/http/KeyRequired",
  { security: { apiKey: HttpApiSecurity.apiKey({ key: "x-api-key", in: "header" }) } },
) {}

/** Requires a valid `x-session` of the project in the path. */
export class SessionRequired extends HttpApiMiddleware.Service<SessionRequired, { provides: CurrentVisitor }>()(
  "assent/http/SessionRequired",
  { security: { session: HttpApiSecurity.apiKey({ key: "x-session", in: "header" }) } },
) {}
