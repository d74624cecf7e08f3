import { Effect, Layer } from "effect"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as OpenedTexts from "../../core/ledger/OpenedTexts.ts"
import * as PersonalData from "../../core/ledger/PersonalData.ts"
import type { KeyedPart } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"

const organization = { number: 7, lanes: 2 }
const one = "01a228e1-9e36-7338-be52-2bbffec4b018"
const other = "01a228e1-9e36-7338-be52-2bbffec4b01a"

const withContext = <A>(use: (context: LedgerContext.LedgerContext) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.flatMap(LedgerContext.make, use).pipe(
    Effect.provide(Layer.mergeAll(MemoryStore.layer, Crypto.layer, TestKeys.layer)),
    Effect.runPromise,
  )

const data = [
  { concordId: one, kind: "session", json: '{"ipAddress":"192.0.2.0"}' },
  { concordId: other, kind: "session", json: '{"ipAddress":"192.0.2.0"}' },
  { concordId: one, kind: "profile", json: "{}" },
] as const

describe("Personal data", () => {
  test("are opened in their own place only, and not if a byte is changed", () =>
    withContext((context) =>
      Effect.gen(function* () {
        const { commitments, personal } = yield* PersonalData.commit(organization, data, context)
        expect(new Set(commitments).size).toBe(3)
        const keys = new Map(personal!.keys.map((key) => [key.concordId, key]))
        const parts = personal!.parts.map((part): KeyedPart => ({ ...part, ...keys.get(part.concordId)! }))
        const open = (part: KeyedPart) => PersonalData.open(organization, part, context)
        for (const [index, part] of parts.entries()) {
          expect(part.id).toBe(index === 2 ? "" : Buffer.from(commitments[index]!, "base64url").toString("hex"))
          expect(yield* open(part)).toBe(data[index]!.json)
          const key = keys.get(part.concordId)!
          const elsewhere = { ...part, ...key, concordId: part.concordId === one ? other : one }
          expect(yield* open(elsewhere)).toBeUndefined()
          expect(yield* open({ ...part, kind: "fact" })).toBeUndefined()
          expect(yield* open({ ...part, id: "00".repeat(32) })).toBeUndefined()
          const encrypted = Uint8Array.from(part.encrypted)
          encrypted[3]! ^= 1
          expect(yield* open({ ...part, encrypted })).toBeUndefined()
        }
        // Another organization with the same numbers of lanes has other lanes.
        expect(yield* PersonalData.open({ number: 8, lanes: 2 }, parts[0]!, context)).toBeUndefined()
      }),
    ))

  test("are not encrypted in a dry run", () =>
    withContext((context) =>
      Effect.gen(function* () {
        const committed = yield* PersonalData.commit(organization, data, { ...context, isDryRun: true })
        expect(committed.commitments).toHaveLength(3)
        expect(committed.personal).toBeUndefined()
      }),
    ))

  test("are encrypted as Web Cryptography does", () =>
    withContext((context) =>
      Effect.gen(function* () {
        const { personal } = yield* PersonalData.commit(organization, data, context)
        const { epoch, wrapped } = personal!.keys[0]!
        const raw = (yield* context.keys.unwrap(epoch, wrapped))!
        const part = personal!.parts[0]!
        const key = yield* Effect.promise(() =>
          crypto.subtle.importKey("raw", Uint8Array.from(raw), "AES-GCM", false, ["decrypt"]),
        )
        const additionalData = new TextEncoder().encode(`${7 * 4096}\0${one}\0session\0${part.id}`)
        const text = yield* Effect.promise(() =>
          crypto.subtle.decrypt(
            { name: "AES-GCM", iv: Uint8Array.from(part.nonce), additionalData },
            key,
            Uint8Array.from(part.encrypted),
          ),
        )
        expect(Buffer.from(text).subarray(32).toString()).toBe(data[0].json)
        expect(part.nonce).toHaveLength(12)
      }),
    ))
})

describe("Personal data that were opened", () => {
  test("are held for a minute, and not at all once the person is erased", () => {
    const texts = OpenedTexts.make()
    texts.put("a", one, "1", 1000)
    texts.put("b", other, "2", 1000)
    expect([texts.get("a", 1000), texts.get("a", 60_999), texts.get("b", 999)]).toEqual(["1", "1", undefined])
    expect(texts.get("a", 61_000)).toBeUndefined()
    texts.put("a", one, "3", 1000)
    texts.put("b", other, "4", 1000)
    texts.forget(new Set([one]))
    expect([texts.get("a", 1000), texts.get("b", 1000)]).toEqual([undefined, "4"])
  })

  test("are held in bounded memory, the oldest of them dropped first", () => {
    const texts = OpenedTexts.make()
    const long = "x".repeat(OpenedTexts.maxBytes / 8)
    for (let count = 0; count < 8; count++) texts.put(`${count}`, one, long, 1000)
    const held = Array.from({ length: 8 }, (_, count) => texts.get(`${count}`, 1000) !== undefined)
    expect(held).toEqual([false, false, false, false, false, true, true, true])
  })
})
