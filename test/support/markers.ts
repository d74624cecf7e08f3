/**
 * Markers of a person, and the search for them in bytes: in files of a store, logs, dumps and answers.
 *
 * A marker is found in every form in which a program may have written it: UTF-8, UTF-16 in both byte orders,
 * hexadecimal, and base64 in each of its three alignments. Letters are compared without their case, except in base64.
 * The search is for each part of a marker, because a store may split a value between two pages.
 */
import { randomBytes } from "node:crypto"
import { lstatSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"

/** Where a marker was found: its name, the form, and the place that was searched. */
export interface Trace {
  readonly marker: string
  readonly form: string
  readonly place: string
}

/** Named values to search for: texts, or bytes such as a hash. */
export type Markers = Readonly<Record<string, string | Uint8Array>>

/** A text of 24 lower-case letters and digits that nothing else contains. It begins with a letter. */
export const make = (): string => `q${randomBytes(12).toString("hex").slice(0, 23)}`

/** The least number of bytes of a part: shorter ones could be found by chance. */
const partBytes = 10

/** The halves of a value; a value that is too short for two parts as a whole. */
const partsOf = (value: Buffer): ReadonlyArray<Buffer> => {
  const half = Math.floor(value.length / 2)
  return half < partBytes ? [value] : [value.subarray(0, half), value.subarray(half)]
}

/** The base64 of bytes that begin at each of the three places in a group, without the characters that others share. */
const base64Of = (bytes: Buffer): ReadonlyArray<string> =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "")
    const shared = (bytes.length + before) % 3 === 0 ? 0 : 1
    return text.slice(before === 0 ? 0 : before + 1, text.length - shared)
  })

const swapped = (text: string): Buffer => Buffer.from(text, "utf16le").swap16()

/** A form of a part. Forms that fold case are searched for in lower case. */
interface Form {
  readonly form: string
  readonly bytes: Buffer
  readonly foldsCase: boolean
}

const formsOf = (value: string | Uint8Array): ReadonlyArray<Form> => {
  const whole = Buffer.from(value as Uint8Array)
  return partsOf(typeof value === "string" ? Buffer.from(value) : whole).flatMap((part): ReadonlyArray<Form> => {
    const text = part.toString().toLowerCase()
    const inText = typeof value === "string"
    const encoded = inText
      ? [part, Buffer.from(text, "utf16le"), swapped(text)].map((bytes) => bytes as Buffer)
      : [part]
    const names = ["UTF-8", "UTF-16LE", "UTF-16BE"]
    return [
      ...encoded.map((bytes, index) => ({
        form: inText ? names[index]! : "bytes",
        bytes: inText && index === 0 ? Buffer.from(text) : bytes,
        foldsCase: inText,
      })),
      ...encoded.map((bytes, index) => ({
        form: `hexadecimal of ${inText ? names[index]! : "bytes"}`,
        bytes: Buffer.from(bytes.toString("hex")),
        foldsCase: true,
      })),
      ...encoded.flatMap((bytes, index) =>
        base64Of(bytes).flatMap((base64, alignment) => {
          const name = `base64 of ${inText ? names[index]! : "bytes"} at ${alignment}`
          const url = base64.replaceAll("+", "-").replaceAll("/", "_")
          return [...new Set([base64, url])].map((each) => ({
            form: name,
            bytes: Buffer.from(each),
            foldsCase: false,
          }))
        }),
      ),
    ]
  })
}

/** The bytes with A to Z in lower case. */
const lowerCase = (bytes: Buffer): Buffer => {
  const folded = Buffer.from(bytes)
  for (let at = 0; at < folded.length; at++) if (folded[at]! >= 65 && folded[at]! <= 90) folded[at]! += 32
  return folded
}

/** Makes the search for markers. Forms are computed once, because many files are searched. */
export const search = (markers: Markers) => {
  const forms = Object.entries(markers).flatMap(([marker, value]) =>
    formsOf(value).map((form) => ({ marker, ...form })),
  )
  /** Where markers are in bytes or in a text. */
  const inBytes = (place: string, searched: Uint8Array | string): ReadonlyArray<Trace> => {
    const bytes = Buffer.from(searched as Uint8Array)
    const folded = lowerCase(bytes)
    const found = forms.filter((form) => (form.foldsCase ? folded : bytes).includes(form.bytes))
    return [...new Set(found.map(({ form, marker }) => JSON.stringify({ marker, form, place })))].map(
      (text) => JSON.parse(text) as Trace,
    )
  }
  /** Where markers are in a file, or in any file below a folder, or in the name of one. */
  const inFiles = (path: string): ReadonlyArray<Trace> => {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) return []
    const named = inBytes(`the name of ${path}`, path)
    if (status.isDirectory()) return [...named, ...readdirSync(path).flatMap((name) => inFiles(join(path, name)))]
    return status.isFile() ? [...named, ...inBytes(path, readFileSync(path))] : named
  }
  return { inBytes, inFiles }
}
