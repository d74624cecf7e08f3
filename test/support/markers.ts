/**
 * Markers of a person, and the search for them in bytes: in files of a store, logs, dumps and answers.
 *
 * A marker is found in every form in which a program may have written it: UTF-8, UTF-16 in both byte orders,
 * hexadecimal, and base64 in each of its three alignments. Letters are compared without their case, except in base64.
 * The search is for each part of a marker, because a store may split a value between two pages.
 */
import { randomBytes } from "node:crypto"
import { lstat, readdir, readFile } from "node:fs/promises"
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

/** A to Z in lower case, every other byte as it is. */
const folded = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

interface NamedForm extends Form {
  readonly marker: string
}

/** The first three bytes of a form or at a place, as one number; of a form that folds case in lower case. */
const startOf = (bytes: Uint8Array, at: number): number =>
  (folded[bytes[at]!]! << 16) | (folded[bytes[at + 1]!]! << 8) | folded[bytes[at + 2]!]!

const isAt = (searched: Uint8Array, at: number, { bytes, foldsCase }: Form): boolean => {
  if (at + bytes.length > searched.length) return false
  for (let index = 0; index < bytes.length; index++) {
    const byte = searched[at + index]!
    if ((foldsCase ? folded[byte] : byte) !== bytes[index]) return false
  }
  return true
}

/**
 * Makes the search for markers. Each byte is looked at once, for all forms, because a database has many files and a
 * person has hundreds of forms.
 */
export const search = (markers: Markers) => {
  const forms: ReadonlyArray<NamedForm> = Object.entries(markers).flatMap(([marker, value]) =>
    formsOf(value).map((form) => ({ marker, ...form })),
  )
  const byStart = Map.groupBy(forms, ({ bytes }) => startOf(bytes, 0))
  const starts = new Uint8Array(1 << 24)
  for (const start of byStart.keys()) starts[start] = 1

  /** Where markers are in bytes or in a text, each form of a marker once. */
  const inBytes = (place: string, searched: Uint8Array | string): ReadonlyArray<Trace> => {
    const bytes = Buffer.from(searched as Uint8Array)
    const traces = new Map<string, Trace>()
    for (let at = 0; at + 2 < bytes.length; at++) {
      const start = startOf(bytes, at)
      if (starts[start] === 0) continue
      for (const { marker, form, ...rest } of byStart.get(start)!) {
        if (isAt(bytes, at, { form, ...rest })) traces.set(`${marker} ${form}`, { marker, form, place })
      }
    }
    return [...traces.values()]
  }
  /** Where markers are in a file, or in any file below a folder, or in the name of one. */
  const inFiles = async (path: string): Promise<ReadonlyArray<Trace>> => {
    const status = await lstat(path).catch(() => undefined)
    if (status === undefined) return []
    const traces = [...inBytes(`the name of ${path}`, path)]
    if (status.isFile()) traces.push(...inBytes(path, await readFile(path)))
    if (!status.isDirectory()) return traces
    for (const name of await readdir(path)) traces.push(...(await inFiles(join(path, name))))
    return traces
  }
  return { inBytes, inFiles }
}
