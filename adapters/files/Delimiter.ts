/**
 * Recognizes what is between the fields of a CSV file, by its first line, and a line such as `sep=;`, with which some
 * spreadsheets begin a file.
 */
import { Effect, Result, Sink, Stream } from "effect"

/** The delimiters that are recognized, with their names. */
const names: ReadonlyMap<string, string> = new Map([
  [",", "a comma"],
  [";", "a semicolon"],
  ["\t", "a tab"],
  ["|", "a vertical bar"],
])

/** The name of a delimiter, for messages. */
const nameOf = (delimiter: string): string => names.get(delimiter) ?? `the character ${delimiter}`

/** The message about a delimiter that was recognized. */
export const notice = (delimiter: string): string =>
  `the fields are separated by ${nameOf(delimiter)}, as the first line says`

/** The beginning of a CSV file. */
export interface Beginning {
  readonly delimiter: string
  /** How many lines are before the header: 1 if there is a line `sep=`. */
  readonly linesBefore: number
  /** How many bytes these lines have. */
  readonly bytesBefore: number
}

/** The most bytes that are searched for the end of the first line. */
const maxBytes = 64 * 1024

/** The first line of a text that is not blank, where quotes may hold line breaks. */
const firstRecord = (text: string): string => /^\s*((?:[^"\r\n]|"(?:[^"]|"")*"?)*)/.exec(text)?.[1] ?? ""

/** The fields of a record, without quotes around them. */
const fieldsOf = (record: string, delimiter: string): ReadonlyArray<string> => {
  const fields = [""]
  for (const [piece] of record.matchAll(/"(?:[^"]|"")*"?|[^"]/g)) {
    if (piece === delimiter) fields.push("")
    else fields[fields.length - 1] += piece
  }
  return fields.map((field) =>
    field
      .trim()
      .replace(/^"(.*)"$/s, "$1")
      .trim(),
  )
}

/** The delimiter that makes most columns of a header that are read, or else most columns; a comma if all are alike. */
const recognize = (record: string, isRead: (name: string) => boolean): string => {
  let best = ","
  let most: readonly [read: number, all: number] = [-1, -1]
  for (const delimiter of names.keys()) {
    const fields = fieldsOf(record, delimiter)
    const [read, all] = [fields.filter(isRead).length, fields.length]
    if (read > most[0] || (read === most[0] && read === 0 && all > most[1])) [best, most] = [delimiter, [read, all]]
  }
  return best
}

/** Another delimiter that a header has, if it is one column with the given one. */
const instead = (record: string, given: string): string | undefined =>
  fieldsOf(record, given).length > 1
    ? undefined
    : [...names.keys()].find((delimiter) => fieldsOf(record, delimiter).length > 1)

/** The line, which some spreadsheets put in quotes. */
const separatorLine = /^(?:\uFEFF)?("?)sep=(.)\1(?:\r\n?|\n|$)/

/**
 * Reads the beginning of a file. `given` is the delimiter that the caller states; the file's own line `sep=` and the
 * header decide if it is left out. Fails with the reason if the header does not have the given delimiter.
 */
const read = (
  beginning: Buffer,
  given: string | undefined,
  isRead: (name: string) => boolean,
): Result.Result<Beginning, string> => {
  const text = beginning.toString("utf8")
  const line = separatorLine.exec(text)
  const bytesBefore = line === null ? 0 : Buffer.byteLength(line[0])
  const record = firstRecord(text.slice(line?.[0].length ?? 0).replace(/^\uFEFF/, ""))
  const other = given === undefined ? undefined : instead(record, given)
  if (given !== undefined && other !== undefined) {
    return Result.fail(`the header has no ${nameOf(given).replace(/^an? |^the /, "")}, but ${nameOf(other)}`)
  }
  const delimiter = given ?? line?.[2] ?? recognize(record, isRead)
  return Result.succeed({ delimiter, linesBefore: line === null ? 0 : 1, bytesBefore })
}

/** The bytes of a beginning so far, and where their search has got to. */
interface Search {
  readonly chunks: Array<Uint8Array>
  bytes: number
  /** Where the line began that is searched. */
  lineStart: number
  hasText: boolean
  isQuoted: boolean
  isDone: boolean
}

const quote = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09

/** Searches a chunk for the end of the first record after a line `sep=`. Each byte is looked at once. */
const search = (state: Search, chunk: Uint8Array): Search => {
  state.chunks.push(chunk)
  for (const [index, byte] of chunk.entries()) {
    if (byte === quote) state.isQuoted = !state.isQuoted
    if (state.isQuoted || (byte !== lineFeed && byte !== carriageReturn)) {
      state.hasText ||= !isBlank(byte)
      continue
    }
    if (!state.hasText) continue
    const isFirst = state.lineStart === 0
    state.lineStart = state.bytes + index + 1
    const line = isFirst ? Buffer.concat(state.chunks).subarray(0, state.lineStart).toString("utf8") : ""
    state.isDone = !separatorLine.test(line)
    if (state.isDone) break
    state.hasText = false
  }
  state.bytes += chunk.length
  return state
}

const newSearch = (): Search => ({
  chunks: [],
  bytes: 0,
  lineStart: 0,
  hasText: false,
  isQuoted: false,
  isDone: false,
})

/** Reads the beginning of bytes, and returns it with the bytes of the records. */
export const peel = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  given: string | undefined,
  isRead: (name: string) => boolean,
) =>
  Effect.map(
    Stream.peel(
      bytes,
      Sink.reduceWhileArray(
        newSearch,
        ({ bytes, isDone }) => !isDone && bytes < maxBytes,
        (state, chunks: ReadonlyArray<Uint8Array>) => chunks.reduce(search, state),
      ),
    ),
    ([{ chunks }, rest]) => {
      const beginning = Buffer.concat(chunks)
      return Result.map(read(beginning, given, isRead), (found) => ({
        ...found,
        bytes: Stream.concat(Stream.succeed<Uint8Array>(beginning.subarray(found.bytesBefore)), rest),
      }))
    },
  )
