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
 * which may take up to twice as long because it is checked at intervals.
 */
export const limitMillis = 30_000

/**
 * The average rate at which rows must arrive, in bytes a second. Without it, a client that sends byte by byte would
 * keep one of the few places of imports and import nothing.
 */
const rowsMinBytesPerSecond = 32

const late = Object.assign(new Error("the request took too long to arrive"), { code: "ERR_HTTP_REQUEST_TIMEOUT" })

/** Destroys the connection of a client that does not read: its answer was already complete at the previous check. */
const watchReader = (response: ServerResponse, limit: number): void => {
  let wasComplete = false
  const check = (): void => {
    if (wasComplete) response.req.socket.destroy()
    wasComplete = response.writableEnded
  }
  const timer = setInterval(check, limit).unref()
  response.once("close", () => clearInterval(timer))
}

/**
 * Ends late requests: answered 408 where no answer has begun. Ends answers that their client does not read. `limit` is
 * in milliseconds.
 */
export const listeners = (server: Server, limit = limitMillis): Listeners => {
  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    const leastBytes = (limit / 1000) * rowsMinBytesPerSecond
    let read = socket.bytesRead
    const check = (): void => {
      if (request.complete || socket.destroyed) return
      const isArriving = socket.bytesRead >= read + leastBytes || request.readableLength > 0
      read = socket.bytesRead
      // After the answer, the rest of the request is of no use.
      if (RouteTable.isRowStream(request) && isArriving && !response.writableEnded) timer.refresh()
      else server.emit("clientError", late, socket)
    }
    const timer = setTimeout(check, limit).unref()
    response.once("finish", () => request.complete || timer.refresh())
    request.once("close", () => clearTimeout(timer))
    watchReader(response, limit)
  }
  return {
    request: watch,
    // Most refused requests have arrived as a whole already, and they are too many to set a timer for each.
    refused: (request, response) => setImmediate(() => request.complete || watch(request, response)),
  }
}
