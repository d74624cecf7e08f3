/**
 * JSON Pointers (RFC 6901) into a row.
 *
 * A pointer enters lists by their index. A pointer that goes on inside a text reads the text as JSON, because a field
 * of CSV may hold a JSON document.
 */

/** The reference tokens of a pointer, from the row inwards. */
export type JsonPointer = readonly [first: string, ...rest: ReadonlyArray<string>]

/** The value of a text that a pointer enters and that is not JSON. */
export const notJson = Symbol("not JSON")

/** The pointer that a column's name stands for: a JSON Pointer if it begins with `/`, else the name as one token. */
export const ofColumn = (column: string): JsonPointer => {
  if (!column.startsWith("/")) return [column]
  const [first = "", ...rest] = column
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
  return [first, ...rest]
}

/** Of an index: no leading zero (RFC 6901, section 4). */
const index = /^(0|[1-9]\d{0,9})$/

const member = (from: object, token: string): unknown =>
  Object.hasOwn(from, token) && (!Array.isArray(from) || index.test(token))
    ? from[token as keyof typeof from]
    : undefined

/** Looks values up; remembers the last text that was read as JSON, because several pointers may enter the same one. */
export const makeLookUp = () => {
  let lastText: string | undefined
  let lastValue: unknown
  const parse = (text: string): unknown => {
    if (text !== lastText) {
      lastText = text
      try {
        lastValue = JSON.parse(text)
      } catch {
        lastValue = notJson
      }
    }
    return lastValue
  }
  /** The value at a pointer into a row. Only own properties are read. `undefined`: the row has no value there. */
  return (row: object, pointer: JsonPointer): unknown => {
    let value = member(row, pointer[0])
    for (let depth = 1; depth < pointer.length; depth++) {
      // An empty text is an empty field, which holds no document.
      if (typeof value === "string" && value !== "") value = parse(value)
      if (value === notJson) return notJson
      if (typeof value !== "object" || value === null) return undefined
      value = member(value, pointer[depth]!)
    }
    return value
  }
}
