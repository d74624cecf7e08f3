/**
 * Finds the place at which a text stops being JSON (RFC 8259).
 *
 * The runtime's own message quotes the text, which may be personal data, and does not always give the place. The
 * messages here give only the place. This parser is much slower than `JSON.parse`, so use it only for a text that
 * `JSON.parse` has refused.
 */

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

const skipSpace = (text: string, from: number): number => {
  let at = from
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

const endOf = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : -1
}

/** The end of the string that opens at `from`; if a character at index `i` is not allowed in it, `-i - 1`. */
const endOfString = (text: string, from: number): number => {
  let at = from + 1
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (Number.isNaN(code) || code < 0x20) return -at - 1
    const next = code === 0x5c ? endOf(escape, text, at) : at + 1
    if (next < 0) return -at - 1
    at = next
  }
}

/** What may follow. */
type Expectation = "value" | "value-or-close" | "key" | "key-or-close" | "colon" | "comma-or-close"

/**
 * The index of the first character that is not allowed; the length if the text ends too soon; `undefined` if it is
 * JSON.
 */
export const firstError = (text: string): number | undefined => {
  const closers: Array<"}" | "]"> = []
  let expected: Expectation = "value"
  let at = skipSpace(text, 0)
  for (;;) {
    const char = text[at]
    const closer = closers.at(-1)
    if (char === undefined) return at
    if (expected.endsWith("close") && char === closer) {
      closers.pop()
      at++
      expected = "comma-or-close"
    } else if (expected === "comma-or-close") {
      if (char !== ",") return at
      at++
      expected = closer === "}" ? "key" : "value"
    } else if (expected === "colon") {
      if (char !== ":") return at
      at++
      expected = "value"
    } else if (char === '"') {
      const end = endOfString(text, at)
      if (end < 0) return -end - 1
      at = end
      expected = expected.startsWith("key") ? "colon" : "comma-or-close"
    } else if (expected.startsWith("key")) {
      return at
    } else if (char === "{" || char === "[") {
      closers.push(char === "{" ? "}" : "]")
      at++
      expected = char === "{" ? "key-or-close" : "value-or-close"
    } else {
      const end = endOf(scalar, text, at)
      if (end < 0) return at
      at = end
      expected = "comma-or-close"
    }
    at = skipSpace(text, at)
    if (closers.length === 0 && expected === "comma-or-close") return at === text.length ? undefined : at
  }
}

/** A message with the place at which a text stops being JSON: its column, and its line if the text has several. */
export const describe = (text: string): string => {
  const index = firstError(text) ?? 0
  const before = text.slice(0, index).split("\n")
  const column = (before.at(-1) ?? "").length + 1
  const place = text.includes("\n") ? `line ${before.length}, column ${column}` : `column ${column}`
  return index >= text.length ? `not JSON: it ends too soon, at ${place}` : `not JSON: unexpected character at ${place}`
}
