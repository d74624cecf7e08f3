/**
 * Decides which requests are accepted under load. Any other request is answered 503 at once, before any handler sees
 * it.
 *
 * A request counts towards the {@link ConcurrencyLimit} while the service works on it, not while its body arrives or
 * its answer is read: a slow client occupies no place there. All open requests have a limit of their own, and so have
 * imports and connections. Health probes are always answered. {@link RefusedConnections} reads the connections of
 * refused requests.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"
import * as ConcurrencyLimit from "./ConcurrencyLimit.ts"
import type { Gate } from "./NodeServer.ts"
import * as RefusedConnections from "./RefusedConnections.ts"
import * as RouteTable from "./RouteTable.ts"

/** The highest number of open requests: arriving, worked on, or with an answer that is being read. */
export const openMax = 2048

/** The highest number of imports at a time, because each may take as long as it wants. */
export const importsMax = 4

/** The highest number of connections; Node closes a further one at once. */
export const connectionsMax = 16_384

const overloaded = new Answer.HttpProblem({
  status: 503,
  detail: "there is more to do than can be done at once; nothing was done; try again",
  headers: { "retry-after": "1" },
})

/** As a flat list, which Node writes without converting it. */
const fields = Object.entries({
  "content-type": ProblemBody.contentType,
  "cache-control": "no-store",
  ...overloaded.headers,
  ...BrowserHeaders.ofData,
}).flat()

/** Writes the answer to Node directly, because a refusal must cost far less than an answer. */
const refuse = (response: ServerResponse): void => {
  const { body } = Answer.write(overloaded)
  response.writeHead(overloaded.status, [...fields, "content-length", String(body.length)]).end(body)
}

/** The gate of a server, with its own counts. */
export const make = (): Gate => {
  const limit = ConcurrencyLimit.make()
  const working = new Set<ServerResponse>()
  let open = 0
  let imports = 0

  /** Removes requests that wait for their client; one is added again once the rest of its body has arrived. */
  const removeWaiting = (): void => {
    for (const response of working) {
      if (response.writableEnded) working.delete(response)
      else if (!response.req.complete) {
        working.delete(response)
        response.req.once("end", () => response.closed || working.add(response))
      }
    }
  }

  const isFull = (now: number): boolean => {
    const max = limit.max(now)
    if (working.size >= max) removeWaiting()
    return working.size >= max || open >= openMax
  }

  /** Counts an accepted request until its connection is done with it. */
  const count = (request: IncomingMessage, response: ServerResponse, isImport: boolean): void => {
    const wasAlone = working.size < 1
    let since = performance.now()
    // The time a client takes to send its body says nothing about the service.
    if (request.method !== "GET") request.once("end", () => (since = performance.now()))
    working.add(response)
    open++
    if (isImport) imports++
    response.once("finish", () => {
      const now = performance.now()
      if (response.statusCode < 300 && !isImport) limit.answered(now, now - since, wasAlone && working.size === 1)
    })
    response.once("close", () => {
      working.delete(response)
      open--
      if (isImport) imports--
    })
  }

  const free = (): number => (open >= openMax ? 0 : limit.max(performance.now()) - working.size)
  const refused = RefusedConnections.make(free)

  return {
    accepts: (request, response) => {
      if (RouteTable.isProbe(request.url ?? "")) return true
      const isImport = RouteTable.isRowStream(request)
      if (isImport && imports >= importsMax) return false
      const now = performance.now()
      if (refused.hasWaited(request.socket) || isFull(now)) {
        limit.refused(now)
        return false
      }
      count(request, response, isImport)
      return true
    },
    refuse: (request, response) => {
      refuse(response)
      refused.add(request.socket)
    },
  }
}
