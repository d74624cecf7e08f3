/**
 * How long a request may take to arrive, and how long a client may take to read its answer. A stream of rows may take
 * as long as rows keep coming; everything else has a limit.
 *
 * A client is late if it sends below the rate while the service is ready to read. A client that cannot send because the
 * service is still writing what it has sent is not late.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Listeners } from "./NodeServer.ts"
import * as RouteTable from "./RouteTable.ts"

/**
 * The limit in milliseconds: for a whole request, head and body; for a pause between rows; and for reading an answer,
 * or the next part of one that is still being written, which may take up to twice as long because it is checked at such
 * intervals.
 */
export const limitMillis = 30_000

/**
 * The average rate at which rows must arrive, in bytes a second. Without it, a client that sends byte by byte would
 * keep one of the few places of imports and import nothing.
 */
const rowsMinBytesPerSecond = 32

/** How often within the limit requests are checked. */
const checksPerLimit = 60

const late = Object.assign(new Error("the request took too long to arrive"), { code: "ERR_HTTP_REQUEST_TIMEOUT" })

/** A request that arrives, or whose answer is being read. */
interface Watched {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** When the next check of the arrival is due; `Infinity` once the request has arrived or was ended. */
  arrivalDue: number
  /** The bytes that the connection had read at the previous check of the arrival. */
  read: number
  /** When the next check of the reader is due; `Infinity` once the answer was sent. */
  readerDue: number
  /** Whether the answer was complete at the previous check of the reader. */
  wasEnded: boolean
  /** The bytes that were written to the connection by the previous check of the reader, those not sent yet too. */
  written: number
}

/**
 * Ends late requests: answered 408 where no answer has begun. Ends answers that their client does not read. `limit` is
 * in milliseconds. One timer checks all requests, because two for each would cost more than most requests.
 */
export const listeners = (server: Server, limit = limitMillis): Listeners => {
  const leastBytes = (limit / 1000) * rowsMinBytesPerSecond
  const watched = new Set<Watched>()

  const checkArrival = (each: Watched, now: number): void => {
    const { request, response } = each
    const { socket } = request
    const isArriving = socket.bytesRead >= each.read + leastBytes || request.readableLength > 0
    each.read = socket.bytesRead
    const hasEnded = request.complete || socket.destroyed
    // After the answer, the rest of the request is of no use.
    const mayGoOn = RouteTable.isRowStream(request) && isArriving && !response.writableEnded
    each.arrivalDue = hasEnded || !mayGoOn ? Infinity : now + limit
    if (!hasEnded && !mayGoOn) server.emit("clientError", late, socket)
  }

  /**
   * Destroys the connection of a client that does not read: its answer was already complete at the previous check, or
   * the part that waited to be sent then still waits, and nothing could be written after it.
   */
  const checkReader = (each: Watched, now: number): void => {
    const { response } = each
    const { socket } = response.req
    const isStuck = response.headersSent && response.writableLength > 0 && socket.bytesWritten === each.written
    if (each.wasEnded || isStuck) socket.destroy()
    each.wasEnded = response.writableEnded
    each.written = socket.bytesWritten
    each.readerDue = now + limit
  }

  const check = (): void => {
    const now = performance.now()
    for (const each of watched) {
      if (now >= each.arrivalDue) checkArrival(each, now)
      if (now >= each.readerDue) checkReader(each, now)
      if (each.arrivalDue === Infinity && each.readerDue === Infinity) watched.delete(each)
    }
  }
  const timer = setInterval(check, limit / checksPerLimit).unref()
  server.once("close", () => clearInterval(timer))

  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    const due = performance.now() + limit
    const each: Watched = {
      request,
      response,
      arrivalDue: due,
      read: request.socket.bytesRead,
      readerDue: due,
      wasEnded: false,
      written: -1,
    }
    watched.add(each)
    response.once("close", () => {
      each.readerDue = Infinity
      if (request.complete || request.destroyed) watched.delete(each)
      // The rest of a request that was answered early has the limit again.
      else each.arrivalDue = performance.now() + limit
    })
  }
  return {
    request: watch,
    // Most refused requests have arrived as a whole already, and they are too many to watch each.
    refused: (request, response) => setImmediate(() => request.complete || watch(request, response)),
  }
}
