/**
 * The paths of the API, each with its methods and with the facts that its endpoints are annotated with. Built once,
 * from the `Api` value.
 *
 * It names a request in logs and metrics, answers requests that fit no endpoint, and serves code that acts before the
 * router. The functions that take a request target (path and query, as sent) also match unserved targets: {@link
 * isProbe} and {@link isSiteApi} by the beginning of an annotated path, {@link isRowStream} by its end. Such a request
 * is answered 404 later.
 */
import { Context } from "effect"
import { HttpApi } from "effect/http-api"
import type { IncomingMessage } from "node:http"
import { Api } from "../api/Api.ts"
import { KeyRequired } from "../api/Credentials.ts"
import { paths, Probe, PublicFile, SiteApi, StreamsFile, StreamsRows, TakesCookie } from "../api/Endpoint.ts"

/** A path with the methods it takes. */
export interface Route {
  /** As it is declared, such as `/site-v1/:projectId/session`: without any value that was sent. */
  readonly template: string
  readonly path: RegExp
  readonly methods: Set<string>
  /** The methods of the endpoints that take no query parameter. */
  readonly withoutQuery: Set<string>
  /** Whether its endpoints require an API key. */
  readonly takesKey: boolean
}

/** An endpoint: what the table needs of its declaration. */
interface Declared {
  readonly method: string
  readonly template: string
  readonly takesQuery: boolean
  readonly takesKey: boolean
  readonly annotations: Context.Context<never>
}

const declaredEndpoints = (): ReadonlyArray<Declared> => {
  const declared: Array<Declared> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, mergedAnnotations: annotations, middleware }) => {
      const { method, path, query } = endpoint
      const takesKey = [...middleware].some((each) => each.key === KeyRequired.key)
      declared.push({ method, template: path, takesQuery: query !== undefined, takesKey, annotations })
    },
  })
  return declared
}

const endpoints = declaredEndpoints()

/** The path of the page of a requester. It is no endpoint, because programs have the API. */
export const requesterPage = `${paths.site}/compliance-requests/:id/page/:ticket` as const

/** The path of a callback about a task. It is no endpoint, because its form is that of OpenDSR. */
export const taskCallback = "/callbacks/:token"

const buildRoutes = (): ReadonlyArray<Route> => {
  const byTemplate = new Map<string, Route>()
  const add = ({ method, takesKey, takesQuery, template }: Omit<Declared, "annotations">) => {
    const path = new RegExp(`^${template.replaceAll(/:\w+/g, "[^/%]+")}$`)
    const route = byTemplate.get(template) ?? { template, path, methods: new Set(), withoutQuery: new Set(), takesKey }
    byTemplate.set(template, route)
    for (const name of method === "GET" ? ["GET", "HEAD"] : [method]) {
      route.methods.add(name)
      if (!takesQuery) route.withoutQuery.add(name)
    }
  }
  for (const endpoint of endpoints) add(endpoint)
  for (const template of ["/openapi.json", "/docs"])
    add({ method: "GET", template, takesQuery: false, takesKey: false })
  // Mail servers and programs that read mails add parameters to links.
  for (const method of ["GET", "POST"]) add({ method, template: requesterPage, takesQuery: true, takesKey: false })
  add({ method: "POST", template: taskCallback, takesQuery: false, takesKey: false })
  const parameters = ({ template }: Route) => template.split(":").length
  // A path with fewer parameters is more exact: `/data-systems/import` is not the data system `import`.
  return [...byTemplate.values()].toSorted((a, b) => parameters(a) - parameters(b))
}

const routes = buildRoutes()

/** The route of a path without its query; `undefined` for a path that is not served. */
export const match = (path: string): Route | undefined => routes.find((route) => route.path.test(path))

const annotatedWith = (annotation: Context.Reference<boolean>): ReadonlyArray<Declared> =>
  endpoints.filter(({ annotations }) => Context.get(annotations, annotation))

/** Matches the targets of all endpoints with an annotation. */
const targetsOf = (annotation: Context.Reference<boolean>): RegExp =>
  new RegExp(
    `^(${annotatedWith(annotation)
      .map(({ template }) => template.replaceAll(/:\w+/g, "[^/?]+"))
      .join("|")})(\\?|$)`,
  )

const probes = targetsOf(Probe)
const cookieTakers = targetsOf(TakesCookie)

/** Whether pages of the project may call a request target with credentials of the browser. */
export const takesCookie = (target: string): boolean => cookieTakers.test(target)

/** Whether a request target is that of a health probe, with any method. */
export const isProbe = (target: string): boolean => probes.test(target)

/** The end of each path that takes rows or a file: what follows its last parameter. */
const rowStreams = [...annotatedWith(StreamsRows), ...annotatedWith(StreamsFile)].map(({ method, template }) => ({
  method,
  end: new RegExp(`${template.slice(template.lastIndexOf(":")).replace(/^:\w+/, "")}(\\?|$)`),
}))

/** Whether a request sends rows without a limit of size, or a file. */
export const isRowStream = ({ method, url = "" }: Pick<IncomingMessage, "method" | "url">): boolean =>
  rowStreams.some((stream) => method === stream.method && stream.end.test(url))

/** The beginning of the paths of the Site API: what precedes the id of the project. */
const siteRoots = [...new Set(annotatedWith(SiteApi).map(({ template }) => template.split(":", 1)[0]!))]

/** Whether a request target is below the root of the Site API. */
export const isSiteApi = (target: string): boolean => siteRoots.some((root) => target.startsWith(root))

const requesterPagePath = new RegExp(`^${requesterPage.replaceAll(/:\w+/g, "[^/?#]+")}(\\?|$)`)

/** Whether a request target is the page of a requester, which no other page may read. */
export const isRequesterPage = (target: string): boolean => requesterPagePath.test(target)

const publicFiles = annotatedWith(PublicFile).map(
  ({ template }) => new RegExp(`^${template.replaceAll(/:\w+/g, "[^/?#]+")}(\\?|$)`),
)

/** Whether a request target is a file that every page may load. */
export const isPublicFile = (target: string): boolean => publicFiles.some((path) => path.test(target))

const siteProject = new RegExp(`^(?:${siteRoots.join("|")})([^/?#]+)`)

/** The id of the project that a target of the Site API names, as sent; `undefined` if it names no project. */
export const siteProjectId = (target: string): string | undefined => siteProject.exec(target)?.[1]
