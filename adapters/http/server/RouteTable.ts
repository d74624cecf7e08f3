/**
 * The paths that are served, each with its methods: one table for what is answered to misfits, and for what a request is
 * called in logs and metrics.
 */
import { HttpApi } from "effect/http-api"
import { Api } from "../api/Api.ts"

/** A path with the methods it takes. */
export interface Route {
  /** As it is declared, such as `/site-v1/:projectId/session`: it names nobody. */
  readonly template: string
  readonly path: RegExp
  readonly methods: Set<string>
  /** The methods whose endpoints take no query parameter. */
  readonly withoutQuery: Set<string>
}

const servedPaths = (): ReadonlyArray<Route> => {
  const served = new Map<string, Route>()
  const add = (method: string, template: string, takesQuery: boolean) => {
    const path = new RegExp(`^${template.replaceAll(/:\w+/g, "[^/%]+")}$`)
    const entry = served.get(template) ?? { template, path, methods: new Set(), withoutQuery: new Set() }
    served.set(template, entry)
    for (const name of method === "GET" ? ["GET", "HEAD"] : [method]) {
      entry.methods.add(name)
      if (!takesQuery) entry.withoutQuery.add(name)
    }
  }
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => add(endpoint.method, endpoint.path, endpoint.query !== undefined),
  })
  for (const path of ["/openapi.json", "/docs"]) add("GET", path, false)
  return [...served.values()]
}

const served = servedPaths()

/** What is served at a path without its query; nothing where nothing is. */
export const match = (path: string): Route | undefined => served.find((candidate) => candidate.path.test(path))
