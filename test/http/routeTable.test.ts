/**
 * The facts about routes that are read from the annotations of the API: which targets are probes, streams of rows, and
 * of the Site API. Each is compared with a pattern written by hand, over targets that a client may send.
 */
import * as fc from "fast-check"
import { Context } from "effect"
import { HttpApi } from "effect/http-api"
import { describe, expect, test } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import {
  Probe,
  PublicFile,
  RepeatableAfterEnd,
  SiteApi,
  StreamsRows,
  TakesCookie,
} from "../../adapters/http/api/Endpoint.ts"
import * as RouteTable from "../../adapters/http/server/RouteTable.ts"

/** The names of the endpoints that have an annotation, of their own or of their group. */
const annotatedWith = (annotation: Context.Reference<boolean>): ReadonlyArray<string> => {
  const names: Array<string> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, mergedAnnotations }) => {
      if (Context.get(mergedAnnotations, annotation)) names.push(endpoint.identifier)
    },
  })
  return names.toSorted()
}

const templates: Array<string> = []
HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint: ({ endpoint }) => templates.push(endpoint.path) })

const parameter = fc.constantFrom(
  ..."0197a000-0000-7000-8000-000000000001 0197A000-0000-7000-8000-00000000000F a %41 %2F a%20b . .. : ; é * ( +".split(
    " ",
  ),
  "",
)

/** A path of the API, with any values as parameters. */
const served = fc
  .tuple(fc.constantFrom(...templates, "/openapi.json", "/docs"), fc.array(parameter, { minLength: 8, maxLength: 8 }))
  .map(([template, values]) => template.replaceAll(/:\w+/g, () => values.pop() ?? "x"))

const segment = fc.constantFrom(
  ..."livez readyz site-v1 SITE-V1 privacy-v1 health-check consent-events import Import imports import.json".split(" "),
  ..."xlivez livez2 organizations projects session identify a %69mport impor%74 site%2Dv1 livez;a health-check#".split(
    " ",
  ),
  "",
)

/** Any path of the words that occur in paths, and of words that are nearly the same. */
const unserved = fc.array(segment, { maxLength: 7 }).map((segments) => `/${segments.join("/")}`)

type Change = (path: string) => string

const change = fc.constantFrom<Change>(
  (path) => path,
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.slice(1),
  (path) => path.slice(0, -1),
  (path) => path.toUpperCase(),
  (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  (path) => path.replace(/[a-z]$/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => path.replaceAll("/", "//"),
  (path) => path.replaceAll("/", "%2F"),
  (path) => `http://assent.example${path}`,
  (path) => `${path}\n`,
)

const query = fc.constantFrom(
  ..."|?|?a=b|?/consent-events/import|?a=/consent-events/import?|??|#|#a|?a#b|&a=b|%3Fa=b|?/livez|?/site-v1/a".split(
    "|",
  ),
)

/** A target as a client may write it; about one in four is as documented. */
const target = fc
  .tuple(fc.oneof(served, unserved), fc.option(change, { freq: 2 }), fc.option(query, { freq: 2 }))
  .map(([path, change, query]) => (change?.(path) ?? path) + (query ?? ""))

const runs = { numRuns: 20_000 }

describe("a target, however it is written,", () => {
  test("is a probe if it begins like one", () => {
    const probe = /^\/(livez|readyz|site-v1\/[^/?]+\/health-check)(\?|$)/
    fc.assert(
      fc.property(target, (url) => {
        expect(RouteTable.isProbe(url)).toBe(probe.test(url))
      }),
      runs,
    )
  })

  test("is a stream of rows, or a file, if it is sent with POST and ends like one", () => {
    const methods = fc.constantFrom("POST", "GET", "HEAD", "PUT", "post", undefined)
    const isRowStream = (method: string | undefined, url: string | undefined): boolean =>
      method === "POST" && /\/(consent-events\/import|files)(\?|$)/.test(url ?? "")
    fc.assert(
      fc.property(methods, fc.option(target, { nil: undefined }), (method, url) => {
        const request = { ...(method !== undefined && { method }), ...(url !== undefined && { url }) }
        expect(RouteTable.isRowStream(request)).toBe(isRowStream(method, url))
      }),
      runs,
    )
  })

  test("is of the Site API if it begins like it, and names the project that follows", () => {
    const site = /^\/site-v1\/([^/?#]+)/
    fc.assert(
      fc.property(target, (url) => {
        expect(RouteTable.isSiteApi(url)).toBe(url.startsWith("/site-v1/"))
        expect(RouteTable.siteProjectId(url)).toBe(site.exec(url)?.[1])
      }),
      runs,
    )
  })

  test("meets each of the patterns in these tests", () => {
    const urls = fc.sample(target, 5000)
    for (const pattern of [
      /^\/livez\?/,
      /^\/site-v1\/[^/?]+\/health-check$/,
      /import\?/,
      /^\/site-v1\/[^/?#]+/,
      /%2F/,
    ]) {
      expect(urls.filter((url) => pattern.test(url)).length).toBeGreaterThan(0)
    }
  })
})

test("each annotation is on the endpoints that it is meant for", () => {
  expect(annotatedWith(Probe)).toEqual(["getHealth", "getLiveness", "getReadiness"])
  expect(annotatedWith(StreamsRows)).toEqual(["importConsentEvents"])
  expect(annotatedWith(RepeatableAfterEnd)).toEqual(["identify"])
  const onSite: Array<string> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      if (endpoint.path.startsWith("/site-v1/")) onSite.push(endpoint.identifier)
    },
  })
  expect([...annotatedWith(SiteApi), ...annotatedWith(PublicFile)].toSorted()).toEqual(onSite.toSorted())
  expect(annotatedWith(TakesCookie)).toEqual(["actInVisit", "getVisit"])
})
