import { describe, expect, test } from "vitest"
import * as KeyWrap from "../../adapters/keys/KeyWrap.ts"

/** RFC 3394, sections 4.3, 4.5 and 4.6: the vectors of a wrapping key of 256 bits. */
const wrapper = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
const vectors = [
  ["00112233445566778899AABBCCDDEEFF", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"],
  [
    "00112233445566778899AABBCCDDEEFF0001020304050607",
    "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1",
  ],
  [
    "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
    "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
  ],
] as const

const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex")
const hex = (of: Uint8Array | undefined): string | undefined =>
  of === undefined ? undefined : Buffer.from(of).toString("hex").toUpperCase()

describe("AES key wrap", () => {
  test.each(vectors)("wraps %s as RFC 3394 does, and unwraps it", (key, wrapped) => {
    expect(hex(KeyWrap.wrap(bytes(wrapper), bytes(key)))).toBe(wrapped)
    expect(hex(KeyWrap.unwrap(bytes(wrapper), bytes(wrapped)))).toBe(key)
  })

  test("does not unwrap a key of which one bit was changed, or by another key", () => {
    const [key, wrapped] = vectors[2]
    for (let bit = 0; bit < wrapped.length * 4; bit++) {
      const changed = Buffer.from(wrapped, "hex")
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(KeyWrap.unwrap(bytes(wrapper), changed)).toBeUndefined()
    }
    expect(KeyWrap.unwrap(bytes(key), bytes(wrapped))).toBeUndefined()
  })

  test("does not unwrap bytes of a length that no wrapped key has", () => {
    const [, wrapped] = vectors[2]
    for (const length of [0, 1, 8, 15, 16, 24, 39]) {
      expect(KeyWrap.unwrap(bytes(wrapper), bytes(wrapped).subarray(0, length))).toBeUndefined()
    }
    expect(KeyWrap.unwrap(bytes(wrapper), Buffer.concat([bytes(wrapped), Buffer.alloc(8)]))).toBeUndefined()
  })
})
