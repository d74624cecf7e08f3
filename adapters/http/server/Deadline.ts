/**
 * How long a request may take to arrive, and its answer to be read. Rows without end may take as long as they keep coming;
 * everything else has a limit.
 *
 * A client that sends next to nothing while it is waited for is late. One that is not read from, because what it has sent is
 * still being written, is not.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** How long a request may take, headers and body; how long rows may fail to come; and how long an answer to be read, twice at most. */
export const limitMillis = 30_000

/** How many bytes of rows must come a second, on average over that time: who sends byte by byte holds a place and brings nothing. */
const rowsMinBytesPerSecond = 32

/** Where rows without end are sent. */
export const isEndless = ({ method, url }: IncomingMessage): boolean =>
  method === "POST" && /\/consent-events\/import(\?|$)/.test(url ?? "")

const late = Object.assign(new Error("the request took too long to arrive"), { code: "ERR_HTTP_REQUEST_TIMEOUT" })

/** Cuts off a client that does not read: its answer was complete when it was looked at before, and is still not taken. */
const watchReader = (response: ServerResponse, limit: number): void => {
  let wasComplete = false
  const check = (): void => {
    if (wasComplete) response.req.socket.destroy()
    wasComplete = response.writableEnded
  }
  const timer = setInterval(check, limit).unref()
  response.once("close", () => clearInterval(timer))
}

/** Ends requests that are late, with the answer that says so where none has begun, and answers that nobody reads. `limit` is in milliseconds. */
export const register = (server: Server, limit = limitMillis): void => {
  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request
    const least = (limit / 1000) * rowsMinBytesPerSecond
    let read = socket.bytesRead
    const check = (): void => {
      if (request.complete || socket.destroyed) return
      const isComing = socket.bytesRead >= read + least || request.readableLength > 0
      read = socket.bytesRead
      // Once it is answered, nobody waits for the rest of it.
      if (isEndless(request) && isComing && !response.writableEnded) timer.refresh()
      else server.emit("clientError", late, socket)
    }
    const timer = setTimeout(check, limit).unref()
    response.once("finish", () => request.complete || timer.refresh())
    request.once("close", () => clearTimeout(timer))
    watchReader(response, limit)
  }
  for (const event of ["request", "checkContinue"]) server.on(event, watch)
  // Most of what is refused has come as a whole: there are too many of them to watch each.
  server.on("refused", (request: IncomingMessage, response: ServerResponse) =>
    setImmediate(() => request.complete || watch(request, response)),
  )
}
