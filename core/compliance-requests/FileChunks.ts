/**
 * The bytes of a file of a compliance request: written as chunks while they arrive, and read back chunk by chunk, so
 * that memory holds one chunk and not the file.
 *
 * Each chunk is encrypted under the key of the request. Lane, request, file and ordinal are authenticated with it, so
 * that a chunk in the place of another one does not decrypt.
 */
import { Clock, Effect, Stream } from "effect"
import { Aead } from "effect/crypto"
import * as PreparedKeys from "../ledger/PreparedKeys.ts"
import { asStore, type LedgerContext } from "../ledger/LedgerContext.ts"
import type { HeldRequestKey } from "../ledger/RequestPrivateData.ts"
import type { Owner } from "../model/Lane.ts"
import { laneOf, type RequestKey } from "../ports/ComplianceStore.ts"
import { chunkBytes } from "../ports/RequestFileStore.ts"
import { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** A file that was written, and that no one sees before a change of its request attaches it. */
export interface WrittenFile {
  /** A UUIDv7. */
  readonly file: string
  /** SHA-256 of its bytes, lower-case hexadecimal. */
  readonly sha256: string
  /** In bytes. */
  readonly size: number
}

/** Names a file of a request. */
export interface FileOf {
  readonly project: Owner
  readonly request: string
  readonly file: string
}

type Context = Pick<LedgerContext, "aead" | "random" | "runningSha256" | "store">

const nonceBytes = 12
const encoder = new TextEncoder()

const placeOf = ({ file, project, request }: FileOf, ordinal: number): Uint8Array =>
  encoder.encode(["request file", laneOf(project, request), request, file, ordinal].join("\0"))

const unreadable = (): StoreUnavailable =>
  new StoreUnavailable({ reason: "a file of a compliance request cannot be read: a part of it is missing or damaged" })

/** Collects bytes into chunks, which all have `chunkBytes` but the last. */
const chunker = () => {
  const chunk = new Uint8Array(chunkBytes)
  let held = 0
  /** The chunks that are full after more bytes. Each is valid until the next one is asked for. */
  function* add(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(chunkBytes - held, bytes.length - at)
      chunk.set(bytes.subarray(at, at + taken), held)
      held += taken
      at += taken
      if (held < chunkBytes) return
      held = 0
      yield chunk
    }
  }
  return { add, rest: () => chunk.subarray(0, held) }
}

/** Removes a file that was not attached. Where the store cannot answer now, it is swept later. */
export const discard = ({ file, project, request }: FileOf, { store }: Pick<Context, "store">): Effect.Effect<void> =>
  Effect.ignore(store.requestFiles.removeAbandoned([{ lane: laneOf(project, request), request, file }]))

/** Begins a file and writes its bytes. Where the bytes end with an error, the file is removed. */
export const write = Effect.fnUntraced(function* <E>(
  of: Omit<FileOf, "file">,
  { key }: Pick<HeldRequestKey, "key">,
  content: Stream.Stream<Uint8Array, E>,
  context: Context,
): Effect.fn.Return<WrittenFile, E | StoreUnavailable> {
  const { aead, random, runningSha256, store } = context
  const { project, request } = of
  const file = yield* random.uuidV7()
  yield* store.requestFiles.begin(project, request, file, yield* Clock.currentTimeMillis)
  const prepared = yield* PreparedKeys.of(key)
  const sha256 = runningSha256()
  const chunks = chunker()
  let [ordinal, size] = [0, 0]
  const writeChunk = Effect.fnUntraced(function* (chunk: Uint8Array) {
    const nonce = yield* random.randomBytes(nonceBytes)
    const aad = placeOf({ ...of, file }, ordinal)
    const encrypted = yield* Effect.orDie(aead.encrypt(prepared, chunk, { nonce, aad }))
    if (yield* store.requestFiles.writeChunk(project, request, file, ordinal, { nonce, encrypted })) ordinal++
    else return yield* new StoreUnavailable({ reason: "the file was removed while it was written: send it again" })
  })
  const writePart = Effect.fnUntraced(function* (bytes: Uint8Array) {
    sha256.add(bytes)
    size += bytes.length
    for (const chunk of chunks.add(bytes)) yield* writeChunk(chunk)
  })
  const writeAll = Effect.gen(function* () {
    yield* Stream.runForEach(content, writePart)
    const rest = chunks.rest()
    if (rest.length > 0) yield* writeChunk(rest)
  })
  yield* Effect.onError(writeAll, () => discard({ ...of, file }, context))
  return { file, sha256: sha256.hex(), size }
})

/** The bytes of a file of `size` bytes, chunk by chunk. Fails where one is missing, before the end. */
export const read = (
  of: FileOf,
  size: number,
  kept: RequestKey,
  { aead, keys, store }: Pick<LedgerContext, "aead" | "keys" | "store">,
): Stream.Stream<Uint8Array, StoreUnavailable> => {
  const readChunk = Effect.fnUntraced(function* (key: Aead.Key, ordinal: number) {
    const sealed = yield* store.requestFiles.chunk(of.project, of.request, of.file, ordinal)
    if (sealed === undefined) return yield* unreadable()
    const options = { nonce: sealed.nonce, aad: placeOf(of, ordinal) }
    return yield* Effect.mapError(aead.decrypt(key, sealed.encrypted, options), unreadable)
  })
  const opened = Effect.gen(function* () {
    const key = yield* Effect.mapError(keys.unwrap(kept.epoch, kept.wrapped), asStore)
    if (key === undefined) return yield* unreadable()
    const prepared = yield* PreparedKeys.of(key)
    const ordinals = Stream.range(0, Math.ceil(size / chunkBytes) - 1)
    return Stream.mapEffect(ordinals, (ordinal) => readChunk(prepared, ordinal))
  })
  return Stream.unwrap(opened)
}
