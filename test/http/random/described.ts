/**
 * Whether answers are as `/openapi.json` says: the status is one of the operation's, with its media type, and the body
 * passes its schema.
 *
 * Some answers belong to no operation, and are not described: 404 for an unknown path, 405 for another method, and the
 * refusal of something that is not a request, such as headers that are too large. Their body is a problem, too.
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import formats from "ajv-formats"
import type { Answer, Server } from "../../support/server.ts"

interface Response {
  readonly content?: Readonly<Record<string, unknown>>
}
interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<{ readonly in: string; readonly name: string }>
  readonly responses: Readonly<Record<string, Response>>
}

/** The description of a server. */
export interface Described {
  readonly operations: ReadonlyArray<{ readonly id: string; readonly method: string; readonly path: string }>
  /** The first error of an answer; `undefined` if it is as described. */
  readonly fault: (
    method: string,
    url: string,
    answer: Pick<Answer, "status" | "headers" | "text">,
  ) => string | undefined
  /** The number of answers by operation and status. */
  readonly seen: ReadonlyMap<string, number>
}

/** The statuses of requests that reach no operation. */
const beforeAnyOperation: ReadonlySet<number> = new Set([400, 408, 413, 417, 431])

const problemType = "application/problem+json"

/** A JSON Pointer into the description. */
const pointer = (...parts: ReadonlyArray<string>): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("")

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads the description of a server. */
export const describedBy = async (server: Pick<Server, "request">): Promise<Described> => {
  const { json } = await server.request("GET", "/openapi.json")
  const parametersOf = (path: string): number => path.split("{").length
  // A path with fewer parameters is found first, as by the router.
  const paths = Object.entries(json.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>)
    .toSorted(([one], [other]) => parametersOf(one) - parametersOf(other))
    .map(([path, operations]) => ({
      path,
      pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/%]+")}$`),
      operations,
    }))
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  ajv.addSchema({ ...json, $id: "https://server.example/openapi.json" })
  // A problem of any status: like the described one, with another status and title.
  const { properties, ...rest } = json.components.schemas.BadRequest
  const anyStatus = { statusCode: { type: "integer" }, status: { type: "integer" }, error: { type: "string" } }
  const isProblem = ajv.compile({ ...rest, properties: { ...properties, ...anyStatus } })
  const compiled = new Map<string, ValidateFunction>()
  const validatorOf = (reference: string): ValidateFunction => {
    const known = compiled.get(reference) ?? ajv.compile({ $ref: `https://server.example/openapi.json#${reference}` })
    compiled.set(reference, known)
    return known
  }
  const seen = new Map<string, number>()

  const bodyFault = (text: string, validate: ValidateFunction, mediaType = problemType): string | undefined => {
    const body = mediaType.endsWith("json") ? jsonOf(text) : text
    if (body === undefined) return `the body is no JSON: ${text.slice(0, 200)}`
    return validate(body) ? undefined : `${ajv.errorsText(validate.errors)}: ${text.slice(0, 400)}`
  }

  const problemFault = ({ headers, status, text }: Pick<Answer, "status" | "headers" | "text">, isHead: boolean) => {
    if (headers["content-type"] !== problemType) return `the media type is ${headers["content-type"]}`
    if (isHead) return undefined
    const { statusCode } = (jsonOf(text) ?? {}) as { readonly statusCode?: unknown }
    return statusCode === status ? bodyFault(text, isProblem) : `statusCode is ${String(statusCode)}`
  }

  const fault: Described["fault"] = (method, url, answer) => {
    const { headers, status, text } = answer
    const isHead = method === "HEAD"
    const path = url.split("?", 1)[0]!
    const entry = paths.find(({ pattern }) => pattern.test(path))
    const name = isHead ? "get" : method.toLowerCase()
    const operation = entry?.operations[name]
    const key = `${operation?.operationId ?? "none"} ${status}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
    if (isHead && text !== "") return "HEAD is answered with a body"
    if (operation === undefined || entry === undefined) {
      const isPage = status === 200 && ["/docs", "/openapi.json"].includes(path) && ["get"].includes(name)
      if (isPage) return undefined
      const isPreflight = status === 204 && method === "OPTIONS"
      if (isPreflight) return undefined
      // A parameter that the router does not match, such as an empty or a very long one, makes an unknown path.
      const expected = status === 404 || status === 405 || status === 403 || beforeAnyOperation.has(status)
      return expected ? problemFault(answer, isHead) : `${status} is not expected where nothing is described`
    }
    const described = operation.responses[status]
    if (described === undefined) {
      return beforeAnyOperation.has(status) ? problemFault(answer, isHead) : `${status} is not described`
    }
    const mediaType = (headers["content-type"] ?? "").split(";", 1)[0]!
    if (described.content === undefined) return text === "" ? undefined : `${status} is described without a body`
    if (!Object.hasOwn(described.content, mediaType)) return `the media type ${mediaType} is not described`
    if (isHead) return undefined
    const place = pointer("paths", entry.path, name, "responses", String(status), "content", mediaType, "schema")
    return bodyFault(text, validatorOf(place), mediaType)
  }

  const operations = paths.flatMap(({ path, operations }) =>
    Object.entries(operations).map(([method, { operationId }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
    })),
  )
  return { operations, fault, seen }
}
