/**
 * Shared parts of the declarations of endpoints: paths, annotations, and facts about a route that the server needs.
 *
 * The server reads these facts from the one `Api` value: the permissions and the repeatable endpoints with the
 * endpoint, the others through `server/RouteTable.ts`, before the router has found the endpoint.
 */
import { Context, Schema } from "effect"
import { type HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import type { Permission } from "../../../core/model/Role.ts"

/** The permission an API key needs for an endpoint. Every endpoint that requires an API key declares one. */
export const Needs = Context.Reference<Permission | undefined>("assent/http/Needs", { defaultValue: () => undefined })

/**
 * Whether the permission is needed in the organization and in every project: the request is about a whole person, which
 * has data in any of them. A key with a lesser role in one project must not read or erase there by this way.
 */
export const InEveryProject = Context.Reference<boolean>("assent/http/InEveryProject", { defaultValue: () => false })

/**
 * Whether the body of a request is a stream of rows without a limit of size. It has no time limit as long as rows keep
 * coming, and few such requests run at a time.
 */
export const StreamsRows = Context.Reference<boolean>("assent/http/StreamsRows", { defaultValue: () => false })

/**
 * Whether the body of a request is a file, which is read while it arrives. As for a stream of rows, it has no time
 * limit as long as bytes keep coming, and few such requests run at a time; it has a limit of size.
 */
export const StreamsFile = Context.Reference<boolean>("assent/http/StreamsFile", { defaultValue: () => false })

/**
 * Whether the body of a request can hold declines alone. No quota refuses such a request before its body is read,
 * because a "no" that changes an answer is recorded even if the quota is used up.
 */
export const TakesDeclines = Context.Reference<boolean>("assent/http/TakesDeclines", { defaultValue: () => false })

/** Whether an endpoint is a health probe. A probe is answered under overload too. */
export const Probe = Context.Reference<boolean>("assent/http/Probe", { defaultValue: () => false })

/** Whether an endpoint belongs to the Site API, which pages on the project's domains may call from a browser (CORS). */
export const SiteApi = Context.Reference<boolean>("assent/http/SiteApi", { defaultValue: () => false })

/**
 * Whether an endpoint answers a file that is the same for every page, of any origin: a cache may give it to all of
 * them.
 */
export const PublicFile = Context.Reference<boolean>("assent/http/PublicFile", { defaultValue: () => false })

/**
 * Whether an endpoint of the Site API keeps something in a cookie, so that pages of the project may call it with
 * credentials of the browser. Its `Origin` is checked at each request that changes something.
 */
export const TakesCookie = Context.Reference<boolean>("assent/http/TakesCookie", { defaultValue: () => false })

/**
 * Whether a request takes no `Idempotency-Key`, because what it records is recognized when it is sent again, and its
 * answer may be another one by then.
 */
export const TakesNoKey = Context.Reference<boolean>("assent/http/TakesNoKey", { defaultValue: () => false })

/**
 * Whether a request ends its own session, so that a repetition with the same `Idempotency-Key` is accepted with the
 * ended session.
 */
export const RepeatableAfterEnd = Context.Reference<boolean>("assent/http/RepeatableAfterEnd", {
  defaultValue: () => false,
})

/**
 * Whether an endpoint only reads. Only then does a request wait for the positions it names, because an answer can show
 * too little, while a request that records or changes something never waits.
 */
export const isRead = ({ annotations, method }: HttpApiEndpoint.Top): boolean =>
  method === "GET" || Context.get(annotations, Needs) === "read"

/** The paths that endpoints begin with. */
export const paths = {
  organizations: "/privacy-v1/organizations",
  organization: "/privacy-v1/organizations/:organizationId",
  project: "/privacy-v1/organizations/:organizationId/projects/:projectId",
  site: "/site-v1/:projectId",
} as const

/** A parameter of a path that names something by its id, a UUID. */
export const idOf = (what: string) =>
  Schema.String.annotate({ description: `The id of ${what}, a UUID`, format: "uuid" })

/** The parameters of the paths above. */
export const inOrganization = { organizationId: idOf("the organization") }
export const inProject = { ...inOrganization, projectId: idOf("the project") }
export const onSite = { projectId: idOf("the project") }

/** A person in a path. */
export const ofPerson = { ...inOrganization, concordId: idOf("the person, or of someone joined with it") }

/** Answered with 201. */
export const created = HttpApiSchema.status(201)

/** The summary and the description of an endpoint. */
export const about = (summary: string, description: string) => OpenApi.annotations({ summary, description })

/**
 * Describes the answer 304 to `If-None-Match` in OpenAPI alone. It is not declared as a success of the endpoint,
 * because a client that sends no `If-None-Match` never gets it.
 */
export const withNotModified = (operation: Readonly<Record<string, unknown>>) => ({
  ...operation,
  responses: { ...Object(operation["responses"]), 304: { description: "The answer with that ETag is still right" } },
})
