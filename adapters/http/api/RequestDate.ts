/**
 * A date that a client sends about a compliance request: milliseconds since 1970, as these objects are answered, or an
 * ISO 8601 date-time, as everything else is.
 */
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"
import * as Instant from "../../../core/engine/Instant.ts"

const expected =
  "expected whole milliseconds since 1970-01-01, or an ISO 8601 date-time with an offset, such as 2024-02-29T12:00:00.000Z"

const parse = (value: number | string): Instant.Instant | undefined => {
  if (typeof value === "string") return Instant.parse(value)
  return Instant.isInstant(value) ? value : undefined
}

const read = <From extends number | string>(from: Schema.Codec<From>, parseFrom: (value: From) => number | undefined) =>
  from.pipe(
    Schema.decodeTo(
      Schema.Number,
      SchemaTransformation.transformEffect<number, From>({
        decode: (given) => {
          const instant = parseFrom(given)
          return instant === undefined
            ? Effect.fail(new SchemaIssue.InvalidValue({ message: expected }))
            : Effect.succeed(instant)
        },
        encode: (instant) => Effect.succeed(Instant.format(instant) as From),
      }),
    ),
  )

/** In a body: a number of milliseconds, or a date-time. */
export const InBody = read(Schema.Union([Schema.Number, Schema.String]).annotate({ message: expected }), parse)

/** In a query: the digits of a number of milliseconds, or a date-time. */
export const InQuery = read(Schema.String, (text) => parse(/^\d{1,15}$/.test(text) ? Number(text) : text))
