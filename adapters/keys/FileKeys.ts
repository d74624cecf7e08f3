/**
 * Keys in a file, which must not be kept with the store or its backups. A file that another process has changed is read
 * again before it is used.
 */
import { readFileSync, statSync } from "node:fs"
import { Clock, Effect, Layer } from "effect"
import { Keys, KeysUnavailable, type Wrapper } from "../../core/ports/Keys.ts"
import * as FileLock from "./FileLock.ts"
import * as KeyFile from "./KeyFile.ts"
import * as KeySet from "./KeySet.ts"
import * as ReplacedFile from "./ReplacedFile.ts"

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown reason"

const reasons: { readonly [code: string]: string } = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a folder",
  EROFS: "cannot be written",
  ENOSPC: "no space left",
}

const unavailable = (path: string) => (error: unknown) =>
  error instanceof KeysUnavailable
    ? error
    : new KeysUnavailable({ reason: `${path}: ${reasons[codeOf(error)] ?? `cannot be used (${codeOf(error)})`}` })

/** A text that differs if a file was replaced or changed. */
const stampOf = (path: string): string => {
  const { ctimeNs, dev, ino, mtimeNs, size } = statSync(path, { bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ")
}

/** How often a file is read again that is replaced while it is read. */
const maxReads = 10

/** The keys of a file, and its stamp. Throws if it cannot be read. */
const read = (path: string): { readonly stamp: string; readonly keys: KeySet.KeySet } => {
  for (let attempt = 1; ; attempt++) {
    const stamp = stampOf(path)
    const keys = KeyFile.parse(readFileSync(path, "utf8"))
    const isChanged = stampOf(path) !== stamp
    if (keys !== undefined && !isChanged) return { stamp, keys }
    if (!isChanged || attempt === maxReads) throw new KeysUnavailable({ reason: `${path}: is not a key file` })
  }
}

/**
 * Reads the keys of a file, unless it is as it was when it was read before. It is looked at once a turn of the event
 * loop, because an import wraps the keys of hundreds of people in one turn.
 */
const reader = (path: string) => {
  let last: ReturnType<typeof read> | undefined
  let isCurrent = false
  const expire = () => {
    isCurrent = false
  }
  return {
    expire,
    current: (): KeySet.KeySet => {
      if (last !== undefined && isCurrent) return last.keys
      if (last?.stamp !== stampOf(path)) last = read(path)
      isCurrent = true
      setImmediate(expire).unref()
      return last!.keys
    },
  }
}

const missing = (path: string, by: Wrapper) =>
  new KeysUnavailable({ reason: `${path}: the key of epoch ${by} is not there` })

/** The keys of a file. Each member fails while the file cannot be read. */
export const make = (path: string): Keys["Service"] => {
  const { current, expire } = reader(path)
  const using = <A>(use: (keys: KeySet.KeySet) => A) =>
    Effect.try({ try: () => use(current()), catch: unavailable(path) })
  const change = (next: (keys: KeySet.KeySet) => KeySet.KeySet) =>
    FileLock.hold(
      path,
      () => {
        expire()
        const { keys } = read(path)
        const changed = next(keys)
        if (changed !== keys) ReplacedFile.write(path, KeyFile.write(changed))
        return KeySet.epochsOf(changed)
      },
      unavailable(path),
    )
  return {
    epoch: using((keys) => KeySet.latest(keys).number),
    wrap: (by, key) =>
      Effect.flatMap(
        using((keys) => KeySet.wrap(keys, by, key)),
        (wrapped) => (wrapped === undefined ? missing(path, by) : Effect.succeed(wrapped)),
      ),
    unwrap: (by, wrapped) => using((keys) => KeySet.unwrap(keys, by, wrapped)),
    epochs: using(KeySet.epochsOf),
    begin: (at, since) =>
      Effect.map(
        change((keys) => KeySet.begin(keys, at, since)),
        (epochs) => epochs.at(-1)!,
      ),
    destroy: (epoch, at) => Effect.asVoid(change((keys) => KeySet.destroy(keys, epoch, at))),
  }
}

/** The keys of a file, which must be readable now. */
export const layer = (path: string): Layer.Layer<Keys, KeysUnavailable> =>
  Layer.effect(
    Keys,
    Effect.suspend(() => {
      const keys = make(path)
      return Effect.as(keys.epoch, keys)
    }),
  )

const isThere = (path: string): boolean => {
  try {
    statSync(path)
    return true
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false
    throw error
  }
}

/** Makes a file with new keys; `exists` if there is a file of this name, which is then left as it is. */
export const create = (path: string): Effect.Effect<"made" | "exists", KeysUnavailable> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    FileLock.hold(
      path,
      () => {
        if (isThere(path)) return "exists"
        ReplacedFile.write(path, KeyFile.write(KeySet.make(now)))
        return "made"
      },
      unavailable(path),
    ),
  )
