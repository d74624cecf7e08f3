/**
 * How long a request may take to arrive. Rows without end may take as long as they keep coming; everything else has a limit.
 *
 * A client that sends nothing while it is waited for is late. One that is not read from, because what it has sent is still
 * being written, is not.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** How long a request may take, headers and body; and how long rows may fail to come. */
export const limitMillis = 30_000

/** Where rows without end are sent. */
const isEndless = ({ method, url }: IncomingMessage): boolean =>
  method === "POST" && /\/consent-events\/import(\?|$)/.test(url ?? "")

const late = Object.assign(new Error("the request took too long to arrive"), { code: "ERR_HTTP_REQUEST_TIMEOUT" })

/** Ends requests that are late, with the answer that says so where none has begun. `limit` is in milliseconds. */
export const register = (server: Server, limit = limitMillis): void => {
  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    let read = socket.bytesRead
    const check = (): void => {
      if (request.complete || socket.destroyed) return
      const isComing = socket.bytesRead > read || request.readableLength > 0
      read = socket.bytesRead
      // Once it is answered, nobody waits for the rest of it.
      if (isEndless(request) && isComing && !response.writableEnded) timer.refresh()
      else server.emit("clientError", late, socket)
    }
    const timer = setTimeout(check, limit).unref()
    response.once("finish", () => request.complete || timer.refresh())
    request.once("close", () => clearTimeout(timer))
  }
  server.on("request", watch)
  server.on("checkContinue", watch)
}
