/**
 * The cookie in which a browser keeps the `contextId` of a project where its page is same-site with the service.
 * Scripts cannot read it, and browsers that delete after a week what scripts have written keep it.
 */
import type { HttpServerRequest } from "effect/http"

/** 400 days: the longest that browsers keep a cookie. */
const maxAgeSeconds = 34_560_000

const nameOf = (projectId: string): string => `assent-context-${projectId}`

/** Whether a request comes from a page of the same site, which the browser says (Fetch Metadata). */
export const isSameSite = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["sec-fetch-site"] === "same-origin" || headers["sec-fetch-site"] === "same-site"

/** The `contextId` that a request has in the cookie; `undefined` where it has none, or comes from another site. */
export const read = (request: HttpServerRequest.HttpServerRequest, projectId: string): string | undefined => {
  if (!isSameSite(request)) return undefined
  const prefix = `${nameOf(projectId)}=`
  const pairs = (request.headers["cookie"] ?? "").split(";").map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length)
}

/** The field that makes the browser keep a `contextId`. */
export const set = (projectId: string, contextId: string): Readonly<Record<string, string>> => ({
  "set-cookie": `${nameOf(projectId)}=${contextId}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=Lax`,
})
