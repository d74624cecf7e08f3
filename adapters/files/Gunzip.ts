/**
 * Decompresses bytes if they are gzip (RFC 1952). Its first byte tells, because no text begins with it.
 */
import { createGunzip } from "node:zlib"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Effect, Option, Sink, Stream } from "effect"
import { BadRows } from "./BadRows.ts"

const firstByte = 0x1f

/** Decompresses a stream that is gzip; any other stream is passed through. */
export const ifPacked = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E | BadRows, R> =>
  Stream.unwrap(
    Effect.map(Stream.peel(bytes, Sink.head<Uint8Array>()), ([first, rest]) => {
      const whole = Option.isNone(first) ? rest : Stream.concat(Stream.succeed(first.value), rest)
      return Option.isSome(first) && first.value[0] === firstByte
        ? NodeStream.pipeThroughDuplex(whole, {
            evaluate: () => createGunzip(),
            onError: () => new BadRows({ reason: "the gzip data is damaged or ends too soon" }),
          })
        : whole
    }),
  )
