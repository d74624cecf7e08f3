/**
 * The contract of the port `Keys`, over each of its adapters.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import * as FileKeys from "../../adapters/keys/FileKeys.ts"
import * as KeySet from "../../adapters/keys/KeySet.ts"
import * as MemoryKeys from "../../adapters/keys/MemoryKeys.ts"
import type { Keys } from "../../core/ports/Keys.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-keys-"))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const inFile = Effect.suspend(() => {
  const path = join(folder, `${files++}.keys`)
  return Effect.as(FileKeys.create(path), FileKeys.make(path))
})
const inMemory = Effect.sync(() => MemoryKeys.make(KeySet.make(0)))

const key = new Uint8Array(32).fill(7)
const adapters = [
  ["memory", inMemory],
  ["file", inFile],
] as const

describe.each(adapters)("keys in %s", (_, make) => {
  const check = (name: string, use: (keys: Keys["Service"]) => Effect.Effect<void, unknown>) =>
    test(name, () => Effect.runPromise(Effect.flatMap(make, use)))

  check("begin with epoch 1", (keys) =>
    Effect.gen(function* () {
      expect(yield* keys.epoch).toBe(1)
      expect((yield* keys.epochs).map(({ number, destroyedAt }) => [number, destroyedAt])).toEqual([[1, undefined]])
    }),
  )

  check("wrap a key into 40 bytes that only its wrapper unwraps", (keys) =>
    Effect.gen(function* () {
      const { beganAt } = (yield* keys.epochs)[0]!
      yield* keys.begin(beganAt + 1, beganAt + 1)
      for (const by of ["root", 1, 2] as const) {
        const wrapped = yield* keys.wrap(by, key)
        expect(wrapped).toHaveLength(40)
        for (const other of ["root", 1, 2, 3] as const) {
          const unwrapped = yield* keys.unwrap(other, wrapped)
          expect(unwrapped === undefined ? undefined : [...unwrapped]).toEqual(other === by ? [...key] : undefined)
        }
      }
    }),
  )

  check("fail to wrap by an epoch that never was, and unwrap nothing by it", (keys) =>
    Effect.gen(function* () {
      for (const by of [0, 2, -1, 1.5]) {
        expect(Exit.isFailure(yield* Effect.exit(keys.wrap(by, key)))).toBe(true)
        expect(yield* keys.unwrap(by, new Uint8Array(40))).toBeUndefined()
      }
    }),
  )

  check("begin an epoch once for the same `since`, and later epochs never before earlier ones", (keys) =>
    Effect.gen(function* () {
      const { beganAt } = (yield* keys.epochs)[0]!
      const second = yield* keys.begin(beganAt + 5, beganAt + 1)
      expect(second).toEqual({ number: 2, beganAt: beganAt + 5 })
      expect(yield* keys.begin(beganAt + 9, beganAt + 5)).toEqual(second)
      expect(yield* keys.begin(beganAt - 100, beganAt + 6)).toEqual({ number: 3, beganAt: beganAt + 5 })
      expect(yield* keys.epoch).toBe(3)
    }),
  )

  check("destroy the key of an epoch for ever, but never that of the latest", (keys) =>
    Effect.gen(function* () {
      const { beganAt } = (yield* keys.epochs)[0]!
      yield* keys.destroy(1, beganAt + 1)
      const wrapped = yield* keys.wrap(1, key)
      yield* keys.begin(beganAt + 1, beganAt + 1)
      const ofRoot = yield* keys.wrap("root", key)
      yield* keys.destroy(1, beganAt + 2)
      yield* keys.destroy(1, beganAt + 3)
      yield* keys.destroy(7, beganAt + 3)
      expect(yield* keys.unwrap(1, wrapped)).toBeUndefined()
      expect(Exit.isFailure(yield* Effect.exit(keys.wrap(1, key)))).toBe(true)
      expect(yield* keys.unwrap("root", ofRoot)).toEqual(Buffer.from(key))
      expect(yield* keys.epochs).toEqual([
        { number: 1, beganAt, destroyedAt: beganAt + 2 },
        { number: 2, beganAt: beganAt + 1 },
      ])
    }),
  )
})
