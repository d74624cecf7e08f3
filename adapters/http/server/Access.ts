/**
 * Who may do what: checks credentials, and that what a path names belongs to who asks.
 */
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import type { Role } from "../../../core/Catalog.ts"
import { Ledger } from "../../../core/ledger/Ledger.ts"
import { CurrentKey, CurrentVisitor, KeyRequired, SessionRequired } from "../api/Credentials.ts"
import * as Answer from "./Answer.ts"

/** What a role must be allowed. */
export type Permission = "read" | "write"

const allowed: { readonly [Holder in Role]: ReadonlyArray<Permission> } = {
  owner: ["read", "write"],
  admin: ["read", "write"],
  limited: ["read", "write"],
  viewer: ["read"],
  none: [],
}

const noProject = new Answer.Problem({ status: 404, detail: "there is no such project" })

/** The project of a path on the Site API. */
export const openSite = Effect.fnUntraced(function* (projectId: string) {
  const ledger = yield* Ledger
  return yield* Option.match(yield* ledger.site(projectId), {
    onNone: () => noProject,
    onSome: Effect.succeed,
  })
})

/** The project of a path, if it is the key's own: what belongs to another organization does not exist. */
export const projectOf = Effect.fnUntraced(function* (
  { organizationId, projectId }: { readonly organizationId: string; readonly projectId: string },
  permission: Permission,
) {
  const key = yield* CurrentKey
  const site = yield* openSite(projectId)
  const isOwn = key.organization === organizationId.toLowerCase() && site.organization.id === key.organization
  if (!isOwn) return yield* noProject
  if (allowed[key.role].includes(permission)) return site
  return yield* new Answer.Problem({ status: 403, detail: `the API key's role ${key.role} may not ${permission} here` })
})

/** RFC 9110, section 11.6.1, wants a challenge: here it is the name of the header to send. */
const unauthorized = (header: string) =>
  new Answer.Problem({ status: 401, detail: `send a valid ${header} header`, headers: { "www-authenticate": header } })

/** Looks the API key up by the hash of its secret. */
export const keyLayer = Layer.effect(
  KeyRequired,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const keyOf = Effect.fnUntraced(function* (secret: string) {
      const key = yield* ledger.apiKey(secret)
      return Option.isSome(key) ? key.value : yield* unauthorized("x-api-key")
    })
    return KeyRequired.of({
      apiKey: (httpEffect, { credential }) =>
        Effect.matchEffect(keyOf(Redacted.value(credential)), {
          onSuccess: (key) => Effect.provideService(httpEffect, CurrentKey, key),
          onFailure: Answer.refuse,
        }),
    })
  }),
)

/** Looks the session up by the hash of its token, in the project of the path. */
export const sessionLayer = Layer.effect(
  SessionRequired,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const visitorOf = Effect.fnUntraced(function* (token: string) {
      const { params } = yield* HttpRouter.RouteContext
      const site = yield* openSite(params["projectId"] ?? "").pipe(Effect.provideService(Ledger, ledger))
      const session = yield* ledger.useSession(site.project, token)
      return Option.isSome(session) ? { session: session.value, site } : yield* unauthorized("x-session")
    })
    return SessionRequired.of({
      session: (httpEffect, { credential }) =>
        Effect.matchEffect(visitorOf(Redacted.value(credential)), {
          onSuccess: (visitor) => Effect.provideService(httpEffect, CurrentVisitor, visitor),
          onFailure: Answer.refuse,
        }),
    })
  }),
)
