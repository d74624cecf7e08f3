/**
 * A ZIP file (APPNOTE.TXT 6.3, without ZIP64) that is written while its entries are read, in memory for about one part
 * of one entry. The same entries and the same day make the same bytes, in every time zone.
 */
import { Data, Effect, Stream } from "effect"
import { Zip, ZipDeflate } from "fflate"
import type { Instant } from "../engine/Instant.ts"

/** A file of a ZIP. */
export interface ZipEntry<E> {
  /** A path with `/`, which no other entry has. */
  readonly name: string
  /** Its bytes. Each part is compressed at once, so parts are of 1 MiB at most. */
  readonly content: Stream.Stream<Uint8Array, E>
}

/** What a ZIP may take. */
export interface ZipLimits {
  /** The most bytes of the ZIP itself. */
  readonly zipped: number
  /** The most bytes of one entry: ZIP without ZIP64 has no more than 2^32 - 2. */
  readonly entry: number
}

/** The ZIP, or an entry of it, would be larger than it may be. */
export class ZipTooLarge extends Data.TaggedError("ZipTooLarge")<{}> {}

/** A fast level: higher ones take much longer and save little of JSON. */
const level = 6

const firstDay = Date.UTC(1980, 0, 1)
const lastDay = Date.UTC(2099, 11, 31)

/**
 * The time of all entries: noon of the day in UTC, within the years that ZIP has. A ZIP keeps local times, and noon is
 * skipped or repeated by no time zone's change of clocks.
 */
const timeOf = (instant: Instant): Date => {
  const day = new Date(Math.min(Math.max(instant, firstDay), lastDay))
  return new Date(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), 12)
}

const none = new Uint8Array(0)

/** Writes entries in their order. */
export const make = <E, E2>(
  entries: Stream.Stream<ZipEntry<E>, E2>,
  instant: Instant,
  limits: ZipLimits,
): Stream.Stream<Uint8Array, E | E2 | ZipTooLarge> =>
  Stream.suspend(() => {
    let made: Array<Uint8Array> = []
    let zipped = 0
    const zip = new Zip((error, bytes) => {
      if (error) throw error
      if (bytes.length > 0) made.push(bytes)
    })
    /** The bytes that were made since the last time. */
    const taken = Effect.suspend(() => {
      const bytes = made
      made = []
      for (const { length } of bytes) zipped += length
      return zipped > limits.zipped ? Effect.fail(new ZipTooLarge()) : Effect.succeed(bytes)
    })
    const ofEntry = ({ content, name }: ZipEntry<E>) => {
      const file = Object.assign(new ZipDeflate(name, { level }), { mtime: timeOf(instant) })
      let size = 0
      const push = (bytes: Uint8Array) =>
        Effect.suspend(() => {
          size += bytes.length
          if (size > limits.entry) return Effect.fail(new ZipTooLarge())
          file.push(bytes)
          return taken
        })
      const begin = Effect.suspend(() => (zip.add(file), taken))
      const end = Effect.suspend(() => (file.push(none, true), taken))
      const parts = Stream.concat(Stream.fromEffect(begin), Stream.mapEffect(content, push))
      return Stream.concat(parts, Stream.fromEffect(end))
    }
    const end = Effect.suspend(() => (zip.end(), taken))
    const all = Stream.concat(Stream.flatMap(entries, ofEntry), Stream.fromEffect(end))
    return Stream.flatMap(all, Stream.fromIterable)
  })
