/** How many bytes of a file of a compliance request are in memory at a time, counted at the store. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Stream } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { chunkBytes } from "../../core/ports/RequestFileStore.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import * as Surface from "../support/people/surface.ts"

const by = "key:11111111-1111-7111-8111-111111111111" as const
const pieceBytes = 65_536
const size = 10 * 1_048_576

// Kills: a file that is collected before it is written, or read as a whole before it is sent.
test("a file of 10 MiB is held chunk by chunk, on its way in and out", async () => {
  const counts = { written: 0, read: 0 }
  const counting = Layer.effect(
    LedgerStore,
    Effect.map(LedgerStore, (store) => ({
      ...store,
      requestFiles: {
        ...store.requestFiles,
        writeChunk: (...given: Parameters<typeof store.requestFiles.writeChunk>) =>
          Effect.tap(store.requestFiles.writeChunk(...given), () =>
            Effect.sync(() => (counts.written += given[4].encrypted.length)),
          ),
        chunk: (...given: Parameters<typeof store.requestFiles.chunk>) =>
          Effect.tap(store.requestFiles.chunk(...given), (sealed) =>
            Effect.sync(() => (counts.read += sealed?.encrypted.length ?? 0)),
          ),
      },
    })),
  ).pipe(Layer.provide(MemoryStore.layer))
  const program = Effect.gen(function* () {
    const play = yield* Plays.make
    const { compliance } = play.ledger
    const request = { request: "view", user: { email: "a@example.com" }, isPreverified: true } as const
    const opener = { _tag: "Key", id: by.slice("key:".length) } as const
    const { requests } = yield* Surface.expected(yield* Plays.open(play, request, opener), "Opened")
    let [pulled, mostIn, sent, mostOut] = [0, 0, 0, 0]
    const bytes = Stream.fromIterable(
      Array.from({ length: size / pieceBytes }, () => Buffer.alloc(pieceBytes, "a")),
    ).pipe(
      Stream.rechunk(1),
      Stream.tap((piece) =>
        Effect.sync(() => {
          pulled += piece.length
          mostIn = Math.max(mostIn, pulled - counts.written)
        }),
      ),
    )
    const sentFile = { fileName: "a.txt", declaredType: "text/plain", bytes }
    const taken = yield* compliance.takeFile(play.scope, requests[0]!.id, sentFile, by)
    const { file } = yield* Surface.expected(taken, "Taken")
    yield* compliance.attachFile(play.scope, file, { isForRequester: false }, { by })
    const asked = { scope: play.scope, id: requests[0]!.id, file: file.file, by }
    const download = yield* Surface.expected(yield* compliance.downloadFile(asked), "Download")
    yield* Stream.runForEach(download.bytes, (piece) =>
      Effect.sync(() => {
        mostOut = Math.max(mostOut, counts.read - sent)
        sent += piece.length
      }),
    )
    return { mostIn, mostOut, sent }
  })
  const services = Layer.mergeAll(NodeCrypto.layer, TestKeys.layer)
  const layer = Ledger.layer.pipe(Layer.provide(counting), Layer.provide(services))
  const { mostIn, mostOut, sent } = await Effect.runPromise(Effect.provide(program, layer))
  expect(sent).toBe(size)
  expect(mostIn).toBeLessThanOrEqual(2 * chunkBytes)
  expect(mostOut).toBeLessThanOrEqual(2 * chunkBytes)
})
