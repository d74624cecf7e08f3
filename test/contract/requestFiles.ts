/** Clauses of the contract: how a store keeps files of compliance requests. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type * as Lane from "../../core/model/Lane.ts"
import { laneOf } from "../../core/ports/ComplianceStore.ts"
import { chunkBytes, type FileChanges, type FilePlace } from "../../core/ports/RequestFileStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import {
  changeOf,
  denied,
  elsewhere,
  erase,
  full,
  idOf,
  key,
  noted,
  sealed,
  second,
  story,
  writeOf,
} from "./complianceSamples.ts"
import { type Clause, clause, event, project, request, type Store, t0, uuid } from "./samples.ts"

const fileId = (n: number): string => uuid(0xf000 + n)

const chunk = (n: number, ordinal: number): Sealed => sealed(`file ${n}, chunk ${ordinal}`)

/** Begins a file with chunks. */
const begin = Effect.fnUntraced(function* (
  { requestFiles }: Store,
  n: number,
  chunks: number,
  { at = t0, of = project, request = 1 } = {},
) {
  yield* requestFiles.begin(of, idOf(request), fileId(n), at)
  for (let ordinal = 0; ordinal < chunks; ordinal += 1) {
    strictEqual(yield* requestFiles.writeChunk(of, idOf(request), fileId(n), ordinal, chunk(n, ordinal)), true)
  }
})

const open = ({ compliance }: Store, n: number, of = project, files: FileChanges = {}) =>
  compliance.write(writeOf([changeOf(story(n), 0, { private: full, key: key(n), files })], { project: of }))

/** Adds a fact to request 1, which has `before` facts, with changes of its files. */
const change = ({ compliance }: Store, before: number, files: FileChanges) =>
  compliance.write(writeOf([changeOf(story(1, ...Array(before).fill(noted)), before, { files })]))

/** Every chunk of a file, in order. */
const chunksOf = Effect.fnUntraced(function* (
  { requestFiles }: Store,
  n: number,
  { of = project, request = 1 }: { readonly of?: Lane.Owner; readonly request?: number } = {},
) {
  const chunks: Array<Sealed> = []
  for (;;) {
    const next: Sealed | undefined = yield* requestFiles.chunk(of, idOf(request), fileId(n), chunks.length)
    if (next === undefined) return chunks
    chunks.push({ nonce: new Uint8Array(next.nonce), encrypted: new Uint8Array(next.encrypted) })
  }
})

const placeOf = (n: number, { of = project, request = 1 } = {}): FilePlace => ({
  lane: laneOf(of, idOf(request)),
  request: idOf(request),
  file: fileId(n),
})

export const requestFileClauses: ReadonlyArray<Clause> = [
  clause(
    "a file takes chunks until a change of its request has attached it, and is read by that request only",
    Effect.fnUntraced(function* (store: Store) {
      const { requestFiles } = store
      yield* open(store, 1)
      yield* begin(store, 1, 3)
      yield* begin(store, 1, 1, { request: 17 })
      const written = [0, 1, 2].map((ordinal) => chunk(1, ordinal))
      deepStrictEqual(yield* chunksOf(store, 1), written)
      strictEqual(yield* change(store, 1, { attach: [fileId(1)] }), "kept")
      deepStrictEqual(yield* chunksOf(store, 1), written)
      deepStrictEqual(yield* chunksOf(store, 1, { of: second }), [])
      deepStrictEqual(yield* chunksOf(store, 1, { request: 17 }), written.slice(0, 1))
      deepStrictEqual(yield* chunksOf(store, 1, { request: 33 }), [])
      strictEqual(yield* requestFiles.writeChunk(project, idOf(1), fileId(1), 3, chunk(1, 3)), false)
      strictEqual(yield* requestFiles.writeChunk(project, idOf(1), fileId(1), 0, chunk(9, 9)), false)
      strictEqual((yield* chunksOf(store, 1)).length, 3)
      // Beginning it again changes nothing.
      yield* requestFiles.begin(project, idOf(1), fileId(1), t0 + 5)
      strictEqual((yield* chunksOf(store, 1)).length, 3)
      deepStrictEqual(yield* requestFiles.abandoned(t0 + 9, 9), [placeOf(1, { request: 17 })])
    }),
  ),
  clause(
    "a chunk is kept byte for byte, also one of the largest size, and written again it replaces the one before",
    Effect.fnUntraced(function* (store: Store) {
      const { requestFiles } = store
      yield* open(store, 1)
      strictEqual(yield* requestFiles.writeChunk(project, idOf(1), fileId(1), 0, chunk(1, 0)), false)
      yield* begin(store, 1, 2)
      const bytes = Uint8Array.from({ length: chunkBytes + 16 }, (_, index) => index * (index >> 8))
      const large = { nonce: Uint8Array.from({ length: 12 }, (_, index) => 255 - index), encrypted: bytes }
      strictEqual(yield* requestFiles.writeChunk(project, idOf(1), fileId(1), 1, large), true)
      strictEqual(yield* change(store, 1, { attach: [fileId(1)] }), "kept")
      deepStrictEqual(yield* chunksOf(store, 1), [chunk(1, 0), large])
    }),
  ),
  clause(
    "a change that attaches a file which is not there, is attached already or is of another request is stale",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance, events, requestFiles } = store
      yield* open(store, 1)
      yield* begin(store, 1, 1)
      yield* begin(store, 2, 1, { request: 17 })
      const next = changeOf(story(1, noted), 1, { files: { attach: [fileId(1), fileId(3)] } })
      strictEqual(yield* compliance.write(writeOf([next])), "stale")
      const append = request([event(uuid(5))], { compliance: { requests: [next] } })
      strictEqual((yield* events.append(append))._tag, "Stale")
      strictEqual(yield* change(store, 1, { attach: [fileId(2)] }), "stale")
      strictEqual((yield* compliance.facts(project, idOf(1))).length, 1)
      strictEqual(yield* change(store, 1, { attach: [fileId(1)] }), "kept")
      strictEqual(yield* change(store, 2, { attach: [fileId(1)] }), "stale")
      strictEqual(yield* change(store, 2, { remove: [fileId(1)] }), "kept")
      strictEqual(yield* change(store, 3, { attach: [fileId(1)] }), "stale")
      strictEqual(yield* requestFiles.writeChunk(project, idOf(1), fileId(1), 0, chunk(1, 0)), false)
    }),
  ),
  clause(
    "files are removed with their chunks, one by one or all of a request, and no others",
    Effect.fnUntraced(function* (store: Store) {
      yield* open(store, 1)
      yield* open(store, 17)
      for (const n of [1, 2, 3]) yield* begin(store, n, 2)
      yield* begin(store, 1, 1, { request: 17 })
      yield* begin(store, 4, 1)
      yield* change(store, 1, { attach: [1, 2, 3].map(fileId) })
      const other = changeOf(story(17, noted), 1, { files: { attach: [fileId(1)] } })
      strictEqual(yield* store.compliance.write(writeOf([other])), "kept")
      strictEqual(yield* change(store, 2, { remove: [fileId(2), fileId(9)] }), "kept")
      const counts = () => Effect.forEach([1, 2, 3], (n) => Effect.map(chunksOf(store, n), ({ length }) => length))
      deepStrictEqual(yield* counts(), [2, 0, 2])
      strictEqual(yield* change(store, 3, { remove: "all" }), "kept")
      deepStrictEqual(yield* counts(), [0, 0, 0])
      // Also what was not attached.
      deepStrictEqual(yield* store.requestFiles.abandoned(t0 + 9, 9), [])
      strictEqual((yield* chunksOf(store, 1, { request: 17 })).length, 1)
    }),
  ),
  clause(
    "files that were never attached are found from the oldest on, and removed with their chunks; attached ones stay",
    Effect.fnUntraced(function* (store: Store) {
      const { requestFiles } = store
      yield* open(store, 1)
      yield* begin(store, 1, 1, { at: t0 + 2 })
      yield* begin(store, 2, 1, { at: t0 + 1, of: second, request: 2 })
      yield* begin(store, 3, 1, { at: t0 })
      yield* begin(store, 4, 1, { at: t0 })
      yield* begin(store, 5, 0, { at: t0 + 3, of: elsewhere })
      const places = [placeOf(3), placeOf(4), placeOf(2, { of: second, request: 2 }), placeOf(1)]
      deepStrictEqual(yield* requestFiles.abandoned(t0 + 3, 9), places)
      deepStrictEqual(yield* requestFiles.abandoned(t0 + 3, 2), places.slice(0, 2))
      deepStrictEqual(yield* requestFiles.abandoned(t0, 9), [])
      strictEqual(yield* change(store, 1, { attach: [fileId(3)] }), "kept")
      yield* requestFiles.removeAbandoned([...places, placeOf(8)])
      deepStrictEqual(yield* requestFiles.abandoned(t0 + 9, 9), [placeOf(5, { of: elsewhere })])
      strictEqual((yield* chunksOf(store, 3)).length, 1)
      strictEqual(yield* requestFiles.writeChunk(project, idOf(1), fileId(4), 1, chunk(4, 1)), false)
      // One that is begun again has no chunk of before.
      yield* requestFiles.begin(project, idOf(1), fileId(4), t0)
      strictEqual(yield* change(store, 2, { attach: [fileId(4)] }), "kept")
      deepStrictEqual(yield* chunksOf(store, 4), [])
    }),
  ),
  clause(
    "a file that is attached while it is swept is whole, or its change is stale",
    Effect.fnUntraced(function* (store: Store) {
      const requests = Array.from({ length: 8 }, (_, index) => index + 1)
      for (const n of requests) {
        yield* open(store, n)
        yield* begin(store, n, 2, { request: n })
      }
      const attach = requests.map((n) =>
        store.compliance.write(writeOf([changeOf(story(n, noted), 1, { files: { attach: [fileId(n)] } })])),
      )
      const sweep = store.requestFiles.removeAbandoned(requests.map((n) => placeOf(n, { request: n })))
      const [kept] = yield* Effect.all([Effect.all(attach, { concurrency: "unbounded" }), sweep], {
        concurrency: "unbounded",
      })
      for (const [index, n] of requests.entries()) {
        const { length } = yield* chunksOf(store, n, { request: n })
        deepStrictEqual([kept[index], length], kept[index] === "kept" ? ["kept", 2] : ["stale", 0])
      }
      deepStrictEqual(yield* store.requestFiles.abandoned(t0 + 9, 9), [])
    }),
  ),
  clause(
    "with the private row of a request all of its files are removed, and by an erasure those of resolved requests",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance, requestFiles } = store
      for (const n of [1, 2, 3]) {
        yield* open(store, n)
        yield* begin(store, n, 2, { request: n })
        yield* begin(store, 10 + n, 1, { request: n })
        const files = { attach: [fileId(n)] }
        const attached = changeOf(story(n, ...(n === 2 ? [denied] : [noted])), 1, { files })
        strictEqual(yield* compliance.write(writeOf([attached])), "kept")
      }
      const counts = () =>
        Effect.forEach([1, 2, 3], (n) => Effect.map(chunksOf(store, n, { request: n }), ({ length }) => length))
      const removed = changeOf(story(1, noted, noted), 2, { private: "removed" })
      strictEqual(yield* compliance.write(writeOf([removed])), "kept")
      deepStrictEqual(yield* counts(), [0, 2, 2])
      strictEqual(typeof (yield* erase(store, [uuid(5)])), "object")
      deepStrictEqual(yield* counts(), [0, 0, 2])
      deepStrictEqual(yield* requestFiles.abandoned(t0 + 9, 9), [placeOf(13, { request: 3 })])
      // What was begun before is gone, so a change that was prepared before cannot attach it.
      const late = changeOf(story(2, denied, noted), 2, { files: { attach: [fileId(12)] } })
      strictEqual(yield* compliance.write(writeOf([late])), "stale")
    }),
  ),
]
