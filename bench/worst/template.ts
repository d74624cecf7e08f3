/**
 * Bodies that are larger than what describes them: a template says what is repeated, and how often. Templates are
 * plain JSON, so that a request of a megabyte is kept in a few lines.
 */
import { gzipSync } from "node:zlib"

/**
 * A JSON value, in which `{ "$text": "ab", "times": 2 }` is the string `abab`, `{ "$list": T, "times": 2 }` a list of
 * `T` twice, and `{ "$members": T, "times": 2 }` an object with the members `m0` and `m1`. In the strings of `T`, `{n}`
 * is the index in decimal digits, and `{x}` in 12 hexadecimal digits.
 */
export type Template =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<Template>
  | { readonly [member: string]: Template }

/** A text, or one that is repeated. */
export type Text = string | { readonly $text: string; readonly times: number }

/** Writes a text out. */
export const textOf = (text: Text): string => (typeof text === "string" ? text : text.$text.repeat(text.times))

/** A text that is sent a number of times; in it `{n}` and `{x}` are the index. */
export interface Part {
  readonly text: string
  readonly times: number
}

/** A body: of JSON, or of texts one after the other. */
export type Body =
  | { readonly json: Template }
  | { readonly type: string; readonly isPacked?: true; readonly parts: ReadonlyArray<Part> }

const withIndex = (text: string, n: number): string =>
  text.includes("{") ? text.replaceAll("{n}", String(n)).replaceAll("{x}", n.toString(16).padStart(12, "0")) : text

const indices = (times: Template | undefined): ReadonlyArray<number> =>
  Array.from({ length: Number(times) }, (_, at) => at)

const expand = (template: Template, n: number): unknown => {
  if (typeof template === "string") return withIndex(template, n)
  if (typeof template !== "object" || template === null) return template
  if (isList(template)) return template.map((each) => expand(each, n))
  const { $list, $members, $text, times } = template
  if ($text !== undefined) return String($text).repeat(Number(times))
  if ($list !== undefined) return indices(times).map((at) => expand($list, at))
  if ($members !== undefined) return Object.fromEntries(indices(times).map((at) => [`m${at}`, expand($members, at)]))
  return Object.fromEntries(Object.entries(template).map(([member, each]) => [member, expand(each, n)]))
}

/** The bytes of a template as JSON, roughly. */
const sizeOf = (template: Template): number => {
  if (typeof template === "string") return Buffer.byteLength(template) + 3
  if (typeof template !== "object" || template === null) return 5
  if (isList(template)) return template.reduce((sum: number, each) => sum + sizeOf(each) + 1, 2)
  const { $list, $members, $text, times } = template
  if ($text !== undefined) return sizeOf($text) * Number(times)
  if ($list !== undefined) return (sizeOf($list) + 1) * Number(times)
  if ($members !== undefined) return (sizeOf($members) + 10) * Number(times)
  return Object.entries(template).reduce((sum, [member, each]) => sum + member.length + 4 + sizeOf(each), 2)
}

const isList = (template: Template): template is ReadonlyArray<Template> => Array.isArray(template)

/** The template with fewer repetitions, so that what is repeated fits into a number of bytes. */
export const fitted = (template: Template, maxBytes: number): Template => {
  if (typeof template !== "object" || template === null) return template
  if (isList(template)) return template.map((each) => fitted(each, maxBytes / template.length))
  const repeated = template["$text"] ?? template["$list"] ?? template["$members"]
  if (repeated === undefined) {
    const members = Object.entries(template)
    const long = members.filter(([, each]) => sizeOf(each) > 1000).length
    return Object.fromEntries(
      members.map(([member, each]) => [member, fitted(each, (maxBytes - 1000) / Math.max(1, long))]),
    )
  }
  const each = sizeOf(template) / Number(template["times"])
  const times = Math.max(1, Math.min(Number(template["times"]), Math.floor(maxBytes / each)))
  const name = ["$text", "$list", "$members"].find((name) => name in template)!
  return { [name]: name === "$text" ? repeated : fitted(repeated, maxBytes / times), times }
}

const partBytes = ({ text, times }: Part): Buffer =>
  text.includes("{n}") || text.includes("{x}")
    ? Buffer.from(Array.from({ length: times }, (_, at) => withIndex(text, at)).join(""))
    : Buffer.from(text.repeat(times))

/** The media type and the bytes of a body. */
export const bytesOf = (body: Body): { readonly type: string; readonly bytes: Uint8Array } => {
  if ("json" in body) {
    return { type: "application/json", bytes: Buffer.from(JSON.stringify(expand(body.json, 0))) }
  }
  const bytes = Buffer.concat(body.parts.map(partBytes))
  return { type: body.type, bytes: body.isPacked === true ? gzipSync(bytes) : bytes }
}
