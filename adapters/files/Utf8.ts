/**
 * Checks that bytes are UTF-8. Invalid bytes would be decoded as U+FFFD, so that the ids of two people could become
 * equal.
 */
import { isUtf8 } from "node:buffer"
import { Effect, Stream } from "effect"
import * as Encoding from "../support/Encoding.ts"
import { BadRows } from "./BadRows.ts"

/** How many bytes at the end are an incomplete character; at most 3. */
const incomplete = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
  }
  return 0
}

const lineFeed = 0x0a

/** Passes bytes through. Fails at the first that are not UTF-8, with their line, which is counted from `firstLine`. */
export const checked = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  firstLine = 1,
): Stream.Stream<Uint8Array, E | BadRows, R> =>
  Stream.suspend(() => {
    let line = firstLine
    let pending: Uint8Array = new Uint8Array()
    const refuse = (block: Uint8Array) => {
      let from = 0
      for (let to = block.indexOf(lineFeed); to !== -1; to = block.indexOf(lineFeed, from)) {
        if (!isUtf8(block.subarray(from, to))) break
        line++
        from = to + 1
      }
      return Effect.fail(new BadRows({ line, reason: `is ${Encoding.describe(block)}` }))
    }
    const check = (chunk: Uint8Array) => {
      const all = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      const whole = all.subarray(0, all.length - incomplete(all))
      if (!isUtf8(whole)) return refuse(whole)
      pending = all.subarray(whole.length)
      for (let at = whole.indexOf(lineFeed); at !== -1; at = whole.indexOf(lineFeed, at + 1)) line++
      return Effect.succeed(whole)
    }
    const end = Stream.suspend(() => (pending.length === 0 ? Stream.empty : Stream.fromEffect(refuse(pending))))
    return Stream.concat(Stream.mapEffect(bytes, check), end)
  })
