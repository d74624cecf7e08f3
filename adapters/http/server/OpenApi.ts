/**
 * The OpenAPI description as it is served: the one derived from the API, completed with what holds for many operations
 * (repeated requests, headers) and with an example of every operation.
 *
 * The examples are a sequence of requests to the demonstration data that an empty store is created with. A test sends
 * them in this order and compares the answers.
 */
import { Context } from "effect"
import { HttpApi, type HttpApiEndpoint, OpenApi } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { isRead, StreamsRows, TakesNoKey } from "../api/Endpoint.ts"
import * as Positions from "./Positions.ts"
import examples from "./examples.json" with { type: "json" }

/** The parts of OpenAPI 3.1 that are completed here. */
type Json = Readonly<Record<string, unknown>>

interface Media {
  readonly schema?: Json
  readonly examples?: Json
}

interface Answered {
  readonly content?: Readonly<Record<string, Media>>
  readonly headers?: Json
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly schema: Json
  readonly example?: unknown
}

interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, Answered>>
  readonly security?: ReadonlyArray<Json>
}

/** One request of the sequence. */
export interface Example {
  readonly operation: string
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** In place of a JSON body: the same rows in each media type that is accepted. */
  readonly texts?: Readonly<Record<string, string>>
  readonly status: number
  /** Left out where the answer has no body. */
  readonly answer?: unknown
}

/** All examples, in the order in which they can be sent. */
export const exampleSequence: ReadonlyArray<Example> = examples

const text = (description: string, more: Json = {}) => ({ description, schema: { type: "string", ...more } })

const retryAfter = { "Retry-After": text("When to come back, in seconds", { pattern: "^[0-9]+$" }) }

const rates = {
  "RateLimit-Policy": text(
    "The quotas that were drawn from, each with the seconds of its window (draft-ietf-httpapi-ratelimit-headers)",
  ),
  RateLimit: text("How much of each quota is left, and when there will be one more"),
}

const replayed = { "Idempotent-Replayed": text("`true` where the same request was answered before") }

const seen = {
  "Assent-Positions": text(
    "How far the answer has seen, as LANE=POSITION for each of its lanes and configuration=REVISION: send it back to see no less",
    {
      pattern: Positions.pattern.source,
    },
  ),
}

const positions = {
  name: "Assent-Positions",
  in: "header",
  required: false,
  description: "From an answer before: a server that has not come as far does not answer with less, but with 503",
  schema: { type: "string", pattern: Positions.pattern.source },
}

const cached = {
  ETag: text("Send it as If-None-Match to be told 304 while nothing has changed"),
  "Cache-Control": text("For how long the answer may be taken for what it is"),
}

/** The other form of the changes of a project. */
const asEvents = {
  "text/event-stream": {
    schema: {
      type: "string",
      description:
        "Server-sent events: `data` is a change, `event` its type, `id` a mark. `event: lost` names a `mark` to go on from",
    },
  },
}

const lastEventId = {
  name: "Last-Event-ID",
  in: "header",
  required: false,
  description: "Of server-sent events: the last `id`, which is taken in place of `after`",
  schema: { type: "string" },
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "1 to 255 printable characters, such as a UUID: sent again with the same key and body, the request is answered as before",
  schema: { type: "string", minLength: 1, maxLength: 255 },
  example: "6f1a2c54-93d1-4f6e-a1c7-0d4c7a0e5b21",
}

/** The schemas of whole numbers in a query, because the derived ones are of strings. */
const wholeNumbers: Readonly<Record<string, Json>> = {
  offset: { type: "integer", minimum: 0, default: 0 },
  limit: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
  version: { type: "integer", minimum: 1 },
  wait: { type: "integer", minimum: 0, maximum: 60, default: 0 },
}

const nameOf = ({ operationId }: Operation): string => operationId.split(".").at(-1)!

/** The declarations of the endpoints by their names, with all annotations. */
const endpoints = new Map<string, { readonly endpoint: HttpApiEndpoint.Top; readonly isRecognized: boolean }>()
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint, mergedAnnotations }) =>
    endpoints.set(endpoint.identifier, {
      endpoint,
      isRecognized: Context.get(mergedAnnotations, StreamsRows) || Context.get(mergedAnnotations, TakesNoKey),
    }),
})

const keyed: ReadonlySet<string> = new Set(["post", "put", "patch", "delete"])

/**
 * Whether an operation takes an `Idempotency-Key`. An import and a visit need none, because what they have recorded is
 * recognized; a question needs none, because it writes nothing.
 */
const takesKey = (method: string, operation: Operation): boolean => {
  const { endpoint, isRecognized } = endpoints.get(nameOf(operation))!
  return keyed.has(method) && !isRecognized && !isRead(endpoint)
}

/** Whether an operation requires an API key. Its answers then have `Assent-Positions`. */
const isKeyed = ({ security = [] }: Operation): boolean => security.some((each) => "apiKey" in each)

/** Whether an operation waits for the `Assent-Positions` of a request. */
const takesPositions = (operation: Operation): boolean =>
  isKeyed(operation) && isRead(endpoints.get(nameOf(operation))!.endpoint)

const headersOf = (status: string, method: string, operation: Operation): Json => ({
  ...((status === "429" || status === "503") && retryAfter),
  ...(((operation.security?.length ?? 0) > 0 || status === "429") && status !== "401" && rates),
  ...(takesKey(method, operation) && status.startsWith("2") && replayed),
  ...(isKeyed(operation) && status.startsWith("2") && seen),
  ...(/getVisit(orConsentState)?$/.test(operation.operationId) && status === "200" && cached),
})

const safeIntegers: ReadonlySet<unknown> = new Set([Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])

/** A schema without the bounds of a safe integer, which every whole number in JSON has. */
const withoutSafeBounds = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutSafeBounds)
  if (schema === null || typeof schema !== "object") return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([, value]) => !safeIntegers.has(value))
      .map(([name, value]) => [name, withoutSafeBounds(value)]),
  )
}

/** A schema that allows additional properties, because unknown members of a body are ignored. */
const openBody = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(openBody)
  if (schema === null || typeof schema !== "object") return schema
  const isClosed = "additionalProperties" in schema && schema.additionalProperties === false
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => !(isClosed && name === "additionalProperties"))
      .map(([name, value]) => [name, openBody(value)]),
  )
}

const named = (value: unknown): Json => ({ story: { summary: "On the demonstration", value } })

const withExample = (content: Readonly<Record<string, Media>>, example: (type: string) => unknown) =>
  Object.fromEntries(
    Object.entries(content).map(([type, media]) => {
      const shown = example(type)
      return [type, shown === undefined ? media : { ...media, examples: named(shown) }] as const
    }),
  )

const isJson = (type: string): boolean => /\bjson$/.test(type)

const bodyOf = ({ content }: NonNullable<Operation["requestBody"]>, example: Example | undefined) => ({
  required: true,
  content: withExample(
    Object.fromEntries(
      Object.entries(content).map(([type, { schema }]) => [type, { schema: openBody(schema) as Json }]),
    ),
    // A report of a browser has another form than that of a page, which is shown.
    (type) =>
      type === "application/reports+json"
        ? undefined
        : (example?.texts?.[type] ?? (isJson(type) || typeof example?.body === "string" ? example?.body : undefined)),
  ),
})

/** The value of an example parameter in the type of its schema; in the sequence it is a string. */
const typed = (schema: Json, shown: string): unknown =>
  schema["type"] === "integer" ? Number(shown) : schema["type"] === "array" ? [shown] : shown

const parameterOf = (parameter: Parameter, example: Example | undefined): Parameter => {
  const shown = example?.path?.[parameter.name] ?? example?.query?.[parameter.name]
  const { allOf = [], ...own } = parameter.schema as { readonly allOf?: ReadonlyArray<Json> }
  // What the schema says of its value is said of the parameter, because tools show the description of the parameter.
  const { description, ...derived }: Json = Object.assign(own, ...allOf)
  const schema = parameter.in === "query" ? (wholeNumbers[parameter.name] ?? derived) : derived
  return {
    ...parameter,
    description: String(description),
    schema,
    ...(shown !== undefined && { example: typed(schema, shown) }),
  }
}

const describeOperation = (method: string, operation: Operation): Operation => {
  const operationId = nameOf(operation)
  const isFeed = operationId === "listChanges"
  const example = exampleSequence.find((each) => each.operation === operationId)
  const parameters = (operation.parameters ?? []).map((parameter) => parameterOf(parameter, example))
  const responses = Object.entries(operation.responses).map(([status, answered]) => {
    const headers = headersOf(status, method, operation)
    const isShown = status === String(example?.status)
    const isText = typeof example?.answer === "string"
    const own =
      answered.content &&
      withExample(answered.content, (type) => (isShown && isText !== isJson(type) ? example?.answer : undefined))
    const content = own && isFeed && status === "200" ? { ...own, ...asEvents } : own
    const described = { ...answered, ...(content && { content }), ...(Object.keys(headers).length > 0 && { headers }) }
    return [status, described] as const
  })
  return {
    ...operation,
    operationId,
    parameters: [
      ...parameters,
      ...(takesKey(method, operation) ? [idempotencyKey] : []),
      ...(takesPositions(operation) ? [positions] : []),
      ...(isFeed ? [lastEventId] : []),
    ],
    ...(operation.requestBody && { requestBody: bodyOf(operation.requestBody, example) }),
    responses: Object.fromEntries(responses),
  }
}

const describe = (basePath: string, derived: Json): Json => {
  const spec = withoutSafeBounds(derived) as Json
  const paths = spec["paths"] as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  const described = Object.entries(paths).map(([path, item]) => {
    const operations = Object.entries(item).map(([method, each]) => [method, describeOperation(method, each)] as const)
    return [path, Object.fromEntries(operations)] as const
  })
  return {
    ...spec,
    servers: [{ url: basePath || "/", description: "This service" }],
    paths: Object.fromEntries(described),
  }
}

/** The API with its complete description, which names the path under which it is mounted. */
export const describedAt = (basePath: string) =>
  Api.annotate(OpenApi.Transform, (derived: Json) => describe(basePath, derived))
