/**
 * The source of an input's bytes: a file, or standard input for the path `-`.
 */
import { Effect, FileSystem, Stdio, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { Unreadable } from "./BadInput.ts"

/** A stream of bytes, with a name for messages. */
export interface Source {
  readonly name: string
  /** In bytes; `undefined` if it is not known: for standard input, pipes and devices. */
  readonly size: number | undefined
  /** A file is read in chunks of at most {@link chunkSize} bytes. The stream can be read once. */
  readonly bytes: Stream.Stream<Uint8Array, Unreadable>
}

/** The path that means standard input. */
export const standardInput = "-"

/** The name of the input at a path, for messages. */
export const nameOf = (path: string): string => (path === standardInput ? "standard input" : path)

/** How many bytes are read from a file at a time. */
export const chunkSize = 64 * 1024

const reasons: { readonly [code: string]: string } = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "is a directory, not a file",
}

const codeOf = (error: PlatformError): string => {
  const cause = "cause" in error.reason ? error.reason.cause : undefined
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : error.reason._tag
}

const unreadable = (file: string) => (error: PlatformError) => {
  const code = codeOf(error)
  return new Unreadable({ file, reason: reasons[code] ?? `cannot be read (${code})`, cause: error })
}

/** Opens the input at `path`. Fails at once if the file does not exist; other errors occur during reading. */
export const open = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<Source, Unreadable, FileSystem.FileSystem | Stdio.Stdio> {
  if (path === standardInput) {
    const { stdin } = yield* Stdio.Stdio
    const name = nameOf(path)
    return { name, size: undefined, bytes: stdin.pipe(Stream.mapError(unreadable(name))) }
  }
  const files = yield* FileSystem.FileSystem
  const info = yield* Effect.mapError(files.stat(path), unreadable(path))
  if (info.type === "Directory") {
    return yield* new Unreadable({ file: path, reason: "is a directory, not a file" })
  }
  return {
    name: path,
    size: info.type === "File" ? Number(info.size) : undefined,
    bytes: files.stream(path, { chunkSize }).pipe(Stream.mapError(unreadable(path))),
  }
})

/** A source whose bytes are a given text. */
export const fromText = (name: string, text: string): Source => {
  const bytes = new TextEncoder().encode(text)
  return { name, size: bytes.length, bytes: Stream.succeed(bytes) }
}
