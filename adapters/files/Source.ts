/**
 * Where the bytes of an input come from: a file, or standard input for the path `-`.
 */
import { Effect, FileSystem, Stdio, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { Unreadable } from "./BadInput.ts"

/** Bytes with a name for messages. */
export interface Source {
  readonly name: string
  /** In bytes; `undefined` where nobody knows: standard input, pipes, devices. */
  readonly size: number | undefined
  /** In chunks of at most {@link chunkSize} bytes from a file. Can be read once. */
  readonly bytes: Stream.Stream<Uint8Array, Unreadable>
}

/** The path that means standard input. */
export const standardInput = "-"

/** What messages call the input at a path. */
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

/** The input at `path`. Fails at once where there is no such file; other trouble shows while reading. */
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

/** A text that is there already. */
export const fromText = (name: string, text: string): Source => {
  const bytes = new TextEncoder().encode(text)
  return { name, size: bytes.length, bytes: Stream.succeed(bytes) }
}
