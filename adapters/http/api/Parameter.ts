/**
 * Query parameters, with what the reference says of them.
 */
import { Schema } from "effect"

/**
 * A parameter that may be left out. The description stands on the encoded side, because a query holds strings, which
 * the reference describes.
 */
export const optional = <S extends Schema.Top>(
  schema: S,
  description: string,
  format?: "date-time" | "uuid" | "email",
): Schema.optionalKey<S["Rebuild"]> =>
  Schema.optionalKey(schema.pipe(Schema.annotateEncoded<S>({ description, ...(format !== undefined && { format }) })))
