/**
 * Sorts any number of rows in bounded memory: sorted runs in one temporary file, merged while they are read back.
 *
 * The file is unlinked as soon as it is open, so nothing is left however the process ends. Where a system cannot do
 * that, the file is deleted when the scope closes. Only its owner can read it. Memory holds one run of up to
 * {@link runWeight}, and one block of each run that is being merged, of which there are at most {@link maxMerged}.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Data, Effect, type Scope } from "effect"

const reasons: { readonly [code: string]: string } = {
  ENOENT: "no such folder",
  ENOTDIR: "no such folder",
  EACCES: "permission denied",
  EROFS: "cannot be written to",
  ENOSPC: "no space left",
}

/** The temporary file could not be written or read, for example because the disk is full. Trying again may help. */
export class TemporaryFileError extends Data.TaggedError("TemporaryFileError")<{ readonly cause: unknown }> {
  override get message(): string {
    const code = this.cause instanceof Error && "code" in this.cause ? String(this.cause.code) : "unknown reason"
    return `temporary file in ${tmpdir()}: ${reasons[code] ?? code}; TMPDIR chooses another folder`
  }
}

/** The size at which a run is written to the file: bytes, as estimated by `weigh`. */
export const runWeight = 8 * 1024 * 1024

/** How many runs are merged at a time. */
export const maxMerged = 256

const blockWeight = 32 * 1024

/** How rows are sorted. A row must be equal to itself after it was written as JSON and parsed again. */
export interface SortOrder<Row> {
  readonly compare: (a: Row, b: Row) => number
  /** Estimates how many bytes a row takes in memory. */
  readonly weigh: (row: Row) => number
}

/**
 * A sorter that is filled first and then read. Its functions throw the errors of the file system: see {@link attempt}.
 */
export interface ExternalSort<Row> {
  readonly add: (row: Row) => void
  /**
   * Merges runs until at most {@link maxMerged} are left. Steps are short, so that other fibers can run between them.
   */
  readonly mergeRuns: () => Generator<void, void>
  /** The sorted rows; equal rows are all kept. May be called once, after {@link mergeRuns}. */
  readonly rows: () => Generator<Row, void>
}

/**
 * Runs steps of a sorter. An error of the file system becomes a {@link TemporaryFileError}; any other is a bug, and
 * dies.
 */
export const attempt = <A>(steps: () => A): Effect.Effect<A, TemporaryFileError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(steps())
    } catch (cause) {
      return isOfFileSystem(cause) ? Effect.fail(new TemporaryFileError({ cause })) : Effect.die(cause)
    }
  })

/** Merges the runs of a filled sorter, so that it can be read. Other fibers run between the steps. */
export const mergeRuns = Effect.fnUntraced(function* <Row>(sort: ExternalSort<Row>) {
  const steps = sort.mergeRuns()
  while ((yield* attempt(() => steps.next())).done !== true) yield* Effect.yieldNow
})

const isOfFileSystem = (cause: unknown): boolean => cause instanceof Error && "code" in cause && "syscall" in cause

/**
 * The place of a run in the file: a sequence of blocks, each of which is its length (four bytes) and a JSON array of
 * rows.
 */
interface Run {
  readonly start: number
  readonly end: number
}

/** Makes a sorter. If it needed a file, the file is closed and removed when the scope closes. */
export const make = <Row>(order: SortOrder<Row>): Effect.Effect<ExternalSort<Row>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Effect.sync(temporaryFile), (file) => Effect.sync(file.close)),
    (file) => sorter(order, file),
  )

const sorter = <Row>(order: SortOrder<Row>, file: TemporaryFile): ExternalSort<Row> => {
  let unsorted: Array<Row> = []
  let weight = 0
  let runs: Array<Run> = []

  const flush = (): void => {
    const start = file.size()
    for (const _ of writeBlocks(unsorted.sort(order.compare), order, file)) continue
    runs.push({ start, end: file.size() })
    unsorted = []
    weight = 0
  }

  return {
    add: (row) => {
      unsorted.push(row)
      weight += order.weigh(row)
      if (weight >= runWeight) flush()
    },
    *mergeRuns() {
      while (runs.length > maxMerged) {
        const start = file.size()
        yield* writeBlocks(merge(runs.slice(0, maxMerged), order, file), order, file)
        runs = [...runs.slice(maxMerged), { start, end: file.size() }]
      }
    },
    *rows() {
      if (runs.length === 0) return yield* unsorted.sort(order.compare)
      if (unsorted.length > 0) flush()
      yield* merge(runs, order, file)
    },
  }
}

/** Appends rows to the file in blocks, and yields after each block. */
function* writeBlocks<Row>(rows: Iterable<Row>, order: SortOrder<Row>, file: TemporaryFile): Generator<void, void> {
  let block: Array<Row> = []
  let weight = 0
  for (const row of rows) {
    block.push(row)
    weight += order.weigh(row)
    if (weight < blockWeight) continue
    file.append(JSON.stringify(block))
    block = []
    weight = 0
    yield
  }
  if (block.length > 0) file.append(JSON.stringify(block))
}

function* readRun<Row>(run: Run, file: TemporaryFile): Generator<Row, void> {
  let position = run.start
  while (position < run.end) {
    const { text, next } = file.read(position)
    position = next
    yield* JSON.parse(text) as Array<Row>
  }
}

/** A run being merged: its next row, and those that follow. */
interface Cursor<Row> {
  row: Row
  readonly rest: Generator<Row, void>
}

/** Merges sorted runs through a binary heap of their next rows. */
function* merge<Row>(runs: ReadonlyArray<Run>, order: SortOrder<Row>, file: TemporaryFile): Generator<Row, void> {
  const heap: Array<Cursor<Row>> = []
  for (const run of runs) {
    const rest = readRun<Row>(run, file)
    const first = rest.next()
    if (first.done !== true) heap.push({ row: first.value, rest })
  }
  heap.sort((a, b) => order.compare(a.row, b.row))
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.row
    const next = top.rest.next()
    if (next.done !== true) top.row = next.value
    else {
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) heap[0] = last
    }
    sink(heap, order)
  }
}

/** Moves the first cursor down the heap until no child precedes it. */
const sink = <Row>(heap: Array<Cursor<Row>>, order: SortOrder<Row>): void => {
  const moving = heap[0]
  if (moving === undefined) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    let least = heap[child]
    if (least === undefined) break
    const right = heap[child + 1]
    if (right !== undefined && order.compare(right.row, least.row) < 0) {
      least = right
      child++
    }
    if (order.compare(moving.row, least.row) <= 0) break
    heap[at] = least
    at = child
  }
  heap[at] = moving
}

/** A file without a name, created by the first write. */
interface TemporaryFile {
  readonly size: () => number
  readonly append: (text: string) => void
  /** Reads the block at a position; `next` is the position of the block after it. */
  readonly read: (position: number) => { readonly text: string; readonly next: number }
  readonly close: () => void
}

const temporaryFile = (): TemporaryFile => {
  const path = join(tmpdir(), `assent-${randomUUID()}.tmp`)
  let descriptor: number | undefined
  let size = 0
  let buffer = Buffer.alloc(2 * blockWeight)

  const open = (): number => {
    descriptor = fs.openSync(path, "wx+", 0o600)
    removeFile(path)
    return descriptor
  }

  const readFully = (length: number, position: number): Buffer => {
    if (buffer.length < length) buffer = Buffer.alloc(length)
    let done = 0
    while (done < length) {
      const count = fs.readSync(descriptor ?? open(), buffer, done, length - done, position + done)
      if (count === 0) throw new Error("the temporary file has been cut short")
      done += count
    }
    return buffer.subarray(0, length)
  }

  return {
    size: () => size,
    append: (text) => {
      const bytes = Buffer.from(`0000${text}`, "utf8")
      bytes.writeUInt32LE(bytes.length - 4)
      let done = 0
      while (done < bytes.length) {
        done += fs.writeSync(descriptor ?? open(), bytes, done, bytes.length - done, size + done)
      }
      size += bytes.length
    },
    read: (position) => {
      const length = readFully(4, position).readUInt32LE()
      return { text: readFully(length, position + 4).toString("utf8"), next: position + 4 + length }
    },
    close: () => {
      if (descriptor === undefined) return
      fs.closeSync(descriptor)
      removeFile(path)
    },
  }
}

/** Deletes a file if the system allows it and the file still exists. */
const removeFile = (path: string): void => {
  try {
    fs.rmSync(path, { force: true })
  } catch {
    // It is tried again when the file is closed.
  }
}
