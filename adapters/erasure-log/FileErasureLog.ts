/**
 * An erasure log in a file that processes share: NDJSON, one line an entry (see `ErasureLine.ts`). A line is on the
 * disk before the call that writes it returns. Only the owner of the process can read a file that is made here.
 *
 * A write that a crash cut off leaves a last line without a line feed. No call has returned for it, so it does not
 * count, and the next write removes it. Any other line that does not agree with its hash is a failure: the log was
 * changed, and does not say any more what must be erased.
 *
 * A process remembers the last line that it has read or written. If the file does not hold that line any more, because
 * it is missing or another one is in its place, every operation fails until the file is back, because a log that is
 * begun again lacks the erasures before. At the start of a process nothing is remembered, and a missing file is made.
 */
import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { dirname } from "node:path"
import { Effect, Layer, Semaphore } from "effect"
import { ErasureLog, ErasureLogUnavailable } from "../../core/ports/ErasureLog.ts"
import * as FileLock from "../support/FileLock.ts"
import * as ErasureLine from "./ErasureLine.ts"
import * as Erasures from "./Erasures.ts"

/** A line of a log by its number, from 1, and its hash, which depends on every line before it. */
interface Line {
  readonly lines: number
  readonly hash: string
}

/** How far a file was read: to its last whole line. */
interface Read extends Line {
  readonly inode: number
  /** The beginning and the end of the last whole line, in bytes. */
  readonly start: number
  readonly end: number
  /** The hash of the line before the last whole one. */
  readonly previous: string
  readonly erasures: Erasures.Erasures
}

/** How long a write waits for those of other processes. */
const waitMillis = 10_000

const lineFeed = 0x0a

/** Before the first line. */
const beforeAll: Line = { lines: 0, hash: ErasureLine.firstHash }

const nothing = (inode: number): Read => ({
  ...beforeAll,
  inode,
  start: 0,
  end: 0,
  previous: ErasureLine.firstHash,
  erasures: new Map(),
})

/** The log is not the one that this process has read or written. */
const notHeld = ({ lines }: Line) =>
  new Error(
    `the file does not hold line ${lines} any more, which this process has read or written: put the log back, ` +
      "or start the process again, which goes on with the file that is there",
  )

/** Reads the whole lines that follow. Throws if one of them is not the line that was written, or `held` is missing. */
const readOn = async (file: FileHandle, before: Read, held: Line): Promise<Read> => {
  const { size } = await file.stat()
  const bytes = Buffer.alloc(size - before.end)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, before.end)
  const length = bytes.subarray(0, bytesRead).lastIndexOf(lineFeed) + 1
  let { end, hash, lines, previous, start } = before
  for (const text of bytes.toString("utf8", 0, length).split("\n").slice(0, -1)) {
    const line = ErasureLine.read(hash, text)
    if (line === undefined) {
      throw new Error(`line ${lines + 1} was changed, or a line before it is missing: restore the log from a copy`)
    }
    Erasures.add(before.erasures, line.entry)
    previous = hash
    hash = line.hash
    lines++
    start = end
    end += Buffer.byteLength(text) + 1
    if (lines === held.lines && hash !== held.hash) throw notHeld(held)
  }
  if (lines < held.lines) throw notHeld(held)
  return { ...before, start, end, previous, hash, lines }
}

/** Whether the last line that was read is still where it was. */
const holds = async (file: FileHandle, { end, hash, lines, previous, start }: Read): Promise<boolean> => {
  if (lines === 0) return true
  const bytes = Buffer.alloc(end - start)
  await file.read(bytes, 0, bytes.length, start)
  return ErasureLine.read(previous, bytes.toString("utf8", 0, bytes.length - 1))?.hash === hash
}

/** Reads what was written since, or everything if it is another file. */
const readSince = async (file: FileHandle, known: Read | undefined, held: Line): Promise<Read> => {
  const { ino, size } = await file.stat()
  const isSame = known !== undefined && known.inode === ino && known.end <= size
  return await readOn(file, isSame && (await holds(file, known)) ? known : nothing(ino), held)
}

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Writes an entry durably after what was read. What a crash has left after that is removed. */
const append = async (file: FileHandle, read: Read, entry: ErasureLine.Entry): Promise<Read> => {
  const { hash, line } = ErasureLine.write(read.hash, entry)
  if ((await file.stat()).size > read.end) await file.truncate(read.end)
  const bytes = Buffer.from(line)
  await file.write(bytes, 0, bytes.length, read.end)
  await file.sync()
  Erasures.add(read.erasures, entry)
  return {
    ...read,
    start: read.end,
    end: read.end + bytes.length,
    previous: read.hash,
    lines: read.lines + 1,
    hash,
  }
}

/** Opens a file. One that does not exist is made, unless a line must be in it. */
const openFile = async (path: string, held: Line): Promise<FileHandle> => {
  if (held.lines === 0) return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    return await open(path, constants.O_RDWR)
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "ENOENT" ? notHeld(held) : error
  }
}

/** Opens a file and passes it on. */
const withFile = async <A>(path: string, held: Line, use: (file: FileHandle) => Promise<A>): Promise<A> => {
  const file = await openFile(path, held)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

const messageOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined
  return code === undefined && error instanceof Error ? error.message : `it cannot be read or written (${code})`
}

const unavailable = (error: unknown): ErasureLogUnavailable =>
  new ErasureLogUnavailable({ reason: `the erasure log: ${messageOf(error)}` })

/** The log in the file of a path, whose folder must exist. The file and its lock file `<path>.lock` are made. */
export const layer = (path: string): Layer.Layer<ErasureLog> =>
  Layer.effect(
    ErasureLog,
    Effect.gen(function* () {
      const turns = yield* Semaphore.make(1)
      /** `undefined`: it was not read, or not to the end. */
      let known: Read | undefined
      /** The last line that this process has read or written. */
      let held = beforeAll

      const remember = (read: Read): void => {
        known = read
        held = { lines: read.lines, hash: read.hash }
      }

      /** Passes the file on while no other operation of any process has it. */
      const alone = <A>(use: (file: FileHandle) => Promise<A>): Effect.Effect<A, ErasureLogUnavailable> =>
        FileLock.hold(`${path}.lock`, waitMillis).pipe(
          Effect.andThen(Effect.tryPromise({ try: () => withFile(path, held, use), catch: (error) => error })),
          Effect.scoped,
          Effect.mapError(unavailable),
          turns.withPermit,
        )

      /** Writes an entry, or none, and returns the erasures then. */
      const write = (entryOf: (erasures: Erasures.Erasures) => ErasureLine.Entry | undefined) =>
        alone(async (file) => {
          const before = known
          known = undefined
          const read = await readSince(file, before, held)
          const entry = entryOf(read.erasures)
          const written = entry === undefined ? read : await append(file, read, entry)
          if (read.end === 0) await syncFolder(path)
          remember(written)
          return written.erasures
        })

      /** Writes how far an erasure went, unless the log says it, or has no such erasure. */
      const reach = (kind: "kept" | "done", state: "isKept" | "isDone", id: string) =>
        write((erasures) => (erasures.get(id)?.[state] === false ? { kind, id } : undefined))

      return {
        begin: (erasure) => Effect.asVoid(write(() => ({ kind: "begun", erasure }))),
        keep: (id) => Effect.map(reach("kept", "isKept", id), (erasures) => erasures.has(id)),
        finish: (id) => Effect.asVoid(reach("done", "isDone", id)),
        all: alone(async (file) => {
          known = undefined
          const read = await readOn(file, nothing((await file.stat()).ino), held)
          remember(read)
          return [...read.erasures.values()]
        }),
      }
    }),
  )
