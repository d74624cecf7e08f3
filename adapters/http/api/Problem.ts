/**
 * The body of every error: `{ statusCode, error, message }` and, in the same object, problem details (RFC 9457).
 *
 * `errors` names each violation by a JSON Pointer (RFC 6901) into the body, or by the name of a query parameter.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** The media type of error bodies. */
export const contentType = "application/problem+json"

/** The reason phrases (RFC 9110, section 15) of the statuses that are answered. */
export const titles = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const

/** A status of an error answer. */
export type Status = keyof typeof titles

/** A violation, with its place. */
const Violation = Schema.Struct({
  pointer: Schema.optionalKey(Schema.String.annotate({ description: "JSON Pointer into the request body" })),
  parameter: Schema.optionalKey(Schema.String.annotate({ description: "Name of a query parameter" })),
  header: Schema.optionalKey(Schema.String.annotate({ description: "Name of a header" })),
  code: Schema.String.annotate({ description: "Stable name of the rule that is broken" }),
  detail: Schema.String.annotate({ description: "What is wrong, and what to do about it" }),
})

/** The same members for each status, so that code that handles one error handles all. */
const fields = (status: Status) => ({
  statusCode: Schema.Literal(status),
  error: Schema.Literal(titles[status]),
  message: Schema.String,
  type: Schema.String,
  title: Schema.String,
  status: Schema.Literal(status),
  detail: Schema.String,
  instance: Schema.String.annotate({ description: "Identifies this answer, also in the server's log" }),
  errors: Schema.optionalKey(Schema.Array(Violation)),
})

const answered = <Fields extends Schema.Struct.Fields>(status: Status, body: Schema.Struct<Fields>) =>
  body
    .annotate({ identifier: titles[status].replaceAll(" ", ""), description: titles[status] })
    .pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType }))

const problem = (status: Status) => answered(status, Schema.Struct(fields(status)))

/** One schema for each status, because the OpenAPI description must define each name once. */
const badRequest = problem(400)
const unauthorized = problem(401)
const forbidden = problem(403)
const notFound = problem(404)
const conflict = answered(
  409,
  Schema.Struct({
    ...fields(409),
    version: Schema.optionalKey(
      Schema.Int.annotate({ description: "The version in force, where another one was meant to be changed" }),
    ),
    toConfirm: Schema.optionalKey(
      Schema.Struct({
        concordId: Schema.String.annotate({ description: "Send it as `confirm`" }),
        members: Schema.Int.annotate({ description: "How many people are counted as this one" }),
        identifiers: Schema.Int.annotate({ description: "How many identifiers name them" }),
        events: Schema.Int.annotate({ description: "How many events stay, without personal data" }),
      }).annotate({ description: "The person that would be erased, where that must be confirmed" }),
    ),
  }),
)

const notAcceptable = problem(406)
const gone = answered(
  410,
  Schema.Struct({
    ...fields(410),
    mark: Schema.String.annotate({ description: "Where to go on, as `after`" }),
  }),
)

const tooLarge = problem(413)
const unsupported = problem(415)
const unprocessable = problem(422)
const tooMany = problem(429)
const failed = problem(500)
const unavailable = problem(503)

/** The errors of any request. */
export const always = [badRequest, notFound, failed, unavailable] as const

const body = [conflict, tooLarge, unsupported, unprocessable] as const

/** The errors of requests with a body. */
export const withBody = [...always, ...body, forbidden] as const

/** The errors of requests without a credential, whose number has a limit. */
export const limited = [...always, tooMany] as const

/** The errors of requests without a credential that write, and have a body. */
export const limitedWithBody = [...withBody, tooMany] as const

/** The errors of requests with a credential. */
export const authenticated = [...always, unauthorized, forbidden, tooMany] as const

/** The errors of requests for the changes of a project. */
export const following = [...authenticated, notAcceptable, gone] as const

/** The errors of requests with a credential that change something. */
export const changing = [...authenticated, conflict, unprocessable] as const

/** The errors of requests with a credential and a body. */
export const authenticatedWithBody = [...authenticated, ...body] as const

/** The errors of requests that say where in the changes of a project a webhook begins. */
export const webhook = [...authenticatedWithBody, gone] as const
