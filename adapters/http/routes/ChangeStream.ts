/**
 * Changes as server-sent events (HTML standard, section 9.2).
 *
 * Each `data` is one change, `event` is its type. The `id` is a mark: it stands on the last change of a flush and on
 * every hundredth, so that a reader that was cut gets a few again, with the ids that they had.
 */
import type { ServerResponse } from "node:http"
import { Clock, Effect, Option, Stream } from "effect"
import type { ChangeBatch, ReadFault, WrittenChange } from "../../../core/feed/Changes.ts"

/** How often a comment is sent while there are no changes, so that proxies keep the connection, in milliseconds. */
const commentMillis = 15_000

/** How many comments in a row a reader may leave unread: then it is cut. */
const unreadComments = 2

/** After this time a stream ends, in milliseconds. The reader connects again, perhaps to another server. */
const lengthMillis = 600_000

/** How many changes have no mark between two that have one. */
export const markEvery = 100

/** When a reader comes back after the end of a stream, in milliseconds. */
const retryMillis = 1000

/** The headers of a stream. The connection ends with it. */
export const headers = {
  "cache-control": "no-store",
  // Asks proxies such as nginx to pass on each change at once.
  "x-accel-buffering": "no",
  connection: "close",
}

/** Tells that the stream begins, so that the reader learns that it is connected. */
const begun = `retry: ${retryMillis}\n\n`

const textOf = ({ json, mark, type }: WrittenChange, last: string | undefined): string => {
  const id = last ?? mark
  return `event: ${type}\ndata: ${json}\n${id === undefined ? "" : `id: ${id}\n`}\n`
}

/** A batch as text; one without changes moves the mark of the reader. */
const flush = ({ items, mark }: ChangeBatch): string =>
  items.length === 0
    ? `id: ${mark}\n\n`
    : items.map((item, index) => textOf(item, index === items.length - 1 ? mark : undefined)).join("")

/** The last event of a reader whose mark is lost, because it cannot see a status. */
const lost = (mark: string): string => `event: lost\ndata: ${JSON.stringify({ mark })}\n\n`

/** Cuts a reader that takes nothing. */
const cutter = (response: ServerResponse) => {
  let sent = -1
  let unread = 0
  return (): void => {
    const { socket } = response
    if (socket === null) return
    const now = socket.bytesWritten - response.writableLength
    unread = response.writableLength > 0 && now === sent ? unread + 1 : 0
    sent = now
    if (unread >= unreadComments) socket.destroy()
  }
}

/** How a stream is read. */
export interface StreamOptions {
  /** Reads the changes after a mark, and waits for some for a number of milliseconds. */
  readonly read: (after: string, waitMillis: number) => Effect.Effect<ChangeBatch, ReadFault>
  /** What was read first. */
  readonly first: ChangeBatch
  readonly response: ServerResponse
  /** Whether the stream ends early. */
  readonly isOver: () => boolean
  /** Whether the request is still allowed. */
  readonly isAllowed: Effect.Effect<boolean>
}

const encoder = new TextEncoder()

/** The end of a stream: what is sent last, if anything. */
const ended = (text?: string) => [text === undefined ? [] : [text], Option.none<ChangeBatch>()] as const

/** What a fault of reading sends. A reader whose store cannot answer now comes back by itself. */
const endOf = (fault: ReadFault) => ended(fault._tag === "MarkLost" ? lost(fault.mark) : undefined)

/** The events of a stream. It ends without an error; the reader connects again, and goes on at its last mark. */
const textsOf = ({ first, isAllowed, isOver, read, response }: StreamOptions): Stream.Stream<string> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis
      const cutIfUnread = cutter(response)
      const next = Effect.fnUntraced(function* (before: ChangeBatch | undefined) {
        if (before === undefined) return [[begun + flush(first)], Option.some(first)] as const
        const left = startedAt + lengthMillis - (yield* Clock.currentTimeMillis)
        if (left <= 0 || isOver() || !(yield* isAllowed)) return ended()
        const batch = yield* read(before.mark, Math.min(commentMillis, left))
        if (batch.items.length > 0 || batch.mark !== before.mark) return [[flush(batch)], Option.some(batch)] as const
        cutIfUnread()
        return [[":\n\n"], Option.some(batch)] as const
      })
      return Stream.paginate(undefined as ChangeBatch | undefined, (before) =>
        Effect.catch(next(before), (fault) => Effect.succeed(endOf(fault))),
      )
    }),
  )

/** The bytes of a stream. */
export const bytes = (options: StreamOptions): Stream.Stream<Uint8Array> =>
  Stream.map(textsOf(options), (text) => encoder.encode(text))

/** The bytes of a stream to a reader whose mark is lost. */
export const bytesOfLost = (mark: string): Stream.Stream<Uint8Array> =>
  Stream.succeed(encoder.encode(begun + lost(mark)))

/** The bytes of a stream that is one too many: the reader comes back. */
export const bytesOfTooMany: Stream.Stream<Uint8Array> = Stream.succeed(encoder.encode(begun))
